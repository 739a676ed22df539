"""How a submitted window, a typed command or an opened Home becomes a call of its listener."""

from collections.abc import Callable, Mapping
from typing import Any

from slack_bolt import Ack, App

from bot.fitting import fitting_message, fitting_text, fitting_view
from bot.ids import BadRef, HandoffRef
from bot.listening import marks
from bot.listening.door import Door
from bot.listening.heard import Asked, HomeSent, Sent
from bot.listening.marks import Answer, Errors, Instead, OnSent
from bot.listening.payloads import ref_of, shown_in, user_of, values_of
from domain.rules.refusal import Refusal
from domain.rules.refusals import NotFound

Body = dict[str, Any]


def hear_windows(app: App, door: Door) -> None:
    for submission, sent in marks.submissions.items():
        app.view(submission.value)(_submission(door, sent))
    for home_submission, home_sent in marks.home_submissions.items():
        app.view(home_submission.value)(_home_submission(door, home_sent))
    for command, asked in marks.commands.items():
        app.command(command.value)(_command(door, asked))
    for event, opened in marks.homes.items():
        app.event(event)(_home(opened))


def _submission(door: Door, sent: OnSent) -> Callable[..., None]:
    def listener(ack: Ack, body: Body) -> None:
        view, user = body["view"], user_of(body)
        values = values_of(view)
        ref: HandoffRef | None = None
        reply: Errors | Instead
        try:
            ref = ref_of(view)
            reply = sent(Sent(user, ref, values, str(view["id"]), shown_in(view)))
        except Refusal as refusal:
            reply = _at_the_top(values, door.refused(user, None, ref, refusal))
        except BadRef:
            reply = _at_the_top(values, NotFound(what="handoff").sentence({}))
        except Exception as error:  # noqa: BLE001  (the person is told, with an id that stands in the log)
            reply = _at_the_top(values, door.broke(error))
        if isinstance(reply, Instead):
            ack(response_action="update", view=fitting_view(reply.view))
        else:
            _close_or_say(ack, reply)

    return listener


def _home_submission(door: Door, sent: Callable[[HomeSent], Errors]) -> Callable[..., None]:
    def listener(ack: Ack, body: Body) -> None:
        user, values = user_of(body), values_of(body["view"])
        errors: Mapping[str, str]
        try:
            errors = sent(HomeSent(user, values, str(body["view"].get("private_metadata", ""))))
        except Refusal as refusal:
            errors = _at_the_top(values, door.refused(user, None, None, refusal))
        except BadRef:
            errors = _at_the_top(values, NotFound(what="handoff").sentence({}))
        except Exception as error:  # noqa: BLE001  (the person is told, with an id that stands in the log)
            errors = _at_the_top(values, door.broke(error))
        _close_or_say(ack, errors)

    return listener


def _at_the_top(values: Mapping[str, str], sentence: str) -> Errors:
    return {next(iter(values), ""): sentence}


def _close_or_say(ack: Ack, errors: Mapping[str, str]) -> None:
    if errors:
        ack(response_action="errors", errors=dict(errors))
    else:
        ack()


def _command(door: Door, asked: Callable[[Asked], Answer]) -> Callable[..., None]:
    def listener(ack: Ack, body: Body) -> None:
        user = str(body["user_id"])
        try:
            text, blocks = asked(Asked(user, str(body.get("text") or ""), str(body.get("channel_id") or "")))
        except Refusal as refusal:
            ack(text=door.refused(user, None, None, refusal), response_type="ephemeral")
        except Exception as error:  # noqa: BLE001  (the person is told, with an id that stands in the log)
            ack(text=door.broke(error), response_type="ephemeral")
        else:
            ack(text=fitting_text(text), blocks=fitting_message(text, blocks) or None, response_type="ephemeral")

    return listener


def _home(opened: Callable[[str], None]) -> Callable[..., None]:
    """Slack says this for the tab with the messages, too, and says it again if we do not answer."""

    def listener(ack: Ack, event: dict[str, Any]) -> None:
        ack()
        if event.get("tab") == "home":
            opened(str(event["user"]))

    return listener
