"""Taking a decision back: for a few minutes, and while nothing has followed from it that people have seen and acted on."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.rules.lifecycle import (
    TAKEN,
    HandoffMove,
    HandoffStatus,
    LeadMove,
    before_rejection,
    handoff_step,
    lead_step,
    undo_until,
)
from domain.rules.refusals import CannotUndo
from domain.succession import UNDONE, came_to_nothing
from domain.tables import Handoff, Happened, Lead, Rep, Role
from domain.verbs.clocks import reopen
from domain.verbs.moving import check_person, locked_handoff, make_move, why_not
from domain.verbs.nurturing import leave_programme
from domain.verbs.offering import withdraw
from domain.verbs.record import happened, move_lead
from domain.verbs.telling import CRM, MARKETING, mark_dirty
from domain.verbs.turns import charge_again


def undo(session: Session, handoff_id: int, *, version: int, by: Rep, now: datetime) -> Handoff:
    """Take the last decision back: what was accepted is offered again, what was rejected is where it was before.

    Raises CannotUndo with the reason.
    """
    lead, handoff = locked_handoff(session, handoff_id)
    check_person(session, handoff, by, HandoffMove.UNDO, now)
    if handoff.version != version:
        raise why_not(handoff)
    _check(handoff, by, now)
    was = handoff.status
    if was is HandoffStatus.ACCEPTED:
        _unaccept(session, lead, handoff, by, now)
    else:
        _unreject(session, lead, handoff, by, now)
    mark_dirty(session, lead, now, CRM, MARKETING)
    happened(
        session,
        Happened.HANDOFF_UNDONE,
        now,
        lead=lead,
        handoff=handoff,
        rep_id=by.id,
        was=was.value,
        stands=handoff.status.value,
    )
    return handoff


def _check(handoff: Handoff, by: Rep, now: datetime) -> None:
    if handoff.status in {HandoffStatus.CONTACTED, HandoffStatus.QUALIFIED}:
        raise CannotUndo(why="contacted")
    until = undo_until(handoff.status, handoff.accepted_at, handoff.contacted_at, handoff.rejected_at)
    if until is None or handoff_step(handoff.status, HandoffMove.UNDO) is None:
        raise why_not(handoff)
    decided_by = handoff.rejected_by if handoff.status is HandoffStatus.REJECTED else handoff.accepted_by
    if by.id != decided_by and by.role is not Role.MANAGER:
        raise CannotUndo(why="another")
    if now > until:
        raise CannotUndo(why="late")


def _unaccept(session: Session, lead: Lead, handoff: Handoff, by: Rep, now: datetime) -> None:
    make_move(
        session,
        handoff.id,
        HandoffMove.UNDO,
        version=handoff.version,
        by=by,
        now=now,
        accepted_at=None,
        accepted_by=None,
    )
    lead.owner_id = None


def _unreject(session: Session, lead: Lead, handoff: Handoff, by: Rep, now: datetime) -> None:
    if lead_step(lead.stage, LeadMove.RETURN) is None:
        raise CannotUndo(why="news")
    _withdraw_follow_up(session, lead, handoff, now)
    rejected_at = handoff.rejected_at
    make_move(
        session,
        handoff.id,
        HandoffMove.UNDO,
        version=handoff.version,
        by=by,
        now=now,
        status=before_rejection(handoff.accepted_at, handoff.contacted_at, handoff.qualified_at),
        rejected_at=None,
        rejected_by=None,
        reason=None,
        note=None,
        detail=None,
    )
    reopen(session, handoff.id, rejected_at or now, now)
    charge_again(session, handoff, now)
    move_lead(lead, LeadMove.RETURN)
    leave_programme(session, lead, now)
    lead.rests_until = lead.recheck_at = None
    # Whoever has the lead next has no more time than there was.
    lead.became_sales_ready_at = lead.became_sales_ready_at or handoff.became_at
    lead.owner_id = handoff.rep_id if handoff.status in TAKEN else None


def _withdraw_follow_up(session: Session, lead: Lead, handoff: Handoff, now: datetime) -> None:
    """What is only offered to the next rep is taken back from them; what they have decided stands."""
    later = select(Handoff).where(Handoff.lead_id == lead.id, Handoff.cycle > handoff.cycle)
    # What an earlier undoing has withdrawn is no news.
    newer = session.scalars(later.where(~came_to_nothing)).all()
    if any(one.status in TAKEN for one in newer):
        raise CannotUndo(why="taken")
    if len(newer) > 1 or any(handoff_step(one.status, HandoffMove.WITHDRAW) is None for one in newer):
        raise CannotUndo(why="news")
    for one in newer:
        withdraw(session, lead, one, now, UNDONE)
    session.flush()
