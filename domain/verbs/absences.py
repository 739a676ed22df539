"""Reps go on leave and come back: who is away from when to when, and who covers. What ends is caught up with, once."""

from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from domain.rules.refusals import AbsenceOverlaps, BadAbsence, NotFound
from domain.tables import Absence, Happened, Rep
from domain.verbs import staffing
from domain.verbs.clocks import retime
from domain.verbs.record import happened

LONGEST = timedelta(days=366)


def set_absence(
    session: Session, rep: Rep, since: datetime, until: datetime, cover: Rep | None, by: Rep | None, now: datetime
) -> Absence:
    """The rep is away from `since` until `until`; what began already counts from now. `by` None: the operator.

    Raises BadAbsence, and AbsenceOverlaps if the rep is away then already.
    """
    # Two absences that are set at the same moment must see each other.
    session.execute(select(Rep.id).where(Rep.id == rep.id).with_for_update(key_share=True))
    since = max(since, now)
    _check(session, rep, since, until, cover)
    absence = Absence(
        rep_id=rep.id,
        since=since,
        until=until,
        cover_id=cover.id if cover else None,
        created_at=now,
        created_by=by.id if by else None,
    )
    session.add(absence)
    session.flush()
    happened(session, Happened.ABSENCE_SET, now, rep_id=rep.id, absence=absence.id, by=absence.created_by)
    if since == now:
        _begin(session, absence, rep, now)
    retime(session, rep.id, now)
    return absence


def _check(session: Session, rep: Rep, since: datetime, until: datetime, cover: Rep | None) -> None:
    if until <= since:
        raise BadAbsence(why="backward")
    if until - since > LONGEST:
        raise BadAbsence(why="long")
    if earlier := _absence_between(session, rep.id, since, until):
        raise AbsenceOverlaps(since=earlier.since.isoformat(), until=earlier.until.isoformat())
    if cover is None:
        return
    if cover.id == rep.id:
        raise BadAbsence(why="own_cover")
    if not cover.active:
        raise BadAbsence(why="cover_left")
    if _absence_between(session, cover.id, since, until):
        raise BadAbsence(why="cover_away")


def _absence_between(session: Session, rep_id: int, since: datetime, until: datetime) -> Absence | None:
    return session.scalars(
        select(Absence)
        .where(Absence.rep_id == rep_id, Absence.cancelled_at.is_(None), Absence.since < until, Absence.until > since)
        .order_by(Absence.since)
        .limit(1)
    ).first()


def cancel_absence(session: Session, absence_id: int, rep: Rep, now: datetime) -> Absence:
    """The rep stays, or is back before the time. Raises NotFound for what is over, or somebody else's."""
    absence = session.scalars(
        select(Absence)
        .where(
            Absence.id == absence_id,
            Absence.rep_id == rep.id,
            Absence.cancelled_at.is_(None),
            Absence.ended_at.is_(None),
        )
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if absence is None:
        raise NotFound(what="absence")
    happened(session, Happened.ABSENCE_CANCELLED, now, rep_id=rep.id, absence=absence.id)
    if absence.began_at is None and absence.since > now:
        absence.cancelled_at = now
        retime(session, rep.id, now)
        return absence
    # The time that they were away stays what it was: no clock of theirs ran in it.
    absence.began_at, absence.until = absence.began_at or now, min(absence.until, now)
    session.flush()
    # The clocks before the pools, as whoever decides on a lead locks them: else the two could wait for each other.
    retime(session, rep.id, now)
    _end(session, absence, rep, now)
    return absence


def back(session: Session, rep: Rep, now: datetime) -> None:
    """Whatever kept the rep away ends: the absence that runs, and the pause."""
    running = select(Absence.id).where(
        Absence.rep_id == rep.id, Absence.since <= now, Absence.ended_at.is_(None), Absence.cancelled_at.is_(None)
    )
    for absence_id in session.scalars(running).all():
        cancel_absence(session, absence_id, rep, now)
    staffing.come_back(session, rep.email, now)


def begin_and_end(session: Session, now: datetime, limit: int = 1) -> int:
    """Up to `limit` absences begin or end, as their time has come; says how many. Each does so once, however many clock
    processes ask: one that another holds is passed over. By default one at a time, since an end locks the rep's pools.
    """
    due = session.execute(
        select(Absence, Rep)
        .join(Rep, Rep.id == Absence.rep_id)
        .where(
            Absence.ended_at.is_(None),
            Absence.cancelled_at.is_(None),
            Absence.since <= now,
            or_(Absence.began_at.is_(None), Absence.until <= now),
        )
        .order_by(Absence.since, Absence.id)
        .limit(limit)
        .with_for_update(of=Absence, skip_locked=True)
        .execution_options(populate_existing=True)
    ).all()
    for absence, rep in due:
        if absence.began_at is None:
            _begin(session, absence, rep, now)
        if absence.until <= now:
            _end(session, absence, rep, now)
    return len(due)


def _begin(session: Session, absence: Absence, rep: Rep, now: datetime) -> None:
    """What is offered to them already stays theirs: the cover may take it, and the SLA's clock hands it on."""
    absence.began_at = now
    happened(session, Happened.REP_LEFT, now, rep_id=rep.id, absence=absence.id)


def _end(session: Session, absence: Absence, rep: Rep, now: datetime) -> None:
    absence.ended_at = now
    if rep.active and rep.available:
        staffing.catch_up(session, rep)
    happened(session, Happened.REP_RETURNED, now, rep_id=rep.id, absence=absence.id)
