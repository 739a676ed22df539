"""Every id that Slack sends back to us, and the one codec for what a button carries."""

from dataclasses import dataclass
from enum import StrEnum


class Press(StrEnum):
    """Buttons of a card. Each has exactly one listener."""

    ACCEPT = "handoff.accept"
    REJECT = "handoff.reject"
    LOG_CONTACT = "handoff.log_contact"
    FIX_DATA = "handoff.fix_data"


class Submission(StrEnum):
    """Modals that can be submitted."""

    REJECT = "handoff.reject.submit"
    LOG_CONTACT = "handoff.log_contact.submit"
    FIX_DATA = "handoff.fix_data.submit"


class Command(StrEnum):
    LEADSTATS = "/leadstats"
    LEADWHY = "/leadwhy"


class Field(StrEnum):
    """Input blocks of modals; errors are addressed to these."""

    REASON = "reason"
    NOTE = "note"
    OUTCOME = "outcome"


class BadRef(ValueError):
    """What came back from Slack is not something we sent."""


@dataclass(frozen=True, slots=True)
class HandoffRef:
    """The handoff a button is about, as it was when the card was drawn."""

    handoff_id: int
    version: int

    @property
    def packed(self) -> str:
        return f"h{self.handoff_id}.v{self.version}"

    @classmethod
    def unpack(cls, text: str) -> "HandoffRef":
        handoff, _, version = text.partition(".")
        digits = (handoff.removeprefix("h"), version.removeprefix("v"))
        if not (
            handoff.startswith("h")
            and version.startswith("v")
            and all(one.isascii() and one.isdecimal() for one in digits)
        ):
            raise BadRef
        if any(len(one) > 18 for one in digits):
            raise BadRef
        return cls(int(digits[0]), int(digits[1]))
