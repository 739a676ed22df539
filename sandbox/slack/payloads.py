"""The payloads of interactions, slash commands and events, with the fields that Slack sends."""

from sandbox.slack import seed, show
from sandbox.slack.records import Channel, Message, View
from sandbox.slack.shapes import JSON
from sandbox.slack.state import Workspace


def common(space: Workspace, kind: str, user: str) -> JSON:
    name = space.people[user].name
    return {
        "type": kind,
        "team": {"id": seed.TEAM_ID, "domain": "sandbox"},
        "user": {"id": user, "username": name, "name": name, "team_id": seed.TEAM_ID},
        "api_app_id": seed.APP_ID,
        "token": space.credentials.verification_token,
        "enterprise": None,
        "is_enterprise_install": False,
    }


def around_message(channel: Channel, message: Message) -> JSON:
    """Where something was done in a message."""
    ephemeral = message.ephemeral_to is not None
    container: JSON = {
        "type": "message",
        "message_ts": message.ts,
        "channel_id": channel.id,
        "is_ephemeral": ephemeral,
    }
    if message.thread_ts:
        container["thread_ts"] = message.thread_ts
    return {
        "container": container,
        "channel": {"id": channel.id, "name": channel.name},
        # Slack keeps no copy of an ephemeral message, so its clicks come without one.
        **({} if ephemeral else {"message": show.message_to_app(message)}),
    }


def around_view(view: View) -> JSON:
    return {"container": {"type": "view", "view_id": view.id}, "view": show.view_to_app(view)}


def pressed_in_message(
    space: Workspace, user: str, channel: Channel, message: Message, action: JSON, values: JSON
) -> JSON:
    return {
        **common(space, "block_actions", user),
        **around_message(channel, message),
        "trigger_id": space.new_trigger(user),
        "state": {"values": values},
        "response_url": space.new_response_url(channel, user, message),
        "actions": [action],
    }


def pressed_in_view(space: Workspace, user: str, view: View, action: JSON) -> JSON:
    return {
        **common(space, "block_actions", user),
        **around_view(view),
        "trigger_id": space.new_trigger(user),
        "actions": [action],
    }


def searched(space: Workspace, user: str, question: JSON, around: JSON) -> JSON:
    return {**common(space, "block_suggestion", user), **around, **question}


def submitted(space: Workspace, user: str, view: View) -> JSON:
    return {
        **common(space, "view_submission", user),
        "trigger_id": space.new_trigger(user),
        "view": show.view_to_app(view),
        "response_urls": [],
    }


def closed(space: Workspace, user: str, view: View, *, clears: bool) -> JSON:
    return {**common(space, "view_closed", user), "view": show.view_to_app(view), "is_cleared": clears}


def command(space: Workspace, user: str, channel: Channel, name: str, text: str) -> dict[str, str]:
    return {
        "token": space.credentials.verification_token,
        "team_id": seed.TEAM_ID,
        "team_domain": "sandbox",
        "channel_id": channel.id,
        "channel_name": channel.name,
        "user_id": user,
        "user_name": space.people[user].name,
        "command": name,
        "text": text,
        "api_app_id": seed.APP_ID,
        "is_enterprise_install": "false",
        "response_url": space.new_response_url(channel, user),
        "trigger_id": space.new_trigger(user),
    }


def home_opened(space: Workspace, user: str, home: View | None) -> JSON:
    event: JSON = {"type": "app_home_opened", "user": user, "channel": space.im_of(user).id, "tab": "home"}
    return {**event, "view": show.view_to_app(home)} if home else event
