"""The SLA board: which live leads are nearest to their deadline. One's own, and for managers those of their pools."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, true
from sqlalchemy.orm import Session, aliased

from domain.availability import calendars, covers
from domain.finding import name_of
from domain.rules.calendars import Calendar, elapsed
from domain.rules.deadlines import ClockKind
from domain.rules.lifecycle import LIVE, HandoffStatus
from domain.rules.tiers import Tier
from domain.tables import CardPlace, Handoff, Lead, Pool, Rep, SlaClock

READ = 200
"""How many leads of a part are read: those that are due first. More fit no screen."""


@dataclass(frozen=True, slots=True)
class BoardRow:
    """A lead that somebody works. Names are text from outside."""

    handoff_id: int
    version: int
    lead: str
    company: str | None
    tier: Tier
    score: int
    status: HandoffStatus
    rep_id: int | None
    rep: str | None
    """None: nobody could be asked yet."""
    place: str | None
    clock: ClockKind | None
    """Which deadline is the next one; None: no clock runs any more."""
    due_at: datetime | None
    late: bool
    left: float | None
    """The part of the clock's time that is left, in its own time; below 0: overdue by that part."""
    snoozed_until: datetime | None
    """Its clocks stand still until then."""
    channel: str | None = None
    ts: str | None = None
    """Where its card stands in Slack; None: nowhere yet."""
    link: str | None = None
    """Slack's link to the card, if anybody has asked for it."""


@dataclass(frozen=True, slots=True)
class BoardPart:
    """At risk first: what is most overdue, then what has the least part of its time left."""

    running: Sequence[BoardRow]
    snoozed: Sequence[BoardRow]
    unread: int = 0
    """How many there are besides, all due later than these."""


@dataclass(frozen=True, slots=True)
class Board:
    rep_id: int
    mine: BoardPart
    """With those of the reps whom one covers now."""
    team: BoardPart | None
    """The other leads of the pools that one manages; None: one manages none."""


def board(session: Session, rep: Rep, now: datetime) -> Board:
    """What `rep` has to look after now. At most eight queries, whatever there is."""
    mine = {rep.id, *covers(session, rep.id, now)}
    pools = session.scalars(select(Pool.id).where(Pool.manager_id == rep.id)).all()
    team = None
    if pools:
        others = or_(Handoff.rep_id.is_(None), Handoff.rep_id.not_in(mine))
        team = _part(session, and_(Handoff.pool_id.in_(pools), others), now)
    return Board(rep.id, _part(session, Handoff.rep_id.in_(mine), now), team)


def _part(session: Session, whose: ColumnElement[bool], now: datetime) -> BoardPart:
    found = session.execute(_live(whose)).all()
    at_work = {handoff.rep_id or 0 for handoff, _, _, clock, _, _ in found if clock is not None and clock.working}
    known = calendars(session, at_work, now) if at_work else {}
    rows = sorted(
        (
            _row(handoff, lead, rep, clock, place, known.get(handoff.rep_id or 0), now)
            for handoff, lead, rep, clock, place, _ in found
        ),
        key=_risk,
    )
    return BoardPart(
        [row for row in rows if row.snoozed_until is None],
        [row for row in rows if row.snoozed_until is not None],
        found[0][5] - len(found) if found else 0,
    )


def _live(whose: ColumnElement[bool]) -> Select[Handoff, Lead, str | None, SlaClock | None, CardPlace | None, int]:
    """The live handoffs, each with the deadline that comes next, soonest first."""
    running = (
        select(SlaClock)
        .where(SlaClock.handoff_id == Handoff.id, SlaClock.stopped_at.is_(None))
        .order_by(SlaClock.due_at)
        .limit(1)
        .lateral()
    )
    following = aliased(SlaClock, running)
    return (
        select(Handoff, Lead, Rep.name, following, CardPlace, func.count().over())
        .join(Lead, Lead.id == Handoff.lead_id)
        .outerjoin(Rep, Rep.id == Handoff.rep_id)
        .outerjoin(following, true())
        .outerjoin(CardPlace, CardPlace.handoff_id == Handoff.id)
        .where(whose, Handoff.status.in_(LIVE))
        .order_by(following.due_at.nulls_last(), Handoff.id)
        .limit(READ)
    )


def _row(
    handoff: Handoff,
    lead: Lead,
    rep: str | None,
    clock: SlaClock | None,
    place: CardPlace | None,
    calendar: Calendar | None,
    now: datetime,
) -> BoardRow:
    return BoardRow(
        handoff_id=handoff.id,
        version=handoff.version,
        lead=name_of(lead),
        company=lead.company_name,
        tier=handoff.tier,
        score=handoff.score,
        status=handoff.status,
        rep_id=handoff.rep_id,
        rep=rep,
        place=handoff.place,
        clock=clock.kind if clock else None,
        due_at=clock.due_at if clock else None,
        late=clock is not None and now > clock.due_at,
        left=_left(clock, calendar if clock.working else None, now) if clock else None,
        snoozed_until=handoff.snoozed_until,
        channel=place.channel if place else None,
        ts=place.ts if place else None,
        link=place.permalink if place else None,
    )


def _left(clock: SlaClock, calendar: Calendar | None, now: datetime) -> float:
    target = clock.target_seconds or (clock.due_at - clock.started_at).total_seconds() or 1.0
    if calendar is None:
        return (clock.due_at - now).total_seconds() / target
    late = now > clock.due_at
    between = elapsed(calendar, *((clock.due_at, now) if late else (now, clock.due_at)))
    return (-1 if late else 1) * between.total_seconds() / target


def _risk(row: BoardRow) -> tuple[bool, bool, float, int]:
    return (row.left is None, not row.late, row.left or 0.0, row.handoff_id)
