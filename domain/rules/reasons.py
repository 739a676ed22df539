"""Why sales rejects a lead, and what follows from it. One row a reason; the modal, the card and the statistics read this table."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class Then(StrEnum):
    """What follows from a rejection."""

    RECYCLE = "back to nurture"
    PASS_ON = "on to the next rep"
    DISQUALIFY = "disqualified"


class Asks(StrEnum):
    """What a reason wants to know besides."""

    WHAT_DOES_NOT_FIT = "What does not fit?"
    DUPLICATE_OF = "Of whom?"


@dataclass(frozen=True, slots=True)
class Reason:
    """`cooldown`: how long a recycled lead rests before it may be handed over again. `credits`: the lead was none, so it
    costs the rep no turn. `attempts`: how often one has to have tried to reach the lead before.
    """

    key: str
    label: str
    help: str
    then: Then
    needs_note: bool = False
    cooldown: timedelta = timedelta(0)
    asks: Asks | None = None
    credits: bool = False
    attempts: int = 0


UNFIT: Mapping[str, str] = {
    "company_size": "Company size",
    "industry": "Industry",
    "role": "Role",
    "country": "Country",
    "product": "They want another product",
}
"""What may not fit, and how it is called."""

_MONTH = timedelta(days=30)

REASONS: Mapping[str, Reason] = {
    reason.key: reason
    for reason in (
        Reason("bad_timing", "Not now", "Interested, but not this quarter", Then.RECYCLE, cooldown=3 * _MONTH),
        Reason("no_budget", "No budget", "Fits, but cannot pay", Then.RECYCLE, cooldown=3 * _MONTH),
        Reason("unreachable", "Cannot be reached", "Tried three times", Then.RECYCLE, cooldown=_MONTH, attempts=3),
        Reason("not_ready", "Only looking around", "No need yet; marketing may go on", Then.RECYCLE, cooldown=_MONTH),
        Reason("wrong_territory", "Not my territory", "Somebody else's region or segment", Then.PASS_ON),
        Reason("no_capacity", "I cannot take it", "No time to call within the SLA", Then.PASS_ON),
        Reason(
            "no_fit",
            "No fit",
            "Company or role is not one we sell to",
            Then.DISQUALIFY,
            asks=Asks.WHAT_DOES_NOT_FIT,
            credits=True,
        ),
        Reason("bad_data", "Bad data", "Wrong e-mail, phone or person", Then.DISQUALIFY, credits=True),
        Reason("competitor", "Competitor", "Works for a competitor", Then.DISQUALIFY),
        Reason(
            "duplicate",
            "Duplicate",
            "We work this person already",
            Then.DISQUALIFY,
            asks=Asks.DUPLICATE_OF,
            credits=True,
        ),
        Reason("other", "Something else", "Say it in the note", Then.RECYCLE, needs_note=True, cooldown=_MONTH),
    )
}


def label_of(key: str) -> str:
    """In words. A reason that is no more, or came from elsewhere, is said by its key: text that may be hostile."""
    return REASONS[key].label if key in REASONS else key


NOTE_LIMIT = 2000
"""Characters of a note."""
