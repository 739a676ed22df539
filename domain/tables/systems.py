"""What other systems were told. It is a state, not a stream: dirty rows are drained, newest wins."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from domain.tables.base import Base


class Installation(Base):
    """The name of this installation to outside systems, made once by the first migration. Two that share a CRM do not mix up."""

    __tablename__ = "installations"
    key: Mapped[str] = mapped_column(primary_key=True)


class SystemLink(Base):
    """One lead in one outside system. `dirty` counts changes; it is clean when `told` has caught up."""

    __tablename__ = "system_links"
    __table_args__ = (
        Index("ix_system_links_dirty", "system", "dirty_since", postgresql_where=text("dirty_since is not null")),
    )
    lead_id: Mapped[int] = mapped_column(ForeignKey("leads.id"), primary_key=True)
    system: Mapped[str] = mapped_column(primary_key=True)
    external_id: Mapped[str | None]
    dirty: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    dirty_since: Mapped[datetime | None]
    sent_hash: Mapped[str | None]
    told_at: Mapped[datetime | None]
    programme: Mapped[str | None]
    """Of the nurture programmes (`telling.PROGRAMME`): where the system has the lead, by the system's own name for it."""
    problem: Mapped[str | None]
    """The vendor's own sentence, if it refused the record."""
