"""Where MQL and HQL should begin, from outcomes and from what sales can take."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from domain.rules.thresholds import DOWN, ENOUGH, UP, Advice, Capacity, advise, curves
from domain.rules.tiers import Thresholds
from tests.conftest import EXAMPLES, LAW

TODAY = Thresholds()
A_DAY = dict.fromkeys(range(40, 101), 0.5)
"""20 or so leads a day reach MQL."""


def sample(leads: int, middle: float = 75, seed: int = 1, lowest: int = 60) -> list[tuple[int, bool]]:
    """Outcomes that follow a known curve: half of those with `middle` points become an SQL."""
    dice = random.Random(seed)
    scores = [dice.randint(lowest, 100) for _ in range(leads)]
    return [(score, dice.random() < 1 / (1 + math.exp(-(score - middle) / 6))) for score in scores]


SOME = Capacity(5, 10)


def advice(leads: int = 600, capacity: Capacity = SOME, **said: float) -> Advice:
    return advise(sample(leads, **said), A_DAY, capacity, TODAY, 3)  # type: ignore[arg-type]


@pytest.mark.parametrize("leads", [0, ENOUGH - 1])
def test_few_outcomes_are_said_to_be_few(leads: int) -> None:
    found = advice(leads)
    assert (found.verdict, found.best) == ("not_enough", None)
    assert found.said.startswith(f"Not enough data yet: {leads} of about {ENOUGH} leads")


def test_outcomes_of_one_kind_alone_are_not_enough() -> None:
    found = advise([(70, False)] * 500, A_DAY, Capacity(5, 10), TODAY)
    assert found.said == "Not enough data yet: 0 of about 10 SQLs."


def test_without_knowing_what_sales_can_take_nothing_is_proposed() -> None:
    assert "how many leads a day" in advice(capacity=Capacity(None, None)).said


def test_more_leads_than_sales_can_take_raise_the_threshold() -> None:
    found = advice(2000, Capacity(3, 20))
    assert found.verdict == "proposed"
    assert found.best is not None
    assert found.best.mql > TODAY.mql
    assert not found.best.extrapolated
    assert found.best.low > 0


def test_room_left_lowers_the_threshold_by_a_small_step_that_is_marked() -> None:
    found = advice(2000, Capacity(100, 100), middle=62)
    assert found.best is not None
    assert TODAY.mql - DOWN <= found.best.mql < TODAY.mql
    assert found.best.extrapolated


def test_a_score_that_says_nothing_changes_nothing() -> None:
    dice = random.Random(3)
    flat = [(dice.randint(60, 100), dice.random() < 0.3) for _ in range(600)]
    found = advise(flat, A_DAY, Capacity(10, 10), TODAY, 3)
    assert found.verdict == "no_better"
    assert "worth a change" in found.said


def test_only_the_threshold_of_a_pool_whose_capacity_is_known_is_moved() -> None:
    found = advice(2000, Capacity(3, None))
    assert {line.hql for line in found.lines} == {TODAY.hql}


def test_the_curve_is_found_again_and_few_outcomes_leave_it_wide() -> None:
    def spread(leads: int) -> float:
        at = sorted(curve[80] for curve in curves(sample(leads), 100))
        return at[95] - at[5]

    middle = sum(curve[75] for curve in curves(sample(5000), 100)) / 100
    assert middle == pytest.approx(0.5, abs=0.03)
    assert spread(100) > 2 * spread(5000)


# Each of these resamples a thousand times, twice.
@hypothesis_settings(LAW, max_examples=EXAMPLES // 50 + 10)
@given(
    st.lists(st.tuples(st.integers(60, 100), st.booleans()), min_size=60, max_size=200),
    st.tuples(st.floats(0.1, 50), st.floats(0.1, 50)),
    st.integers(41, 80),
    st.integers(5, 20),
)
def test_whatever_came_the_pair_is_sound_and_one_step_away(
    matured: list[tuple[int, bool]], capacity: tuple[float, float], mql: int, wide: int
) -> None:
    now = Thresholds(40, mql, min(mql + wide, 100))
    hysteresis = min(3, mql - 41, wide - 1)
    found = advise(matured, A_DAY, Capacity(*capacity), now, hysteresis)
    for line in found.lines:
        Thresholds(now.mel, line.mql, line.hql)
        assert now.mql - DOWN <= line.mql <= now.mql + UP
        assert line.low <= line.gain <= line.high
        assert line.sqls <= capacity[0] + capacity[1] + 1e-9
    assert found == advise(matured, A_DAY, Capacity(*capacity), now, hysteresis)
