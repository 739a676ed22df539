"""The ladder of an SLA clock: reminder, breach, word to rep and manager, handing on. Each step is taken once, by whoever
holds the clock's row.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.availability import calendars
from domain.rules.calendars import ALWAYS, Calendar
from domain.rules.deadlines import ClockKind, Do, Step, said, steps_from_json
from domain.rules.lifecycle import HandoffMove, handoff_step
from domain.tables import Handoff, Happened, Lead, SlaClock
from domain.verbs.choosing import choose
from domain.verbs.clocks import cancel_clocks, schedule, spent
from domain.verbs.moving import locked_handoff
from domain.verbs.offering import SELLER
from domain.verbs.record import happened
from domain.verbs.telling import CRM, MARKETING, mark_dirty

NO_CONTACT = "no_contact"
"""Why a handoff has expired."""
LIMIT, NOBODY_ELSE, HANDED_ON = "limit", "nobody_else", "handed_on"
"""What the manager is told besides: it was handed on as often as may be; nobody else could be asked; somebody else is asked."""

Due = tuple[SlaClock, Handoff, Lead]


def take_steps(session: Session, now: datetime, limit: int) -> int:
    """Take what is due of up to `limit` clocks; returns how many were looked at."""
    found = _due(session, now, limit)
    reps = {handoff.rep_id for clock, handoff, _ in found if clock.working and handoff.rep_id is not None}
    known = calendars(session, reps, now) if reps else {}
    for due in found:
        _take(session, due, known.get(due[1].rep_id or 0, ALWAYS), now)
    return len(found)


def _due(session: Session, now: datetime, limit: int) -> Sequence[Due]:
    """Up to `limit` clocks that have to be looked at now, locked with their leads. What another clock process or a click
    holds is passed over: it is looked at with the next tick, so that the sweep waits for nobody and stands in nobody's way.
    """
    rows = session.execute(
        select(SlaClock, Lead)
        .join(Handoff, Handoff.id == SlaClock.handoff_id)
        .join(Lead, Lead.id == Handoff.lead_id)
        .where(SlaClock.next_at <= now)
        .order_by(SlaClock.next_at)
        .limit(limit)
        .with_for_update(of=[SlaClock, Lead], skip_locked=True, key_share=True)
    ).all()
    # Read once the leads are held: what a click changed in the moment before is seen.
    wanted = select(Handoff).where(Handoff.id.in_([clock.handoff_id for clock, _ in rows]))
    fresh = session.scalars(wanted.execution_options(populate_existing=True)) if rows else ()
    handoffs = {handoff.id: handoff for handoff in fresh}
    return [(clock, handoffs[clock.handoff_id], lead) for clock, lead in rows]


def _take(session: Session, due: Due, calendar: Calendar, now: datetime) -> None:
    """Take every step whose time has come by the calendar as it is now; say what is to be said of them."""
    clock = due[0]
    gone, target = spent(clock, calendar, now), timedelta(seconds=clock.target_seconds)
    may_go_on = _may_be_handed_on(due[1], target)
    steps = list(
        takewhile(
            lambda step: target * step.share <= gone and (step.do is not Do.HAND_ON or may_go_on <= now),
            steps_from_json(clock.steps)[clock.taken :],
        )
    )
    behind = now - (clock.next_at or now)
    clock.taken += len(steps)
    if any(step.do is Do.BREACH for step in steps):
        clock.breached_at = now
        _happened(session, Happened.HANDOFF_BREACHED, due, now)
    for do in said(steps):
        _say(session, due, next(step for step in steps if step.do is do), behind, now)
    schedule(clock, calendar)
    if clock.next_at is not None and clock.next_at <= now:
        clock.next_at = may_go_on


def _may_be_handed_on(handoff: Handoff, target: timedelta) -> datetime:
    """Wall time may have run out before anybody was asked: who gets the lead then has half of the target to act."""
    return (handoff.offered_at or handoff.opened_at) + target / 2


def _say(session: Session, due: Due, step: Step, behind: timedelta, now: datetime) -> None:
    clock, handoff, _ = due
    if step.do is Do.REMIND:
        clock.reminded_at = now
        if handoff.rep_id is not None:
            _happened(session, Happened.HANDOFF_REMINDED, due, now)
    elif step.do is Do.TELL_MANAGER or handoff.rep_id is not None:
        do, note = _instead(step, handoff)
        if do is not None:
            _escalated(session, due, do, note, behind, now)


def _instead(step: Step, handoff: Handoff) -> tuple[Do | None, str]:
    """What is done for the step, and what the manager is told besides. Who has spoken with the lead keeps it."""
    if step.do is not Do.HAND_ON:
        return step.do, ""
    if handoff_step(handoff.status, HandoffMove.HAND_ON) is None:
        return None, ""
    return (Do.TELL_MANAGER, LIMIT) if handoff.handed_on >= step.most else (Do.HAND_ON, "")


def _escalated(session: Session, due: Due, do: Do, note: str, behind: timedelta, now: datetime) -> None:
    """`behind`: how long the step had been due when it was taken, in seconds."""
    late = round(behind.total_seconds())
    _happened(session, Happened.HANDOFF_ESCALATED, due, now, do=do.value, note=note, behind=late)


def _happened(session: Session, kind: Happened, due: Due, now: datetime, **data: Any) -> None:
    clock, handoff, lead = due
    happened(session, kind, now, lead=lead, handoff=handoff, clock=clock.kind.value, **data)


def hand_on(
    session: Session, handoff_id: int, kind: ClockKind, now: datetime, behind: timedelta = timedelta(0)
) -> bool:
    """Time has run out: take the lead from who has it, so that the next rep is asked. Says whether that was done.
    `behind`: how long that had been due when it was noticed.

    Not if they have reached the lead meanwhile, nor if there is nobody else: then the manager is told.
    """
    lead, handoff = locked_handoff(session, handoff_id)
    step = handoff_step(handoff.status, HandoffMove.HAND_ON)
    clock = session.scalars(select(SlaClock).where(SlaClock.handoff_id == handoff_id, SlaClock.kind == kind)).one()
    if step is None or clock.running_since is None:
        return False
    due = (clock, handoff, lead)
    others = choose(session, lead, SELLER[handoff.tier], now, lock=False, not_to=[handoff.rep_id or 0])
    if others.rep is None:
        _escalated(session, due, Do.TELL_MANAGER, NOBODY_ELSE, behind, now)
        return False
    handoff.status, handoff.version = step.to, handoff.version + 1
    handoff.reason = NO_CONTACT
    lead.owner_id = None
    cancel_clocks(session, handoff.id, now)
    mark_dirty(session, lead, now, CRM, MARKETING)
    _happened(session, Happened.HANDOFF_HANDED_ON, due, now, reason=NO_CONTACT)
    _escalated(session, due, Do.TELL_MANAGER, HANDED_ON, behind, now)
    return True
