"""What became of the leads that went to sales, once it can be said; and what was known of each when it went."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from sqlalchemy import Row, select
from sqlalchemy.orm import Session, defer

from domain.rules.facts import LeadFacts
from domain.rules.learning import ACCEPTED_WITHIN, HORIZON, Example, Goal, says_no
from domain.rules.lifecycle import GONE, HandoffStatus
from domain.rules.tiers import Tier
from domain.tables import Handoff, Lead, Opportunity, ScoreRow
from domain.verbs.rescoring_batch import facts_of_all
from domain.verbs.scoring import facts_at_all

A_DAY = timedelta(days=1)
POPULATION = 2000
"""So many leads, the last that were scored, stand for all when thresholds are set."""

Deal: TypeAlias = Row[*tuple[Any, ...]]
Deals: TypeAlias = Mapping[int, Sequence[Deal]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """One attempt to hand a lead to sales. None: too young to say, or what happened says nothing of the lead."""

    lead_id: int
    handoff_id: int
    at: datetime  # when it became MQL or HQL
    score: int
    tier: Tier
    pool_id: int | None
    model_id: int  # which gave the score
    accepted: bool | None
    sql: bool | None  # within 30 days: learning.HORIZON
    won: bool | None  # within 120 days
    days_to_sql: float | None
    days_to_won: float | None
    reason: str | None  # of a rejection
    merged: bool = False  # with another lead since: what was known of it then is not told apart any more

    def of(self, goal: Goal) -> bool | None:
        return self.sql if goal is Goal.SQL else self.won


def outcomes(session: Session, now: datetime, since: datetime | None = None) -> list[Outcome]:
    """Of every lead that became MQL or HQL from `since` on and went to sales, the oldest first."""
    wanted = (
        # Why it went where it went is the bulk of a handoff, and is not asked for here.
        select(Handoff, ScoreRow.model_id, ScoreRow.lead_id)
        .options(defer(Handoff.policy), defer(Handoff.trace))
        .join(Lead, Lead.id == Handoff.lead_id)
        .join(ScoreRow, ScoreRow.id == Handoff.score_id)
        .where(Handoff.became_at <= now, Lead.stage.not_in(GONE))
        .order_by(Handoff.became_at, Handoff.id)
    )
    if since is not None:
        wanted = wanted.where(Handoff.became_at >= since)
    deals = _deals(session, since)
    return [
        # A score stays with the lead that it was given to.
        replace(_outcome(handoff, model_id, deals.get(handoff.lead_id, ()), now), merged=scored_id != handoff.lead_id)
        for handoff, model_id, scored_id in session.execute(wanted)
    ]


def _deals(session: Session, since: datetime | None) -> Deals:
    wanted = select(
        Opportunity.lead_id, Opportunity.handoff_id, Opportunity.opened_at, Opportunity.closed_at, Opportunity.won
    )
    if since is not None:
        wanted = wanted.where(Opportunity.opened_at >= since)
    found: defaultdict[int, list[Deal]] = defaultdict(list)
    for row in session.execute(wanted):
        found[row.lead_id].append(row)
    return found


def _outcome(handoff: Handoff, model_id: int, deals: Sequence[Deal], now: datetime) -> Outcome:
    at = handoff.became_at
    sql_at = min(filter(None, [handoff.qualified_at, handoff.converted_at]), default=None)
    won_at = _won_at(handoff, deals)
    sql = _sql(handoff, sql_at, now)
    return Outcome(
        lead_id=handoff.lead_id,
        handoff_id=handoff.id,
        at=at,
        score=handoff.score,
        tier=handoff.tier,
        pool_id=handoff.pool_id,
        model_id=model_id,
        accepted=_accepted(handoff, now),
        sql=sql,
        won=_won(handoff, won_at, sql, now),
        days_to_sql=None if sql_at is None else (sql_at - at) / A_DAY,
        days_to_won=None if won_at is None else (won_at - at) / A_DAY,
        reason=handoff.reason,
    )


def _accepted(handoff: Handoff, now: datetime) -> bool | None:
    if now < handoff.became_at + ACCEPTED_WITHIN:
        return None
    if handoff.accepted_at is not None:
        return True
    return False if handoff.rejected_at is not None and says_no(handoff.reason) else None


def _sql(handoff: Handoff, sql_at: datetime | None, now: datetime) -> bool | None:
    by = handoff.became_at + HORIZON[Goal.SQL]
    if now < by:
        return None
    if sql_at is not None:
        return sql_at <= by
    if handoff.rejected_at is not None and handoff.rejected_at <= by:
        return False if says_no(handoff.reason) else None
    # Whom sales never took up, and who went another way before they could, was judged by nobody.
    judged = handoff.accepted_at is not None and handoff.status is not HandoffStatus.WITHDRAWN
    return False if judged else None


def _won(handoff: Handoff, won_at: datetime | None, sql: bool | None, now: datetime) -> bool | None:
    by = handoff.became_at + HORIZON[Goal.WON]
    if now < by:
        return None
    if won_at is not None:
        return won_at <= by
    return None if sql is None else False


def _won_at(handoff: Handoff, deals: Iterable[Deal]) -> datetime | None:
    """A deal that somebody opened in the CRM by hand counts for the attempts before it."""
    theirs = (
        deal.closed_at
        for deal in deals
        if deal.won
        and (deal.handoff_id == handoff.id or (deal.handoff_id is None and deal.opened_at >= handoff.became_at))
    )
    return min(filter(None, theirs), default=None)


def examples(session: Session, of: Iterable[Outcome], goal: Goal) -> list[Example]:
    """Those of which it can be said, each with what was known of the lead when it went to sales."""
    known = [(outcome, hit) for outcome in of if (hit := outcome.of(goal)) is not None and not outcome.merged]
    facts = facts_at_all(session, [(outcome.lead_id, outcome.at) for outcome, _ in known])
    return [Example(then, outcome.at, hit) for then, (outcome, hit) in zip(facts, known, strict=True)]


def population(session: Session, most: int = POPULATION) -> list[LeadFacts]:
    """What is known now of the leads that came last, whatever their tier: on whom thresholds are set."""
    recent = select(Lead).where(Lead.scored_at.is_not(None), Lead.stage.not_in(GONE)).order_by(Lead.captured_at.desc())
    leads = session.scalars(recent.limit(most).options(defer(Lead.fields), defer(Lead.notes))).all()
    return list(facts_of_all(session, leads).values())
