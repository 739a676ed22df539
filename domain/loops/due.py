"""Which loops are to be made now, and who is to be asked: every minute's question, over the few people who look after others."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from domain.availability import calendars
from domain.loops.kept import ALL, of_person, run_of, runs_of
from domain.rules import feedback as rules
from domain.rules.feedback import Loop
from domain.rules.periods import Period
from domain.rules.preferences import Alert, How, from_json, is_quiet
from domain.tables import Handoff, LoopRun, Notice, Pool, Pulse, Rep, Role
from domain.verbs.pulsing import decided_leads

SHARED_WITHIN = timedelta(days=7)
"""For so long a file follows the word about it, which may have waited for a digest."""


def managers_due(session: Session, minute: int, now: datetime) -> list[tuple[Rep, date]]:
    """The managers of pools whose day is to be told now, and which day that is."""
    managers = session.scalars(
        select(Rep)
        .where(Rep.active, Rep.slack_dm_id.is_not(None), Rep.id.in_(select(Pool.manager_id)))
        .order_by(Rep.id)
    ).all()
    known = calendars(session, [rep.id for rep in managers], now) if managers else {}
    due = [(rep, day) for rep in managers if (day := rules.daily_due(known[rep.id], minute, now)) is not None]
    made = runs_of(session, Loop.DAILY, {day.isoformat() for _, day in due}) if due else {}
    return [(rep, day) for rep, day in due if (day.isoformat(), of_person(rep.id)) not in made]


def readers(session: Session) -> list[Rep]:
    """Who hears of the week and the month: the managers and the people of marketing who are in Slack."""
    wanted = select(Rep).where(Rep.active, Rep.slack_dm_id.is_not(None), Rep.role.in_([Role.MANAGER, Role.MARKETING]))
    return list(session.scalars(wanted.order_by(Rep.id)))


def week_due(session: Session, zone: ZoneInfo, minute: int, now: datetime) -> str | None:
    """The week that is to be spoken of now and was not yet."""
    week = rules.weekly_due(zone, minute, now)
    return week if week and _not_made(session, Loop.WEEKLY, week, rules.week_of(week, zone)) else None


def month_due(session: Session, zone: ZoneInfo, minute: int, now: datetime) -> str | None:
    """The month that is to be spoken of now and was not yet."""
    month = rules.monthly_due(zone, minute, now)
    return month if month and _not_made(session, Loop.MONTHLY, month, rules.month_of(month, zone)) else None


def _not_made(session: Session, kind: Loop, name: str, period: Period) -> bool:
    """And there is something to speak of: before leads came there was no week."""
    if run_of(session, kind, name, ALL) is not None:
        return False
    return bool(session.scalar(select(exists().where(Handoff.became_at < period.until))))


def pulses_due(session: Session, minute: int, now: datetime) -> Iterator[tuple[Rep, str, int]]:
    """Who of sales is to be asked now: about which month, and on how many leads they decided in it."""
    sellers = session.scalars(
        select(Rep).where(Rep.active, Rep.slack_dm_id.is_not(None), Rep.role.in_([Role.SDR, Role.AE])).order_by(Rep.id)
    ).all()
    known = calendars(session, [rep.id for rep in sellers], now) if sellers else {}
    months: dict[tuple[str, ZoneInfo], list[Rep]] = {}
    for rep in sellers:
        wishes, calendar = from_json(rep.preferences), known[rep.id]
        month = rules.pulse_due(calendar, minute, now)
        if month and wishes.how_of(Alert.PULSE) is not How.OFF and not is_quiet(wishes, calendar, now):
            months.setdefault((month, calendar.zone), []).append(rep)
    for (month, zone), reps in months.items():
        yield from _askable(session, month, zone, reps)


def _askable(session: Session, month: str, zone: ZoneInfo, reps: list[Rep]) -> Iterator[tuple[Rep, str, int]]:
    asked = set(session.scalars(select(Pulse.rep_id).where(Pulse.period == month)))
    left = [rep for rep in reps if rep.id not in asked]
    decided = decided_leads(session, [rep.id for rep in left], rules.month_of(month, zone)) if left else {}
    for rep in left:
        if decided.get(rep.id, 0) >= rules.FEWEST_LEADS:
            yield rep, month, decided[rep.id]


def files_due(session: Session, now: datetime) -> list[tuple[LoopRun, Rep]]:
    """The monthly packs of which somebody was told by direct message, whose file they do not have yet."""
    told = session.execute(
        select(LoopRun, Rep)
        .join(Notice, Notice.data["run"].as_integer() == LoopRun.id)
        .join(Rep, Rep.id == Notice.rep_id)
        .where(Notice.kind == Alert.MONTHLY, Notice.at > now - SHARED_WITHIN, Notice.sent_at.is_not(None))
        .where(Rep.active, Rep.slack_dm_id.is_not(None))
    ).all()
    own = runs_of(session, Loop.MONTHLY, {run.period for run, _ in told}) if told else {}
    return [(run, rep) for run, rep in told if own.get((run.period, of_person(rep.id))) is None]
