"""What was learnt is proposed, and a person decides: the table of what may become of a proposal."""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum


class ProposalKind(StrEnum):
    MODEL = "model"  # points fitted from outcomes
    THRESHOLDS = "thresholds"  # the same points, other thresholds


class ProposalStatus(StrEnum):
    OPEN = "open"
    SHADOW = "shadow"  # approved, and tried beside the model in force first
    ACTIVE = "active"
    DECLINED = "declined"
    ROLLED_BACK = "rolled_back"
    SUPERSEDED = "superseded"  # a newer one took its place before anybody decided, or another model came into force


class ProposalMove(StrEnum):
    SHADOW = "try in shadow"
    ACTIVATE = "put in force"
    DECLINE = "decline"
    ROLL_BACK = "roll back"
    SUPERSEDE = "supersede"
    REOPEN = "ask again"  # its model was taken out of shadow by hand: nothing is being tried
    FOLLOW = "be in force with its model"  # whoever put that in force, and whatever was said of the proposal before


PROPOSAL_MOVES: Mapping[tuple[ProposalStatus, ProposalMove], ProposalStatus] = {
    (ProposalStatus.OPEN, ProposalMove.SHADOW): ProposalStatus.SHADOW,
    (ProposalStatus.OPEN, ProposalMove.ACTIVATE): ProposalStatus.ACTIVE,
    (ProposalStatus.OPEN, ProposalMove.DECLINE): ProposalStatus.DECLINED,
    (ProposalStatus.OPEN, ProposalMove.SUPERSEDE): ProposalStatus.SUPERSEDED,
    (ProposalStatus.SHADOW, ProposalMove.ACTIVATE): ProposalStatus.ACTIVE,
    (ProposalStatus.SHADOW, ProposalMove.DECLINE): ProposalStatus.DECLINED,
    (ProposalStatus.SHADOW, ProposalMove.SUPERSEDE): ProposalStatus.SUPERSEDED,
    (ProposalStatus.ACTIVE, ProposalMove.ROLL_BACK): ProposalStatus.ROLLED_BACK,
    # Another model came into force: there is nothing to take back any more.
    (ProposalStatus.ACTIVE, ProposalMove.SUPERSEDE): ProposalStatus.SUPERSEDED,
    (ProposalStatus.SHADOW, ProposalMove.REOPEN): ProposalStatus.OPEN,
    **{
        (status, ProposalMove.FOLLOW): ProposalStatus.ACTIVE
        for status in ProposalStatus
        if status is not ProposalStatus.ACTIVE
    },
}


WAITS = frozenset({ProposalStatus.OPEN, ProposalStatus.SHADOW})
"""A person has yet to decide."""

REST = timedelta(weeks=4)
"""Who has said no to a kind of proposal is not asked again by the next weekly run."""


def proposal_step(status: ProposalStatus, move: ProposalMove) -> ProposalStatus | None:
    """Where `move` leads from `status`; None if it is not allowed there."""
    return PROPOSAL_MOVES.get((status, move))
