"""The spans of time that numbers are asked for."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from domain.rules.periods import read_period
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
