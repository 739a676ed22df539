"""Models come into force and out of shadow by other ways than a manager's answer: what becomes of the proposals then.

Whoever calls holds the lock on models, so that nobody decides meanwhile.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.rules.proposals import WAITS, ProposalMove, ProposalStatus, proposal_step
from domain.tables import Happened, Proposal
from domain.verbs.record import happened


def after_activation(session: Session, model_id: int, now: datetime) -> Sequence[int]:
    """The proposal that the model came from is in force with it; the evidence of all others is about one that is so no more.

    Returns the models that are not to be tried in shadow any more.
    """
    rows = session.scalars(
        select(Proposal).where(Proposal.status.in_((*WAITS, ProposalStatus.ACTIVE))).order_by(Proposal.id)
    ).all()
    tried = [row.model_id for row in rows if row.status is ProposalStatus.SHADOW and row.model_id != model_id]
    ours = _came_from(session, model_id)
    for row in rows:
        if row is not ours:
            supersede(session, row, now)
    if ours is not None and ours.status is not ProposalStatus.ACTIVE:
        _follow(session, ours, now)
    session.flush()
    return tried


def _came_from(session: Session, model_id: int) -> Proposal | None:
    """The one that was just put in force, else the newest."""
    in_force = Proposal.status == ProposalStatus.ACTIVE
    wanted = select(Proposal).where(Proposal.model_id == model_id).order_by(in_force.desc(), Proposal.id.desc())
    return session.scalars(wanted.limit(1)).one_or_none()


def _follow(session: Session, row: Proposal, now: datetime) -> None:
    """By hand, or because a later one was rolled back: nobody decided it by this proposal."""
    _step(row, ProposalMove.FOLLOW)
    row.activated_at = row.decided_at = now
    row.decided_by = row.rolled_back_at = row.rolled_back_by = None
    happened(session, Happened.PROPOSAL_ACTIVATED, now, proposal_id=row.id, model_id=row.model_id)


def supersede(session: Session, row: Proposal, now: datetime) -> None:
    before = row.status
    _step(row, ProposalMove.SUPERSEDE)
    happened(session, Happened.PROPOSAL_SUPERSEDED, now, proposal_id=row.id, before=before.value)


def after_shadow(session: Session, model_id: int, now: datetime) -> None:
    """Its model scores in shadow no more, and nobody has said no: it is a question again. That it was tried stays noted."""
    trial = (Proposal.model_id == model_id, Proposal.status == ProposalStatus.SHADOW)
    for row in session.scalars(select(Proposal).where(*trial)):
        _step(row, ProposalMove.REOPEN)
        row.shadow_until = row.decided_at = row.decided_by = None
        happened(session, Happened.PROPOSAL_UNSHADOWED, now, proposal_id=row.id, model_id=model_id)
    session.flush()


def _step(row: Proposal, move: ProposalMove) -> None:
    to = proposal_step(row.status, move)
    if to is None:
        raise ValueError(f"no proposal that is {row.status.value} can {move.value}")
    row.status, row.version = to, row.version + 1
