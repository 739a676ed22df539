"""A handoff is one attempt to hand a lead to sales. A recycled lead gets a new one, so no date is ever overwritten."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from domain.rules.deadlines import ClockKind
from domain.rules.lifecycle import LIVE, HandoffStatus
from domain.rules.qualification import Verdict
from domain.rules.tiers import Tier
from domain.tables.base import Base, HasId, Word

_LIVE = text(f"status in ({', '.join(repr(status.value) for status in sorted(LIVE))})")


class Handoff(HasId, Base):
    """`version` counts what changes the decision (offer, owner, verdict), not reminders or redraws."""

    __tablename__ = "handoffs"
    __table_args__ = (
        UniqueConstraint("lead_id", "cycle"),
        Index("uq_handoffs_live", "lead_id", unique=True, postgresql_where=_LIVE),
        Index("ix_handoffs_open", "pool_id", postgresql_where=text("status = 'open'")),
        # Whose board it is on, and how many a rep has: few of the many that they ever had.
        Index("ix_handoffs_live_rep_id", "rep_id", postgresql_where=_LIVE),
        Index("ix_handoffs_live_pool_id", "pool_id", postgresql_where=_LIVE),
        # With all that /leadstats counts of a handoff: a quarter of them is read from here alone.
        Index(
            "ix_handoffs_became_at",
            "became_at",
            postgresql_include=[
                "id",
                "lead_id",
                "cycle",
                "tier",
                "score",
                "model_id",
                "status",
                "pool_id",
                "rep_id",
                "accepted_at",
                "contacted_at",
                "qualified_at",
                "rejected_at",
                "reason",
            ],
        ),
        Index("ix_handoffs_snoozed_until", "snoozed_until", postgresql_where=text("snoozed_until is not null")),
    )
    lead_id: Mapped[int] = mapped_column(ForeignKey("leads.id"))
    cycle: Mapped[int]
    tier: Mapped[Tier] = mapped_column(Word(Tier))
    score: Mapped[int]
    score_id: Mapped[int]
    model_id: Mapped[int | None] = mapped_column(ForeignKey("scoring_models.id"))
    """Which version of the model gave the score: a quarter's predictions would else be looked up one by one."""
    pool_id: Mapped[int | None] = mapped_column(ForeignKey("pools.id"))
    rep_id: Mapped[int | None] = mapped_column(ForeignKey("reps.id"), index=True)
    status: Mapped[HandoffStatus] = mapped_column(Word(HandoffStatus))
    version: Mapped[int]
    policy: Mapped[dict[str, Any]]
    """The SLA targets in force when it began: clock -> seconds."""
    trace: Mapped[dict[str, Any]]
    """Who was asked and who was skipped, with the reason code."""
    place: Mapped[str | None]
    """Where its card belongs: a channel id, or the Slack user id of an AE."""
    bulk: Mapped[bool] = mapped_column(server_default=text("false"))

    became_at: Mapped[datetime]
    """When the lead became MQL or HQL: what the SLA counts from."""
    opened_at: Mapped[datetime]
    offered_at: Mapped[datetime | None]
    accepted_at: Mapped[datetime | None]
    accepted_by: Mapped[int | None] = mapped_column(ForeignKey("reps.id"))
    contacted_at: Mapped[datetime | None]
    qualified_at: Mapped[datetime | None]
    """When it became an SQL."""
    qualified_by: Mapped[int | None] = mapped_column(ForeignKey("reps.id"))
    converted_at: Mapped[datetime | None]
    rejected_at: Mapped[datetime | None]
    rejected_by: Mapped[int | None] = mapped_column(ForeignKey("reps.id"))
    reason: Mapped[str | None]
    detail: Mapped[str | None]
    """What the reason asks for besides: which part does not fit, which lead it is a duplicate of."""
    note: Mapped[str | None]
    snoozed_until: Mapped[datetime | None]
    """Its clocks stand still until then, or until the lead does something."""
    snooze_score: Mapped[int | None]
    """The lead's score when it was snoozed: a rise from there wakes it."""
    moved_by: Mapped[int | None] = mapped_column(ForeignKey("reps.id"))
    """Who released it, gave it to somebody else or took it over, without a verdict on the lead."""
    handed_on: Mapped[int] = mapped_column(server_default=text("0"))
    """How often the lead went to somebody else because nobody acted in time, this one included."""


class ClockOutcome(StrEnum):
    MET = "met"
    MISSED = "missed"
    CANCELLED = "cancelled"


class SlaClock(HasId, Base):
    """A timer is a row. `next_at` is when the clock process has to look at it next; null when it is done with."""

    __tablename__ = "sla_clocks"
    __table_args__ = (
        UniqueConstraint("handoff_id", "kind"),
        Index("ix_sla_clocks_next_at", "next_at", postgresql_where=text("next_at is not null")),
        # With all that /leadstats counts of a clock.
        Index(
            "ix_sla_clocks_started_at",
            "started_at",
            postgresql_include=[
                "handoff_id",
                "kind",
                "outcome",
                "due_at",
                "breached_at",
                "running_since",
                "stopped_at",
            ],
        ),
    )
    handoff_id: Mapped[int] = mapped_column(ForeignKey("handoffs.id"))
    kind: Mapped[ClockKind] = mapped_column(Word(ClockKind))
    started_at: Mapped[datetime]
    due_at: Mapped[datetime]
    working: Mapped[bool] = mapped_column(server_default=text("false"))
    """Whether its time is that of the assignee's calendar; else wall time."""
    steps: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))
    """What is to be done when: [{do, share}, ...] in order, `share` of the target (above 1: after the deadline)."""
    taken: Mapped[int] = mapped_column(server_default=text("0"))
    """How many of the steps are done: each is taken by whoever holds the row, once."""
    target_seconds: Mapped[float] = mapped_column(server_default=text("0"))
    spent_seconds: Mapped[float] = mapped_column(server_default=text("0"))
    """What had run before the last pause, in the clock's own time."""
    running_since: Mapped[datetime | None]
    """None while it stands still."""
    worked_seconds: Mapped[float | None]
    """When it stopped: how much of the assignee's working time it took. The wall time is `stopped_at - started_at`."""
    next_at: Mapped[datetime | None]
    reminded_at: Mapped[datetime | None]
    breached_at: Mapped[datetime | None]
    stopped_at: Mapped[datetime | None]
    outcome: Mapped[ClockOutcome | None] = mapped_column(Word(ClockOutcome))


class SlaFile(HasId, Base):
    """A version of the SLA policy. The newest is in force; running handoffs keep the one they began with."""

    __tablename__ = "sla_files"
    text: Mapped[str]
    imported_at: Mapped[datetime]


class AttemptOutcome(StrEnum):
    """How an attempt to reach the lead went. The words are what the rep chooses from."""

    SPOKE = "spoke"
    NO_ANSWER = "no_answer"
    VOICEMAIL = "voicemail"
    EMAIL_SENT = "email_sent"

    @property
    def words(self) -> str:
        return {
            "spoke": "We spoke",
            "no_answer": "No answer",
            "voicemail": "Left a voicemail",
            "email_sent": "Sent an e-mail",
        }[self]


class ContactAttempt(HasId, Base):
    __tablename__ = "contact_attempts"
    handoff_id: Mapped[int] = mapped_column(ForeignKey("handoffs.id"), index=True)
    rep_id: Mapped[int] = mapped_column(ForeignKey("reps.id"), index=True)
    at: Mapped[datetime]
    outcome: Mapped[AttemptOutcome] = mapped_column(Word(AttemptOutcome))
    note: Mapped[str | None]
    next_step: Mapped[str | None]
    """What was agreed, or is to be tried next."""
    next_at: Mapped[datetime | None]
    key: Mapped[str | None] = mapped_column(unique=True)
    """The window it was sent from, so that a window sent twice is one attempt."""


class Qualification(HasId, Base):
    """What a qualification call brought. Append-only: the newest of a handoff holds."""

    __tablename__ = "qualifications"
    __table_args__ = (Index("ix_qualifications_handoff_id_at", "handoff_id", "at"),)
    handoff_id: Mapped[int] = mapped_column(ForeignKey("handoffs.id"))
    rep_id: Mapped[int] = mapped_column(ForeignKey("reps.id"), index=True)
    at: Mapped[datetime]
    framework: Mapped[str]
    """Which set of questions was asked: bant, meddic or one of the installation's own."""
    answers: Mapped[dict[str, Any]]
    """question -> {answer, note}"""
    verdict: Mapped[Verdict] = mapped_column(Word(Verdict))
    key: Mapped[str | None] = mapped_column(unique=True)
    """The window it was sent from, so that a window sent twice is one answer."""


class QualificationFile(HasId, Base):
    """A version of the qualification's questions and its verdict rule. The newest is in force."""

    __tablename__ = "qualification_files"
    text: Mapped[str]
    imported_at: Mapped[datetime]


class CardPlace(Base):
    """Where a handoff's card stands in Slack. Claimed before the post, so that after a crash it is looked for, not posted twice."""

    __tablename__ = "card_places"
    handoff_id: Mapped[int] = mapped_column(ForeignKey("handoffs.id"), primary_key=True)
    channel: Mapped[str]
    claimed_at: Mapped[datetime]
    ts: Mapped[str | None]
    posted_at: Mapped[datetime | None]
    drawn: Mapped[str | None]
    """Hash of the blocks that stand there."""
    brief_claimed_at: Mapped[datetime | None]
    """The brief in the card's thread, posted once and redrawn like the card."""
    brief_ts: Mapped[str | None]
    brief_drawn: Mapped[str | None]
    permalink: Mapped[str | None]
    """Slack's link to it, once somebody needed one. Another `ts` has another."""


class PoolCall(Base):
    """The line in a pool's channel that says of a lead that it is there for the taking. Claimed before the post, like a card."""

    __tablename__ = "pool_calls"
    handoff_id: Mapped[int] = mapped_column(ForeignKey("handoffs.id"), primary_key=True)
    channel: Mapped[str]
    claimed_at: Mapped[datetime]
    ts: Mapped[str | None]
    drawn: Mapped[str | None]
    """Hash of the blocks that stand there."""
