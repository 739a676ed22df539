"""When a rep works, who is away, and who covers whom. It only reads; `domain/verbs/absences.py` writes."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.rules.calendars import ALWAYS, Block, Calendar
from domain.rules.public_holidays import holidays_of
from domain.tables import Absence, Rep

LOOK_BACK = timedelta(days=400)
"""How far back absences are known: no clock has run for longer."""


def calendar_of(rep: Rep, absences: Sequence[Absence] = ()) -> Calendar:
    """The rep's calendar, with their absences. Who has no hours is always at work, but for holidays and absences."""
    week = hours_of(rep)
    return Calendar(
        ZoneInfo(rep.time_zone),
        ALWAYS.week if week is None else week,
        holidays_of(rep.holidays) if rep.holidays else frozenset(),
        [(absence.since, absence.until) for absence in absences if absence.cancelled_at is None],
    )


def hours_of(rep: Rep) -> dict[int, list[Block]] | None:
    """None: nobody said, so always."""
    if rep.hours is None:
        return None
    return {int(day): [(int(begin), int(end)) for begin, end in blocks] for day, blocks in rep.hours.items()}


def calendars(session: Session, rep_ids: Collection[int], now: datetime) -> dict[int, Calendar]:
    """The calendars of these reps, with their absences of the last LOOK_BACK and all that are to come."""
    reps = session.scalars(select(Rep).where(Rep.id.in_(rep_ids))).all()
    away: dict[int, list[Absence]] = {rep.id: [] for rep in reps}
    for absence in session.scalars(
        select(Absence).where(
            Absence.rep_id.in_(rep_ids), Absence.until > now - LOOK_BACK, Absence.cancelled_at.is_(None)
        )
    ):
        away[absence.rep_id].append(absence)
    return {rep.id: calendar_of(rep, away[rep.id]) for rep in reps}


def away_now(session: Session, rep_ids: Collection[int], now: datetime) -> dict[int, Absence]:
    """Which of these reps are on leave, and with which absence. Who has paused (`Rep.available`) is not among them.

    One is on leave until the clock has brought one back to where the others of the rotation are by then: a lead in
    the second between would be the first of a run.
    """
    running = session.scalars(
        select(Absence)
        .where(
            Absence.rep_id.in_(rep_ids),
            Absence.since <= now,
            Absence.ended_at.is_(None),
            Absence.cancelled_at.is_(None),
        )
        .order_by(Absence.until)
    )
    return {absence.rep_id: absence for absence in running}


def covers(session: Session, rep_id: int, now: datetime) -> set[int]:
    """Whom this rep covers now, by rep id."""
    return set(
        session.scalars(
            select(Absence.rep_id).where(
                Absence.cover_id == rep_id, Absence.since <= now, Absence.until > now, Absence.cancelled_at.is_(None)
            )
        )
    )
