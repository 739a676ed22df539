"""The SLA clocks of a handoff: started, paused, stopped, and reckoned anew when the calendar they run by has changed."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.availability import calendars
from domain.rules.calendars import ALWAYS, Calendar, after, elapsed
from domain.rules.deadlines import ClockKind, steps_from_json, steps_to_json
from domain.rules.lifecycle import LIVE
from domain.rules.sla_policy import from_json
from domain.tables import ClockOutcome, Handoff, SlaClock

NO_WORKING_TIME = "no_working_time"
"""Stands in a handoff's trace as `sla` if its rep is never at work: its clocks count wall time then."""


def start_clocks(session: Session, handoff: Handoff) -> None:
    """Start the clocks by the handoff's own copy of the policy. Wall time counts from the moment the lead became MQL or
    HQL; if it was handed on, from now: its time had run out with somebody else. Working time begins with the offer.
    """
    since = handoff.opened_at if handoff.handed_on else handoff.became_at
    for kind, policy in from_json(handoff.policy).items():
        clock = SlaClock(
            handoff_id=handoff.id,
            kind=kind,
            started_at=since,
            due_at=since + policy.target,
            working=policy.working,
            steps=steps_to_json(policy.steps),
            taken=0,
            target_seconds=policy.target.total_seconds(),
            spent_seconds=0.0,
            running_since=None if policy.working else since,
        )
        if not policy.working:
            schedule(clock, ALWAYS)
        session.add(clock)


def start_working_clocks(session: Session, handoff: Handoff, now: datetime) -> None:
    """The handoff has just been offered: what counts in the working time of its rep begins now."""
    waiting = [clock for clock in _running(session, handoff.id) if clock.working and clock.running_since is None]
    if not waiting:
        return
    calendar = _calendar(session, handoff, now)
    for clock in waiting:
        clock.started_at = clock.running_since = now
        schedule(clock, calendar)
    if not all(clock.working for clock in waiting):
        handoff.trace = {**handoff.trace, "sla": NO_WORKING_TIME}


def stop_clock(session: Session, handoff_id: int, kind: ClockKind, now: datetime, outcome: ClockOutcome) -> None:
    """Stop one clock. What was due before `now` is missed, whether or not the clock process has seen it yet."""
    _stop(session, handoff_id, [clock for clock in _running(session, handoff_id) if clock.kind is kind], now, outcome)


def cancel_clocks(session: Session, handoff_id: int, now: datetime) -> None:
    """Stop what still runs when a handoff ends otherwise. A deadline that had passed stays missed."""
    _stop(session, handoff_id, _running(session, handoff_id), now, ClockOutcome.CANCELLED)


def _stop(
    session: Session, handoff_id: int, clocks: Collection[SlaClock], now: datetime, outcome: ClockOutcome
) -> None:
    calendar = _calendar(session, session.get_one(Handoff, handoff_id), now) if clocks else ALWAYS
    for clock in clocks:
        if clock.working and clock.running_since is not None:
            # The calendar may have changed since: an absence, other hours.
            schedule(clock, calendar)
        missed = clock.breached_at is not None or (clock.running_since is not None and now > clock.due_at)
        worked = spent(clock, calendar, now) if clock.working else elapsed(calendar, clock.started_at, now)
        clock.stopped_at, clock.next_at, clock.worked_seconds = now, None, worked.total_seconds()
        clock.outcome = ClockOutcome.MISSED if missed else outcome


def pause(session: Session, handoff_id: int, now: datetime, until: datetime | None = None) -> None:
    """Let the handoff's clocks stand still. `until`: when they will probably go on, for what is shown as due meanwhile."""
    handoff = session.get_one(Handoff, handoff_id)
    calendar = _calendar(session, handoff, now)
    for clock in _running(session, handoff_id):
        clock.spent_seconds = spent(clock, calendar, now).total_seconds()
        clock.running_since, clock.next_at = None, None
        if clock.breached_at is None:
            clock.due_at = _when(clock, calendar, 1.0, max(until or now, now)) or clock.due_at


def resume(session: Session, handoff_id: int, now: datetime) -> None:
    """Let clocks that were paused go on with the time that they had left."""
    handoff = session.get_one(Handoff, handoff_id)
    calendar = _calendar(session, handoff, now)
    for clock in _running(session, handoff_id):
        if clock.running_since is None and (not clock.working or handoff.rep_id is not None):
            clock.running_since = now
            schedule(clock, calendar)


def reopen(session: Session, handoff_id: int, stopped_at: datetime, now: datetime) -> None:
    """The decision that stopped them at `stopped_at` is undone: they run as if it had never been made."""
    handoff = session.get_one(Handoff, handoff_id)
    calendar = _calendar(session, handoff, now)
    stopped = select(SlaClock).where(SlaClock.handoff_id == handoff_id, SlaClock.stopped_at == stopped_at)
    for clock in session.scalars(stopped.order_by(SlaClock.id).with_for_update()):
        clock.stopped_at = clock.outcome = clock.worked_seconds = None
        # What was put aside was taken up again by that decision: nothing else would ever set it going.
        clock.running_since = clock.running_since or stopped_at
        schedule(clock, calendar)


def retime(session: Session, rep_id: int, now: datetime) -> int:
    """The rep's calendar has changed: reckon anew when their running clocks are due. Returns how many there are.

    A sweep that comes before this takes no step too early: it asks the calendar itself.
    """
    theirs = session.scalars(
        select(SlaClock)
        .join(Handoff, Handoff.id == SlaClock.handoff_id)
        .where(Handoff.rep_id == rep_id, Handoff.status.in_(LIVE))
        .where(SlaClock.working, SlaClock.stopped_at.is_(None), SlaClock.running_since.is_not(None))
        .order_by(SlaClock.id)
        .with_for_update(of=SlaClock)
    ).all()
    known = calendars(session, [rep_id], now) if theirs else {}
    for clock in theirs:
        schedule(clock, known[rep_id])
    return len(theirs)


def spent(clock: SlaClock, calendar: Calendar, now: datetime) -> timedelta:
    """How much of the clock's own time has gone."""
    before = timedelta(seconds=clock.spent_seconds)
    if clock.running_since is None:
        return before
    if not clock.working:
        return before + (now - clock.running_since)
    return before + elapsed(calendar, clock.running_since, now)


def schedule(clock: SlaClock, calendar: Calendar) -> None:
    """Set when a running clock is due, and when it has to be looked at next. Who is never at work gets wall time."""
    assert clock.running_since is not None  # noqa: S101  (a clock that stands still is never due)
    due_at = _when(clock, calendar, 1.0, clock.running_since)
    if due_at is None:
        clock.working = False
        due_at = clock.running_since + timedelta(seconds=clock.target_seconds - clock.spent_seconds)
    if clock.breached_at is None:
        clock.due_at = due_at
    steps = steps_from_json(clock.steps)
    clock.next_at = None
    if clock.taken < len(steps):
        clock.next_at = _when(clock, calendar, steps[clock.taken].share, clock.running_since)


def _when(clock: SlaClock, calendar: Calendar, share: float, since: datetime) -> datetime | None:
    """When the share of the target has gone if it runs from `since`; None: never."""
    left = timedelta(seconds=clock.target_seconds) * share - timedelta(seconds=clock.spent_seconds)
    return after(calendar, since, left) if clock.working else since + max(left, timedelta(0))


def _running(session: Session, handoff_id: int) -> Sequence[SlaClock]:
    """The clocks that have not been stopped, locked. They run, or stand still."""
    return session.scalars(
        select(SlaClock)
        .where(SlaClock.handoff_id == handoff_id, SlaClock.stopped_at.is_(None))
        .order_by(SlaClock.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()


def _calendar(session: Session, handoff: Handoff, now: datetime) -> Calendar:
    if handoff.rep_id is None:
        return ALWAYS
    return calendars(session, [handoff.rep_id], now)[handoff.rep_id]
