"""The numbers of `/leadstats`: five quality metrics, the funnel, deadlines, rejections. docs/metrics.md defines each.

Each is a share of something counted; with nothing to count it is None, never zero.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from domain.rules.deadlines import ClockKind
from domain.rules.periods import Period
from domain.rules.tiers import Tier
from domain.stats.accuracy import ACCURACY, Accuracy, accuracy_of, models_of
from domain.stats.attainment import Attainment, attainment
from domain.stats.funnel import Group, Leads, Medians, Offers, leads, offers
from domain.stats.maturity import patience
from domain.stats.reasons import Rejections, rejections
from domain.stats.scope import EVERYTHING, Scope, prepare
from domain.stats.share import Share

ACCEPTANCE, TO_SQL, TO_OPPORTUNITY, IN_TIME = 0.80, 0.40, 0.60, 0.90
"""What the first four of the five metrics should be: over so much. The fifth should be within ACCURACY."""
FEW = 10
"""With fewer than so many to count, a share says nothing."""


@dataclass(frozen=True, slots=True)
class Numbers:
    offers: Offers
    groups: Sequence[Group]
    """The leads, by tier, model and score."""
    medians: Medians
    attainment: Attainment
    rejections: Rejections
    accuracy: Accuracy

    @property
    def tiers(self) -> Mapping[Tier, Leads]:
        found: dict[Tier, Leads] = {}
        for group in self.groups:
            found[group.tier] = found.get(group.tier, Leads()) + group.leads
        return found

    @property
    def leads(self) -> Leads:
        return sum((group.leads for group in self.groups), Leads())

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
        return self.accuracy.predicted

    @property
    def distance(self) -> float | None:
        return self.accuracy.distance


def numbers(session: Session, period: Period, now: datetime, scope: Scope = EVERYTHING) -> Numbers:
    """All numbers of a period, in six statements whatever there is."""
    prepare(session)
    said, medians = offers(session, scope, period)
    groups, to_deal, to_won = leads(session, scope, period, now, patience(session, now))
    return Numbers(
        offers=said,
        groups=groups,
        medians=replace(medians, converted=to_deal, won=to_won),
        attainment=attainment(session, scope, period, now),
        rejections=rejections(session, scope, period),
        accuracy=accuracy_of(groups, models_of(session, groups)),
    )


__all__ = ["ACCEPTANCE", "ACCURACY", "FEW", "IN_TIME", "TO_OPPORTUNITY", "TO_SQL", "Numbers", "numbers"]
