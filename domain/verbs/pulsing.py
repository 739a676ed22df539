"""The pulse: once a month whoever of sales had leads is asked how good they were, and answers in two taps."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import InstrumentedAttribute, Session

from domain.rules.feedback import Why
from domain.rules.periods import Period
from domain.rules.refusals_feedback import NotYourPulse, PulseOver
from domain.tables import DealHandoff, Handoff, Happened, Pulse, Rep
from domain.verbs.record import happened

ANSWERED_WITHIN = timedelta(days=31)
"""For so long after it was asked one may answer, and think again."""

DECIDED_WITHIN = timedelta(days=90)
"""So long before the month a lead may have become MQL or HQL, or a deal may have been offered, to be one of those that were decided
on in it."""


def decided_leads(session: Session, rep_ids: Sequence[int], month: Period) -> dict[int, int]:
    """On how many leads and opportunities each of them decided in the month; who decided on none is not in it.

    Asked every minute at the end of a month: leads and deals that came long before it are not looked at.
    """
    since = month.since - DECIDED_WITHIN
    leads = (
        select(Handoff.rep_id, func.count(Handoff.lead_id.distinct()))
        .where(Handoff.rep_id.in_(rep_ids))
        .where(Handoff.became_at >= since, Handoff.became_at < month.until)
        .where(or_(_within(Handoff.accepted_at, month), _within(Handoff.rejected_at, month)))
        .group_by(Handoff.rep_id)
    )
    # Who accepted the lead itself has counted it already.
    own = exists(select(Handoff.id).where(Handoff.id == DealHandoff.handoff_id, Handoff.rep_id == DealHandoff.rep_id))
    deals = (
        select(DealHandoff.rep_id, func.count(DealHandoff.opportunity_id.distinct()))
        .where(DealHandoff.rep_id.in_(rep_ids), ~own)
        .where(DealHandoff.offered_at >= since, DealHandoff.offered_at < month.until)
        .where(or_(_within(DealHandoff.accepted_at, month), _within(DealHandoff.returned_at, month)))
        .group_by(DealHandoff.rep_id)
    )
    decided: dict[int, int] = {}
    for rep_id, count in [*session.execute(leads), *session.execute(deals)]:
        if rep_id is not None:
            decided[rep_id] = decided.get(rep_id, 0) + count
    return decided


def _within(column: InstrumentedAttribute[datetime | None], month: Period) -> ColumnElement[bool]:
    return (column >= month.since) & (column < month.until)


def ask(session: Session, rep: Rep, month: str, leads: int, now: datetime) -> Pulse | None:
    """Ask them about the month; None: they have been asked."""
    asked = session.scalar(
        insert(Pulse)
        .values(rep_id=rep.id, period=month, asked_at=now, leads=leads, channel=rep.slack_dm_id)
        .on_conflict_do_nothing()
        .returning(Pulse.id)
    )
    if asked is None:
        return None
    happened(session, Happened.PULSE_ASKED, now, pulse_id=asked, month=month, place=rep.slack_user_id)
    return session.get_one(Pulse, asked)


def feel(session: Session, pulse_id: int, by: Rep, feeling: int, now: datetime) -> Pulse:
    """How they were. Another feeling asks anew what it was that was best or worst. Raises NotYourPulse and PulseOver."""
    pulse = _locked(session, pulse_id, by, now)
    if pulse.feeling != feeling:
        pulse.feeling, pulse.why, pulse.answered_at = feeling, None, now
        _answered(session, pulse, by, now)
    return pulse


def say_why(session: Session, pulse_id: int, by: Rep, why: Why, now: datetime) -> Pulse:
    """What was best or worst. Raises NotYourPulse and PulseOver."""
    pulse = _locked(session, pulse_id, by, now)
    if pulse.feeling is not None and pulse.why != why:
        pulse.why, pulse.answered_at = why.value, now
        _answered(session, pulse, by, now)
    return pulse


def _locked(session: Session, pulse_id: int, by: Rep, now: datetime) -> Pulse:
    pulse = session.get(Pulse, pulse_id, with_for_update=True)
    if pulse is None or pulse.rep_id != by.id:
        raise NotYourPulse
    if now >= pulse.asked_at + ANSWERED_WITHIN:
        raise PulseOver
    return pulse


def _answered(session: Session, pulse: Pulse, by: Rep, now: datetime) -> None:
    """The event says that they answered, not what: an answer is nobody's to read."""
    happened(session, Happened.PULSE_ANSWERED, now, rep_id=by.id, pulse_id=pulse.id, place=by.slack_user_id)


def claim_pulse(session: Session, pulse_id: int, now: datetime) -> datetime | None:
    """Say that the question is about to be posted. Returns when that was said before: then it may stand there already."""
    pulse = session.get_one(Pulse, pulse_id, with_for_update=True)
    before = pulse.claimed_at
    pulse.claimed_at = before or now
    return before


def note_drawn(session: Session, pulse_id: int, ts: str, drawn: str) -> None:
    pulse = session.get_one(Pulse, pulse_id)
    pulse.ts, pulse.drawn = ts, drawn
