"""Who of a pool is next, as it stands now: the rotation, who is passed over, and what each has on their desk."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from domain.candidates import Load, loads, verdicts
from domain.rules.refusals import NoSuchPool
from domain.stats import names
from domain.tables import Pool, PoolMember, Rep, Role
from domain.verbs.choosing import in_order, members_of

MOST = 50


@dataclass(frozen=True, slots=True)
class Desk:
    """A rep of the pool. `skipped`: the code of `routing.SKIPPED`; None for who may be asked. Names may be hostile text."""

    name: str
    weight: int
    load: Load
    most_open: int | None
    most_a_day: int | None
    skipped: str | None = None


@dataclass(frozen=True, slots=True)
class NextUp:
    pool: str
    turns: Sequence[Desk]
    """In the order in which they would be asked."""
    skipped: Sequence[Desk]
    overflow: str | None
    """Whose turn it is when nobody of this pool can be asked."""


def next_up(session: Session, pool: Pool, now: datetime) -> NextUp:
    places = members_of(session, [pool])[pool.id]
    reps = [rep for _, rep in places]
    codes, counted = verdicts(session, reps, now).codes, loads(session, reps, now)
    free = [(member, rep) for member, rep in places if rep.id not in codes]
    overflow = session.get(Pool, pool.overflow_id) if pool.overflow_id is not None else None
    return NextUp(
        pool.name,
        [_desk(member, rep, counted, None) for member, rep in in_order(free, MOST)],
        [_desk(member, rep, counted, codes[rep.id]) for member, rep in places if rep.id in codes],
        overflow.name if overflow else None,
    )


def _desk(member: PoolMember, rep: Rep, counted: Mapping[int, Load], skipped: str | None) -> Desk:
    return Desk(rep.name, member.weight, counted[rep.id], rep.most_open, rep.most_a_day, skipped)


def pool_named(session: Session, name: str) -> Pool:
    """However it is written; raises NoSuchPool, which names those there are."""
    found = names.pool_named(session, name)
    if found is None:
        raise NoSuchPool(pools=", ".join(pools_there_are(session)) or "none yet")
    return found


def pools_there_are(session: Session) -> Sequence[str]:
    return session.scalars(select(Pool.name).order_by(Pool.name).limit(MOST)).all()


def pools_of(session: Session, rep: Rep) -> Sequence[Pool]:
    """Those in which the rep is or which they manage; of a manager who has none, all."""
    member = select(PoolMember.pool_id).where(PoolMember.rep_id == rep.id)
    theirs = session.scalars(
        select(Pool).where(or_(Pool.id.in_(member), Pool.manager_id == rep.id)).order_by(Pool.name)
    ).all()
    if theirs or rep.role is not Role.MANAGER:
        return theirs
    return session.scalars(select(Pool).order_by(Pool.name)).all()
