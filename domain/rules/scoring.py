"""The score of a lead: a ledger of contributions whose points add up to it, always.

One row per rule that fired. Within a row: each matching touch earns the rule's points, at most what the cap per kind
and UTC day leaves (the earlier touch takes first); what was earned decays with the touch's age; then come the rule's
cap, whole points, and what the group's cap leaves. What keeps the sum within 0 to 100 is a row as well.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import islice
from operator import lt
from typing import Any, NamedTuple

from domain.rules.conditions import Attributes, seen
from domain.rules.facts import LeadFacts, Touch
from domain.rules.scoring_model import (
    Group,
    Model,
    ModelError,
    Rule,
    Section,
    TouchRule,
    default_model_toml,
    parse_model,
    read_model,
)

LONGEST_SEEN = 200
DISQUALIFIED, CEILING, FLOOR = "disqualified", "ceiling", "floor"
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Contribution(NamedTuple):
    """One row of the ledger: `raw * decay - cap_cut`, in whole points, is `points`. `seen` may hold hostile text."""

    group: Group
    rule: str
    label: str
    seen: str
    raw: float
    decay: float
    cap_cut: float
    points: int


@dataclass(frozen=True, slots=True)
class Score:
    total: int  # 0 to 100, the sum of the ledger's points
    fit: int
    intent: int
    negative: int  # 0 or less
    ledger: tuple[Contribution, ...]
    disqualified_by: str | None = None  # the id of the rule


class _Tally:
    """What the touches of one rule have brought so far, in points without their sign."""

    __slots__ = ("decayed", "kept", "newest", "raw", "times")

    def __init__(self) -> None:
        self.raw = self.decayed = self.kept = 0.0
        self.times = 0
        self.newest: Touch | None = None


def score(model: Model, facts: LeadFacts, as_of: datetime) -> Score:
    """What the lead is worth at `as_of` (with a time zone); touches later than that are not known yet."""
    tallies = _tallies(model, facts, as_of) if facts.touches else {}
    rows: list[Contribution] = []
    fit, intent, negative = [_section(section, facts.attributes, tallies, rows) for section in model.sections]
    disqualifier = next((row for row in rows if row.rule in model.disqualifiers), None)
    rows += _clamp(fit + intent + negative, model.caps.total, disqualifier)
    total = sum([row.points for row in rows])
    return Score(total, fit, intent, negative, tuple(rows), disqualifier.rule if disqualifier else None)


def _section(section: Section, attributes: Attributes, tallies: Mapping[str, _Tally], rows: list[Contribution]) -> int:
    """Adds the rows of a group; returns their points. The cap of the group takes from the last ones."""
    sign = -1 if section.group is Group.NEGATIVE else 1
    room = section.cap
    for line in section.lines:
        rule = line.rule
        if line.counts:
            tally = tallies.get(rule.id)
            if tally is None or tally.times < rule.at_least_times:
                continue
            earned = (tally.raw, tally.decayed, tally.kept)
            what = _touches_seen(tally, seen(line.reads, attributes) if line.reads else "")
        elif line.holds(attributes):
            earned = (line.size, line.size, line.size)
            what = seen(line.reads, attributes)
        else:
            continue
        row = _row(rule, sign, room, earned, what)
        rows.append(row)
        room -= sign * row.points
    return sign * (section.cap - room)


def _row(rule: Rule, sign: int, room: int, earned: tuple[float, float, float], what: str) -> Contribution:
    raw, decayed, kept = earned
    if rule.cap is not None and kept > rule.cap:
        kept = rule.cap
    points = min(_whole(kept), room)
    cut = decayed - min(kept, room)
    decay = decayed / raw if raw else 1.0
    # No minus before a zero: it is stored and shown.
    signed = (sign * raw or 0.0, decay, sign * cut or 0.0, sign * points)
    return Contribution(rule.group, rule.id, rule.label, what[:LONGEST_SEEN], *signed)


def _tallies(model: Model, facts: LeadFacts, as_of: datetime) -> dict[str, _Tally]:
    """Per rule id. Caps per kind and day are in raw points, before decay and before `within_days`: so no score rises
    merely because time passes.
    """
    tallies: dict[str, _Tally] = {}
    left: dict[tuple[str, int], float] = {}  # what a kind may still earn on a day
    now = (as_of - EPOCH).total_seconds()
    for touch in in_order(facts.touches):
        since = touch.occurred_at - EPOCH
        age = now - since.total_seconds()
        if age < 0:
            break
        for rule in model.by_kind.get(touch.kind, model.any_kind):
            if rule.holds is not None and not rule.holds(facts.attributes):
                continue
            if rule.matches is not None and not rule.matches(touch):
                continue
            kept = rule.size
            if rule.a_day is not None:
                day = (touch.kind, since.days)
                room = left.get(day, rule.a_day)
                kept = min(kept, room)
                left[day] = room - kept
            if age <= rule.oldest_seconds:
                _add(tallies, rule, touch, age, kept)
    return tallies


def _add(tallies: dict[str, _Tally], rule: TouchRule, touch: Touch, age: float, kept: float) -> None:
    tally = tallies.get(rule.id)
    if tally is None:
        tally = tallies[rule.id] = _Tally()
    decay = math.exp(-rule.decay_per_second * age) if rule.decay_per_second else 1.0
    tally.raw += rule.size
    tally.decayed += rule.size * decay
    tally.kept += kept * decay
    tally.times += 1
    tally.newest = touch


def in_order(touches: Sequence[Touch]) -> Sequence[Touch]:
    """In the order of time. Those of one moment have an order of their own, so the order they came in decides nothing."""
    times = [touch.occurred_at for touch in touches]
    if all(map(lt, times, islice(times, 1, None))):
        return touches
    return sorted(touches, key=_place)


def _place(touch: Touch) -> tuple[datetime, str, str, str, str, str]:
    more = (touch.content or "", touch.page or "", touch.campaign or "", touch.channel or "")
    return (touch.occurred_at, touch.kind, *more)


def _whole(points: float) -> int:
    """Half a point counts as one; the billionth makes sums of floats that should be equal equal."""
    return int(points + 0.5 + 1e-9)


def _touches_seen(tally: _Tally, attributes_seen: str) -> str:
    touch = tally.newest
    if touch is None:
        return attributes_seen
    date = day_in_words(touch.occurred_at)
    when = date if tally.times == 1 else f"{tally.times} times, last on {date}"
    what = touch.content or touch.page or touch.campaign
    return ", ".join([part for part in (when, what, attributes_seen) if part])


def day_in_words(moment: datetime) -> str:
    """The day in UTC: 18 Nov 2026."""
    return _date((moment - EPOCH).days)


@lru_cache(maxsize=4096)
def _date(days: int) -> str:
    """A day of the UTC calendar, counted from the epoch."""
    day = EPOCH + timedelta(days)
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def _clamp(total: int, ceiling: int, disqualifier: Contribution | None) -> list[Contribution]:
    if disqualifier is not None:
        label = f"Disqualified: {disqualifier.label}"
        return [Contribution(Group.CLAMP, DISQUALIFIED, label, disqualifier.seen, -total, 1.0, 0.0, -total)]
    if total > ceiling:
        return [_clamp_row(CEILING, f"No score is above {ceiling}", total, ceiling - total)]
    if total < 0:
        return [_clamp_row(FLOOR, "No score is below 0", total, -total)]
    return []


def _clamp_row(rule: str, label: str, total: int, points: int) -> Contribution:
    return Contribution(Group.CLAMP, rule, label, f"sum before: {total}", points, 1.0, 0.0, points)


def top_reasons(score: Score, n: int = 3) -> list[Contribution]:
    """The `n` biggest contributions upwards, then what speaks most against the lead, if anything does."""
    up = sorted((row for row in score.ledger if row.points > 0 and row.group is not Group.CLAMP), key=_points)
    against = [row for row in score.ledger if row.group is Group.NEGATIVE]
    decisive = [row for row in against if row.rule == score.disqualified_by]
    down = decisive or sorted((row for row in against if row.points < 0), key=_points, reverse=True)[:1]
    return up[:n] + down


def _points(row: Contribution) -> int:
    return -row.points


def ledger_to_json(ledger: Iterable[Contribution]) -> list[dict[str, Any]]:
    return [dict(zip(Contribution._fields, (row.group.value, *row[1:]), strict=True)) for row in ledger]


def ledger_from_json(rows: Sequence[Mapping[str, Any]]) -> tuple[Contribution, ...]:
    """Only what `ledger_to_json` wrote."""
    return tuple(Contribution(**(dict(row) | {"group": Group(row["group"])})) for row in rows)


__all__ = [
    "Contribution",
    "Group",
    "Model",
    "ModelError",
    "Rule",
    "Score",
    "day_in_words",
    "default_model_toml",
    "in_order",
    "ledger_from_json",
    "ledger_to_json",
    "parse_model",
    "read_model",
    "score",
    "top_reasons",
]
