"""What a person wants to be told, and when: at once, in a digest, or not at all."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from domain.rules.calendars import Calendar, at_work
from domain.rules.working_hours import Unreadable

BUDGET, MOST_BUDGET = 20, 200
"""Direct messages a day."""
DIGEST_AT = (9 * 60, 16 * 60)
MOST_DIGESTS = 4


class Alert(StrEnum):
    """Every kind of word to a person beside the lead card itself."""

    REMINDER = "reminder"
    OVERDUE = "overdue"
    SLA_MISSED = "sla_missed"
    POOL_SHORT = "pool_short"
    JUMP = "jump"
    HOTTER = "hotter"
    WOKEN = "woken"
    CRM_REFUSED = "crm_refused"
    REVIEW = "review"
    PROPOSAL = "proposal"
    HEALTH = "health"
    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    PULSE = "pulse"

    DEAL_DUE = "deal_due"
    DEAL_LATE = "deal_late"
    DEAL_NEWS = "deal_news"
    DEAL_STUCK = "deal_stuck"

    @property
    def words(self) -> str:
        return _WORDS[self]


_WORDS: Mapping[Alert, str] = {
    Alert.REMINDER: "Reminders of my deadlines",
    Alert.OVERDUE: "My missed deadlines",
    Alert.SLA_MISSED: "Missed SLAs of my team",
    Alert.POOL_SHORT: "Nobody is available",
    Alert.JUMP: "Scores that jump",
    Alert.HOTTER: "MQLs that become HQLs",
    Alert.WOKEN: "Leads that wake up",
    Alert.CRM_REFUSED: "Leads that the CRM refuses",
    Alert.REVIEW: "Monthly review",
    Alert.PROPOSAL: "Proposals that need me",
    Alert.HEALTH: "Handoff is unwell",
    Alert.DAILY: "Yesterday in my pools",
    Alert.WEEKLY: "The week: rejections, score, routing",
    Alert.MONTHLY: "Monthly quality review",
    Alert.PULSE: "How good were my leads?",
    Alert.DEAL_DUE: "Deals that wait for my yes",
    Alert.DEAL_LATE: "Deals that nobody accepts",
    Alert.DEAL_NEWS: "What becomes of my deals",
    Alert.DEAL_STUCK: "Deals that are stuck",
}


class How(StrEnum):
    """How somebody wants to hear of one kind."""

    AT_ONCE = "at_once"
    DIGEST = "digest"
    OFF = "off"

    @property
    def words(self) -> str:
        return {"at_once": "At once", "digest": "In the digest", "off": "Never"}[self]


class Held(StrEnum):
    """Why something was not said at once."""

    QUIET_HOURS = "quiet_hours"
    BUDGET = "budget"
    DIGEST = "digest"
    """So the person wishes."""
    MUTED = "muted"
    """So the person wishes: it is never said."""
    SETTLED = "settled"
    """When its time had come, there was nothing to say any more."""


MAY_BE_OFF = frozenset(
    {
        *(Alert.JUMP, Alert.HOTTER, Alert.WOKEN, Alert.REVIEW),
        *(Alert.DAILY, Alert.WEEKLY, Alert.MONTHLY, Alert.PULSE),
        *(Alert.DEAL_NEWS, Alert.DEAL_STUCK),
    }
)
"""Who promises an SLA has to hear of it, and who looks after a team or an installation of its trouble: at the latest in
the digest.
"""
NOT_IN_A_DIGEST = frozenset({Alert.PULSE})
"""A digest is read; this is answered."""

_OF_ONES_OWN = frozenset({Alert.REMINDER, Alert.OVERDUE, Alert.WOKEN})
"""Kinds that are urgent if the lead is an HQL: an hour is all there is."""


@dataclass(frozen=True, slots=True)
class Preferences:
    """Times of a day are minutes after midnight, in the person's own time zone."""

    how: Mapping[Alert, How] = field(default_factory=dict)
    """Without a word on a kind: at once."""
    quiet: tuple[int, int] | None = None
    """From and to, over midnight too; both the same: never quiet. None: before and after their day's work, and on the days
    on which they do not work.
    """
    budget: int = BUDGET
    digest_at: tuple[int, ...] = DIGEST_AT

    def how_of(self, alert: Alert) -> How:
        wanted = self.how.get(alert, How.AT_ONCE)
        if alert in NOT_IN_A_DIGEST:
            return How.AT_ONCE if wanted is How.DIGEST else wanted
        return How.DIGEST if wanted is How.OFF and alert not in MAY_BE_OFF else wanted


def choices(alert: Alert) -> tuple[How, ...]:
    """What may be chosen for a kind."""
    if alert in NOT_IN_A_DIGEST:
        return (How.AT_ONCE, How.OFF)
    return tuple(How) if alert in MAY_BE_OFF else (How.AT_ONCE, How.DIGEST)


def is_urgent(alert: Alert, *, hql: bool) -> bool:
    """What cannot wait for the morning: one's own HQL, and an installation that is unwell."""
    return alert is Alert.HEALTH or (hql and alert in _OF_ONES_OWN)


def why_held(
    alert: Alert, preferences: Preferences, *, urgent: bool, quiet: bool, direct: bool, sent_today: int
) -> Held | None:
    """Why this is not said at once; None: it is. `sent_today`: the direct messages that the person had today."""
    how = preferences.how_of(alert)
    if how is How.OFF:
        return Held.MUTED
    if how is How.DIGEST:
        return Held.DIGEST
    if urgent:
        return None
    if quiet:
        return Held.QUIET_HOURS
    return Held.BUDGET if direct and sent_today >= preferences.budget else None


def is_quiet(preferences: Preferences, calendar: Calendar, now: datetime) -> bool:
    """Whether the person is not to be disturbed now. On leave they never are."""
    if any(since <= now < until for since, until in calendar.away):
        return True
    if preferences.quiet is None:
        return not at_work(_without_breaks(calendar), now)
    begin, end = preferences.quiet
    minute = _minute(now, calendar.zone)
    return begin <= minute < end if begin <= end else not end <= minute < begin


def _without_breaks(calendar: Calendar) -> Calendar:
    """A lunch break is no night: who has one may be told in it."""
    days = {day: [(blocks[0][0], blocks[-1][1])] for day, blocks in calendar.week.items() if blocks}
    return replace(calendar, week=days)


def last_digest_time(preferences: Preferences, zone: ZoneInfo, now: datetime) -> datetime:
    """The newest time for a digest that has come by now; one that the change of the clocks skips is none."""
    today = now.astimezone(zone).date()
    times = [
        datetime(day.year, day.month, day.day, minute // 60, minute % 60, tzinfo=zone)
        for day in (today, today - timedelta(days=1), today - timedelta(days=2))
        for minute in preferences.digest_at
    ]
    return max(at for at in times if at.timestamp() <= now.timestamp())


def digest_is_due(preferences: Preferences, calendar: Calendar, held_since: datetime, now: datetime) -> bool:
    """Whether what is held since then is to be said now: a time for it has come since, and one may disturb. Who sleeps at
    that time gets it when they wake up.
    """
    return last_digest_time(preferences, calendar.zone, now) >= held_since and not is_quiet(preferences, calendar, now)


def start_of_day(zone: ZoneInfo, now: datetime) -> datetime:
    """Midnight of the person's own day."""
    return now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)


def _minute(now: datetime, zone: ZoneInfo) -> int:
    there = now.astimezone(zone)
    return there.hour * 60 + there.minute


# ---- as people write them -------------------------------------------------------------------------------------------

_TIME = re.compile(r"(\d{1,2}):(\d{2})", re.ASCII)
NEVER = "never"


def read_quiet(text: str) -> tuple[int, int] | None:
    """`19:00-08:00`, or `never`; nothing: outside one's working hours. Raises Unreadable."""
    text = text.strip().casefold()
    if not text:
        return None
    if text == NEVER:
        return (0, 0)
    begin, dash, end = text.replace("\N{EN DASH}", "-").partition("-")
    if not dash:
        raise Unreadable("write it as 19:00-08:00, or never, or leave it empty")
    span = (_read_time(begin), _read_time(end))
    if span[0] == span[1]:
        raise Unreadable("write two different times, or never")
    return span


def read_times(text: str) -> tuple[int, ...]:
    """`09:00, 16:00`, in order; nothing: the usual times. Raises Unreadable."""
    parts = [part for part in re.split(r"[,;\s]+", text.strip()) if part]
    if len(parts) > MOST_DIGESTS:
        raise Unreadable(f"name at most {MOST_DIGESTS} times")
    return tuple(sorted({_read_time(part) for part in parts})) or DIGEST_AT


def read_budget(text: str) -> int:
    """A number of messages a day; nothing: the usual one. Raises Unreadable."""
    text = text.strip()
    if not text:
        return BUDGET
    if not (text.isascii() and text.isdecimal() and len(text) <= 3 and int(text) <= MOST_BUDGET):
        raise Unreadable(f"write a number from 0 to {MOST_BUDGET}, or nothing")
    return int(text)


def _read_time(text: str) -> int:
    parts = _TIME.fullmatch(text.strip())
    if parts is None or int(parts[1]) > 23 or int(parts[2]) > 59:
        raise Unreadable(f"{text.strip()[:20]!r} is no time of a day; write it as 09:00")
    return int(parts[1]) * 60 + int(parts[2])


def quiet_words(preferences: Preferences) -> str:
    """As `read_quiet` reads them."""
    if preferences.quiet is None:
        return ""
    begin, end = preferences.quiet
    return NEVER if begin == end else f"{clock_words(begin)}-{clock_words(end)}"


def times_words(preferences: Preferences) -> str:
    """As `read_times` reads them."""
    return ", ".join(clock_words(minute) for minute in preferences.digest_at)


def clock_words(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


# ---- as they are stored ---------------------------------------------------------------------------------------------


def to_json(preferences: Preferences) -> dict[str, Any]:
    return {
        "how": {alert.value: how.value for alert, how in sorted(preferences.how.items())},
        "quiet": None if preferences.quiet is None else list(preferences.quiet),
        "budget": preferences.budget,
        "digest_at": list(preferences.digest_at),
    }


def from_json(stored: Mapping[str, Any]) -> Preferences:
    """What was stored; what is not there is the default, and a kind that no release knows any more is left out."""
    known = {alert.value for alert in Alert}
    quiet: Sequence[int] | None = stored.get("quiet")
    return Preferences(
        how={Alert(alert): How(how) for alert, how in stored.get("how", {}).items() if alert in known},
        quiet=None if quiet is None else (int(quiet[0]), int(quiet[1])),
        budget=int(stored.get("budget", BUDGET)),
        digest_at=tuple(int(minute) for minute in stored.get("digest_at", DIGEST_AT)),
    )
