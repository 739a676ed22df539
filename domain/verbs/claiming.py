"""A lead that nobody has, or that its rep has left too long, is taken by one of its pool."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.availability import away_now
from domain.rules.deadlines import ClockKind
from domain.rules.lifecycle import HandoffMove, HandoffStatus, handoff_step
from domain.rules.refusals import CannotBeGiven, NotForTheTaking, NotOfThePool, NotThere
from domain.succession import CLAIMED
from domain.tables import Handoff, Happened, Lead, PoolMember, Rep, Role, SlaClock
from domain.verbs.clocks import cancel_clocks
from domain.verbs.deciding import accept
from domain.verbs.moving import locked_handoff, why_not
from domain.verbs.offering import hand_over
from domain.verbs.record import happened
from domain.verbs.telling import CRM, MARKETING, mark_dirty


def claim(session: Session, handoff_id: int, *, version: int, by: Rep, now: datetime) -> Handoff:
    """Make the lead one's own, accepted. Returns the handoff that one has now.

    Raises NotOfThePool, NotThere, NotForTheTaking; who comes second is told who was first.
    """
    lead, handoff = locked_handoff(session, handoff_id)
    _check_person(session, handoff, by, now)
    if handoff.version != version or handoff_step(handoff.status, HandoffMove.CLAIM) is None:
        raise why_not(handoff)
    if handoff.rep_id == by.id:
        return accept(session, handoff.id, version=version, by=by, now=now)
    if not for_the_taking(session, handoff):
        raise NotForTheTaking(rep_id=handoff.rep_id or 0)
    if handoff.status is HandoffStatus.OFFERED:
        _take_from_rep(session, lead, handoff, by, now)
    taken = hand_over(session, lead.id, now, to=by)
    if taken is None or taken.status is not HandoffStatus.OFFERED or taken.rep_id != by.id:
        raise CannotBeGiven(rep_id=by.id)
    return accept(session, taken.id, version=taken.version, by=by, now=now)


def for_the_taking(session: Session, handoff: Handoff) -> bool:
    """Whether nobody could be asked, or who was has missed the first contact without a word."""
    if handoff.status is HandoffStatus.OPEN:
        return True
    if handoff.status is not HandoffStatus.OFFERED or handoff.snoozed_until is not None:
        return False
    missed = select(SlaClock.breached_at).where(
        SlaClock.handoff_id == handoff.id, SlaClock.kind == ClockKind.FIRST_CONTACT
    )
    return session.scalar(missed) is not None


def _check_person(session: Session, handoff: Handoff, by: Rep, now: datetime) -> None:
    in_pool = handoff.pool_id is not None and session.get(PoolMember, (handoff.pool_id, by.id)) is not None
    if not in_pool and by.role is not Role.MANAGER:
        raise NotOfThePool
    if not by.available or by.id in away_now(session, [by.id], now):
        raise NotThere


def _take_from_rep(session: Session, lead: Lead, handoff: Handoff, by: Rep, now: datetime) -> None:
    """End the offer that its rep has left too long. The lead is locked, so that nobody decides on it meanwhile."""
    handoff.status, handoff.version = HandoffStatus.WITHDRAWN, handoff.version + 1
    handoff.reason, handoff.moved_by = CLAIMED, by.id
    cancel_clocks(session, handoff.id, now)
    mark_dirty(session, lead, now, CRM, MARKETING)
    happened(session, Happened.HANDOFF_MOVED, now, lead=lead, handoff=handoff, rep_id=by.id, how=CLAIMED)
