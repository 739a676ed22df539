"""Which of many shares stand out by more than chance: Fisher's exact test, which small numbers do not mislead.

It asks of many at once whether any is worth a word, and says no more. How far one share is from another, and within which
bounds that may lie, is asked of intervals: domain/stats/chance.py.
"""

from collections.abc import Callable, Iterable, Sequence
from math import exp, lgamma
from typing import NamedTuple, TypeVar

T = TypeVar("T")

ENOUGH = 8
"""Below so many cases a share is never held against another."""
SURE = 0.05
"""How often noise alone may name something, over all that was compared at once."""


class Beside(NamedTuple):
    """`hit` of `of` cases, beside `rest_hit` of `rest_of` others."""

    hit: int
    of: int
    rest_hit: int
    rest_of: int

    @property
    def rate(self) -> float:
        return self.hit / self.of if self.of else 0.0

    @property
    def rest_rate(self) -> float:
        return self.rest_hit / self.rest_of if self.rest_of else 0.0

    @property
    def enough(self) -> bool:
        return self.of >= ENOUGH and self.rest_of >= ENOUGH

    @property
    def chance(self) -> float:
        """How probable a difference as large as this, either way, is without any cause (Fisher's exact test, two-sided)."""
        hits = self.hit + self.rest_hit
        lowest, highest = max(0, hits - self.rest_of), min(hits, self.of)
        seen = _ways(self.hit, hits, self.of, self.rest_of)
        # A hair's breadth more, so that a table as probable as the one seen is not lost to rounding.
        others = (_ways(hit, hits, self.of, self.rest_of) for hit in range(lowest, highest + 1))
        return min(1.0, sum(exp(one) for one in others if one <= seen + 1e-9))


def _ways(hit: int, hits: int, of: int, rest_of: int) -> float:
    """The logarithm of the hypergeometric probability."""
    return _choose(of, hit) + _choose(rest_of, hits - hit) - _choose(of + rest_of, hits)


def _choose(of: int, some: int) -> float:
    return lgamma(of + 1) - lgamma(some + 1) - lgamma(of - some + 1)


def stand_out(compared: Iterable[T], beside: Callable[[T], Beside]) -> Sequence[T]:
    """Those whose share is above the rest's by more than chance, the surest first.

    The more is compared, the surer each has to be (Bonferroni), so that a week of noise names nothing nineteen times in twenty.
    """
    large = [one for one in compared if beside(one).enough]
    found = [(beside(one).chance, place, one) for place, one in enumerate(large) if _above(beside(one))]
    return [one for chance, _, one in sorted(found, key=lambda it: it[:2]) if chance * len(large) < SURE]


def _above(beside: Beside) -> bool:
    return beside.rate > beside.rest_rate
