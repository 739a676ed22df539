"""How a click becomes a call of its listener: on a card, in its menu, in an open window, in a Home."""

from collections.abc import Callable
from typing import Any, NamedTuple

from slack_bolt import Ack, App

from bot.ids import MORE, BadRef, HandoffRef, HomePress, MenuChoice
from bot.listening import marks
from bot.listening.door import Door
from bot.listening.heard import Click, HomeClick, Picked, Typed
from bot.listening.marks import HomePressed, Pressed
from bot.listening.payloads import Payload, channel_of, fields_of, ref_of, ref_or_none, user_of, value_of
from domain.rules.refusal import Refusal
from domain.rules.refusals import NotFound

OPTIONS = 100
"""How many options Slack takes for a select that searches."""

Body = dict[str, Any]


class Meant(NamedTuple):
    """What an action of Slack's means."""

    pressed: Pressed
    ref: HandoffRef


Meaning = Callable[[Payload], Meant]
"""Raises BadRef for what we never sent."""


def hear_buttons(app: App, door: Door) -> None:
    for press, pressed in marks.presses.items():
        listen = _press(door, _carried_by(pressed))
        app.action(press.value)(**(_afterwards(listen) if pressed.opens else _at_once(listen)))
    app.action(MORE)(**_menu(door))
    for pick, picked in marks.picks.items():
        app.action(pick.value)(**_afterwards(_pick(door, picked)))
    for suggest, known in marks.suggestions.items():
        app.options(suggest.value)(_suggestion(door, known))
    for home_press, home_pressed in marks.home_presses.items():
        heard = _home_press(door, home_pressed, own=isinstance(home_press, HomePress))
        app.action(home_press.value)(**(_afterwards(heard) if home_pressed.opens else _at_once(heard)))


def _at_once(listen: Callable[[Body], None]) -> dict[str, Any]:
    """What only writes our own record is done before the click is acknowledged: nobody is told yes too early."""

    def acknowledge(ack: Ack, body: Body) -> None:
        ack()
        listen(body)

    return {"ack": acknowledge, "lazy": []}


def _afterwards(listen: Callable[[Body], None]) -> dict[str, Any]:
    """What asks Slack to open or redraw a window is done after it: Slack waits three seconds for us, and so does the trigger."""

    def acknowledge(ack: Ack) -> None:
        ack()

    def open_it(body: Body) -> None:
        listen(body)

    return {"ack": acknowledge, "lazy": [open_it]}


def _carried_by(pressed: Pressed) -> Meaning:
    return lambda action: Meant(pressed, HandoffRef.unpack(value_of(action)))


def _chosen_in_menu(action: Payload) -> Meant:
    choice = MenuChoice.unpack(value_of(action))
    return Meant(marks.presses[choice.press], choice.ref)


def _menu(door: Door) -> dict[str, Any]:
    """A menu holds buttons of both kinds: which it is stands in what was chosen."""
    listen = _press(door, _chosen_in_menu)

    def opens(body: Body) -> bool:
        try:
            return _chosen_in_menu(body["actions"][0]).pressed.opens
        except BadRef:
            return False

    def act(ack: Ack, body: Body) -> None:
        ack()
        if not opens(body):
            listen(body)

    def open_it(body: Body) -> None:
        if opens(body):
            listen(body)

    return {"ack": act, "lazy": [open_it]}


def _press(door: Door, meaning: Meaning) -> Callable[[Body], None]:
    def listen(body: Body) -> None:
        user, channel = user_of(body), channel_of(body)
        ref: HandoffRef | None = None
        try:
            pressed, ref = meaning(body["actions"][0])
            pressed.listener(Click(user, ref, str(body.get("trigger_id", "")), str(channel)))
        except Refusal as refusal:
            _say_no(door, user, channel, ref, refusal)
        except BadRef:
            _say_no(door, user, channel, None, NotFound(what="handoff"))
        except Exception as error:  # noqa: BLE001  (the person is told, with an id that stands in the log)
            if channel is None:
                door.broke_at_home(error, user)
            else:
                door.broke(error, user, channel)

    return listen


def _say_no(door: Door, user: str, channel: str | None, ref: HandoffRef | None, refusal: Refusal) -> None:
    """Where the button was: in the channel, or in the person's Home, which has none."""
    door.refused(user, channel, ref, refusal)
    if channel is None:
        door.refused_at_home(user, refusal)


def _pick(door: Door, picked: Callable[[Picked], None]) -> Callable[[Body], None]:
    def listen(body: Body) -> None:
        view = body["view"]
        try:
            chosen, ref = value_of(body["actions"][0]), ref_of(view)
            picked(Picked(user_of(body), ref, chosen, str(view["id"]), str(view.get("hash", "")), fields_of(view)))
        except (Refusal, BadRef):
            # The window stays as it is; who sends it is told what is wrong.
            pass
        except Exception as error:  # noqa: BLE001  (the window stays as it is, and the log says why)
            door.broke(error)

    return listen


def _suggestion(door: Door, known: Callable[[Typed], list[dict[str, Any]]]) -> Callable[..., None]:
    def listener(ack: Ack, body: Body) -> None:
        options: list[dict[str, Any]] = []
        try:
            options = known(Typed(user_of(body), ref_or_none(body.get("view") or {}), str(body.get("value") or "")))
        except (Refusal, BadRef):
            # There is nothing to choose from; who sends the window is told what is wrong.
            pass
        except Exception as error:  # noqa: BLE001  (the list stays empty, and the log says why)
            door.broke(error)
        ack(options=options[:OPTIONS])

    return listener


def _home_press(door: Door, pressed: HomePressed, *, own: bool) -> Callable[[Body], None]:
    """`own`: it is about who uses it, and stands in their Home alone."""

    def listen(body: Body) -> None:
        user, channel = user_of(body), None if own else channel_of(body)
        try:
            pressed.listener(HomeClick(user, value_of(body["actions"][0]), str(body.get("trigger_id", "")), channel))
        except Refusal as refusal:
            _say_no_where_it_was(door, user, channel, refusal)
        except BadRef:
            _say_no_where_it_was(door, user, channel, NotFound(what="handoff"))
        except Exception as error:  # noqa: BLE001  (the person is told, with an id that stands in the log)
            if channel is None:
                door.broke_at_home(error, user)
            else:
                door.broke(error, user, channel)

    return listen


def _say_no_where_it_was(door: Door, user: str, channel: str | None, refusal: Refusal) -> None:
    if channel is None:
        door.refused_at_home(user, refusal)
    else:
        door.refused(user, channel, None, refusal)
