"""One call of the Web API: its arguments, whichever way they travelled, and what a method declares about itself."""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sandbox.slack.records import Channel
from sandbox.slack.refusals import SlackRefusal
from sandbox.slack.shapes import JSON
from sandbox.slack.state import Workspace

T = TypeVar("T")


@dataclass(frozen=True)
class Call:
    """Arguments are strings when they came in a form or a query, and JSON values when they came as JSON."""

    space: Workspace
    method: str
    args: JSON

    def text(self, name: str, default: str = "") -> str:
        value = self.args.get(name, default)
        if not isinstance(value, str):
            raise self.bad(name, "must be a string")
        return value

    def flag(self, name: str) -> bool:
        value = self.args.get(name, False)
        if value not in (True, False, "0", "1", "true", "false"):
            raise self.bad(name, "must be a boolean")
        return value in (True, "1", "true")

    def number(self, name: str, default: int, most: int) -> int:
        try:
            value = int(self.args.get(name, default))
        except (TypeError, ValueError):
            value = 0
        if not 1 <= value <= most:
            raise self.bad(name, f"must be a whole number from 1 to {most}")
        return value

    def structure(self, name: str, otherwise: str) -> Any:
        """An argument that is JSON, perhaps inside a string; `otherwise` is the error code when it is not."""
        value = self.args.get(name)
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value)
        except ValueError as broken:
            raise SlackRefusal(otherwise, [f"[ERROR] not valid JSON [json-pointer:/{name}]"]) from broken

    def channel(self, argument: str = "channel") -> Channel:
        return self.space.channel(self.text(argument))

    def bad(self, name: str, why: str) -> SlackRefusal:
        return SlackRefusal("invalid_arguments", [f"[ERROR] {why} [json-pointer:/{name}]"])

    def page_of(self, rows: Sequence[T], *, default: int, most: int) -> tuple[Sequence[T], str]:
        """One page of `rows` as `limit` and `cursor` ask, and the cursor of the next one (empty: there is none)."""
        start, limit = self.offset(), self.number("limit", default, most)
        more = start + limit < len(rows)
        return rows[start : start + limit], cursor_for(start + limit) if more else ""

    def offset(self) -> int:
        cursor = self.text("cursor")
        if not cursor:
            return 0
        try:
            return int(base64.b64decode(cursor, validate=True).decode().removeprefix("next:"))
        except (binascii.Error, ValueError) as broken:
            raise SlackRefusal("invalid_cursor") from broken


def cursor_for(offset: int) -> str:
    return base64.b64encode(f"next:{offset}".encode()).decode()


@dataclass(frozen=True)
class Method:
    """`needs` and `may` name its arguments; `per_minute` is its tier; `reads` methods take GET, and no JSON body.

    `scope` is what the token must hold, empty for none; with `{}` in it, of the kind of conversation that is meant.
    """

    name: str
    run: Callable[[Call], JSON]
    needs: frozenset[str]
    may: frozenset[str]
    per_minute: int | None
    reads: bool
    scope: str


def method(  # the two strings read as the table that they are
    name: str,
    run: Callable[[Call], JSON],
    *,
    needs: str = "",
    may: str = "",
    per_minute: int | None,
    reads: bool = False,
    scope: str = "",
) -> Method:
    return Method(name, run, frozenset(needs.split()), frozenset(may.split()), per_minute, reads, scope)
