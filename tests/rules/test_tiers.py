import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.rules.tiers import Thresholds, Tier, tier_of

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
