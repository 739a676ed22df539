"""Weighted round robin by virtual time: whoever's time is least is next; a turn costs 1 / weight."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Member:
    rep_id: int
    weight: int
    virtual_time: float
    last_turn_at: datetime | None = None


def next_member(members: Iterable[Member]) -> Member | None:
    """Who is next: least virtual time, then who has waited longest, then the lower id."""
    return min(
        members, key=lambda member: (member.virtual_time, member.last_turn_at or _LONG_AGO, member.rep_id), default=None
    )


def after_turn(member: Member) -> float:
    """The member's virtual time after one turn. A weight of 3 gets three turns where a weight of 1 gets one."""
    return float(Fraction(member.virtual_time).limit_denominator(10**6) + Fraction(1, member.weight))


def on_return(virtual_time: float, active: Sequence[float]) -> float:
    """Who joins or comes back starts at the least of the active ones, not where he left: else he gets a run of leads."""
    return max(virtual_time, min(active)) if active else virtual_time
