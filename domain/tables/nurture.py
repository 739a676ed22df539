"""What marketing does with a lead that is not for sales yet: programmes, contents, what was recommended to whom."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from domain.rules.tiers import Tier
from domain.tables.base import Base, HasId, Word


class Programme(HasId, Base):
    """A nurture programme, and for whom it is. The first one whose `when` holds is a lead's."""

    __tablename__ = "programmes"
    name: Mapped[str] = mapped_column(unique=True)
    position: Mapped[int]
    when: Mapped[dict[str, Any]]
    external_id: Mapped[str | None]
    """The list, campaign or programme in marketing automation that it is there."""
    contents: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))
    """Keys of the contents that its leads get first."""
    active: Mapped[bool] = mapped_column(server_default=text("true"))


class Content(HasId, Base):
    """Something to read or watch. `key` is what touches say of it, `position` its place in the catalogue."""

    __tablename__ = "contents"
    key: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str]
    url: Mapped[str | None]
    position: Mapped[int]
    active: Mapped[bool] = mapped_column(server_default=text("true"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class ContentResult(Base):
    """Of the leads of one tier and persona who met a content: how many moved up within the time that is looked at."""

    __tablename__ = "content_results"
    content: Mapped[str] = mapped_column(primary_key=True)
    tier: Mapped[Tier] = mapped_column(Word(Tier), primary_key=True)
    """The tier they were in when they met it."""
    persona: Mapped[str] = mapped_column(primary_key=True)
    """Empty: not known."""
    seen: Mapped[int]
    moved: Mapped[int]
    measured_at: Mapped[datetime]


class Recommendation(HasId, Base):
    """What was recommended to a lead, once each."""

    __tablename__ = "recommendations"
    __table_args__ = (UniqueConstraint("lead_id", "content"),)
    lead_id: Mapped[int] = mapped_column(ForeignKey("leads.id"))
    content: Mapped[str]
    at: Mapped[datetime]
