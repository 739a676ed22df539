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


def tier_of(total: int, thresholds: Thresholds) -> Tier:
    if total >= thresholds.hql:
        return Tier.HQL
    if total >= thresholds.mql:
        return Tier.MQL
    if total >= thresholds.mel:
        return Tier.MEL
    return Tier.COLD
