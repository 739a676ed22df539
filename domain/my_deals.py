"""My deals: what one is offered, and what one has open, with those that are stuck; for a manager, the team's stuck ones."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.availability import calendars, covers
from domain.finding import name_of
from domain.rules.deals import ACCEPT_WITHIN, DealStatus, due_after
from domain.rules.lifecycle import GONE
from domain.stats.stuck import StuckDeal, is_stuck, limits, stuck_deals
from domain.tables import DealHandoff, Lead, Opportunity, Pool, PoolMember, Rep

ROWS = 10


@dataclass(frozen=True, slots=True)
class DealRow:
    """A deal in a line. Texts are from outside; money is in the smallest unit of its currency."""

    opportunity_id: int
    lead: str
    company: str | None
    stage: str
    amount: int | None
    currency: str | None
    days: int
    """In its stage."""
    stuck: bool
    deal_id: int = 0
    version: int = 0
    due_at: datetime | None = None
    """By when it is to be accepted; None: it is not offered."""
    whose: str | None = None
    """Of what one only looks after: to whom it is offered."""


@dataclass(frozen=True, slots=True)
class DealsHome:
    """`offered` first, then `mine`, those that are stuck first. `more`: how many open ones are not shown."""

    offered: Sequence[DealRow] = ()
    mine: Sequence[DealRow] = ()
    more: int = 0
    stuck: Sequence[StuckDeal] = field(default=())
    """Of one's team, the worst first."""


def deals_home(session: Session, rep: Rep, now: datetime) -> DealsHome:
    mine, more = _mine(session, rep, now)
    return DealsHome(
        offered=_offered(session, rep, now),
        mine=mine,
        more=more,
        stuck=_of_the_team(session, rep, now),
    )


def _offered(session: Session, rep: Rep, now: datetime) -> list[DealRow]:
    """To oneself, and to whom one covers for."""
    rows = session.execute(
        select(DealHandoff, Opportunity, Lead, Rep)
        .join(Opportunity, Opportunity.id == DealHandoff.opportunity_id)
        .join(Lead, Lead.id == Opportunity.lead_id)
        .join(Rep, Rep.id == DealHandoff.rep_id)
        .where(
            DealHandoff.rep_id.in_([rep.id, *covers(session, rep.id, now)]),
            DealHandoff.status == DealStatus.OFFERED,
        )
        .order_by(DealHandoff.offered_at, DealHandoff.id)
        .limit(ROWS)
    ).all()
    known = calendars(session, {ae.id for *_, ae in rows}, now) if rows else {}
    return [
        _row(
            opportunity,
            lead,
            now,
            {},
            deal_id=deal.id,
            version=deal.version,
            due_at=due_after(known[ae.id], deal.offered_at, ACCEPT_WITHIN),
            whose=None if ae.id == rep.id else ae.name,
        )
        for deal, opportunity, lead, ae in rows
    ]


def _mine(session: Session, rep: Rep, now: datetime) -> tuple[list[DealRow], int]:
    """The open ones that one has, those that are stuck first, then the longest in their stage; and how many more there are."""
    theirs = session.execute(
        select(Opportunity.id, Opportunity.stage, Opportunity.stage_since)
        .join(Lead, Lead.id == Opportunity.lead_id)
        .where(Opportunity.owner_id == rep.id, Opportunity.closed_at.is_(None), Lead.stage.not_in(GONE))
        .order_by(Opportunity.stage_since, Opportunity.id)
    ).all()
    known = limits(session) if theirs else {}
    stuck_first = sorted(theirs, key=lambda one: not is_stuck(one.stage, one.stage_since, now, known))
    shown = [one.id for one in stuck_first[:ROWS]]
    pairs = select(Opportunity, Lead).join(Lead, Lead.id == Opportunity.lead_id).where(Opportunity.id.in_(shown))
    rows = {opportunity.id: _row(opportunity, lead, now, known) for opportunity, lead in session.execute(pairs)}
    return [rows[one] for one in shown], len(theirs) - len(shown)


def _row(
    opportunity: Opportunity,
    lead: Lead,
    now: datetime,
    known: Mapping[str, timedelta],
    *,
    deal_id: int = 0,
    version: int = 0,
    due_at: datetime | None = None,
    whose: str | None = None,
) -> DealRow:
    return DealRow(
        opportunity_id=opportunity.id,
        lead=name_of(lead),
        company=lead.company_name,
        stage=opportunity.stage,
        amount=opportunity.amount,
        currency=opportunity.currency,
        days=(now - opportunity.stage_since).days,
        stuck=due_at is None and is_stuck(opportunity.stage, opportunity.stage_since, now, known),
        deal_id=deal_id,
        version=version,
        due_at=due_at,
        whose=whose,
    )


def _of_the_team(session: Session, rep: Rep, now: datetime) -> Sequence[StuckDeal]:
    team: Collection[int] = session.scalars(
        select(PoolMember.rep_id).join(Pool, Pool.id == PoolMember.pool_id).where(Pool.manager_id == rep.id)
    ).all()
    return stuck_deals(session, now, team) if team else []
