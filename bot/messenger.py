"""Our mouth in Slack: the few Web API calls that we make, with errors of two kinds."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from functools import cache
from http.client import HTTPException
from typing import Any
from urllib.error import URLError

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackRequestError
from slack_sdk.web import SlackResponse

from bot.blocks import Block
from bot.limits import check_message, check_view
from bot.settings import slack_settings
from kit.outside import Refused, TryLater

CARD_EVENT, BRIEF_EVENT, POOL_CALL_EVENT = "handoff_card", "handoff_brief", "handoff_pool_call"
"""The metadata types by which a posted card, its brief and a pool's line about it are found again."""

TIMEOUT = 8
"""Seconds for one call."""
CLICK_TIMEOUT = 2
"""Seconds for the one call made inside a click: its trigger lives three."""

CLOCKS_DIFFER = timedelta(minutes=5)
"""How far our clock may be from Slack's: with more, no click would be let in."""

_PASSING = frozenset(
    {
        "ratelimited",
        "rate_limited",
        "internal_error",
        "fatal_error",
        "service_unavailable",
        "request_timeout",
        "team_added_to_org",
    }
)


class TriggerGone(Exception):
    """The trigger of a click can open no window (any more), in whichever of its ways Slack says so."""


class MessageGone(Refused):
    """The message that should be changed is not there any more."""


@cache
def _client(timeout: int = TIMEOUT) -> WebClient:
    slack = slack_settings()
    if not slack.slack_bot_token.get_secret_value():
        raise Refused("Slack is not set up: SLACK_BOT_TOKEN is not set")
    return WebClient(token=slack.slack_bot_token.get_secret_value(), base_url=slack.slack_api_url, timeout=timeout)


def forget() -> None:
    """Drop the clients, so that the next call reads the settings anew."""
    _client.cache_clear()


def post(
    channel: str,
    text: str,
    blocks: list[Block],
    *,
    metadata: Mapping[str, Any] | None = None,
    thread: str | None = None,
) -> str:
    """Post a message; returns its ts. Raises Refused, with the path, for blocks that Slack would not take."""
    check_message(blocks)
    answer = _ask(
        _client().chat_postMessage,
        channel=channel,
        text=text,
        blocks=blocks,
        metadata=metadata,
        thread_ts=thread,
        unfurl_links=False,
        unfurl_media=False,
    )
    return str(answer["ts"])


def update(channel: str, ts: str, text: str, blocks: list[Block]) -> None:
    check_message(blocks)
    _ask(_client().chat_update, channel=channel, ts=ts, text=text, blocks=blocks)


def whisper(channel: str, slack_user_id: str, text: str) -> None:
    """Say something that only this person sees."""
    _ask(_client().chat_postEphemeral, channel=channel, user=slack_user_id, text=text)


def permalink(channel: str, ts: str) -> str | None:
    """A link to a message, or None if Slack has none now: a message does without."""
    try:
        return str(_ask(_client().chat_getPermalink, channel=channel, message_ts=ts)["permalink"])
    except (TryLater, Refused):
        return None


def find_reply(channel: str, thread: str, metadata: Mapping[str, Any], since: datetime) -> str | None:
    """The ts of the message in this thread that an earlier try may have posted before it crashed."""
    return _find(_client().conversations_replies, metadata, since, channel=channel, ts=thread)


def find_message(channel: str, metadata: Mapping[str, Any], since: datetime) -> str | None:
    """The ts of the message of the channel that an earlier try may have posted before it crashed."""
    return _find(_client().conversations_history, metadata, since, channel=channel)


def _find(
    pages: Callable[..., SlackResponse], metadata: Mapping[str, Any], since: datetime, **place: str
) -> str | None:
    cursor: str | None = None
    oldest = f"{(since - CLOCKS_DIFFER).timestamp():.6f}"
    while True:
        answer = _ask(pages, **place, oldest=oldest, include_all_metadata=True, limit=200, cursor=cursor)
        for message in answer["messages"]:
            found = message.get("metadata") or {}
            if {name: found.get(name) for name in metadata} == metadata:
                return str(message["ts"])
        cursor = (answer.get("response_metadata") or {}).get("next_cursor")
        if not cursor:
            return None


def card_metadata(handoff_id: int, cycle: int, event_type: str = CARD_EVENT) -> dict[str, Any]:
    """Ids only: metadata can be read by other apps of the channel."""
    return {"event_type": event_type, "event_payload": {"handoff_id": handoff_id, "cycle": cycle}}


def open_modal(trigger_id: str, view: Mapping[str, Any]) -> None:
    """The one call made inside a click, since its trigger lives three seconds; raises TriggerGone."""
    check_view(view)
    _ask(_client(CLICK_TIMEOUT).views_open, trigger_id=trigger_id, view=view)


def publish_home(slack_user_id: str, view: Mapping[str, Any]) -> None:
    """Make this what the person sees in our Home tab."""
    check_view(view)
    _ask(_client().views_publish, user_id=slack_user_id, view=view)


def redraw_modal(window: str, version: str, view: Mapping[str, Any]) -> None:
    """Show another view in an open window, unless it has changed since `version` or is closed. Made inside a click."""
    check_view(view)
    with suppress(Refused, TryLater):
        _ask(_client(CLICK_TIMEOUT).views_update, view_id=window, hash=version, view=view)


def user_id_of(email: str) -> str | None:
    """Who has this e-mail in the workspace."""
    try:
        return str(_ask(_client().users_lookupByEmail, email=email)["user"]["id"])
    except Refused as no:
        if no.why.endswith("users_not_found"):
            return None
        raise


def direct_channel(slack_user_id: str) -> str:
    """The id of our direct messages with this person, as `chat.update` needs it."""
    return str(_ask(_client().conversations_open, users=slack_user_id)["channel"]["id"])


def _ask(method: Callable[..., SlackResponse], **arguments: Any) -> SlackResponse:
    try:
        return method(**{name: value for name, value in arguments.items() if value is not None})
    except SlackApiError as error:
        raise _kind_of(error) from None
    except (URLError, TimeoutError, ConnectionError, HTTPException, SlackRequestError) as error:
        raise TryLater(f"Slack did not answer ({type(error).__name__})") from None


def _kind_of(error: SlackApiError) -> Exception:
    answer = error.response
    code = str(answer.get("error", "unknown_error"))
    if answer.status_code == 429:
        return TryLater("Slack asked to wait", after=float(answer.headers.get("Retry-After", 1)))
    if code in _PASSING or answer.status_code >= 500:
        return TryLater(f"Slack answered {code}")
    said = " ".join((answer.get("response_metadata") or {}).get("messages") or ())
    if code in {"expired_trigger_id", "exchanged_trigger_id", "invalid_trigger_id"} or (
        code == "invalid_arguments" and "trigger_id" in said
    ):
        return TriggerGone(code)
    if code in {"message_not_found", "cant_update_message"}:
        return MessageGone(f"Slack answered {code}")
    return Refused(f"Slack answered {code}")
