"""Our ears in Slack: a Bolt app whose listeners the moments have marked. Every click asks which workspace it comes from."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hmac import compare_digest
from typing import Any, Protocol, TypeVar

from slack_bolt import Ack, App, BoltRequest, BoltResponse
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.error import BoltUnhandledRequestError

from bot.ids import (
    MORE,
    BadRef,
    Command,
    HandoffRef,
    HomePress,
    HomeSubmission,
    MenuChoice,
    Pick,
    Press,
    Submission,
)
from bot.settings import slack_settings
from domain.rules.refusals import NotFound, Refusal, WrongWorkspace

K = TypeVar("K")
F = TypeVar("F")


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
class HomeClick:
    """Somebody pressed a button of their own Home."""

    slack_user_id: str
    value: str
    trigger_id: str


@dataclass(frozen=True, slots=True)
class HomeSent:
    """Somebody submitted a modal about themselves. `values` as in `Sent`; a moment is its seconds since 1970."""

    slack_user_id: str
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Asked:
    """A slash command was typed."""

    slack_user_id: str
    text: str


Errors = dict[str, str]
"""What is wrong in a modal: input block -> sentence. Empty: it closes."""

Answer = tuple[str, list[dict[str, Any]]]

_presses: dict[Press, Callable[[Click], None]] = {}
_submissions: dict[Submission, Callable[[Sent], Errors]] = {}
_picks: dict[Pick, Callable[[Picked], None]] = {}
_commands: dict[Command, Callable[[Asked], Answer]] = {}
_home_presses: dict[HomePress, Callable[[HomeClick], None]] = {}
_home_submissions: dict[HomeSubmission, Callable[[HomeSent], Errors]] = {}
_homes: dict[str, Callable[[str], None]] = {}
HOME_OPENED = "app_home_opened"


def on_press(press: Press) -> Callable[[Callable[[Click], None]], Callable[[Click], None]]:
    return _mark(_presses, press)


def on_submission(submission: Submission) -> Callable[[Callable[[Sent], Errors]], Callable[[Sent], Errors]]:
    return _mark(_submissions, submission)


def on_pick(pick: Pick) -> Callable[[Callable[[Picked], None]], Callable[[Picked], None]]:
    return _mark(_picks, pick)


def on_command(command: Command) -> Callable[[Callable[[Asked], Answer]], Callable[[Asked], Answer]]:
    return _mark(_commands, command)


def on_home_press(press: HomePress) -> Callable[[Callable[[HomeClick], None]], Callable[[HomeClick], None]]:
    return _mark(_home_presses, press)


def on_home_submission(
    submission: HomeSubmission,
) -> Callable[[Callable[[HomeSent], Errors]], Callable[[HomeSent], Errors]]:
    return _mark(_home_submissions, submission)


def on_home(listener: Callable[[str], None]) -> Callable[[str], None]:
    """Mark the one function that hears whose Home was opened (Slack user id)."""
    return _mark(_homes, HOME_OPENED)(listener)


def _mark(known: dict[K, F], key: K) -> Callable[[F], F]:
    def mark(listener: F) -> F:
        if key in known:
            raise ValueError(f"two listeners for {key}")
        known[key] = listener
        return listener

    return mark


def listeners() -> frozenset[str]:
    """The ids that have a listener."""
    return frozenset([*_presses, *_submissions, *_picks, *_commands, *_home_presses, *_home_submissions, *_homes])


class Door(Protocol):
    """What the door does when a listener says no, or breaks."""

    def refused(self, slack_user_id: str, channel: str | None, ref: HandoffRef | None, refusal: Refusal) -> str:
        """Note the refusal and what follows from it; returns its sentence as plain text."""

    def refused_at_home(self, slack_user_id: str, refusal: Refusal) -> None:
        """Note the refusal, and have it said in the person's Home: there is no channel to whisper in."""

    def broke(self, error: Exception, slack_user_id: str | None = None, channel: str | None = None) -> str:
        """Note an unexpected error; returns a sentence with an id that stands in the log."""


def make_app(door: Door) -> App:
    """The Bolt app: HTTP, answered before the response, without a call to Slack at start or on a click."""
    slack = slack_settings()
    token = slack.slack_bot_token.get_secret_value()
    who = AuthorizeResult(enterprise_id=None, team_id=slack.slack_team_id, bot_token=token)
    app = App(
        signing_secret=slack.slack_signing_secret.get_secret_value(),
        authorize=lambda: who,
        process_before_response=True,
        raise_error_for_unhandled_request=True,
        # Bolt gives its own loggers the root's level; this one keeps the level that `kit.log` chose.
        logger=logging.getLogger("slack_bolt"),
    )
    app.middleware(_only_our_workspace)
    app.error(_unheard_or_broken(door))
    for press, pressed in _presses.items():
        app.action(press.value)(_press_listener(door, _carried_by(pressed)))
    app.action(MORE)(_press_listener(door, _chosen_in_menu))
    for pick, picked in _picks.items():
        app.action(pick.value)(_pick_listener(door, picked))
    for submission, sent in _submissions.items():
        app.view(submission.value)(_submission_listener(door, sent))
    for command, asked in _commands.items():
        app.command(command.value)(_command_listener(door, asked))
    _listen_at_home(app, door)
    return app


def _listen_at_home(app: App, door: Door) -> None:
    for press, pressed in _home_presses.items():
        app.action(press.value)(_home_press_listener(door, pressed))
    for submission, sent in _home_submissions.items():
        app.view(submission.value)(_home_submission_listener(door, sent))
    for event, opened in _homes.items():
        app.event(event)(_home_listener(opened))


def _only_our_workspace(body: dict[str, Any], next: Callable[[], BoltResponse]) -> BoltResponse:  # noqa: A002  (Bolt's name)
    team = body.get("team_id") or (body.get("team") or {}).get("id") or ""
    if not compare_digest(str(team).encode(), slack_settings().slack_team_id.encode()):
        return BoltResponse(status=403, body=WrongWorkspace().sentence({}))
    return next()


def _unheard_or_broken(door: Door) -> Callable[..., BoltResponse]:
    """What nobody listens to, such as a button of an older release, is acknowledged: there is nothing that could be done again."""

    def answer(error: Exception) -> BoltResponse:
        if isinstance(error, BoltUnhandledRequestError):
            return BoltResponse(status=200, body="")
        return BoltResponse(status=500, body=door.broke(error))

    return answer


Meaning = Callable[[Mapping[str, Any]], tuple[Callable[[Click], None], HandoffRef]]
"""What an action of Slack's means: which listener it is for, and which handoff it is about. Raises BadRef."""


def _carried_by(pressed: Callable[[Click], None]) -> Meaning:
    return lambda action: (pressed, HandoffRef.unpack(_value(action)))


def _chosen_in_menu(action: Mapping[str, Any]) -> tuple[Callable[[Click], None], HandoffRef]:
    choice = MenuChoice.unpack(_value(action))
    return _presses[choice.press], choice.ref


def _press_listener(door: Door, meaning: Meaning) -> Callable[..., None]:
    def listener(ack: Ack, body: dict[str, Any]) -> None:
        ack()
        user, channel = str(body["user"]["id"]), (body.get("channel") or {}).get("id")
        ref: HandoffRef | None = None
        try:
            pressed, ref = meaning(body["actions"][0])
            pressed(Click(user, ref, str(body.get("trigger_id", "")), str(channel)))
        except Refusal as refusal:
            _say_no(door, user, channel, ref, refusal)
        except BadRef:
            _say_no(door, user, channel, None, NotFound(what="handoff"))
        except Exception as error:  # noqa: BLE001  (the person is told, with an id that stands in the log)
            door.broke(error, user, channel)

    return listener


def _pick_listener(door: Door, picked: Callable[[Picked], None]) -> Callable[..., None]:
    def listener(ack: Ack, body: dict[str, Any]) -> None:
        ack()
        view, user = body["view"], str(body["user"]["id"])
        fields = frozenset(str(block["block_id"]) for block in view["blocks"] if block["type"] == "input")
        try:
            ref = HandoffRef.unpack(str(view.get("private_metadata", "")))
            chosen = _value(body["actions"][0])
            picked(Picked(user, ref, chosen, str(view["id"]), str(view.get("hash", "")), fields))
        except (Refusal, BadRef):
            # The window stays as it is; who sends it is told what is wrong.
            pass
        except Exception as error:  # noqa: BLE001  (the window stays as it is, and the log says why)
            door.broke(error)

    return listener


def _say_no(door: Door, user: str, channel: str | None, ref: HandoffRef | None, refusal: Refusal) -> None:
    """Where the button was: in the channel, or in the person's Home, which has none."""
    door.refused(user, channel, ref, refusal)
    if channel is None:
        door.refused_at_home(user, refusal)


def _home_press_listener(door: Door, pressed: Callable[[HomeClick], None]) -> Callable[..., None]:
    def listener(ack: Ack, body: dict[str, Any]) -> None:
        ack()
        user = str(body["user"]["id"])
        try:
            pressed(HomeClick(user, _value(body["actions"][0]), str(body.get("trigger_id", ""))))
        except Refusal as refusal:
            door.refused_at_home(user, refusal)

    return listener


def _home_listener(opened: Callable[[str], None]) -> Callable[..., None]:
    """Slack says this for the tab with the messages, too, and says it again if we do not answer."""

    def listener(ack: Ack, event: dict[str, Any]) -> None:
        ack()
        if event.get("tab") == "home":
            opened(str(event["user"]))

    return listener


def _home_submission_listener(door: Door, sent: Callable[[HomeSent], Errors]) -> Callable[..., None]:
    def listener(ack: Ack, body: dict[str, Any]) -> None:
        user, values = str(body["user"]["id"]), _values(body["view"])
        first = next(iter(values), "")
        try:
            errors: Mapping[str, str] = sent(HomeSent(user, values))
        except Refusal as refusal:
            errors = {first: door.refused(user, None, None, refusal)}
        except Exception as error:  # noqa: BLE001  (the person is told, with an id that stands in the log)
            errors = {first: door.broke(error)}
        _close_or_say(ack, errors)

    return listener


def _values(view: Mapping[str, Any]) -> dict[str, str]:
    return {block: _value(next(iter(inputs.values()))) for block, inputs in view["state"]["values"].items()}


def _close_or_say(ack: Ack, errors: Mapping[str, str]) -> None:
    if errors:
        ack(response_action="errors", errors=dict(errors))
    else:
        ack()


def _submission_listener(door: Door, sent: Callable[[Sent], Errors]) -> Callable[..., None]:
    def listener(ack: Ack, body: dict[str, Any]) -> None:
        view, user = body["view"], str(body["user"]["id"])
        values = _values(view)
        first = next(iter(values), "")
        ref: HandoffRef | None = None
        try:
            ref = HandoffRef.unpack(str(view.get("private_metadata", "")))
            errors: Mapping[str, str] = sent(Sent(user, ref, values, str(view["id"]), _shown(view)))
        except Refusal as refusal:
            errors = {first: door.refused(user, None, ref, refusal)}
        except BadRef:
            errors = {first: NotFound(what="handoff").sentence({})}
        except Exception as error:  # noqa: BLE001  (the person is told, with an id that stands in the log)
            errors = {first: door.broke(error)}
        _close_or_say(ack, errors)

    return listener


def _command_listener(door: Door, asked: Callable[[Asked], Answer]) -> Callable[..., None]:
    def listener(ack: Ack, body: dict[str, Any]) -> None:
        user = str(body["user_id"])
        try:
            text, blocks = asked(Asked(user, str(body.get("text") or "")))
        except Refusal as refusal:
            ack(text=door.refused(user, None, None, refusal), response_type="ephemeral")
        except Exception as error:  # noqa: BLE001  (the person is told, with an id that stands in the log)
            ack(text=door.broke(error), response_type="ephemeral")
        else:
            ack(text=text, blocks=blocks, response_type="ephemeral")

    return listener


def _shown(view: Mapping[str, Any]) -> dict[str, str]:
    inputs = {block["block_id"]: block["element"] for block in view.get("blocks") or () if block.get("type") == "input"}
    return {
        name: str((one.get("initial_option") or {}).get("value") or one.get("initial_value") or "")
        for name, one in inputs.items()
    }


def _value(element: Mapping[str, Any]) -> str:
    chosen = element.get("selected_option") or {}
    return str(
        chosen.get("value")
        or element.get("value")
        or element.get("selected_date_time")
        or element.get("selected_user")
        or ""
    )


def dispatch(app: App, body: bytes, headers: Mapping[str, str]) -> BoltResponse:
    """Hand one request to Bolt, which verifies its signature first. Runs in the caller's thread."""
    return app.dispatch(BoltRequest(body=body.decode("utf-8", "replace"), headers=dict(headers)))
