"""The CRM's opportunities of our leads, as they were last read there, and every stage that they went through."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from domain.tables.base import Base, HasId


class Opportunity(HasId, Base):
    """A deal. The CRM's word is the last one: we open it there, and read from there what becomes of it.

    Money is in the smallest unit of its currency.
    """

    __tablename__ = "opportunities"
    __table_args__ = (
        Index("ix_opportunities_lead_id_opened_at", "lead_id", "opened_at"),
        # With all that /leadstats asks of an opportunity: those of a quarter are read from here alone.
        Index(
            "ix_opportunities_opened_at",
            "opened_at",
            postgresql_include=["lead_id", "handoff_id", "won", "closed_at"],
        ),
        Index("ix_opportunities_stage_since", "stage_since", "id"),
        Index("ix_opportunities_open", "stage_since", postgresql_where=text("closed_at is null")),
        Index("ix_opportunities_closed_at", "closed_at", postgresql_where=text("closed_at is not null")),
        Index("ix_opportunities_waits_since", "waits_since", postgresql_where=text("waits_since is not null")),
    )
    lead_id: Mapped[int] = mapped_column(ForeignKey("leads.id"))
    handoff_id: Mapped[int | None] = mapped_column(ForeignKey("handoffs.id"), unique=True)
    """The attempt that led to it; None: somebody opened it in the CRM without one."""
    company_id: Mapped[int | None] = mapped_column(ForeignKey("companies.id"), index=True)
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("reps.id"), index=True)
    system: Mapped[str]
    """Whose opportunity it is: salesforce."""
    external_id: Mapped[str | None] = mapped_column(unique=True)
    """None: it is not in the CRM yet."""
    name: Mapped[str]
    stage: Mapped[str]
    """The CRM's own word."""
    stage_since: Mapped[datetime]
    probability: Mapped[float | None]
    amount: Mapped[int | None]
    currency: Mapped[str | None]
    """ISO 4217."""
    expected_on: Mapped[date | None]
    """When sales expects to close it."""
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    won: Mapped[bool | None]
    """None while it is open."""
    lost_reason: Mapped[str | None]
    modified_at: Mapped[datetime | None]
    """When it last changed in the CRM: an older word than this is old news."""
    seen_at: Mapped[datetime | None]
    """When we last read it there."""
    crm_owner_id: Mapped[str | None]
    """Whose it is by the CRM's last word, or since we made it theirs there: the CRM's id of a user, who may be nobody of ours."""
    waits_since: Mapped[datetime | None]
    """Since when no AE could be asked; None: nobody is looked for."""
    stuck_at: Mapped[datetime | None]
    """When its owner was last told that it is stuck. Before `stage_since`: that was about an earlier stage."""


class OpportunityStage(HasId, Base):
    """A stage that an opportunity came to, with what it was worth then. Append-only."""

    __tablename__ = "opportunity_stages"
    __table_args__ = (Index("ix_opportunity_stages_opportunity_id_at", "opportunity_id", "at"),)
    opportunity_id: Mapped[int] = mapped_column(ForeignKey("opportunities.id"))
    stage: Mapped[str]
    at: Mapped[datetime]
    amount: Mapped[int | None]
    probability: Mapped[float | None]
