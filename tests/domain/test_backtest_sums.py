"""Sharing out, the load of working days, and how far a share may be trusted."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.backtest.history import Window
from domain.backtest.intervals import FEWEST, Share
from domain.backtest.replay import Handed
from domain.backtest.sharing import Sellers, loads, share_out, working_days
from domain.rules.fairness import Member
from domain.rules.tiers import Tier
from tests.conftest import NOON

MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("hit", "of", "low", "high"),
    [
        # Newcombe (1998), table I, method 3: the score interval without continuity correction.
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_the_interval_is_the_one_in_the_literature(hit: int, of: int, low: float, high: float) -> None:
    assert Share(hit, of).interval == pytest.approx((low, high), abs=5e-5)


@given(st.integers(0, 500).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of))))
def test_an_interval_lies_within_0_and_1_around_its_rate(share: tuple[int, int]) -> None:
    low, high = Share(*share).interval
    assert 0 <= low <= Share(*share).rate <= high <= 1


def test_few_cases_are_too_few_to_say() -> None:
    assert not Share(3, FEWEST - 1).enough
    assert Share(3, FEWEST).enough


def sellers(**weights: int) -> Sellers:
    members = [Member(number, weight, 0.0) for number, weight in enumerate(weights.values(), 1)]
    return Sellers({}, {1: "SDR", 2: "Empty"}, {1: members}, dict(enumerate(weights, 1)))


def test_turns_go_round_by_weight_in_the_order_of_time() -> None:
    handed = [Handed(MONDAY + n * HOUR, n, Tier.MQL, 1) for n in range(12)]
    shares = share_out(reversed(handed), sellers(Sam=1, Dana=2, Eli=3))
    assert shares.reps == {1: 2, 2: 4, 3: 6}
    assert shares == share_out(handed, sellers(Sam=1, Dana=2, Eli=3))


def test_a_pool_without_anybody_lets_them_wait_and_no_pool_is_nowhere() -> None:
    shares = share_out([Handed(MONDAY, 1, Tier.MQL, 2), Handed(MONDAY, 2, Tier.MQL, None)], sellers(Sam=1))
    assert (shares.pools, shares.reps, shares.waiting, shares.nowhere) == (Counter({2: 1}), Counter(), 1, 1)


def test_what_falls_due_on_a_weekend_counts_for_monday_and_days_without_any_count_too() -> None:
    friday_night = MONDAY + timedelta(days=4, hours=13)
    handed = [
        Handed(MONDAY, 1, Tier.MQL, 1),
        *(Handed(friday_night, number, Tier.MQL, 1) for number in (2, 3)),
        Handed(friday_night, 4, Tier.HQL, 2),  # an hour: still on Friday
    ]
    found = loads(handed, Window(MONDAY, MONDAY + timedelta(days=9)))
    days = working_days(Window(MONDAY, MONDAY + timedelta(days=9)))
    assert len(days) == 8
    assert found[1].peak == 2
    assert found[1].peak_day == date(2026, 3, 9)
    assert found[2].peak_day == date(2026, 3, 6)
    assert found[1].mean == pytest.approx(3 / 8)
    assert found[None].mean == pytest.approx(4 / 8)


@given(st.lists(st.floats(0, 90), max_size=60), st.integers(0, 6))
def test_no_first_contact_gets_lost_between_the_days(ages: list[float], shift: int) -> None:
    until = NOON + timedelta(days=shift)
    window = Window(until - timedelta(days=90), until)
    handed = [Handed(until - timedelta(days=age), n, Tier.MQL, 1) for n, age in enumerate(ages)]
    found = loads(handed, window)
    total = round(found[1].mean * len(working_days(window))) if handed else 0
    assert total == len(handed)
