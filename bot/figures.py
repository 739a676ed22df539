"""How numbers are written in Slack: shares, marks, spans of time."""

from domain.stats.quality import FEW
from domain.stats.share import Share, beside_words

MARKS = {"good": "🟢", "short": "🔴", "too few to say": "⚪"}
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


NOTHING = "\u2013"
"""A dash, where there is no number."""


def percent(rate: float | None) -> str:
    return NOTHING if rate is None else f"{rate:.0%}"


def beside(rate: float | None, target: float) -> str:
    """A share whose rounding does not hide on which side of its target it lies: 89.9%, not 90%."""
    return NOTHING if rate is None else beside_words(rate, target)


def verdict(share: Share, target: float) -> str:
    """good, short, or too few to say."""
    if share.rate is None or share.of < FEW:
        return "too few to say"
    return "good" if share.rate > target else "short"


def lasting(seconds: float | None) -> str:
    """9 min, 3.5 h, 2.1 days."""
    if seconds is None:
        return NOTHING
    if seconds < _HOUR:
        return f"{max(1, round(seconds / _MINUTE))} min"
    return f"{seconds / _HOUR:.1f} h" if seconds < 2 * _DAY else f"{seconds / _DAY:.1f} days"


def waiting(share: Share) -> str:
    return f"{share.waiting} still open, not counted" if share.waiting else ""
