"""conversations.*"""

import re
from collections.abc import Iterable

from sandbox.slack import limits, seed, show
from sandbox.slack.calls import Call, method
from sandbox.slack.records import Channel, Message
from sandbox.slack.refusals import SlackRefusal
from sandbox.slack.shapes import JSON

TYPES = {"public_channel", "private_channel", "mpim", "im"}
TIMESTAMP = re.compile(r"\d{1,12}(\.\d{1,6})?")


def list_conversations(call: Call) -> JSON:
    types = set(call.text("types", "public_channel").replace(" ", "").split(","))
    if not types <= TYPES:
        raise SlackRefusal("invalid_types")
    wanted = [
        channel
        for channel in call.space.channels.values()
        if channel.opened
        and ("im" if channel.is_im else "public_channel") in types
        and not (channel.archived and call.flag("exclude_archived"))
    ]
    page, cursor = call.page_of(wanted, default=100, most=999)
    shown = [show.channel_to_app(channel) for channel in page]
    return {"channels": shown, "response_metadata": {"next_cursor": cursor}}


def info(call: Call) -> JSON:
    return {"channel": show.channel_to_app(call.channel())}


def members(call: Call) -> JSON:
    page, cursor = call.page_of(call.channel().members, default=100, most=999)
    return {"members": list(page), "response_metadata": {"next_cursor": cursor}}


def open_conversation(call: Call) -> JSON:
    users = [user for user in call.text("users").split(",") if user]
    if not users:
        raise SlackRefusal("users_list_not_supplied")
    if len(users) > 1:
        raise SlackRefusal("too_many_users")  # group messages are nothing that we stand in for
    person = call.space.person(users[0])
    if person.is_bot:
        raise SlackRefusal("invalid_user_combination")
    if person.deleted:
        raise SlackRefusal("user_disabled")
    already = call.space.im_record(person.id).opened
    im = call.space.im_of(person.id)
    shown = show.channel_to_app(im) if call.flag("return_im") else {"id": im.id}
    return {"channel": shown, **({"no_op": True, "already_open": True} if already else {})}


def history(call: Call) -> JSON:
    channel = readable(call)
    newest_first = (message for message in reversed(channel.messages.values()) if not message.thread_ts)
    wanted = within(call, newest_first)
    page, cursor = call.page_of(wanted, default=100, most=999)
    return {**shown_messages(call, page), "has_more": bool(cursor), "response_metadata": {"next_cursor": cursor}}


def replies(call: Call) -> JSON:
    """The parent always comes first, then its thread, oldest first."""
    channel = readable(call)
    parent = channel.messages.get(call.text("ts"))
    if parent is None:
        raise SlackRefusal("thread_not_found")
    parent = channel.messages[parent.thread_ts] if parent.thread_ts else parent
    thread = within(call, (channel.messages[ts] for ts in parent.replies))
    page, cursor = call.page_of([parent, *thread], default=100, most=999)
    return {**shown_messages(call, page), "has_more": bool(cursor), "response_metadata": {"next_cursor": cursor}}


def readable(call: Call) -> Channel:
    channel = call.channel()
    if seed.BOT_USER not in channel.members:
        raise SlackRefusal("not_in_channel")
    return channel


def shown_messages(call: Call, messages: Iterable[Message]) -> JSON:
    with_metadata = call.flag("include_all_metadata")
    return {"messages": [show.message_to_app(one, with_metadata=with_metadata) for one in messages]}


def within(call: Call, messages: Iterable[Message]) -> list[Message]:
    """Those between `oldest` and `latest`, which belong to it only when `inclusive` says so."""
    oldest, latest = micros(call, "oldest", 0), micros(call, "latest", 10**18)
    if call.flag("inclusive"):
        oldest, latest = oldest - 1, latest + 1
    return [message for message in messages if oldest < as_micros(message.ts) < latest]


def micros(call: Call, name: str, default: int) -> int:
    given = call.args.get(name)
    if given is None or given == "":
        return default
    if not TIMESTAMP.fullmatch(str(given)):
        raise SlackRefusal(f"invalid_ts_{name}")
    return as_micros(str(given))


def as_micros(ts: str) -> int:
    seconds, _, rest = ts.partition(".")
    return int(seconds) * 1_000_000 + int(rest.ljust(6, "0"))


PAGED = "cursor limit"
WINDOW = f"{PAGED} oldest latest inclusive include_all_metadata"
METHODS = (
    method(
        "conversations.list",
        list_conversations,
        may=f"{PAGED} types exclude_archived",
        scope="{}:read",
        per_minute=limits.TIER_2,
        reads=True,
    ),
    method(
        "conversations.info",
        info,
        needs="channel",
        may="include_locale include_num_members",
        scope="{}:read",
        per_minute=limits.TIER_3,
        reads=True,
    ),
    method(
        "conversations.members",
        members,
        needs="channel",
        may=PAGED,
        scope="{}:read",
        per_minute=limits.TIER_4,
        reads=True,
    ),
    method("conversations.open", open_conversation, may="users return_im", scope="im:write", per_minute=limits.TIER_3),
    method(
        "conversations.history",
        history,
        needs="channel",
        may=WINDOW,
        scope="{}:history",
        per_minute=limits.TIER_3,
        reads=True,
    ),
    method(
        "conversations.replies",
        replies,
        needs="channel ts",
        may=WINDOW,
        scope="{}:history",
        per_minute=limits.TIER_3,
        reads=True,
    ),
)
