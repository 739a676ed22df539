"""Our mouth in Slack: the few Web API calls that we make, with errors of two kinds."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from functools import cache
from http.client import HTTPException
from typing import Any, NamedTuple
from urllib.error import URLError

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackRequestError
from slack_sdk.web import SlackResponse

from bot.blocks import Block
from bot.fitting import fitting_message, fitting_text, fitting_view
from bot.limits import check_metadata
from bot.settings import slack_settings
from kit.outside import Refused, TryLater

CARD_EVENT, BRIEF_EVENT, POOL_CALL_EVENT = "handoff_card", "handoff_brief", "handoff_pool_call"
DEAL_EVENT = "handoff_deal"
"""The metadata types by which a posted card, its brief, a pool's line about it and a deal's message are found again."""

TIMEOUT = 8
"""Seconds for one call."""
CLICK_TIMEOUT = 2
"""Seconds for the one call made inside a click: its trigger lives three."""

LONGEST_WAIT = 3600.0
"""Seconds that we wait at Slack's word, whatever it says."""

CLOCKS_DIFFER = timedelta(minutes=5)
"""How far our clock may be from Slack's: with more, no click would be let in."""

_TOO_FAST = frozenset({"ratelimited", "rate_limited"})
"""Slack writes it both ways."""
_PASSING = frozenset(
    {
        "internal_error",
        "fatal_error",
        "service_unavailable",
        "request_timeout",
        "team_added_to_org",
    }
)


_NO_CHANNEL = frozenset(
    {
        "channel_not_found",
        "is_archived",
        "is_inactive",
        "not_in_channel",
        "channel_is_limited_access",
        "posting_to_channel_denied",
        "restricted_action",
        "restricted_action_read_only_channel",
        "user_not_in_channel",
    }
)
_NO_PERSON = frozenset({"user_disabled", "user_is_deactivated", "user_not_found", "user_not_visible"})
_NO_TOKEN = frozenset(
    {
        "access_denied",
        "account_inactive",
        "invalid_auth",
        "not_authed",
        "org_login_required",
        "token_expired",
        "token_revoked",
    }
)
_NO_BLOCKS = frozenset({"invalid_blocks", "invalid_blocks_format"})
_NO_TRIGGER = frozenset({"expired_trigger_id", "exchanged_trigger_id", "invalid_trigger_id"})
_NO_MESSAGE = frozenset(
    {
        "message_not_found",
        "cant_update_message",
        "cant_delete_message",
        "thread_not_found",
        "cannot_reply_to_message",
    }
)
TOKEN_WAIT = 60.0
"""Seconds until what could not be said without a token is tried again. That is no failure: nothing is given up meanwhile."""


class TriggerGone(Exception):
    """The trigger of a click can open no window (any more), in whichever of its ways Slack says so."""


class MessageGone(Refused):
    """The message that should be changed, or whose thread it is, is not there any more."""


class Unreachable(Refused):
    """Nothing can be posted there. `code` is Slack's word for why."""

    def __init__(self, code: str) -> None:
        super().__init__(f"Slack answered {code}")
        self.code = code


class BlocksRefused(Refused):
    """Slack shows none of these blocks (yet)."""


class ChannelGone(Unreachable):
    """The channel is archived or not there, or we are not in it (any more)."""


class PersonGone(Unreachable):
    """The person is deactivated in Slack, or not there."""


class NotLetIn(TryLater):
    """The token is wrong, expired or revoked. An admin has to put that right; until then everything waits."""


class Window(NamedTuple):
    """An open modal: its id, and its hash, by which a later view knows that nothing came between."""

    id: str
    version: str


@cache
def _client(timeout: int = TIMEOUT) -> WebClient:
    slack = slack_settings()
    if not slack.slack_bot_token.get_secret_value():
        raise Refused("Slack is not set up: SLACK_BOT_TOKEN is not set")
    return WebClient(
        token=slack.slack_bot_token.get_secret_value(),
        base_url=slack.slack_api_url,
        timeout=timeout,
        # Left alone it sends again whatever got no answer. What was posted all the same would stand there twice; our jobs look first.
        retry_handlers=[],
    )


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
    """Post a message; returns its ts. What Slack would not take goes out in a reduced form."""
    check_metadata(metadata or {})
    answer = _ask(
        _client().chat_postMessage,
        channel=channel,
        text=fitting_text(text),
        blocks=fitting_message(text, blocks),
        metadata=metadata,
        thread_ts=thread,
        unfurl_links=False,
        unfurl_media=False,
    )
    return str(answer["ts"])


def update(channel: str, ts: str, text: str, blocks: list[Block]) -> None:
    shown = fitting_message(text, blocks)
    _ask(_client().chat_update, channel=channel, ts=ts, text=fitting_text(text), blocks=shown)


def whisper(channel: str, slack_user_id: str, text: str, blocks: list[Block] | None = None) -> None:
    """Say something that only this person sees."""
    shown = fitting_message(text, blocks) if blocks else None
    _ask(_client().chat_postEphemeral, channel=channel, user=slack_user_id, text=fitting_text(text), blocks=shown)


def upload(name: str, content: bytes) -> str:
    """Give Slack a file that only we can show; returns its id. Slack looks at it first: `BlocksRefused` until it has."""
    return str(_ask(_client().files_upload_v2, filename=name, content=content)["files"][0]["id"])


def share(channel: str, thread: str | None, comment: str, files: Mapping[str, bytes]) -> str:
    """Share these files (name -> content) in one message; returns the id of the last. `channel` is no person's id: of direct
    messages Slack wants their own.
    """
    given = [{"filename": name, "title": name, "content": content} for name, content in files.items()]
    answer = _ask(
        _client().files_upload_v2, channel=channel, thread_ts=thread, initial_comment=comment, file_uploads=given
    )
    return str(answer["files"][-1]["id"])


def find_shared(channel: str, thread: str | None, comment: str, since: datetime) -> bool:
    """Whether files with this comment stand there: an earlier try may have shared them before it crashed."""
    client = _client()
    found = (
        _messages(client.conversations_history, since, channel=channel)
        if thread is None
        else _messages(client.conversations_replies, since, channel=channel, ts=thread)
    )
    return any(message.get("text") == comment and message.get("files") for message in found)


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
    for message in _messages(pages, since, **place):
        found = message.get("metadata") or {}
        if {name: found.get(name) for name in metadata} == metadata:
            return str(message["ts"])
    return None


def _messages(pages: Callable[..., SlackResponse], since: datetime, **place: str) -> Iterator[dict[str, Any]]:
    """Those that stand there since then, page by page."""
    cursor: str | None = None
    oldest = f"{(since - CLOCKS_DIFFER).timestamp():.6f}"
    while True:
        answer = _ask(pages, **place, oldest=oldest, include_all_metadata=True, limit=200, cursor=cursor)
        yield from answer["messages"]
        cursor = (answer.get("response_metadata") or {}).get("next_cursor")
        if not cursor:
            return


def card_metadata(handoff_id: int, cycle: int, event_type: str = CARD_EVENT) -> dict[str, Any]:
    """Ids only: metadata can be read by other apps of the channel."""
    return {"event_type": event_type, "event_payload": {"handoff_id": handoff_id, "cycle": cycle}}


def deal_metadata(deal_id: int) -> dict[str, Any]:
    return {"event_type": DEAL_EVENT, "event_payload": {"deal_id": deal_id}}


def open_modal(trigger_id: str, view: Mapping[str, Any]) -> Window:
    """The one call made inside a click, since its trigger lives three seconds; raises TriggerGone."""
    opened = _ask(_client(CLICK_TIMEOUT).views_open, trigger_id=trigger_id, view=fitting_view(view))["view"]
    return Window(str(opened["id"]), str(opened.get("hash", "")))


def publish_home(slack_user_id: str, view: Mapping[str, Any]) -> None:
    """Make this what the person sees in our Home tab."""
    _ask(_client().views_publish, user_id=slack_user_id, view=fitting_view(view))


def redraw_modal(window: str, version: str, view: Mapping[str, Any]) -> None:
    """Show another view in an open window, unless it has changed since `version` or is closed. Made inside a click."""
    with suppress(Refused, TryLater):
        _ask(_client(CLICK_TIMEOUT).views_update, view_id=window, hash=version, view=fitting_view(view))


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


def is_reachable(channel: str) -> bool:
    """Whether we could post there now; a conversation with one person counts as such."""
    try:
        found = _ask(_client().conversations_info, channel=channel)["channel"]
    except Unreachable:
        return False
    return bool(found.get("is_im") or (found.get("is_member") and not found.get("is_archived")))


def take_down(channel: str, ts: str) -> None:
    """Delete a message of ours. One that is gone, or where we cannot get to it, is no error."""
    with suppress(MessageGone, Unreachable):
        _ask(_client().chat_delete, channel=channel, ts=ts)


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
    why = f"Slack answered {code}"
    if answer.status_code == 429 or code in _TOO_FAST:
        return TryLater("Slack asked to wait", after=_retry_after(answer.headers))
    if code in _PASSING or answer.status_code >= 500:
        return TryLater(why)
    if code == "invalid_arguments" and "trigger_id" in _said(answer):
        return TriggerGone(code)
    made = next((make for codes, make in _KINDS if code in codes), None)
    return made(code) if made else Refused(why)


_KINDS: tuple[tuple[frozenset[str], Callable[[str], Exception]], ...] = (
    (_NO_TRIGGER, TriggerGone),
    (_NO_MESSAGE, lambda code: MessageGone(f"Slack answered {code}")),
    (_NO_CHANNEL, ChannelGone),
    (_NO_BLOCKS, lambda code: BlocksRefused(f"Slack answered {code}")),
    (_NO_PERSON, PersonGone),
    (_NO_TOKEN, lambda code: NotLetIn(f"Slack answered {code}", after=TOKEN_WAIT)),
)


def _retry_after(headers: Mapping[str, str]) -> float:
    """Slack's wait in seconds. A header that is missing or no number is a second; an absurd one an hour."""
    given = next((value for name, value in headers.items() if name.lower() == "retry-after"), "1")
    return min(float(given), LONGEST_WAIT) if given.isascii() and given.isdecimal() else 1.0


def _said(answer: SlackResponse) -> str:
    return " ".join((answer.get("response_metadata") or {}).get("messages") or ())
