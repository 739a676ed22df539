"""chat.* and reactions.add."""

import json
from typing import Any

from sandbox.slack import limits, seed, show
from sandbox.slack.blocks import checked_blocks
from sandbox.slack.calls import Call, method
from sandbox.slack.records import Channel, Message
from sandbox.slack.refusals import SlackRefusal
from sandbox.slack.shapes import JSON


def post_message(call: Call) -> JSON:
    channel = writable(call)
    metadata = checked_metadata(call)
    posted = call.space.post(channel, *content(call), metadata=metadata or None, thread_ts=thread(call, channel))
    return {"channel": channel.id, "ts": posted.ts, "message": show.message_to_app(posted)}


def post_ephemeral(call: Call) -> JSON:
    channel = writable(call)
    user = call.text("user")
    if user not in channel.members or user not in call.space.people:
        raise SlackRefusal("user_not_in_channel")
    posted = call.space.post(channel, *content(call), thread_ts=thread(call, channel), ephemeral_to=user)
    return {"message_ts": posted.ts}


def update(call: Call) -> JSON:
    channel = call.channel()
    if channel.archived:
        raise SlackRefusal("is_inactive")
    message = own_message(call, channel, "ts", "cant_update_message")
    metadata = checked_metadata(call)
    blocks = given_blocks(call)
    if not call.text("text"):
        raise SlackRefusal("no_text")
    call.space.change(message, text=call.text("text"), blocks=blocks, metadata=metadata)
    shown = show.message_to_app(message)
    return {"channel": channel.id, "ts": message.ts, "text": message.text, "message": shown}


def delete(call: Call) -> JSON:
    channel = call.channel()
    message = own_message(call, channel, "ts", "cant_delete_message")
    call.space.delete(message)
    return {"channel": channel.id, "ts": message.ts}


def permalink(call: Call) -> JSON:
    channel = call.channel()
    message = own_message(call, channel, "message_ts", "message_not_found")
    place = f"{channel.id}/p{message.ts.replace('.', '')}"
    return {"channel": channel.id, "permalink": f"{call.space.base_url}/archives/{place}"}


def add_reaction(call: Call) -> JSON:
    channel = call.channel()
    message = own_message(call, channel, "timestamp", "message_not_found")
    name = call.text("name").strip(":")
    if not name.replace("_", "").replace("-", "").isalnum():
        raise SlackRefusal("invalid_name")
    people = message.reactions.setdefault(name, [])
    if seed.BOT_USER in people:
        raise SlackRefusal("already_reacted")
    people.append(seed.BOT_USER)
    call.space.hub.tell(channel.members, "changed", show.message_to_page(message))
    return {}


def writable(call: Call, argument: str = "channel") -> Channel:
    channel = call.channel(argument)
    if channel.archived:
        raise SlackRefusal("is_archived")
    if seed.BOT_USER not in channel.members:
        raise SlackRefusal("not_in_channel")
    return channel


def content(call: Call) -> tuple[str, list[JSON]]:
    """Text and blocks. Slack would take blocks alone; we ask for the fallback that notifications show."""
    blocks = given_blocks(call) or []
    if not call.text("text").strip():
        raise SlackRefusal("no_text")
    return call.text("text"), blocks


def given_blocks(call: Call) -> list[JSON] | None:
    given = call.structure("blocks", "invalid_blocks_format")
    if given is None:
        return None
    blocks = checked_blocks(given, call.space.files.can_be_shown)
    if unknown := [block["type"] for block in blocks if block["type"] in call.space.unknown_blocks]:
        raise SlackRefusal("invalid_blocks", [f"[ERROR] unsupported type: {unknown[0]}"])
    return blocks


def thread(call: Call, channel: Channel) -> str | None:
    ts = call.text("thread_ts")
    if not ts:
        return None
    parent = channel.messages.get(ts)
    if parent is None or parent.thread_ts:
        raise SlackRefusal("cannot_reply_to_message")
    return ts


def own_message(call: Call, channel: Channel, argument: str, refusal: str) -> Message:
    message = channel.messages.get(call.text(argument))
    if message is None:
        raise SlackRefusal("message_not_found")
    if message.user != seed.BOT_USER:
        raise SlackRefusal(refusal)
    return message


def checked_metadata(call: Call) -> JSON | None:
    """None when not given; an empty object is how an update removes it."""
    given: Any = call.structure("metadata", "invalid_metadata_format")
    if given is None:
        return None
    if given == {}:
        return {}
    if not isinstance(given, dict):
        raise SlackRefusal("invalid_metadata_format")
    kinds = {"event_type": str, "event_payload": dict}
    if given.keys() != kinds.keys() or not all(isinstance(given[name], kind) for name, kind in kinds.items()):
        raise SlackRefusal("invalid_metadata_schema")
    if not given["event_type"]:
        raise SlackRefusal("invalid_metadata_schema")
    if len(json.dumps(given, ensure_ascii=False).encode()) > limits.METADATA_BYTES:
        raise SlackRefusal("metadata_too_large")
    return dict(given)


WRITTEN = "blocks metadata thread_ts reply_broadcast unfurl_links unfurl_media mrkdwn link_names parse"
METHODS = (
    method(
        "chat.postMessage", post_message, needs="channel", may=f"text {WRITTEN}", scope="chat:write", per_minute=None
    ),
    method(
        "chat.postEphemeral",
        post_ephemeral,
        needs="channel user",
        may="text blocks thread_ts link_names parse",
        scope="chat:write",
        per_minute=None,
    ),
    method(
        "chat.update",
        update,
        needs="channel ts",
        may="text blocks metadata link_names parse reply_broadcast",
        scope="chat:write",
        per_minute=limits.TIER_3,
    ),
    method("chat.delete", delete, needs="channel ts", scope="chat:write", per_minute=limits.TIER_3),
    method("chat.getPermalink", permalink, needs="channel message_ts", per_minute=None, reads=True),
    method(
        "reactions.add",
        add_reaction,
        needs="channel name timestamp",
        scope="reactions:write",
        per_minute=limits.TIER_3,
    ),
)
