"""What sales decides: accept, reject, log a contact. Each acts once, however often it is clicked."""

from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from domain.rules.deadlines import ClockKind
from domain.rules.lifecycle import TAKEN, HandoffMove, HandoffStatus, LeadMove, Who, handoff_step, sources_of
from domain.rules.reasons import NOTE_LIMIT, REASONS, Reason, Then
from domain.rules.refusals import (
    AlreadyDecided,
    NoLongerOffered,
    NoteMissing,
    NotFound,
    NotYours,
    Refusal,
    UnknownReason,
)
from domain.tables import AttemptOutcome, ClockOutcome, ContactAttempt, Handoff, Happened, Lead, Rep, Role
from domain.verbs.clocks import cancel_clocks, stop_clock
from domain.verbs.nurturing import leave_programme
from domain.verbs.record import happened, locked_lead, move_lead
from domain.verbs.telling import CRM, MARKETING, mark_dirty


def accept(session: Session, handoff_id: int, *, version: int, by: Rep, now: datetime) -> Handoff:
    """Take the lead. A manager accepts on behalf of the rep it is addressed to, who stays its owner."""
    lead, handoff = _decide(
        session, handoff_id, HandoffMove.ACCEPT, version=version, by=by, accepted_at=now, accepted_by=by.id
    )
    lead.owner_id = handoff.rep_id
    mark_dirty(session, lead, now, CRM, MARKETING)
    happened(session, Happened.HANDOFF_ACCEPTED, now, lead=lead, handoff=handoff, rep_id=by.id)
    return handoff


def reject(
    session: Session, handoff_id: int, *, version: int, by: Rep, reason: str, note: str | None, now: datetime
) -> Handoff:
    """Give the lead back, with a reason; the reason decides what follows."""
    why = _known_reason(reason)
    note = (note or "").strip()[:NOTE_LIMIT] or None
    if why.needs_note and note is None:
        raise NoteMissing
    lead, handoff = _decide(
        session,
        handoff_id,
        HandoffMove.REJECT,
        version=version,
        by=by,
        rejected_at=now,
        rejected_by=by.id,
        reason=why.key,
        note=note,
    )
    cancel_clocks(session, handoff.id, now)
    lead.owner_id = None
    _follow(session, lead, handoff, why, by, now)
    mark_dirty(session, lead, now, CRM, MARKETING)
    return handoff


def log_attempt(
    session: Session,
    handoff_id: int,
    *,
    by: Rep,
    outcome: AttemptOutcome,
    note: str | None,
    now: datetime,
    key: str | None = None,
) -> Handoff:
    """Note that somebody tried to reach the lead. The first attempt is the first contact, and stops that clock.

    A `key` that was used before changes nothing: the same window, sent twice, is one attempt.
    """
    lead, handoff = _for_decision(session, handoff_id, by)
    if key is not None and session.scalar(select(ContactAttempt.id).where(ContactAttempt.key == key)) is not None:
        return handoff
    step = handoff_step(handoff.status, HandoffMove.LOG_CONTACT)
    if step is None:
        raise _why_not(handoff)
    first = handoff.contacted_at is None
    session.add(
        ContactAttempt(
            handoff_id=handoff.id,
            rep_id=by.id,
            at=now,
            outcome=outcome,
            note=(note or "").strip()[:NOTE_LIMIT] or None,
            key=key,
        )
    )
    handoff.status = step.to
    if first:
        handoff.contacted_at = now
        stop_clock(session, handoff.id, ClockKind.FIRST_CONTACT, now, ClockOutcome.MET)
        mark_dirty(session, lead, now, CRM, MARKETING)
    kind = Happened.HANDOFF_CONTACTED if first else Happened.CONTACT_LOGGED
    happened(session, kind, now, lead=lead, handoff=handoff, rep_id=by.id, outcome=outcome.value)
    return handoff


def may_decide(session: Session, handoff_id: int, *, version: int, by: Rep, move: HandoffMove) -> Handoff:
    """Whether `by` could make this move now; raises the refusal that the move itself would. Changes nothing."""
    handoff = session.get(Handoff, handoff_id)
    if handoff is None:
        raise NotFound(what="handoff")
    _check_person(handoff, by)
    if handoff.version != version or handoff_step(handoff.status, move) is None:
        raise _why_not(handoff)
    return handoff


def _decide(
    session: Session, handoff_id: int, move: HandoffMove, *, version: int, by: Rep, **values: Any
) -> tuple[Lead, Handoff]:
    """One conditional UPDATE on (id, version, status): whoever comes second changes nothing and is told so."""
    lead, handoff = _for_decision(session, handoff_id, by)
    step = handoff_step(handoff.status, move)
    done = (
        step
        and session.execute(
            update(Handoff)
            .where(Handoff.id == handoff_id, Handoff.version == version, Handoff.status.in_(sources_of(move)))
            .values(status=step.to, version=Handoff.version + 1, **values)
            .returning(Handoff.id)
            .execution_options(synchronize_session=False)
        ).first()
    )
    session.refresh(handoff)
    if not done:
        raise _why_not(handoff)
    return lead, handoff


def _for_decision(session: Session, handoff_id: int, by: Rep) -> tuple[Lead, Handoff]:
    handoff = session.get(Handoff, handoff_id)
    if handoff is None:
        raise NotFound(what="handoff")
    lead = locked_lead(session, handoff.lead_id)
    session.refresh(handoff)
    _check_person(handoff, by)
    return lead, handoff


def _check_person(handoff: Handoff, by: Rep) -> None:
    who = Who.MANAGER if by.role is Role.MANAGER else Who.ADDRESSED_REP if by.id == handoff.rep_id else None
    step = handoff_step(handoff.status, HandoffMove.ACCEPT)
    allowed = step.who if step else frozenset({Who.ADDRESSED_REP, Who.MANAGER})
    if who not in allowed:
        raise NotYours(rep_id=handoff.rep_id or 0)


def _why_not(handoff: Handoff) -> Refusal:
    """The sentence for who came too late."""
    if handoff.status is HandoffStatus.REJECTED and handoff.rejected_at:
        return AlreadyDecided(what="rejected", at=handoff.rejected_at.isoformat(), rep_id=handoff.rejected_by or 0)
    if handoff.status in TAKEN and handoff.accepted_at:
        return AlreadyDecided(what="accepted", at=handoff.accepted_at.isoformat(), rep_id=handoff.accepted_by or 0)
    return NoLongerOffered(status=handoff.status.value)


def _known_reason(key: str) -> Reason:
    reason = REASONS.get(key)
    if reason is None:
        raise UnknownReason
    return reason


def _follow(session: Session, lead: Lead, handoff: Handoff, why: Reason, by: Rep, now: datetime) -> None:
    if why.then is Then.DISQUALIFY:
        move_lead(lead, LeadMove.DISQUALIFY)
        leave_programme(session, lead, now)
        kind = Happened.LEAD_DISQUALIFIED
    elif why.then is Then.PASS_ON:
        kind = Happened.HANDOFF_PASSED_ON
    else:
        move_lead(lead, LeadMove.RECYCLE)
        lead.rests_until = lead.recheck_at = now + why.cooldown
        lead.became_sales_ready_at = None
        kind = Happened.HANDOFF_RECYCLED
    happened(session, kind, now, lead=lead, handoff=handoff, rep_id=by.id, reason=why.key)
