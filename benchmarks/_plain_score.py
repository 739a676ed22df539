"""The same points as `domain.rules.scoring.score`, with the same decays and caps, by a loop that keeps nothing but sums.

It reads the model's TOML by itself, knows only what the model we ship uses, and tells no reason: it is the floor that
the ledger is measured against.
"""

import math
import tomllib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from domain.rules.facts import LeadFacts, Touch

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
GROUPS = ("fit", "intent", "negative")


class TouchRule(NamedTuple):
    place: int  # among the sums of touches
    size: float
    rate: float  # of decay, for each second
    page: str  # a part of the page's address, or empty
    capped: bool  # by day


class Line(NamedTuple):
    """One rule of a group: the sum of touches at `place`, or `size` if one of `tests` holds."""

    place: int | None
    most: float
    size: float
    tests: tuple[tuple[str, str, Any], ...]
    disqualifies: bool


class PlainScore:
    def __init__(self, toml: str) -> None:
        data = tomllib.loads(toml)
        self.total_cap = data["caps"].get("total", 100)
        self.day_caps: Mapping[str, float] = data["caps"].get("per_kind_per_day", {})
        self.by_kind: dict[str, list[TouchRule]] = {}
        self.groups: list[tuple[int, int, list[Line]]] = []
        self.sums = 0
        for group in GROUPS:
            lines = [self._line(rule, group) for rule in data.get(group, {}).get("rules", [])]
            self.groups.append((-1 if group == "negative" else 1, data["caps"].get(group, 100), lines))

    def _line(self, rule: Mapping[str, Any], group: str) -> Line:
        when, size = rule["when"], abs(rule.get("points", 0))
        if "touch" not in when:
            return Line(None, math.inf, size, tuple(map(_test, when.get("any", [when]))), rule.get("disqualify", False))
        half_life = rule.get("half_life_days")
        rate = math.log(2) / (half_life * 86_400) if half_life else 0.0
        page = when.get("page", {}).get("contains", "").casefold()
        for kind in [when["touch"]] if isinstance(when["touch"], str) else when["touch"]:
            self.by_kind.setdefault(kind, []).append(TouchRule(self.sums, size, rate, page, group == "intent"))
        self.sums += 1
        return Line(self.sums - 1, rule.get("cap", math.inf), size, (), disqualifies=False)

    def total(self, facts: LeadFacts, as_of: datetime) -> int:
        sums = self._sums(facts.touches, as_of)
        attributes, total, disqualified = facts.attributes, 0, False
        for sign, cap, lines in self.groups:
            room = cap
            for place, most, size, tests, disqualifies in lines:
                if place is not None:
                    points = min(sums[place], most)
                elif _holds(tests, attributes):
                    points = size
                    disqualified = disqualified or disqualifies
                else:
                    continue
                room -= min(int(points + 0.5 + 1e-9), room)
            total += sign * (cap - room)
        return 0 if disqualified else max(0, min(total, self.total_cap))

    def _sums(self, touches: Sequence[Touch], as_of: datetime) -> list[float]:
        """What the touches, which come in the order of time, bring to each rule."""
        sums = [0.0] * self.sums
        left: dict[tuple[str, int], float] = {}
        now = (as_of - EPOCH).total_seconds()
        for touch in touches:
            since = touch.occurred_at - EPOCH
            age = now - since.total_seconds()
            if age < 0:
                break
            day_cap = self.day_caps.get(touch.kind)
            for place, size, rate, page, capped in self.by_kind.get(touch.kind, ()):
                if page and (touch.page is None or page not in touch.page.casefold()):
                    continue
                kept = size
                if capped and day_cap is not None:
                    day = (touch.kind, since.days)
                    room = left.get(day, day_cap)
                    kept = min(size, room)
                    left[day] = room - kept
                sums[place] += kept * math.exp(-rate * age)
        return sums


def _test(when: Mapping[str, Any]) -> tuple[str, str, Any]:
    if "contains" in when:
        return when["attribute"], "contains", when["contains"].casefold()
    wanted = when["in"] if "in" in when else [when["equals"]]
    return when["attribute"], "in", frozenset(one.casefold() if isinstance(one, str) else one for one in wanted)


def _holds(tests: tuple[tuple[str, str, Any], ...], attributes: Mapping[str, Any]) -> bool:
    for name, how, wanted in tests:
        value = attributes.get(name)
        if value is None:
            continue
        if how == "contains":
            if any(entry.casefold() == wanted for entry in value):
                return True
        elif (value.casefold() if isinstance(value, str) else value) in wanted:
            return True
    return False
