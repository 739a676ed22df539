"""What a scoring rule waits for (`when = {...}`), compiled once into closures so that scoring only calls them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import TypeAlias

from domain.rules.facts import Touch, Value
from domain.rules.model_table import ModelError, Table, number_at, text_at

Attributes: TypeAlias = Mapping[str, Value]
Holds: TypeAlias = Callable[[Attributes], bool]
ValueTest: TypeAlias = Callable[[Value], bool]
TouchTest: TypeAlias = Callable[[Touch], bool]

ANY_KIND = "*"
_TESTS = ("equals", "in", "not_in", "at_least", "at_most", "contains", "exists")
_TOUCH_FIELDS = ("campaign", "channel", "content", "page")


@dataclass(frozen=True, slots=True)
class TouchCondition:
    kinds: frozenset[str]  # empty: a touch of any kind
    matches: TouchTest | None  # None: every touch of these kinds


@dataclass(frozen=True, slots=True)
class Condition:
    """Holds when every attribute test does; with a touch condition it then counts each touch that matches."""

    holds: Holds | None
    names: tuple[str, ...]  # the attributes it reads
    touch: TouchCondition | None

    def seen(self, attributes: Attributes) -> str:
        """What the attributes said, in words; may hold hostile text."""
        return ", ".join([f"{name.replace('_', ' ')}: {_in_words(attributes.get(name))}" for name in self.names])


def parse_condition(when: Table) -> Condition:
    """Raises ModelError. `all` may hold attribute conditions and one touch condition, `any` attribute conditions."""
    if "all" in when:
        when.only("all")
        return _all_of([_single(part) for part in _parts(when, "all")], when)
    if "any" in when:
        when.only("any")
        return _any_of([_attribute(part) for part in _parts(when, "any")])
    return _single(when)


def _parts(when: Table, key: str) -> list[Table]:
    when.some(key)
    return when.tables(key)


def _single(when: Table) -> Condition:
    if "touch" in when:
        return Condition(None, (), _touch(when))
    return _attribute(when)


def _all_of(parts: list[Condition], when: Table) -> Condition:
    touches = [part.touch for part in parts if part.touch]
    if len(touches) > 1:
        raise when.wrong("all", "must hold at most one condition on a touch")
    tests = tuple(part.holds for part in parts if part.holds)
    names = _distinct(parts)
    holds = (lambda attributes: all(test(attributes) for test in tests)) if tests else None
    return Condition(holds, names, touches[0] if touches else None)


def _any_of(parts: list[Condition]) -> Condition:
    tests = tuple(part.holds for part in parts if part.holds)
    return Condition(lambda attributes: any(test(attributes) for test in tests), _distinct(parts), None)


def _distinct(parts: list[Condition]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for part in parts for name in part.names))


def _attribute(when: Table) -> Condition:
    when.only("attribute", *_TESTS)
    name = when.text("attribute")
    if "exists" in when:
        when.only("attribute", "exists")
        wanted = when.flag("exists", default=True)
        return Condition(lambda attributes: _is_known(attributes.get(name)) is wanted, (name,), None)
    tests = _value_tests(when)
    if not tests:
        raise ModelError(when.path, None, f"needs one of {', '.join(_TESTS)}")
    return Condition(_reads(name, tests), (name,), None)


def _reads(name: str, tests: list[ValueTest]) -> Holds:
    """An attribute that is not known passes no test, not even `not_in`: what we do not know is no evidence."""
    if len(tests) == 1:
        test = tests[0]
        return lambda attributes: (value := attributes.get(name)) is not None and test(value)
    return lambda attributes: (value := attributes.get(name)) is not None and all(test(value) for test in tests)


def _is_known(value: Value | None) -> bool:
    return value is not None and value not in ("", frozenset())


def _value_tests(table: Table) -> list[ValueTest]:
    tests: list[ValueTest] = []
    if "equals" in table:
        tests.append(_one_of([_scalar(table.at("equals"), table.read("equals"))]))
    if "in" in table:
        tests.append(_one_of(_scalars(table, "in")))
    if "not_in" in table:
        within = _one_of(_scalars(table, "not_in"))
        tests.append(lambda value: not within(value))
    if "at_least" in table:
        lowest = table.number("at_least")
        tests.append(lambda value: _is_number(value) and value >= lowest)  # type: ignore[operator]  # a number, see left
    if "at_most" in table:
        highest = table.number("at_most")
        tests.append(lambda value: _is_number(value) and value <= highest)  # type: ignore[operator]  # a number, see left
    if "contains" in table:
        tests.append(_holding(table.text("contains")))
    return tests


def _scalars(table: Table, key: str) -> list[str | int | float | bool]:
    return [_scalar(f"{table.at(key)}[{place}]", item) for place, item in enumerate(table.some(key))]


def _scalar(path: str, value: object) -> str | int | float | bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        return text_at(path, value)
    if isinstance(value, int | float):
        return number_at(path, value)
    raise ModelError(path, value, "must be text, a number, true or false")


def _is_number(value: Value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _one_of(wanted: list[str | int | float | bool]) -> ValueTest:
    """Text is compared without regard to case; of a set, one entry suffices; true is not 1."""
    words = frozenset(item.casefold() for item in wanted if isinstance(item, str))
    flags = frozenset(item for item in wanted if isinstance(item, bool))
    numbers = frozenset(item for item in wanted if isinstance(item, int | float) and not isinstance(item, bool))

    def test(value: Value) -> bool:
        if isinstance(value, str):
            return value.casefold() in words
        if isinstance(value, bool):
            return value in flags
        if isinstance(value, frozenset):
            return any(entry.casefold() in words for entry in value)
        return value in numbers

    return test


def _holding(wanted: str) -> ValueTest:
    """A set holds an entry, text holds a part of itself."""
    word = wanted.casefold()

    def test(value: Value) -> bool:
        if isinstance(value, frozenset):
            return any(entry.casefold() == word for entry in value)
        return isinstance(value, str) and word in value.casefold()

    return test


def _touch(when: Table) -> TouchCondition:
    when.only("touch", *_TOUCH_FIELDS)
    raw = when.read("touch")
    if not isinstance(raw, str | list | tuple):
        raise when.wrong("touch", "must be a kind of touch or a list of kinds")
    kinds = [when.text("touch")] if isinstance(raw, str) else _kinds(when)
    tests = tuple(_touch_field(when, name) for name in _TOUCH_FIELDS if name in when)
    return TouchCondition(frozenset() if ANY_KIND in kinds else frozenset(kinds), _every(tests))


def _kinds(when: Table) -> list[str]:
    return [text_at(f"{when.at('touch')}[{place}]", kind) for place, kind in enumerate(when.some("touch"))]


def _every(tests: tuple[TouchTest, ...]) -> TouchTest | None:
    if not tests:
        return None
    return tests[0] if len(tests) == 1 else lambda touch: all(test(touch) for test in tests)


def _touch_field(when: Table, name: str) -> TouchTest:
    """`page = "..."`, `page = ["...", "..."]` or `page = { equals | in | contains = ... }`."""
    raw = when.read(name)
    if isinstance(raw, Mapping):
        inner = when.table(name)
        inner.only("equals", "in", "contains")
        tests = _value_tests(inner)
        if not tests:
            raise ModelError(inner.path, None, "needs one of equals, in, contains")
    elif isinstance(raw, str):
        tests = [_one_of([when.text(name)])]
    else:
        tests = [_one_of(_scalars(when, name))]
    read = attrgetter(name)
    return lambda touch: (value := read(touch)) is not None and all(test(value) for test in tests)


def _in_words(value: Value | None) -> str:
    if isinstance(value, str):
        return value or "not known"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, frozenset):
        return ", ".join(sorted(value)) or "not known"
    return "not known" if value is None else str(value)
