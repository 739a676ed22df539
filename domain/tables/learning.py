"""What is learnt from outcomes, what is proposed because of it, what the loops said, and how content sales is."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from domain.rules.proposals import ProposalKind, ProposalStatus
from domain.tables.base import Base, HasId, Word


class Learning(HasId, Base):
    """One run of learning, whatever came of it: a proposal, or why there is none."""

    __tablename__ = "learnings"
    __table_args__ = (Index("ix_learnings_kind_at", "kind", "at"),)
    kind: Mapped[ProposalKind] = mapped_column(Word(ProposalKind))
    at: Mapped[datetime]
    base_id: Mapped[int] = mapped_column(ForeignKey("scoring_models.id"), index=True)
    """The model in force then."""
    verdict: Mapped[str]
    """proposed, not_enough, no_better, failed; waiting, resting: somebody is asked already, or said no lately."""
    said: Mapped[str]
    """Why, as a sentence: not enough data yet, 34 of about 60 wins."""
    data: Mapped[dict[str, Any]]
    """What was counted and measured, drift included."""
    proposal_id: Mapped[int | None] = mapped_column(ForeignKey("proposals.id"), index=True)


class Proposal(HasId, Base):
    """A draft model that somebody is asked to approve. `version` counts what changes the decision."""

    __tablename__ = "proposals"
    __table_args__ = (
        # One question at a time of each kind.
        Index("uq_proposals_open", "kind", unique=True, postgresql_where=text("status in ('open', 'shadow')")),
        Index("ix_proposals_made_at", "made_at"),
    )
    kind: Mapped[ProposalKind] = mapped_column(Word(ProposalKind))
    status: Mapped[ProposalStatus] = mapped_column(Word(ProposalStatus))
    version: Mapped[int]
    model_id: Mapped[int] = mapped_column(ForeignKey("scoring_models.id"), index=True)
    """The draft."""
    base_id: Mapped[int] = mapped_column(ForeignKey("scoring_models.id"), index=True)
    """What was in force when it was made: what a rollback goes back to."""
    evidence: Mapped[dict[str, Any]]
    """What changes, what it would have done, the risk: numbers and codes only."""
    made_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("reps.id"), index=True)
    note: Mapped[str | None]
    """Why it was declined."""
    shadow_since: Mapped[datetime | None]
    shadow_until: Mapped[datetime | None]
    """When it is asked about again."""
    activated_at: Mapped[datetime | None]
    rolled_back_at: Mapped[datetime | None]
    rolled_back_by: Mapped[int | None] = mapped_column(ForeignKey("reps.id"), index=True)
    channel: Mapped[str | None]
    """Where its message stands; it is claimed before the post."""
    claimed_at: Mapped[datetime | None]
    ts: Mapped[str | None]
    drawn: Mapped[str | None]
    """Hash of the blocks that stand there."""


class LoopRun(HasId, Base):
    """What a daily, weekly or monthly loop found, as it was then."""

    __tablename__ = "loop_runs"
    __table_args__ = (UniqueConstraint("kind", "period", "audience"),)
    kind: Mapped[str]
    """daily, weekly, monthly."""
    period: Mapped[str]
    """2026-11-22, 2026-W47, 2026-11."""
    audience: Mapped[str]
    """all, rep-7, or channel."""
    made_at: Mapped[datetime]
    data: Mapped[dict[str, Any]]
    channel: Mapped[str | None]
    """Where its message stands, if it is one of its own; claimed before the post."""
    claimed_at: Mapped[datetime | None]
    file_id: Mapped[str | None]
    """Slack's id of what was uploaded with it."""
    ts: Mapped[str | None]


class Pulse(HasId, Base):
    """How content one person of sales was with the leads of a time: asked once, answered in two taps."""

    __tablename__ = "pulses"
    __table_args__ = (
        UniqueConstraint("rep_id", "period"),
        Index("ix_pulses_answered_at", "answered_at", postgresql_where=text("answered_at is not null")),
    )
    rep_id: Mapped[int] = mapped_column(ForeignKey("reps.id"))
    period: Mapped[str]
    """2026-11."""
    asked_at: Mapped[datetime]
    leads: Mapped[int]
    """How many leads they had in that time."""
    feeling: Mapped[int | None]
    """1 (bad) to 5 (good)."""
    why: Mapped[str | None]
    """What was worst, or best: a code."""
    answered_at: Mapped[datetime | None]
    channel: Mapped[str | None]
    claimed_at: Mapped[datetime | None]
    ts: Mapped[str | None]
    drawn: Mapped[str | None]
