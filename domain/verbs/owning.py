"""Whose account a company is in the CRM: asked at most once a day, and believed until it is asked again."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from domain.tables import Company, Lead, Rep
from domain.verbs.record import locked_lead

ASKED_AGAIN = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Question:
    """What the CRM is asked. Repr shows nobody."""

    company_id: int
    email: str = field(repr=False)
    domain: str | None = field(repr=False)
    name: str | None = field(repr=False)


def owner_to_ask_for(session: Session, lead_id: int, now: datetime) -> Question | None:
    """The question about the lead's company; None if it has none, or was asked about within ASKED_AGAIN."""
    row = session.execute(
        select(Company.id, Lead.email, Company.domain, Company.name, Company.owner_asked_at)
        .join(Lead, Lead.company_id == Company.id)
        .where(Lead.id == lead_id)
    ).one_or_none()
    if row is None or (row.owner_asked_at is not None and row.owner_asked_at > now - ASKED_AGAIN):
        return None
    return Question(row.id, row.email, row.domain, row.name)


def note_owner(session: Session, lead_id: int, company_id: int, crm_user_id: str | None, now: datetime) -> None:
    """Keep what the CRM said. A user who is no rep of ours is nobody to whom a lead can go."""
    # The lead first, as everybody who writes to its company has it.
    locked_lead(session, lead_id)
    theirs = select(Rep.id).where(Rep.crm_user_id == crm_user_id, Rep.active).order_by(Rep.id).limit(1)
    owner_id = session.scalar(theirs) if crm_user_id is not None else None
    session.execute(update(Company).where(Company.id == company_id).values(owner_id=owner_id, owner_asked_at=now))
