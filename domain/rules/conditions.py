"""What a scoring rule waits for (`when = {...}`), compiled once into closures so that scoring only calls them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from operator import attrgetter
from typing import TypeAlias

from domain.rules.facts import Touch, Value
from domain.rules.model_table import ModelError, Table, text_at
from domain.rules.value_tests import EXISTS, VALUE_TESTS, Wanted, in_words, one_of, read_tests, scalars

Attributes: TypeAlias = Mapping[str, Value]
Holds: TypeAlias = Callable[[Attributes], bool]
TouchTest: TypeAlias = Callable[[Touch], bool]

ANY_KIND = "*"
TOUCH_FIELDS = ("campaign", "channel", "content", "page")
_MISPLACED = {
    "touch": 'may not stand in any, which holds attributes; several kinds are one list: touch = ["webinar", "chat"]',
    "all": "may not stand within another all or any",
    "any": "may not stand within another all or any",
}
"""What one might well write where only an attribute may stand, and why it may not."""


@dataclass(frozen=True, slots=True)
class AttributePart:
    """What is asked of one attribute."""

    name: str
    tests: tuple[Wanted, ...]  # empty: whether it is known decides
    known: bool = True  # False: it must not be known
    holds: Holds = field(compare=False, repr=False, default=bool)

    @property
    def words(self) -> str:
        name = spoken(self.name)
        if not self.tests:
            return f"{name} is {'known' if self.known else 'not known'}"
        return f"{name} {' and '.join(test.words for test in self.tests)}"


@dataclass(frozen=True, slots=True)
class TouchField:
    """What is asked of one field of a touch."""

    name: str  # one of TOUCH_FIELDS
    tests: tuple[Wanted, ...]

    @property
    def words(self) -> str:
        return f"{self.name} {' and '.join(test.words for test in self.tests)}"


@dataclass(frozen=True, slots=True)
class TouchCondition:
    kinds: frozenset[str]  # empty: a touch of any kind
    fields: tuple[TouchField, ...]
    matches: TouchTest | None = field(compare=False, repr=False)  # None: every touch of these kinds

    @property
    def words(self) -> str:
        kinds = " or ".join(map(spoken, sorted(self.kinds))) or "any touch"
        return ", ".join([kinds, *(f"whose {one.words}" for one in self.fields)])


@dataclass(frozen=True, slots=True)
class Condition:
    """Holds when its attribute parts do; with a touch condition it then counts each touch that matches."""

    parts: tuple[AttributePart, ...]
    touch: TouchCondition | None = None
    any_part: bool = False  # one part suffices
    holds: Holds | None = field(compare=False, repr=False, default=None)  # None: there are no parts

    @property
    def names(self) -> tuple[str, ...]:
        """The attributes it reads."""
        return tuple(dict.fromkeys(part.name for part in self.parts))

    @property
    def words(self) -> str:
        parts = (" or " if self.any_part else " and ").join(part.words for part in self.parts)
        return ", if ".join(filter(None, [self.touch.words if self.touch else "", parts]))


def spoken(name: str) -> str:
    """`company_size` as people say it."""
    return name.replace("_", " ")


def seen(names: tuple[tuple[str, str], ...], attributes: Attributes) -> str:
    """What attributes, given with their spoken names, said, in words; may hold hostile text."""
    return ", ".join([f"{words}: {in_words(attributes.get(name))}" for name, words in names])


def parse_condition(when: Table) -> Condition:
    """Raises ModelError. `all` may hold attribute conditions and one touch condition, `any` attribute conditions."""
    if "all" in when:
        when.only("all")
        return _all_of([_single(part) for part in _parts(when, "all")], when)
    if "any" in when:
        when.only("any")
        parts = tuple(_attribute(part) for part in _parts(when, "any"))
        tests = tuple(part.holds for part in parts)
        return Condition(parts, any_part=True, holds=lambda attributes: any(test(attributes) for test in tests))
    return _single(when)


def is_known(value: object) -> bool:
    return value is not None and value not in ("", frozenset(), [])


def _parts(when: Table, key: str) -> list[Table]:
    when.some(key)
    return when.tables(key)


def _single(when: Table) -> Condition:
    if "touch" in when:
        return Condition((), _touch(when))
    part = _attribute(when)
    return Condition((part,), holds=part.holds)


def _all_of(conditions: list[Condition], when: Table) -> Condition:
    touches = [condition.touch for condition in conditions if condition.touch]
    if len(touches) > 1:
        raise when.wrong("all", "must hold at most one condition on a touch")
    parts = tuple(part for condition in conditions for part in condition.parts)
    tests = tuple(part.holds for part in parts)
    holds = (lambda attributes: all(test(attributes) for test in tests)) if tests else None
    return Condition(parts, touches[0] if touches else None, holds=holds)


def _attribute(when: Table) -> AttributePart:
    for key, why in _MISPLACED.items():
        if key in when:
            raise when.wrong(key, why)
    when.only("attribute", *VALUE_TESTS, EXISTS)
    name = when.text("attribute")
    if EXISTS in when:
        when.only("attribute", EXISTS)
        wanted = when.flag(EXISTS, default=True)
        return AttributePart(name, (), wanted, lambda attributes: is_known(attributes.get(name)) is wanted)
    tests = read_tests(when)
    if not tests:
        raise ModelError(when.path, None, f"needs one of {', '.join((*VALUE_TESTS, EXISTS))}")
    return AttributePart(name, tests, holds=_reads(name, tests))


def _reads(name: str, tests: tuple[Wanted, ...]) -> Holds:
    """An attribute that is not known passes no test, not even `not_in`: what we do not know is no evidence."""
    if len(tests) == 1:
        test = tests[0].passes
        return lambda attributes: (value := attributes.get(name)) is not None and test(value)
    every = tuple(test.passes for test in tests)
    return lambda attributes: (value := attributes.get(name)) is not None and all(test(value) for test in every)


def _touch(when: Table) -> TouchCondition:
    if "attribute" in when:
        raise when.wrong(
            "attribute", "must stand beside the touch, in braces of its own: all = [ { touch = … }, { attribute = … } ]"
        )
    when.only("touch", *TOUCH_FIELDS)
    raw = when.read("touch")
    if not isinstance(raw, str | list | tuple):
        raise when.wrong("touch", "must be a kind of touch or a list of kinds")
    kinds = [when.text("touch")] if isinstance(raw, str) else _kinds(when)
    fields = tuple(_touch_field(when, name) for name in TOUCH_FIELDS if name in when)
    return TouchCondition(frozenset() if ANY_KIND in kinds else frozenset(kinds), fields, _every(fields))


def _kinds(when: Table) -> list[str]:
    return [text_at(f"{when.at('touch')}[{place}]", kind) for place, kind in enumerate(when.some("touch"))]


def _touch_field(when: Table, name: str) -> TouchField:
    """`page = "..."`, `page = ["...", "..."]` or `page = { equals | in | contains = ... }`."""
    raw = when.read(name)
    if isinstance(raw, Mapping):
        inner = when.table(name)
        inner.only("equals", "in", "contains")
        tests = read_tests(inner)
        if not tests:
            raise ModelError(inner.path, None, "needs one of equals, in, contains")
        return TouchField(name, tests)
    return TouchField(name, (one_of([when.text(name)] if isinstance(raw, str) else scalars(when, name)),))


def _every(fields: tuple[TouchField, ...]) -> TouchTest | None:
    tests = tuple(_touch_test(field) for field in fields)
    if not tests:
        return None
    return tests[0] if len(tests) == 1 else lambda touch: all(test(touch) for test in tests)


def _touch_test(asked: TouchField) -> TouchTest:
    read = attrgetter(asked.name)
    if len(asked.tests) == 1:
        test = asked.tests[0].passes
        return lambda touch: (value := read(touch)) is not None and test(value)
    every = tuple(test.passes for test in asked.tests)
    return lambda touch: (value := read(touch)) is not None and all(test(value) for test in every)
