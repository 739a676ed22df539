"""The deadlines of deals: who has not answered is reminded, then their manager hears; and whose deal is stuck is told once."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.availability import calendars
from domain.rules.calendars import Calendar
from domain.rules.deals import ACCEPT_WITHIN, REMIND_AFTER, DealStatus, due_after
from domain.stats.stuck import stuck_deals
from domain.tables import DealHandoff, Happened, Lead, Opportunity, Rep
from domain.verbs.dealing import deal_happened

TOLD_AT_ONCE = 50


def take_deal_steps(session: Session, now: datetime, limit: int) -> int:
    """Look at up to `limit` deals whose time has come; returns how many. What a click holds is looked at with the next tick."""
    rows = session.execute(
        select(DealHandoff, Lead)
        .join(Opportunity, Opportunity.id == DealHandoff.opportunity_id)
        .join(Lead, Lead.id == Opportunity.lead_id)
        .where(DealHandoff.remind_at <= now)
        .order_by(DealHandoff.remind_at)
        .limit(limit)
        .with_for_update(of=[DealHandoff, Lead], skip_locked=True, key_share=True)
        .execution_options(populate_existing=True)
    ).all()
    known = calendars(session, {deal.rep_id for deal, _ in rows}, now) if rows else {}
    for deal, lead in rows:
        _take(session, lead, deal, known[deal.rep_id], now)
    return len(rows)


def _take(session: Session, lead: Lead, deal: DealHandoff, calendar: Calendar, now: datetime) -> None:
    """What is due by the AE's calendar as it is now: they may have been away since."""
    reminder, deadline = (due_after(calendar, deal.offered_at, span) for span in (REMIND_AFTER, ACCEPT_WITHIN))
    if deal.status is not DealStatus.OFFERED:
        deal.remind_at = None
    elif now >= deadline:
        deal.escalated_at, deal.remind_at = now, None
        deal_happened(session, Happened.DEAL_ESCALATED, lead, deal, now, why="late")
    elif now >= reminder and deal.reminded_at is None:
        deal.reminded_at, deal.remind_at = now, deadline
        deal_happened(session, Happened.DEAL_REMINDED, lead, deal, now)
    else:
        deal.remind_at = deadline if deal.reminded_at else reminder


def newly_stuck(session: Session, now: datetime) -> Sequence[tuple[Opportunity, Rep]]:
    """The open deals that have become stuck since their owners were told last, and these. At most TOLD_AT_ONCE, the worst first;
    each is told once a stage.
    """
    stuck = [one.opportunity_id for one in stuck_deals(session, now) if one.owner_id is not None]
    rows = session.execute(
        select(Opportunity, Rep)
        .join(Rep, Rep.id == Opportunity.owner_id)
        .where(
            Opportunity.id.in_(stuck),
            Opportunity.closed_at.is_(None),
            (Opportunity.stuck_at.is_(None)) | (Opportunity.stuck_at < Opportunity.stage_since),
            Rep.active,
        )
        .order_by(Opportunity.stage_since, Opportunity.id)
        .limit(TOLD_AT_ONCE)
        .with_for_update(of=Opportunity, skip_locked=True)
    ).all()
    for opportunity, _ in rows:
        opportunity.stuck_at = now
    return [(opportunity, rep) for opportunity, rep in rows]
