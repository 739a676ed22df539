"""What became of a handoff that has ended, and who could have its lead instead."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from domain.availability import away_now
from domain.rules.lifecycle import LIVE, Stage
from domain.tables import Handoff, Lead, Pool, PoolMember, Rep


def rep_of_next(session: Session, handoff: Handoff) -> int | None:
    """To whom the lead was offered after this handoff had ended."""
    if handoff.status in LIVE:
        return None
    return session.scalar(
        select(Handoff.rep_id).where(Handoff.lead_id == handoff.lead_id, Handoff.cycle == handoff.cycle + 1)
    )


def detail_of(session: Session, handoff: Handoff) -> str | None:
    """What its rejection said besides the reason. Of a duplicate that is the address of the other lead, whose id is kept."""
    if handoff.detail is None or not handoff.detail.isdecimal():
        return handoff.detail
    return session.scalar(select(Lead.email).where(Lead.id == int(handoff.detail), Lead.stage != Stage.ERASED))


def others_for(session: Session, handoff: Handoff, now: datetime) -> Sequence[Rep]:
    """To whom the handoff's lead could be given instead: who sells the same, is in Slack and not away; its own pool first."""
    role = select(Pool.role).where(Pool.id == handoff.pool_id).scalar_subquery()
    in_pool = exists().where(PoolMember.rep_id == Rep.id, PoolMember.pool_id == handoff.pool_id)
    reps = session.scalars(
        select(Rep)
        .where(Rep.active, Rep.available, Rep.slack_user_id.is_not(None), Rep.role == role)
        .where(Rep.id != func.coalesce(handoff.rep_id, 0))
        .order_by(in_pool.desc(), Rep.name, Rep.id)
    ).all()
    away = away_now(session, [rep.id for rep in reps], now)
    return [rep for rep in reps if rep.id not in away]
