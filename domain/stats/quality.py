"""The numbers of `/leadstats`: five quality metrics, the funnel, deadlines, rejections. docs/metrics.md defines each.

Each is a share of something counted; with nothing to count it is None, never zero.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from domain.rules.deadlines import ClockKind
from domain.rules.periods import Period
from domain.rules.tiers import Tier
from domain.stats.attainment import Attainment, attainment
from domain.stats.funnel import Leads, Medians, Offers, leads, offers
from domain.stats.reasons import Rejections, rejections
from domain.stats.scope import EVERYTHING, Scope, prepare
from domain.stats.share import Share

ACCEPTANCE, TO_SQL, TO_OPPORTUNITY, IN_TIME, ACCURACY = 0.80, 0.40, 0.60, 0.90, 0.15
"""What the five metrics should be: over so much, the last within so much."""
FEW = 10
"""With fewer than so many to count, a share says nothing."""


@dataclass(frozen=True, slots=True)
class Numbers:
    offers: Offers
    tiers: Mapping[Tier, Leads]
    medians: Medians
    attainment: Attainment
    rejections: Rejections
    expected: Mapping[Tier, float]
    """The share of each tier that the model in force expects to become SQL."""

    @property
    def leads(self) -> Leads:
        return sum(self.tiers.values(), Leads())

    @property
    def acceptance(self) -> Share:
        return Share(self.offers.accepted, self.offers.accepted + self.offers.refused, self.offers.undecided)

    @property
    def to_sql(self) -> Share:
        return Share(self.leads.qualified, self.leads.due, self.leads.waiting)

    @property
    def to_opportunity(self) -> Share:
        return Share(self.leads.converted, self.leads.qualified - self.leads.fresh, self.leads.fresh)

    @property
    def contact_in_time(self) -> Share:
        return self.attainment.of(ClockKind.FIRST_CONTACT)

    @property
    def predicted(self) -> float | None:
        """The share of the leads that were due which the model expected to become SQL; None with none, or with a tier
        of which the model says nothing.
        """
        due = {tier: row.due for tier, row in self.tiers.items() if row.due}
        if not due or not due.keys() <= self.expected.keys():
            return None
        return sum(count * self.expected[tier] for tier, count in due.items()) / sum(due.values())

    @property
    def distance(self) -> float | None:
        """How far what happened is from what was predicted, as a part of what was predicted."""
        actual, predicted = self.to_sql.rate, self.predicted
        return abs(actual - predicted) / predicted if actual is not None and predicted else None


def numbers(
    session: Session,
    period: Period,
    now: datetime,
    expected: Mapping[Tier, float],
    scope: Scope = EVERYTHING,
) -> Numbers:
    """All numbers of a period, in four statements whatever there is."""
    prepare(session)
    said, medians = offers(session, scope, period)
    tiers, to_deal, to_won = leads(session, scope, period, now)
    return Numbers(
        offers=said,
        tiers=tiers,
        medians=replace(medians, converted=to_deal, won=to_won),
        attainment=attainment(session, scope, period, now),
        rejections=rejections(session, scope, period),
        expected=expected,
    )
