"""When there is enough to learn from, what a rejection says, and thresholds that make as many MQLs as before."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.rules.learning import ENOUGH, Goal, same_volume, says_no, shrunk, too_few
from domain.rules.reasons import REASONS
from domain.rules.tiers import Thresholds
from tests.conftest import HEAVY_LAW

SCORES = st.lists(st.integers(0, 100), max_size=60)


def test_sixty_of_the_rarer_outcome_are_enough() -> None:
    assert too_few([True] * ENOUGH + [False] * ENOUGH, Goal.WON) is None
    few = too_few([True] * 34 + [False] * 500, Goal.WON)
    assert few is not None
    assert (few.verdict, few.said) == ("not_enough", "Not enough data yet: 34 of about 60 wins.")
    assert few.data == {"outcomes": 534, "successes": 34, "needed": 60, "goal": "won"}


@pytest.mark.parametrize("reason", sorted(REASONS))
def test_a_rejection_says_no_or_nothing_but_never_yes(reason: str) -> None:
    assert says_no(reason) in {True, None}


def test_a_reason_that_no_longer_exists_says_nothing() -> None:
    assert says_no("gone") is None
    assert says_no(None) is None


def test_other_points_make_as_many_of_each_tier() -> None:
    before, after = list(range(100)), [number // 2 for number in range(100)]
    assert same_volume(before, after, Thresholds(40, 60, 80)) == Thresholds(20, 30, 40)


def test_where_no_lead_was_an_hql_none_becomes_one() -> None:
    thresholds = same_volume([10, 50, 65], [5, 25, 90], Thresholds(40, 60, 80))
    assert (thresholds.mql, thresholds.hql) == (60, 100)


@HEAVY_LAW
@given(SCORES, SCORES, st.integers(1, 98), st.integers(1, 40), st.integers(1, 40))
def test_thresholds_always_rise_and_stay_where_they_are_if_no_score_moved(
    before: list[int], after: list[int], mel: int, one: int, other: int
) -> None:
    mql = min(mel + one, 99)
    now = Thresholds(mel, mql, min(mql + other, 100))
    found = same_volume(before, after, now)
    assert 1 <= found.mel < found.mql < found.hql <= 100
    assert same_volume(before, before, now) == now


def test_what_was_expected_of_a_tier_gives_way_as_leads_become_many() -> None:
    assert shrunk([], 0.4) == 0.4
    assert shrunk([0.2] * 20, 0.4) == pytest.approx(0.3)
    assert shrunk([0.2] * 2000, 0.4) == pytest.approx(0.202, abs=1e-3)
    assert shrunk([0.2] * 5, None) is None
    assert shrunk([0.2] * 50, None) == pytest.approx(0.2)
