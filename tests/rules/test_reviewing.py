from datetime import UTC, date, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from domain.rules.reviewing import first_working_day, month_start, review_begins
from tests.conftest import HEAVY_LAW


def test_a_month_that_begins_on_a_weekend_begins_its_work_on_monday() -> None:
    assert first_working_day(date(2026, 8, 20)) == date(2026, 8, 3)  # the 1st is a Saturday
    assert first_working_day(date(2026, 11, 1)) == date(2026, 11, 2)  # a Sunday
    assert first_working_day(date(2026, 9, 30)) == date(2026, 9, 1)  # a Tuesday


@HEAVY_LAW
@given(st.dates())
def test_the_first_working_day_is_the_first_day_of_its_month_that_is_no_weekend(day: date) -> None:
    found = first_working_day(day)
    assert (found.year, found.month) == (day.year, day.month)
    assert found.weekday() < 5
    assert all((found - timedelta(days=back)).weekday() >= 5 for back in range(1, found.day))


def test_the_month_is_that_of_utc() -> None:
    evening_in_new_york = datetime(2026, 8, 31, 21, 0, tzinfo=timezone(timedelta(hours=-4)))
    assert month_start(evening_in_new_york) == datetime(2026, 9, 1, tzinfo=UTC)
    assert review_begins(evening_in_new_york) == datetime(2026, 9, 1, tzinfo=UTC)
