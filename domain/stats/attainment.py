"""How many deadlines were kept, by tier and clock. One that can still be kept counts neither way."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, select
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
    # How each clock stands is worked out once; what that means for a share is summed up below, over a few dozen rows.
    standing = (SlaClock.outcome, missed(now), SlaClock.stopped_at.is_(None))
    rows = session.execute(
        select(Handoff.tier, SlaClock.kind, *standing, func.count())
        .select_from(Handoff)
        # No clock of a handoff begins before its lead became MQL or HQL: an index by their beginning has all that is asked.
        .join(SlaClock, and_(SlaClock.handoff_id == Handoff.id, SlaClock.started_at >= period.since))
        .where(cohort(scope, period))
        .group_by(Handoff.tier, SlaClock.kind, *standing)
    ).all()
    kept: dict[tuple[Tier, ClockKind], Share] = {}
    overdue = 0
    for tier, kind, outcome, late, running, count in rows:
        met = count if outcome is ClockOutcome.MET else 0
        share = Share(met, met + (count if late else 0), count if outcome is None and not late else 0)
        kept[tier, kind] = kept.get((tier, kind), Share(0, 0)) + share
        overdue += count if late and running else 0
    return Attainment(kept, overdue)
