"""The Bolt app: every click is asked which workspace it comes from, and none is answered twice."""

import logging
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from hmac import compare_digest
from typing import Any

from slack_bolt import App, BoltRequest, BoltResponse
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.error import BoltUnhandledRequestError

from bot.listening.buttons import hear_buttons
from bot.listening.door import Door
from bot.listening.windows import hear_windows
from bot.settings import slack_settings
from domain.rules.refusals import WrongWorkspace

WINDOWS_AT_ONCE = 10
"""How many windows one process opens at the same time. Each waits for Slack, two seconds at most."""


def make_app(door: Door) -> App:
    """The Bolt app: HTTP, answered before the response, without a call to Slack at start or on a click."""
    slack = slack_settings()
    token = slack.slack_bot_token.get_secret_value()
    who = AuthorizeResult(enterprise_id=None, team_id=slack.slack_team_id, bot_token=token)
    app = App(
        signing_secret=slack.slack_signing_secret.get_secret_value(),
        authorize=lambda: who,
        process_before_response=True,
        raise_error_for_unhandled_request=True,
        listener_executor=ThreadPoolExecutor(WINDOWS_AT_ONCE, thread_name_prefix="window"),
        # Bolt gives its own loggers the root's level; this one keeps the level that `kit.log` chose.
        logger=logging.getLogger("slack_bolt"),
    )
    app.middleware(_only_our_workspace)
    app.error(_unheard_or_broken(door))
    hear_buttons(app, door)
    hear_windows(app, door)
    return app


def _only_our_workspace(body: dict[str, Any], next: Callable[[], BoltResponse]) -> BoltResponse:  # noqa: A002  (Bolt's name)
    team = body.get("team_id") or (body.get("team") or {}).get("id") or ""
    if not compare_digest(str(team).encode(), slack_settings().slack_team_id.encode()):
        return BoltResponse(status=403, body=WrongWorkspace().sentence({}))
    return next()


def _unheard_or_broken(door: Door) -> Callable[..., BoltResponse]:
    """What nobody listens to, such as a button of an older release, is acknowledged: there is nothing that could be done again."""

    def answer(error: Exception) -> BoltResponse:
        if isinstance(error, BoltUnhandledRequestError):
            return BoltResponse(status=200, body="")
        return BoltResponse(status=500, body=door.broke(error))

    return answer


def dispatch(app: App, body: bytes, headers: Mapping[str, str]) -> BoltResponse:
    """Hand one request to Bolt, which verifies its signature first. Runs in the caller's thread."""
    return app.dispatch(BoltRequest(body=body.decode("utf-8", "replace"), headers=dict(headers)))
