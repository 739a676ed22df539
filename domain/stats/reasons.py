"""Why sales said no."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain.rules.periods import Period
from domain.stats.scope import Scope, cohort
from domain.tables import Handoff

SHOWN = 5


@dataclass(frozen=True, slots=True)
class Rejections:
    """`top`: reason -> how often, the most frequent first; `total`: with those that are not among them."""

    top: Sequence[tuple[str, int]]
    total: int


def rejections(session: Session, scope: Scope, period: Period) -> Rejections:
    """Of all rejections, also of leads that had been accepted first."""
    rows = session.execute(
        select(Handoff.reason, func.count())
        .where(cohort(scope, period), Handoff.rejected_at.is_not(None))
        .group_by(Handoff.reason)
        .order_by(func.count().desc(), Handoff.reason)
    ).all()
    return Rejections([(reason or "other", count) for reason, count in rows[:SHOWN]], sum(count for _, count in rows))
