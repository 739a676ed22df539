"""The spans of time that numbers are asked for: `30d`, `quarter`, `2026-Q3`, `2026-03-01..2026-03-31`."""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

USUAL = "30d"
LONGEST_DAYS = 730
_FIRST_YEAR, _LAST_YEAR = 2000, 2999


@dataclass(frozen=True, slots=True)
class Period:
    """From `since` up to, and without, `until`."""

    since: datetime
    until: datetime
    words: str
    """As a title says it: last 30 days, 2026-Q3."""


def read_period(word: str, now: datetime, zone: tzinfo) -> Period | None:
    """The period that a word names, or None if it names none. Days, quarters and dates begin at midnight in `zone`.

    A date after `..` is within the period. No period is longer than two years, and none goes beyond `now`.
    """
    word = word.casefold()
    if days := re.fullmatch(r"(\d{1,3})d", word):
        count = int(days[1])
        return Period(now - timedelta(days=count), now, _last(count)) if 0 < count <= LONGEST_DAYS else None
    if word == "quarter":
        today = now.astimezone(zone).date()
        return _quarter(today.year, (today.month + 2) // 3, now, zone)
    if quarter := re.fullmatch(r"(\d{4})-?q([1-4])", word):
        return _quarter(int(quarter[1]), int(quarter[2]), now, zone)
    if ".." in word:
        first, _, last = word.partition("..")
        return _between(first, last, now, zone)
    return None


def quarters_back(count: int, now: datetime, zone: tzinfo, at: datetime | None = None) -> list[Period]:
    """The last `count` quarters, the oldest first; the last of them is the one that runs now, or that of an earlier moment `at`."""
    today = (at or now).astimezone(zone).date()
    running = today.year * 4 + (today.month - 1) // 3
    those = (divmod(number, 4) for number in range(running - count + 1, running + 1))
    found = (_quarter(year, number + 1, now, zone) for year, number in those)
    return [one for one in found if one is not None]


def months_of(period: Period) -> list[str]:
    """The months that begin in it, where it begins: 2026-07, 2026-08, 2026-09."""
    number = period.since.year * 12 + period.since.month - 1
    found = []
    while (first := datetime(number // 12, number % 12 + 1, 1, tzinfo=period.since.tzinfo)) < period.until:
        if first >= period.since:
            found.append(f"{first:%Y-%m}")
        number += 1
    return found


def _last(days: int) -> str:
    return f"last {days} days" if days > 1 else "last day"


def _quarter(year: int, number: int, now: datetime, zone: tzinfo) -> Period | None:
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        return None
    after = date(year + number // 4, number % 4 * 3 + 1, 1)
    return _days(date(year, number * 3 - 2, 1), after, f"{year}-Q{number}", now, zone)


def _between(first: str, last: str, now: datetime, zone: tzinfo) -> Period | None:
    try:
        begin, end = date.fromisoformat(first), date.fromisoformat(last)
    except ValueError:
        return None
    if not (begin.year >= _FIRST_YEAR and end.year <= _LAST_YEAR and begin <= end):
        return None
    return _days(begin, end + timedelta(days=1), f"{begin.isoformat()} to {end.isoformat()}", now, zone)


def _days(begin: date, after: date, words: str, now: datetime, zone: tzinfo) -> Period | None:
    """What lies ahead has not happened yet: a running quarter ends now, and one that has not begun is none."""
    since, until = (datetime(one.year, one.month, one.day, tzinfo=zone) for one in (begin, after))
    if since >= now or (after - begin).days > LONGEST_DAYS:
        return None
    return Period(since, min(until, now), words if until <= now else f"{words} so far")
