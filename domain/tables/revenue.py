"""What campaigns cost, what deals brought, and whose work that was: costs, rates, attribution and its frozen credits."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Date, ForeignKey, Index, Numeric, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from domain.rules.attribution import AttributionModel
from domain.tables.base import Base, HasId, Word

_CURRENT = text("superseded_at is null")


class Campaign(HasId, Base):
    """A campaign as touches name it."""

    __tablename__ = "campaigns"
    name: Mapped[str] = mapped_column(unique=True)
    channel: Mapped[str | None]
    """What its touches count for where they do not say it themselves."""
    created_at: Mapped[datetime]


class Cost(HasId, Base):
    """What a campaign, or a channel as a whole, cost from `since` to `until`, both days included. The same span again replaces it."""

    __tablename__ = "costs"
    __table_args__ = (
        UniqueConstraint("campaign_id", "channel", "since", "until", postgresql_nulls_not_distinct=True),
        Index("ix_costs_until", "until"),
    )
    campaign_id: Mapped[int | None] = mapped_column(ForeignKey("campaigns.id"))
    channel: Mapped[str | None]
    """Of what belongs to no campaign."""
    since: Mapped[date]
    until: Mapped[date]
    amount: Mapped[int]
    """In the smallest unit of its currency."""
    currency: Mapped[str]
    imported_at: Mapped[datetime]


class ExchangeRate(Base):
    """From this day on one unit of `currency` is worth `rate` units of `base`."""

    __tablename__ = "exchange_rates"
    base: Mapped[str] = mapped_column(primary_key=True)
    currency: Mapped[str] = mapped_column(primary_key=True)
    since: Mapped[date] = mapped_column(Date, primary_key=True)
    rate: Mapped[Decimal] = mapped_column(Numeric(20, 10))


class AttributionFile(HasId, Base):
    """A version of how attribution is done: look-back, half-life, groups of channels. The newest counts from then on."""

    __tablename__ = "attribution_files"
    text: Mapped[str]
    imported_at: Mapped[datetime]


class AttributionFit(HasId, Base):
    """What Markov or Shapley learnt of the journeys of a time. Append-only: frozen credits name theirs."""

    __tablename__ = "attribution_fits"
    __table_args__ = (Index("ix_attribution_fits_model_fitted_at", "model", "fitted_at"),)
    model: Mapped[AttributionModel] = mapped_column(Word(AttributionModel))
    fitted_at: Mapped[datetime]
    since: Mapped[datetime]
    until: Mapped[datetime]
    journeys: Mapped[int]
    won: Mapped[int]
    """How many of them led to a deal that was won."""
    data: Mapped[dict[str, Any]]
    """The order of the chain, the effect of each channel."""


class CreditRun(HasId, Base):
    """One sharing out of one deal that was won: frozen. What changes later is a new run beside it, and the old one stays."""

    __tablename__ = "credit_runs"
    __table_args__ = (
        UniqueConstraint("opportunity_id", "version"),
        Index("uq_credit_runs_current", "opportunity_id", unique=True, postgresql_where=_CURRENT),
        Index("ix_credit_runs_closed_at", "closed_at", postgresql_where=_CURRENT),
    )
    opportunity_id: Mapped[int] = mapped_column(ForeignKey("opportunities.id"))
    version: Mapped[int]
    """Counted per deal, from 1."""
    why: Mapped[str]
    """closed, corrected (the CRM said otherwise later), recount (somebody asked for it)."""
    made_at: Mapped[datetime]
    superseded_at: Mapped[datetime | None]
    """By a newer run, or because the deal was opened again."""
    closed_at: Mapped[datetime]
    file_id: Mapped[int | None] = mapped_column(ForeignKey("attribution_files.id"), index=True)
    """How attribution was done; None: as it is built in."""
    amount: Mapped[int | None]
    """Of the deal, in its own currency's smallest unit."""
    currency: Mapped[str | None]
    rate: Mapped[Decimal | None] = mapped_column(Numeric(20, 10))
    """One unit of its currency in units of `base`; None: nobody has said, so that `value` is 0."""
    base: Mapped[str]
    value: Mapped[int]
    """In the smallest unit of `base`: what the credits of each model sum to."""
    touches: Mapped[int]


class Credit(HasId, Base):
    """What one model gives to one touch of a deal."""

    __tablename__ = "credits"
    __table_args__ = (
        Index("ix_credits_run_id_model", "run_id", "model"),
        # What revenue by campaign and by channel is summed from.
        Index("ix_credits_model_closed_at", "model", "closed_at"),
    )
    run_id: Mapped[int] = mapped_column(ForeignKey("credit_runs.id"))
    model: Mapped[AttributionModel] = mapped_column(Word(AttributionModel))
    fit_id: Mapped[int | None] = mapped_column(ForeignKey("attribution_fits.id"), index=True)
    closed_at: Mapped[datetime]
    lead_id: Mapped[int] = mapped_column(ForeignKey("leads.id"), index=True)
    """Whose touch it was: the deal's lead, or somebody else of the account."""
    touch_id: Mapped[int | None]
    """No foreign key: the touch may be erased, the credit stays. None: nothing is known that led to the deal."""
    at: Mapped[datetime | None]
    campaign: Mapped[str | None]
    channel: Mapped[str]
    share: Mapped[float]
    """Of the deal, 0 to 1; those of a run and a model sum to 1."""
    value: Mapped[int]
