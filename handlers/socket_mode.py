"""The second door: we connect to Slack (Socket Mode), and hear over that connection what else would come by HTTP."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException

import structlog
from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.socket_mode.builtin import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest

from bot.settings import slack_settings

log = structlog.get_logger()

AT_ONCE = 16
"""Clicks answered side by side; each may hold a connection to the database."""
LOOK_SECONDS = 3.0
"""Between two looks whether the connection still stands; one that is gone is replaced then."""
FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0
"""Seconds until the next try, while Slack lets nobody connect."""
DRAIN_SECONDS = 5.0
"""How long the end waits for clicks that are being answered: Slack sends a click only once."""


class SocketDoor(SocketModeHandler):
    """One connection to Slack, replaced whenever Slack or the network ends it. The listeners are those of the HTTP door.

    What is acknowledged is done and committed; what is not, Slack sends again if it is an event, and says so to whoever
    clicked if it is not.
    """

    def __init__(self, app: App) -> None:
        slack = slack_settings()
        token = slack.slack_app_token.get_secret_value()
        super().__init__(
            app,
            token,
            logger=logging.getLogger("slack_bolt"),
            # Its own client: the Bolt app's would ask Slack itself, wherever our settings point.
            web_client=WebClient(token=token, base_url=slack.slack_api_url),
            ping_interval=LOOK_SECONDS,
            concurrency=AT_ONCE,
        )
        self._stopping = threading.Event()
        self._busy = 0
        self._idle = threading.Condition()
        self._connecting = threading.Thread(target=self._connect, name="slack-socket", daemon=True)

    def handle(self, client: SocketModeClient, req: SocketModeRequest) -> None:  # type: ignore[override]  # as Bolt's own does
        with self._idle:
            self._busy += 1
        try:
            super().handle(client, req)
        finally:
            with self._idle:
                self._busy -= 1
                self._idle.notify_all()

    def open(self) -> None:
        """Connect in the background: web serves at once, and a Slack that is away is waited for."""
        self._connecting.start()

    def shut(self) -> None:
        """Answer what has begun, then hang up."""
        self._stopping.set()
        self._connecting.join()
        with self._idle:
            self._idle.wait_for(lambda: not self._busy, DRAIN_SECONDS)
        self.client.close()
        log.info("slack.socket_closed")

    def _connect(self) -> None:
        """The first time. From then on Slack's client sees to it itself."""
        wait = 0.0
        while not self._stopping.wait(wait):
            try:
                self.client.connect()
            except (SlackApiError, SlackClientError, OSError, HTTPException) as no:
                why = no.response.get("error") if isinstance(no, SlackApiError) else type(no).__name__
                log.warning("slack.socket_refused", why=why)
                wait = min(max(FIRST_WAIT, wait * 2), LONGEST_WAIT)
            else:
                log.info("slack.socket_open")
                return


@contextmanager
def connected(app: App) -> Iterator[None]:
    """While this lasts, Slack reaches `app` over a connection of ours."""
    door = SocketDoor(app)
    door.open()
    try:
        yield
    finally:
        door.shut()
