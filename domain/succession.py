"""What became of a handoff that has ended, and who could have its lead instead."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from domain.availability import away_now
from domain.rules.lifecycle import LIVE, HandoffStatus, Stage
from domain.tables import Handoff, Lead, Pool, PoolMember, Rep

UNDONE, MERGED = "undone", "merged"
"""Why an offer is taken back: the rejection before it is; another lead of the same person is further."""

CLAIMED = "claimed"
"""Why an offer has ended that its rep had left too long: a colleague took it."""

came_to_nothing = (Handoff.status == HandoffStatus.WITHDRAWN) & func.coalesce(Handoff.reason, "").in_([UNDONE, MERGED])
"""An offer that was taken back as if it had never been made. Though it may be the newest, it says nothing of its lead."""

newest_first = (Handoff.status.in_(LIVE).desc(), came_to_nothing, Handoff.cycle.desc())
"""The order of a lead's handoffs in which the one that says where the lead stands comes first: the live one, else the last."""


def ran_out(status: HandoffStatus, reason: str | None) -> bool:
    """Whether the lead went to somebody else because nobody had acted in time: handed on by the clock, or taken by a colleague."""
    return status is HandoffStatus.EXPIRED or (status is HandoffStatus.WITHDRAWN and reason == CLAIMED)


def present_handoff(session: Session, lead_id: int) -> Handoff | None:
    """The handoff that says where the lead stands, or stood last."""
    return session.scalars(select(Handoff).where(Handoff.lead_id == lead_id).order_by(*newest_first).limit(1)).first()


def rep_of_next(session: Session, handoff: Handoff) -> int | None:
    """To whom the lead was offered after this handoff had ended."""
    if handoff.status in LIVE:
        return None
    return session.scalar(
        select(Handoff.rep_id)
        .where(Handoff.lead_id == handoff.lead_id, Handoff.cycle > handoff.cycle, ~came_to_nothing)
        # What a merge has brought may be older.
        .where(Handoff.opened_at >= handoff.opened_at)
        .order_by(Handoff.cycle)
        .limit(1)
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
