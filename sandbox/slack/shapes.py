"""A small language for what JSON must look like: each checker writes what is wrong, and where, into a list."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

JSON: TypeAlias = dict[str, Any]


@dataclass(frozen=True)
class Where:
    """A place in what was sent, as a JSON pointer, and the list that takes the problems found there."""

    pointer: str = ""
    problems: list[str] = field(default_factory=list)

    def at(self, key: str | int) -> "Where":
        return Where(f"{self.pointer}/{key}", self.problems)

    def refuse(self, why: str) -> None:
        self.problems.append(f"[ERROR] {why} [json-pointer:{self.pointer}]")


Checker: TypeAlias = Callable[[Any, Where], None]
Rule: TypeAlias = Callable[[JSON, Where], None]


def string(most: int, least: int = 1, pattern: str | None = None) -> Checker:
    def check(value: Any, where: Where) -> None:
        if not isinstance(value, str):
            where.refuse("must be a string")
        elif len(value) > most:
            where.refuse(f"must be no more than {most} characters")
        elif len(value) < least:
            where.refuse(f"must be at least {least} characters")
        elif pattern and not re.fullmatch(pattern, value):
            where.refuse(f"must look like {pattern}")

    return check


def integer(least: int, most: int) -> Checker:
    def check(value: Any, where: Where) -> None:
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            where.refuse(f"must be a whole number from {least} to {most}")

    return check


def number(value: Any, where: Where) -> None:
    if not isinstance(value, int | float) or isinstance(value, bool):
        where.refuse("must be a number")


def flag(value: Any, where: Where) -> None:
    if not isinstance(value, bool):
        where.refuse("must be true or false")


def anything(_value: Any, _where: Where) -> None:
    pass


def word(*allowed: str) -> Checker:
    def check(value: Any, where: Where) -> None:
        if value not in allowed:
            where.refuse(f"must be one of {', '.join(allowed)}")

    return check


def many(check_one: Checker, most: int, least: int = 1) -> Checker:
    def check(value: Any, where: Where) -> None:
        if not isinstance(value, list):
            where.refuse("must be an array")
            return
        if len(value) > most:
            where.refuse(f"no more than {most} items allowed")
        if len(value) < least:
            where.refuse(f"no fewer than {least} items allowed")
        for at, one in enumerate(value):
            check_one(one, where.at(at))

    return check


@dataclass(frozen=True)
class Shape:
    """An object: fields it needs, fields it may have, and no others; `rule` sees it when its fields are sound."""

    needs: Mapping[str, Checker] = field(default_factory=dict)
    may: Mapping[str, Checker] = field(default_factory=dict)
    rule: Rule | None = None

    def __call__(self, value: Any, where: Where) -> None:
        if not isinstance(value, dict):
            where.refuse("must be an object")
            return
        before = len(where.problems)
        for name in self.needs:
            if name not in value:
                where.refuse(f"missing required field: {name}")
        for name, part in value.items():
            checker = self.needs.get(name) or self.may.get(name)
            if checker is None:
                where.at(name).refuse("unknown field")
            else:
                checker(part, where.at(name))
        if self.rule and len(where.problems) == before:
            self.rule(value, where)


def by_type(table: Mapping[str, Checker]) -> Checker:
    """An object whose `type` says which of `table` it must satisfy."""

    def check(value: Any, where: Where) -> None:
        kind = value.get("type") if isinstance(value, dict) else None
        checker = table.get(kind) if isinstance(kind, str) else None
        if checker is None:
            where.refuse(f"unsupported type: {kind}")
        else:
            checker(value, where)

    return check
