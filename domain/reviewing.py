"""The monthly review of MELs in numbers and names: how many, who comes, who goes, who stands still."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, func, select, text
from sqlalchemy.orm import Session

from domain.finding import lead_view
from domain.rules.lifecycle import Stage
from domain.rules.reviewing import FADING_WITHIN, NEAR, SHOWN, STUCK_AFTER
from domain.rules.scoring import Model, score
from domain.rules.tiers import Tier
from domain.rules.what_if import falls_at, what_would_make
from domain.tables import Lead
from domain.verbs.modelling import active_model
from domain.verbs.recommending import best_of
from domain.verbs.scoring import facts_of

LOOKED_AT = 50
"""How many of the MELs with the lowest scores are scored ahead, to see who fades."""
WAYS = 2
"""How many ways to MQL are named."""


@dataclass(frozen=True, slots=True)
class Named:
    """One lead on the review; all texts but `note` are from outside. `note`: what is to be said of it."""

    name: str
    company: str | None
    score: int
    programme: str | None
    note: str


@dataclass(frozen=True, slots=True)
class Review:
    """`came`, `rose`, `fell`, `gone`: since `since`. Gone are those who left for another reason than their score."""

    since: datetime
    mels: int
    came: int
    rose: int
    fell: int
    gone: int
    near: Sequence[Named]
    fading: Sequence[Named]
    stuck: Sequence[Named]
    stuck_in_all: int
    best_content: str | None
    """What moved MELs up most, in words; None: not enough is measured."""


def is_mel() -> ColumnElement[bool]:
    return and_(Lead.stage == Stage.NURTURING, Lead.tier == Tier.MEL)


def anything_to_review(session: Session, before: datetime) -> bool:
    """Whether there is a MEL that was in nurture by then already."""
    return bool(session.scalar(select(exists().where(is_mel(), Lead.nurtured_at < before))))


def review_of(session: Session, since: datetime, now: datetime) -> Review:
    """The MELs as of `now`, and what changed since `since`."""
    _, model = active_model(session)
    counts = session.execute(_COUNTS, {"since": since}).one()
    stuck_since = func.coalesce(Lead.tier_since, Lead.nurtured_at)
    stuck = select(Lead).where(is_mel(), stuck_since < now - STUCK_AFTER)
    best = best_of(session, Tier.MEL)
    return Review(
        since=since,
        mels=counts.mels,
        came=counts.came,
        rose=counts.rose,
        fell=counts.fell,
        gone=counts.gone,
        near=_near(session, model, now),
        fading=_fading(session, model, now),
        stuck=[
            _named(lead, f"{_days(lead, now)} days a MEL")
            for lead in session.scalars(stuck.order_by(stuck_since, Lead.id).limit(SHOWN))
        ],
        stuck_in_all=session.scalar(select(func.count()).select_from(stuck.subquery())) or 0,
        best_content=f"{best.item.title}: {best.in_words(Tier.MEL)}" if best else None,
    )


_COUNTS = text("""
select count(*) filter (where mel) as mels,
       count(*) filter (where mel and was is distinct from 'mel') as came,
       count(*) filter (where not mel and was = 'mel' and not gone and tier in ('mql', 'hql')) as rose,
       count(*) filter (where not mel and was = 'mel' and not gone and tier = 'cold') as fell,
       count(*) filter (where not mel and was = 'mel' and gone) as gone
from (
    select tier, tier = 'mel' and stage = 'nurturing' as mel, stage in ('disqualified', 'erased', 'merged') as gone, (
        select s.tier from scores s where s.lead_id = leads.id and s.acted and s.as_of <= :since
        order by s.as_of desc, s.id desc limit 1) as was
    from leads
    where scored_at >= :since or (tier = 'mel' and stage = 'nurturing') or stage in ('disqualified', 'erased', 'merged')
) known
""")


def _near(session: Session, model: Model, now: datetime) -> list[Named]:
    """Those a few points below MQL, nearest first, each with what would be enough."""
    mql = model.thresholds.mql
    rows = session.scalars(
        select(Lead).where(is_mel(), Lead.score >= mql - NEAR).order_by(Lead.score.desc(), Lead.id).limit(SHOWN)
    )
    return [_named(lead, _what_lifts(session, model, lead, now)) for lead in rows]


def _what_lifts(session: Session, model: Model, lead: Lead, now: datetime) -> str:
    """The score may have faded since it was given: the ways are those of now."""
    facts = facts_of(session, lead)
    ways = what_would_make(model, facts, score(model, facts, now), now, Tier.MQL, most=WAYS)
    said = ", or ".join(" and ".join(step.words for step in way.steps) for way in ways[:WAYS])
    short = model.thresholds.mql - (lead.score or 0)
    return f"{short} points short" + (f"; enough would be {said}" if said else "")


def _fading(session: Session, model: Model, now: datetime) -> list[Named]:
    """Those who will be Cold soon if they do nothing, soonest first."""
    rows = session.scalars(select(Lead).where(is_mel()).order_by(Lead.score, Lead.id).limit(LOOKED_AT)).all()
    falls = [(falls_at(model, facts_of(session, lead), now, Tier.MEL), lead) for lead in rows]
    soon = sorted((at, lead.id, lead) for at, lead in falls if at is not None and at <= now + FADING_WITHIN)
    return [_named(lead, f"Cold in {(at - now).days} days if nothing happens") for at, _, lead in soon[:SHOWN]]


def _named(lead: Lead, note: str) -> Named:
    view = lead_view(lead)
    return Named(view.name, view.company, lead.score or 0, lead.programme, note)


def _days(lead: Lead, now: datetime) -> int:
    since = lead.tier_since or lead.nurtured_at
    return (now - since).days if since else 0
