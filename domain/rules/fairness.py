"""Weighted round robin by virtual time: a turn costs 1 / weight, and nobody runs ahead of the pool or falls behind it by a turn."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from fractions import Fraction

_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_FINEST = 10**6
"""Virtual times are stored as floats; they are read back as the fractions that they stand for."""


@dataclass(frozen=True, slots=True)
class Member:
    rep_id: int
    weight: int
    virtual_time: float
    last_turn_at: datetime | None = None


def next_member(members: Iterable[Member]) -> Member | None:
    """Who is next: of those who are not ahead of the pool, whose turn would end first; then who has waited longest.

    Taking simply the least virtual time would give a weight of 3 among nine of 1 its second turn only after all others
    had one. This rule (fair queueing's "earliest finish among the eligible") keeps everybody within one turn of the exact share.
    """
    asked = list(members)
    if not asked:
        return None
    now = _pool_time(asked)
    eligible = [member for member in asked if _exact(member) <= now]
    return min(eligible, key=lambda member: (_finish(member), member.last_turn_at or _LONG_AGO, member.rep_id))


def rotation(members: Iterable[Member], most: int) -> list[Member]:
    """The first `most` of those whose turns come next, each named once: a heavy member's second turn may come between."""
    moving = {member.rep_id: member for member in members}
    waiting = dict(moving)
    order: list[Member] = []
    while waiting and len(order) < most:
        following = next_member(moving.values())
        if following is None:
            break
        if following.rep_id in waiting:
            order.append(waiting.pop(following.rep_id))
        moving[following.rep_id] = replace(following, virtual_time=after_turn(following))
    return order


def after_turn(member: Member) -> float:
    """The member's virtual time after one turn. A weight of 3 gets three turns where a weight of 1 gets one."""
    return float(_finish(member))


def after_credit(member: Member, active: Sequence[Member]) -> float:
    """The member's virtual time when a turn is given back. Nobody gets further behind the pool by it than one turn: however
    many turns are given back to somebody, no run of leads follows.
    """
    back = _exact(member) - Fraction(1, member.weight)
    floor = _pool_time(active) - Fraction(1, member.weight) if active else back
    return float(min(_exact(member), max(back, floor)))


def shares(members: Sequence[Member]) -> dict[int, float]:
    """Each one's due of one lead, by rep id: their weight's part of all weights."""
    whole = sum(member.weight for member in members)
    return {member.rep_id: member.weight / whole for member in members}


def on_return(virtual_time: float, active: Sequence[Member]) -> float:
    """Who joins or comes back starts where the active ones are by now, not where he left: else he gets a run of leads."""
    return max(virtual_time, float(_pool_time(active))) if active else virtual_time


def _pool_time(members: Sequence[Member]) -> Fraction:
    """Where everybody would be, had all turns been shared out exactly."""
    return sum(_exact(member) * member.weight for member in members) / Fraction(
        sum(member.weight for member in members)
    )


def _exact(member: Member) -> Fraction:
    return Fraction(member.virtual_time).limit_denominator(_FINEST)


def _finish(member: Member) -> Fraction:
    return _exact(member) + Fraction(1, member.weight)
