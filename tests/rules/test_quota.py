"""The limits of a system: whatever is asked for and whenever, no window holds more than it may."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.quota import OPEN, Kind, Limit, Spent, Wait, account_of, take
from tests.conftest import LAW, NOON

TEN_SECONDS = Limit("10s", 10, 5)
FIXED = Limit("10s", 10, 5, Kind.FIXED)
MIDNIGHT = Limit("day", 86_400, 3, Kind.DAY, "America/Chicago")


def calls(limit: Limit, moments: list[datetime]) -> list[datetime]:
    """Those of the moments at which a call may go."""
    spent: dict[str, Spent] = {}
    gone: list[datetime] = []
    for now in moments:
        after = take([limit], spent, now)
        if not isinstance(after, Wait):
            spent, gone = dict(after), [*gone, now]
    return gone


@LAW
@given(st.lists(st.floats(0, 3).map(lambda seconds: timedelta(seconds=seconds)), max_size=60))
def test_no_stretch_of_a_sliding_window_holds_more_than_it_may(steps: list[timedelta]) -> None:
    moments, now = [], NOON
    for step in steps:
        now += step
        moments.append(now)
    gone = calls(TEN_SECONDS, moments)
    for first in gone:
        assert sum(first <= one < first + timedelta(seconds=10) for one in gone) <= TEN_SECONDS.calls


@LAW
@given(st.lists(st.floats(0, 3), max_size=60))
def test_who_waits_as_long_as_told_is_let_through(steps: list[float]) -> None:
    spent: dict[str, Spent] = {}
    now = NOON
    for step in steps:
        now += timedelta(seconds=step)
        after = take([TEN_SECONDS], spent, now)
        if isinstance(after, Wait):
            assert 0 < after.seconds <= 11.5
            now += timedelta(seconds=after.seconds + 0.001)
            after = take([TEN_SECONDS], spent, now)
        assert not isinstance(after, Wait)
        spent = dict(after)


def test_a_fixed_window_begins_with_its_first_call_and_then_anew() -> None:
    every_second = [NOON + timedelta(seconds=second) for second in range(25)]
    went = [(one - NOON).seconds for one in calls(FIXED, every_second)]
    assert went == [0, 1, 2, 3, 4, 10, 11, 12, 13, 14, 20, 21, 22, 23, 24]


def test_a_fixed_window_says_when_it_turns() -> None:
    spent = {"10s": Spent(NOON, 5)}
    after = take([FIXED], spent, NOON + timedelta(seconds=4))
    assert isinstance(after, Wait)
    assert after.seconds == 6
    assert "5 calls" in after.why


@pytest.mark.parametrize("day", [datetime(2026, 3, 7, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)])
def test_a_day_ends_at_midnight_over_there_even_if_the_clocks_change(day: datetime) -> None:
    noon = day.replace(hour=20)
    spent: dict[str, Spent] = {}
    for _ in range(3):
        after = take([MIDNIGHT], spent, noon)
        assert not isinstance(after, Wait)
        spent = dict(after)
    wait = take([MIDNIGHT], spent, noon)
    assert isinstance(wait, Wait)
    turns = (noon + timedelta(seconds=wait.seconds)).astimezone(ZoneInfo("America/Chicago"))
    assert (turns.hour, turns.minute, turns.date()) == (0, 0, noon.astimezone(turns.tzinfo).date() + timedelta(days=1))
    assert not isinstance(take([MIDNIGHT], spent, turns.astimezone(UTC)), Wait)


def test_of_several_limits_all_are_taken_or_none_and_the_longest_wait_is_told() -> None:
    limits = [Limit("10s", 10, 5, Kind.FIXED), Limit("hour", 3600, 2, Kind.FIXED)]
    spent = {"10s": Spent(NOON, 5), "hour": Spent(NOON, 2)}
    wait = take(limits, spent, NOON + timedelta(seconds=1))
    assert isinstance(wait, Wait)
    assert wait.seconds == 3599
    assert isinstance(take(limits, {"10s": Spent(NOON, 5)}, NOON), Wait)


def test_an_account_is_the_same_for_the_same_key_and_shows_nothing_of_it() -> None:
    one, same, other = account_of("hubspot", "secret-1"), account_of("hubspot", "secret-1"), account_of("hubspot", "2")
    assert one == same != other
    assert "secret" not in one.name
    assert one.system == "hubspot"


def test_the_open_gate_lets_everything_pass() -> None:
    assert OPEN.call(account_of("hubspot", "x", [Limit("10s", 10, 0)]), lambda: 7) == 7
