"""Every id that Slack sends back to us, and the one codec for what a button carries."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Self


class Press(StrEnum):
    """Buttons of a card. Each has exactly one listener."""

    ACCEPT = "handoff.accept"
    REJECT = "handoff.reject"
    LOG_CONTACT = "handoff.log_contact"
    QUALIFY = "handoff.qualify"
    FIX_DATA = "handoff.fix_data"
    UNDO = "handoff.undo"
    RELEASE = "handoff.release"
    TAKE_OVER = "handoff.take_over"
    SNOOZE = "handoff.snooze"
    REASSIGN = "handoff.reassign"
    CLAIM = "handoff.claim"


MORE = "handoff.more"
"""The menu of a card. Its options carry which button they stand for (`MenuChoice`)."""


class Pick(StrEnum):
    """Inputs of an open modal that are told to us at once. Each has exactly one listener."""

    REASON = "reason"


class Suggest(StrEnum):
    """Selects of a window that search: what there is to choose from is asked of us while somebody types."""

    REP = "rep"


class Submission(StrEnum):
    """Modals that can be submitted."""

    REJECT = "handoff.reject.submit"
    LOG_CONTACT = "handoff.log_contact.submit"
    QUALIFY = "handoff.qualify.submit"
    FIX_DATA = "handoff.fix_data.submit"
    SNOOZE = "handoff.snooze.submit"
    REASSIGN = "handoff.reassign.submit"


class HomePress(StrEnum):
    """Buttons and lists of somebody's own Home: they are about who uses them."""

    PAUSE = "home.pause"
    BACK = "home.back"
    ABSENCE = "home.absence"
    CANCEL_ABSENCE = "home.absence.cancel"
    SETTINGS = "home.settings"
    NOTIFICATIONS = "home.notifications"


class HomeSubmission(StrEnum):
    """Modals that are about who submits them."""

    ABSENCE = "home.absence.submit"
    SETTINGS = "home.settings.submit"
    NOTIFICATIONS = "home.notifications.submit"


class DealPress(StrEnum):
    """Buttons of the message with which an AE gets a deal. They carry a `DealRef`."""

    ACCEPT = "deal.accept"
    RETURN = "deal.return"


class DealSubmission(StrEnum):
    RETURN = "deal.return.submit"


class ProposalPress(StrEnum):
    """Buttons about a proposal, in its message and in a manager's Home. They carry a `ProposalRef`."""

    APPROVE = "proposal.approve"
    DECLINE = "proposal.decline"
    DETAILS = "proposal.details"
    ACTIVATE = "proposal.activate"
    ROLL_BACK = "proposal.roll_back"


class ProposalSubmission(StrEnum):
    DECLINE = "proposal.decline.submit"


class PulsePress(StrEnum):
    """Buttons of the question how good the leads of a month were. They carry the pulse's id: who may answer is in the record."""

    BAD = "pulse.feeling.1"
    RATHER_BAD = "pulse.feeling.2"
    SO_SO = "pulse.feeling.3"
    GOOD = "pulse.feeling.4"
    VERY_GOOD = "pulse.feeling.5"
    FIT = "pulse.why.fit"
    TIMING = "pulse.why.timing"
    DATA = "pulse.why.data"
    INTENT = "pulse.why.intent"
    VOLUME = "pulse.why.volume"


ValuePress = HomePress | ProposalPress | PulsePress | DealPress
"""Buttons that carry a value of their own, not a handoff: in a Home, or in a message that is no card."""
ValueSubmission = HomeSubmission | ProposalSubmission | DealSubmission
"""Modals that are about no handoff."""


class Command(StrEnum):
    LEADSTATS = "/leadstats"
    LEADWHY = "/leadwhy"
    LEADNEXT = "/leadnext"
    LEAD = "/lead"
    LEADHELP = "/leadhelp"


class Field(StrEnum):
    """Input blocks of modals; errors are addressed to these."""

    REASON = "reason"
    NOTE = "note"
    OUTCOME = "outcome"
    DETAIL = "detail"
    DUPLICATE_OF = "duplicate_of"
    SPAN = "span"
    UNTIL = "until"
    REP = "rep"
    NEXT_STEP = "next_step"
    NEXT_AT = "next_at"


class HomeField(StrEnum):
    """Input blocks of the modals about oneself."""

    SINCE = "since"
    UNTIL = "until"
    COVER = "cover"
    TIME_ZONE = "time_zone"
    HOURS = "hours"
    HOLIDAYS = "holidays"
    MOST_OPEN = "most_open"
    MOST_A_DAY = "most_a_day"
    QUIET = "quiet"
    BUDGET = "budget"
    DIGEST_AT = "digest_at"


class BadRef(ValueError):
    """What came back from Slack is not something we sent."""


@dataclass(frozen=True, slots=True)
class Ref:
    """What a button is about, as it was when it was drawn. Packed as `h12.v3`: its letter says what it is."""

    letter: ClassVar[str]
    number: int
    version: int

    @property
    def packed(self) -> str:
        return f"{self.letter}{self.number}.v{self.version}"

    @classmethod
    def unpack(cls, text: str) -> Self:
        """Raises BadRef."""
        read = re.fullmatch(rf"{cls.letter}([0-9]{{1,18}})\.v([0-9]{{1,18}})", text)
        if read is None:
            raise BadRef
        return cls(int(read[1]), int(read[2]))


class HandoffRef(Ref):
    __slots__ = ()
    letter = "h"

    @property
    def handoff_id(self) -> int:
        return self.number


class ProposalRef(Ref):
    __slots__ = ()
    letter = "p"

    @property
    def proposal_id(self) -> int:
        return self.number


class DealRef(Ref):
    __slots__ = ()
    letter = "d"

    @property
    def deal_id(self) -> int:
        return self.number


@dataclass(frozen=True, slots=True)
class MenuChoice:
    """An option of a card's menu: the button it stands for, and what the button would carry."""

    press: Press
    ref: HandoffRef

    @property
    def packed(self) -> str:
        return f"{self.press.value} {self.ref.packed}"

    @classmethod
    def unpack(cls, text: str) -> "MenuChoice":
        press, _, ref = text.partition(" ")
        if press not in set(Press):
            raise BadRef
        return cls(Press(press), HandoffRef.unpack(ref))
