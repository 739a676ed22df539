"""Sending to the app: signed as Slack signs, and given up on after three seconds."""

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


class Delivery:
    def __init__(self, space: Workspace) -> None:
        self.space = space
        self.client = httpx.AsyncClient(trust_env=False, follow_redirects=False, timeout=None)  # noqa: S113  (asyncio.timeout below covers the whole exchange)
        self.tasks: set[asyncio.Task[None]] = set()

    async def close(self) -> None:
        for task in self.tasks:
            task.cancel()
        await self.client.aclose()

    async def interaction(self, payload: JSON) -> Answer:
        return await self.form(payload["type"], {"payload": json.dumps(payload)})

    async def form(self, kind: str, fields: dict[str, str]) -> Answer:
        body = urlencode(fields).encode()
        return await self.send(kind, body, {"Content-Type": "application/x-www-form-urlencoded"})

    async def send(self, kind: str, body: bytes, headers: dict[str, str]) -> Answer:
        started = time.perf_counter()
        status, answered, error = await self.exchange(body, headers)
        took_ms = round((time.perf_counter() - started) * 1000, 1)
        self.space.sent.append(Sent(self.space.now(), kind, status, took_ms))
        return Answer(status, answered, took_ms, error)

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
        if self.space.app_url is None:
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

    async def event_with_retries(self, kind: str, envelope: JSON) -> None:
        body = json.dumps(envelope).encode()
        headers = {"Content-Type": "application/json"}
        answer = await self.send(kind, body, headers)
        for number, wait in enumerate(limits.EVENT_RETRIES, start=1):
            if answer.error is None:
                return
            await asyncio.sleep(wait)
            reason = "http_timeout" if answer.error == "operation_timeout" else "http_error"
            retry = {"X-Slack-Retry-Num": str(number), "X-Slack-Retry-Reason": reason}
            answer = await self.send(kind, body, {**headers, **retry})


AUTHORIZATION: JSON = {
    "enterprise_id": None,
    "team_id": seed.TEAM_ID,
    "user_id": seed.BOT_USER,
    "is_bot": True,
    "is_enterprise_install": False,
}
