"""The marks by which a moment says what it hears. Each id has one listener; a second one is refused at once."""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

from bot.blocks import Block
from bot.ids import Command, Pick, Press, Submission, Suggest, ValuePress, ValueSubmission
from bot.listening.heard import Asked, Click, HomeClick, HomeSent, Picked, Sent, Typed

K = TypeVar("K")
F = TypeVar("F")

Errors = dict[str, str]
"""What is wrong in a modal: input block -> sentence. Empty: it closes."""


class Instead(NamedTuple):
    """Another view in place of the window that was sent."""

    view: dict[str, Any]


Answer = tuple[str, list[dict[str, Any]]]

HOME_OPENED = "app_home_opened"


class Pressed(NamedTuple):
    """A button's listener. `opens`: it opens a window, which Slack need not wait for before the click is acknowledged."""

    listener: Callable[[Click], None]
    opens: bool


class HomePressed(NamedTuple):
    listener: Callable[[HomeClick], None]
    opens: bool


OnSent = Callable[[Sent], Errors | Instead]

presses: dict[Press, Pressed] = {}
submissions: dict[Submission, OnSent] = {}
picks: dict[Pick, Callable[[Picked], None]] = {}
suggestions: dict[Suggest, Callable[[Typed], list[Block]]] = {}
commands: dict[Command, Callable[[Asked], Answer]] = {}
home_presses: dict[ValuePress, HomePressed] = {}
home_submissions: dict[ValueSubmission, Callable[[HomeSent], Errors]] = {}
homes: dict[str, Callable[[str], None]] = {}


def on_press(press: Press, *, opens: bool = False) -> Callable[[Callable[[Click], None]], Callable[[Click], None]]:
    """`opens`: run it right after the click was acknowledged, in a thread of Bolt's; its trigger lives three seconds."""

    def mark(listener: Callable[[Click], None]) -> Callable[[Click], None]:
        _mark(presses, press)(Pressed(listener, opens))
        return listener

    return mark


def on_submission(submission: Submission) -> Callable[[OnSent], OnSent]:
    return _mark(submissions, submission)


def on_pick(pick: Pick) -> Callable[[Callable[[Picked], None]], Callable[[Picked], None]]:
    return _mark(picks, pick)


def on_suggest(
    suggest: Suggest,
) -> Callable[[Callable[[Typed], list[Block]]], Callable[[Typed], list[Block]]]:
    """Mark who knows the options (`bot.blocks.option`) of a select that searches. Slack shows the first hundred."""
    return _mark(suggestions, suggest)


def on_command(command: Command) -> Callable[[Callable[[Asked], Answer]], Callable[[Asked], Answer]]:
    return _mark(commands, command)


def on_home_press(
    press: ValuePress, *, opens: bool = False
) -> Callable[[Callable[[HomeClick], None]], Callable[[HomeClick], None]]:
    """`opens` as in `on_press`."""

    def mark(listener: Callable[[HomeClick], None]) -> Callable[[HomeClick], None]:
        _mark(home_presses, press)(HomePressed(listener, opens))
        return listener

    return mark


def on_home_submission(
    submission: ValueSubmission,
) -> Callable[[Callable[[HomeSent], Errors]], Callable[[HomeSent], Errors]]:
    return _mark(home_submissions, submission)


def on_home(listener: Callable[[str], None]) -> Callable[[str], None]:
    """Mark the one function that hears whose Home was opened (Slack user id)."""
    return _mark(homes, HOME_OPENED)(listener)


def _mark(known: dict[K, F], key: K) -> Callable[[F], F]:
    def mark(listener: F) -> F:
        if key in known:
            raise ValueError(f"two listeners for {key}")
        known[key] = listener
        return listener

    return mark


def listeners() -> frozenset[str]:
    """The ids that have a listener."""
    heard = (presses, submissions, picks, suggestions, commands, home_presses, home_submissions, homes)
    return frozenset(str(key) for known in heard for key in known)
