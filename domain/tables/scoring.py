"""Models and the scores they gave, each with the ledger it is the sum of."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from domain.rules.tiers import Tier
from domain.tables.base import Base, HasId, Word


class ModelStatus(StrEnum):
    DRAFT = "draft"
    SHADOW = "shadow"
    ACTIVE = "active"
    RETIRED = "retired"


class ScoringModel(HasId, Base):
    """A model as its TOML text. At most one is active."""

    __tablename__ = "scoring_models"
    __table_args__ = (
        UniqueConstraint("name", "version"),
        Index("uq_scoring_models_active", "status", unique=True, postgresql_where=text("status = 'active'")),
    )
    name: Mapped[str]
    version: Mapped[int]
    status: Mapped[ModelStatus] = mapped_column(Word(ModelStatus))
    toml: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    activated_at: Mapped[datetime | None]
    """When it last became the active one."""


class ScoreRow(HasId, Base):
    """One score of one lead; `ledger` are its contributions, whose points sum to `total`."""

    __tablename__ = "scores"
    __table_args__ = (
        Index("ix_scores_lead_id_as_of", "lead_id", "as_of"),
        Index("ix_scores_in_shadow", "model_id", "as_of", postgresql_where=text("not acted")),
    )
    lead_id: Mapped[int] = mapped_column(ForeignKey("leads.id"))
    model_id: Mapped[int] = mapped_column(ForeignKey("scoring_models.id"))
    as_of: Mapped[datetime]
    total: Mapped[int]
    fit: Mapped[int]
    intent: Mapped[int]
    negative: Mapped[int]
    tier: Mapped[Tier] = mapped_column(Word(Tier))
    disqualified_by: Mapped[str | None]
    ledger: Mapped[list[Any]]
    acted: Mapped[bool] = mapped_column(server_default=text("true"))
    """False: a model in shadow gave it, and nothing followed."""


class Rescoring(HasId, Base):
    """All leads scored again, batch by batch in the order of their ids; `after_id` is how far it has come."""

    __tablename__ = "rescorings"
    model_id: Mapped[int] = mapped_column(ForeignKey("scoring_models.id"))
    as_of: Mapped[datetime]
    after_id: Mapped[int] = mapped_column(server_default=text("0"))
    total: Mapped[int]
    """How many leads had a score when it began."""
    done: Mapped[int] = mapped_column(server_default=text("0"))
    """Fewer than `total` in the end if something happened to some of them meanwhile: they had their new score already."""
    moved: Mapped[int] = mapped_column(server_default=text("0"))
    """How many changed their tier."""
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]
