"""Who sells: reps, the pools they stand in, and the territories that lead to a pool."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from domain.tables.base import Base, HasId, Word


class Role(StrEnum):
    SDR = "sdr"
    AE = "ae"
    MANAGER = "manager"
    MARKETING = "marketing"


class Rep(HasId, Base):
    """A person of sales or marketing who uses Handoff. `available` is what they or their manager set."""

    __tablename__ = "reps"
    name: Mapped[str]
    email: Mapped[str] = mapped_column(unique=True)
    role: Mapped[Role] = mapped_column(Word(Role))
    slack_user_id: Mapped[str | None] = mapped_column(unique=True)
    slack_dm_id: Mapped[str | None]
    crm_user_id: Mapped[str | None]
    available: Mapped[bool] = mapped_column(server_default=text("true"))
    active: Mapped[bool] = mapped_column(server_default=text("true"))
    """False for who has left: they may do nothing, but what they did keeps their name."""
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Pool(HasId, Base):
    """Reps of one role among whom leads rotate. SDR pools have a channel; AEs are told by DM."""

    __tablename__ = "pools"
    name: Mapped[str] = mapped_column(unique=True)
    role: Mapped[Role] = mapped_column(Word(Role))
    slack_channel: Mapped[str | None]
    manager_id: Mapped[int | None] = mapped_column(ForeignKey("reps.id"), index=True)
    short_since: Mapped[datetime | None]
    """Since when nobody of the pool could be asked; the manager has been told then."""


class PoolMember(Base):
    """A rep's place in a pool's rotation."""

    __tablename__ = "pool_members"
    __table_args__ = (CheckConstraint("weight between 1 and 100", name="weight"),)
    pool_id: Mapped[int] = mapped_column(ForeignKey("pools.id"), primary_key=True)
    rep_id: Mapped[int] = mapped_column(ForeignKey("reps.id"), primary_key=True, index=True)
    weight: Mapped[int] = mapped_column(server_default=text("1"))
    virtual_time: Mapped[float] = mapped_column(server_default=text("0"))
    last_turn_at: Mapped[datetime | None]


class TerritoryRow(HasId, Base):
    """One ordered rule: leads whose attributes fit `when` go to the pool."""

    __tablename__ = "territories"
    __table_args__ = (Index("ix_territories_role_position", "role", "position"),)
    role: Mapped[Role] = mapped_column(Word(Role))
    position: Mapped[int]
    when: Mapped[dict[str, Any]]
    pool_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("pools.id"), index=True)
