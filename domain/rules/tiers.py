"""The four tiers of a lead, and the scores at which they begin."""

from dataclasses import dataclass
from enum import StrEnum


class Tier(StrEnum):
    COLD = "cold"
    MEL = "mel"
    MQL = "mql"
    HQL = "hql"

    def label(self) -> str:
        """As people write it: Cold, MEL, MQL, HQL."""
        return "Cold" if self is Tier.COLD else self.upper()


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The lowest score of each tier above Cold; they rise strictly and lie within 1 to 100."""

    mel: int = 40
    mql: int = 60
    hql: int = 80

    def __post_init__(self) -> None:
        if not 1 <= self.mel < self.mql < self.hql <= 100:
            raise ValueError(f"thresholds must rise within 1 to 100, not {self.mel}, {self.mql}, {self.hql}")

    def of(self, tier: Tier) -> int:
        """The lowest score of a tier; of Cold, 0."""
        return {Tier.COLD: 0, Tier.MEL: self.mel, Tier.MQL: self.mql, Tier.HQL: self.hql}[tier]


_RANKS = {tier: rank for rank, tier in enumerate(Tier)}


def tier_of(total: int, thresholds: Thresholds) -> Tier:
    if total >= thresholds.hql:
        return Tier.HQL
    if total >= thresholds.mql:
        return Tier.MQL
    if total >= thresholds.mel:
        return Tier.MEL
    return Tier.COLD


def is_above(tier: Tier, other: Tier) -> bool:
    return _RANKS[tier] > _RANKS[other]


def settled_tier(total: int, thresholds: Thresholds, before: Tier | None, hysteresis: int) -> Tier:
    """The tier of a lead that was in `before`: it rises at once, and falls only once it is `hysteresis` points below."""
    tier = tier_of(total, thresholds)
    if before is None or not is_above(before, tier):
        return tier
    held = [one for one in Tier if not is_above(one, before) and total >= thresholds.of(one) - hysteresis]
    return held[-1]
