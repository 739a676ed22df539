"""The SLA clocks: reminded, breached, stopped. Each step is taken by whoever holds the clock's row."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from domain.rules.deadlines import ClockKind
from domain.tables import ClockOutcome, Handoff, Happened, Lead, SlaClock
from domain.verbs.record import happened


def due_clocks(session: Session, now: datetime, limit: int) -> Sequence[SlaClock]:
    """Up to `limit` clocks that have to be looked at now, locked with their leads. What another clock process or a click
    holds is passed over: it is looked at with the next tick, so that the sweep waits for nobody and stands in nobody's way.
    """
    return session.scalars(
        select(SlaClock)
        .join(Handoff, Handoff.id == SlaClock.handoff_id)
        .join(Lead, Lead.id == Handoff.lead_id)
        .where(SlaClock.next_at <= now)
        .order_by(SlaClock.next_at)
        .limit(limit)
        .with_for_update(of=[SlaClock, Lead], skip_locked=True, key_share=True)
    ).all()


def step(session: Session, clock: SlaClock, now: datetime) -> None:
    """Take the clock's next step: the reminder if it is before the deadline, else the breach."""
    handoff = session.get_one(Handoff, clock.handoff_id)
    lead = session.get_one(Lead, handoff.lead_id)
    if now < clock.due_at:
        clock.reminded_at, clock.next_at = now, clock.due_at
        if handoff.rep_id is not None:
            happened(session, Happened.HANDOFF_REMINDED, now, lead=lead, handoff=handoff, clock=clock.kind.value)
        return
    clock.breached_at, clock.next_at = now, None
    happened(session, Happened.HANDOFF_BREACHED, now, lead=lead, handoff=handoff, clock=clock.kind.value)


def stop_clock(session: Session, handoff_id: int, kind: ClockKind, now: datetime, outcome: ClockOutcome) -> None:
    """Stop one clock. What was due before `now` is missed, whether or not the clock process has seen it yet."""
    clock = session.scalars(
        select(SlaClock).where(SlaClock.handoff_id == handoff_id, SlaClock.kind == kind).with_for_update()
    ).one()
    if clock.stopped_at is not None:
        return
    missed = outcome is ClockOutcome.MET and now > clock.due_at
    clock.stopped_at, clock.next_at, clock.outcome = now, None, ClockOutcome.MISSED if missed else outcome


def cancel_clocks(session: Session, handoff_id: int, now: datetime) -> None:
    """Stop what still runs when a handoff ends otherwise. A deadline that had passed stays missed."""
    running = (SlaClock.handoff_id == handoff_id, SlaClock.stopped_at.is_(None))
    session.execute(
        update(SlaClock)
        .where(*running, SlaClock.due_at < now)
        .values(stopped_at=now, next_at=None, outcome=ClockOutcome.MISSED)
    )
    session.execute(
        update(SlaClock).where(*running).values(stopped_at=now, next_at=None, outcome=ClockOutcome.CANCELLED)
    )
