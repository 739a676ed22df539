"""Giving a lead its score, its tier and, with them, its way: to nurture, to an SDR, straight to an AE."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from domain.rules.facts import LeadFacts, Touch, Value
from domain.rules.lifecycle import GONE, Stage
from domain.rules.refusals import NotFound
from domain.rules.scoring import Model, ledger_to_json, read_model, score
from domain.rules.tiers import Tier, tier_of
from domain.tables import Happened, Lead, ModelStatus, ScoreRow, ScoringModel, TouchRow
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


def active_model(session: Session) -> tuple[ScoringModel, Model]:
    row = session.scalars(select(ScoringModel).where(ScoringModel.status == ModelStatus.ACTIVE)).one_or_none()
    if row is None:
        raise NotFound(what="active scoring model")
    return row, _parsed(row.id, row.toml)


@lru_cache(maxsize=8)
def _parsed(model_id: int, toml: str) -> Model:
    del model_id
    return read_model(toml)


def import_model(session: Session, toml: str, now: datetime) -> ScoringModel:
    """Keep the model as the active one; the one before is retired. The same text again changes nothing.

    Raises `scoring.ModelError`, which names the key that is wrong.
    """
    model = read_model(toml)
    active = session.scalars(
        select(ScoringModel).where(ScoringModel.status == ModelStatus.ACTIVE).with_for_update()
    ).one_or_none()
    if active is not None and active.toml == toml:
        return active
    newest = (
        session.scalar(select(func.coalesce(func.max(ScoringModel.version), 0)).where(ScoringModel.name == model.name))
        or 0
    )
    session.execute(
        update(ScoringModel).where(ScoringModel.status == ModelStatus.ACTIVE).values(status=ModelStatus.RETIRED)
    )
    row = ScoringModel(name=model.name, version=newest + 1, status=ModelStatus.ACTIVE, toml=toml, activated_at=now)
    session.add(row)
    session.flush()
    happened(session, Happened.MODEL_ACTIVATED, now, model_id=row.id)
    return row


def tiers_by_model(model: Model, facts: Iterable[LeadFacts], now: datetime) -> list[Tier]:
    """The tiers that a model would give, without writing anything."""
    return [tier_of(score(model, fact, now).total, model.thresholds) for fact in facts]
