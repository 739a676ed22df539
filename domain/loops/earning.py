"""What channels and campaigns brought and cost in a month, for the monthly meeting."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from domain.rules.periods import Period
from domain.stats.revenue import By, revenue

SHOWN = 8
"""Lines of each kind: those that brought most."""


@dataclass(frozen=True, slots=True)
class Earned:
    """`value` and `cost` in the smallest unit of the base currency. `cost` None: nobody has said, or it has no rate."""

    by: By
    name: str
    deals: float
    value: int
    cost: int | None
    roi: float | None


@dataclass(frozen=True, slots=True)
class Earnings:
    """`model`: by which attribution. `deals` are counted in it; `left_out` were won, and are not, or as 0."""

    model: str
    currency: str
    deals: int
    left_out: int
    lines: Sequence[Earned]


def earned_in(session: Session, period: Period) -> Earnings:
    """Of the deals that were closed in the period."""
    channels, campaigns = (revenue(session, period, by=by) for by in (By.CHANNEL, By.CAMPAIGN))
    lines = [
        Earned(found.by, line.name, line.deals, line.value, line.cost, line.roi)
        for found in (channels, campaigns)
        for line in found.lines[:SHOWN]
    ]
    missing = channels.unrated + channels.unsaid + channels.elsewhere + channels.unlearnt + channels.unfrozen
    return Earnings(channels.model.value, channels.base, channels.deals, missing, lines)
