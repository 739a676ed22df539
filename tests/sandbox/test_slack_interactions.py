"""What people press and command, what the app is sent for it, and what the app may answer."""

import threading
from typing import Any

import httpx
import pytest
from slack_sdk.webhook import WebhookClient

from tests.sandbox.conftest import DANA, EMEA, MANAGERS, MIKA, SAM, App, Sandbox
from tests.sandbox.slack_samples import CARD, META, REASONS, Block, card, press

# --- buttons ------------------------------------------------------------------------------------------------------


def test_a_click_arrives_signed_and_with_all_that_slack_sends(sandbox: Sandbox, app: App) -> None:
    ts = card(sandbox)
    pressed = press(sandbox, ts)
    assert (pressed["ok"], pressed["status"], pressed["error"]) == (True, 200, None)
    sent = app.received[0]
    assert sent["type"] == "block_actions"
    assert sent["user"] == {"id": SAM, "username": "sam.sample", "name": "sam.sample", "team_id": "T0SANDBOX01"}
    assert sent["container"] == {"type": "message", "message_ts": ts, "channel_id": EMEA, "is_ephemeral": False}
    assert sent["channel"] == {"id": EMEA, "name": "sdr-emea"}
    assert (sent["message"]["blocks"][0]["block_id"], sent["message"]["metadata"]) == ("who", META)
    action = sent["actions"][0]
    assert (action["type"], action["action_id"], action["value"]) == ("button", "accept", "handoff-7")
    assert {"trigger_id", "response_url", "api_app_id", "token", "team", "state"} <= sent.keys()
    log = sandbox.page.get("/_api/log").json()
    assert (log[0]["kind"], log[0]["status"]) == ("block_actions", 200)


def test_an_app_with_another_secret_refuses_the_click(sandbox: Sandbox, app: App) -> None:
    app.verifier.signing_secret = "another"
    pressed = press(sandbox, card(sandbox))
    assert (pressed["ok"], pressed["status"]) == (False, 401)
    assert pressed["error"] == "This app responded with Status Code 401. Try again?"


def test_one_can_only_press_what_one_sees(sandbox: Sandbox, app: App) -> None:
    ts = card(sandbox)
    base = {"channel": EMEA, "ts": ts, "block_id": "decide", "action_id": "accept"}
    impossible: list[tuple[str, Block, int]] = [
        (SAM, {"action_id": "reject"}, 409),
        (SAM, {"block_id": "who"}, 409),
        (SAM, {"ts": "1.000001"}, 404),
        (SAM, {"channel": "C0NOWHERE01"}, 404),
        (SAM, {"action_id": "reason", "selected_option": {"value": "made up"}}, 409),
        (SAM, {"values": {"decide": "nonsense"}}, 422),
        (MIKA, {}, 403),
        ("U0NOBODY001", {}, 404),
    ]
    for user, wrong, status in impossible:
        assert sandbox.page.post(f"/_api/as/{user}/press", json={**base, **wrong}).status_code == status
    assert app.received == []


def test_the_value_is_the_buttons_whatever_the_page_says(sandbox: Sandbox, app: App) -> None:
    press(sandbox, card(sandbox), value="handoff-8")
    assert app.received[0]["actions"][0]["value"] == "handoff-7"


def test_a_choice_in_a_menu_arrives_as_option_and_as_state(sandbox: Sandbox, app: App) -> None:
    press(sandbox, card(sandbox), action_id="reason", selected_option={"value": "budget"})
    assert app.received[0]["actions"][0]["selected_option"] == REASONS[1]
    assert app.received[0]["state"]["values"]["decide"]["reason"]["selected_option"] == REASONS[1]


def test_a_choice_that_a_redraw_took_away_is_forgotten_when_another_button_is_pressed(
    sandbox: Sandbox, app: App
) -> None:
    stale = {"decide": {"reason": {"selected_option": {"value": "gone"}}}, "gone": {"too": {"value": "x"}}}
    press(sandbox, card(sandbox), values=stale)
    assert app.received[0]["state"]["values"] == {
        "decide": {"reason": {"type": "static_select", "selected_option": None}}
    }


def test_a_click_on_an_ephemeral_comes_without_the_message(sandbox: Sandbox, app: App) -> None:
    ts = sandbox.client.chat_postEphemeral(channel=EMEA, user=SAM, text="t", blocks=CARD)["message_ts"]
    press(sandbox, ts)
    assert app.received[0]["container"]["is_ephemeral"] is True
    assert "message" not in app.received[0]
    other = {"channel": EMEA, "ts": ts, "block_id": "decide", "action_id": "accept"}
    assert sandbox.page.post(f"/_api/as/{DANA}/press", json=other).status_code == 404


def test_an_app_that_answers_too_late_has_timed_out(sandbox: Sandbox, app: App) -> None:
    free = threading.Event()
    app.answer = lambda _payload: free.wait(5) and None
    pressed = press(sandbox, card(sandbox))
    free.set()
    assert (pressed["ok"], pressed["status"]) == (False, None)
    assert pressed["error"] == "Operation timed out. Apps need to respond within 3 seconds."
    assert app.arrived.acquire(timeout=5)


def test_without_an_app_nothing_can_be_pressed(sandbox: Sandbox) -> None:
    assert press(sandbox, card(sandbox))["error"] == "This app is not responding. Try again?"


# --- response_url -------------------------------------------------------------------------------------------------


def test_a_response_url_works_five_times_and_for_half_an_hour(sandbox: Sandbox, app: App) -> None:
    press(sandbox, card(sandbox))
    hook = WebhookClient(app.received[0]["response_url"])
    for at in range(5):
        assert hook.send(text=f"answer {at}").status_code == 200
    assert (hook.send(text="a sixth").status_code, len(sandbox.look(SAM, EMEA)), len(sandbox.look(DANA, EMEA))) == (
        404,
        6,
        1,
    )
    sandbox.clock.moved += 2
    press(sandbox, card(sandbox))
    sandbox.clock.moved += 1801
    late = WebhookClient(app.received[1]["response_url"]).send(text="late")
    assert (late.status_code, "expired_url" in late.body) == (404, True)


def test_a_response_url_replaces_and_deletes_the_original(sandbox: Sandbox, app: App) -> None:
    ts = card(sandbox)
    press(sandbox, ts)
    hook = WebhookClient(app.received[0]["response_url"])
    hook.send(text="accepted", replace_original=True)
    assert [(one["ts"], one["text"]) for one in sandbox.look(DANA, EMEA)] == [(ts, "accepted")]
    hook.send(text="for all", response_type="in_channel")
    assert [one["text"] for one in sandbox.look(DANA, EMEA)] == ["accepted", "for all"]
    hook.send(delete_original=True)
    assert [one["text"] for one in sandbox.look(DANA, EMEA)] == ["for all"]


@pytest.mark.parametrize("said", [{}, {"blocks": [{"type": "nonsense"}], "text": "t"}, {"text": "t", "colour": "red"}])
def test_an_answer_that_slack_would_not_understand_is_refused(sandbox: Sandbox, app: App, said: Block) -> None:
    press(sandbox, card(sandbox))
    assert httpx.post(app.received[0]["response_url"], json=said).status_code == 400
    assert len(sandbox.look(SAM, EMEA)) == 1


# --- commands and Home --------------------------------------------------------------------------------------------


def command(sandbox: Sandbox, user: str = SAM, **more: str) -> dict[str, Any]:
    return sandbox.act(user, "command", **{"channel": EMEA, "command": "/leadstats", "text": "30d", **more})


@pytest.mark.parametrize(
    ("answer", "seen_by_dana"),
    [
        ("just text", []),
        ({"text": "numbers"}, []),
        ({"response_type": "in_channel", "text": "numbers", "blocks": [{"type": "divider"}]}, ["numbers"]),
    ],
)
def test_a_commands_answer_is_shown(sandbox: Sandbox, app: App, answer: Any, seen_by_dana: list[str]) -> None:
    app.answer = lambda _payload: answer
    assert command(sandbox)["ok"]
    sent = app.received[0]
    assert (sent["command"], sent["text"], sent["user_id"], sent["channel_name"]) == (
        "/leadstats",
        "30d",
        SAM,
        "sdr-emea",
    )
    assert len(sandbox.look(SAM, EMEA)) == 1
    assert [one["text"] for one in sandbox.look(DANA, EMEA)] == seen_by_dana


def test_a_command_that_fails_says_how(sandbox: Sandbox, app: App) -> None:
    app.status = 500
    assert command(sandbox)["error"] == '/leadstats failed with the error "http_service_error"'
    app.status, app.answer = 200, lambda _payload: {"text": "t", "blocks": [{"type": "nonsense"}]}
    assert command(sandbox)["error"] == '/leadstats failed with the error "invalid_blocks"'
    app.answer = lambda _payload: None
    assert command(sandbox) | {"took_ms": 0} == {"ok": True, "took_ms": 0, "error": None}


def test_commands_are_registered_and_used_where_one_is(sandbox: Sandbox, app: App) -> None:
    body = {"channel": EMEA, "command": "/quiet", "text": "ida"}
    assert sandbox.page.post(f"/_api/as/{SAM}/command", json=body).status_code == 404
    sandbox.page.post("/_api/commands", json={"command": "/quiet"}).raise_for_status()
    assert command(sandbox, command="/quiet")["ok"]
    assert command(sandbox, channel=f"D{SAM[1:]}")["ok"]
    assert app.received[-1]["channel_name"] == "directmessage"
    assert sandbox.page.post(f"/_api/as/{SAM}/command", json={**body, "channel": MANAGERS}).status_code == 403


def test_looking_at_home_tells_the_app(sandbox: Sandbox, app: App) -> None:
    assert sandbox.page.get(f"/_api/as/{SAM}/home").json() == {"view": None}
    assert app.arrived.acquire(timeout=5)
    event = app.received[0]["event"]
    assert (event["type"], event["user"], event["tab"]) == ("app_home_opened", SAM, "home")
    assert app.received[0]["type"] == "event_callback"
    sandbox.client.chat_postMessage(channel=event["channel"], text="welcome")


def test_an_event_that_was_not_taken_is_sent_again_at_once(sandbox: Sandbox, app: App) -> None:
    app.status = 500
    sandbox.page.get(f"/_api/as/{SAM}/home").raise_for_status()
    assert app.arrived.acquire(timeout=5)
    assert app.arrived.acquire(timeout=5)
    assert [headers.get("x-slack-retry-num") for headers in app.headers] == [None, "1"]
    assert app.received[0]["event_id"] == app.received[1]["event_id"]
