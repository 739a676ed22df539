"""What is known of one lead's past, and the moments at which it is scored again."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from domain.rules.facts import LeadFacts, Touch, Value
from domain.rules.lifecycle import LIVE, HandoffStatus
from domain.rules.reasons import REASONS, Then

MOST_MOMENTS = 400
"""A lead with more is scored once a day, after the day's last touch: a robot's thousands of visits must not hold up the rest."""


@dataclass(frozen=True, slots=True)
class Window:
    """The time that is replayed, both ends included. Days and months are those of UTC."""

    since: datetime
    until: datetime

    def month_ends(self) -> list[datetime]:
        """The last second of each month's last day within the window."""
        ends = []
        first = self.since.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        while (following := (first + timedelta(days=32)).replace(day=1)) - timedelta(seconds=1) <= self.until:
            ends.append(following - timedelta(seconds=1))
            first = following
        return [end for end in ends if end >= self.since]

    def __contains__(self, at: datetime) -> bool:
        return self.since <= at <= self.until


class Version(NamedTuple):
    """What rules could read of a lead from `at` on."""

    at: datetime
    attributes: Mapping[str, Value]


class Outcome(StrEnum):
    """What really became of a lead that was handed over within the window."""

    HANDED = "handed"
    DECIDED = "decided"  # sales said yes or no
    RUNNING = "running"  # and may still become more
    ACCEPTED = "accepted"
    CONTACTED = "contacted"
    QUALIFIED = "qualified"
    CONVERTED = "converted"
    WON = "won"


class Attempt(NamedTuple):
    """A handoff as it really went."""

    status: HandoffStatus
    opened_at: datetime
    accepted_at: datetime | None
    contacted_at: datetime | None
    qualified_at: datetime | None
    converted_at: datetime | None
    rejected_at: datetime | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class History:
    lead_id: int
    email: str
    captured_at: datetime
    versions: Sequence[Version]  # in the order of time, at least one
    touches: Sequence[Touch]  # in the order of time, none later than the window
    outcomes: frozenset[Outcome]
    with_sales: bool  # when the window began: no model decides about it any more
    rests_until: datetime | None  # given back before the window began, and not handed over again before
    free_now: bool  # would be handed over at the window's end if its tier were one for sales
    guessed: bool  # nothing is kept of what was known earlier: today's attributes stand for all times


class Step(NamedTuple):
    """One moment of scoring."""

    at: datetime
    facts: LeadFacts


def steps(history: History, window: Window, month_ends: Sequence[datetime]) -> list[Step]:
    """Every touch, every change of what was known, each month's last day, the window's end; its begin for a lead that was there."""
    born = min(history.captured_at, history.touches[0].occurred_at) if history.touches else history.captured_at
    moments = {touch.occurred_at for touch in history.touches if touch.occurred_at in window}
    # The first version comes with the lead's first touch, a moment that is there already.
    moments |= {version.at for version in history.versions[1:] if version.at in window and version.at >= born}
    if len(moments) > MOST_MOMENTS:
        moments = set({at.astimezone(UTC).date(): at for at in sorted(moments)}.values())
    moments |= {end for end in month_ends if end >= born}
    moments.add(window.until)
    if born < window.since:
        moments.add(window.since)
    known_from = [version.at for version in history.versions]
    facts = [LeadFacts(version.attributes, history.touches) for version in history.versions]
    return [Step(at, facts[max(0, bisect_right(known_from, at) - 1)]) for at in sorted(moments)]


def before(attempts: Sequence[Attempt], since: datetime) -> tuple[bool, datetime | None]:
    """Whether sales had the lead at `since`, or was through with it; else until when it rests. `attempts`: in their order."""
    last = next((one for one in reversed(attempts) if one.opened_at < since), None)
    if last is None:
        return False, None
    reason = REASONS.get(last.reason or "")
    if last.rejected_at is None or last.rejected_at >= since or reason is None or reason.then is not Then.RECYCLE:
        return True, None
    return False, last.rejected_at + reason.cooldown


def outcomes(attempts: Sequence[Attempt], window: Window, *, won: bool) -> frozenset[Outcome]:
    """Of the handoffs that were opened within the window, the best that came of any."""
    real = [one for one in attempts if one.opened_at in window]
    reached = {
        Outcome.HANDED: bool(real),
        Outcome.DECIDED: any(one.accepted_at or one.rejected_at for one in real),
        Outcome.RUNNING: any(one.status in LIVE for one in real),
        Outcome.ACCEPTED: any(one.accepted_at for one in real),
        Outcome.CONTACTED: any(one.contacted_at for one in real),
        Outcome.QUALIFIED: any(one.qualified_at for one in real),
        Outcome.CONVERTED: any(one.converted_at for one in real),
        Outcome.WON: bool(real) and won,
    }
    return frozenset(outcome for outcome, is_so in reached.items() if is_so)
