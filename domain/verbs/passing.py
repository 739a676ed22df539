"""A lead changes hands without a verdict on it: back to the pool, to a person, to oneself."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy.orm import Session

from domain.rules.lifecycle import HandoffMove, HandoffStatus
from domain.rules.refusals import CannotBeGiven, YoursAlready
from domain.tables import Handoff, Happened, Lead, Rep
from domain.verbs.clocks import cancel_clocks
from domain.verbs.deciding import accept
from domain.verbs.moving import make_move, may_move, spare_the_next
from domain.verbs.offering import hand_over
from domain.verbs.record import happened
from domain.verbs.telling import CRM, MARKETING, mark_dirty

RELEASED, REASSIGNED, TAKEN_OVER = "released", "reassigned", "taken_over"


def release(session: Session, handoff_id: int, *, version: int, by: Rep, now: datetime) -> Handoff:
    """Give the lead back to its pool, whose next is asked. Returns the handoff that ended."""
    lead, handoff = _end(session, handoff_id, HandoffMove.RELEASE, RELEASED, version=version, by=by, now=now)
    hand_over(session, lead.id, now, not_to=_only(handoff.rep_id))
    return handoff


def reassign(session: Session, handoff_id: int, *, version: int, by: Rep, to: Rep | None, now: datetime) -> Handoff:
    """Offer the lead to a person instead, or with None to the next of the pool. Raises CannotBeGiven."""
    before = may_move(session, handoff_id, version=version, by=by, move=HandoffMove.REASSIGN, now=now)
    if to is not None and (not to.active or to.id == before.rep_id):
        raise CannotBeGiven(rep_id=to.id)
    lead, handoff = _end(session, handoff_id, HandoffMove.REASSIGN, REASSIGNED, version=version, by=by, now=now)
    hand_over(session, lead.id, now, to=to, not_to=_only(handoff.rep_id))
    return handoff


def take_over(session: Session, handoff_id: int, *, version: int, by: Rep, now: datetime) -> Handoff:
    """Make the lead one's own, accepted. Returns the handoff that one has now."""
    before = may_move(session, handoff_id, version=version, by=by, move=HandoffMove.TAKE_OVER, now=now)
    if before.rep_id == by.id:
        raise YoursAlready
    lead, _ = _end(session, handoff_id, HandoffMove.TAKE_OVER, TAKEN_OVER, version=version, by=by, now=now)
    taken = hand_over(session, lead.id, now, to=by)
    if taken is None or taken.status is not HandoffStatus.OFFERED or taken.rep_id != by.id:
        raise CannotBeGiven(rep_id=by.id)
    return accept(session, taken.id, version=taken.version, by=by, now=now)


def _end(
    session: Session, handoff_id: int, move: HandoffMove, how: str, *, version: int, by: Rep, now: datetime
) -> tuple[Lead, Handoff]:
    lead, handoff = make_move(session, handoff_id, move, version=version, by=by, now=now, reason=how, moved_by=by.id)
    cancel_clocks(session, handoff.id, now)
    lead.owner_id = None
    spare_the_next(lead, handoff, now)
    mark_dirty(session, lead, now, CRM, MARKETING)
    happened(session, Happened.HANDOFF_MOVED, now, lead=lead, handoff=handoff, rep_id=by.id, how=how)
    return lead, handoff


def _only(rep_id: int | None) -> Collection[int]:
    return () if rep_id is None else (rep_id,)
