"""Another model has come into force: what becomes of the proposals that knew nothing of it."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.rules.proposals import WAITS, ProposalStatus
from domain.tables import Happened, Proposal
from domain.verbs.record import happened


def after_activation(session: Session, model_id: int, now: datetime) -> Sequence[int]:
    """Their evidence is about a model that is in force no more. Returns the models that are not to be tried in shadow any more.

    The caller holds the lock on models, so that nobody decides meanwhile.
    """
    rows = session.scalars(
        select(Proposal).where(Proposal.status.in_((*WAITS, ProposalStatus.ACTIVE))).order_by(Proposal.id)
    ).all()
    tried = [row.model_id for row in rows if row.status is ProposalStatus.SHADOW and row.model_id != model_id]
    for row in rows:
        if row.model_id != model_id:
            supersede(session, row, now)
        elif row.status in WAITS:
            # Somebody put the very draft in force by hand.
            row.status, row.activated_at, row.version = ProposalStatus.ACTIVE, now, row.version + 1
            happened(session, Happened.PROPOSAL_ACTIVATED, now, proposal_id=row.id, model_id=model_id)
    session.flush()
    return tried


def supersede(session: Session, row: Proposal, now: datetime) -> None:
    before = row.status
    row.status, row.version = ProposalStatus.SUPERSEDED, row.version + 1
    happened(session, Happened.PROPOSAL_SUPERSEDED, now, proposal_id=row.id, before=before.value)
