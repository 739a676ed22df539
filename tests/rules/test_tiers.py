import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.rules.tiers import Thresholds, Tier, is_above, settled_tier, tier_of

USUAL = Thresholds()
RANK = list(Tier)


@pytest.mark.parametrize(
    ("total", "tier"),
    [(0, "cold"), (39, "cold"), (40, "mel"), (59, "mel"), (60, "mql"), (79, "mql"), (80, "hql"), (100, "hql")],
)
def test_a_tier_begins_at_its_threshold(total: int, tier: str) -> None:
    assert tier_of(total, USUAL) == tier


def test_tiers_are_written_as_people_write_them() -> None:
    assert [tier.label() for tier in Tier] == ["Cold", "MEL", "MQL", "HQL"]


@given(st.integers(0, 100), st.integers(0, 100), st.lists(st.integers(1, 100), min_size=3, max_size=3, unique=True))
def test_a_higher_score_is_never_a_lower_tier(one: int, other: int, starts: list[int]) -> None:
    thresholds = Thresholds(*sorted(starts))
    low, high = sorted((one, other))
    assert RANK.index(tier_of(low, thresholds)) <= RANK.index(tier_of(high, thresholds))


@pytest.mark.parametrize("starts", [(40, 40, 80), (60, 40, 80), (0, 60, 80), (40, 60, 101)])
def test_thresholds_that_overlap_or_leave_the_scale_are_refused(starts: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="must rise within 1 to 100"):
        Thresholds(*starts)


SCORES, TIERS, MARGINS = st.integers(0, 100), st.sampled_from(Tier), st.integers(0, 20)


@pytest.mark.parametrize(
    ("total", "before", "tier"),
    [
        (58, "mql", "mql"),
        (57, "mql", "mql"),
        (56, "mql", "mel"),
        (56, "hql", "mel"),
        (58, "hql", "mql"),
        (58, "mel", "mel"),
    ],
)
def test_a_tier_is_left_downwards_only_below_the_margin(total: int, before: str, tier: str) -> None:
    assert settled_tier(total, USUAL, Tier(before), 3) == tier


@given(SCORES, MARGINS)
def test_a_lead_without_a_tier_has_the_tier_of_its_score(total: int, margin: int) -> None:
    assert settled_tier(total, USUAL, None, margin) is tier_of(total, USUAL)


@given(SCORES, TIERS, MARGINS)
def test_a_tier_that_has_settled_stays_while_the_score_stays(total: int, before: Tier, margin: int) -> None:
    once = settled_tier(total, USUAL, before, margin)
    assert settled_tier(total, USUAL, once, margin) is once


@given(SCORES, SCORES, TIERS, MARGINS)
def test_from_one_tier_a_higher_score_never_leads_to_a_lower_one(
    one: int, other: int, before: Tier, margin: int
) -> None:
    low, high = sorted((one, other))
    assert not is_above(settled_tier(low, USUAL, before, margin), settled_tier(high, USUAL, before, margin))


@given(SCORES, TIERS, MARGINS)
def test_the_margin_never_lifts_a_lead_above_where_it_was(total: int, before: Tier, margin: int) -> None:
    settled = settled_tier(total, USUAL, before, margin)
    assert settled is tier_of(total, USUAL) or not is_above(settled, before)
