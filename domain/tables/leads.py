"""The lead, where it came from, what it did, and what others said about it."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from domain.rules.lifecycle import Stage
from domain.rules.tiers import Tier
from domain.tables.base import Base, HasId, Word


class Company(HasId, Base):
    """Known by its domain; without one (its people write from free mail) by its name within its country."""

    __tablename__ = "companies"
    __table_args__ = (
        Index("ix_companies_name_key", "name_key"),
        # Whose people write from free mail is one company within a country.
        Index(
            "uq_companies_name_key_country",
            "name_key",
            "country",
            unique=True,
            postgresql_where=text("domain is null"),
        ),
        # Names that look alike: found by their trigrams, weighed by domain/rules/company_names.py.
        Index(
            "ix_companies_name_key_trigrams",
            "name_key",
            postgresql_using="gin",
            postgresql_ops={"name_key": "gin_trgm_ops"},
            # No list of what is not sorted in yet: while it is long, Postgres would rather read the whole table.
            postgresql_with={"fastupdate": "off"},
        ),
    )
    domain: Mapped[str | None] = mapped_column(unique=True)
    name: Mapped[str | None]
    name_key: Mapped[str | None]
    """The name as it is compared: folded, without its legal form."""
    country: Mapped[str | None]
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("reps.id"), index=True)
    """Whose account it is in the CRM; asked before its leads are handed over."""
    owner_asked_at: Mapped[datetime | None]
    fields: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    """What providers said of the company: name -> {value, source, at}. Its next person need not be asked for it again."""
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Lead(HasId, Base):
    """One person. `fields` is the merged record, each field with its source and age; the columns are what is asked for often."""

    __tablename__ = "leads"
    __table_args__ = (
        Index("ix_leads_captured_at", "captured_at"),
        Index("ix_leads_stage_tier", "stage", "tier"),
        Index("ix_leads_recheck_at", "recheck_at", postgresql_where=text("recheck_at is not null")),
    )
    email: Mapped[str] = mapped_column(unique=True)
    """As it was written first; mail reaches the person there."""
    identity: Mapped[str] = mapped_column(unique=True)
    """What makes two spellings of one mailbox one person: kim+news@ is kim@."""
    merged_into: Mapped[int | None] = mapped_column(ForeignKey("leads.id"), index=True)
    """The lead that this one turned out to be; what arrives for this one is that one's."""
    stage: Mapped[Stage] = mapped_column(Word(Stage), server_default=Stage.CAPTURED)
    first_name: Mapped[str | None]
    last_name: Mapped[str | None]
    title: Mapped[str | None]
    company_name: Mapped[str | None]
    company_id: Mapped[int | None] = mapped_column(ForeignKey("companies.id"), index=True)
    company_match: Mapped[dict[str, Any] | None]
    """How the company was found: {by, likeness, runner_up, tiebreak}."""
    source: Mapped[str]
    fields: Mapped[dict[str, Any]]
    """name -> {value, source, at}"""
    attributes: Mapped[dict[str, Any]]
    """What rules may read: the merged values, categories and flags of validation."""
    notes: Mapped[list[Any]]
    """Data quality: [code, sentence] pairs."""
    grade: Mapped[str | None]
    """Data quality as one letter, A to D: `domain/rules/quality.py`."""

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
    tier_since: Mapped[datetime | None]
    alerted_at: Mapped[datetime | None]
    """When its last jump was told."""
    recheck_at: Mapped[datetime | None]
    """When it is scored again though nothing happened: points fade, a cooldown ends."""
    reviewed_at: Mapped[datetime | None]
    """When marketing last had this MEL on its monthly list."""
    programme: Mapped[str | None]
    """The nurture programme it is in."""
    programme_since: Mapped[datetime | None]
    automation: Mapped[str | None]
    """The marketing automation that has it, where it is not the installation's first: hubspot, marketo, pardot."""
    bulk: Mapped[bool] = mapped_column(server_default=text("false"))
    """Came in a bulk import: its jobs stand behind the ones of live leads."""


class AttributesRow(HasId, Base):
    """What rules could read of a lead from `at` on: with it a score of the past can be worked out again."""

    __tablename__ = "lead_attributes"
    __table_args__ = (Index("ix_lead_attributes_lead_id_at", "lead_id", "at"),)
    lead_id: Mapped[int] = mapped_column(ForeignKey("leads.id"))
    at: Mapped[datetime]
    attributes: Mapped[dict[str, Any]]


class LeadMerge(HasId, Base):
    """Two leads that were one person. `moved` says what came over, so that a mistake can be taken back."""

    __tablename__ = "lead_merges"
    kept_id: Mapped[int] = mapped_column(ForeignKey("leads.id"), index=True)
    merged_id: Mapped[int] = mapped_column(ForeignKey("leads.id"), index=True)
    at: Mapped[datetime]
    rep_id: Mapped[int | None] = mapped_column(ForeignKey("reps.id"), index=True)
    fields: Mapped[dict[str, Any]]
    """What won: field -> {won, lost}, each {value, source, at} or null."""
    moved: Mapped[dict[str, Any]]
    """Ids by table, and what both leads were before."""
    undone_at: Mapped[datetime | None]


class Suppression(Base):
    """Somebody who asked to be forgotten, as the keyed hash of their identity: no import may bring them back."""

    __tablename__ = "suppressions"
    identity_hash: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime]


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
    __table_args__ = (
        Index("ix_touches_lead_id_occurred_at", "lead_id", "occurred_at"),
        # Whose leads a channel or a campaign has touched, and which channels and campaigns there are.
        Index(
            "ix_touches_channel",
            "channel",
            "lead_id",
            "occurred_at",
            postgresql_where=text("channel is not null"),
        ),
        Index(
            "ix_touches_campaign",
            "campaign",
            "lead_id",
            "occurred_at",
            postgresql_where=text("campaign is not null"),
        ),
    )
    lead_id: Mapped[int] = mapped_column(ForeignKey("leads.id"))
    arrival_id: Mapped[int | None] = mapped_column(ForeignKey("arrivals.id"), unique=True)
    kind: Mapped[str]
    occurred_at: Mapped[datetime]
    campaign: Mapped[str | None]
    channel: Mapped[str | None]
    content: Mapped[str | None]
    page: Mapped[str | None]
    recorded_at: Mapped[datetime] = mapped_column(server_default=func.now())
    """When we heard of it: a past score did not know it before."""


class ProfileRow(HasId, Base):
    """What one provider last said about one lead: the cache, with its age."""

    __tablename__ = "profiles"
    __table_args__ = (UniqueConstraint("lead_id", "provider"),)
    lead_id: Mapped[int] = mapped_column(ForeignKey("leads.id"))
    provider: Mapped[str]
    outcome: Mapped[str]
    fields: Mapped[dict[str, Any]]
    cost_cents: Mapped[int]
    asked_at: Mapped[datetime]
    tries: Mapped[int] = mapped_column(server_default=text("0"))
    """How often in a row the provider said that it is still searching."""
    again_at: Mapped[datetime | None]
    """When the question is put again, if it is."""


class ProviderDay(Base):
    """What a provider was asked on one day (UTC), and what it cost."""

    __tablename__ = "provider_days"
    provider: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    asked: Mapped[int] = mapped_column(server_default=text("0"))
    matched: Mapped[int] = mapped_column(server_default=text("0"))
    cost_cents: Mapped[int] = mapped_column(server_default=text("0"))
