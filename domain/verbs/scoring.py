"""Giving a lead its score, its tier and, with them, its way: to nurture, to an SDR, straight to an AE."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, DateTime, exists, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from domain.rules.facts import LeadFacts, Touch, Value
from domain.rules.lifecycle import GONE, HandoffMove, HandoffStatus, Stage, handoff_step
from domain.rules.scoring import Model, Score, ledger_to_json, score
from domain.rules.tiers import Tier, settled_tier
from domain.tables import AttributesRow, Handoff, Happened, Lead, ScoreRow, TouchRow
from domain.verbs.choosing import choose
from domain.verbs.modelling import InForce, in_force
from domain.verbs.nurturing import look_after
from domain.verbs.offering import SELLER, live_handoff, rests, seller_tier, withdraw
from domain.verbs.record import happened, locked_lead
from domain.verbs.snoozing import wake_on_rise
from domain.verbs.telling import MARKETING, mark_dirty

WAY = {Tier.MQL: Happened.LEAD_TO_SDR, Tier.HQL: Happened.LEAD_TO_AE}
BEFORE_SALES = frozenset({Stage.CAPTURED, Stage.ENRICHED, Stage.NURTURING})
RECHECK = {Tier.COLD: timedelta(days=30), Tier.MEL: timedelta(days=7)}
"""How long a lead may lie without a touch before it is scored again, since points fade. Others: `RECHECK_SOONER`."""
RECHECK_SOONER = timedelta(days=1)
BECAME_HQL = "became_hql"
AT_ONCE = 500
"""Moments of the past that are read together."""


@dataclass(frozen=True, slots=True)
class Given:
    """What a model gave to a lead. With `behaviour` the lead did something; else only the model or the time has changed,
    which is nobody's news.
    """

    model_id: int
    model: Model
    result: Score
    behaviour: bool = True

    def tier_from(self, before: Tier | None) -> Tier:
        """The tier of a lead that was in `before`; with None, the one that the score alone stands for."""
        return settled_tier(self.result.total, self.model.thresholds, before, self.model.movement.hysteresis)


def score_lead(session: Session, lead_id: int, now: datetime) -> Lead:
    """Score the lead with the active model as of `now`, keep the ledger, and decide its way."""
    lead = locked_lead(session, lead_id)
    if lead.stage in GONE:
        return lead
    force, facts = in_force(session), facts_of(session, lead)
    _score_in_shadow(session, force, lead, facts, now)
    settle(session, lead, Given(force.row.id, force.model, score(force.model, facts, now)), now)
    return lead


def _score_in_shadow(session: Session, force: InForce, lead: Lead, facts: LeadFacts, now: datetime) -> None:
    """Keep what the models in shadow would give. Nothing follows from it."""
    for model_id, model in force.shadows:
        session.add(score_row(lead, Given(model_id, model, score(model, facts, now)), now, acted=False))


def settle(session: Session, lead: Lead, given: Given, now: datetime) -> None:
    """Write a score to its (locked) lead, and what comes of it."""
    kept = score_row(lead, given, now)
    session.add(kept)
    session.flush()
    settle_with(session, lead, given, kept.id, now)


def settle_with(session: Session, lead: Lead, given: Given, score_id: int, now: datetime) -> None:
    """The same with a score row that is written already."""
    before, was, result = lead.tier, lead.score, given.result
    tier = given.tier_from(before)
    lead.score, lead.fit, lead.intent, lead.negative = result.total, result.fit, result.intent, result.negative
    lead.tier, lead.score_id, lead.scored_at = tier, score_id, now
    if tier is not before:
        lead.tier_since = now
        happened(
            session,
            Happened.LEAD_TIER_CHANGED,
            now,
            lead=lead,
            score=result.total,
            before=before and before.value,
            after=tier.value,
        )
    way = _way_on(session, lead, before, now) or way_of(lead, given.tier_from(None), now)
    if given.behaviour and lead.stage is Stage.IN_HANDOFF and result.total > (was or 0):
        wake_on_rise(session, lead, given.model.movement.jump_points, now)
    # A touch between the crossing and the hand-over gives nobody more time.
    if way in WAY.values() and (lead.became_sales_ready_at is None or before is not tier):
        lead.became_sales_ready_at = now
    if way is Happened.LEAD_RESCORED:
        # Nothing follows a mere rescoring; marketing hears of the new number with the next word it gets.
        mark_dirty(session, lead, now, MARKETING)
        look_after(session, lead, now)
        if given.behaviour and was is not None:
            _say_jump(session, lead, given, was, now)
    lead.recheck_at = recheck_at(lead, now)
    happened(session, way, now, lead=lead, score=result.total, tier=tier.value, before=before and before.value)


def score_row(lead: Lead, given: Given, now: datetime, *, acted: bool = True) -> ScoreRow:
    """What is kept of a score. Call it before the lead takes the score over: its tier then depends on where it was."""
    result = given.result
    return ScoreRow(
        lead_id=lead.id,
        model_id=given.model_id,
        as_of=now,
        total=result.total,
        fit=result.fit,
        intent=result.intent,
        negative=result.negative,
        tier=given.tier_from(lead.tier if acted else None),
        disqualified_by=result.disqualified_by,
        ledger=ledger_to_json(result.ledger),
        acted=acted,
    )


def way_of(lead: Lead, tier: Tier, now: datetime) -> Happened:
    """Where a lead goes whose score lies in `tier`. A tier that is only still held hands nobody over."""
    if lead.stage not in BEFORE_SALES:
        return Happened.LEAD_RESCORED
    if tier in SELLER and not rests(lead, now):
        return WAY[lead.tier if lead.tier in SELLER else tier]
    return Happened.LEAD_RESCORED if lead.stage is Stage.NURTURING else Happened.LEAD_TO_NURTURE


def _way_on(session: Session, lead: Lead, before: Tier | None, now: datetime) -> Happened | None:
    """A lead that becomes HQL while it is with an SDR: withdrawn and sent to an AE if nobody has said yes, else told.
    A score that falls takes nothing away from anybody.
    """
    if lead.stage is not Stage.IN_HANDOFF:
        return None
    handoff = live_handoff(session, lead)
    if handoff is None:
        # Withdrawn or passed on; the job that offers it anew may have been sent for a lead that was merged since.
        tier = seller_tier(session, lead)
        return WAY[tier] if tier is not None else None
    if handoff.tier is Tier.HQL or lead.tier is not Tier.HQL:
        return None
    if handoff_step(handoff.status, HandoffMove.WITHDRAW) and _is_better_withdrawn(session, lead, handoff, now):
        withdraw(session, lead, handoff, now, BECAME_HQL)
        return Happened.LEAD_TO_AE
    if before is not Tier.HQL:
        # The same rise is not told once more as a jump.
        lead.alerted_at = now
        happened(session, Happened.HANDOFF_HEATED, now, lead=lead, handoff=handoff, score=lead.score)
    return None


def _is_better_withdrawn(session: Session, lead: Lead, handoff: Handoff, now: datetime) -> bool:
    """Whom an SDR can call now is not taken away for an AE who is not there."""
    if handoff.status is HandoffStatus.OPEN:
        return True
    return choose(session, lead, SELLER[Tier.HQL], now, lock=False).rep is not None


def _say_jump(session: Session, lead: Lead, given: Given, was: int, now: datetime) -> None:
    """A rise that people should hear of: by so many points within so many days, and not told in that time already.

    What comes in bulk, or is old and only now imported, is nobody's news.
    """
    movement = given.model.movement
    since = now - timedelta(days=movement.jump_days)
    if lead.bulk or given.result.total <= was or (lead.alerted_at is not None and lead.alerted_at > since):
        return
    lowest = _lowest(session, lead, given, since, now)
    if lowest is None or given.result.total - lowest < movement.jump_points:
        return
    if session.scalar(select(exists().where(TouchRow.lead_id == lead.id, TouchRow.occurred_at > since))):
        lead.alerted_at = now
        happened(session, Happened.LEAD_JUMPED, now, lead=lead, score=given.result.total, before=lowest)


def _lowest(session: Session, lead: Lead, given: Given, since: datetime, now: datetime) -> int | None:
    """The lowest score that stood between `since` and now. Those of another model do not compare."""
    ours = (
        ScoreRow.lead_id == lead.id,
        ScoreRow.model_id == given.model_id,
        ScoreRow.acted,
        ScoreRow.as_of < now,
    )
    stood = select(func.max(ScoreRow.as_of)).where(*ours, ScoreRow.as_of <= since).correlate(None).scalar_subquery()
    return session.scalar(select(func.min(ScoreRow.total)).where(*ours, ScoreRow.as_of >= func.coalesce(stood, since)))


def recheck_at(lead: Lead, now: datetime) -> datetime | None:
    """When a lead that does nothing is looked at again: points fade, and what rests after a rejection may go on."""
    if lead.stage not in BEFORE_SALES or lead.tier is None:
        return None
    regular = now + RECHECK.get(lead.tier, RECHECK_SOONER)
    return min(regular, lead.rests_until) if lead.rests_until is not None and lead.rests_until > now else regular


def facts_of(session: Session, lead: Lead) -> LeadFacts:
    """What the rules may know of the lead now."""
    return LeadFacts(attributes(lead.attributes, lead.source), _touches(session, lead.id))


def facts_at(session: Session, lead: Lead, as_of: datetime) -> LeadFacts:
    """What the rules could know of the lead at a moment of the past: `score(model, facts, as_of)` is the score of then."""
    (found,) = facts_at_all(session, [(lead.id, as_of)])
    return found


def facts_at_all(session: Session, asked: Sequence[tuple[int, datetime]]) -> list[LeadFacts]:
    """The same of many leads (ids), each at a moment of its own and in this order: two statements for `AT_ONCE` of them."""
    return [
        facts for first in range(0, len(asked), AT_ONCE) for facts in _facts_at(session, asked[first : first + AT_ONCE])
    ]


def _facts_at(session: Session, asked: Sequence[tuple[int, datetime]]) -> Iterator[LeadFacts]:
    ids = literal([lead_id for lead_id, _ in asked], ARRAY(BigInteger))
    moments = literal([as_of for _, as_of in asked], ARRAY(DateTime(timezone=True)))
    row = func.unnest(ids, moments).table_valued("lead_id", "as_of", with_ordinality="place").render_derived()
    known = (
        select(AttributesRow.attributes)
        .where(AttributesRow.lead_id == row.c.lead_id, AttributesRow.at <= row.c.as_of)
        .order_by(AttributesRow.at.desc(), AttributesRow.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    touches: defaultdict[int, list[Touch]] = defaultdict(list)
    recorded = (TouchRow.lead_id == row.c.lead_id) & (TouchRow.recorded_at <= row.c.as_of)
    for place, *touch in session.execute(
        select(row.c.place, *_TOUCH).join(TouchRow, recorded).order_by(row.c.place, TouchRow.occurred_at, TouchRow.id)
    ):
        touches[place].append(Touch(*touch))
    said = select(row.c.place, Lead.source, known).join(Lead, Lead.id == row.c.lead_id).order_by(row.c.place)
    for place, source, stored in session.execute(said):
        yield LeadFacts(attributes(stored or {}, source), touches[place])


_TOUCH = (
    TouchRow.kind,
    TouchRow.occurred_at,
    TouchRow.campaign,
    TouchRow.channel,
    TouchRow.content,
    TouchRow.page,
)


def _touches(session: Session, lead_id: int) -> list[Touch]:
    wanted = select(*_TOUCH).where(TouchRow.lead_id == lead_id).order_by(TouchRow.occurred_at, TouchRow.id)
    return [Touch(*row) for row in session.execute(wanted)]


def attributes(stored: Mapping[str, Any], source: str) -> dict[str, Value]:
    """Stored attributes as rules read them: JSON has lists where rules have sets."""
    return {
        **{name: frozenset(value) if isinstance(value, list) else value for name, value in stored.items()},
        "source": source,
    }
