"""How a connection of Socket Mode ends, and what happens without one. Each test has a web process of its own."""

import json
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
import uvicorn
from sqlalchemy import Engine, text

from bot.ids import Press
from handlers import web
from handlers.sending import Job
from sandbox.story_world import until
from tests.domain.making import Team
from tests.handlers.making import (
    SAM,
    Outside,
    clear_jobs,
    make_staff,
    offer_a_lead,
    sandbox_process,
    slack,
    work_off,
)
from tests.handlers.socket_making import connections, served_by_socket, settings_for_socket_mode

__all__ = ["sandbox_process", "slack"]  # fixtures


@pytest.fixture
def channel(slack: Outside) -> str:
    return slack.new_channel()


@pytest.fixture
def team(slack: Outside, channel: str) -> Team:
    return make_staff(channel)


@pytest.fixture
def card(slack: Outside, channel: str, team: Team) -> dict[str, Any]:
    offer_a_lead()
    work_off(Job.SHOW_CARD)
    clear_jobs()
    (shown,) = slack.messages(channel)
    return shown


def test_who_stops_answers_what_has_begun(
    migrated: Engine, sandbox_process: Outside, slack: Outside, card: dict[str, Any], committed: Engine
) -> None:
    with ThreadPoolExecutor(1) as pool:
        with served_by_socket(sandbox_process), committed.begin() as holding:
            holding.execute(text("select id from handoffs for update"))
            slow = pool.submit(slack.press, SAM, card, Press.ACCEPT)
            until("a click that waits", lambda: _waiting(committed) == 1)
            threading.Timer(0.5, holding.rollback).start()
        assert slow.result()["ok"]


def _waiting(engine: Engine) -> int:
    with engine.connect() as connection:
        asked = "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
        return int(connection.scalars(text(asked)).one())


def test_a_token_that_slack_does_not_know_keeps_web_serving(migrated: Engine, slack: Outside) -> None:
    wrong = Outside(slack.environment, slack.page, slack.url, {"SLACK_APP_TOKEN": "xapp-not-one"})
    before = connections(slack)
    with settings_for_socket_mode(wrong):
        server = uvicorn.Server(uvicorn.Config(web.make_web(), log_config=None, timeout_graceful_shutdown=1))
        listener = socket.create_server(("127.0.0.1", 0))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        health = f"http://127.0.0.1:{listener.getsockname()[1]}/healthz"
        assert httpx.get(health, trust_env=False).status_code == 200
        until("a refusal", lambda: "invalid_auth" in json.dumps(slack.page.get("/_api/counts").json()))
        server.should_exit = True
        thread.join(15)
        listener.close()
    assert connections(slack) == before
