"""What an AE is shown of a deal: who it is about, what the SDR has learnt, what led to it, and deals like it that were won."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Integer, case, func, literal, select, true
from sqlalchemy.orm import Session

from domain import cards
from domain.availability import away_now, calendars
from domain.briefing import steps_of
from domain.rules.deals import ACCEPT_WITHIN, DealStatus, due_after
from domain.rules.facts import Attribute
from domain.rules.lifecycle import Stage
from domain.rules.refusals import NotFound
from domain.rules.routing import Rule
from domain.stats.influence import Influence, influence_of
from domain.tables import CardPlace, DealHandoff, Handoff, Lead, Opportunity, Rep, Role, TouchRow
from domain.views import CardView, Person, Step, StepView

ALIKE = (Attribute.INDUSTRY, Attribute.COMPANY_SIZE, Attribute.PERSONA)
"""Of these at least two are the same in a similar deal."""
LEAST_ALIKE = 2
READ_WON = 500
"""So many of the newest won deals are looked at for similar ones."""
SIMILAR, CAMPAIGNS, COLLEAGUES = 3, 4, 4
MOST_AES = 100
"""Of a select of Slack's."""


@dataclass(frozen=True, slots=True)
class SimilarDeal:
    """A deal that was won. `tipped`: what the lead did last before it was opened."""

    company: str | None
    amount: int | None
    currency: str | None
    days: int
    """From its opening to its closing."""
    tipped: str | None
    tipped_by: str | None
    """With which content, or in which campaign."""


@dataclass(frozen=True, slots=True)
class Journey:
    """All that marketing knows they did, in short."""

    touches: int
    first_at: datetime
    first: str
    campaign: str | None
    mql_at: datetime
    sql_at: datetime | None


@dataclass(frozen=True, slots=True)
class DealMessage:
    """All that the message to an AE says. Texts are from outside; money is in the smallest unit of its currency."""

    deal_id: int
    version: int
    status: DealStatus
    erased: bool
    card: CardView
    """Of the SDR's handoff."""
    ae: Person
    sdr: Person | None
    rule: Rule | None
    due_at: datetime
    accepted_at: datetime | None
    returned_at: datetime | None
    decided_by: Person | None
    reason: str | None
    note: str | None
    problem: str | None
    stage: str
    amount: int | None
    currency: str | None
    expected_on: date | None
    closed_at: datetime | None
    won: bool | None
    lost_reason: str | None
    tries: Sequence[StepView]
    journey: Journey | None
    influence: Sequence[Influence]
    similar: Sequence[SimilarDeal]
    card_at: tuple[str, str] | None
    """Slack's channel and ts of the lead's card, where everybody can see it."""
    permalink: str | None
    went_to: Person | None = None
    """Who is asked since it was returned."""

    @property
    def is_open(self) -> bool:
        return self.closed_at is None


def deal_message(session: Session, deal_id: int, now: datetime) -> DealMessage:
    """Raises NotFound."""
    deal = session.get(DealHandoff, deal_id)
    if deal is None or deal.handoff_id is None:
        raise NotFound(what="deal")
    opportunity = session.get_one(Opportunity, deal.opportunity_id)
    lead = session.get_one(Lead, opportunity.lead_id)
    since = asked_since(session, deal)
    people = cards.people_of(session, {deal.rep_id, deal.from_id, deal.decided_by, since})
    place = session.get(CardPlace, deal.handoff_id)
    seen = place is not None and place.ts is not None and place.channel.startswith(("C", "G"))
    return DealMessage(
        deal_id=deal.id,
        version=deal.version,
        status=deal.status,
        erased=lead.stage is Stage.ERASED,
        card=cards.card_view(session, deal.handoff_id),
        ae=people[deal.rep_id],
        sdr=people.get(deal.from_id or 0),
        rule=Rule(deal.trace["rule"]) if deal.trace.get("rule") else None,
        due_at=due_at(session, deal, now),
        accepted_at=deal.accepted_at,
        returned_at=deal.returned_at,
        decided_by=people.get(deal.decided_by or 0),
        reason=deal.reason,
        note=deal.note,
        problem=deal.problem,
        stage=opportunity.stage,
        amount=opportunity.amount,
        currency=opportunity.currency,
        expected_on=opportunity.expected_on,
        closed_at=opportunity.closed_at,
        won=opportunity.won,
        lost_reason=opportunity.lost_reason,
        tries=[one for one in steps_of(session, deal.handoff_id) if one.step is Step.TRIED],
        journey=_journey(session, deal.handoff_id, lead),
        influence=influence_of(session, opportunity.id, now)[:CAMPAIGNS],
        similar=similar_won(session, lead),
        card_at=(place.channel, place.ts) if place is not None and place.ts is not None and seen else None,
        permalink=place.permalink if place is not None and seen else None,
        went_to=people.get(since or 0),
    )


def due_at(session: Session, deal: DealHandoff, now: datetime) -> datetime:
    """By when the AE is to have answered, by their calendar as it is now."""
    return due_after(calendars(session, [deal.rep_id], now)[deal.rep_id], deal.offered_at, ACCEPT_WITHIN)


def asked_since(session: Session, deal: DealHandoff) -> int | None:
    """Who (rep id) was asked next since the deal was returned."""
    if deal.status is not DealStatus.RETURNED:
        return None
    later = DealHandoff.id > deal.id
    wanted = select(DealHandoff.rep_id).where(DealHandoff.opportunity_id == deal.opportunity_id, later)
    return session.scalars(wanted.order_by(DealHandoff.id).limit(1)).first()


def _journey(session: Session, handoff_id: int, lead: Lead) -> Journey | None:
    touches = session.scalar(select(func.count()).where(TouchRow.lead_id == lead.id)) or 0
    first = session.scalars(
        select(TouchRow).where(TouchRow.lead_id == lead.id).order_by(TouchRow.occurred_at, TouchRow.id).limit(1)
    ).first()
    handoff = session.get_one(Handoff, handoff_id)
    if first is None:
        return None
    by = first.campaign or first.channel
    return Journey(touches, first.occurred_at, first.kind, by, handoff.became_at, handoff.qualified_at)


def similar_won(session: Session, lead: Lead) -> Sequence[SimilarDeal]:
    """Of the newest deals that were won, those most like this one: at most SIMILAR, in one query."""
    known = [(name, str(lead.attributes[name])) for name in ALIKE if lead.attributes.get(name) not in {None, "unknown"}]
    if len(known) < LEAST_ALIKE:
        return []
    won = (
        select(Opportunity)
        .where(Opportunity.closed_at.is_not(None), Opportunity.won.is_(True), Opportunity.lead_id != lead.id)
        .order_by(Opportunity.closed_at.desc())
        .limit(READ_WON)
        .subquery()
    )
    points = (case((Lead.attributes[name].astext == value, 1), else_=0) for name, value in known)
    alike = sum(points, literal(0, Integer))
    best = (
        select(won, Lead.company_name, alike.label("alike"))
        .join(Lead, Lead.id == won.c.lead_id)
        .where(alike >= LEAST_ALIKE)
        .order_by(alike.desc(), won.c.closed_at.desc(), won.c.id)
        .limit(SIMILAR)
        .subquery()
    )
    last = (
        select(TouchRow.kind, func.coalesce(TouchRow.content, TouchRow.campaign).label("by"))
        .where(TouchRow.lead_id == best.c.lead_id, TouchRow.occurred_at <= best.c.opened_at)
        .order_by(TouchRow.occurred_at.desc(), TouchRow.id.desc())
        .limit(1)
        .lateral()
    )
    rows = session.execute(
        select(best, last.c.kind, last.c.by)
        .outerjoin(last, true())
        .order_by(best.c.alike.desc(), best.c.closed_at.desc(), best.c.id)
    )
    return [
        SimilarDeal(row.company_name, row.amount, row.currency, (row.closed_at - row.opened_at).days, row.kind, row.by)
        for row in rows
    ]


def aes_but(session: Session, rep_id: int, now: datetime) -> list[tuple[int, str]]:
    """The AEs to whom a deal could be given instead (id, name): who is in Slack and not on leave. A pause is short."""
    rows = session.execute(
        select(Rep.id, Rep.name)
        .where(Rep.active, Rep.role == Role.AE, Rep.id != rep_id, Rep.slack_user_id.is_not(None))
        .order_by(Rep.name, Rep.id)
    ).all()
    away = away_now(session, [other for other, _ in rows], now)
    return [(other, name) for other, name in rows if other not in away][:MOST_AES]


def messages_of(session: Session, lead_id: int) -> Sequence[tuple[int, str | None]]:
    """Every message to an AE that stands somewhere about this lead: the deal's id, and the AE in Slack."""
    rows = session.execute(
        select(DealHandoff.id, Rep.slack_user_id)
        .join(Opportunity, Opportunity.id == DealHandoff.opportunity_id)
        .join(Rep, Rep.id == DealHandoff.rep_id)
        .where(Opportunity.lead_id == lead_id, DealHandoff.claimed_at.is_not(None))
        .order_by(DealHandoff.id)
    )
    return [(deal_id, user) for deal_id, user in rows]
