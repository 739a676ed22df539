"""SOQL, as far as this sandbox answers it: one object with its look-ups and one list of children, and a strict grammar."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sandbox.salesforce_fields import WrongRequestError

TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^'\\]|\\.)*')|(?P<moment>\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:?\d\d))"
    r"|(?P<number>-?\d+(?:\.\d+)?)|(?P<name>[A-Za-z_][\w.]*)|(?P<sign><=|>=|!=|[=<>(),]))"
)
ESCAPED = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}
Row = Mapping[str, Any]
Condition = Callable[[Row], bool]
COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda a, b: bool(a == b),
    "!=": lambda a, b: bool(a != b),
    ">": lambda a, b: a is not None and b is not None and bool(a > b),
    ">=": lambda a, b: a is not None and b is not None and bool(a >= b),
    "<": lambda a, b: a is not None and b is not None and bool(a < b),
    "<=": lambda a, b: a is not None and b is not None and bool(a <= b),
}


@dataclass
class Query:
    sobject: str
    columns: list["str | Query"]
    names: list[str] = field(default_factory=list)
    """Every field that is named, wherever."""
    texts: list[str] = field(default_factory=list)
    """Every text that something is compared with, in small letters."""
    where: Condition = lambda _: True
    order: list[tuple[str, bool]] = field(default_factory=list)
    """Field, and whether the biggest comes first."""
    limit: int | None = None

    def of(self, rows: list[Row]) -> list[Row]:
        """The rows that are asked for, in their order."""
        found = [row for row in rows if self.where(row)]
        for name, backwards in reversed(self.order):
            if backwards:
                # Of those that are equal the newest comes first then.
                found.reverse()
            found.sort(
                key=lambda row: (comparable(row.get(name)) is not None, comparable(row.get(name))), reverse=backwards
            )
        return found[: self.limit]


def comparable(value: Any) -> Any:
    """Texts are compared without regard to case, moments as such."""
    if not isinstance(value, str):
        return value
    if re.fullmatch(r"\d{4}-\d\d-\d\dT.*", value):
        return datetime.fromisoformat(value).timestamp()
    return value.casefold()


def parse(soql: str) -> Query:
    """Raises MALFORMED_QUERY."""
    reader = _Reader(soql)
    query = reader.query()
    if reader.left():
        raise malformed(f"unexpected token: '{reader.peek()}'")
    return query


def malformed(why: str) -> WrongRequestError:
    return WrongRequestError(400, "MALFORMED_QUERY", why)


class _Reader:
    def __init__(self, soql: str) -> None:
        self._tokens: list[tuple[str, str]] = []
        at = 0
        while at < len(soql.rstrip()):
            found = TOKEN.match(soql, at)
            if found is None:
                raise malformed(f"unexpected character at column {at}")
            self._tokens.append((str(found.lastgroup), found[str(found.lastgroup)]))
            at = found.end()
        self._at = 0
        self.texts: list[str] = []

    def left(self) -> bool:
        return self._at < len(self._tokens)

    def peek(self) -> str:
        return self._tokens[self._at][1] if self.left() else ""

    def take(self, *wanted: str, kind: str = "") -> str:
        what, token = self._tokens[self._at] if self.left() else ("", "")
        if (wanted and token.upper() not in wanted) or (kind and what != kind):
            raise malformed(f"unexpected token: '{token}'")
        self._at += 1
        return token

    def took(self, *wanted: str) -> bool:
        if self.peek().upper() not in wanted:
            return False
        self._at += 1
        return True

    def query(self) -> Query:
        self.take("SELECT")
        columns: list[str | Query] = []
        while not columns or self.took(","):
            if self.took("("):
                columns.append(self.query())
                self.take(")")
            else:
                columns.append(self.take(kind="name"))
        self.take("FROM")
        made = Query(self.take(kind="name"), columns)
        made.names = [one for one in columns if isinstance(one, str)]
        if self.took("WHERE"):
            made.where = self.condition(made.names)
            made.texts = self.texts
        if self.took("ORDER"):
            self.take("BY")
            while not made.order or self.took(","):
                made.order.append((self.take(kind="name"), self.took("DESC") or (self.took("ASC") and False)))
            made.names += [name for name, _ in made.order]
        if self.took("LIMIT"):
            made.limit = int(self.take(kind="number"))
        return made

    def condition(self, names: list[str]) -> Condition:
        parts, joined = [self.one(names)], ""
        while self.peek().upper() in {"AND", "OR"}:
            word = self.take().upper()
            if joined not in {"", word}:
                raise malformed("AND and OR beside each other need parentheses")
            joined = word
            parts.append(self.one(names))
        every = any if joined == "OR" else all
        return lambda row: every(part(row) for part in parts)

    def one(self, names: list[str]) -> Condition:
        if self.took("("):
            inner = self.condition(names)
            self.take(")")
            return inner
        name = self.take(kind="name")
        names.append(name)
        if self.took("IN"):
            self.take("(")
            values = [self.value()]
            while self.took(","):
                values.append(self.value())
            self.take(")")
            return lambda row: comparable(row.get(name)) in values
        sign, value = COMPARE[self.take("=", "!=", ">", ">=", "<", "<=")], self.value()
        return lambda row: sign(comparable(row.get(name)), value)

    def value(self) -> Any:
        kind, token = self._tokens[self._at] if self.left() else ("", "")
        self._at += 1
        if kind == "text":
            self.texts.append(re.sub(r"\\(.)", lambda found: ESCAPED.get(found[1], found[1]), token[1:-1]).casefold())
            return self.texts[-1]
        if kind == "number":
            return float(token)
        if kind == "moment":
            return comparable(token)
        if token.casefold() in {"true", "false", "null"}:
            return {"true": True, "false": False, "null": None}[token.casefold()]
        raise malformed(f"unexpected token: '{token}'")
