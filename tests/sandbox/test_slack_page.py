"""What the page sees and may do, and who may not pretend to be the page."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.sandbox.conftest import DANA, EMEA, MANAGERS, MORGAN, SAM, App, Sandbox


def conversation(sandbox: Sandbox, user: str, name: str) -> dict[str, Any]:
    listed = sandbox.page.get(f"/_api/as/{user}/conversations").json()
    return next(dict(one) for one in listed if one["name"] == name)


# --- eyes ---------------------------------------------------------------------------------------------------------


def test_everybody_sees_their_channels_and_the_apps_direct_messages(sandbox: Sandbox) -> None:
    names = {
        user: {one["name"] for one in sandbox.page.get(f"/_api/as/{user}/conversations").json()}
        for user in (SAM, MORGAN)
    }
    assert names[SAM] == {"sdr-emea", "sdr-americas", "sdr-apac", "general", "Handoff"}
    assert names[MORGAN] - names[SAM] == {"sales-managers"}
    assert conversation(sandbox, SAM, "Handoff") | {"id": ""} == {
        "id": "", "name": "Handoff", "kind": "im", "with": "U0HANDOFF01", "unread": 0, "latest_ts": None,
    }  # fmt: skip


def test_unread_messages_are_counted_until_they_are_read(sandbox: Sandbox) -> None:
    ts = sandbox.client.chat_postMessage(channel=EMEA, text="a lead")["ts"]
    sandbox.client.chat_postEphemeral(channel=EMEA, user=SAM, text="only you")
    assert (conversation(sandbox, SAM, "sdr-emea")["unread"], conversation(sandbox, DANA, "sdr-emea")["unread"]) == (
        2,
        1,
    )
    sandbox.act(SAM, "read", channel=EMEA)
    assert (conversation(sandbox, SAM, "sdr-emea")["unread"], conversation(sandbox, DANA, "sdr-emea")["unread"]) == (
        0,
        1,
    )
    assert conversation(sandbox, DANA, "sdr-emea")["latest_ts"] == ts


def test_who_is_not_in_a_channel_does_not_read_it(sandbox: Sandbox) -> None:
    for user, channel, status in ((SAM, MANAGERS, 403), (SAM, "C0NOWHERE01", 404), ("U0NOBODY001", EMEA, 404)):
        assert sandbox.page.get(f"/_api/as/{user}/messages", params={"channel": channel}).status_code == status


def test_the_last_messages_come_oldest_first(sandbox: Sandbox) -> None:
    sandbox.page.post("/_api/pace", json={"on": False}).raise_for_status()
    for at in range(5):
        sandbox.client.chat_postMessage(channel=EMEA, text=f"lead {at}")
    assert [one["text"] for one in sandbox.look(SAM, EMEA, limit="3")] == ["lead 2", "lead 3", "lead 4"]


def test_people_and_channels_can_be_added(sandbox: Sandbox) -> None:
    new = {"name": "nora.new", "real_name": "Nora New", "email": "nora.new@example.com", "role": "sdr"}
    nora = sandbox.page.post("/_api/users", json=new).json()
    made = sandbox.page.post(
        "/_api/channels", json={"name": "sdr-nordics", "members": [nora["id"], "U0HANDOFF01"]}
    ).json()
    assert sandbox.client.users_lookupByEmail(email=new["email"])["user"]["id"] == nora["id"]
    sandbox.client.chat_postMessage(channel=made["id"], text="welcome")
    assert [one["text"] for one in sandbox.look(nora["id"], made["id"])] == ["welcome"]
    assert sandbox.page.post("/_api/channels", json={"name": "sdr-nordics", "members": []}).status_code == 409
    assert sandbox.page.post("/_api/channels", json={"name": "x", "members": ["U0NOBODY001"]}).status_code == 422


# --- what changed, as it happens ----------------------------------------------------------------------------------


def said(lines: Iterator[str]) -> tuple[str, dict[str, Any]]:
    """The next event of a stream: its name and its data."""
    event = next(line for line in lines if line.startswith("event: ")).removeprefix("event: ")
    data = next(line for line in lines if line.startswith("data: ")).removeprefix("data: ")
    return event, json.loads(data)


def test_a_page_hears_what_its_person_may_see(sandbox: Sandbox) -> None:
    with sandbox.page.stream("GET", f"/_api/as/{SAM}/events") as stream:
        lines = stream.iter_lines()
        assert next(lines) == ": listening"
        sandbox.client.chat_postMessage(channel=MANAGERS, text="not for Sam")
        ts = sandbox.client.chat_postMessage(channel=EMEA, text="a lead")["ts"]
        sandbox.client.chat_postEphemeral(channel=EMEA, user=DANA, text="not for Sam either")
        sandbox.clock.moved += 2
        sandbox.client.chat_postEphemeral(channel=EMEA, user=SAM, text="for Sam")
        sandbox.client.chat_update(channel=EMEA, ts=ts, text="accepted")
        sandbox.client.chat_delete(channel=EMEA, ts=ts)
        heard = [said(lines) for _ in range(4)]
    assert [(event, data.get("text")) for event, data in heard] == [
        ("message", "a lead"),
        ("ephemeral", "for Sam"),
        ("changed", "accepted"),
        ("deleted", None),
    ]
    assert heard[3][1] == {"channel": EMEA, "ts": ts}


def test_a_page_hears_of_views_and_of_home(sandbox: Sandbox, app: App) -> None:
    blocks = [{"type": "section", "text": {"type": "plain_text", "text": "hello"}}]
    modal = {"type": "modal", "title": {"type": "plain_text", "text": "Hello"}, "blocks": blocks}
    with sandbox.page.stream("GET", f"/_api/as/{SAM}/events") as stream:
        lines = stream.iter_lines()
        next(lines)
        sandbox.act(SAM, "command", channel=EMEA, command="/leadstats")
        opened = sandbox.client.views_open(trigger_id=app.received[0]["trigger_id"], view=modal)["view"]["id"]
        sandbox.act(SAM, "close", view_id=opened)
        sandbox.client.views_publish(user_id=SAM, view={"type": "home", "blocks": blocks})
        heard = [said(lines) for _ in range(3)]
    assert [event for event, _ in heard] == ["view", "view_closed", "home"]
    assert [data["view"]["type"] for _, data in heard] == ["modal", "modal", "home"]
    assert heard[0][1]["view"]["id"] == opened


# --- who may ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8100", "127.0.0.1.evil.example", "0.0.0.0:80", "", "[::"]
)
def test_a_foreign_host_name_is_refused(sandbox: Sandbox, host: str) -> None:
    for path in ("/_api/workspace", "/api/auth.test", "/"):
        assert httpx.get(sandbox.url + path, headers={"Host": host}).status_code == 403


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost:8100", "[::1]:8100"])
def test_this_machines_names_are_answered(sandbox: Sandbox, host: str) -> None:
    assert httpx.get(f"{sandbox.url}/_api/workspace", headers={"Host": host}).status_code == 200


def test_only_our_own_page_may_change_anything(sandbox: Sandbox) -> None:
    def pace(**headers: str) -> int:
        return httpx.post(f"{sandbox.url}/_api/pace", json={"on": True}, headers=headers).status_code

    assert pace() == 403
    assert pace(**{"X-Sandbox": "page", "Origin": "https://evil.example"}) == 403
    assert pace(**{"X-Sandbox": "page", "Origin": "null"}) == 403
    assert pace(**{"X-Sandbox": "page", "Origin": sandbox.url}) == 200
    assert pace(**{"X-Sandbox": "page"}) == 200


@pytest.mark.parametrize("path", ["/", "/_api/workspace", "/api/auth.test", "/nothing"])
def test_every_answer_keeps_the_browser_strict(sandbox: Sandbox, path: str) -> None:
    headers = sandbox.page.get(path).headers
    assert headers["Content-Security-Policy"].startswith("default-src 'self'; frame-ancestors 'none'")
    assert (headers["X-Content-Type-Options"], headers["Referrer-Policy"]) == ("nosniff", "no-referrer")


@pytest.mark.parametrize(
    "url",
    ["https://example.com/slack", "http://127.0.0.1.example.com/", "ftp://localhost/", "//x", "nonsense", "http://[::"],
)
def test_the_app_must_be_on_this_machine(sandbox: Sandbox, url: str) -> None:
    assert sandbox.page.post("/_api/app", json={"url": url}).status_code == 422
    assert sandbox.page.get("/_api/workspace").json()["app_url"] is None


def test_what_the_twins_received_is_shown_with_the_vendors_name(sandbox_url: str) -> None:
    refused = httpx.get(f"{sandbox_url}/hubspot/crm/nothing")
    received = httpx.get(f"{sandbox_url}/_api/received").json()
    assert {"hubspot", "salesforce", "clearbit", "zoominfo"} <= received.keys()
    assert (received["hubspot"][0]["path"], received["hubspot"][0]["status"]) == (
        "/hubspot/crm/nothing",
        refused.status_code,
    )
    assert httpx.get(f"{sandbox_url}/_api/received/hubspot?limit=1").json() == {"hubspot": received["hubspot"]}
    assert httpx.get(f"{sandbox_url}/_api/received/fax").status_code == 404
