"""What a proposal's message, its window and a manager's Home show of it, as plain values."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain.finding import name_of
from domain.rules.model_diff import Change, diff
from domain.rules.point_moves import PointMove, only_chances, point_moves
from domain.rules.proposals import WAITS, ProposalKind, ProposalStatus
from domain.rules.tiers import Thresholds
from domain.stats.shadow import Beside, beside
from domain.tables import Lead, Learning, Proposal, Rep, ScoringModel
from domain.verbs.modelling import parsed
from domain.verbs.proposing import find_proposal
from domain.views import Person

SHOWN_MOVERS = 5


@dataclass(frozen=True, slots=True)
class MoverView:
    """A lead whose tier would be another. `name` is text from outside."""

    name: str
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class ProposalView:
    """Names of people, leads, models and rules are text from outside. `evidence`: numbers and codes, as they were found."""

    proposal_id: int
    version: int
    kind: ProposalKind
    status: ProposalStatus
    name: str
    base: str
    before: Thresholds
    after: Thresholds
    moves: Sequence[PointMove]
    changes: Sequence[Change]
    evidence: Mapping[str, Any]
    made_at: datetime
    decided_by: Person | None = None
    decided_at: datetime | None = None
    note: str | None = None
    shadow_since: datetime | None = None
    shadow_until: datetime | None = None
    shadow: Beside | None = None
    """What the shadow has shown so far."""
    activated_at: datetime | None = None
    rolled_back_by: Person | None = None
    rolled_back_at: datetime | None = None
    movers: Sequence[MoverView] = ()

    @property
    def only_chances(self) -> bool:
        """No lead would score otherwise: there is nothing to try in shadow."""
        return only_chances(self.changes)


def proposal_view(session: Session, proposal_id: int) -> ProposalView:
    """Raises NoSuchProposal."""
    row = find_proposal(session, proposal_id)
    draft, base = (session.get_one(ScoringModel, model_id) for model_id in (row.model_id, row.base_id))
    new, old = parsed(draft), parsed(base)
    shadow = None
    if row.status is ProposalStatus.SHADOW and row.shadow_since is not None:
        shadow = beside(session, (base.id, old), (draft.id, new), row.shadow_since)
    return ProposalView(
        proposal_id=row.id,
        version=row.version,
        kind=row.kind,
        status=row.status,
        name=_named(draft),
        base=_named(base),
        before=old.thresholds,
        after=new.thresholds,
        moves=point_moves(old, new),
        changes=diff(old, new),
        evidence=row.evidence,
        made_at=row.made_at,
        decided_by=_person(session, row.decided_by),
        decided_at=row.decided_at,
        note=row.note,
        shadow_since=row.shadow_since,
        shadow_until=row.shadow_until,
        shadow=shadow,
        activated_at=row.activated_at,
        rolled_back_by=_person(session, row.rolled_back_by),
        rolled_back_at=row.rolled_back_at,
        movers=_movers(session, row.evidence.get("backtest") or {}),
    )


def _named(model: ScoringModel) -> str:
    return f"{model.name}@{model.version}"


def _person(session: Session, rep_id: int | None) -> Person | None:
    rep = session.get(Rep, rep_id) if rep_id is not None else None
    return Person(rep.id, rep.name, rep.slack_user_id) if rep is not None else None


def _movers(session: Session, backtest: Mapping[str, Any]) -> list[MoverView]:
    """By the names that the leads have now: who was erased is no name any more."""
    found = [*backtest.get("up", [])[:SHOWN_MOVERS], *backtest.get("down", [])[:SHOWN_MOVERS]]
    names = _names(session, {int(one[0]) for one in found})
    return [MoverView(names[lead_id], before, after) for lead_id, before, after in found if lead_id in names]


def _names(session: Session, lead_ids: Iterable[int]) -> dict[int, str]:
    return {lead.id: name_of(lead) for lead in session.scalars(select(Lead).where(Lead.id.in_(list(lead_ids))))}


@dataclass(frozen=True, slots=True)
class LearningView:
    """What a run of learning came to. `said` is our own sentence."""

    kind: ProposalKind
    at: datetime
    verdict: str
    said: str


@dataclass(frozen=True, slots=True)
class ProposalsHome:
    """For who decides: what waits for an answer, the last answer, and what learning said last of each kind."""

    waiting: Sequence[ProposalView]
    last: ProposalView | None
    learnings: Sequence[LearningView]


def proposals_home(session: Session) -> ProposalsHome:
    waiting = session.scalars(select(Proposal.id).where(Proposal.status.in_(WAITS)).order_by(Proposal.id)).all()
    last = session.scalars(
        select(Proposal.id).where(Proposal.status.not_in(WAITS)).order_by(Proposal.made_at.desc()).limit(1)
    ).first()
    return ProposalsHome(
        waiting=[proposal_view(session, one) for one in waiting],
        last=proposal_view(session, last) if last is not None else None,
        learnings=newest_learnings(session),
    )


def newest_learnings(session: Session) -> list[LearningView]:
    """One of each kind that was ever run."""
    newest = select(func.max(Learning.id)).group_by(Learning.kind)
    rows = session.scalars(select(Learning).where(Learning.id.in_(newest)).order_by(Learning.kind))
    return [LearningView(row.kind, row.at, row.verdict, row.said) for row in rows]


def proposals(session: Session, most: int = 20) -> list[ProposalView]:
    """The newest first."""
    ids = session.scalars(select(Proposal.id).order_by(Proposal.made_at.desc(), Proposal.id.desc()).limit(most))
    return [proposal_view(session, one) for one in ids.all()]
