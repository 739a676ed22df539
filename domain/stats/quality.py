"""The five quality metrics. Each is a share of something counted; with nothing to count it is None, never zero.

Cohorts are by the moment a lead became MQL or HQL, so a number of last month does not move because of this week's leads.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, distinct, func, or_, select
from sqlalchemy.orm import Session

from domain.rules.deadlines import ClockKind
from domain.rules.lifecycle import HandoffStatus
from domain.rules.tiers import Tier
from domain.tables import ClockOutcome, Handoff, Lead, SlaClock


@dataclass(frozen=True, slots=True)
class Share:
    """`hit` of `of`. The rate is between 0 and 1, or None if there is nothing to count yet."""

    hit: int
    of: int

    @property
    def rate(self) -> float | None:
        return self.hit / self.of if self.of else None


@dataclass(frozen=True, slots=True)
class TierCount:
    """Leads that were handed over in a tier, and how many of them became SQL."""

    tier: Tier
    handed: int
    qualified: int


@dataclass(frozen=True, slots=True)
class Quality:
    """`waiting`: leads for whom nobody is available; `late`: clocks that have passed their deadline and still run."""

    acceptance: Share
    to_sql: Share
    to_opportunity: Share
    contact_in_time: Share
    tiers: tuple[TierCount, ...]
    waiting: int
    late: int


def quality(session: Session, since: datetime, now: datetime, rep_id: int | None = None) -> Quality:
    """The metrics of the leads that became MQL or HQL between `since` and `now`; with a rep, of theirs."""
    cohort = and_(Handoff.became_at >= since, Handoff.became_at <= now)
    if rep_id is not None:
        cohort = and_(cohort, Handoff.rep_id == rep_id)
    accepted, leads, qualified, converted, rejected = session.execute(_counts(cohort)).one()
    return Quality(
        acceptance=Share(accepted, accepted + rejected),
        to_sql=Share(qualified, leads),
        to_opportunity=Share(converted, qualified),
        contact_in_time=_contact(session, cohort, now),
        tiers=_tiers(session, cohort),
        waiting=session.scalar(select(func.count()).where(cohort, Handoff.status == HandoffStatus.OPEN)) or 0,
        late=_late(session, cohort, now),
    )


def _counts(cohort: ColumnElement[bool]) -> Select[int, int, int, int, int]:
    return select(
        func.count(Handoff.accepted_at),
        func.count(distinct(Handoff.lead_id)),
        func.count(distinct(Handoff.lead_id)).filter(Handoff.qualified_at.is_not(None)),
        func.count(distinct(Handoff.lead_id)).filter(Handoff.converted_at.is_not(None)),
        func.count().filter(Handoff.rejected_at.is_not(None), Handoff.accepted_at.is_(None)),
    ).where(cohort)


def _contact(session: Session, cohort: ColumnElement[bool], now: datetime) -> Share:
    """Clocks that were met, of those that were met or have passed their deadline. What can still be met does not count."""
    met = SlaClock.outcome == ClockOutcome.MET
    missed = or_(SlaClock.outcome == ClockOutcome.MISSED, and_(SlaClock.outcome.is_(None), _overdue(now)))
    hit, of = session.execute(
        select(func.count().filter(met), func.count().filter(or_(met, missed)))
        .select_from(Handoff)
        .join(SlaClock, and_(SlaClock.handoff_id == Handoff.id, SlaClock.kind == ClockKind.FIRST_CONTACT))
        .where(cohort)
    ).one()
    return Share(hit, of)


def _overdue(now: datetime) -> ColumnElement[bool]:
    """A clock that stands still (snoozed, or not offered yet in working time) misses nothing that it had not missed before."""
    return or_(SlaClock.breached_at.is_not(None), and_(SlaClock.running_since.is_not(None), SlaClock.due_at < now))


def _late(session: Session, cohort: ColumnElement[bool], now: datetime) -> int:
    running = and_(SlaClock.stopped_at.is_(None), _overdue(now))
    handoffs = (
        select(func.count(distinct(Handoff.id)))
        .join(SlaClock, SlaClock.handoff_id == Handoff.id)
        .where(cohort, running)
    )
    return session.scalar(handoffs) or 0


def _tiers(session: Session, cohort: ColumnElement[bool]) -> tuple[TierCount, ...]:
    rows = session.execute(
        select(
            Handoff.tier,
            func.count(distinct(Handoff.lead_id)),
            func.count(distinct(Handoff.lead_id)).filter(Handoff.qualified_at.is_not(None)),
        )
        .where(cohort)
        .group_by(Handoff.tier)
        .order_by(Handoff.tier)
    )
    return tuple(TierCount(tier, handed, qualified) for tier, handed, qualified in rows)


def leads_by_tier(session: Session, since: datetime) -> dict[Tier | None, int]:
    """How many leads captured since then stand in which tier."""
    rows = session.execute(select(Lead.tier, func.count()).where(Lead.captured_at >= since).group_by(Lead.tier))
    return dict(rows.all())
