"""What people were told beside the card, what was kept for their digest, and whether it led to anything."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from domain.rules.preferences import Alert, Held
from domain.tables.base import Base, HasId, Word

WAITS = text("held in ('quiet_hours', 'budget', 'digest') and sent_at is null")
"""What is held for the next digest of its person."""

OF_MANY = text("data ? 'leads'")
"""One word about many leads, whose ids stand in `data`."""


class Notice(HasId, Base):
    """One thing that one person is told. It is sent at once, or held for the next digest, or not wanted at all."""

    __tablename__ = "notices"
    __table_args__ = (
        Index("ix_notices_rep_id_at", "rep_id", "at"),
        Index("ix_notices_held", "rep_id", postgresql_where=WAITS),
        Index("ix_notices_kind_at", "kind", "at"),
        Index("ix_notices_of_many", "rep_id", "sent_at", postgresql_where=OF_MANY),
    )
    rep_id: Mapped[int] = mapped_column(ForeignKey("reps.id"))
    kind: Mapped[Alert] = mapped_column(Word(Alert))
    at: Mapped[datetime]
    lead_id: Mapped[int | None] = mapped_column(ForeignKey("leads.id"), index=True)
    handoff_id: Mapped[int | None] = mapped_column(ForeignKey("handoffs.id"), index=True)
    data: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    """What the message needs besides, as ids, codes and numbers."""
    direct: Mapped[bool]
    """A direct message, of which a person has a budget; else a line in the thread of the lead's card."""
    held: Mapped[Held | None] = mapped_column(Word(Held))
    """Why it was not sent at once, or not at all."""
    claimed_at: Mapped[datetime | None]
    """When it was first about to be posted: after a crash it is looked for from there, not posted twice."""
    sent_at: Mapped[datetime | None]
    """By itself or in a digest."""
    acted_at: Mapped[datetime | None]
    """When the person first did something about the lead after it."""
