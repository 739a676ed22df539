"""What was learnt, what is proposed and what was decided, for the monthly meeting."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.rules.periods import Period
from domain.rules.proposals import WAITS, ProposalKind, ProposalStatus
from domain.tables import Happened, LeadEvent, Learning, Proposal, ScoringModel

SHOWN = 8


@dataclass(frozen=True, slots=True)
class Waiting:
    """A proposal that somebody has yet to decide on."""

    number: int
    kind: ProposalKind
    status: ProposalStatus
    made_at: datetime


@dataclass(frozen=True, slots=True)
class Learnt:
    """A run of learning, and what it said."""

    kind: ProposalKind
    at: datetime
    said: str


@dataclass(frozen=True, slots=True)
class Decided:
    """`what` is an event's word: proposal.declined, model.activated. `about`: the model, or the kind of proposal."""

    at: datetime
    what: str
    about: str


_DECISIONS = (
    Happened.PROPOSAL_SHADOWED,
    Happened.PROPOSAL_ACTIVATED,
    Happened.PROPOSAL_DECLINED,
    Happened.PROPOSAL_ROLLED_BACK,
    Happened.MODEL_ACTIVATED,
)


def waiting_now(session: Session) -> Sequence[Waiting]:
    rows = session.scalars(select(Proposal).where(Proposal.status.in_(WAITS)).order_by(Proposal.made_at))
    return [Waiting(one.id, one.kind, one.status, one.made_at) for one in rows]


def learnt_in(session: Session, period: Period) -> Sequence[Learnt]:
    """The newest run of each kind."""
    rows = session.scalars(
        select(Learning).where(Learning.at >= period.since, Learning.at < period.until).order_by(Learning.at)
    )
    return list({one.kind: Learnt(one.kind, one.at, one.said) for one in rows}.values())


def decided_in(session: Session, period: Period) -> Sequence[Decided]:
    """From the audit, newest first."""
    rows = session.scalars(
        select(LeadEvent)
        .where(LeadEvent.kind.in_(_DECISIONS), LeadEvent.at >= period.since, LeadEvent.at < period.until)
        .order_by(LeadEvent.at.desc())
        .limit(SHOWN)
    ).all()
    return [Decided(one.at, one.kind.value, _about(session, one)) for one in rows]


def _about(session: Session, event: LeadEvent) -> str:
    if "proposal_id" in event.data:
        proposal = session.get(Proposal, int(event.data["proposal_id"]))
        return f"{proposal.kind.value}, number {proposal.id}" if proposal is not None else ""
    model = session.get(ScoringModel, int(event.data["model_id"])) if "model_id" in event.data else None
    return f"{model.name}@{model.version}" if model is not None else ""
