"""Sending to the app, and giving up after three seconds: over Socket Mode if it is connected, else signed, by HTTP."""

import asyncio
import hashlib
import hmac
import json
import time
from dataclasses import dataclass
from urllib.parse import urlencode

import httpx

from sandbox.slack import limits, seed
from sandbox.slack.records import Sent
from sandbox.slack.shapes import JSON
from sandbox.slack.sockets import ConnectionLost, Sockets
from sandbox.slack.state import Workspace


def signed_headers(secret: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The two headers by which an app knows that Slack sent `body`: an HMAC over version, time and raw body."""
    base = b"v0:" + str(timestamp).encode() + b":" + body
    digest = hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": str(timestamp), "X-Slack-Signature": f"v0={digest}"}


@dataclass(frozen=True)
class Answer:
    """`error` is Slack's word for what went wrong, None when the app answered 200 in time."""

    status: int | None
    body: bytes
    took_ms: float
    error: str | None


ANSWERED = frozenset({"view_submission", "block_suggestion"})
"""The interactions whose acknowledgement may say something."""


@dataclass(frozen=True)
class Envelope:
    """The same thing as it goes over Socket Mode."""

    type: str
    payload: JSON
    answerable: bool = False
    retry: JSON | None = None


class Delivery:
    def __init__(self, space: Workspace) -> None:
        self.space = space
        self.client = httpx.AsyncClient(trust_env=False, follow_redirects=False, timeout=None)  # noqa: S113  (asyncio.timeout below covers the whole exchange)
        self.tasks: set[asyncio.Task[None]] = set()
        self.sockets = Sockets(space.now)

    async def close(self) -> None:
        for task in self.tasks:
            task.cancel()
        await self.client.aclose()

    async def interaction(self, payload: JSON) -> Answer:
        envelope = Envelope("interactive", payload, answerable=payload["type"] in ANSWERED)
        return await self.send(payload["type"], envelope, urlencode({"payload": json.dumps(payload)}).encode(), FORM)

    async def form(self, kind: str, fields: dict[str, str]) -> Answer:
        return await self.send(
            kind, Envelope("slash_commands", fields, answerable=True), urlencode(fields).encode(), FORM
        )

    async def send(self, kind: str, envelope: Envelope, body: bytes, headers: dict[str, str]) -> Answer:
        started = time.perf_counter()
        if self.sockets.connections:
            status, answered, error = await self.exchange_by_socket(envelope)
        else:
            status, answered, error = await self.exchange(body, headers)
        took_ms = round((time.perf_counter() - started) * 1000, 1)
        self.space.sent.append(Sent(self.space.now(), kind, status, took_ms))
        return Answer(status, answered, took_ms, error)

    async def exchange_by_socket(self, envelope: Envelope) -> tuple[int | None, bytes, str | None]:
        """An acknowledgement counts as Slack's 200."""
        try:
            async with asyncio.timeout(self.space.answer_seconds):
                said = await self.sockets.send(
                    envelope.type, envelope.payload, answerable=envelope.answerable, retry=envelope.retry
                )
        except TimeoutError:
            return None, b"", "operation_timeout"
        except ConnectionLost:
            return None, b"", "dispatch_failed"
        return 200, json.dumps(said).encode() if said else b"", None

    async def exchange(self, body: bytes, headers: dict[str, str]) -> tuple[int | None, bytes, str | None]:
        if self.space.app_url is None:
            return None, b"", "dispatch_failed"
        signature = signed_headers(self.space.credentials.signing_secret, int(self.space.now()), body)
        headers = {**headers, **signature, "User-Agent": "Slackbot 1.0 (sandbox)"}
        try:
            async with asyncio.timeout(self.space.answer_seconds):
                answer = await self.client.post(self.space.app_url, content=body, headers=headers)
        except TimeoutError:
            return None, b"", "operation_timeout"
        except httpx.HTTPError:
            return None, b"", "dispatch_failed"
        return answer.status_code, answer.content, None if answer.status_code == 200 else "http_service_error"

    # --- the Events API ------------------------------------------------------------------------------------------

    def event(self, event: JSON) -> None:
        """Send an event in the background; it is tried again at once, after a minute and after five, as at Slack."""
        if self.space.app_url is None and not self.sockets.in_use:
            return
        number = f"{time.time_ns():x}".upper()
        envelope = {
            "token": self.space.credentials.verification_token,
            "team_id": seed.TEAM_ID,
            "context_team_id": seed.TEAM_ID,
            "api_app_id": seed.APP_ID,
            "event": {**event, "event_ts": self.space.next_ts()},
            "type": "event_callback",
            "event_id": f"Ev{number}",
            "event_time": int(self.space.now()),
            "authorizations": [AUTHORIZATION],
            "is_ext_shared_channel": False,
            "event_context": f"4-{number}",
        }
        task = asyncio.get_running_loop().create_task(self.event_with_retries(event["type"], envelope))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def event_with_retries(self, kind: str, event: JSON) -> None:
        body, headers = json.dumps(event).encode(), {"Content-Type": "application/json"}
        answer = await self.send(kind, Envelope("events_api", event), body, headers)
        for number, wait in enumerate(limits.EVENT_RETRIES, start=1):
            if answer.error is None:
                return
            await asyncio.sleep(wait)
            reason = "http_timeout" if answer.error == "operation_timeout" else "http_error"
            retry = {"X-Slack-Retry-Num": str(number), "X-Slack-Retry-Reason": reason}
            again = {"retry_attempt": number, "retry_reason": "timeout" if reason == "http_timeout" else "error"}
            answer = await self.send(kind, Envelope("events_api", event, retry=again), body, {**headers, **retry})


FORM = {"Content-Type": "application/x-www-form-urlencoded"}
AUTHORIZATION: JSON = {
    "enterprise_id": None,
    "team_id": seed.TEAM_ID,
    "user_id": seed.BOT_USER,
    "is_bot": True,
    "is_enterprise_install": False,
}
