"""How a deal is shared among its touches, to the cent."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.rules.attribution import LEARNT, AttributionModel, Marks, Touchpoint, shares, split
from tests.conftest import LAW, NOON

WEEK = timedelta(days=7)
OUTSIDE = [f"channel {number}" for number in range(5)]


def day(number: float) -> datetime:
    return NOON + timedelta(days=number)


def of(model: AttributionModel, *channels: str, **more: object) -> list[float]:
    """Touches on day 0, 1, 2, ..., and closing on day 10."""
    touches = [Touchpoint(channel, day(number)) for number, channel in enumerate(channels)]
    said = {"half_life": WEEK, "closed_at": day(10)} | more
    return [round(share, 12) for share in shares(model, touches, **said)]  # type: ignore[arg-type]  # as the test says it


def test_first_last_and_linear_are_what_they_are_called() -> None:
    assert of(AttributionModel.FIRST, "ads", "mail", "ads") == [1, 0, 0]
    assert of(AttributionModel.LAST, "ads", "mail", "ads") == [0, 0, 1]
    assert of(AttributionModel.LINEAR, "ads", "mail", "ads", "ads") == [0.25] * 4


def test_u_shaped_gives_two_fifths_to_each_end_and_a_half_each_if_there_is_nothing_between() -> None:
    assert of(AttributionModel.U_SHAPED, *"abcd") == [0.4, 0.1, 0.1, 0.4]
    assert of(AttributionModel.U_SHAPED, *"ab") == [0.5, 0.5]
    assert of(AttributionModel.U_SHAPED, "a") == [1]


def test_w_shaped_gives_three_tenths_to_first_touch_lead_and_opportunity() -> None:
    marks = Marks(created=day(2.5), opened=day(4))
    assert of(AttributionModel.W_SHAPED, *"abcdefg", marks=marks) == [0.3, 0.025, 0.3, 0.025, 0.3, 0.025, 0.025]


def test_a_touch_that_holds_two_positions_gets_both() -> None:
    marks = Marks(created=day(0), opened=day(2))
    assert of(AttributionModel.W_SHAPED, *"abcd", marks=marks) == [0.6, 0.05, 0.3, 0.05]


def test_without_other_touches_the_positions_share_what_those_would_have_got() -> None:
    marks = Marks(created=day(1), opened=day(2))
    assert of(AttributionModel.W_SHAPED, *"abc", marks=marks) == pytest.approx([1 / 3] * 3)
    assert of(AttributionModel.FULL_PATH, *"abcd", marks=marks) == [0.25] * 4


def test_a_mark_whose_time_nobody_knows_has_no_position() -> None:
    assert of(AttributionModel.W_SHAPED, *"abc", marks=Marks(created=day(1))) == pytest.approx([3 / 7, 3 / 7, 1 / 7])
    assert of(AttributionModel.W_SHAPED, *"abc") == pytest.approx([3 / 4, 1 / 8, 1 / 8])


def test_a_lead_that_was_made_before_any_touch_is_credited_to_the_first() -> None:
    marks = Marks(created=day(-30), opened=day(2))
    assert of(AttributionModel.W_SHAPED, *"abcd", marks=marks) == [0.6, 0.05, 0.3, 0.05]


def test_full_path_also_counts_the_last_touch_before_closing() -> None:
    marks = Marks(created=day(1), opened=day(3))
    given_to = of(AttributionModel.FULL_PATH, *"abcdefg", marks=marks, closed_at=day(5))
    assert given_to == pytest.approx([0.225, 0.225, 0.1 / 3, 0.225, 0.1 / 3, 0.225, 0.1 / 3])


def test_time_decay_halves_a_touch_for_each_half_life_before_closing() -> None:
    touches = [Touchpoint("a", day(0)), Touchpoint("b", day(7)), Touchpoint("c", day(14))]
    given_to = shares(AttributionModel.TIME_DECAY, touches, half_life=WEEK, closed_at=day(14))
    assert given_to == pytest.approx([1 / 7, 2 / 7, 4 / 7])


def test_a_touch_after_closing_does_not_weigh_more_than_one_at_it() -> None:
    touches = [Touchpoint("a", day(0)), Touchpoint("b", day(70))]
    assert shares(AttributionModel.TIME_DECAY, touches, half_life=WEEK, closed_at=day(0)) == [0.5, 0.5]


def test_a_journey_of_long_ago_does_not_vanish_in_rounding() -> None:
    touches = [Touchpoint("a", day(0)), Touchpoint("b", day(1))]
    given_to = shares(
        AttributionModel.TIME_DECAY, touches, half_life=timedelta(days=1), closed_at=NOON.replace(year=9000)
    )
    assert given_to == pytest.approx([1 / 3, 2 / 3])


def test_a_half_life_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="half-life must be above 0"):
        of(AttributionModel.TIME_DECAY, "a", half_life=timedelta(0))


@pytest.mark.parametrize("model", sorted(LEARNT))
def test_a_learnt_model_shares_by_effects_and_evenly_among_the_touches_of_one_channel(model: AttributionModel) -> None:
    effects = {"ads": 0.6, "mail": 0.2, "fair": 0.9}
    assert of(model, "ads", "mail", "ads", effects=effects) == [0.375, 0.25, 0.375]


def test_a_channel_that_the_fit_has_not_seen_weighs_as_much_as_the_mean_of_the_others() -> None:
    effects = {"ads": 0.6, "mail": 0.2}
    assert of(AttributionModel.MARKOV, "ads", "podcast", effects=effects) == [0.6, 0.4]


def test_an_effect_below_nothing_counts_as_none() -> None:
    assert of(AttributionModel.SHAPLEY, "ads", "mail", effects={"ads": -0.3, "mail": 0.1}) == [0, 1]


@pytest.mark.parametrize("effects", [{}, {"ads": 0.0, "mail": 0.0}, {"ads": 0.0, "mail": 0.0, "fair": 0.7}])
def test_if_nothing_on_the_way_weighs_anything_a_learnt_model_is_linear(effects: dict[str, float]) -> None:
    assert of(AttributionModel.MARKOV, "ads", "mail", effects=effects) == [0.5, 0.5]


def test_a_learnt_model_without_a_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="give the effects of a fit"):
        of(AttributionModel.SHAPLEY, "ads")


@pytest.mark.parametrize("model", list(AttributionModel))
def test_without_touches_there_is_nothing_to_share(model: AttributionModel) -> None:
    assert of(model, effects={}) == []


moments = st.floats(-400, 400).map(day)
journeys = st.lists(st.builds(Touchpoint, st.sampled_from(OUTSIDE), moments), max_size=12).map(
    lambda touches: sorted(touches, key=lambda touch: touch.at)
)
marks = st.builds(Marks, created=st.none() | moments, opened=st.none() | moments)
effects = st.dictionaries(st.sampled_from(OUTSIDE), st.floats(-1, 1), max_size=5)


@LAW
@given(
    model=st.sampled_from(AttributionModel),
    touches=journeys,
    marks=marks,
    effects=effects,
    half_life=st.timedeltas(timedelta(microseconds=1), timedelta(days=1000)),
    value=st.integers(-(10**15), 10**15),
)
def test_the_credits_of_every_model_sum_to_the_value_and_none_is_below_nothing(
    model: AttributionModel,
    touches: list[Touchpoint],
    marks: Marks,
    effects: dict[str, float],
    half_life: timedelta,
    value: int,
) -> None:
    given_to = shares(model, touches, half_life=half_life, closed_at=day(300), marks=marks, effects=effects)
    assert len(given_to) == len(touches)
    assert all(share >= 0 for share in given_to)
    if touches:
        assert sum(given_to) == pytest.approx(1, abs=1e-12)
        credited = split(value, given_to)
        assert sum(credited) == value
        assert all(units * value >= 0 for units in credited)


@LAW
@given(value=st.integers(-(10**15), 10**15), parts=st.lists(st.integers(0, 1000), min_size=1, max_size=30))
def test_nobody_is_a_whole_unit_from_their_exact_part(value: int, parts: list[int]) -> None:
    whole = sum(parts)
    if not whole:
        with pytest.raises(ValueError, match="all shares are 0"):
            split(value, parts)
        return
    for units, part in zip(split(value, parts), parts, strict=True):
        assert abs(units * whole - value * part) < whole
        assert part or not units


def test_the_largest_remainder_gets_what_is_left_and_of_equal_ones_the_first() -> None:
    assert split(100, [1 / 3, 1 / 3, 1 / 3]) == [34, 33, 33]
    assert split(5, [0.5, 0.25, 0.25]) == [3, 1, 1]
    assert split(-5, [0.5, 0.25, 0.25]) == [-3, -1, -1]
    assert split(0, [0.5, 0.5]) == [0, 0]
    assert split(7, []) == []
