"""What people were told by direct message, what was kept for their digest, and whether it led to anything."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from domain.rules.preferences import Alert
from domain.tables.base import Base, HasId, Word


class Notice(HasId, Base):
    """One thing that one person is told. It is sent at once, or held for the next digest, or not wanted at all."""

    __tablename__ = "notices"
    __table_args__ = (
        Index("ix_notices_rep_id_at", "rep_id", "at"),
        Index("ix_notices_held", "rep_id", postgresql_where=text("held is not null and sent_at is null")),
        Index("ix_notices_kind_at", "kind", "at"),
    )
    rep_id: Mapped[int] = mapped_column(ForeignKey("reps.id"))
    kind: Mapped[Alert] = mapped_column(Word(Alert))
    at: Mapped[datetime]
    lead_id: Mapped[int | None] = mapped_column(ForeignKey("leads.id"), index=True)
    handoff_id: Mapped[int | None] = mapped_column(ForeignKey("handoffs.id"), index=True)
    data: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    """What the message needs besides, as ids, codes and numbers."""
    held: Mapped[str | None]
    """Why it was not sent at once: quiet_hours, budget, digest (as the person wishes), muted (never sent)."""
    sent_at: Mapped[datetime | None]
    """By itself or in a digest."""
    acted_at: Mapped[datetime | None]
    """When the person first did something about the lead after it."""
