"""How many deadlines were kept, by tier and clock. One that can still be kept counts neither way."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from domain.rules.deadlines import ClockKind
from domain.rules.periods import Period
from domain.rules.tiers import Tier
from domain.stats.scope import Scope, cohort, missed
from domain.stats.share import Share
from domain.tables import ClockOutcome, Handoff, SlaClock


@dataclass(frozen=True, slots=True)
class Attainment:
    kept: Mapping[tuple[Tier, ClockKind], Share]
    overdue: int
    """Deadlines that have passed, and of which nobody has stopped the clock yet."""

    def of(self, kind: ClockKind) -> Share:
        """All tiers together."""
        return sum((share for (_, one), share in self.kept.items() if one is kind), Share(0, 0))


def attainment(session: Session, scope: Scope, period: Period, now: datetime) -> Attainment:
    met = SlaClock.outcome == ClockOutcome.MET
    late = missed(now)
    rows = session.execute(
        select(
            Handoff.tier,
            SlaClock.kind,
            func.count().filter(met),
            func.count().filter(or_(met, late)),
            func.count().filter(SlaClock.outcome.is_(None), ~late),
            func.count().filter(SlaClock.stopped_at.is_(None), late),
        )
        .select_from(Handoff)
        # No clock of a handoff begins before its lead became MQL or HQL: an index by their beginning has all that is asked.
        .join(SlaClock, and_(SlaClock.handoff_id == Handoff.id, SlaClock.started_at >= period.since))
        .where(cohort(scope, period))
        .group_by(Handoff.tier, SlaClock.kind)
    ).all()
    return Attainment(
        {(tier, kind): Share(hit, of, waiting) for tier, kind, hit, of, waiting, _ in rows},
        sum(row[-1] for row in rows),
    )
