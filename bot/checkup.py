"""Questions to Slack about ourselves, asked by `handoff doctor`: who we are there, and what of ours stands there."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from typing import Any
from urllib.error import URLError

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackRequestError
from slack_sdk.web import SlackResponse

from bot.settings import slack_settings

TIMEOUT = 8


class SlackSays(Exception):
    """Slack's own word for what is wrong, or `no_answer`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Who:
    """The bot, as Slack knows it. `at`: Slack's time when it answered, to the second."""

    team_id: str
    team: str
    scopes: frozenset[str]
    at: datetime | None


def who_are_we() -> Who:
    """Raises SlackSays, as all of these do."""
    answer = _ask(_client().auth_test)
    scopes = _header(answer, "x-oauth-scopes") or ""
    date = _header(answer, "date")
    granted = frozenset(scope.strip() for scope in scopes.split(",") if scope.strip())
    at = parsedate_to_datetime(date).astimezone(UTC) if date else None
    return Who(str(answer["team_id"]), str(answer.get("team", "")), granted, at)


def trouble_with_channel(channel: str) -> str | None:
    """`archived`, `not_in_channel` or Slack's word; None if messages can be posted there."""
    try:
        found = _ask(_client().conversations_info, channel=channel)["channel"]
    except SlackSays as no:
        return no.code
    if found.get("is_archived"):
        return "archived"
    return None if found.get("is_member") else "not_in_channel"


def is_active(slack_user_id: str) -> bool:
    """Whether this person still has an account there."""
    try:
        return not _ask(_client().users_info, user=slack_user_id)["user"].get("deleted")
    except SlackSays as no:
        # Who could not be asked after, since there are so many, is believed to be there until the next time.
        return no.code not in {"user_not_found", "user_not_visible", "account_inactive"}


def try_socket() -> None:
    """Whether the app-level token would get a connection. The address that it gets is not used, and expires."""
    slack = slack_settings()
    token = slack.slack_app_token.get_secret_value()
    client = WebClient(token=token, base_url=slack.slack_api_url, timeout=TIMEOUT)
    _ask(client.apps_connections_open, app_token=token)


def _client() -> WebClient:
    slack = slack_settings()
    return WebClient(slack.slack_bot_token.get_secret_value(), slack.slack_api_url, TIMEOUT)


def _ask(method: Callable[..., SlackResponse], **arguments: Any) -> SlackResponse:
    try:
        return method(**arguments)
    except SlackApiError as error:
        raise SlackSays(str(error.response.get("error", "unknown_error"))) from None
    except (URLError, TimeoutError, ConnectionError, HTTPException, SlackRequestError):
        raise SlackSays("no_answer") from None


def _header(answer: SlackResponse, name: str) -> str | None:
    return next((str(value) for key, value in answer.headers.items() if key.lower() == name), None)
