"""What the house behind the door does when a listener says no, or breaks."""

from typing import Protocol

from bot.ids import HandoffRef
from domain.rules.refusal import Refusal


class Door(Protocol):
    def refused(self, slack_user_id: str, channel: str | None, ref: HandoffRef | None, refusal: Refusal) -> str:
        """Note the refusal and what follows from it; returns its sentence as plain text."""

    def refused_at_home(self, slack_user_id: str, refusal: Refusal) -> None:
        """Note the refusal, and have it said in the person's Home: there is no channel to whisper in."""

    def broke(self, error: Exception, slack_user_id: str | None = None, channel: str | None = None) -> str:
        """Note an unexpected error; returns a sentence with an id that stands in the log."""

    def broke_at_home(self, error: Exception, slack_user_id: str) -> None:
        """Note an unexpected error, and have it said in the person's Home."""
