"""What sales decides: accept, reject, log a contact. Each acts once, however often it is clicked."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain import finding
from domain.rules.cleaning import free_text
from domain.rules.deadlines import ClockKind
from domain.rules.lifecycle import HandoffMove, HandoffStatus, LeadMove, handoff_step
from domain.rules.next_steps import NextStep
from domain.rules.reasons import NOTE_LIMIT, REASONS, UNFIT, Asks, Reason, Then
from domain.rules.refusals import CannotMerge, DetailMissing, NoteMissing, TooFewAttempts, UnknownReason
from domain.tables import AttemptOutcome, ClockOutcome, ContactAttempt, Handoff, Happened, Lead, Rep
from domain.verbs.clocks import cancel_clocks, stop_clock
from domain.verbs.moving import check_person, locked_handoff, make_move, may_move, spare_the_next, wake, why_not
from domain.verbs.nurturing import leave_programme
from domain.verbs.record import happened, move_lead
from domain.verbs.telling import CRM, MARKETING, mark_dirty
from domain.verbs.turns import credit


def accept(session: Session, handoff_id: int, *, version: int, by: Rep, now: datetime) -> Handoff:
    """Take the lead. Who accepts on behalf of the rep it is addressed to leaves it theirs."""
    lead, handoff = make_move(
        session, handoff_id, HandoffMove.ACCEPT, version=version, by=by, now=now, accepted_at=now, accepted_by=by.id
    )
    lead.owner_id = handoff.rep_id
    mark_dirty(session, lead, now, CRM, MARKETING)
    happened(session, Happened.HANDOFF_ACCEPTED, now, lead=lead, handoff=handoff, rep_id=by.id)
    return handoff


def reject(
    session: Session,
    handoff_id: int,
    *,
    version: int,
    by: Rep,
    reason: str,
    note: str | None,
    now: datetime,
    detail: str | None = None,
) -> Handoff:
    """Give the lead back, with a reason; the reason decides what follows.

    `detail` is what the reason asks for besides: a key of UNFIT, or the address of the lead that this one is a duplicate of.
    """
    why = _known_reason(reason)
    note = free_text(note or "", NOTE_LIMIT) or None
    if why.needs_note and note is None:
        raise NoteMissing
    before = may_move(session, handoff_id, version=version, by=by, move=HandoffMove.REJECT, now=now)
    _check_attempts(session, before, why)
    lead, handoff = make_move(
        session,
        handoff_id,
        HandoffMove.REJECT,
        version=version,
        by=by,
        now=now,
        rejected_at=now,
        rejected_by=by.id,
        reason=why.key,
        detail=_detail(session, before.lead_id, why, detail),
        note=note,
    )
    cancel_clocks(session, handoff.id, now)
    lead.owner_id = None
    if why.credits:
        credit(session, handoff, now)
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
    then: NextStep | None = None,
    key: str | None = None,
) -> Handoff:
    """Note that somebody tried to reach the lead. The first attempt is the first contact, and stops that clock.

    A `key` that was used before changes nothing: the same window, sent twice, is one attempt.
    """
    lead, handoff = locked_handoff(session, handoff_id)
    check_person(session, handoff, by, HandoffMove.LOG_CONTACT, now)
    if key is not None and session.scalar(select(ContactAttempt.id).where(ContactAttempt.key == key)) is not None:
        return handoff
    step = handoff_step(handoff.status, HandoffMove.LOG_CONTACT)
    if step is None:
        raise why_not(handoff)
    first = handoff.contacted_at is None
    session.add(
        ContactAttempt(
            handoff_id=handoff.id,
            rep_id=by.id,
            at=now,
            outcome=outcome,
            note=free_text(note or "", NOTE_LIMIT) or None,
            next_step=then.what if then else None,
            next_at=then.at if then else None,
            key=key,
        )
    )
    handoff.status = step.to
    wake(session, handoff, now)
    if first:
        note_contact(session, lead, handoff, now)
    kind = Happened.HANDOFF_CONTACTED if first else Happened.CONTACT_LOGGED
    happened(session, kind, now, lead=lead, handoff=handoff, rep_id=by.id, outcome=outcome.value)
    return handoff


def note_contact(session: Session, lead: Lead, handoff: Handoff, now: datetime) -> None:
    """The first contact was made now."""
    handoff.contacted_at = now
    stop_clock(session, handoff.id, ClockKind.FIRST_CONTACT, now, ClockOutcome.MET)
    mark_dirty(session, lead, now, CRM, MARKETING)


def _known_reason(key: str) -> Reason:
    reason = REASONS.get(key)
    if reason is None:
        raise UnknownReason
    return reason


def _check_attempts(session: Session, handoff: Handoff, why: Reason) -> None:
    if why.attempts:
        tried = session.scalar(select(func.count()).where(ContactAttempt.handoff_id == handoff.id)) or 0
        if tried < why.attempts:
            offered = handoff.status is HandoffStatus.OFFERED
            raise TooFewAttempts(missing=why.attempts - tried, needed=why.attempts, offered=int(offered))


def _detail(session: Session, lead_id: int, why: Reason, said: str | None) -> str | None:
    """What is kept of the answer: a code, or the id of a lead, never an address. Raises DetailMissing, NoSuchLead,
    or CannotMerge for the lead itself.
    """
    said = (said or "").strip()
    if why.asks is Asks.WHAT_DOES_NOT_FIT:
        if said not in UNFIT:
            raise DetailMissing
        return said
    if why.asks is Asks.DUPLICATE_OF and said:
        other = finding.lead_by_email(session, said)
        if other.id == lead_id:
            raise CannotMerge(why="itself")
        return str(other.id)
    return None


def _follow(session: Session, lead: Lead, handoff: Handoff, why: Reason, by: Rep, now: datetime) -> None:
    if why.then is Then.DISQUALIFY:
        move_lead(lead, LeadMove.DISQUALIFY)
        leave_programme(session, lead, now)
        kind = Happened.LEAD_DISQUALIFIED
    elif why.then is Then.PASS_ON:
        spare_the_next(lead, handoff, now)
        kind = Happened.HANDOFF_PASSED_ON
    else:
        move_lead(lead, LeadMove.RECYCLE)
        lead.rests_until = lead.recheck_at = now + why.cooldown
        lead.became_sales_ready_at = None
        kind = Happened.HANDOFF_RECYCLED
    happened(session, kind, now, lead=lead, handoff=handoff, rep_id=by.id, reason=why.key)
