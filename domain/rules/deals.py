"""Handing an opportunity to an account executive: a table of moves like that of a lead (`lifecycle.py`)."""

from collections.abc import Mapping
from enum import StrEnum


class DealStatus(StrEnum):
    """How far one attempt to hand an opportunity to an AE has come."""

    OFFERED = "offered"
    ACCEPTED = "accepted"
    RETURNED = "returned"  # the AE gave it back, with a reason
    WITHDRAWN = "withdrawn"  # closed, or given to somebody else, before they said anything


DEAL_LIVE = frozenset({DealStatus.OFFERED, DealStatus.ACCEPTED})
"""An opportunity has at most one handoff in one of these."""


class DealMove(StrEnum):
    ACCEPT = "accept"
    RETURN = "return"
    WITHDRAW = "withdraw"


DEAL_MOVES: Mapping[tuple[DealStatus, DealMove], DealStatus] = {
    (DealStatus.OFFERED, DealMove.ACCEPT): DealStatus.ACCEPTED,
    (DealStatus.OFFERED, DealMove.RETURN): DealStatus.RETURNED,
    (DealStatus.OFFERED, DealMove.WITHDRAW): DealStatus.WITHDRAWN,
    # Who looks closer after saying yes may still find that it is none.
    (DealStatus.ACCEPTED, DealMove.RETURN): DealStatus.RETURNED,
    (DealStatus.ACCEPTED, DealMove.WITHDRAW): DealStatus.WITHDRAWN,
}


def deal_step(status: DealStatus, move: DealMove) -> DealStatus | None:
    """Where `move` leads from `status`; None if it is not allowed there."""
    return DEAL_MOVES.get((status, move))
