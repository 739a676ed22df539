"""What people do in Slack, through both doors: over HTTP, and over the connection that we open to Slack (Socket Mode)."""

import hmac
import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine, text

from bot.ids import Press
from bot.settings import slack_settings
from domain.rules.lifecycle import HandoffStatus
from domain.tables import Handoff
from handlers.jobs import reading
from handlers.sending import Job
from sandbox.story_world import until
from tests.domain.making import Team
from tests.handlers.making import (
    DANA,
    GUEST,
    SAM,
    Outside,
    clear_jobs,
    command,
    door_url,
    jobs,
    make_staff,
    offer_a_lead,
    sandbox_process,
    slack,
    work_off,
)
from tests.handlers.socket_making import connections, served_by_socket

__all__ = ["door_url", "sandbox_process", "slack"]  # fixtures


@pytest.fixture(scope="module")
def by_socket(migrated: Engine, sandbox_process: Outside) -> Iterator[str]:
    """The address of a web process that Slack reaches over a connection."""
    with served_by_socket(sandbox_process) as url:
        yield url


@pytest.fixture(scope="module", params=["http", "socket"])
def either(request: pytest.FixtureRequest, door_url: str) -> str:
    """Which door Slack uses, open. HTTP goes first: a connection that stands is preferred."""
    if request.param == "socket":
        request.getfixturevalue("by_socket")
    return str(request.param)


@pytest.fixture
def channel(slack: Outside) -> str:
    return slack.new_channel()


@pytest.fixture
def team(slack: Outside, channel: str) -> Team:
    return make_staff(channel)


@pytest.fixture
def card(slack: Outside, channel: str, team: Team) -> dict[str, Any]:
    """The card of a lead that was just offered to Sam."""
    offer_a_lead()
    work_off(Job.SHOW_CARD)
    clear_jobs()
    (shown,) = slack.messages(channel)
    return shown


def the_handoff() -> Handoff:
    with reading() as session:
        return session.query(Handoff).one()


def reject(slack: Outside, user: str, **values: str) -> dict[str, Any]:
    """Submit the window that is open."""
    given = {name: {name: {"selected_option": {"value": value}}} for name, value in values.items()}
    return slack.act(user, "submit", view_id=slack.top_view(user)["id"], values=given)


def inputs(slack: Outside, user: str) -> set[str]:
    """The inputs of the window that is open, if one is. Over Socket Mode nobody can say when it has settled: one looks again."""
    views = slack.page.get(f"/_api/as/{user}/views").json()["views"]
    return {str(one["block_id"]) for one in views[-1]["blocks"]} if views else set()


# ---- through both doors -------------------------------------------------------------------------------------------------


def test_a_lead_is_accepted_through(either: str, slack: Outside, card: dict[str, Any]) -> None:
    assert slack.press(SAM, card, Press.ACCEPT)["ok"]
    assert the_handoff().status is HandoffStatus.ACCEPTED
    assert Job.SHOW_CARD in [job.name for job in jobs()]


def test_a_window_says_what_is_wrong_and_closes_when_it_is_right_through(
    either: str, slack: Outside, card: dict[str, Any]
) -> None:
    assert slack.press(SAM, card, Press.REJECT)["ok"]
    until("the form", lambda: "reason" in inputs(slack, SAM))
    refused = reject(slack, SAM)
    assert (refused["response_action"], set(refused["errors"])) == ("errors", {"reason"})
    assert reject(slack, SAM, reason="competitor")["ok"]
    assert the_handoff().reason == "competitor"
    assert slack.page.get(f"/_api/as/{SAM}/views").json()["views"] == []


def test_a_choice_in_an_open_window_redraws_it_through(either: str, slack: Outside, card: dict[str, Any]) -> None:
    slack.press(SAM, card, Press.REJECT)
    until("the form", lambda: "reason" in inputs(slack, SAM))
    view = slack.top_view(SAM)
    block = next(one for one in view["blocks"] if one["block_id"] == "reason")
    option = next(one for one in block["element"]["options"] if one["value"] == "duplicate")
    place = {"view_id": view["id"], "block_id": "reason", "action_id": block["element"]["action_id"]}
    assert slack.act(SAM, "press", **place, selected_option=option)["ok"]
    until("what the reason needs", lambda: "duplicate_of" in inputs(slack, SAM))


def test_a_command_is_answered_for_ones_own_eyes_through(either: str, slack: Outside, channel: str, team: Team) -> None:
    told = slack.act(SAM, "command", channel=channel, command="/leadnext", text="")
    assert told["ok"], told
    (answer,) = slack.messages(channel)
    assert (answer["ephemeral"], "SDR" in json.dumps(answer["blocks"])) == (True, True)


def test_who_opens_home_has_it_drawn_through(either: str, slack: Outside, team: Team) -> None:
    slack.page.get(f"/_api/as/{SAM}/home").raise_for_status()
    until("the event", lambda: [job.name for job in jobs()] == [Job.PUBLISH_HOME])
    work_off(Job.PUBLISH_HOME)
    assert slack.page.get(f"/_api/as/{SAM}/home").json()["view"]["type"] == "home"


def test_a_stranger_is_told_so_through(either: str, slack: Outside, channel: str, card: dict[str, Any]) -> None:
    assert slack.press(GUEST, card, Press.ACCEPT)["ok"]
    work_off(Job.WHISPER)
    assert "does not know you" in json.dumps(slack.messages(channel, eyes=GUEST))
    assert the_handoff().status is HandoffStatus.OFFERED


# ---- Socket Mode alone --------------------------------------------------------------------------------------------------


def test_without_a_signing_secret_nobody_gets_in_over_http(by_socket: str, slack: Outside, team: Team) -> None:
    """A signature made with an empty secret is one that anybody can make."""
    body, at = command(""), str(int(time.time()))
    forged = hmac.new(b"", f"v0:{at}:{body}".encode(), "sha256").hexdigest()
    headers = {"X-Slack-Request-Timestamp": at, "X-Slack-Signature": f"v0={forged}"}
    answer = httpx.post(f"{by_socket}/slack/events", content=body, headers=headers, trust_env=False)
    assert (answer.status_code, answer.json()["title"]) == (503, "slack not set up")


@pytest.mark.parametrize("reason", ["refresh_requested", "dropped"])
def test_a_connection_that_ends_is_replaced_and_clicks_go_on(
    by_socket: str, slack: Outside, card: dict[str, Any], reason: str
) -> None:
    # A connection that was cut is noticed at the next look, after three seconds at most.
    before = slack.page.get("/_api/counts").json()["methods"]["apps.connections.open"]["ok"]
    slack.page.post("/_api/sockets/disconnect", json={"reason": reason}).raise_for_status()
    until(
        "a new connection",
        lambda: (
            slack.page.get("/_api/counts").json()["methods"]["apps.connections.open"]["ok"] > before
            and connections(slack) == 1
        ),
    )
    assert slack.press(SAM, card, Press.ACCEPT)["ok"]
    assert the_handoff().status is HandoffStatus.ACCEPTED


def test_an_event_that_nobody_heard_is_sent_again(by_socket: str, slack: Outside, team: Team) -> None:
    """Slack's first retry comes at once and the next after a minute: this is one that found the connection cut."""
    slack.page.post("/_api/sockets/disconnect", json={"reason": "refresh_requested"}).raise_for_status()
    slack.page.get(f"/_api/as/{SAM}/home").raise_for_status()
    until("the event", lambda: Job.PUBLISH_HOME in [job.name for job in jobs()])


def test_a_slow_click_holds_up_nobody_elses(
    by_socket: str, slack: Outside, card: dict[str, Any], channel: str, committed: Engine
) -> None:
    with committed.begin() as holding, ThreadPoolExecutor(1) as pool:
        holding.execute(text("select id from handoffs for update"))
        slow = pool.submit(slack.press, SAM, card, Press.ACCEPT)
        assert slack.act(DANA, "command", channel=channel, command="/leadnext", text="")["ok"]
        assert not slow.done()
        holding.rollback()
        assert slow.result()["ok"]


def test_a_click_that_is_not_answered_in_three_seconds_is_said_to_have_failed(
    by_socket: str, slack: Outside, card: dict[str, Any], committed: Engine
) -> None:
    # Over three seconds: Slack's patience is what is tested.
    with committed.begin() as holding:
        holding.execute(text("select id from handoffs for update"))
        late = slack.press(SAM, card, Press.ACCEPT)
    assert (late["ok"], late["error"]) == (False, "Operation timed out. Apps need to respond within 3 seconds.")
    until("the click all the same", lambda: the_handoff().status is HandoffStatus.ACCEPTED)


def test_a_click_of_another_workspace_is_not_acknowledged(
    by_socket: str, slack: Outside, card: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Over three seconds: a click that nobody acknowledges is one that failed.
    monkeypatch.setattr(slack_settings(), "slack_team_id", "T0ELSEWHERE")
    assert not slack.press(SAM, card, Press.ACCEPT)["ok"]
    assert the_handoff().status is HandoffStatus.OFFERED
