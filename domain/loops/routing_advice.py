"""Where routing could be better: pools that miss more or carry more than others, reps at their limit, territories that overflow."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from statistics import median

from sqlalchemy import BigInteger, func, select
from sqlalchemy.orm import Session

from domain.candidates import loads
from domain.rules.deadlines import ClockKind
from domain.rules.periods import Period
from domain.rules.standing_out import ENOUGH, Beside, stand_out
from domain.stats.scope import missed
from domain.tables import ClockOutcome, Handoff, Pool, PoolMember, Rep, Role, SlaClock

FAR_MORE = 1.5
"""A pool carries far more than the others if each of its people gets so many times the others' median."""
OFTEN = 0.25
"""A territory sends too much away if so large a part of its leads goes to the overflow pool."""


class About(StrEnum):
    MISSES = "misses"
    LOAD = "load"
    LIMIT = "limit"
    OVERFLOW = "overflow"


@dataclass(frozen=True, slots=True)
class Advice:
    """What the numbers are, by `about`. misses: `hit` of `of` first contacts were late, `rest_hit` of `rest_of` elsewhere. load: `of`
    leads for `hit` people, and the others' median a head is `rest`. limit: the rep has `hit` of at most `of`. overflow: `hit` of
    the `of` leads of this pool's territory went elsewhere.
    """

    about: About
    pool_id: int | None
    rep_id: int | None
    territory: str | None
    hit: int
    of: int
    rest_hit: int = 0
    rest_of: int = 0
    rest: float = 0.0


def advice_of(session: Session, period: Period, now: datetime) -> Sequence[Advice]:
    return [
        *_misses(session, period, now),
        *_loads(session, period),
        *_limits(session, now),
        *_overflows(session, period),
    ]


def _misses(session: Session, period: Period, now: datetime) -> Iterator[Advice]:
    late = missed(now)
    rows = session.execute(
        select(Handoff.pool_id, func.count().filter(late), func.count())
        .join(SlaClock, SlaClock.handoff_id == Handoff.id)
        .where(Handoff.became_at >= period.since, Handoff.became_at < period.until, Handoff.pool_id.is_not(None))
        .where(SlaClock.kind == ClockKind.FIRST_CONTACT, SlaClock.started_at >= period.since)
        .where(late | (SlaClock.outcome == ClockOutcome.MET))
        .group_by(Handoff.pool_id)
        .order_by(Handoff.pool_id)
    ).all()
    all_late, all_due = sum(row[1] for row in rows), sum(row[2] for row in rows)
    pools = [
        Advice(About.MISSES, pool_id, None, None, hit, of, all_late - hit, all_due - of) for pool_id, hit, of in rows
    ]
    yield from stand_out(pools, lambda one: Beside(one.hit, one.of, one.rest_hit, one.rest_of))


def _loads(session: Session, period: Period) -> Iterator[Advice]:
    """Pools of the same role are held against each other."""
    people = (
        select(PoolMember.pool_id, func.count().label("people"))
        .join(Rep, Rep.id == PoolMember.rep_id)
        .where(Rep.active)
        .group_by(PoolMember.pool_id)
        .subquery()
    )
    rows = session.execute(
        select(Pool.id, Pool.role, people.c.people, func.count(Handoff.lead_id.distinct()))
        .join(people, people.c.pool_id == Pool.id)
        .outerjoin(
            Handoff,
            (Handoff.pool_id == Pool.id) & (Handoff.became_at >= period.since) & (Handoff.became_at < period.until),
        )
        .group_by(Pool.id, Pool.role, people.c.people)
        .order_by(Pool.id)
    ).all()
    for pool_id, role, many, leads in rows:
        rest = [one[3] / one[2] for one in rows if one[1] is role and one[0] != pool_id]
        usual = median(rest) if rest else 0.0
        if rest and leads / many > FAR_MORE * usual and leads - usual * many >= ENOUGH:
            yield Advice(About.LOAD, pool_id, None, None, many, leads, rest=usual)


def _limits(session: Session, now: datetime) -> Iterator[Advice]:
    limited = session.scalars(
        select(Rep)
        .where(Rep.active, Rep.available, Rep.most_open.is_not(None), Rep.role.in_([Role.SDR, Role.AE]))
        .order_by(Rep.id)
    ).all()
    have = loads(session, limited, now)
    for rep in limited:
        if rep.most_open is not None and have[rep.id].open >= rep.most_open:
            yield Advice(About.LIMIT, None, rep.id, None, have[rep.id].open, rep.most_open)


def _overflows(session: Session, period: Period) -> Iterator[Advice]:
    """Leads whose territory's own pool could not be asked. What a person gave to somebody has no rule of the rotation."""
    home = Handoff.trace["home"].astext.cast(BigInteger)
    name = func.coalesce(Handoff.trace["territory_name"].astext, Handoff.trace["territory"].astext)
    away = Handoff.trace["rule"].astext == "overflow"
    rows = session.execute(
        select(home, name, func.count().filter(away), func.count())
        .where(Handoff.became_at >= period.since, Handoff.became_at < period.until)
        .where(Handoff.trace["home"].astext.is_not(None))
        .group_by(home, name)
        .order_by(home, name)
    )
    for pool_id, territory, gone, of in rows:
        if of >= ENOUGH and gone / of >= OFTEN:
            yield Advice(About.OVERFLOW, pool_id, None, territory, gone, of)
