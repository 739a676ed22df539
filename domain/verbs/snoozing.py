"""A lead is put aside for a while: its clocks stand still until the time has come, or until its score jumps."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.rules.lifecycle import LIVE, HandoffMove
from domain.tables import Handoff, Happened, Lead, Rep
from domain.verbs.clocks import pause
from domain.verbs.moving import make_move, wake
from domain.verbs.record import happened

TIME, RISE = "time", "rise"
"""Why a lead has woken."""
MOST_POINTS = 100


def snooze(session: Session, handoff_id: int, *, version: int, by: Rep, until: datetime, now: datetime) -> Handoff:
    """Put the lead aside. Snoozing it again moves the end."""
    lead, handoff = make_move(
        session, handoff_id, HandoffMove.SNOOZE, version=version, by=by, now=now, snoozed_until=until
    )
    handoff.snooze_score = lead.score
    pause(session, handoff.id, now, until)
    happened(session, Happened.HANDOFF_SNOOZED, now, lead=lead, handoff=handoff, rep_id=by.id, until=until.isoformat())
    return handoff


def wake_due(session: Session, now: datetime, limit: int) -> int:
    """Wake up to `limit` leads whose time has come; returns how many. What somebody else holds is left for the next round."""
    due = session.execute(
        select(Handoff, Lead)
        .join(Lead, Lead.id == Handoff.lead_id)
        .where(Handoff.snoozed_until <= now)
        .order_by(Handoff.snoozed_until)
        .limit(limit)
        .with_for_update(of=[Handoff, Lead], skip_locked=True)
        .execution_options(populate_existing=True)
    ).all()
    for handoff, lead in due:
        _wake(session, lead, handoff, now, TIME)
    return len(due)


def wake_on_rise(session: Session, lead: Lead, jump_points: int, now: datetime) -> None:
    """Wake the (locked) lead if it did so much that whoever put it aside would want to know."""
    handoff = session.scalars(
        select(Handoff).where(Handoff.lead_id == lead.id, Handoff.status.in_(LIVE), Handoff.snoozed_until.is_not(None))
    ).one_or_none()
    if handoff is None:
        return
    before = handoff.snooze_score or 0
    # Who stood near the top already has not so far to rise.
    if (lead.score or 0) - before >= min(jump_points, max(MOST_POINTS - before, 1)):
        _wake(session, lead, handoff, now, RISE)
        # The same rise is not told once more as a jump.
        lead.alerted_at = now


def _wake(session: Session, lead: Lead, handoff: Handoff, now: datetime, why: str) -> None:
    wake(session, handoff, now)
    if handoff.status in LIVE:
        happened(session, Happened.HANDOFF_WOKEN, now, lead=lead, handoff=handoff, why=why)
