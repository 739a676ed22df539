"""The state machine, as a table: which move is allowed from where, where it leads and who may make it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Stage(StrEnum):
    """Where a lead stands on its road. Its tier is apart from this."""

    CAPTURED = "captured"
    ENRICHED = "enriched"
    NURTURING = "nurturing"
    IN_HANDOFF = "in_handoff"
    OPPORTUNITY = "opportunity"
    WON = "won"
    LOST = "lost"
    DISQUALIFIED = "disqualified"
    ERASED = "erased"
    MERGED = "merged"  # it turned out to be another lead's person; that lead goes on


GONE = frozenset({Stage.ERASED, Stage.MERGED})
"""Nothing is done about these any more."""


class LeadMove(StrEnum):
    LEARN = "learn"
    ENROL = "enrol"
    HAND_OVER = "hand over"
    RECYCLE = "recycle"
    DISQUALIFY = "disqualify"
    RETURN = "return to sales"
    OPEN_OPPORTUNITY = "open an opportunity"
    WIN = "win"
    LOSE = "lose"
    REOPEN = "reopen"
    ERASE = "erase"


LEAD_MOVES: Mapping[tuple[Stage, LeadMove], Stage] = {
    (Stage.CAPTURED, LeadMove.LEARN): Stage.ENRICHED,
    # An answer that comes later than the score changes what is known, not where the lead stands.
    (Stage.ENRICHED, LeadMove.LEARN): Stage.ENRICHED,
    (Stage.NURTURING, LeadMove.LEARN): Stage.NURTURING,
    (Stage.IN_HANDOFF, LeadMove.LEARN): Stage.IN_HANDOFF,
    (Stage.OPPORTUNITY, LeadMove.LEARN): Stage.OPPORTUNITY,
    (Stage.WON, LeadMove.LEARN): Stage.WON,
    (Stage.LOST, LeadMove.LEARN): Stage.LOST,
    (Stage.DISQUALIFIED, LeadMove.LEARN): Stage.DISQUALIFIED,
    # Enrichment never holds a lead longer than 30 s, so a lead may go on before it is enriched.
    (Stage.CAPTURED, LeadMove.ENROL): Stage.NURTURING,
    (Stage.ENRICHED, LeadMove.ENROL): Stage.NURTURING,
    (Stage.NURTURING, LeadMove.ENROL): Stage.NURTURING,
    (Stage.CAPTURED, LeadMove.HAND_OVER): Stage.IN_HANDOFF,
    (Stage.ENRICHED, LeadMove.HAND_OVER): Stage.IN_HANDOFF,
    (Stage.NURTURING, LeadMove.HAND_OVER): Stage.IN_HANDOFF,
    (Stage.IN_HANDOFF, LeadMove.HAND_OVER): Stage.IN_HANDOFF,
    (Stage.IN_HANDOFF, LeadMove.RECYCLE): Stage.NURTURING,
    (Stage.IN_HANDOFF, LeadMove.DISQUALIFY): Stage.DISQUALIFIED,
    # A rejection is taken back, wherever its reason has led.
    (Stage.NURTURING, LeadMove.RETURN): Stage.IN_HANDOFF,
    (Stage.DISQUALIFIED, LeadMove.RETURN): Stage.IN_HANDOFF,
    (Stage.IN_HANDOFF, LeadMove.RETURN): Stage.IN_HANDOFF,
    # Sales may open a deal in the CRM with whoever they like, whatever we think of the lead.
    **{
        (stage, LeadMove.OPEN_OPPORTUNITY): Stage.OPPORTUNITY
        for stage in (
            Stage.CAPTURED,
            Stage.ENRICHED,
            Stage.NURTURING,
            Stage.IN_HANDOFF,
            Stage.DISQUALIFIED,
            Stage.OPPORTUNITY,
        )
    },
    (Stage.OPPORTUNITY, LeadMove.WIN): Stage.WON,
    (Stage.OPPORTUNITY, LeadMove.LOSE): Stage.LOST,
    # The CRM's word is the last one: a closed deal is opened again, a lost one is won after all.
    (Stage.WON, LeadMove.REOPEN): Stage.OPPORTUNITY,
    (Stage.LOST, LeadMove.REOPEN): Stage.OPPORTUNITY,
    # A person asks to be forgotten, wherever their lead stands.
    **{(stage, LeadMove.ERASE): Stage.ERASED for stage in Stage if stage not in GONE},
}


class HandoffStatus(StrEnum):
    """How far one attempt to hand a lead to sales has come."""

    OPEN = "open"
    OFFERED = "offered"
    ACCEPTED = "accepted"
    CONTACTED = "contacted"
    QUALIFIED = "qualified"
    CONVERTED = "converted"
    REJECTED = "rejected"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


LIVE = frozenset(
    {
        HandoffStatus.OPEN,
        HandoffStatus.OFFERED,
        HandoffStatus.ACCEPTED,
        HandoffStatus.CONTACTED,
        HandoffStatus.QUALIFIED,
    }
)
"""A lead has at most one handoff in one of these."""

TAKEN = frozenset({HandoffStatus.ACCEPTED, HandoffStatus.CONTACTED, HandoffStatus.QUALIFIED, HandoffStatus.CONVERTED})


class HandoffMove(StrEnum):
    OFFER = "offer"
    ACCEPT = "accept"
    REJECT = "reject"
    LOG_CONTACT = "log a contact"
    QUALIFY = "qualify"
    CONVERT = "convert"
    WITHDRAW = "withdraw"
    HAND_ON = "hand on"
    RELEASE = "release"
    REASSIGN = "reassign"
    TAKE_OVER = "take over"
    SNOOZE = "snooze"
    UNDO = "undo"
    CLAIM = "claim"
    ERASE = "erase"


class Who(StrEnum):
    """Who may make a move."""

    SYSTEM = "the system"
    ADDRESSED_REP = "the rep it is addressed to"
    COVER = "who covers for that rep now"
    MANAGER = "a manager"
    POOL_MATE = "who sells from its pool and is there now"


@dataclass(frozen=True, slots=True)
class Step:
    """What a move leads to, and who may make it."""

    to: HandoffStatus
    who: frozenset[Who]


_SYSTEM = frozenset({Who.SYSTEM})
_PEOPLE = frozenset({Who.ADDRESSED_REP, Who.COVER, Who.MANAGER})
_OVERSEERS = frozenset({Who.COVER, Who.MANAGER})
_POOL = frozenset({Who.POOL_MATE, Who.MANAGER})
_WITH_SOMEBODY = (HandoffStatus.OFFERED, HandoffStatus.ACCEPTED, HandoffStatus.CONTACTED)

HANDOFF_MOVES: Mapping[tuple[HandoffStatus, HandoffMove], Step] = {
    (HandoffStatus.OPEN, HandoffMove.OFFER): Step(HandoffStatus.OFFERED, _SYSTEM),
    (HandoffStatus.OFFERED, HandoffMove.ACCEPT): Step(HandoffStatus.ACCEPTED, _PEOPLE),
    (HandoffStatus.OFFERED, HandoffMove.REJECT): Step(HandoffStatus.REJECTED, _PEOPLE),
    # What an accepted lead really is comes out in the first call: sales may still give it back then.
    (HandoffStatus.ACCEPTED, HandoffMove.REJECT): Step(HandoffStatus.REJECTED, _PEOPLE),
    (HandoffStatus.CONTACTED, HandoffMove.REJECT): Step(HandoffStatus.REJECTED, _PEOPLE),
    (HandoffStatus.ACCEPTED, HandoffMove.LOG_CONTACT): Step(HandoffStatus.CONTACTED, _PEOPLE),
    (HandoffStatus.CONTACTED, HandoffMove.LOG_CONTACT): Step(HandoffStatus.CONTACTED, _PEOPLE),
    (HandoffStatus.QUALIFIED, HandoffMove.LOG_CONTACT): Step(HandoffStatus.QUALIFIED, _PEOPLE),
    # The answers of a qualification: with a yes the lead is an SQL. Whoever has them has spoken with the lead.
    (HandoffStatus.ACCEPTED, HandoffMove.QUALIFY): Step(HandoffStatus.QUALIFIED, _PEOPLE),
    (HandoffStatus.CONTACTED, HandoffMove.QUALIFY): Step(HandoffStatus.QUALIFIED, _PEOPLE),
    (HandoffStatus.QUALIFIED, HandoffMove.QUALIFY): Step(HandoffStatus.QUALIFIED, _PEOPLE),
    # What looked like a deal may turn out to be none before there is an opportunity.
    (HandoffStatus.QUALIFIED, HandoffMove.REJECT): Step(HandoffStatus.REJECTED, _PEOPLE),
    # An opportunity was opened for it, here or in the CRM.
    **{
        (status, HandoffMove.CONVERT): Step(HandoffStatus.CONVERTED, _SYSTEM)
        for status in (
            HandoffStatus.OPEN,
            HandoffStatus.OFFERED,
            HandoffStatus.ACCEPTED,
            HandoffStatus.CONTACTED,
            HandoffStatus.QUALIFIED,
        )
    },
    # Nobody has said yes yet: it may still go to somebody else.
    (HandoffStatus.OPEN, HandoffMove.WITHDRAW): Step(HandoffStatus.WITHDRAWN, _SYSTEM),
    (HandoffStatus.OFFERED, HandoffMove.WITHDRAW): Step(HandoffStatus.WITHDRAWN, _SYSTEM),
    # Who asks to be forgotten is nobody's lead any more, however far it has come.
    **{(status, HandoffMove.ERASE): Step(HandoffStatus.WITHDRAWN, _SYSTEM) for status in sorted(LIVE)},
    # Time has run out: the next rep is asked. Who has spoken with the lead keeps it.
    (HandoffStatus.OFFERED, HandoffMove.HAND_ON): Step(HandoffStatus.EXPIRED, _SYSTEM),
    (HandoffStatus.ACCEPTED, HandoffMove.HAND_ON): Step(HandoffStatus.EXPIRED, _SYSTEM),
    # To somebody else without a verdict on the lead: back to the pool, to a person, to oneself. Who has a lead gives it
    # back to the pool; to whom it goes instead is for others to say.
    **{(status, HandoffMove.RELEASE): Step(HandoffStatus.WITHDRAWN, _PEOPLE) for status in _WITH_SOMEBODY},
    **{(status, HandoffMove.REASSIGN): Step(HandoffStatus.WITHDRAWN, _OVERSEERS) for status in _WITH_SOMEBODY},
    **{(status, HandoffMove.TAKE_OVER): Step(HandoffStatus.WITHDRAWN, _OVERSEERS) for status in _WITH_SOMEBODY},
    **{(status, HandoffMove.SNOOZE): Step(status, _PEOPLE) for status in _WITH_SOMEBODY},
    # What nobody could be asked for, or what its rep has left too long, may be taken by any of the pool.
    (HandoffStatus.OPEN, HandoffMove.CLAIM): Step(HandoffStatus.OFFERED, _POOL),
    (HandoffStatus.OFFERED, HandoffMove.CLAIM): Step(HandoffStatus.WITHDRAWN, _POOL),
    (HandoffStatus.ACCEPTED, HandoffMove.UNDO): Step(HandoffStatus.OFFERED, _PEOPLE),
    # At least so far; what had been accepted before it was given back is accepted again (`before_rejection`).
    (HandoffStatus.REJECTED, HandoffMove.UNDO): Step(HandoffStatus.OFFERED, _PEOPLE),
}


def lead_step(stage: Stage, move: LeadMove) -> Stage | None:
    """Where `move` leads from `stage`; None if it is not allowed there."""
    return LEAD_MOVES.get((stage, move))


def handoff_step(status: HandoffStatus, move: HandoffMove) -> Step | None:
    """What `move` means in `status`; None if it is not allowed there."""
    return HANDOFF_MOVES.get((status, move))


UNDO_WINDOW = timedelta(minutes=5)


def undo_until(
    status: HandoffStatus, accepted_at: datetime | None, contacted_at: datetime | None, rejected_at: datetime | None
) -> datetime | None:
    """Until when the last decision can be taken back; None if there is none, or if the lead has been spoken with since."""
    if status is HandoffStatus.ACCEPTED and accepted_at is not None and contacted_at is None:
        return accepted_at + UNDO_WINDOW
    if status is HandoffStatus.REJECTED and rejected_at is not None:
        return rejected_at + UNDO_WINDOW
    return None


def before_rejection(
    accepted_at: datetime | None, contacted_at: datetime | None, qualified_at: datetime | None
) -> HandoffStatus:
    """How far a handoff had come when it was rejected."""
    if qualified_at is not None:
        return HandoffStatus.QUALIFIED
    if contacted_at is not None:
        return HandoffStatus.CONTACTED
    return HandoffStatus.OFFERED if accepted_at is None else HandoffStatus.ACCEPTED
