"""Whose handoffs a number is about, and from when."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import Session

from domain.rules.periods import Period
from domain.tables import ClockOutcome, Handoff, Lead, SlaClock, TouchRow

ENOUGH_MEMORY = "32MB"
"""What sorting and grouping a quarter of a large record wants; the usual 4 MB would send it to the disk."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Everybody's, or a rep's or a pool's, or those of leads that a channel or a campaign had touched before they were handed
    over, of people of one persona, or that one version of the scoring model handed over.
    """

    rep_id: int | None = None
    channel: str | None = None
    campaign: str | None = None
    pool_id: int | None = None
    persona: str | None = None
    model_id: int | None = None


EVERYTHING = Scope()


def cohort(scope: Scope, period: Period) -> ColumnElement[bool]:
    """The handoffs of leads that became MQL or HQL in the period: a number of last month does not move because of this week's leads."""
    parts = [Handoff.became_at >= period.since, Handoff.became_at < period.until]
    if scope.rep_id is not None:
        parts.append(Handoff.rep_id == scope.rep_id)
    if scope.pool_id is not None:
        parts.append(Handoff.pool_id == scope.pool_id)
    if scope.channel is not None:
        parts.append(_touched(TouchRow.channel == scope.channel))
    if scope.campaign is not None:
        parts.append(_touched(TouchRow.campaign == scope.campaign))
    if scope.persona is not None:
        persona = func.jsonb_extract_path_text(Lead.attributes, "persona")
        parts.append(exists(select(Lead.id).where(Lead.id == Handoff.lead_id, persona == scope.persona)))
    if scope.model_id is not None:
        parts.append(Handoff.model_id == scope.model_id)
    return and_(*parts)


def _touched(by: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists(
        select(TouchRow.id).where(TouchRow.lead_id == Handoff.lead_id, by, TouchRow.occurred_at <= Handoff.became_at)
    )


def missed(now: datetime) -> ColumnElement[bool]:
    """A clock that was missed, whether or not somebody has stopped it yet. One that stands still (snoozed, or not offered
    yet in working time) misses nothing that it had not missed before.
    """
    overdue = or_(SlaClock.breached_at.is_not(None), and_(SlaClock.running_since.is_not(None), SlaClock.due_at < now))
    # Never null, so that it can be denied: most clocks have no outcome yet.
    return or_(SlaClock.outcome.is_not_distinct_from(ClockOutcome.MISSED), and_(SlaClock.outcome.is_(None), overdue))


def prepare(session: Session) -> None:
    """For the rest of the transaction: memory enough, and no compiling of statements that take a tenth of a second."""
    session.execute(select(func.set_config("work_mem", ENOUGH_MEMORY, True), func.set_config("jit", "off", True)))
