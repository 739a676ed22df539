"""The ledger of jobs. A row is written with the state it follows, leased by a relay, and deleted with its effect."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from domain.tables.base import Base, HasId


class JobRow(HasId, Base):
    """`claims` is the fence token; `failures` are counted apart: being taken over is not a failure.

    A row is *pending* (no lease, not dead), *leased*, or *dead*. At most one pending row per name and key.
    """

    __tablename__ = "jobs"
    __table_args__ = (
        Index(
            "uq_jobs_pending_key",
            "name",
            "key",
            unique=True,
            postgresql_where=text("leased_until is null and dead_at is null"),
        ),
        Index(
            "ix_jobs_ready",
            "priority",
            "run_at",
            "id",
            postgresql_where=text("lane is null and leased_until is null and dead_at is null"),
        ),
        Index(
            "ix_jobs_lane",
            "lane",
            "priority",
            "run_at",
            "id",
            postgresql_where=text("lane is not null and leased_until is null and dead_at is null"),
        ),
        Index("ix_jobs_leased", "leased_until", postgresql_where=text("leased_until is not null")),
        Index("ix_jobs_dead", "dead_at", postgresql_where=text("dead_at is not null")),
    )
    name: Mapped[str]
    args: Mapped[dict[str, Any]]
    """Ids and codes only."""
    key: Mapped[str | None]
    lane: Mapped[str | None]
    priority: Mapped[int]
    """Lower is sooner."""
    run_at: Mapped[datetime] = mapped_column(server_default=func.now())
    claims: Mapped[int] = mapped_column(server_default=text("0"))
    failures: Mapped[int] = mapped_column(server_default=text("0"))
    leased_until: Mapped[datetime | None]
    leased_by: Mapped[str | None]
    dead_at: Mapped[datetime | None]
    problem: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class JobLane(Base):
    """A road with a pace, such as one Slack channel. It carries one job at a time."""

    __tablename__ = "job_lanes"
    name: Mapped[str] = mapped_column(primary_key=True)
    free_at: Mapped[datetime] = mapped_column(server_default=func.now())
