"""A real sandbox on a free port, and a real app that receives what it sends."""

import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from slack_sdk import WebClient
from slack_sdk.signature import SignatureVerifier
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.app import create_app
from sandbox.server import Server, address, listen
from sandbox.slack.records import Credentials
from sandbox.slack.state import Workspace
from sandbox.twins import Twin, all_twins

SAM = "U0SAMSDR001"
DANA = "U0DANASDR01"
MORGAN = "U0MORGAN001"
MIKA = "U0MIKAMKT01"
EMEA = "C0SDREMEA01"
MANAGERS = "C0MANAGERS1"
ANSWER_SECONDS = 0.4
"""The sandbox's patience in these tests, instead of Slack's three seconds."""


@dataclass
class Clock:
    """The sandbox's clock: real time, moved on by hand."""

    moved: float = 0.0

    def __call__(self) -> float:
        return time.time() + self.moved


@dataclass
class Sandbox:
    """Where a running sandbox is, and the two people's ways into it: the app's client and the page."""

    url: str
    credentials: Credentials
    clock: Clock
    client: WebClient
    page: httpx.Client

    def act(self, user: str, what: str, **body: Any) -> dict[str, Any]:
        answer = self.page.post(f"/_api/as/{user}/{what}", json=body)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def look(self, user: str, channel: str, **query: str) -> list[dict[str, Any]]:
        answer = self.page.get(f"/_api/as/{user}/messages", params={"channel": channel, **query})
        return list(answer.raise_for_status().json()["messages"])


def in_thread(server: uvicorn.Server, **run: Any) -> threading.Thread:
    thread = threading.Thread(target=server.run, kwargs=run, daemon=True)
    thread.start()
    return thread


def stop(server: uvicorn.Server, thread: threading.Thread) -> None:
    server.should_exit = True
    thread.join(5)
    assert not thread.is_alive()


@dataclass
class Served:
    """A sandbox that runs for the whole session; starting one per test would take longer than the tests."""

    application: FastAPI
    url: str

    def start_over(self, *, pace: bool) -> Iterator[Sandbox]:
        """A workspace as it is after a start."""
        clock = Clock()
        space = Workspace(self.url, now=clock, pace=pace, answer_seconds=ANSWER_SECONDS)
        self.application.state.workspace = self.application.state.delivery.space = space
        self.application.state.paces = [space.pace]
        with httpx.Client(base_url=self.url, headers={"X-Sandbox": "page"}, trust_env=False) as page:
            client = WebClient(token=space.credentials.bot_token, base_url=f"{self.url}/api/")
            yield Sandbox(self.url, space.credentials, clock, client, page)


def serving(twins: Sequence[Twin]) -> Iterator[Served]:
    listener, ready = listen("127.0.0.1", 0), threading.Event()
    space = Workspace(address(listener))
    application = create_app(space, twins)
    server = Server(application, space, ready.set)
    thread = in_thread(server, sockets=[listener])
    assert ready.wait(5)
    yield Served(application, space.base_url)
    stop(server, thread)
    listener.close()


@pytest.fixture(scope="session")
def slack_served() -> Iterator[Served]:
    yield from serving([])


@pytest.fixture
def sandbox(slack_served: Served) -> Iterator[Sandbox]:
    yield from slack_served.start_over(pace=True)


@pytest.fixture
def calm_sandbox(slack_served: Served) -> Iterator[Sandbox]:
    """Without rate limits."""
    yield from slack_served.start_over(pace=False)


@pytest.fixture
def sandbox_url() -> Iterator[str]:
    """A sandbox of one's own, with all twins."""
    yield from (served.url for served in serving(all_twins()))


@dataclass
class App:
    """A tiny Slack app: it checks signatures as Slack's own SDK does, and remembers what it was sent."""

    verifier: SignatureVerifier
    answer: Callable[[dict[str, Any]], Any] = lambda _payload: None
    received: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    arrived: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    status: int = 200

    async def receive(self, request: Request) -> Response:
        body = await request.body()
        if not self.verifier.is_valid_request(body, dict(request.headers)):
            return Response(status_code=401)
        payload = self.read(request, body)
        self.received.append(payload)
        self.headers.append(dict(request.headers))
        said = await run_in_threadpool(self.answer, payload)
        self.arrived.release()
        text = said if isinstance(said, str) else json.dumps(said) if said is not None else ""
        return Response(text, self.status)

    def read(self, request: Request, body: bytes) -> dict[str, Any]:
        if request.headers["content-type"] == "application/json":
            return dict(json.loads(body))
        form = {name: values[0] for name, values in parse_qs(body.decode(), keep_blank_values=True).items()}
        return dict(json.loads(form["payload"])) if "payload" in form else form


@dataclass
class Receiver:
    """The server of the tests' app, for the whole session; `app` is the test's own."""

    url: str = ""
    app: App | None = None

    async def receive(self, request: Request) -> Response:
        return await self.app.receive(request) if self.app else Response(status_code=503)


@pytest.fixture(scope="session")
def receiver() -> Iterator[Receiver]:
    made, listener = Receiver(), listen("127.0.0.1", 0)
    listener.listen()  # connections wait for the server instead of being refused while it starts
    made.url = f"{address(listener)}/slack/events"
    routes = [Route("/slack/events", made.receive, methods=["POST"])]
    server = uvicorn.Server(uvicorn.Config(Starlette(routes=routes), log_level="warning"))
    thread = in_thread(server, sockets=[listener])
    yield made
    stop(server, thread)
    listener.close()


@pytest.fixture
def app(sandbox: Sandbox, receiver: Receiver) -> Iterator[App]:
    """The app, running, and known to the sandbox."""
    receiver.app = App(SignatureVerifier(sandbox.credentials.signing_secret))
    sandbox.page.post("/_api/app", json={"url": receiver.url}).raise_for_status()
    yield receiver.app
    receiver.app = None
