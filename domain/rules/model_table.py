"""One table of a scoring model, read key by key; a mistake is said with its path, the value and the reason."""

import difflib
import math
import re
import unicodedata
from collections.abc import Mapping, Sequence

LONGEST_TEXT = 200
LARGEST_NUMBER = 10**9
_PLAIN_KEY = re.compile(r"[A-Za-z0-9_-]{1,60}")
_MISSING = object()


class ModelError(ValueError):
    """A scoring model cannot be used; its text is a sentence for the marketer who wrote the file."""

    def __init__(self, path: str, value: object, why: str) -> None:
        super().__init__(f"{path}: {why}" if value is None else f"{path}: {_shown(value)} {why}")
        self.path = path
        self.value = value
        self.why = why


def _shown(value: object) -> str:
    """A value in the words of the file, short enough for one line."""
    match value:
        case bool():
            shown = "true" if value else "false"
        case int() if abs(value) > 10**18:
            shown = "a number of very many digits"
        case str():
            shown = repr(value if len(value) <= 60 else value[:59] + "…")
        case int() | float():
            shown = repr(value)
        case Mapping():
            shown = "a table"
        case Sequence():
            shown = "a list" if value else "an empty list"
        case _:
            shown = f"a {type(value).__name__}"
    return shown


def _shown_key(key: str) -> str:
    return key if _PLAIN_KEY.fullmatch(key) else repr(key[:60])


class Table:
    """Every reader raises ModelError; a key is needed unless the caller asked `key in table` or gave a default."""

    def __init__(self, data: object, path: str = "") -> None:
        if not isinstance(data, Mapping):
            raise ModelError(path or "model", data, "must be a table")
        self.data: Mapping[str, object] = data
        self.path = path

    def __contains__(self, key: str) -> bool:
        return key in self.data

    def at(self, key: str) -> str:
        return f"{self.path}.{_shown_key(key)}" if self.path else _shown_key(key)

    def wrong(self, key: str, why: str) -> ModelError:
        return ModelError(self.at(key), self.data.get(key), why)

    def only(self, *known: str) -> None:
        """Refuses a key that does not stand among `known`: a typing error must not switch a rule off in silence."""
        for key in self.data:
            if key not in known:
                near = difflib.get_close_matches(key[:60], known, n=1)
                hint = f"did you mean '{near[0]}'?" if near else f"known here are {', '.join(known)}"
                raise self.wrong(key, f"stands under an unknown key; {hint}")

    def read(self, key: str) -> object:
        value = self.data.get(key, _MISSING)
        if value is _MISSING or value is None:
            raise ModelError(self.at(key), None, "is missing")
        return value

    def text(self, key: str) -> str:
        return text_at(self.at(key), self.read(key))

    def flag(self, key: str, *, default: bool) -> bool:
        value = self.data.get(key, default)
        if not isinstance(value, bool):
            raise self.wrong(key, "must be true or false")
        return value

    def number(
        self,
        key: str,
        *,
        above: float | None = None,
        at_least: float | None = None,
        at_most: float = LARGEST_NUMBER,
    ) -> int | float:
        value = number_at(self.at(key), self.read(key))
        if above is not None and value <= above:
            raise self.wrong(key, f"must be greater than {above:g}")
        if at_least is not None and value < at_least:
            raise self.wrong(key, f"must be at least {at_least:g}")
        if value > at_most:
            raise self.wrong(key, f"must be at most {at_most:g}")
        return value

    def whole(self, key: str, default: int | None = None, *, at_least: int, at_most: int) -> int:
        if default is not None and key not in self:
            return default
        value = self.number(key, at_least=at_least, at_most=at_most)
        if not isinstance(value, int):
            raise self.wrong(key, "must be a whole number")
        return value

    def table(self, key: str) -> "Table":
        """The table under the key; an empty one if the key is not there."""
        return Table(self.data.get(key, {}), self.at(key))

    def tables(self, key: str) -> list["Table"]:
        value = self.data.get(key, [])
        if not isinstance(value, list | tuple):
            raise self.wrong(key, "must be a list of tables")
        return [Table(item, f"{self.at(key)}[{place}]") for place, item in enumerate(value)]

    def some(self, key: str) -> list[object]:
        value = self.read(key)
        if not isinstance(value, list | tuple):
            raise self.wrong(key, "must be a list")
        if not value:
            raise self.wrong(key, "must hold at least one entry")
        return list(value)


def text_at(path: str, value: object) -> str:
    if not isinstance(value, str):
        raise ModelError(path, value, "must be text")
    if not value.strip():
        raise ModelError(path, value, "must not be empty")
    if len(value) > LONGEST_TEXT:
        raise ModelError(path, value, f"must be at most {LONGEST_TEXT} characters long")
    if any(unicodedata.category(character) in {"Cc", "Cs"} for character in value):
        raise ModelError(path, value, "must hold no control characters")
    return value


def number_at(path: str, value: object) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ModelError(path, value, "must be a number")
    if abs(value) > LARGEST_NUMBER or math.isnan(value):
        raise ModelError(path, value, f"must be a number between -{LARGEST_NUMBER} and {LARGEST_NUMBER}")
    return value
