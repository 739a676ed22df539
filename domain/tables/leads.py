"""The lead, where it came from, what it did, and what others said about it."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from domain.rules.lifecycle import Stage
from domain.rules.tiers import Tier
from domain.tables.base import Base, HasId, Word


class Company(HasId, Base):
    __tablename__ = "companies"
    domain: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Lead(HasId, Base):
    """One person. `fields` is the merged record, each field with its source and age; the columns are what is asked for often."""

    __tablename__ = "leads"
    __table_args__ = (
        Index("ix_leads_captured_at", "captured_at"),
        Index("ix_leads_stage_tier", "stage", "tier"),
    )
    email: Mapped[str] = mapped_column(unique=True)
    stage: Mapped[Stage] = mapped_column(Word(Stage), server_default=Stage.CAPTURED)
    first_name: Mapped[str | None]
    last_name: Mapped[str | None]
    title: Mapped[str | None]
    company_name: Mapped[str | None]
    company_id: Mapped[int | None] = mapped_column(ForeignKey("companies.id"), index=True)
    source: Mapped[str]
    fields: Mapped[dict[str, Any]]
    """name -> {value, source, at}"""
    attributes: Mapped[dict[str, Any]]
    """What rules may read: the merged values, categories and flags of validation."""
    notes: Mapped[list[Any]]
    """Data quality: [code, sentence] pairs."""

    tier: Mapped[Tier | None] = mapped_column(Word(Tier))
    score: Mapped[int | None]
    fit: Mapped[int | None]
    intent: Mapped[int | None]
    negative: Mapped[int | None]
    score_id: Mapped[int | None]
    """The row of `scores` that explains the four above; no foreign key, since that row points here."""

    owner_id: Mapped[int | None] = mapped_column(ForeignKey("reps.id"), index=True)
    captured_at: Mapped[datetime]
    enriched_at: Mapped[datetime | None]
    scored_at: Mapped[datetime | None]
    became_sales_ready_at: Mapped[datetime | None]
    """When it last crossed the MQL threshold: SLA clocks count from here."""
    nurtured_at: Mapped[datetime | None]
    rests_until: Mapped[datetime | None]
    """Cooldown after a rejection: not handed over before."""
    bulk: Mapped[bool] = mapped_column(server_default=text("false"))
    """Came in a bulk import: its jobs stand behind the ones of live leads."""


class CaptureSource(HasId, Base):
    """A website, form tool or event system that may post. Its key is stored hashed."""

    __tablename__ = "capture_sources"
    name: Mapped[str] = mapped_column(unique=True)
    key_hash: Mapped[str | None]
    """SHA-256 of the key, hex. None: a source that has no door of its own, such as an import."""
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class ArrivalState(StrEnum):
    TAKEN = "taken"
    REFUSED = "refused"


class Arrival(HasId, Base):
    """A delivery as it came, stored before anything is made of it."""

    __tablename__ = "arrivals"
    __table_args__ = (
        UniqueConstraint("source_id", "delivery_key"),
        Index("ix_arrivals_refused", "received_at", postgresql_where=text("state = 'refused'")),
    )
    source_id: Mapped[int] = mapped_column(ForeignKey("capture_sources.id"))
    delivery_key: Mapped[str]
    body: Mapped[bytes]
    body_hash: Mapped[str]
    """SHA-256 of the body, hex."""
    state: Mapped[ArrivalState] = mapped_column(Word(ArrivalState))
    refusal: Mapped[str | None]
    """Why it was refused, as a sentence; no personal data."""
    lead_id: Mapped[int | None] = mapped_column(ForeignKey("leads.id"), index=True)
    received_at: Mapped[datetime]


class TouchRow(HasId, Base):
    """One marketing contact or behaviour."""

    __tablename__ = "touches"
    __table_args__ = (Index("ix_touches_lead_id_occurred_at", "lead_id", "occurred_at"),)
    lead_id: Mapped[int] = mapped_column(ForeignKey("leads.id"))
    arrival_id: Mapped[int | None] = mapped_column(ForeignKey("arrivals.id"), unique=True)
    kind: Mapped[str]
    occurred_at: Mapped[datetime]
    campaign: Mapped[str | None]
    channel: Mapped[str | None]
    content: Mapped[str | None]
    page: Mapped[str | None]


class ProfileRow(HasId, Base):
    """What one provider last said about one lead."""

    __tablename__ = "profiles"
    __table_args__ = (UniqueConstraint("lead_id", "provider"),)
    lead_id: Mapped[int] = mapped_column(ForeignKey("leads.id"))
    provider: Mapped[str]
    outcome: Mapped[str]
    fields: Mapped[dict[str, Any]]
    cost_cents: Mapped[int]
    asked_at: Mapped[datetime]
