"""When the loops are due, by whose clock; and that noise is not called news."""

import random
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import fisher_exact

from domain.rules import feedback
from domain.rules.calendars import Calendar
from domain.rules.standing_out import Beside, stand_out
from tests.conftest import LAW

UTC_ZONE, BERLIN = ZoneInfo("UTC"), ZoneInfo("Europe/Berlin")
WEEK = {day: [(9 * 60, 17 * 60)] for day in range(5)}
OFFICE = Calendar(BERLIN, WEEK)
HALF_PAST_EIGHT, NINE, THREE = 8 * 60 + 30, 9 * 60, 15 * 60


def berlin(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=BERLIN)  # type: ignore[arg-type,misc]  # year, month, day, hour, minute


@pytest.mark.parametrize(
    ("now", "day"),
    [
        ((2026, 11, 24, 8, 29), None),
        ((2026, 11, 24, 8, 30), date(2026, 11, 23)),
        ((2026, 11, 24, 23, 59), date(2026, 11, 23)),
        ((2026, 11, 23, 9, 0), date(2026, 11, 20)),
        ((2026, 11, 21, 9, 0), None),
    ],
)
def test_the_day_is_told_on_the_morning_of_the_next_working_day(now: tuple[int, ...], day: date | None) -> None:
    assert feedback.daily_due(OFFICE, HALF_PAST_EIGHT, berlin(*now)) == day


def test_nobody_hears_of_the_day_on_a_holiday_or_on_leave_and_neither_is_a_working_day() -> None:
    now = berlin(2026, 11, 24, 9, 0)
    assert feedback.daily_due(Calendar(BERLIN, WEEK, {date(2026, 11, 24)}), HALF_PAST_EIGHT, now) is None
    away = Calendar(BERLIN, WEEK, away=[(berlin(2026, 11, 23), berlin(2026, 11, 25))])
    assert feedback.daily_due(away, HALF_PAST_EIGHT, now) is None
    before = Calendar(BERLIN, WEEK, {date(2026, 11, 23)})
    assert feedback.daily_due(before, HALF_PAST_EIGHT, now) == date(2026, 11, 20)


def test_who_never_works_is_told_nothing() -> None:
    assert feedback.daily_due(Calendar(BERLIN, {}), HALF_PAST_EIGHT, berlin(2026, 11, 24, 9, 0)) is None


def test_the_week_is_that_before_from_monday_on() -> None:
    assert feedback.weekly_due(UTC_ZONE, NINE, datetime(2026, 11, 23, 8, 59, tzinfo=UTC)) is None
    assert feedback.weekly_due(UTC_ZONE, NINE, datetime(2026, 11, 23, 9, 0, tzinfo=UTC)) == "2026-W47"
    assert feedback.weekly_due(UTC_ZONE, NINE, datetime(2026, 11, 29, 23, 0, tzinfo=UTC)) == "2026-W47"
    assert feedback.weekly_due(UTC_ZONE, NINE, datetime(2027, 1, 4, 9, 0, tzinfo=UTC)) == "2026-W53"
    span = feedback.week_of("2026-W53", BERLIN)
    assert (span.since, span.until) == (berlin(2026, 12, 28), berlin(2027, 1, 4))


def test_the_month_is_that_before_from_its_first_working_day_on() -> None:
    assert feedback.monthly_due(UTC_ZONE, NINE, datetime(2026, 11, 1, 12, 0, tzinfo=UTC)) is None  # a Sunday
    assert feedback.monthly_due(UTC_ZONE, NINE, datetime(2026, 11, 2, 9, 0, tzinfo=UTC)) == "2026-10"
    assert feedback.monthly_due(UTC_ZONE, NINE, datetime(2027, 1, 31, 9, 0, tzinfo=UTC)) == "2026-12"
    span = feedback.month_of("2026-12", BERLIN)
    assert (span.since, span.until, span.words) == (berlin(2026, 12, 1), berlin(2027, 1, 1), "December 2026")
    assert feedback.month_before("2027-01") == "2026-12"


@pytest.mark.parametrize(
    "name",
    [
        "2026-13",
        "last",
        "2026-W54",
        "",
        "2026-1",
        "2026-W7",
        "2026-W\N{FULLWIDTH DIGIT SEVEN}",
        " 2026-W07",
        "2026-W+7",
    ],
)
def test_what_is_no_month_and_no_week_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        feedback.month_of(name, UTC_ZONE)
    with pytest.raises(ValueError, match=r".*"):
        feedback.week_of(name, UTC_ZONE)


@pytest.mark.parametrize(
    ("now", "month"),
    [
        ((2026, 10, 30, 14, 59), None),
        ((2026, 10, 30, 15, 0), "2026-10"),  # the last working day: a Friday
        ((2026, 10, 31, 15, 0), None),  # not at work
        ((2026, 11, 2, 10, 0), "2026-10"),  # who was away is asked now
        ((2026, 11, 6, 15, 30), None),  # too late
        ((2026, 11, 30, 15, 30), "2026-11"),
    ],
)
def test_the_pulse_comes_at_the_end_of_the_month_while_one_is_at_work(now: tuple[int, ...], month: str | None) -> None:
    assert feedback.pulse_due(OFFICE, THREE, berlin(*now)) == month


def test_more_than_usual_is_more_than_on_any_of_the_weeks_before_and_not_by_one() -> None:
    assert [feedback.unusual(count, (5, 6, 7, 9)) for count in (1, 2, 5, 11, 12)] == [-1, -1, 0, 0, 1]
    assert feedback.unusual(99, (5, 6, 7)) == 0
    assert (feedback.usual((5, 6, 7)), feedback.usual((5, 6, 7, 9))) == (None, 6.5)


@pytest.mark.parametrize(("score", "words"), [(0, "0 to 9"), (60, "60 to 69"), (99, "90 to 100"), (100, "90 to 100")])
def test_scores_are_told_by_tens(score: int, words: str) -> None:
    assert feedback.band_words(feedback.band_of(score)) == words


counts = st.integers(0, 60)


@LAW
@given(counts, counts, counts, counts)
def test_the_chance_of_a_difference_is_fishers(hit: int, miss: int, rest_hit: int, rest_miss: int) -> None:
    said = Beside(hit, hit + miss, rest_hit, rest_hit + rest_miss).chance
    assert said == pytest.approx(fisher_exact([[hit, miss], [rest_hit, rest_miss]]).pvalue, rel=1e-6, abs=1e-9)


def test_a_week_of_noise_names_something_in_one_of_twenty_at_most() -> None:
    dice, alarms, weeks = random.Random(7), 0, 300
    for _ in range(weeks):
        cells = [(sum(dice.random() < 0.2 for _ in range(of)), of) for of in (8, 12, 20, 30, 45, 60, 9, 15)]
        hits, cases = sum(hit for hit, _ in cells), sum(of for _, of in cells)
        compared = [Beside(hit, of, hits - hit, cases - of) for hit, of in cells]
        alarms += bool(stand_out(compared, lambda one: one))
    assert alarms / weeks <= 0.05


def test_what_is_really_different_is_named_first_and_too_few_never_are() -> None:
    cells = [Beside(14, 30, 12, 150), Beside(7, 7, 5, 150), Beside(20, 30, 12, 150), Beside(1, 30, 60, 150)]
    assert list(stand_out(cells, lambda one: one)) == [cells[2], cells[0]]


def test_a_time_of_day_is_read_as_it_is_written() -> None:
    assert [feedback.minute_of(text) for text in ("08:30", " 15:00 ")] == [510, 900]
    with pytest.raises(ValueError, match=r".*"):
        feedback.minute_of("8.30")


def test_a_month_begins_at_midnight_of_the_zone_whatever_the_clocks_do() -> None:
    span = feedback.month_of("2026-10", BERLIN)
    assert span.until - span.since == timedelta(days=31)
    assert (span.until.astimezone(UTC) - span.since.astimezone(UTC)) == timedelta(days=31, hours=1)
