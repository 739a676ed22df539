"""The daily loop: what came into a manager's pools on their last working day, what sales said, what was missed, what waits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain.rules import feedback as rules
from domain.rules.lifecycle import LIVE, HandoffStatus
from domain.rules.tiers import Tier
from domain.stats.scope import missed
from domain.tables import Handoff, Happened, LeadEvent, Pool, Rep, SlaClock

UNDECIDED = (HandoffStatus.OPEN, HandoffStatus.OFFERED)
WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Volume:
    """Leads of one tier on the day, and on the same weekday of the four weeks before; `before` is empty while nobody knows."""

    count: int
    before: Sequence[int]

    @property
    def usual(self) -> float | None:
        return rules.usual(self.before)

    @property
    def unusual(self) -> int:
        return rules.unusual(self.count, self.before)


@dataclass(frozen=True, slots=True)
class Miss:
    """A deadline that passed on the day. `rep_id` None: it was nobody's."""

    rep_id: int | None
    clock: str
    handoff_id: int


@dataclass(frozen=True, slots=True)
class PoolDay:
    """`accepted`, `refused`, `undecided`: offers of the leads that came on the day. The rest is as of when it was looked at."""

    pool_id: int
    mql: Volume
    hql: Volume
    accepted: int
    refused: int
    undecided: int
    misses: Sequence[Miss]
    with_nobody: int
    offered: int
    oldest: datetime | None
    overdue: int

    @property
    def quiet(self) -> bool:
        """Nothing came, nothing was missed, nothing waits, and none of that is odd."""
        said = (self.mql.count, self.hql.count, len(self.misses), self.with_nobody, self.offered, self.overdue)
        return not any(said) and not (self.mql.unusual or self.hql.unusual)


@dataclass(frozen=True, slots=True)
class Day:
    day: date
    pools: Sequence[PoolDay]

    @property
    def quiet(self) -> bool:
        return all(pool.quiet for pool in self.pools)

    @property
    def misses(self) -> Sequence[Miss]:
        return [miss for pool in self.pools for miss in pool.misses]


def day_of(session: Session, manager: Rep, day: date, now: datetime) -> Day:
    """The pools that `manager` looks after, by name. Days are those of their time zone."""
    zone = ZoneInfo(manager.time_zone)
    pools = session.scalars(select(Pool.id).where(Pool.manager_id == manager.id).order_by(Pool.name)).all()
    if not pools:
        return Day(day, [])
    came, said = _came(session, pools, day, zone), _said(session, pools, day, zone)
    misses, waits = _misses(session, pools, day, zone), _waits(session, pools, now)
    overdue = _overdue(session, pools, now)
    known = _known_since(session, day, zone)
    return Day(
        day,
        [
            PoolDay(
                pool_id,
                _volume(came, pool_id, day, hql=False, known=known),
                _volume(came, pool_id, day, hql=True, known=known),
                *said.get(pool_id, (0, 0, 0)),
                misses.get(pool_id, []),
                *waits.get(pool_id, (0, 0, None)),
                overdue.get(pool_id, 0),
            )
            for pool_id in pools
        ],
    )


_Came = Mapping[tuple[int, date, bool], int]


def _came(session: Session, pools: Sequence[int], day: date, zone: ZoneInfo) -> _Came:
    """Leads by pool, day and whether they are HQLs, of the day and the weeks before. One that was offered twice is one."""
    since, _ = rules.day_bounds(day - rules.USUAL_WEEKS * WEEK, zone)
    there = func.date(func.timezone(zone.key, Handoff.became_at))
    one = (
        select(Handoff.pool_id, there.label("day"), func.bool_or(Handoff.tier == Tier.HQL).label("hql"))
        .where(Handoff.became_at >= since, Handoff.became_at < rules.day_bounds(day, zone)[1])
        .where(Handoff.pool_id.in_(pools))
        .group_by(Handoff.pool_id, there, Handoff.lead_id)
        .subquery()
    )
    rows = session.execute(select(one.c.pool_id, one.c.day, one.c.hql, func.count()).group_by(*one.c))
    return {(pool_id, on, hql): count for pool_id, on, hql, count in rows}


def _known_since(session: Session, day: date, zone: ZoneInfo) -> bool:
    """Whether leads were handed over before the weeks that the day is held against."""
    since, _ = rules.day_bounds(day - rules.USUAL_WEEKS * WEEK + rules.DAY, zone)
    first = session.scalar(select(func.min(Handoff.became_at)))
    return first is not None and first < since


def _volume(came: _Came, pool_id: int, day: date, *, hql: bool, known: bool) -> Volume:
    before = [came.get((pool_id, day - weeks * WEEK, hql), 0) for weeks in range(rules.USUAL_WEEKS, 0, -1)]
    return Volume(came.get((pool_id, day, hql), 0), before if known else [])


def _said(session: Session, pools: Sequence[int], day: date, zone: ZoneInfo) -> dict[int, tuple[int, int, int]]:
    since, until = rules.day_bounds(day, zone)
    rows = session.execute(
        select(
            Handoff.pool_id,
            func.count(Handoff.accepted_at),
            func.count().filter(Handoff.rejected_at.is_not(None), Handoff.accepted_at.is_(None)),
            func.count().filter(Handoff.status.in_(UNDECIDED)),
        )
        .where(Handoff.became_at >= since, Handoff.became_at < until, Handoff.pool_id.in_(pools))
        .group_by(Handoff.pool_id)
    )
    return {pool_id or 0: (accepted, refused, undecided) for pool_id, accepted, refused, undecided in rows}


def _misses(session: Session, pools: Sequence[int], day: date, zone: ZoneInfo) -> dict[int, list[Miss]]:
    """The deadlines that were seen to pass on the day, by pool."""
    since, until = rules.day_bounds(day, zone)
    rows = session.execute(
        select(Handoff.pool_id, Handoff.rep_id, LeadEvent.data["clock"].astext, Handoff.id)
        .join(Handoff, Handoff.id == LeadEvent.handoff_id)
        .where(LeadEvent.kind == Happened.HANDOFF_BREACHED, LeadEvent.at >= since, LeadEvent.at < until)
        .where(Handoff.pool_id.in_(pools))
        .order_by(LeadEvent.id)
    )
    found: dict[int, list[Miss]] = {}
    for pool_id, rep_id, clock, handoff_id in rows:
        found.setdefault(pool_id or 0, []).append(Miss(rep_id, clock, handoff_id))
    return found


def _waits(session: Session, pools: Sequence[int], now: datetime) -> dict[int, tuple[int, int, datetime | None]]:
    """What nobody has decided on now, by pool: with nobody, offered, and since when the oldest of both."""
    rows = session.execute(
        select(
            Handoff.pool_id,
            func.count().filter(Handoff.status == HandoffStatus.OPEN),
            func.count().filter(Handoff.status == HandoffStatus.OFFERED),
            func.min(Handoff.became_at),
        )
        .where(Handoff.pool_id.in_(pools), Handoff.status.in_(UNDECIDED), Handoff.became_at <= now)
        .group_by(Handoff.pool_id)
    )
    return {pool_id or 0: (nobody, offered, oldest) for pool_id, nobody, offered, oldest in rows}


def _overdue(session: Session, pools: Sequence[int], now: datetime) -> dict[int, int]:
    """Live leads with a deadline that has passed, by pool."""
    rows = session.execute(
        select(Handoff.pool_id, func.count(Handoff.id.distinct()))
        .join(SlaClock, SlaClock.handoff_id == Handoff.id)
        .where(Handoff.pool_id.in_(pools), Handoff.status.in_(LIVE), SlaClock.stopped_at.is_(None), missed(now))
        .group_by(Handoff.pool_id)
    )
    return {pool_id or 0: count for pool_id, count in rows}
