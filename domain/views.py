"""What a card, a message or a page shows, as plain values read in one go."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.rules.deadlines import ClockKind
from domain.rules.deals import DealStatus
from domain.rules.lifecycle import LIVE, HandoffStatus, Stage
from domain.rules.probability import Chance
from domain.rules.qualification import Answer, Verdict
from domain.rules.scoring import Contribution
from domain.rules.tiers import Tier
from domain.tables import AttemptOutcome, ClockOutcome


@dataclass(frozen=True, slots=True)
class Person:
    rep_id: int
    name: str
    slack_user_id: str | None


@dataclass(frozen=True, slots=True)
class ClockView:
    kind: ClockKind
    due_at: datetime
    breached_at: datetime | None
    stopped_at: datetime | None
    outcome: ClockOutcome | None


@dataclass(frozen=True, slots=True)
class TouchView:
    kind: str
    occurred_at: datetime
    campaign: str | None
    content: str | None
    page: str | None


@dataclass(frozen=True, slots=True)
class AttemptView:
    at: datetime
    by: str
    outcome: AttemptOutcome
    next_step: str | None = None
    """In the rep's own words."""
    next_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class QualificationView:
    """The newest answers of a handoff. The words in them are the rep's own, or the questions'."""

    at: datetime
    by: str
    verdict: Verdict
    answers: Sequence[Answer]


@dataclass(frozen=True, slots=True)
class DealView:
    """The opportunity that a handoff led to. Its texts are the CRM's; money is in the smallest unit of its currency."""

    stage: str
    amount: int | None
    currency: str | None
    owner: Person | None
    opened_at: datetime
    closed_at: datetime | None
    won: bool | None
    lost_reason: str | None
    handed: DealStatus | None = None
    """How far the newest attempt has come to hand it to an AE; None: there was none."""
    ae: Person | None = None
    """To whom."""
    returned: str | None = None
    """Why they gave it back, in our words."""


@dataclass(frozen=True, slots=True)
class LeadView:
    """Who the lead is. Every text here came from outside."""

    id: int
    name: str
    email: str
    title: str | None
    company: str | None
    phone: str | None
    country: str | None
    industry: str | None
    company_size: str | None
    source: str
    grade: str | None
    """How good the data are, A to D; None for who came before there were grades."""
    notes: Sequence[str]
    """Why they are no better, in our words."""


@dataclass(frozen=True, slots=True)
class ColleagueView:
    """Another lead of the same company. `rep` is who has it, or to whom it is offered."""

    name: str
    title: str | None
    stage: Stage
    tier: Tier | None
    score: int | None
    rep: str | None


@dataclass(frozen=True, slots=True)
class DataView:
    """What is known of a lead, to be put right: each field as it is shown, and who says so or what is wrong with it."""

    handoff_id: int
    version: int
    email: str
    shown: Mapping[str, str]
    hints: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class RiseView:
    """A lead whose score has risen: what a message about it says. `channel` and `ts` are its live card's."""

    lead: LeadView
    stage: Stage
    tier: Tier
    score: int
    reasons: Sequence[Contribution]
    touches: Sequence[TouchView]
    channel: str | None
    ts: str | None


@dataclass(frozen=True, slots=True)
class CardView:
    """All that a lead card shows. The score is the one the lead was offered with."""

    handoff_id: int
    version: int
    cycle: int
    status: HandoffStatus
    tier: Tier
    score: int
    fit: int
    intent: int
    negative: int
    reasons: Sequence[Contribution]
    now_score: int | None
    """The lead's own score and tier may have moved on since it was offered."""
    now_tier: Tier | None
    lead: LeadView
    touches: Sequence[TouchView]
    clocks: Sequence[ClockView]
    attempts: Sequence[AttemptView]
    pool: str | None
    place: str | None
    rep: Person | None
    offered_at: datetime | None
    decided_by: Person | None
    decided_at: datetime | None
    reason: str | None
    note: str | None
    colleagues: Sequence[ColleagueView] = ()
    """Best score first."""
    more_colleagues: int = 0
    """How many there are besides."""
    detail: str | None = None
    """What does not fit, as a key; of a duplicate, the address of the other lead."""
    snoozed_until: datetime | None = None
    moved_by: Person | None = None
    went_to: Person | None = None
    """Who was asked next, if the lead went to somebody else."""
    undo_until: datetime | None = None
    stage: Stage = Stage.IN_HANDOFF
    """The lead's own."""
    qualification: QualificationView | None = None
    qualified_at: datetime | None = None
    """When it became an SQL."""
    qualified_by: Person | None = None
    deal: DealView | None = None
    chance: Chance | None = None
    """What the score with which it was offered says, if its model has measured that."""

    def clock(self, kind: ClockKind) -> ClockView:
        return next(clock for clock in self.clocks if clock.kind is kind)

    @property
    def live(self) -> bool:
        return self.status in LIVE

    @property
    def missed(self) -> bool:
        """Whether its rep has missed the first contact without a word, so that anybody of the pool may take it."""
        missed = self.clock(ClockKind.FIRST_CONTACT).breached_at is not None
        return missed and self.status is HandoffStatus.OFFERED and self.snoozed_until is None

    @property
    def in_channel(self) -> bool:
        """Whether the card stands where all of the pool see it."""
        return self.place is not None and self.place.startswith(("C", "G"))

    def late(self, kind: ClockKind, now: datetime) -> bool:
        """Whether this is overdue and still to be done."""
        clock = self.clock(kind)
        return clock.stopped_at is None and self.snoozed_until is None and clock.due_at <= now


@dataclass(frozen=True, slots=True)
class ActivityView:
    """What the lead did of one kind with one content, however often."""

    kind: str
    what: str | None
    """The content's title, or the page."""
    times: int
    newest: datetime


@dataclass(frozen=True, slots=True)
class EarlierView:
    """An earlier attempt to hand the lead to sales. `card` is Slack's channel and ts of its card."""

    at: datetime
    tier: Tier
    score: int
    status: HandoffStatus
    reason: str | None
    rep: str | None
    attempts: int
    card: tuple[str, str] | None
    permalink: str | None


class Step(StrEnum):
    """What happened in the present attempt, beside what its card says."""

    TRIED = "tried"
    ANSWERED = "answered"
    SNOOZED = "snoozed"
    WOKEN = "woken"


@dataclass(frozen=True, slots=True)
class StepView:
    """`words`: how an attempt went, or what the answers came to. `note` is the rep's own text."""

    step: Step
    at: datetime
    by: str | None
    words: str = ""
    note: str | None = None


@dataclass(frozen=True, slots=True)
class BriefView:
    """All that the brief beside a card says. The score is the lead's own as it stands now."""

    handoff_id: int
    cycle: int
    place: str | None
    erased: bool
    lead: LeadView
    score: int
    fit: int
    intent: int
    negative: int
    ledger: Sequence[Contribution]
    opener: str
    activities: Sequence[ActivityView]
    """Newest first."""
    campaigns: Sequence[str]
    company: Sequence[tuple[str, str]]
    """Label and value."""
    colleagues: Sequence[ColleagueView]
    more_colleagues: int
    earlier: Sequence[EarlierView]
    """Newest first."""
    steps: Sequence[StepView]
    """Newest first."""
