"""Our ears in Slack: a moment marks what it hears (`on_press` and its like), and `make_app` makes a Bolt app of all marks."""

from bot.listening.app import dispatch, make_app
from bot.listening.door import Door
from bot.listening.heard import Asked, Click, HomeClick, HomeSent, Picked, Sent, Typed
from bot.listening.marks import (
    HOME_OPENED,
    Answer,
    Errors,
    Instead,
    listeners,
    on_command,
    on_home,
    on_home_press,
    on_home_submission,
    on_pick,
    on_press,
    on_submission,
    on_suggest,
)

__all__ = [
    "HOME_OPENED",
    "Answer",
    "Asked",
    "Click",
    "Door",
    "Errors",
    "HomeClick",
    "HomeSent",
    "Instead",
    "Picked",
    "Sent",
    "Typed",
    "dispatch",
    "listeners",
    "make_app",
    "on_command",
    "on_home",
    "on_home_press",
    "on_home_submission",
    "on_pick",
    "on_press",
    "on_submission",
    "on_suggest",
]
