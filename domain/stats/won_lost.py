"""Won and lost: the opportunities that sales opened with the leads of a time, whenever they were opened and closed since."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import CTE, and_, func, select
from sqlalchemy.orm import Session

from domain.rules.periods import Period
from domain.stats.reasons import SHOWN
from domain.stats.scope import EVERYTHING, Scope, cohort, prepare
from domain.stats.share import Share
from domain.tables import CreditRun, Handoff, Opportunity


@dataclass(frozen=True, slots=True)
class Worth:
    """Deals that were won and whose value is frozen in this currency; `value` of all of them, in its smallest unit."""

    currency: str
    deals: int
    value: int

    @property
    def mean(self) -> float:
        return self.value / self.deals


@dataclass(frozen=True, slots=True)
class WonLost:
    """Deals, not leads: a lead may have several."""

    won: int
    lost: int
    open: int
    median: float | None
    """Seconds from MQL or HQL to won."""
    worth: Sequence[Worth]
    """By currency, the most deals first: one, unless the installation's has been changed."""
    reasons: Sequence[tuple[str | None, int]]
    """Why deals were lost, in the CRM's words, the most frequent first. None: it does not say."""

    @property
    def win_rate(self) -> Share:
        """Of those that are closed."""
        return Share(self.won, self.won + self.lost, self.open)

    @property
    def unvalued(self) -> int:
        """Deals that were won and of whose value nothing can be said: no amount, or no rate for its currency."""
        return self.won - sum(one.deals for one in self.worth)


def won_lost(session: Session, period: Period, scope: Scope = EVERYTHING) -> WonLost:
    """In three statements."""
    prepare(session)
    deals = _deals(scope, period)
    seconds = func.date_part("epoch", deals.c.closed_at - deals.c.became_at)
    won, lost, still, median = session.execute(
        select(
            func.count().filter(deals.c.won.is_(True)),
            func.count().filter(deals.c.won.is_(False)),
            func.count().filter(deals.c.won.is_(None)),
            func.percentile_cont(0.5).within_group(seconds).filter(deals.c.won.is_(True)),
        ).select_from(deals)
    ).one()
    return WonLost(won, lost, still, median, _worth(session, deals), _reasons(session, deals))


def _deals(scope: Scope, period: Period) -> CTE:
    """A rep's are those that came of a handoff of theirs, as in the funnel."""
    those = cohort(scope, period)
    mine = (
        select(Handoff.lead_id, func.min(Handoff.became_at).label("became_at"))
        .where(those)
        .group_by(Handoff.lead_id)
        .cte("mine")
    )
    since = and_(Opportunity.lead_id == mine.c.lead_id, Opportunity.opened_at >= mine.c.became_at)
    found = select(
        Opportunity.id, Opportunity.won, Opportunity.closed_at, Opportunity.lost_reason, mine.c.became_at
    ).join(mine, and_(since, Opportunity.opened_at >= period.since))
    if scope.rep_id is not None:
        found = found.where(Opportunity.handoff_id.in_(select(Handoff.id).where(those)))
    return found.cte("deals")


def _worth(session: Session, deals: CTE) -> list[Worth]:
    current = and_(CreditRun.opportunity_id == deals.c.id, CreditRun.superseded_at.is_(None))
    rows = session.execute(
        select(CreditRun.base, func.count(), func.sum(CreditRun.value))
        .join(deals, current)
        .where(deals.c.won.is_(True), CreditRun.amount.is_not(None), CreditRun.rate.is_not(None))
        .group_by(CreditRun.base)
        .order_by(func.count().desc(), CreditRun.base)
    )
    return [Worth(base, count, int(value)) for base, count, value in rows]


def _reasons(session: Session, deals: CTE) -> list[tuple[str | None, int]]:
    rows = session.execute(
        select(deals.c.lost_reason, func.count())
        .where(deals.c.won.is_(False))
        .group_by(deals.c.lost_reason)
        .order_by(func.count().desc(), deals.c.lost_reason.nulls_last())
        .limit(SHOWN)
    )
    return [(reason, count) for reason, count in rows]
