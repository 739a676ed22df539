"""When it can be said of a lead that it did not take a step, and of a quarter that its numbers are final.

A lead that sales is still at is open: it is no failure. It stays open for as long as nine of ten of those that took the step
needed for it, so that slow sales are not called bad ones; only after that does it count as one that did not.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, select, true
from sqlalchemy.orm import Session
from sqlalchemy.sql.expression import SQLColumnExpression

from domain.rules.periods import Period
from domain.stats.share import Share
from domain.tables import Handoff, Opportunity

OPPORTUNITY_TIME = timedelta(days=14)
"""How long an SQL may take to become an opportunity at least, before it counts as one that did not."""
NINE_OF_TEN = 0.9
SETTLED = timedelta(days=60)
"""Of leads that became MQL or HQL later than this the slow ones are still missing: their times would be too short."""
LATEST = 1_000
"""So many of the newest SQLs before that are looked at."""
ENOUGH = 20
"""Of fewer, what nine of ten needed is chance."""
LONGEST = timedelta(days=90)
STILL_OPEN = 0.10
"""A quarter is mature if no greater part of those a number asks about is still open."""


@dataclass(frozen=True, slots=True)
class Patience:
    """For how long a lead is given for a step, of everybody's leads. `to_sql` counts from when it became MQL or HQL; None:
    too few are known, so that the time of the SLA holds alone. `to_opportunity` counts from when it became an SQL.
    """

    to_sql: timedelta | None = None
    to_opportunity: timedelta = OPPORTUNITY_TIME


def patience(session: Session, now: datetime) -> Patience:
    """As of `now`: the same for every rep, pool and campaign, so that their numbers can be compared."""
    sqls = (
        select(Handoff.lead_id, Handoff.became_at, Handoff.qualified_at)
        .where(Handoff.became_at <= now - SETTLED, Handoff.qualified_at.is_not(None))
        .order_by(Handoff.became_at.desc())
        .limit(LATEST)
        .cte("sqls")
    )
    first = (
        select(func.min(Opportunity.opened_at).label("at"))
        .where(Opportunity.lead_id == sqls.c.lead_id, Opportunity.opened_at >= sqls.c.became_at)
        .lateral("first")
    )
    known, seconds, deals, deal_seconds = session.execute(
        select(
            func.count(),
            _nine_of_ten(sqls.c.qualified_at, sqls.c.became_at),
            func.count(first.c.at),
            _nine_of_ten(first.c.at, sqls.c.qualified_at),
        )
        .select_from(sqls)
        .join(first, true())
    ).one()
    return Patience(
        _at_most(seconds) if known >= ENOUGH else None,
        max(OPPORTUNITY_TIME, _at_most(deal_seconds)) if deals >= ENOUGH else OPPORTUNITY_TIME,
    )


def _at_most(seconds: float | None) -> timedelta:
    return min(timedelta(seconds=max(seconds or 0.0, 0.0)), LONGEST)


def _nine_of_ten(
    until: SQLColumnExpression[datetime | None], since: SQLColumnExpression[datetime | None]
) -> ColumnElement[float | None]:
    return func.percentile_cont(NINE_OF_TEN).within_group(func.date_part("epoch", until - since))


def is_mature(period: Period, now: datetime, *shares: Share) -> bool:
    """Whether the period is over, and hardly anything that these ask about is still open."""
    return period.until < now and all(still_open(share) <= STILL_OPEN for share in shares)


def still_open(share: Share) -> float:
    """The part that is still open, of those that count and those that are open."""
    asked = share.of + share.waiting
    return share.waiting / asked if asked else 0.0
