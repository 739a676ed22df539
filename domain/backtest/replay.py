"""One lead taken through a model again: which tiers it would have had, and when it would have been handed over."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from domain.backtest.history import History, Step, Window
from domain.rules.routing import Territory, choose_pool
from domain.rules.scoring import Model, score
from domain.rules.tiers import Tier, settled_tier, tier_of

Territories = Mapping[Tier, Sequence[Territory]]
"""The ordered territories of those who are offered leads of a tier; a tier that is not for sales has no entry."""


class Handed(NamedTuple):
    """A lead that would have gone to sales. Sorts by time."""

    at: datetime
    lead_id: int
    tier: Tier
    pool_id: int | None


class Course(NamedTuple):
    """What a model makes of one lead: where it stands at the window's end, and whether it goes to sales within it."""

    total: int
    tier: Tier
    by_score: Tier  # the one in which the score lies; above it a tier is only still held, which hands nobody over
    earlier: bool  # it stood at a tier for sales when the window began: handed over before
    handed: Handed | None

    @property
    def reaches_sales(self) -> bool:
        return self.earlier or self.handed is not None


def course(model: Model, history: History, steps: Sequence[Step], window: Window, territories: Territories) -> Course:
    """The first step with a score for sales, outside of a rest, hands the lead over; it happens once a lead."""
    total, tier, earlier = 0, None, False
    handed: Handed | None = None
    rests_until = history.rests_until or window.since
    for at, facts in steps:
        total = score(model, facts, at).total
        tier = settled_tier(total, model.thresholds, tier, model.movement.hysteresis)
        if (
            tier_of(total, model.thresholds) not in territories
            or earlier
            or handed
            or history.with_sales
            or at < rests_until
        ):
            continue
        if at == window.since:
            earlier = True
        else:
            handed = Handed(at, history.lead_id, tier, choose_pool(territories[tier], facts.attributes))
    return Course(total, tier or Tier.COLD, tier_of(total, model.thresholds), earlier, handed)
