"""A person at the page: a real Chromium on a whole running system."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Playwright,
    Request,
    expect,
    sync_playwright,
)

from handlers.demo import running
from handlers.system import System
from kit import db
from kit.settings import settings
from sandbox.story_world import World
from tests.sandbox.conftest import app, receiver, sandbox, slack_served

__all__ = ["app", "receiver", "sandbox", "slack_served"]
"""The Slack in small alone, with a tiny app, for what the page does whoever the app is."""

NO_CHROMIUM = "No Chromium on this machine: install one, or name it in HANDOFF_CHROMIUM"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
WAIT_MS = 12_000
"""How long a card may take: one post a second and channel is Slack's pace, and it is on."""

expect.set_options(timeout=WAIT_MS)


@dataclass(frozen=True)
class Town:
    """The running system, with a pen to write leads with."""

    system: System
    world: World

    def user(self, name: str) -> str:
        return next(str(one["slack_user_id"]) for one in self.system.sandbox["people"] if one["name"] == name)

    def page_of(self, user: str, place: str) -> str:
        return f"{self.system.sandbox_url}/#as={user}&in={place}"


@pytest.fixture(scope="module")
def town(database_url: str) -> Iterator[Town]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATABASE_URL", database_url)
        settings.cache_clear()
        db.forget()
        with running(port=0, sandbox_port=0) as system:
            world = World(system.sandbox_url, system.url, system.capture_key)
            with world.sandbox, world.handoff:
                yield Town(system, world)
    settings.cache_clear()
    db.forget()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = started(playwright)
        if browser is None:
            pytest.skip(NO_CHROMIUM)
        yield browser
        browser.close()


def started(playwright: Playwright) -> Browser | None:
    """The Chromium that HANDOFF_CHROMIUM names, or one of this machine's; None without any."""
    named = os.environ.get("HANDOFF_CHROMIUM") or next((found for found in map(shutil.which, NAMES) if found), None)
    path = named or playwright.chromium.executable_path
    if not named and not Path(path).exists():
        return None
    # Chromium's own sandbox does not work for root, and in most containers not at all.
    return playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    """A fresh browser. Whatever its pages complain about, or ask of another host, fails the test."""
    complaints: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            complaints.append(f"{message.type}: {message.text}")

    def asked(request: Request) -> None:
        if not request.url.startswith(("http://127.0.0.1:", "data:", "blob:")):
            complaints.append(f"asked {request.url}")

    with chromium.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce") as made:
        made.set_default_timeout(WAIT_MS)
        made.on("console", heard)
        made.on("weberror", lambda error: complaints.append(f"page error: {error.error}"))
        made.on("request", asked)
        yield made
    assert complaints == []


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()
