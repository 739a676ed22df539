"""What became of the leads that were handed to sales, and how long each step took.

A lead counts once, however often it was offered, as an HQL if it ever was one. Who reached a step has passed those before
it: sales may open an opportunity without having logged a call. A lead whose time is not up yet is no failure: it waits.
"""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    Integer,
    Select,
    and_,
    case,
    cast,
    exists,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.orm import Session
from sqlalchemy.sql.expression import SQLColumnExpression

from domain.rules.deadlines import TARGETS, ClockKind
from domain.rules.lifecycle import LIVE, HandoffStatus
from domain.rules.periods import Period
from domain.rules.tiers import Tier
from domain.stats.maturity import Patience
from domain.stats.scope import Scope, cohort, missed
from domain.tables import Handoff, Opportunity, SlaClock

_UNDECIDED = (HandoffStatus.OPEN, HandoffStatus.OFFERED)
_SCORE_BITS, _MODEL_BITS, _CYCLE_BITS = 7, 32, 14
"""What is wanted of a lead's first handoff is packed into one number, the least of which is the first: without
sorting, which a long period would feel.
"""
_UNQUALIFIED = tuple(LIVE - {HandoffStatus.QUALIFIED})


@dataclass(frozen=True, slots=True)
class Leads:
    """Leads by how far they have come. `waiting`: no SQL yet, and still in time; `fresh`: SQLs without an opportunity, and
    still in time for one.
    """

    handed: int = 0
    waiting: int = 0
    accepted: int = 0
    contacted: int = 0
    qualified: int = 0
    fresh: int = 0
    converted: int = 0
    won: int = 0
    lost: int = 0

    def __add__(self, other: "Leads") -> "Leads":
        return Leads(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(self)))

    @property
    def due(self) -> int:
        """Those of whom it can be said by now whether they became an SQL."""
        return self.handed - self.waiting

    @property
    def open_deals(self) -> int:
        """Leads with an opportunity of which nobody knows yet whether it will be won."""
        return self.converted - self.won - self.lost


@dataclass(frozen=True, slots=True)
class Group:
    """Leads of one tier that one model handed over with the same score: those of the lead's first handoff of its tier."""

    tier: Tier
    model_id: int | None
    """None: nobody knows which."""
    score: int
    leads: Leads


@dataclass(frozen=True, slots=True)
class Medians:
    """Seconds from the step before; None where nobody took the step."""

    accepted: float | None = None
    contacted: float | None = None
    qualified: float | None = None
    converted: float | None = None
    won: float | None = None


@dataclass(frozen=True, slots=True)
class Offers:
    """Offers, not leads: each is one question to sales."""

    accepted: int
    refused: int
    undecided: int
    unassigned: int
    """Of the undecided: nobody could be asked yet."""


def offers(session: Session, scope: Scope, period: Period) -> tuple[Offers, Medians]:
    """What sales said to the offers, and the median times of the steps that a handoff takes."""
    since_accepted = func.coalesce(Handoff.contacted_at, Handoff.accepted_at)
    row = session.execute(
        select(
            func.count(Handoff.accepted_at),
            func.count().filter(Handoff.rejected_at.is_not(None), Handoff.accepted_at.is_(None)),
            func.count().filter(Handoff.status.in_(_UNDECIDED)),
            func.count().filter(Handoff.status == HandoffStatus.OPEN),
            _median(Handoff.accepted_at, Handoff.became_at),
            _median(Handoff.contacted_at, Handoff.accepted_at),
            _median(Handoff.qualified_at, since_accepted),
        ).where(cohort(scope, period))
    ).one()
    return Offers(*row[:4]), Medians(*row[4:])


def _median(until: SQLColumnExpression[Any], since: SQLColumnExpression[Any]) -> ColumnElement[float | None]:
    # A call may be logged for a moment before the click that accepted. The greatest of nothing and 0 would be 0.
    seconds = func.greatest(func.date_part("epoch", until - since), 0)
    return func.percentile_cont(0.5).within_group(case((and_(until.is_not(None), since.is_not(None)), seconds)))


def leads(
    session: Session, scope: Scope, period: Period, now: datetime, patient: Patience
) -> tuple[list[Group], float | None, float | None]:
    """How far the leads have come, and median seconds from SQL to opportunity and from there to won."""
    rows = session.execute(_counted(_far(scope, period, now, patient))).all()
    groups = [
        Group(Tier.HQL if is_hql else Tier.MQL, model_id, score, Leads(*counted))
        for is_hql, model_id, score, _, _, *counted in rows
    ]
    return groups, *(rows[0][3:5] if rows else (None, None))


def _counted(far: CTE) -> Select[Any]:
    steps = (far.c.accepted, far.c.contacted, far.c.qualified, far.c.fresh, far.c.converted, far.c.won, far.c.lost)
    return select(
        far.c.is_hql,
        far.c.model_id,
        far.c.score,
        select(_median(far.c.opened_at, far.c.qualified_at)).where(far.c.converted).scalar_subquery(),
        select(_median(far.c.won_at, far.c.opened_at)).where(far.c.won).scalar_subquery(),
        func.count(),
        func.count().filter(far.c.waiting),
        *(func.count().filter(step) for step in steps),
    ).group_by(far.c.is_hql, far.c.model_id, far.c.score)


def _far(scope: Scope, period: Period, now: datetime, patient: Patience) -> CTE:
    """One row a lead: which steps it has reached."""
    # Each part finds its own leads and is read once: asking `mine` twice would lay it down first.
    mine, deals, young = _leads(scope, period), _deals(scope, period), _young(scope, period, now, patient)
    converted = deals.c.lead_id.is_not(None)
    qualified = or_(mine.c.qualified_at.is_not(None), converted)
    contacted = or_(mine.c.contacted, qualified)
    won = deals.c.won_at.is_not(None)
    return (
        select(
            mine.c.is_hql,
            _model_of(mine.c.first).label("model_id"),
            mine.c.first.bitwise_and(2**_SCORE_BITS - 1).label("score"),
            and_(young.c.lead_id.is_not(None), ~qualified).label("waiting"),
            or_(mine.c.accepted, contacted).label("accepted"),
            contacted.label("contacted"),
            qualified.label("qualified"),
            and_(mine.c.sql_since > now - patient.to_opportunity, ~converted).label("fresh"),
            converted.label("converted"),
            won.label("won"),
            and_(deals.c.lost, ~won).label("lost"),
            mine.c.qualified_at,
            deals.c.opened_at,
            deals.c.won_at,
        )
        .select_from(mine)
        .outerjoin(deals, deals.c.lead_id == mine.c.lead_id)
        .outerjoin(young, young.c.lead_id == mine.c.lead_id)
        .where(or_(mine.c.judged, contacted))
        .cte("far")
    )


def _leads(scope: Scope, period: Period) -> CTE:
    """One row a lead. `judged`: at least one of its handoffs was not taken back before sales could say anything."""
    is_sql = Handoff.status == HandoffStatus.QUALIFIED
    return (
        select(
            Handoff.lead_id,
            func.bool_or(Handoff.tier == Tier.HQL).label("is_hql"),
            func.min(_packed()).label("first"),
            func.bool_or(Handoff.status != HandoffStatus.WITHDRAWN).label("judged"),
            func.bool_or(Handoff.accepted_at.is_not(None)).label("accepted"),
            func.bool_or(Handoff.contacted_at.is_not(None)).label("contacted"),
            func.min(Handoff.qualified_at).label("qualified_at"),
            func.max(case((is_sql, Handoff.qualified_at))).label("sql_since"),
        )
        .where(cohort(scope, period))
        .group_by(Handoff.lead_id)
        .cte("mine")
    )


def _packed() -> ColumnElement[Any]:
    """From the highest bit: not an HQL, which attempt it was, its model (0: nobody knows), its score."""
    not_hql = cast(case((Handoff.tier == Tier.HQL, 0), else_=1), BigInteger)
    attempt = not_hql * 2**_CYCLE_BITS + Handoff.cycle
    with_model = attempt * 2**_MODEL_BITS + func.coalesce(Handoff.model_id, 0)
    packed: ColumnElement[Any] = with_model * 2**_SCORE_BITS + Handoff.score
    return packed


def _model_of(packed: SQLColumnExpression[Any]) -> ColumnElement[int | None]:
    model: ColumnElement[Any] = packed.bitwise_rshift(literal(_SCORE_BITS, Integer)).bitwise_and(2**_MODEL_BITS - 1)
    return func.nullif(model, 0)


def _deals(scope: Scope, period: Period) -> CTE:
    """One row for each of these leads that sales opened an opportunity with since. A rep's are those of their own handoffs."""
    since = and_(
        cohort(scope, period), Handoff.lead_id == Opportunity.lead_id, Handoff.became_at <= Opportunity.opened_at
    )
    deals = (
        select(
            Opportunity.lead_id,
            func.min(Opportunity.opened_at).label("opened_at"),
            func.min(Opportunity.closed_at).filter(Opportunity.won.is_(True)).label("won_at"),
            func.bool_and(func.coalesce(~Opportunity.won, False)).label("lost"),
        )
        .where(Opportunity.opened_at >= period.since, exists().where(since))
        .group_by(Opportunity.lead_id)
    )
    if scope.rep_id is not None:
        deals = deals.where(Opportunity.handoff_id.in_(select(Handoff.id).where(cohort(scope, period))))
    return deals.cte("deals")


def _young(scope: Scope, period: Period, now: datetime, patient: Patience) -> CTE:
    """The leads with a handoff that is still at work and in time to become an SQL: few, whatever the period."""
    done = and_(SlaClock.stopped_at.is_not(None), SlaClock.due_at < now)
    time_is_up = or_(missed(now), done)
    usual = case(
        (Handoff.tier == Tier.HQL, now - TARGETS[Tier.HQL][ClockKind.QUALIFICATION]),
        else_=now - TARGETS[Tier.MQL][ClockKind.QUALIFICATION],
    )
    in_time: ColumnElement[bool] = case((SlaClock.handoff_id.is_(None), Handoff.became_at > usual), else_=~time_is_up)
    if patient.to_sql is not None:
        in_time = or_(in_time, Handoff.became_at > now - patient.to_sql)
    # When the clock began says nothing new, but lets an index answer that holds all that is asked.
    theirs = and_(SlaClock.handoff_id == Handoff.id, SlaClock.started_at >= period.since)
    return (
        select(Handoff.lead_id)
        .outerjoin(SlaClock, and_(theirs, SlaClock.kind == ClockKind.QUALIFICATION))
        .where(cohort(scope, period), Handoff.status.in_(_UNQUALIFIED), in_time)
        .distinct()
        .cte("young")
    )
