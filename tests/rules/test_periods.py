"""The spans of time that numbers are asked for."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from domain.rules.periods import months_of, quarters_back, read_period
from tests.conftest import NOON

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(("word", "days"), [("7d", 7), ("30D", 30), ("365d", 365), ("730d", 730)])
def test_days_are_counted_back_from_now(word: str, days: int) -> None:
    period = read_period(word, NOON, UTC)
    assert period is not None
    assert (period.since, period.until) == (NOON - timedelta(days=days), NOON)
    assert period.words == f"last {days} days"


def test_a_quarter_begins_at_midnight_where_one_is_and_a_running_one_ends_now() -> None:
    period = read_period("quarter", NOON, BERLIN)
    assert period is not None
    assert (period.since, period.until) == (datetime(2026, 1, 1, tzinfo=BERLIN), NOON)
    assert period.words == "2026-Q1 so far"


@pytest.mark.parametrize("word", ["2025-Q4", "2025q4"])
def test_a_past_quarter_is_whole(word: str) -> None:
    period = read_period(word, NOON, UTC)
    assert period is not None
    assert (period.since, period.until) == (datetime(2025, 10, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC))
    assert period.words == "2025-Q4"


def test_the_last_day_of_a_span_is_within_it() -> None:
    period = read_period("2026-02-01..2026-02-28", NOON, UTC)
    assert period is not None
    assert (period.since, period.until) == (datetime(2026, 2, 1, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    "word",
    [
        "0d",
        "731d",
        "-7d",
        "7",
        "2026-Q2",
        "2026-Q5",
        "0000-Q1",
        "9999-Q4",
        "2026-03-01..2026-02-01",
        "2026-02-30..2026-03-01",
        "2020-01-01..2026-01-01",
        "2026-03-04..2026-03-05",
        "9999-12-31..9999-12-31",
        "..",
        "yesterday",
        "",
    ],
)
def test_what_names_no_period_is_none(word: str) -> None:
    assert read_period(word, NOON, UTC) is None


def test_the_quarters_back_from_now_are_whole_but_for_the_last() -> None:
    found = quarters_back(5, NOON, BERLIN)
    assert [one.words for one in found] == ["2025-Q1", "2025-Q2", "2025-Q3", "2025-Q4", "2026-Q1 so far"]
    assert found[0].since == datetime(2025, 1, 1, tzinfo=BERLIN)
    assert all(one.until == other.since for one, other in pairwise(found))
    assert found[-1].until == NOON


def test_a_quarter_is_the_askers() -> None:
    just_after_new_year = datetime(2026, 1, 1, 3, tzinfo=UTC)
    assert quarters_back(1, just_after_new_year, UTC)[0].words == "2026-Q1 so far"
    assert quarters_back(1, just_after_new_year, ZoneInfo("America/New_York"))[0].words == "2025-Q4 so far"


def test_the_months_of_a_quarter_are_those_that_begin_in_it() -> None:
    assert [months_of(one) for one in quarters_back(2, NOON, BERLIN)] == [
        ["2025-10", "2025-11", "2025-12"],
        ["2026-01", "2026-02", "2026-03"],
    ]


@pytest.mark.parametrize(("word", "months"), [("40d", ["2026-02", "2026-03"]), ("3d", ["2026-03"]), ("2d", [])])
def test_a_span_has_the_months_that_begin_in_it(word: str, months: list[str]) -> None:
    # Two days before the third of March at noon, March has begun already.
    period = read_period(word, NOON, UTC)
    assert period is not None
    assert months_of(period) == months
