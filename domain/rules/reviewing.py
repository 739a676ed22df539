"""When marketing goes through the leads that are nearly ready, and which of them are worth a word."""

from datetime import UTC, date, datetime, timedelta

NEAR = 5
"""Points below MQL that count as near."""
FADING_WITHIN = timedelta(days=30)
STUCK_AFTER = timedelta(days=90)
SHOWN = 5
"""Leads shown by name in each part of the review."""

_SATURDAY = 5


def first_working_day(day: date) -> date:
    """The first day of that month from Monday to Friday; public holidays differ from reader to reader and count as days."""
    first = day.replace(day=1)
    return first + timedelta(days=max(0, 7 - first.weekday()) if first.weekday() >= _SATURDAY else 0)


def month_start(now: datetime) -> datetime:
    """The first moment of the month, UTC."""
    return now.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def review_begins(now: datetime) -> datetime:
    """From when on the review of this month is due, UTC. If nobody was running on that day, it is made up for."""
    day = first_working_day(now.astimezone(UTC).date())
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
