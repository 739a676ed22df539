"""What people do: press, submit, close, command, look at Home. Each becomes what Slack would send to the app."""

import json
from collections.abc import Mapping
from typing import Any

from sandbox.slack import inputs, payloads, searching, views
from sandbox.slack.blocks import all_elements, checked_blocks, checked_view
from sandbox.slack.delivery import Answer, Delivery
from sandbox.slack.records import Channel, Message, View
from sandbox.slack.refusals import PageRefusal, SlackRefusal
from sandbox.slack.shapes import JSON
from sandbox.slack.state import Workspace

TROUBLE = "We had some trouble connecting. Try again?"
SENTENCES: Mapping[str, str] = {
    "operation_timeout": "Operation timed out. Apps need to respond within 3 seconds.",
    "dispatch_failed": "This app is not responding. Try again?",
}


def sentence(answer: Answer) -> str | None:
    if answer.error == "http_service_error":
        return f"This app responded with Status Code {answer.status}. Try again?"
    return SENTENCES[answer.error] if answer.error else None


# --- where somebody is --------------------------------------------------------------------------------------------


def visible_channel(space: Workspace, user: str, channel_id: str) -> Channel:
    channel = space.channels.get(channel_id)
    if channel is None:
        raise PageRefusal(404, "There is no such channel.")
    if user not in channel.members:
        raise PageRefusal(403, "This person is not in that channel.")
    return channel


def visible_message(space: Workspace, user: str, channel_id: str, ts: str) -> tuple[Channel, Message]:
    channel = visible_channel(space, user, channel_id)
    message = channel.messages.get(ts) or channel.ephemerals.get(user, {}).get(ts)
    if message is None:
        raise PageRefusal(404, "There is no such message; it may have been deleted.")
    return channel, message


def shown_view(space: Workspace, user: str, view_id: str) -> View:
    """The view on top of the user's screen, or their Home tab."""
    top = views.stack_of(space, user)[-1:]
    home = [space.homes[user]] if user in space.homes else []
    for view in (*top, *home):
        if view.id == view_id:
            return view
    found = views.find(space, view_id)
    if found is None or found.user != user:
        raise PageRefusal(404, "There is no such view on this person's screen.")
    raise PageRefusal(409, "Another view lies on top of this one.")


# --- press --------------------------------------------------------------------------------------------------------


async def press(delivery: Delivery, user: str, body: JSON) -> JSON:
    """A button, a menu or a picker, in a message or in a view."""
    if "view_id" in body:
        view = shown_view(delivery.space, user, str(body["view_id"]))
        payload = pressed_in_view(delivery.space, user, view, body)
    else:
        place = visible_message(delivery.space, user, str(body.get("channel")), str(body.get("ts")))
        payload = pressed_in_message(delivery.space, user, *place, body)
    answer = await delivery.interaction(payload)
    return {
        "ok": answer.error is None,
        "status": answer.status,
        "took_ms": answer.took_ms,
        "error": sentence(answer),
    }


def pressed_in_message(space: Workspace, user: str, channel: Channel, message: Message, body: JSON) -> JSON:
    action, values = chosen_action(space, searching.with_found(space, message.ts, message.blocks), body)
    return payloads.pressed_in_message(space, user, channel, message, action, values)


def pressed_in_view(space: Workspace, user: str, view: View, body: JSON) -> JSON:
    action, view.values = chosen_action(space, searching.with_found(space, view.id, view.given["blocks"]), body)
    return payloads.pressed_in_view(space, user, view, action)


def chosen_action(space: Workspace, blocks: list[JSON], body: JSON) -> tuple[JSON, JSON]:
    """The action as the app will see it, and the state around it. One can only press what one sees."""
    for block, element in all_elements(blocks):
        place = (block["block_id"], element["action_id"])
        if place == (body.get("block_id"), body.get("action_id")):
            break
    else:
        raise PageRefusal(409, "There is no such button here any more.")
    values = values_in(body)
    if element["type"] in inputs.HOLDS and element["type"] != "overflow":
        values.setdefault(place[0], {})[place[1]] = body
    action = {"action_id": place[1], "block_id": place[0], **what_was_chosen(space, element, body)}
    return {**action, "action_ts": space.next_ts()}, inputs.state(blocks, values, space.people, forget_stale=True)


def values_in(body: JSON) -> JSON:
    """What was filled in around: {block_id: {action_id: {...}}}."""
    values = body.get("values") or {}
    if not isinstance(values, dict) or not all(
        isinstance(fields, dict) and all(isinstance(given, dict) for given in fields.values())
        for fields in values.values()
    ):
        raise PageRefusal(422, "Values are given per block and action.")
    return {block: dict(fields) for block, fields in values.items()}


def what_was_chosen(space: Workspace, element: JSON, body: JSON) -> JSON:
    if element["type"] != "button":
        return inputs.read(element, body, space.people)
    return {key: part for key, part in element.items() if key in {"type", "text", "value", "style"}}


# --- external selects ---------------------------------------------------------------------------------------------


async def search(delivery: Delivery, user: str, body: JSON) -> JSON:
    """What the app offers for the words that somebody typed into an external select."""
    if "view_id" in body:
        view = shown_view(delivery.space, user, str(body["view_id"]))
        place, blocks = view.id, view.given["blocks"]
        around = payloads.around_view(view)
    else:
        channel, message = visible_message(delivery.space, user, str(body.get("channel")), str(body.get("ts")))
        place, blocks = message.ts, message.blocks
        around = payloads.around_message(channel, message)
    asked = searching.question(blocks, body)
    answer = await delivery.interaction(payloads.searched(delivery.space, user, asked, around))
    error, found = sentence(answer), {}
    if not error:
        try:
            found = searching.remember(delivery.space, place, asked, answer.body)
        except ValueError as broken:
            error = f"{TROUBLE} ({broken})"
    return {"ok": error is None, "took_ms": answer.took_ms, "error": error, **found}


# --- modals -------------------------------------------------------------------------------------------------------


async def submit(delivery: Delivery, user: str, body: JSON) -> JSON:
    view = shown_view(delivery.space, user, str(body.get("view_id")))
    if view.given["type"] != "modal" or "submit" not in view.given:
        raise PageRefusal(409, "This view has nothing to submit.")
    blocks = searching.with_found(delivery.space, view.id, view.given["blocks"])
    view.values = inputs.state(blocks, values_in(body), delivery.space.people)
    if errors := inputs.complaints(blocks, view.values):
        return submitted(None, "errors", errors=errors)
    answer = await delivery.interaction(payloads.submitted(delivery.space, user, view))
    if answer.error:
        return submitted(answer, None, error=sentence(answer) if answer.status is None else TROUBLE)
    try:
        return follow(delivery.space, user, view, answer)
    except (SlackRefusal, ValueError) as broken:
        return submitted(answer, None, error=f"{TROUBLE} ({broken})")


def submitted(
    answer: Answer | None, action: str | None, *, errors: JSON | None = None, error: str | None = None
) -> JSON:
    return {
        "ok": error is None and not errors,
        "took_ms": answer.took_ms if answer else 0,
        "response_action": action,
        "errors": errors or {},
        "error": error,
    }


def follow(space: Workspace, user: str, view: View, answer: Answer) -> JSON:
    """Do what the app said to a submission. Raises ValueError or SlackRefusal when Slack would not understand it."""
    if view not in views.stack_of(space, user):
        return submitted(answer, None)  # closed while the app was thinking
    said: Any = json.loads(answer.body) if answer.body.strip() else {}
    if not isinstance(said, dict):
        raise ValueError("the answer to a submission must be an object")  # noqa: TRY004  (one error for all that is unreadable)
    match said.get("response_action"):
        case None:
            if said:
                raise ValueError("the answer to a submission has no response_action")
            views.close_top(space, user)
        case "errors":
            return submitted(answer, "errors", errors=field_errors(view, said.get("errors")))
        case "update":
            views.update_view(space, view, checked_view(said.get("view"), "modal", space.files.can_be_shown))
        case "push":
            views.push_view(space, user, checked_view(said.get("view"), "modal", space.files.can_be_shown))
        case "clear":
            views.clear(space, user)
        case other:
            raise ValueError(f"unknown response_action: {other}")
    return submitted(answer, said.get("response_action"))


def field_errors(view: View, errors: Any) -> JSON:
    fields = {block["block_id"] for block in view.given["blocks"] if block["type"] == "input"}
    if (
        not isinstance(errors, dict)
        or not errors
        or not all(isinstance(text, str) and text for text in errors.values())
    ):
        raise ValueError("errors must hold a sentence per block_id")
    if not errors.keys() <= fields:
        raise ValueError("errors must be keyed by block_ids of input blocks")
    return errors


async def close(delivery: Delivery, user: str, body: JSON) -> JSON:
    view = shown_view(delivery.space, user, str(body.get("view_id")))
    if view.given["type"] != "modal":
        raise PageRefusal(409, "The Home tab cannot be closed.")
    clears = bool(view.given.get("clear_on_close"))
    if clears:
        views.clear(delivery.space, user)
    else:
        views.close_top(delivery.space, user)
    if not view.given.get("notify_on_close"):
        return {"ok": True, "took_ms": 0, "error": None}
    answer = await delivery.interaction(payloads.closed(delivery.space, user, view, clears=clears))
    return {"ok": answer.error is None, "took_ms": answer.took_ms, "error": sentence(answer)}


# --- slash commands -----------------------------------------------------------------------------------------------


async def command(delivery: Delivery, user: str, body: JSON) -> JSON:
    space = delivery.space
    channel = visible_channel(space, user, str(body.get("channel")))
    name = str(body.get("command"))
    if name not in space.commands:
        raise PageRefusal(404, f"{name} is not a valid command.")
    channel.opened = True
    answer = await delivery.form(
        "slash_command", payloads.command(space, user, channel, name, str(body.get("text", "")))
    )
    error = answer.error or show_command_answer(space, user, channel, answer)
    failed = f'{name} failed with the error "{error}"' if error else None
    return {"ok": error is None, "took_ms": answer.took_ms, "error": failed}


def show_command_answer(space: Workspace, user: str, channel: Channel, answer: Answer) -> str | None:
    """Show what the app answered: nothing, plain text or a message as JSON. The answer is an error code."""
    text = answer.body.decode(errors="replace").strip()
    if not text:
        return None
    try:
        said = json.loads(text)
    except ValueError:
        said = {"text": text}
    try:
        show_answer(space, user, channel, said if isinstance(said, dict) else {"text": text})
    except SlackRefusal as refusal:
        return refusal.code
    return None


def show_answer(space: Workspace, user: str, channel: Channel, said: JSON, *, thread_ts: str | None = None) -> None:
    """Post what an app said to a command or a response_url: for one person's eyes unless it says in_channel."""
    text, blocks = said.get("text") or "", checked_blocks(said.get("blocks") or [], space.files.can_be_shown)
    if not isinstance(text, str) or not text.strip():
        raise SlackRefusal("no_text")
    kind = said.get("response_type", "ephemeral")
    if kind not in {"ephemeral", "in_channel"}:
        raise SlackRefusal("invalid_response_type")
    space.post(channel, text, blocks, ephemeral_to=user if kind == "ephemeral" else None, thread_ts=thread_ts)


# --- Home ---------------------------------------------------------------------------------------------------------


def look_at_home(delivery: Delivery, user: str) -> View | None:
    home = delivery.space.homes.get(user)
    delivery.event(payloads.home_opened(delivery.space, user, home))
    return home
