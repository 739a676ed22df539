"""The same records, as Slack's API shows them to an app and as our page shows them to a person."""

from sandbox.slack import seed
from sandbox.slack.records import Channel, Message, Person, View
from sandbox.slack.shapes import JSON


def message_to_app(message: Message, *, with_metadata: bool = True) -> JSON:
    shown: JSON = {
        "type": "message",
        "user": message.user,
        "bot_id": seed.BOT_ID,
        "app_id": seed.APP_ID,
        "team": seed.TEAM_ID,
        "ts": message.ts,
        "text": message.text,
        "blocks": message.blocks,
    }
    if message.edited_ts:
        shown["edited"] = {"user": message.user, "ts": message.edited_ts}
    if message.metadata and with_metadata:
        shown["metadata"] = message.metadata
    if message.replies:
        last = {"latest_reply": message.replies[-1], "reply_users": [seed.BOT_USER], "reply_users_count": 1}
        shown |= {"thread_ts": message.ts, "reply_count": len(message.replies), **last}
    if message.thread_ts:
        shown |= {"thread_ts": message.thread_ts, "parent_user_id": seed.BOT_USER}
    if message.files:
        shown["files"] = message.files
    if message.reactions:
        shown["reactions"] = [{"name": k, "users": v, "count": len(v)} for k, v in message.reactions.items()]
    return shown


def message_to_page(message: Message) -> JSON:
    return {
        "ts": message.ts,
        "channel": message.channel,
        "user": message.user,
        "bot": True,
        "text": message.text,
        "blocks": message.blocks,
        "thread_ts": message.thread_ts,
        "reply_count": len(message.replies),
        "latest_reply": message.replies[-1] if message.replies else None,
        "edited_ts": message.edited_ts,
        "ephemeral": message.ephemeral_to is not None,
        "metadata": message.metadata,
        "posted_at": message.posted_at,
        "reactions": message.reactions,
        "files": message.files,
    }


def channel_to_app(channel: Channel) -> JSON:
    if channel.is_im:
        return {
            "id": channel.id,
            "is_im": True,
            "is_channel": False,
            "is_open": channel.opened,
            "is_archived": channel.archived,
            "user": channel.with_user,
            "context_team_id": seed.TEAM_ID,
        }
    return {
        "id": channel.id,
        "name": channel.name,
        "name_normalized": channel.name,
        "is_channel": True,
        "is_im": False,
        "is_group": False,
        "is_private": False,
        "is_general": channel.name == "general",
        "is_archived": channel.archived,
        "is_member": seed.BOT_USER in channel.members,
        "num_members": len(channel.members),
        "context_team_id": seed.TEAM_ID,
    }


def person_to_app(person: Person, *, with_email: bool = True) -> JSON:
    profile = {"real_name": person.real_name, "display_name": person.real_name, "title": person.title}
    return {
        "id": person.id,
        "team_id": seed.TEAM_ID,
        "name": person.name,
        "deleted": person.deleted,
        "color": person.color,
        "real_name": person.real_name,
        "tz": "Etc/UTC",
        "tz_offset": 0,
        "is_bot": person.is_bot,
        "is_app_user": False,
        "is_admin": False,
        "is_restricted": person.role == "guest",
        "profile": {**profile, "email": person.email} if with_email and not person.is_bot else profile,
    }


def person_to_page(person: Person) -> JSON:
    return {
        "id": person.id,
        "name": person.name,
        "real_name": person.real_name,
        "email": person.email,
        "title": person.title,
        "role": person.role,
        "color": person.color,
        "is_bot": person.is_bot,
        "deleted": person.deleted,
    }


def view_to_app(view: View) -> JSON:
    empty: JSON = {"private_metadata": "", "callback_id": "", "external_id": "", "title": None, "submit": None}
    flags = {"close": None, "clear_on_close": False, "notify_on_close": False}
    return {
        **empty,
        **flags,
        **view.given,
        "id": view.id,
        "team_id": seed.TEAM_ID,
        "state": {"values": view.values},
        "hash": view.hash,
        "previous_view_id": view.previous_id,
        "root_view_id": view.root_id,
        "app_id": seed.APP_ID,
        "app_installed_team_id": seed.TEAM_ID,
        "bot_id": seed.BOT_ID,
    }
