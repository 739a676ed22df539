"""Scoring accuracy: what the model that handed a lead over expected of it, against what happened.

The target is within 15 %: of each tier by itself, and of all together in such a way that a tier that did better than it was
expected to makes up for no other that did worse.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.rules.periods import Period
from domain.rules.probability import Outcome
from domain.rules.scoring import Model
from domain.rules.tiers import Tier
from domain.stats import chance
from domain.stats.funnel import Group, leads
from domain.stats.maturity import patience
from domain.stats.scope import EVERYTHING, Scope, prepare
from domain.stats.share import Share
from domain.tables import ScoringModel
from domain.verbs.modelling import parsed

ACCURACY = 0.15
"""Within how much of what was predicted the actual share should be."""


@dataclass(frozen=True, slots=True)
class Judged:
    """Leads of one tier of which it is known whether they became an SQL. `expected`: the sum of what was predicted of each."""

    share: Share
    expected: float

    @property
    def predicted(self) -> float | None:
        return self.expected / self.share.of if self.share.of else None

    @property
    def distance(self) -> float | None:
        """How far what happened is from what was predicted, as a part of what was predicted."""
        return abs(self.share.hit - self.expected) / self.expected if self.share.of and self.expected else None

    @property
    def interval(self) -> tuple[float, float]:
        """Of the actual share, at 95 %."""
        return chance.interval(self.share)

    @property
    def may_be_chance(self) -> bool:
        """Whether what was predicted lies within the interval of what happened."""
        low, high = self.interval
        return self.predicted is not None and low <= self.predicted <= high


@dataclass(frozen=True, slots=True)
class Accuracy:
    tiers: Mapping[Tier, Judged]
    unpredicted: int = 0
    """Leads that are due of which no model said anything: they are left out."""
    waiting: int = 0
    """Leads that are not due yet."""

    @property
    def share(self) -> Share:
        """What happened, over all tiers."""
        return sum((one.share for one in self.tiers.values()), Share(0, 0, self.waiting))

    @property
    def predicted(self) -> float | None:
        count = self.share.of
        return sum(one.expected for one in self.tiers.values()) / count if count else None

    @property
    def distance(self) -> float | None:
        """The leads by which the tiers missed their predictions, added up, as a part of all SQLs that were predicted."""
        expected = sum(one.expected for one in self.tiers.values())
        missed = sum(abs(one.share.hit - one.expected) for one in self.tiers.values())
        return missed / expected if expected else None

    @property
    def error(self) -> float | None:
        """The standard error of the distance, as chance moves what happened; two of each added, so that it is never 0."""
        expected = sum(one.expected for one in self.tiers.values())
        if not expected:
            return None
        rates = [(one.share.of, (one.share.hit + 2) / (one.share.of + 4)) for one in self.tiers.values()]
        return math.sqrt(sum(of * rate * (1 - rate) for of, rate in rates)) / expected


def accuracy(session: Session, period: Period, now: datetime, scope: Scope = EVERYTHING) -> Accuracy:
    """By itself; `numbers()` has it too."""
    prepare(session)
    groups, _, _ = leads(session, scope, period, now, patience(session, now))
    return accuracy_of(groups, models_of(session, groups))


def models_of(session: Session, groups: Iterable[Group]) -> Mapping[int, Model]:
    """The models that handed these leads over, by their ids."""
    ids = {group.model_id for group in groups} - {None}
    if not ids:
        return {}
    return {row.id: parsed(row) for row in session.scalars(select(ScoringModel).where(ScoringModel.id.in_(ids)))}


def accuracy_of(groups: Iterable[Group], models: Mapping[int, Model]) -> Accuracy:
    expected: dict[Tier, float] = defaultdict(float)
    shares: dict[Tier, Share] = defaultdict(lambda: Share(0, 0))
    unpredicted = waiting = 0
    for group in groups:
        waiting += group.leads.waiting
        rate = predicted_of(models.get(group.model_id or 0), group)
        if rate is None:
            unpredicted += group.leads.due
        elif group.leads.due:
            expected[group.tier] += rate * group.leads.due
            shares[group.tier] += Share(group.leads.qualified, group.leads.due)
    return Accuracy({tier: Judged(share, expected[tier]) for tier, share in shares.items()}, unpredicted, waiting)


def predicted_of(model: Model | None, group: Group) -> float | None:
    """The chance that such a lead becomes an SQL: from the model's table of chances if it has one of SQLs, else its tier's."""
    if model is None:
        return None
    if model.probability is not None and model.probability.of is Outcome.SQL:
        return model.probability.chance(group.score).share
    return model.expected_conversion.get(group.tier)
