"""Working time is arithmetic on intervals. Here it is held against somebody who walks through time minute by minute."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from domain.rules.calendars import ALWAYS, Block, Calendar, after, at_work, elapsed, working
from tests.conftest import HEAVY_LAW

MINUTE = timedelta(minutes=1)
CHANGES = {
    "Europe/Berlin": [datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC)],
    "America/New_York": [datetime(2026, 3, 8, 7, tzinfo=UTC), datetime(2026, 11, 1, 6, tzinfo=UTC)],
    # The clock goes by half an hour.
    "Australia/Lord_Howe": [datetime(2026, 4, 4, 15, tzinfo=UTC), datetime(2026, 10, 3, 15, 30, tzinfo=UTC)],
    # The change is at midnight: a day begins at 01:00, or has its first hour twice.
    "America/Santiago": [datetime(2026, 4, 5, 3, tzinfo=UTC), datetime(2026, 9, 6, 4, tzinfo=UTC)],
    # 30 December 2011 was left out whole.
    "Pacific/Apia": [datetime(2011, 12, 30, 10, tzinfo=UTC), datetime(2012, 3, 31, 14, tzinfo=UTC)],
    "Asia/Kolkata": [datetime(2026, 3, 29, 1, tzinfo=UTC)],
}
"""Zones, and the moments about which their calendars are tried."""


@st.composite
def blocks(draw: st.DrawFn) -> list[Block]:
    points = sorted(draw(st.lists(st.integers(0, 1440), max_size=6, unique=True)))
    return list(zip(points[::2], points[1::2], strict=False))


@st.composite
def calendars(draw: st.DrawFn) -> tuple[Calendar, datetime]:
    """A calendar, and a moment not long before something happens to its zone's clock."""
    zone = draw(st.sampled_from(sorted(CHANGES)))
    base = draw(st.sampled_from(CHANGES[zone])) - timedelta(minutes=draw(st.integers(0, 1440)))
    day = base.date()
    away = st.tuples(st.integers(0, 3000), st.integers(0, 1500)).map(
        lambda pair: (base + pair[0] * MINUTE, base + sum(pair) * MINUTE)
    )
    return Calendar(
        ZoneInfo(zone),
        {weekday: draw(blocks()) for weekday in range(7)},
        draw(st.sets(st.integers(0, 4).map(lambda days: day + timedelta(days=days)), max_size=1)),
        draw(st.lists(away, max_size=2)),
    ), base


def works_in(calendar: Calendar, minute: datetime) -> bool:
    """Whether somebody who looks at the clock on the wall at this minute is at work."""
    wall = minute.astimezone(calendar.zone)
    at = 60 * wall.hour + wall.minute
    return (
        wall.date() not in calendar.holidays
        and any(begin <= at < end for begin, end in calendar.week.get(wall.weekday(), ()))
        and not any(since <= minute < until for since, until in calendar.away)
    )


def minutes(start: datetime, count: int) -> Iterator[datetime]:
    return (start + number * MINUTE for number in range(count))


def walked(calendar: Calendar, start: datetime, end: datetime) -> timedelta:
    return sum((MINUTE for one in minutes(start, (end - start) // MINUTE) if works_in(calendar, one)), timedelta(0))


@HEAVY_LAW
@given(calendars(), st.integers(0, 3000))
def test_elapsed_working_time_is_what_a_minute_walker_counts(made: tuple[Calendar, datetime], length: int) -> None:
    calendar, start = made
    end = start + length * MINUTE
    assert elapsed(calendar, start, end) == walked(calendar, start, end)


@HEAVY_LAW
@given(calendars(), st.integers(1, 3000), st.floats(0, 1))
def test_the_moment_after_a_span_is_the_first_at_which_so_much_has_passed(
    made: tuple[Calendar, datetime], length: int, part: float
) -> None:
    calendar, start = made
    whole = walked(calendar, start, start + length * MINUTE)
    assume(whole)
    span = max(MINUTE, part * (whole // MINUTE) // 1 * MINUTE)
    at = after(calendar, start, span)
    assert at is not None
    assert elapsed(calendar, start, at) == span
    assert walked(calendar, start, at) == span
    assert walked(calendar, start, at - MINUTE) == span - MINUTE


@HEAVY_LAW
@given(calendars(), st.integers(0, 1500), st.integers(0, 1500))
def test_working_time_adds_up_and_never_runs_backwards(
    made: tuple[Calendar, datetime], first: int, second: int
) -> None:
    calendar, start = made
    middle, end = start + first * MINUTE, start + (first + second) * MINUTE
    assert elapsed(calendar, start, end) == elapsed(calendar, start, middle) + elapsed(calendar, middle, end)
    assert timedelta(0) <= elapsed(calendar, start, middle) <= elapsed(calendar, start, end) <= end - start


@HEAVY_LAW
@given(calendars(), st.integers(0, 90), st.integers(0, 90))
def test_more_time_is_over_later(made: tuple[Calendar, datetime], less: int, more: int) -> None:
    calendar, start = made
    assume(less <= more)
    ends = [after(calendar, start, span * MINUTE) for span in (less, more)]
    assert None in ends or ends[0] <= ends[1]  # type: ignore[operator]  # neither is None here


@HEAVY_LAW
@given(calendars(), st.integers(0, 3000))
def test_who_is_asked_at_a_minute_whether_they_work_says_what_the_wall_clock_says(
    made: tuple[Calendar, datetime], minute: int
) -> None:
    calendar, start = made
    at = start + minute * MINUTE
    assert at_work(calendar, at) == works_in(calendar, at)


@HEAVY_LAW
@given(calendars())
def test_the_intervals_of_work_come_in_order_and_do_not_touch_what_is_left_out(
    made: tuple[Calendar, datetime],
) -> None:
    calendar, start = made
    found = list(working(calendar, start, start + timedelta(days=3)))
    assert all(begin < end for begin, end in found)
    assert all(earlier[1] <= later[0] for earlier, later in pairwise(found))


BERLIN = ZoneInfo("Europe/Berlin")
OFFICE = Calendar(BERLIN, dict.fromkeys(range(5), ((540, 1020),)), {date(2026, 4, 3), date(2026, 4, 6)})
"""Monday to Friday from nine to five, but for Good Friday and Easter Monday."""


@pytest.mark.parametrize(
    ("start", "end", "hours"),
    [
        # Over the weekend on which the clock is put forward.
        (datetime(2026, 3, 27, 16, tzinfo=BERLIN), datetime(2026, 3, 30, 10, tzinfo=BERLIN), 2),
        (datetime(2026, 3, 2, 9, tzinfo=BERLIN), datetime(2026, 3, 6, 17, tzinfo=BERLIN), 40),
        (datetime(2026, 4, 2, 16, tzinfo=BERLIN), datetime(2026, 4, 7, 10, tzinfo=BERLIN), 2),
    ],
)
def test_an_office_in_berlin_rests_at_night_on_weekends_and_over_easter(
    start: datetime, end: datetime, hours: int
) -> None:
    assert elapsed(OFFICE, start, end) == timedelta(hours=hours)
    assert after(OFFICE, start, timedelta(hours=hours)) == end


def test_who_never_works_has_no_deadline() -> None:
    never = Calendar(ZoneInfo("UTC"), {})
    assert after(never, datetime(2026, 3, 3, tzinfo=UTC), MINUTE) is None
    assert after(never, datetime(2026, 3, 3, tzinfo=UTC), timedelta(0)) == datetime(2026, 3, 3, tzinfo=UTC)


def test_wall_time_is_a_calendar_without_an_end() -> None:
    start = datetime(2026, 3, 28, 12, 30, 15, tzinfo=UTC)
    assert after(ALWAYS, start, timedelta(days=3, seconds=7)) == start + timedelta(days=3, seconds=7)
