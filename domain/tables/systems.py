"""What other systems were told. It is a state, not a stream: dirty rows are drained, newest wins."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from domain.tables.base import Base, HasId


class Installation(Base):
    """The name of this installation to outside systems, made once by the first migration. Two that share a CRM do not mix up."""

    __tablename__ = "installations"
    key: Mapped[str] = mapped_column(primary_key=True)


class Heartbeat(Base):
    """A process of ours that runs: web, worker or clock. Rows of processes that ended are swept by the clock."""

    __tablename__ = "heartbeats"
    process: Mapped[str] = mapped_column(primary_key=True)
    """Kind, host and process id."""
    kind: Mapped[str]
    at: Mapped[datetime]
    started_at: Mapped[datetime]


class Check(Base):
    """What `handoff doctor` and the clock's own rounds found out about the installation, the newest of each."""

    __tablename__ = "checks"
    name: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[str]
    """ok, warning or failed."""
    found: Mapped[str]
    """What was found, as a sentence."""
    advice: Mapped[str | None]
    """What to do about it."""
    at: Mapped[datetime]


class SystemLink(Base):
    """One lead in one outside system. `dirty` counts changes; it is clean when `told` has caught up."""

    __tablename__ = "system_links"
    __table_args__ = (
        # By lead as well: a bulk import marks many at one moment.
        Index(
            "ix_system_links_dirty",
            "system",
            "dirty_since",
            "lead_id",
            postgresql_where=text("dirty_since is not null"),
        ),
        Index("ix_system_links_external_id", "external_id", postgresql_where=text("external_id is not null")),
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
    unsure: Mapped[bool] = mapped_column(server_default=text("false"))
    """Of the same: it was asked to change that, and has not answered yet. Then the lead may be there, or not."""
    problem: Mapped[str | None]
    """The vendor's own sentence, if it refused the record."""


class VendorAccount(Base):
    """What all worker processes know together of one account with a vendor: whether it answers, and what is left of its quota."""

    __tablename__ = "vendor_accounts"
    account: Mapped[str] = mapped_column(primary_key=True)
    """The vendor, and a hash of which of its accounts it is."""
    failures: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    """In a row."""
    open_until: Mapped[datetime | None]
    """The circuit breaker: nobody calls before then, and then one goes first."""
    problem: Mapped[str | None]
    quota_used: Mapped[int | None]
    quota_of: Mapped[int | None]
    """What the vendor itself said of its quota."""
    quota_at: Mapped[datetime | None]


class VendorWindow(Base):
    """The calls that one account made in one window of its quota."""

    __tablename__ = "vendor_windows"
    account: Mapped[str] = mapped_column(primary_key=True)
    window: Mapped[str] = mapped_column(primary_key=True)
    """Which of the vendor's limits: 10s, day."""
    began_at: Mapped[datetime]
    used: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    slices: Mapped[dict[str, Any] | None]
    """Of a window that slides: number of the slice -> calls in it (`kit/quota.py`)."""


class VendorLease(Base):
    """A call under way to a system that takes only so many at once. After `until` its process is taken for dead."""

    __tablename__ = "vendor_leases"
    account: Mapped[str] = mapped_column(primary_key=True)
    token: Mapped[str] = mapped_column(primary_key=True)
    until: Mapped[datetime]


class Cursor(Base):
    """Up to where we have read what a system has to tell."""

    __tablename__ = "cursors"
    system: Mapped[str] = mapped_column(primary_key=True)
    what: Mapped[str] = mapped_column(primary_key=True)
    """opportunities, activities ..."""
    position: Mapped[str | None]
    """A moment, or the vendor's own paging token."""
    read_at: Mapped[datetime | None]
    problem: Mapped[str | None]


class FieldMap(HasId, Base):
    """A version of the file that says which of our fields goes to which of a system's. The newest of a system is in force."""

    __tablename__ = "field_maps"
    system: Mapped[str] = mapped_column(index=True)
    text: Mapped[str]
    imported_at: Mapped[datetime]


class SyncRun(HasId, Base):
    """One sweep that compared our record with a system's."""

    __tablename__ = "sync_runs"
    __table_args__ = (Index("ix_sync_runs_system_began_at", "system", "began_at"),)
    system: Mapped[str]
    began_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    position: Mapped[str | None]
    """Where to go on after a restart."""
    compared: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    problem: Mapped[str | None]


class SyncFinding(HasId, Base):
    """Something that was not the same on both sides."""

    __tablename__ = "sync_findings"
    __table_args__ = (
        Index("ix_sync_findings_run_id", "run_id"),
        Index("ix_sync_findings_open", "system", postgresql_where=text("settled_at is null")),
    )
    run_id: Mapped[int] = mapped_column(ForeignKey("sync_runs.id"))
    system: Mapped[str]
    lead_id: Mapped[int | None] = mapped_column(ForeignKey("leads.id"), index=True)
    external_id: Mapped[str | None]
    kind: Mapped[str]
    """missed (they know somebody whom we do not), changed (there, unseen by us), lost (what we wrote does not stand there)."""
    detail: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    """Which fields, by name."""
    repaired: Mapped[str | None]
    """What was done about it by itself; None: it is for a person."""
    found_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
