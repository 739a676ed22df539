"""Slack did what we asked, and its answer was lost on the way: nothing of it is done twice."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest

from bot import messenger
from bot.blocks import divider
from bot.settings import slack_settings
from domain.tables import CardPlace
from handlers.jobs import reading
from handlers.sending import Job
from kit.outside import TryLater
from tests.domain.making import Team
from tests.handlers.making import (
    Outside,
    make_staff,
    offer_a_lead,
    sandbox_process,
    slack,
    work_off,
)

__all__ = ["sandbox_process", "slack"]  # fixtures


class Line(ThreadingHTTPServer):
    """Between us and Slack. The answers to the methods in `lost` get lost, once each; what was asked arrives."""

    def __init__(self, slack_at: str) -> None:
        super().__init__(("127.0.0.1", 0), Passing)
        self.slack_at, self.lost = slack_at, set[str]()


class Passing(BaseHTTPRequestHandler):
    server: Line

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"] or 0))
        kept = {name: self.headers[name] for name in ("Authorization", "Content-Type") if name in self.headers}
        answer = httpx.post(f"{self.server.slack_at}{self.path}", content=body, headers=kept, trust_env=False)
        method = self.path.rpartition("/")[2]
        if method in self.server.lost:
            self.server.lost.remove(method)
            self.close_connection = True
            return
        self.send_response(answer.status_code)
        self.send_header("Content-Length", str(len(answer.content)))
        self.end_headers()
        self.wfile.write(answer.content)

    def log_message(self, *_: Any) -> None:
        """Nothing is said of it."""


@pytest.fixture
def line(slack: Outside, monkeypatch: pytest.MonkeyPatch) -> Iterator[Line]:
    """Our calls to Slack go over it."""
    with Line(slack.url) as between:
        serving = threading.Thread(target=between.serve_forever)
        serving.start()
        monkeypatch.setattr(slack_settings(), "slack_api_url", f"http://127.0.0.1:{between.server_port}/api/")
        messenger.forget()
        yield between
        between.shutdown()
        serving.join()
    messenger.forget()


@pytest.fixture
def channel(slack: Outside) -> str:
    return slack.new_channel()


@pytest.fixture
def team(channel: str) -> Team:
    return make_staff(channel)


def test_a_card_whose_answer_was_lost_is_looked_for_and_not_posted_again(
    slack: Outside, team: Team, channel: str, line: Line
) -> None:
    line.lost.add("chat.postMessage")
    handoff_id = offer_a_lead()
    work_off(Job.SHOW_CARD)
    assert not line.lost
    (card,) = slack.messages(channel)
    with reading() as session:
        assert session.get_one(CardPlace, handoff_id).ts == card["ts"]


def test_a_brief_whose_answer_was_lost_stands_in_the_thread_once(
    slack: Outside, team: Team, channel: str, line: Line
) -> None:
    offer_a_lead()
    work_off(Job.SHOW_CARD)
    line.lost.add("chat.postMessage")
    work_off(Job.SHOW_BRIEF)
    assert not line.lost
    assert [one["reply_count"] for one in slack.messages(channel) if one.get("reply_count")] == [1]


def test_a_call_that_was_cut_is_left_to_its_job(slack: Outside, team: Team, channel: str, line: Line) -> None:
    line.lost.add("chat.postMessage")
    with pytest.raises(TryLater, match="did not answer"):
        messenger.post(channel, "once", [divider()])
    assert [one["text"] for one in slack.messages(channel)] == ["once"]
