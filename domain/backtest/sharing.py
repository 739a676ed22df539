"""The leads that a model hands over, shared out among the salespeople of today; and the first contacts that then fall due."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from domain.backtest.history import Window
from domain.backtest.replay import Handed, Territories
from domain.rules.deadlines import TARGETS, ClockKind
from domain.rules.fairness import Member, after_turn, next_member

SATURDAY = 5


@dataclass(frozen=True, slots=True)
class Sellers:
    """Who sells now: the pools by id, who of each may be asked, and which leads go where."""

    territories: Territories
    pools: Mapping[int, str] = field(default_factory=dict)
    members: Mapping[int, Sequence[Member]] = field(default_factory=dict)
    reps: Mapping[int, str] = field(default_factory=dict)


@dataclass
class Shares:
    """How many leads each pool and each rep would have got."""

    pools: Counter[int] = field(default_factory=Counter)
    reps: Counter[int] = field(default_factory=Counter)
    waiting: int = 0
    """Of a pool in which nobody can be asked today."""
    nowhere: int = 0
    """No territory leads anywhere."""


class Load(NamedTuple):
    """First contacts that fall due on a working day. What falls due on a weekend counts for the Monday after it."""

    mean: float
    p95: int
    peak: int
    peak_day: date | None


def share_out(handed: Iterable[Handed], sellers: Sellers) -> Shares:
    """Give each lead to who is next, in the order of time, by the rules of the real rotation and from where it stands today."""
    shares = Shares()
    turns = {pool_id: {member.rep_id: member for member in members} for pool_id, members in sellers.members.items()}
    for at, _, _, pool_id in sorted(handed):
        if pool_id is None:
            shares.nowhere += 1
            continue
        shares.pools[pool_id] += 1
        members = turns.get(pool_id, {})
        chosen = next_member(members.values())
        if chosen is None:
            shares.waiting += 1
        else:
            shares.reps[chosen.rep_id] += 1
            members[chosen.rep_id] = replace(chosen, virtual_time=after_turn(chosen), last_turn_at=at)
    return shares


def loads(handed: Iterable[Handed], window: Window) -> dict[int | None, Load]:
    """Per pool; under None, of all of sales."""
    due: defaultdict[int | None, Counter[date]] = defaultdict(Counter)
    for one in handed:
        day = _working_day(one.at + TARGETS[one.tier][ClockKind.FIRST_CONTACT])
        due[None][day] += 1
        if one.pool_id is not None:
            due[one.pool_id][day] += 1
    days = working_days(window)
    return {pool_id: _load(counts, days) for pool_id, counts in due.items()}


def working_days(window: Window) -> list[date]:
    """Every Monday to Friday of the window, up to the day on which the last lead's first contact may fall due."""
    longest = max(targets[ClockKind.FIRST_CONTACT] for targets in TARGETS.values())
    day, last = _working_day(window.since), _working_day(window.until + longest)
    days = (day + timedelta(days=number) for number in range((last - day).days + 1))
    return [day for day in days if day.weekday() < SATURDAY]


def _working_day(at: datetime) -> date:
    day = at.astimezone(UTC).date()
    return day + timedelta(days=max(0, 7 - day.weekday())) if day.weekday() >= SATURDAY else day


def _load(counts: Counter[date], days: Sequence[date]) -> Load:
    ordered = sorted(counts[day] for day in days)
    peak_day = max(days, key=lambda day: counts[day])
    rank = math.ceil(0.95 * len(ordered)) - 1
    return Load(sum(ordered) / len(ordered), ordered[rank], counts[peak_day], peak_day)
