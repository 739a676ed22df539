"""When each loop is due, what is worth saying, and in which words. Times of a day are minutes after midnight."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from statistics import median
from zoneinfo import ZoneInfo

from domain.rules.calendars import Calendar, at_work, working
from domain.rules.periods import Period
from domain.rules.reviewing import first_working_day

DAY = timedelta(days=1)
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
USUAL_WEEKS = 4
"""What is usual of a weekday: the same day of so many weeks before."""
UNUSUAL = 3
"""By fewer leads than this nothing is more, or fewer, than usual."""
FEWEST_LEADS = 3
"""Who decided on fewer leads in the month is not asked how they were."""
FEWEST_ANSWERS = 3
"""Of fewer answers no number is shown: it would say who answered what."""
PULSE_DAYS = 5
"""So many days into the next month somebody may still be asked who was away before."""


class Loop(StrEnum):
    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"


class Why(StrEnum):
    """What was best, or worst, about the leads."""

    FIT = "fit"
    TIMING = "timing"
    DATA = "data"
    INTENT = "intent"
    VOLUME = "volume"

    @property
    def words(self) -> str:
        return {
            "fit": "Fit to what we sell",
            "timing": "Timing",
            "data": "Data and phone numbers",
            "intent": "Real interest",
            "volume": "How many there were",
        }[self]


FACES = {1: "😞", 2: "🙁", 3: "😐", 4: "🙂", 5: "😀"}
FEELINGS = {1: "Bad", 2: "Rather bad", 3: "So-so", 4: "Good", 5: "Very good"}
CONTENT = 4
"""From this feeling on somebody is content."""


# ---- when ------------------------------------------------------------------------------------------------------------


def last_working_day(calendar: Calendar, today: date) -> date | None:
    """The newest day before `today` on which the calendar has working hours; leave does not count. None: not within a month."""
    days = (today - back * DAY for back in range(1, 32))
    return next((day for day in days if works_on(calendar, day)), None)


def works_on(calendar: Calendar, day: date) -> bool:
    since, until = day_bounds(day, calendar.zone)
    return any(True for _ in working(replace(calendar, away=()), since, until))


def day_bounds(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """From midnight to midnight there."""
    return tuple(datetime.combine(one, time(), zone) for one in (day, day + DAY))  # type: ignore[return-value]  # it is two


def at_minute(day: date, minute: int, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(minute // 60, minute % 60), zone)


def daily_due(calendar: Calendar, minute: int, now: datetime) -> date | None:
    """The day that is to be spoken of now; None: nothing is due. On days off and on leave nothing is; nor is it made up for
    on another day.
    """
    today = now.astimezone(calendar.zone).date()
    if now < at_minute(today, minute, calendar.zone) or not works_on(calendar, today):
        return None
    if any(since <= now < until for since, until in calendar.away):
        return None
    return last_working_day(calendar, today)


def week_of(name: str, zone: ZoneInfo) -> Period:
    """`2026-W47`, from Monday to Monday. Raises ValueError, also for another spelling: by its name a week is made once."""
    year, _, number = name.partition("-W")
    monday = date.fromisocalendar(int(year), int(number), 1)
    if week_name(monday) != name:
        raise ValueError(name)
    since, _ = day_bounds(monday, zone)
    return Period(since, day_bounds(monday + 7 * DAY, zone)[0], f"week {int(number)}")


def weekly_due(zone: ZoneInfo, minute: int, now: datetime) -> str | None:
    """The week before this one, from Monday at that minute on, for as long as this week lasts."""
    today = now.astimezone(zone).date()
    monday = today - today.weekday() * DAY
    return week_name(monday - DAY) if now >= at_minute(monday, minute, zone) else None


def week_name(day: date) -> str:
    year, number, _ = day.isocalendar()
    return f"{year:04}-W{number:02}"


def month_of(name: str, zone: ZoneInfo) -> Period:
    """`2026-10`. Raises ValueError."""
    first = date.fromisoformat(f"{name}-01")
    if f"{first:%Y-%m}" != name:
        raise ValueError(name)
    after = next_month(first)
    return Period(day_bounds(first, zone)[0], day_bounds(after, zone)[0], month_words(name))


def month_words(name: str) -> str:
    """`October 2026`"""
    year, _, number = name.partition("-")
    return f"{MONTHS[int(number) - 1]} {year}"


def month_before(name: str) -> str:
    return f"{date.fromisoformat(f'{name}-01') - DAY:%Y-%m}"


def next_month(day: date) -> date:
    return (day.replace(day=1) + 32 * DAY).replace(day=1)


def monthly_due(zone: ZoneInfo, minute: int, now: datetime) -> str | None:
    """The month before this one, from its first working day at that minute on, for as long as this month lasts."""
    today = now.astimezone(zone).date()
    begins = at_minute(first_working_day(today), minute, zone)
    return f"{today.replace(day=1) - DAY:%Y-%m}" if now >= begins else None


def pulse_due(calendar: Calendar, minute: int, now: datetime) -> str | None:
    """The month that somebody may be asked about now, who is at work: from its last working day at that minute on until some
    days into the next month. None: it is not the time.
    """
    today = now.astimezone(calendar.zone).date()
    month = today if today.day > PULSE_DAYS else today.replace(day=1) - DAY
    last = last_working_day(calendar, next_month(month))
    asked_from = at_minute(last, minute, calendar.zone) if last is not None else None
    return f"{month:%Y-%m}" if asked_from is not None and asked_from <= now and at_work(calendar, now) else None


# ---- what is unusual -------------------------------------------------------------------------------------------------


def usual(before: Sequence[int]) -> float | None:
    """The median of the same weekdays before; None: there are too few of them."""
    return median(before) if len(before) >= USUAL_WEEKS else None


def unusual(count: int, before: Sequence[int]) -> int:
    """1: more than on any of the days before, -1: fewer, and not by one or two; 0: as usual, or nobody can say."""
    if len(before) < USUAL_WEEKS:
        return 0
    if count >= max(before) + UNUSUAL:
        return 1
    return -1 if count <= min(before) - UNUSUAL else 0


def band_of(score: int) -> int:
    """Scores by tens: 60 is that of 60 to 69; 100 belongs to the nineties."""
    return min(score // 10, 9) * 10


def band_words(band: int) -> str:
    return f"{band} to {100 if band == 90 else band + 9}"


def minute_of(text: str) -> int:
    """`08:30` in minutes after midnight. Raises ValueError."""
    at = time.fromisoformat(text.strip())
    return at.hour * 60 + at.minute
