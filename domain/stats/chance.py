"""Within which bounds a share, or the difference of two, may lie. At 95 %, by Wilson's and Newcombe's intervals.

Whether any of many shares is worth a word at all is asked by domain/rules/standing_out.py.
"""

import math

from domain.backtest.intervals import Z95
from domain.backtest.intervals import Share as Counted
from domain.stats.share import Share


def interval(share: Share) -> tuple[float, float]:
    """What the share may be in truth. Of nothing, everything is possible."""
    return Counted(share.hit, share.of).interval


def difference(one: Share, other: Share) -> tuple[float, float]:
    """By how much the first share is greater than the second: Newcombe's hybrid score interval (1998, his method 10)."""
    if not one.of or not other.of:
        return -1.0, 1.0
    (low, high), (other_low, other_high) = interval(one), interval(other)
    a, b = one.hit / one.of, other.hit / other.of
    return a - b - math.hypot(a - low, other_high - b), a - b + math.hypot(high - a, b - other_low)


def apart(one: float, error: float, other: float, other_error: float) -> bool:
    """Whether two numbers with these standard errors differ by more than chance."""
    return abs(one - other) > Z95 * math.hypot(error, other_error)
