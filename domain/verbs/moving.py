"""A move of a handoff that people make: who may make it, and the one UPDATE by which it is made once."""

from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from domain.availability import covers
from domain.rules.lifecycle import LIVE, TAKEN, HandoffMove, HandoffStatus, Who, handoff_step
from domain.rules.refusal import Refusal
from domain.rules.refusals import AlreadyDecided, NoLongerOffered, NotForItsOwner, NotFound, NotYours
from domain.tables import Base, Handoff, Lead, Rep, Role
from domain.verbs.clocks import resume


def may_move(session: Session, handoff_id: int, *, version: int, by: Rep, move: HandoffMove, now: datetime) -> Handoff:
    """Whether `by` could make this move now; raises the refusal that the move itself would. Changes nothing."""
    handoff = session.get(Handoff, handoff_id)
    if handoff is None:
        raise NotFound(what="handoff")
    check_person(session, handoff, by, move, now)
    if handoff.version != version or handoff_step(handoff.status, move) is None:
        raise why_not(handoff)
    return handoff


def make_move(
    session: Session, handoff_id: int, move: HandoffMove, *, version: int, by: Rep, now: datetime, **values: Any
) -> tuple[Lead, Handoff]:
    """One conditional UPDATE on (id, version, status): whoever comes second changes nothing and is told so."""
    lead, handoff = locked_handoff(session, handoff_id)
    check_person(session, handoff, by, move, now)
    step = handoff_step(handoff.status, move)
    if step is None or not _decide(session, handoff, version, {"status": step.to} | values):
        raise why_not(handoff)
    if move is not HandoffMove.SNOOZE:
        wake(session, handoff, now)
    return lead, handoff


def _decide(session: Session, handoff: Handoff, version: int, values: dict[str, Any]) -> bool:
    """Whether the handoff was still at `version`, and so has these values now."""
    values = values | {"version": version + 1}
    given = {"handoff_id": handoff.id, "seen": version, "was": handoff.status} | values
    if session.connection().execute(_DECIDE, given).rowcount == 0:
        return False
    for name, value in values.items():
        set_committed_value(handoff, name, value)
    return True


# Of the table, not of the class, and made once: every click runs it. What is set is what is given besides the conditions.
_HANDOFFS = Base.metadata.tables[Handoff.__tablename__]
_DECIDE = update(_HANDOFFS).where(
    _HANDOFFS.c.id == bindparam("handoff_id"),
    _HANDOFFS.c.version == bindparam("seen"),
    _HANDOFFS.c.status == bindparam("was"),
)


def wake(session: Session, handoff: Handoff, now: datetime) -> None:
    """Whoever acts on a lead that is put aside takes it up again: its clocks go on."""
    if handoff.snoozed_until is not None:
        handoff.snoozed_until = handoff.snooze_score = None
        if handoff.status in LIVE:
            resume(session, handoff.id, now)


def spare_the_next(lead: Lead, handoff: Handoff, now: datetime) -> None:
    """The lead goes to somebody else. If the first contact was made, they are not late because time has passed since."""
    if handoff.contacted_at is not None:
        lead.became_sales_ready_at = now


def locked_handoff(session: Session, handoff_id: int) -> tuple[Lead, Handoff]:
    """The handoff as it is once its lead is locked; raises NotFound.

    If the lead was merged while we waited for it, the handoff has gone on with the other one. We hold the handoff by then:
    who waits for that lead now makes a ring with whoever has it and wants the handoff. So nobody waits: NoLongerOffered.
    """
    wanted = {"handoff_id": handoff_id}
    locked = session.execute(_LOCKED, wanted).one_or_none() or session.execute(_LOCKED_AT_ONCE, wanted).one_or_none()
    if locked is not None:
        return locked.Lead, locked.Handoff
    raise NotFound(what="handoff") if session.get(Handoff, handoff_id) is None else NoLongerOffered(status="changed")


# Both in one trip, the lead first, as everybody locks. Both are read as they are once they are ours: Postgres looks at the
# join again then.
_BOTH = (
    select(Lead, Handoff)
    .join(Handoff, Handoff.lead_id == Lead.id)
    .where(Handoff.id == bindparam("handoff_id"))
    .execution_options(populate_existing=True)
)
_LOCKED = _BOTH.with_for_update(of=[Lead, Handoff], key_share=True)
_LOCKED_AT_ONCE = _BOTH.with_for_update(of=[Lead, Handoff], key_share=True, skip_locked=True)


def check_person(session: Session, handoff: Handoff, by: Rep, move: HandoffMove, now: datetime) -> None:
    """Raises NotYours for who has nothing to do with the handoff, NotForItsOwner for what only others may do with it."""
    who = _standing(session, handoff, by, now)
    if who is None:
        raise NotYours(rep_id=handoff.rep_id or 0)
    step = handoff_step(handoff.status, move)
    if step is not None and who not in step.who:
        raise NotForItsOwner


def _standing(session: Session, handoff: Handoff, by: Rep, now: datetime) -> Who | None:
    if by.role is Role.MANAGER:
        return Who.MANAGER
    if by.id == handoff.rep_id:
        return Who.ADDRESSED_REP
    return Who.COVER if handoff.rep_id in covers(session, by.id, now) else None


def why_not(handoff: Handoff) -> Refusal:
    """The sentence for who came too late."""
    if handoff.status in LIVE and handoff.snoozed_until is not None:
        return NoLongerOffered(status="snoozed")
    if handoff.status is HandoffStatus.WITHDRAWN and handoff.reason is not None and handoff.moved_by is not None:
        return NoLongerOffered(status=handoff.reason, rep_id=handoff.moved_by)
    if handoff.status is HandoffStatus.REJECTED and handoff.rejected_at:
        return AlreadyDecided(what="rejected", at=handoff.rejected_at.isoformat(), rep_id=handoff.rejected_by or 0)
    if handoff.status is HandoffStatus.QUALIFIED and handoff.qualified_at:
        return AlreadyDecided(what="qualified", at=handoff.qualified_at.isoformat(), rep_id=handoff.qualified_by or 0)
    if handoff.status in TAKEN and handoff.accepted_at:
        return AlreadyDecided(what="accepted", at=handoff.accepted_at.isoformat(), rep_id=handoff.accepted_by or 0)
    return NoLongerOffered(status=handoff.status.value)
