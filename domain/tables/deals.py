"""Handing an opportunity to an account executive."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from domain.rules.deals import DEAL_LIVE, DealStatus
from domain.tables.base import Base, HasId, Word

_LIVE = text(f"status in ({', '.join(repr(status.value) for status in sorted(DEAL_LIVE))})")


class DealHandoff(HasId, Base):
    """One attempt to hand an opportunity to an AE, and where its message stands. `version` counts what changes the decision."""

    __tablename__ = "deal_handoffs"
    __table_args__ = (
        Index("uq_deal_handoffs_live", "opportunity_id", unique=True, postgresql_where=_LIVE),
        Index("ix_deal_handoffs_opportunity_id", "opportunity_id"),
        Index("ix_deal_handoffs_live_rep_id", "rep_id", postgresql_where=_LIVE),
        # On how many somebody decided in a month.
        Index("ix_deal_handoffs_rep_id_offered_at", "rep_id", "offered_at"),
        Index("ix_deal_handoffs_remind_at", "remind_at", postgresql_where=text("remind_at is not null")),
    )
    opportunity_id: Mapped[int] = mapped_column(ForeignKey("opportunities.id"))
    handoff_id: Mapped[int | None] = mapped_column(ForeignKey("handoffs.id"), index=True)
    """The attempt with the lead that led to the opportunity."""
    rep_id: Mapped[int] = mapped_column(ForeignKey("reps.id"))
    """The AE."""
    from_id: Mapped[int | None] = mapped_column(ForeignKey("reps.id"), index=True)
    """Who hands it over: the SDR."""
    pool_id: Mapped[int | None] = mapped_column(ForeignKey("pools.id"), index=True)
    status: Mapped[DealStatus] = mapped_column(Word(DealStatus))
    version: Mapped[int]
    trace: Mapped[dict[str, Any]]
    """Why this AE: rule, and who was passed over."""
    offered_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
    returned_at: Mapped[datetime | None]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("reps.id"), index=True)
    reason: Mapped[str | None]
    note: Mapped[str | None]
    remind_at: Mapped[datetime | None]
    """When the clock has to look at it next; null when it is done with."""
    reminded_at: Mapped[datetime | None]
    escalated_at: Mapped[datetime | None]
    channel: Mapped[str | None]
    """Where its message stands; it is claimed before the post."""
    claimed_at: Mapped[datetime | None]
    ts: Mapped[str | None]
    drawn: Mapped[str | None]
    """Hash of the blocks that stand there."""
    problem: Mapped[str | None]
    """Why the CRM has another owner than we say, in its own sentence."""
