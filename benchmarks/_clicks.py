"""Clicks as Slack sends them: signed, over kept connections, at a fixed rate (open loop) or as fast as answers come (closed loop)."""

import hmac
import itertools
import json
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from http.client import HTTPConnection
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit

from bot.ids import HandoffRef, Press

SECRET = "a-sample-signing-secret"  # noqa: S105  (of a workspace that does not exist)
TEAM = "T0SAMPLE"
USER = "U0SAMPLE01"
CHANNEL = "C0SAMPLE"
MOST_CONNECTIONS = 64


@dataclass(frozen=True, slots=True)
class Shape:
    """`rate` clicks a second whatever the answers (open loop), or `concurrent` at a time (closed)."""

    rate: float | None
    concurrent: int


class Answered(NamedTuple):
    at: float
    """When it was done, in seconds of the monotonic clock."""
    seconds: float
    """From the moment at which it was due (open loop) or sent (closed)."""
    status: int


def body_of(handoff_id: int) -> bytes:
    """Somebody presses Accept on a card, with all that Slack sends beside."""
    value = HandoffRef(handoff_id, 2).packed
    payload = {
        "type": "block_actions",
        "user": {"id": USER, "username": "sam", "name": "sam", "team_id": TEAM},
        "api_app_id": "A0SAMPLE",
        "token": "an-old-token-of-slack",
        "container": {"type": "message", "message_ts": "1.1", "channel_id": CHANNEL, "is_ephemeral": False},
        "trigger_id": "1.2.a-trigger",
        "team": {"id": TEAM, "domain": "sample"},
        "channel": {"id": CHANNEL, "name": "sdr"},
        "message": {"type": "message", "ts": "1.1", "text": "x" * 300, "blocks": [{"type": "divider"}] * 20},
        "response_url": "https://hooks.slack.com/actions/T0/1/a-secret",
        "actions": [
            {"type": "button", "action_id": Press.ACCEPT, "block_id": "decide", "value": value, "action_ts": "1.1"}
        ],
    }
    return urlencode({"payload": json.dumps(payload)}).encode()


def headers_of(body: bytes) -> dict[str, str]:
    """Slack's headers, signed now."""
    at = str(int(time.time()))
    signature = hmac.new(SECRET.encode(), b"v0:" + at.encode() + b":" + body, sha256).hexdigest()
    return {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Slack-Request-Timestamp": at,
        "X-Slack-Signature": f"v0={signature}",
    }


def click_all(urls: Sequence[str], handoff_ids: Sequence[int], shape: Shape) -> list[Answered]:
    """Accept each of these handoffs once. The connections are spread evenly over the processes of `urls`."""
    done: list[Answered] = []
    met: list[BaseException] = []
    due = _due([(handoff_id, body_of(handoff_id)) for handoff_id in handoff_ids], shape.rate)
    turn = threading.Lock()

    def run(url: str) -> None:
        parts = urlsplit(url)
        connection = HTTPConnection(str(parts.hostname), parts.port, timeout=30)
        try:
            while True:
                with turn:
                    mine = next(due, None)
                if mine is None:
                    return
                done.append(_click(connection, parts.path, *mine))
        except BaseException as error:  # noqa: BLE001  (a thread's error is raised again by who waits for it)
            met.append(error)
        finally:
            connection.close()

    hands = MOST_CONNECTIONS if shape.rate else shape.concurrent
    threads = [
        threading.Thread(target=run, args=(url,), daemon=True) for url in itertools.islice(itertools.cycle(urls), hands)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if met:
        raise met[0]
    return done


def _due(clicks: Sequence[tuple[int, bytes]], rate: float | None) -> Iterator[tuple[bytes, float | None]]:
    start = time.monotonic() + 0.05
    for place, (_, body) in enumerate(clicks):
        yield body, start + place / rate if rate else None


def _click(connection: HTTPConnection, path: str, body: bytes, due: float | None) -> Answered:
    if due is not None:
        time.sleep(max(0.0, due - time.monotonic()))
    # From the scheduled moment on: if all connections are busy, that wait is part of what a rep would see.
    start = due if due is not None else time.monotonic()
    connection.request("POST", path, body, headers_of(body))
    answer = connection.getresponse()
    answer.read()
    now = time.monotonic()
    return Answered(now, now - start, answer.status)
