"""All that `/leadwhy` says of one lead: why it has its score, where it goes, and who was next."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.cards import chance_of
from domain.finding import lead_view, score_of
from domain.rules.explaining import Explanation, explain
from domain.rules.lifecycle import Stage
from domain.rules.probability import Chance
from domain.rules.routing import Rule
from domain.rules.scoring import score
from domain.rules.tiers import Tier, tier_of
from domain.rules.what_if import Outlook, Path, outlook, what_would_make
from domain.succession import present_handoff
from domain.tables import Handoff, Lead, Pool, Rep, Role, ScoreRow, ScoringModel
from domain.verbs.choosing import choose
from domain.verbs.modelling import active_model, parsed
from domain.verbs.offering import SELLER
from domain.verbs.recommending import Advice, advice
from domain.verbs.scoring import BEFORE_SALES, facts_at, facts_of
from domain.views import LeadView

NEXT_TIER = {Tier.COLD: Tier.MQL, Tier.MEL: Tier.MQL, Tier.MQL: Tier.HQL}
"""What is worth asking for: a Cold lead that becomes a MEL is still nobody's."""


@dataclass(frozen=True, slots=True)
class Routing:
    """Who got the lead, or would get it now (`kept` is False). Names may be hostile text."""

    kept: bool
    role: Role
    status: str | None
    pool: str | None
    """None: no territory fits."""
    territory: int | None
    rep: str | None
    """Who has it, or would be asked first."""
    then: Sequence[str]
    skipped: Sequence[tuple[str, str]]
    """Name and code of `routing.SKIPPED`."""
    rule: Rule | None = None
    """What decided; None for what was decided before it was kept, or if nobody can be asked."""


@dataclass(frozen=True, slots=True)
class Why:
    lead: LeadView
    stage: Stage
    tier: Tier
    model: str
    scored_at: datetime
    explanation: Explanation
    chance: Chance | None
    """What the score says, if the model has measured that."""
    wanted: Tier | None
    paths: Sequence[Path]
    """What would make it `wanted`."""
    outlook: Outlook
    routing: Routing
    rests_until: datetime | None
    programme: str | None
    advice: Advice | None


def why(session: Session, lead: Lead, now: datetime) -> Why | None:
    """None: the lead is not scored yet."""
    row = session.get(ScoreRow, lead.score_id) if lead.score_id is not None else None
    if row is None or lead.tier is None:
        return None
    scored_with = session.get_one(ScoringModel, row.model_id)
    given, facts, model = score_of(row), facts_of(session, lead), active_model(session)[1]
    fresh = score(model, facts, now)
    # A tier that is only still held hands nobody over: in nurture the score itself has to get there.
    stands = tier_of(fresh.total, model.thresholds) if lead.stage in BEFORE_SALES else lead.tier
    wanted = NEXT_TIER.get(stands)
    return Why(
        lead=lead_view(lead),
        stage=lead.stage,
        tier=lead.tier,
        model=f"{scored_with.name} version {scored_with.version}",
        scored_at=row.as_of,
        explanation=explain(parsed(scored_with), facts_at(session, lead, row.as_of), given, row.as_of),
        chance=chance_of(scored_with, row.total),
        wanted=wanted,
        paths=what_would_make(model, facts, fresh, now, wanted) if wanted else (),
        outlook=outlook(model, facts, now, lead.tier),
        routing=_routing(session, lead, now),
        rests_until=lead.rests_until if lead.rests_until is not None and lead.rests_until > now else None,
        programme=lead.programme,
        advice=advice(session, lead, now) if lead.stage is Stage.NURTURING else None,
    )


def _routing(session: Session, lead: Lead, now: datetime) -> Routing:
    """Of the newest handoff as it was decided; of a lead in nurture, be it once more, as it would be decided now."""
    handoff = present_handoff(session, lead.id)
    if handoff is not None and handoff.trace and lead.stage not in BEFORE_SALES:
        return _kept(session, handoff)
    role = SELLER.get(lead.tier or Tier.MQL, Role.SDR)
    choice = choose(session, lead, role, now, lock=False)
    names = [rep.name for rep in choice.asked]
    known = _names(session, choice.skipped)
    return Routing(
        kept=False,
        role=role,
        status=None,
        pool=choice.pool.name if choice.pool else None,
        territory=choice.territory,
        rep=names[0] if names else None,
        then=names[1:],
        skipped=[(known[rep_id], why) for rep_id, why in choice.skipped.items()],
        rule=choice.rule,
    )


def _kept(session: Session, handoff: Handoff) -> Routing:
    trace = handoff.trace
    skipped: Mapping[int, str] = {int(rep_id): why for rep_id, why in trace.get("skipped", {}).items()}
    asked: Sequence[int] = trace.get("asked", ())
    names = _names(session, {*skipped, *asked, *filter(None, [handoff.rep_id])})
    pool = session.get(Pool, handoff.pool_id) if handoff.pool_id is not None else None
    return Routing(
        kept=True,
        role=SELLER[handoff.tier],
        status=handoff.status.value,
        pool=pool.name if pool else None,
        territory=trace.get("territory"),
        rep=names.get(handoff.rep_id or 0),
        then=[names[rep_id] for rep_id in asked if rep_id != handoff.rep_id],
        skipped=[(names[rep_id], why) for rep_id, why in skipped.items()],
        rule=Rule(trace["rule"]) if trace.get("rule") else None,
    )


def _names(session: Session, rep_ids: Mapping[int, str] | set[int]) -> dict[int, str]:
    return dict(session.execute(select(Rep.id, Rep.name).where(Rep.id.in_(list(rep_ids)))).all())
