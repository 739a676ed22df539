"""`/lead`: one lead as it stands, or the leads of a company."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain import finding, succession
from domain.availability import covers
from domain.cards import card_view, chance_of, colleagues_of
from domain.rules.lifecycle import Stage
from domain.rules.probability import Chance
from domain.rules.refusals import NoSuchLead
from domain.rules.tiers import Tier
from domain.tables import CardPlace, Company, Happened, Lead, LeadEvent, Rep, Role, ScoreRow, ScoringModel
from domain.views import CardView, ColleagueView, LeadView

SHOWN_EVENTS, SHOWN_LEADS = 8, 8

TOLD = (
    Happened.LEAD_CAPTURED,
    Happened.LEAD_NURTURED,
    Happened.LEAD_DISQUALIFIED,
    Happened.HANDOFF_OFFERED,
    Happened.HANDOFF_ACCEPTED,
    Happened.HANDOFF_RECYCLED,
    Happened.HANDOFF_PASSED_ON,
    Happened.HANDOFF_MOVED,
    Happened.HANDOFF_HANDED_ON,
    Happened.HANDOFF_WITHDRAWN,
    Happened.HANDOFF_CONTACTED,
    Happened.HANDOFF_QUALIFIED,
    Happened.HANDOFF_BREACHED,
    Happened.OPPORTUNITY_OPENED,
    Happened.OPPORTUNITY_WON,
    Happened.OPPORTUNITY_LOST,
)
"""What of a lead's history is worth a line."""


@dataclass(frozen=True, slots=True)
class EventLine:
    kind: Happened
    at: datetime
    by: str | None
    """Who did it, or whom it is about; None: the system."""


@dataclass(frozen=True, slots=True)
class Found:
    """A lead as `/lead` shows it. Names are text from outside."""

    lead: LeadView
    stage: Stage
    tier: Tier | None
    score: int | None
    owner: str | None
    programme: str | None
    rests_until: datetime | None
    chance: Chance | None
    """What its score says, if its model has measured that."""
    card: CardView | None
    """Of the handoff that says where it stands; None: it was never handed over."""
    may_act: bool
    """Whether who asks may press the card's buttons."""
    channel: str | None
    permalink: str | None
    history: Sequence[EventLine]
    """Newest first."""


@dataclass(frozen=True, slots=True)
class CompanyFound:
    name: str
    leads: Sequence[ColleagueView]
    more: int


def lead_found(session: Session, lead: Lead, rep: Rep, now: datetime) -> Found:
    handoff = succession.present_handoff(session, lead.id)
    place = session.get(CardPlace, handoff.id) if handoff else None
    theirs = handoff is not None and (rep.role is Role.MANAGER or _looks_after(session, rep, handoff.rep_id, now))
    return Found(
        lead=finding.lead_view(lead),
        stage=lead.stage,
        tier=lead.tier,
        score=lead.score,
        owner=finding.names_of(session, [lead.owner_id]).get(lead.owner_id) if lead.owner_id else None,
        programme=lead.programme,
        rests_until=lead.rests_until,
        chance=_chance(session, lead),
        card=card_view(session, handoff.id) if handoff else None,
        may_act=theirs,
        channel=place.channel if place else None,
        permalink=place.permalink if place else None,
        history=_history(session, lead.id),
    )


def _chance(session: Session, lead: Lead) -> Chance | None:
    row = session.get(ScoreRow, lead.score_id) if lead.score_id is not None else None
    return chance_of(session.get_one(ScoringModel, row.model_id), row.total) if row is not None else None


def _looks_after(session: Session, rep: Rep, owner_id: int | None, now: datetime) -> bool:
    return owner_id is not None and (owner_id == rep.id or owner_id in covers(session, rep.id, now))


def _history(session: Session, lead_id: int) -> list[EventLine]:
    rows = session.execute(
        select(LeadEvent.kind, LeadEvent.at, Rep.name)
        .outerjoin(Rep, Rep.id == LeadEvent.rep_id)
        .where(LeadEvent.lead_id == lead_id, LeadEvent.kind.in_(TOLD))
        .order_by(LeadEvent.at.desc(), LeadEvent.id.desc())
        .limit(SHOWN_EVENTS)
    )
    return [EventLine(kind, at, name) for kind, at, name in rows]


def company_found(session: Session, domain: str) -> CompanyFound:
    """The leads of the company with this domain, the best first. Raises NoSuchLead."""
    company = session.scalars(select(Company).where(Company.domain == domain.casefold())).one_or_none()
    if company is None:
        raise NoSuchLead
    # All of its leads are colleagues of somebody who is none of them.
    leads, more = colleagues_of(session, Lead(id=0, company_id=company.id), SHOWN_LEADS)
    if not leads:
        raise NoSuchLead
    return CompanyFound(company.name or domain, leads, more)
