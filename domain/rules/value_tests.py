"""What a rule may ask of one value (`equals`, `in`, `at_least` ...): compiled once, and said in words.

A test is a question to any value that JSON can hold: one of another type than expected does not pass, and never raises.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TypeAlias

from domain.rules.model_table import ModelError, Table, number_at, text_at

Plain: TypeAlias = str | int | float | bool
ValueTest: TypeAlias = Callable[[object], bool]

EXISTS = "exists"
VALUE_TESTS = ("equals", "in", "not_in", "at_least", "at_most", "contains")
_WORDS = {
    "equals": "is {}",
    "in": "is one of {}",
    "not_in": "is known and none of {}",
    "at_least": "is at least {}",
    "at_most": "is at most {}",
    "contains": "contains {}",
}
_LONGEST_DIGITS = 30


@dataclass(frozen=True, slots=True)
class Wanted:
    """One test as the file says it, such as `at_least = 51`."""

    how: str  # one of VALUE_TESTS
    values: tuple[Plain, ...]
    passes: ValueTest = field(compare=False, repr=False)

    @property
    def words(self) -> str:
        return _WORDS[self.how].format(", ".join(in_words(value) for value in self.values))


def read_tests(table: Table) -> tuple[Wanted, ...]:
    """Every test that stands in the table. Raises ModelError."""
    return tuple(_READERS[how](table, how) for how in VALUE_TESTS if how in table)


def one_of(values: Iterable[Plain]) -> Wanted:
    """Text is compared without regard to case; of a set, one entry suffices; true is not 1."""
    wanted = tuple(values)
    return Wanted("in" if len(wanted) > 1 else "equals", wanted, _is_one_of(wanted))


def scalars(table: Table, key: str) -> list[Plain]:
    return [_scalar(f"{table.at(key)}[{place}]", item) for place, item in enumerate(table.some(key))]


def is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def in_words(value: object) -> str:
    """A value for a person to read; may hold hostile text."""
    match value:
        case None | "":
            return "not known"
        case str():
            return value
        case bool():
            return "yes" if value else "no"
        case int() if abs(value) >= 10**_LONGEST_DIGITS:
            return "a number of very many digits"
        case frozenset() | list() | tuple() | set():
            return ", ".join(sorted(map(in_words, value))) or "not known"
        case _:
            return str(value)


def _equals(table: Table, how: str) -> Wanted:
    raw = table.read(how)
    if isinstance(raw, list | tuple):
        raise table.wrong(how, "must be one value; several stand under 'in'")
    wanted = (_scalar(table.at(how), raw),)
    return Wanted(how, wanted, _is_one_of(wanted))


def _in(table: Table, how: str) -> Wanted:
    wanted = tuple(scalars(table, how))
    return Wanted(how, wanted, _is_one_of(wanted))


def _not_in(table: Table, how: str) -> Wanted:
    wanted = tuple(scalars(table, how))
    within = _is_one_of(wanted)
    return Wanted(how, wanted, lambda value: not within(value))


def _at_least(table: Table, how: str) -> Wanted:
    lowest = table.number(how)
    return Wanted(how, (lowest,), lambda value: is_number(value) and value >= lowest)  # type: ignore[operator]  # a number, see left


def _at_most(table: Table, how: str) -> Wanted:
    highest = table.number(how)
    return Wanted(how, (highest,), lambda value: is_number(value) and value <= highest)  # type: ignore[operator]  # a number, see left


def _contains(table: Table, how: str) -> Wanted:
    """A set holds an entry, text holds a part of itself."""
    wanted = table.text(how)
    word = wanted.casefold()

    def test(value: object) -> bool:
        if isinstance(value, str):
            return word in value.casefold()
        return word in _entries(value)

    return Wanted(how, (wanted,), test)


def _scalar(path: str, value: object) -> Plain:
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        return text_at(path, value)
    if isinstance(value, int | float):
        return number_at(path, value)
    raise ModelError(path, value, "must be text, a number, true or false")


def _is_one_of(wanted: Iterable[Plain]) -> ValueTest:
    words = frozenset(item.casefold() for item in wanted if isinstance(item, str))
    flags = frozenset(item for item in wanted if isinstance(item, bool))
    numbers = frozenset(item for item in wanted if is_number(item))

    def test(value: object) -> bool:
        if isinstance(value, str):
            return value.casefold() in words
        if isinstance(value, bool):
            return value in flags
        if isinstance(value, int | float):
            return value in numbers
        return not words.isdisjoint(_entries(value))

    return test


def _entries(value: object) -> list[str]:
    """The texts of a set, ready to be compared; JSON has lists where we have sets."""
    if isinstance(value, frozenset | set | list | tuple):
        return [entry.casefold() for entry in value if isinstance(entry, str)]
    return []


_READERS: dict[str, Callable[[Table, str], Wanted]] = {
    "equals": _equals,
    "in": _in,
    "not_in": _not_in,
    "at_least": _at_least,
    "at_most": _at_most,
    "contains": _contains,
}
