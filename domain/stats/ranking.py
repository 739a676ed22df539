"""How well an order by score tells those who bought from those who did not, with intervals. Pure arithmetic."""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean, variance

from domain.backtest.intervals import Z95


@dataclass(frozen=True, slots=True)
class Ranking:
    """The ROC-AUC of one order, and each lead's part in it: what DeLong's interval is made of."""

    auc: float
    of_won: tuple[float, ...]  # for each lead that bought: the share of the others that stand below it
    of_lost: tuple[float, ...]  # for each of the others: the share of those that bought that stand above it

    @property
    def interval(self) -> tuple[float, float]:
        """95 %, by DeLong, within 0 to 1."""
        reach = Z95 * _deviation(self.of_won, self.of_lost)
        return max(0.0, self.auc - reach), min(1.0, self.auc + reach)


def ranking(scores: Sequence[float], won: Sequence[bool]) -> Ranking:
    """The share of pairs (one who bought, one who did not) that stand in the right order; of equal scores, half a pair.

    Raises ValueError with fewer than two leads on either side: nothing can be said of an order then.
    """
    above = sorted(score for score, bought in zip(scores, won, strict=True) if bought)
    below = sorted(score for score, bought in zip(scores, won, strict=True) if not bought)
    if min(len(above), len(below)) < 2:
        raise ValueError("an order needs at least two leads that bought and two that did not")
    # In the order of the leads, not of the scores: two orders of the same leads are compared lead by lead.
    of_won = tuple(_share_below(score, below) for score, bought in zip(scores, won, strict=True) if bought)
    of_lost = tuple(1 - _share_below(score, above) for score, bought in zip(scores, won, strict=True) if not bought)
    return Ranking(fmean(of_won), of_won, of_lost)


def difference(one: Ranking, other: Ranking) -> tuple[float, float]:
    """The 95 % interval of how much better the first orders the same leads than the second (DeLong, paired)."""
    of_won = [a - b for a, b in zip(one.of_won, other.of_won, strict=True)]
    of_lost = [a - b for a, b in zip(one.of_lost, other.of_lost, strict=True)]
    better, reach = one.auc - other.auc, Z95 * _deviation(of_won, of_lost)
    return better - reach, better + reach


def rises(shares: Sequence[float | None]) -> bool:
    """Whether each is greater than the one before it; what is not known does not rise."""
    return all(one is not None and other is not None and one < other for one, other in pairwise(shares))


def _share_below(score: float, others: Sequence[float]) -> float:
    return (bisect_left(others, score) + bisect_right(others, score)) / (2 * len(others))


def _deviation(of_won: Sequence[float], of_lost: Sequence[float]) -> float:
    return math.sqrt(variance(of_won) / len(of_won) + variance(of_lost) / len(of_lost))
