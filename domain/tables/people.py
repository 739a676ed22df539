"""Who sells: reps, the pools they stand in, and the territories that lead to a pool."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, func, text
from sqlalchemy.dialects.postgresql import JSONB
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
    time_zone: Mapped[str] = mapped_column(server_default=text("'UTC'"))
    hours: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    """When they work: weekday ("0" is Monday) -> [[from, to], ...] in minutes of their day. None: nobody said, so always."""
    holidays: Mapped[str | None]
    """Whose public holidays they have: a country (DE), or a part of one (DE-BE)."""
    most_open: Mapped[int | None]
    """How many leads they may have at a time, offered and taken."""
    most_a_day: Mapped[int | None]
    """How many leads they may be offered on one day of theirs."""
    admin: Mapped[bool] = mapped_column(server_default=text("false"))
    """Looks after the installation: sees in their Home what is wrong with it."""
    preferences: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    """What they want to be told and when: `domain/rules/preferences.py`. Empty: the defaults."""
    home_opened_at: Mapped[datetime | None]
    """When they last looked at their App Home: it is kept fresh for a while after that."""
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Pool(HasId, Base):
    """Reps of one role among whom leads rotate. SDRs get their leads in its channel, AEs by DM: theirs hears of what nobody has."""

    __tablename__ = "pools"
    name: Mapped[str] = mapped_column(unique=True)
    role: Mapped[Role] = mapped_column(Word(Role))
    slack_channel: Mapped[str | None]
    manager_id: Mapped[int | None] = mapped_column(ForeignKey("reps.id"), index=True)
    overflow_id: Mapped[int | None] = mapped_column(ForeignKey("pools.id"), index=True)
    """Who is asked when nobody of this pool can be."""
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
    name: Mapped[str | None]


class Absence(HasId, Base):
    """A rep is away for a while. Whoever covers may decide on what is theirs."""

    __tablename__ = "absences"
    __table_args__ = (
        Index("ix_absences_rep_id_until", "rep_id", "until", postgresql_where=text("cancelled_at is null")),
        Index("ix_absences_open", "since", postgresql_where=text("ended_at is null and cancelled_at is null")),
    )
    rep_id: Mapped[int] = mapped_column(ForeignKey("reps.id"))
    since: Mapped[datetime]
    until: Mapped[datetime]
    cover_id: Mapped[int | None] = mapped_column(ForeignKey("reps.id"), index=True)
    created_at: Mapped[datetime]
    created_by: Mapped[int | None] = mapped_column(ForeignKey("reps.id"), index=True)
    began_at: Mapped[datetime | None]
    """When the clock saw it begin, and acted."""
    ended_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]


class RoutingFile(HasId, Base):
    """A version of the file that says who sells and who gets what. The newest is in force; assignments name theirs."""

    __tablename__ = "routing_files"
    text: Mapped[str]
    imported_at: Mapped[datetime]


class TurnKind(StrEnum):
    TURN = "turn"  # from the rotation: it moves the rep on by 1 / weight
    CREDIT = "credit"  # a turn that is given back, since the lead was none
    OWNER = "owner"  # theirs already: outside of the rotation
    MOVED = "moved"  # a person gave it to them


class Turn(HasId, Base):
    """Who got which lead from which pool, and what it cost them in the rotation. Append-only."""

    __tablename__ = "turns"
    __table_args__ = (
        Index("ix_turns_pool_id_at", "pool_id", "at"),
        Index("ix_turns_rep_id_at", "rep_id", "at"),
    )
    pool_id: Mapped[int] = mapped_column(ForeignKey("pools.id"))
    rep_id: Mapped[int] = mapped_column(ForeignKey("reps.id"))
    handoff_id: Mapped[int] = mapped_column(ForeignKey("handoffs.id"), index=True)
    deal_id: Mapped[int | None] = mapped_column(ForeignKey("deal_handoffs.id"), index=True)
    """What the AE got is the opportunity that the handoff led to; None: it is the lead."""
    at: Mapped[datetime]
    kind: Mapped[TurnKind] = mapped_column(Word(TurnKind))
    weight: Mapped[int]
    moved: Mapped[float]
    """By how much the virtual time went on; below 0 for a credit, 0 outside of the rotation."""
    share: Mapped[float]
    """The part of one lead that was this rep's due, of those who could be asked then: what fairness is measured by."""
    routing_file_id: Mapped[int | None] = mapped_column(ForeignKey("routing_files.id"))
