"""How the cells of a row become values: text with columns in it, numbers, flags and sets."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator

from domain.rules.cleaning import one_line

LONGEST_ATTRIBUTE = 500
LONGEST_ENTRY = 200
MOST_ENTRIES = 50
LARGEST_NUMBER = 2**53
"""What every JSON reader takes for the same number."""

_TOKEN = re.compile(r"(?P<brace>\{\{|\}\})|\{(?P<column>[^{}]+)\}|(?P<text>[^{}]+)|(?P<wrong>.)", re.DOTALL)
_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,16}(?:\.[0-9]{0,20})?|\.[0-9]{1,20})")
_YES = frozenset({"yes", "y", "true", "1", "on", "x", "ja", "oui", "sí", "si"})
_NO = frozenset({"no", "n", "false", "0", "off", "nein", "non"})


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True, slots=True)
class Template:
    """Text with `{column}` in it; `{{` and `}}` are braces. No format specs, no attributes: a map cannot reach into the program."""

    parts: tuple[tuple[str, bool], ...]
    """(text, False) or (column, True)."""

    @classmethod
    def parse(cls, text: object) -> Self:
        """Raises ValueError with a sentence."""
        if isinstance(text, cls):
            return text
        if not isinstance(text, str):
            raise ValueError("must be text, in which {column} stands for what the row has there")  # noqa: TRY004  (pydantic turns a ValueError into its own, with the key's path)
        parts = []
        for found in _TOKEN.finditer(text):
            if found["wrong"]:
                raise ValueError(
                    f"a lone {found['wrong']} at character {found.start() + 1}: write {{{{ or }}}} for a brace"
                )
            parts.append(
                (found["column"].strip(), True)
                if found["column"]
                else (found[0][:1] if found["brace"] else found[0], False)
            )
        return cls(tuple(parts))

    @property
    def columns(self) -> list[str]:
        return [text for text, is_column in self.parts if is_column]

    def fill(self, row: Mapping[str, str]) -> str:
        return "".join([row[text] if is_column else text for text, is_column in self.parts])


TemplateText = Annotated[Template, PlainValidator(Template.parse)]


class As(StrEnum):
    TEXT = "text"
    NUMBER = "number"
    FLAG = "flag"
    SET = "set"


class Imported(Strict):
    """What an attribute is read from, and as what."""

    column: TemplateText
    as_: As = Field(As.TEXT, alias="as")
    separator: Annotated[str, Field(min_length=1, max_length=5)] = ","
    """Of the entries of a set."""
    blank: tuple[str, ...] = ()
    """What means that nothing is known, such as Select."""

    def read(self, row: Mapping[str, str]) -> str | int | float | bool | list[str] | None:
        """None if nothing stands there. Raises ValueError if it is not what the map says it is."""
        text = self.column.fill(row).strip()
        if not text or is_blank(text, self.blank):
            return None
        match self.as_:
            case As.NUMBER:
                return _number(text)
            case As.FLAG:
                return _flag(text)
            case As.SET:
                return _entries(text, self.separator) or None
            case As.TEXT:
                return one_line(text, LONGEST_ATTRIBUTE) or None


def _imported(said: object) -> object:
    """The text alone is short for a table with nothing else in it."""
    if isinstance(said, Mapping):
        return said
    return {"column": Template.parse(said)}


ImportedValue = Annotated[Imported, BeforeValidator(_imported)]


def is_blank(text: str, blank: tuple[str, ...]) -> bool:
    return bool(blank) and text.strip().casefold() in {word.strip().casefold() for word in blank}


def _number(text: str) -> int | float:
    if not _NUMBER.fullmatch(text):
        raise ValueError("no number")
    number = float(text) if "." in text else int(text)
    if abs(number) > LARGEST_NUMBER:
        raise ValueError("too large a number")
    return number


def _flag(text: str) -> bool:
    word = text.casefold()
    if word not in _YES | _NO:
        raise ValueError("neither yes nor no")
    return word in _YES


def _entries(text: str, separator: str) -> list[str]:
    found = (one_line(entry, LONGEST_ENTRY) for entry in text.split(separator))
    return sorted(dict.fromkeys(filter(None, found)))[:MOST_ENTRIES]
