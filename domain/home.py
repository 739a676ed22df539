"""What App Home shows a person of their work, their team and the installation, as plain values."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from domain import notices
from domain.my_deals import DealsHome, deals_home
from domain.own_settings import OwnView, own_view
from domain.proposals import ProposalsHome, proposals_home
from domain.rules.deadlines import ClockKind
from domain.rules.lifecycle import HandoffStatus
from domain.rules.preferences import start_of_day
from domain.stats.alerts import AlertCount, alerts
from domain.stats.board import Board, board
from domain.stats.satisfaction import Satisfaction, newest
from domain.tables import (
    Absence,
    ClockOutcome,
    Handoff,
    Happened,
    LeadEvent,
    Notice,
    Pool,
    PoolMember,
    Rep,
    Role,
    SlaClock,
)
from domain.tables.notices import WAITS

SELLERS = frozenset({Role.SDR, Role.AE})
ALERTS_SINCE = timedelta(days=30)
SHOWN_AWAY = 50


@dataclass(frozen=True, slots=True)
class Week:
    """What one did since Monday. `in_time` of `due`: the first contacts whose time was up, or that were made."""

    accepted: int
    contacted: int
    qualified: int
    in_time: int
    due: int


@dataclass(frozen=True, slots=True)
class Away:
    """`until` None: they have paused, nobody knows until when."""

    name: str
    until: datetime | None


@dataclass(frozen=True, slots=True)
class CheckView:
    """Something that is wrong with the installation, in sentences."""

    failed: bool
    found: str
    advice: str | None


@dataclass(frozen=True, slots=True)
class Team:
    """For who manages a pool."""

    away: Sequence[Away]
    alerts: Sequence[AlertCount]


@dataclass(frozen=True, slots=True)
class Nurture:
    """For marketing: what waits for sales, and the MELs."""

    waiting: int
    oldest: datetime | None
    mels: int
    near: int
    reviewed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Home:
    own: OwnView
    board: Board
    week: Week | None
    """None: no leads are offered to them."""
    held: int
    """What waits for their digest."""
    checks: Sequence[CheckView]
    """The worst first. Who sees them in whole is the admin; a manager sees how many there are."""
    admin: bool
    team: Team | None
    nurture: Nurture | None
    proposals: ProposalsHome | None = None
    """For who decides about models."""
    pulse: tuple[str, Satisfaction] | None = None
    """How content sales was in the newest month that was asked about: for managers and marketing."""
    deals: DealsHome = DealsHome()  # noqa: RUF009  (it is frozen)


def home_of(session: Session, rep: Rep, now: datetime) -> Home:
    seen = board(session, rep, now)
    return Home(
        own=own_view(session, rep, now),
        board=seen,
        week=week_of(session, rep, now) if rep.role in SELLERS else None,
        held=session.scalar(select(func.count()).where(Notice.rep_id == rep.id, WAITS)) or 0,
        checks=[
            CheckView(one.state == notices.FAILED, one.found, one.advice) for one in notices.checks_to_mend(session)
        ],
        admin=rep.admin,
        team=None if seen.team is None else Team(_away(session, rep, now), alerts(session, now - ALERTS_SINCE, now)),
        nurture=_nurture(session) if rep.role is Role.MARKETING else None,
        deals=deals_home(session, rep, now),
        proposals=proposals_home(session) if rep.admin or rep.role is Role.MANAGER else None,
        pulse=newest(session) if rep.role in {Role.MANAGER, Role.MARKETING} else None,
    )


def week_of(session: Session, rep: Rep, now: datetime) -> Week:
    """Since Monday, of the person's own time zone."""
    today = start_of_day(ZoneInfo(rep.time_zone), now)
    since = today - timedelta(days=today.weekday())
    accepted, contacted, qualified = session.execute(
        select(
            func.count().filter(Handoff.accepted_at >= since),
            func.count().filter(Handoff.contacted_at >= since),
            func.count().filter(Handoff.qualified_at >= since),
        ).where(Handoff.rep_id == rep.id)
    ).one()
    over = or_(SlaClock.stopped_at >= since, and_(SlaClock.stopped_at.is_(None), SlaClock.breached_at >= since))
    in_time, due = session.execute(
        select(func.count().filter(SlaClock.outcome == ClockOutcome.MET), func.count())
        .join(Handoff, Handoff.id == SlaClock.handoff_id)
        .where(
            Handoff.rep_id == rep.id,
            SlaClock.kind == ClockKind.FIRST_CONTACT,
            over,
            SlaClock.outcome.is_distinct_from(ClockOutcome.CANCELLED),
        )
    ).one()
    return Week(accepted, contacted, qualified, in_time, due)


def _away(session: Session, rep: Rep, now: datetime) -> list[Away]:
    """Who of one's pools is on leave or has paused, by name."""
    running = and_(
        Absence.rep_id == Rep.id,
        Absence.since <= now,
        Absence.ended_at.is_(None),
        Absence.cancelled_at.is_(None),
    )
    mine = select(PoolMember.rep_id).join(Pool, Pool.id == PoolMember.pool_id).where(Pool.manager_id == rep.id)
    rows = session.execute(
        select(Rep.name, func.max(Absence.until))
        .outerjoin(Absence, running)
        .where(Rep.id.in_(mine), Rep.active, or_(Absence.id.is_not(None), ~Rep.available))
        .group_by(Rep.id)
        .order_by(Rep.name, Rep.id)
        .limit(SHOWN_AWAY)
    )
    return [Away(name, until) for name, until in rows]


def _nurture(session: Session) -> Nurture:
    waiting, oldest = session.execute(
        select(func.count(), func.min(Handoff.opened_at)).where(Handoff.status == HandoffStatus.OPEN)
    ).one()
    mels, near = notices.mels_of(session)
    reviewed_at = session.scalars(
        select(LeadEvent.at).where(LeadEvent.kind == Happened.LEADS_REVIEWED).order_by(LeadEvent.at.desc()).limit(1)
    ).first()
    return Nurture(waiting, oldest, mels, near, reviewed_at)
