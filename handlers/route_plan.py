"""A `reps.toml` as rules that can be played through without being in force."""

from collections.abc import Mapping, Sequence
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.routing_replay import Plan, PlannedPool, Seller
from domain.rules.calendars import ALWAYS, Calendar, Interval
from domain.rules.public_holidays import holidays_of
from domain.rules.routing import Territory
from domain.tables import Rep, Role
from domain.verbs.staffing import Settings
from handlers.staff_file import RepEntry, StaffFile


def plan_of(session: Session, entries: StaffFile, away: Mapping[int, Sequence[Interval]]) -> Plan:
    """Who is not known yet has an id below 0, is never away, and counts as somebody who can be asked."""
    emails = [rep.key for rep in entries.reps]
    known = {rep.email: rep for rep in session.scalars(select(Rep).where(Rep.email.in_(emails)))}
    ids = {email: known[email].id if email in known else -place for place, email in enumerate(emails, start=1)}
    sellers = {
        ids[rep.key]: _seller(entries, rep, ids[rep.key], known.get(rep.key), away.get(ids[rep.key], ()))
        for rep in entries.reps
    }
    places = {pool.name: place for place, pool in enumerate(entries.pools)}
    pools = [
        PlannedPool(
            pool.name,
            {ids[email.casefold()]: weight for email, weight in pool.members.items()},
            places[pool.overflow] if pool.overflow else None,
        )
        for pool in entries.pools
    ]
    return Plan(sellers, pools, {role: _territories(entries, role, places) for role in (Role.SDR, Role.AE)})


def _seller(entries: StaffFile, entry: RepEntry, rep_id: int, rep: Rep | None, away: Sequence[Interval]) -> Seller:
    settings = entries.settings(entry)
    return Seller(
        rep_id=rep_id,
        name=entry.name,
        calendar=_calendar(settings, away),
        away=away,
        reachable=rep is None or rep.slack_user_id is not None,
        most_open=settings.most_open,
        most_a_day=settings.most_a_day,
    )


def _calendar(settings: Settings, away: Sequence[Interval]) -> Calendar:
    return Calendar(
        ZoneInfo(settings.time_zone),
        ALWAYS.week if settings.hours is None else settings.hours,
        holidays_of(settings.holidays) if settings.holidays else frozenset(),
        away,
    )


def _territories(entries: StaffFile, role: Role, places: Mapping[str, int]) -> list[Territory]:
    """Who fits none goes to the first pool of the role, as when the file is imported."""
    theirs = [pool.name for pool in entries.pools if pool.role is role]
    rules = [Territory(places[one.pool], one.when) for one in entries.territories if one.pool in theirs]
    return [*rules, *(Territory(places[name], {}) for name in theirs[:1])]
