"""Handing an opportunity to an account executive: a table of moves like that of a lead (`lifecycle.py`), why an AE gives one
back, and how long they may think about it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from domain.rules.calendars import Calendar, after


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


ACCEPT_WITHIN = timedelta(hours=4)
"""Of the AE's working time. The lead has just agreed to go on, and the SDR has promised them a call: half a working day is as
long as that holds.
"""
REMIND_AFTER = ACCEPT_WITHIN / 2
"""Then there is as much time left as has gone."""


def due_after(calendar: Calendar, offered_at: datetime, span: timedelta) -> datetime:
    """When so much of the AE's working time has passed. For who is never at work, wall time counts."""
    return after(calendar, offered_at, span) or offered_at + span


class DealThen(StrEnum):
    """What follows from giving a deal back."""

    NEXT = "on to the next AE"
    BACK = "stays with the SDR"


@dataclass(frozen=True, slots=True)
class DealReason:
    """`credits`: it was none of theirs to sell, so it costs the AE no turn. `tells_manager`: somebody thought it was an SQL."""

    key: str
    label: str
    help: str
    then: DealThen
    needs_note: bool = False
    credits: bool = False
    tells_manager: bool = False


DEAL_REASONS: Mapping[str, DealReason] = {
    reason.key: reason
    for reason in (
        DealReason(
            "not_qualified",
            "Not qualified after all",
            "No need, no budget, or nobody who decides",
            DealThen.BACK,
            credits=True,
            tells_manager=True,
        ),
        DealReason("wrong_territory", "Not my territory", "Somebody else's region or segment", DealThen.NEXT),
        DealReason("no_capacity", "I cannot take it", "No time to work it now", DealThen.NEXT),
        DealReason("duplicate", "Duplicate deal", "We work this deal already", DealThen.BACK, credits=True),
        DealReason(
            "colleagues_customer",
            "A colleague's customer",
            "Choose the colleague below",
            DealThen.NEXT,
            credits=True,
        ),
        DealReason("other", "Something else", "Say it in the note", DealThen.BACK, needs_note=True),
    )
}


class Withdrawn(StrEnum):
    """Why an AE has it no more, without a word of theirs."""

    CLOSED = "closed"
    OWNED = "owned"  # the CRM says that it is somebody else's
    AWAY = "away"
    LEFT = "left"
    UNREACHABLE = "unreachable"  # Slack does not let us write to them
    ERASED = "erased"

    @property
    def words(self) -> str:
        return {
            "closed": "it was closed before anybody had said yes",
            "owned": "in the CRM it is somebody else's now",
            "away": "you are away: the next AE is asked",
            "left": "the next AE is asked",
            "unreachable": "the next AE is asked",
            "erased": "the person asked to be forgotten",
        }[self]
