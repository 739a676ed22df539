"""Every client of this folder speaks to a real server on a real socket, where the twins are strict."""

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from integrations import registry
from sandbox.twins import Twin, all_twins, faults_router

SETTINGS = ("HUBSPOT_", "SALESFORCE_", "ZOOMINFO_", "CLEARBIT_", "DNS_", "MARKETO_", "PARDOT_")


class Stage:
    """One server for all tests; what it serves is put up anew for each."""

    def __init__(self) -> None:
        self.app: ASGIApp = FastAPI()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


@dataclass
class Sandbox:
    url: str
    twins: dict[str, Twin]

    def fault(self, system: str, kind: str, **more: Any) -> None:
        answer = httpx.post(f"{self.url}/_faults/{system}", json={"kind": kind} | more, headers={"X-Sandbox": "page"})
        assert answer.status_code == 201, answer.text

    def state(self, system: str) -> Any:
        return httpx.get(f"{self.url}/{system}/_state").json()

    def calls(self, system: str, part: str = "") -> list[dict[str, Any]]:
        return [call for call in self.twins[system].received if part in call["path"]]


@pytest.fixture(scope="session")
def stage() -> Iterator[tuple[Stage, str]]:
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(128)
    app = Stage()
    server = uvicorn.Server(
        uvicorn.Config(app, lifespan="off", ws="none", log_config=None, timeout_graceful_shutdown=1)
    )
    thread = threading.Thread(target=server.run, args=([listener],))
    thread.start()
    yield app, f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join()
    listener.close()


@pytest.fixture
def sandbox(stage: tuple[Stage, str]) -> Iterator[Sandbox]:
    served, url = stage
    app, twins = FastAPI(), all_twins()
    for twin in twins:
        app.include_router(twin.router)
    app.include_router(faults_router(twins))
    served.app = app
    with ExitStack() as opened:
        for twin in twins:
            opened.callback(twin.close)
            twin.open()
        yield Sandbox(url, {twin.name: twin for twin in twins})


@pytest.fixture(autouse=True)
def nothing_configured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Neither the developer's environment nor their .env reaches a test."""
    for name in [name for name in os.environ if name.startswith(SETTINGS)]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    yield
    registry.forget()


@pytest.fixture
def configured(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """All vendors plugged in, each pointed at its twin, and impatient: four seconds are plenty on one machine, even a busy one."""
    for twin in sandbox.twins.values():
        for name, value in twin.credentials(sandbox.url).items():
            monkeypatch.setenv(name, value)
    for prefix in SETTINGS:
        monkeypatch.setenv(f"{prefix}TIMEOUT", "4")
    monkeypatch.setenv("DNS_TIMEOUT", "0.4")  # over UDP what cannot be read is waited out
    return sandbox
