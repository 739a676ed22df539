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


@dataclass(frozen=True, slots=True)
class Reason:
    """`cooldown`: how long a recycled lead rests before it may be handed over again."""

    key: str
    label: str
    help: str
    then: Then
    needs_note: bool = False
    cooldown: timedelta = timedelta(0)


_MONTH = timedelta(days=30)

REASONS: Mapping[str, Reason] = {
    reason.key: reason
    for reason in (
        Reason("bad_timing", "Not now", "Interested, but not this quarter", Then.RECYCLE, cooldown=3 * _MONTH),
        Reason("no_budget", "No budget", "Fits, but cannot pay", Then.RECYCLE, cooldown=3 * _MONTH),
        Reason("unreachable", "Cannot be reached", "Tried, and nobody answers", Then.RECYCLE, cooldown=_MONTH),
        Reason("not_ready", "Only looking around", "No need yet; marketing may go on", Then.RECYCLE, cooldown=_MONTH),
        Reason("wrong_territory", "Not my territory", "Somebody else's region or segment", Then.PASS_ON),
        Reason("no_capacity", "I cannot take it", "No time to call within the SLA", Then.PASS_ON),
        Reason("no_fit", "No fit", "Company or role is not one we sell to", Then.DISQUALIFY),
        Reason("bad_data", "Bad data", "Wrong e-mail, phone or person", Then.DISQUALIFY),
        Reason("competitor", "Competitor", "Works for a competitor", Then.DISQUALIFY),
        Reason("duplicate", "Duplicate", "We work this person already", Then.DISQUALIFY),
        Reason("other", "Something else", "Say it in the note", Then.RECYCLE, needs_note=True, cooldown=_MONTH),
    )
}

NOTE_LIMIT = 2000
"""Characters of a note."""
