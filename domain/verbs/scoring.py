"""Giving a lead its score, its tier and, with them, its way: to nurture, to an SDR, straight to an AE."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.rules.facts import LeadFacts, Touch, Value
from domain.rules.lifecycle import GONE, Stage
from domain.rules.scoring import Model, ledger_to_json, score
from domain.rules.tiers import Tier, tier_of
from domain.tables import Happened, Lead, ScoreRow, TouchRow
from domain.verbs.modelling import active_model
from domain.verbs.offering import SELLER, rests
from domain.verbs.record import happened, locked_lead
from domain.verbs.telling import MARKETING, mark_dirty

WAY = {Tier.MQL: Happened.LEAD_TO_SDR, Tier.HQL: Happened.LEAD_TO_AE}
BEFORE_SALES = frozenset({Stage.CAPTURED, Stage.ENRICHED, Stage.NURTURING})


def score_lead(session: Session, lead_id: int, now: datetime) -> Lead:
    """Score the lead with the active model as of `now`, keep the ledger, and decide its way."""
    lead = locked_lead(session, lead_id)
    if lead.stage in GONE:
        return lead
    row, model = active_model(session)
    result = score(model, facts_of(session, lead), now)
    tier = tier_of(result.total, model.thresholds)
    kept = ScoreRow(
        lead_id=lead.id,
        model_id=row.id,
        as_of=now,
        total=result.total,
        fit=result.fit,
        intent=result.intent,
        negative=result.negative,
        tier=tier,
        disqualified_by=result.disqualified_by,
        ledger=ledger_to_json(result.ledger),
    )
    session.add(kept)
    session.flush()
    before = lead.tier
    lead.score, lead.fit, lead.intent, lead.negative = result.total, result.fit, result.intent, result.negative
    lead.tier, lead.score_id, lead.scored_at = tier, kept.id, now
    way = way_of(lead, tier, now)
    if way in WAY.values() and (
        lead.became_sales_ready_at is None or lead.stage is Stage.NURTURING or before is not tier
    ):
        lead.became_sales_ready_at = now
    if way is Happened.LEAD_RESCORED:
        # Nothing follows a mere rescoring; marketing hears of the new number with the next word it gets.
        mark_dirty(session, lead, now, MARKETING)
    happened(session, way, now, lead=lead, score=result.total, tier=tier.value, before=before and before.value)
    return lead


def way_of(lead: Lead, tier: Tier, now: datetime) -> Happened:
    """Where a lead goes that is scored into `tier`."""
    if lead.stage not in BEFORE_SALES:
        return Happened.LEAD_RESCORED
    if tier in SELLER and not rests(lead, now):
        return WAY[tier]
    return Happened.LEAD_RESCORED if lead.stage is Stage.NURTURING else Happened.LEAD_TO_NURTURE


def facts_of(session: Session, lead: Lead) -> LeadFacts:
    """What the rules may know of the lead."""
    rows = session.execute(
        select(
            TouchRow.kind, TouchRow.occurred_at, TouchRow.campaign, TouchRow.channel, TouchRow.content, TouchRow.page
        )
        .where(TouchRow.lead_id == lead.id)
        .order_by(TouchRow.occurred_at, TouchRow.id)
    )
    return LeadFacts(attributes(lead.attributes, lead.source), [Touch(*row) for row in rows])


def attributes(stored: Mapping[str, Any], source: str) -> dict[str, Value]:
    """Stored attributes as rules read them: JSON has lists where rules have sets."""
    return {
        **{name: frozenset(value) if isinstance(value, list) else value for name, value in stored.items()},
        "source": source,
    }


def tiers_by_model(model: Model, facts: Iterable[LeadFacts], now: datetime) -> list[Tier]:
    """The tiers that a model would give, without writing anything."""
    return [tier_of(score(model, fact, now).total, model.thresholds) for fact in facts]
