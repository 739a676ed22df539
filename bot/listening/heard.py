"""What a listener is told: who did what in Slack, about which handoff. Nothing of Slack's own shapes is in it."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.ids import HandoffRef


@dataclass(frozen=True, slots=True)
class Click:
    """A button was pressed."""

    slack_user_id: str
    ref: HandoffRef
    trigger_id: str
    channel: str


@dataclass(frozen=True, slots=True)
class Sent:
    """A modal was submitted. `values`: input block -> text or chosen value."""

    slack_user_id: str
    ref: HandoffRef
    values: Mapping[str, str]
    window: str
    """Slack's id of the window: the same one sent twice is one submission."""
    shown: Mapping[str, str]
    """What stood in each input when the window opened."""


@dataclass(frozen=True, slots=True)
class Picked:
    """Something was chosen in an open modal, which may be redrawn for it."""

    slack_user_id: str
    ref: HandoffRef
    value: str
    window: str
    version: str
    """Slack's hash of the window as it was then."""
    fields: frozenset[str]
    """The input blocks that stand in it."""


@dataclass(frozen=True, slots=True)
class Typed:
    """Somebody types into a select that searches, and waits for what there is to choose from."""

    slack_user_id: str
    ref: HandoffRef | None
    """Which handoff the window is about; None in a window that is about who uses it."""
    text: str


@dataclass(frozen=True, slots=True)
class HomeClick:
    """Somebody pressed a button of their own Home, or of a message that is about no handoff."""

    slack_user_id: str
    value: str
    trigger_id: str
    channel: str | None = None
    """Where the message stands; None: it was in their Home."""


@dataclass(frozen=True, slots=True)
class HomeSent:
    """Somebody submitted a modal that is about no handoff. `values` as in `Sent`; a moment is its seconds since 1970."""

    slack_user_id: str
    values: Mapping[str, str]
    about: str = ""
    """What the window was given to carry (`private_metadata`); one about who sends it carries nothing."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A slash command was typed."""

    slack_user_id: str
    text: str
    channel: str = ""
    """Where: a channel, or somebody's direct messages, in which we may not be."""
