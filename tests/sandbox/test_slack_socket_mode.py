"""Socket Mode of the stand-in: who gets a connection, what goes over it, and when a thing counts as failed."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import Any

import httpx
import pytest
from slack_sdk import WebClient
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from sandbox.slack.sockets import SOCKETS
from tests.sandbox.conftest import EMEA, SAM, Sandbox

PATIENCE = 5.0


@contextmanager
def connected(sandbox: Sandbox) -> Iterator[ClientConnection]:
    token = sandbox.credentials.app_token
    client = WebClient(token=token, base_url=f"{sandbox.url}/api/")
    with connect(client.apps_connections_open(app_token=token)["url"], proxy=None) as line:
        yield line


def hear(line: ClientConnection) -> dict[str, Any]:
    return dict(json.loads(line.recv(PATIENCE)))


def acknowledge(line: ClientConnection, envelope: dict[str, Any], **payload: Any) -> None:
    line.send(json.dumps({"envelope_id": envelope["envelope_id"], **({"payload": payload} if payload else {})}))


@pytest.fixture
def line(calm_sandbox: Sandbox) -> Iterator[ClientConnection]:
    """A connection that was greeted."""
    with connected(calm_sandbox) as made:
        assert hear(made)["type"] == "hello"
        yield made


def command(sandbox: Sandbox) -> dict[str, Any]:
    return sandbox.act(SAM, "command", channel=EMEA, command="/leadstats", text="7d")


def test_a_command_goes_over_the_connection_and_its_answer_comes_back(
    calm_sandbox: Sandbox, line: ClientConnection
) -> None:
    with ThreadPoolExecutor(1) as pool:
        told = pool.submit(command, calm_sandbox)
        envelope = hear(line)
        assert (envelope["type"], envelope["accepts_response_payload"]) == ("slash_commands", True)
        assert (envelope["payload"]["command"], envelope["payload"]["text"]) == ("/leadstats", "7d")
        acknowledge(line, envelope, text="Here they are")
        assert told.result()["ok"]
    assert [one["text"] for one in calm_sandbox.look(SAM, EMEA)] == ["Here they are"]


def test_what_is_not_acknowledged_in_time_has_failed(calm_sandbox: Sandbox, line: ClientConnection) -> None:
    assert "operation_timeout" in command(calm_sandbox)["error"]
    acknowledge(line, hear(line), text="Too late")
    assert calm_sandbox.look(SAM, EMEA) == []


def test_the_acknowledgement_of_something_else_is_none(calm_sandbox: Sandbox, line: ClientConnection) -> None:
    with ThreadPoolExecutor(1) as pool:
        told = pool.submit(command, calm_sandbox)
        hear(line)
        line.send("no JSON")
        line.send(json.dumps({"envelope_id": "of nothing", "payload": {"text": "Hello"}}))
        assert "operation_timeout" in told.result()["error"]


def test_a_connection_that_ends_before_the_answer_has_failed(calm_sandbox: Sandbox, line: ClientConnection) -> None:
    with ThreadPoolExecutor(1) as pool:
        told = pool.submit(command, calm_sandbox)
        hear(line)
        line.close()
        assert "dispatch_failed" in told.result()["error"]


def test_an_event_that_is_not_acknowledged_comes_again_and_says_so(
    calm_sandbox: Sandbox, line: ClientConnection
) -> None:
    calm_sandbox.page.get(f"/_api/as/{SAM}/home").raise_for_status()
    first, again = hear(line), hear(line)
    assert first["payload"]["event"]["type"] == "app_home_opened"
    assert (first.get("retry_attempt"), again["retry_attempt"], again["retry_reason"]) == (None, 1, "timeout")
    assert again["payload"]["event_id"] == first["payload"]["event_id"]
    assert again["envelope_id"] != first["envelope_id"]
    acknowledge(line, again)


@pytest.mark.parametrize("reason", ["warning", "refresh_requested", "link_disabled"])
def test_slack_asks_for_a_new_connection_and_prefers_it(
    calm_sandbox: Sandbox, line: ClientConnection, reason: str
) -> None:
    calm_sandbox.page.post("/_api/sockets/disconnect", json={"reason": reason}).raise_for_status()
    told = hear(line)
    assert (told["type"], told["reason"]) == ("disconnect", reason)
    with connected(calm_sandbox) as newer, ThreadPoolExecutor(1) as pool:
        assert hear(newer)["num_connections"] == 2
        answered = pool.submit(command, calm_sandbox)
        acknowledge(newer, hear(newer))
        assert answered.result()["ok"]


def test_a_dropped_connection_ends_without_a_word(calm_sandbox: Sandbox, line: ClientConnection) -> None:
    calm_sandbox.page.post("/_api/sockets/disconnect", json={"reason": "dropped"}).raise_for_status()
    with pytest.raises(ConnectionClosed):
        hear(line)


def test_one_connection_too_many_is_told_so(calm_sandbox: Sandbox) -> None:
    with ExitStack() as stack:
        for number in range(SOCKETS):
            assert hear(stack.enter_context(connected(calm_sandbox)))["num_connections"] == number + 1
        eleventh = stack.enter_context(connected(calm_sandbox))
        assert hear(eleventh)["reason"] == "too_many_websockets"
        with pytest.raises(ConnectionClosed):
            hear(eleventh)


def test_an_address_is_good_for_one_connection(calm_sandbox: Sandbox) -> None:
    token = calm_sandbox.credentials.app_token
    url = WebClient(base_url=f"{calm_sandbox.url}/api/").apps_connections_open(app_token=token)["url"]
    with connect(url, proxy=None), pytest.raises(InvalidStatus), connect(url, proxy=None):
        pass


def test_an_address_that_was_not_used_at_once_is_none(calm_sandbox: Sandbox, slack_served: Any) -> None:
    sockets = slack_served.application.state.delivery.sockets
    sockets.tickets["old"] = sockets.now() - 31
    address = f"{calm_sandbox.url.replace('http', 'ws')}/link/?ticket=old"
    with pytest.raises(InvalidStatus), connect(address, proxy=None):
        pass


def opening(sandbox: Sandbox, **request: Any) -> str:
    answer = httpx.post(f"{sandbox.url}/api/apps.connections.open", trust_env=False, **request)
    return str(answer.json().get("error"))


def test_the_token_belongs_into_the_header_and_nowhere_else(calm_sandbox: Sandbox) -> None:
    right = {"Authorization": f"Bearer {calm_sandbox.credentials.app_token}"}
    token = {"token": calm_sandbox.credentials.app_token}
    assert opening(calm_sandbox, headers=right) == "None"
    assert opening(calm_sandbox, data=token) == "not_authed"
    assert opening(calm_sandbox, params=token) == "not_authed"
    assert opening(calm_sandbox, headers=right, data=token) == "not_authed"
    assert opening(calm_sandbox, headers={"Authorization": "Bearer xapp-other"}) == "invalid_auth"
    bot = {"Authorization": f"Bearer {calm_sandbox.credentials.bot_token}"}
    assert opening(calm_sandbox, headers=bot) == "not_allowed_token_type"


def test_who_opens_connections_all_the_time_is_slowed_down(sandbox: Sandbox) -> None:
    right = {"Authorization": f"Bearer {sandbox.credentials.app_token}"}
    assert [opening(sandbox, headers=right) for _ in range(22)][-1] == "ratelimited"
