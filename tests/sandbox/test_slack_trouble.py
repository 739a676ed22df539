"""What can be missing or gone: scopes, people, channels, messages. Tests and the page switch it on and off."""

import json
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError

from tests.sandbox.conftest import EMEA, MORGAN, SAM, Sandbox
from tests.sandbox.slack_samples import card, press

HOME = {"type": "home", "blocks": [{"type": "divider"}]}


def change(sandbox: Sandbox, what: str, **body: Any) -> Any:
    answer = sandbox.page.post(f"/_api/{what}", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def without(sandbox: Sandbox, *scopes: str) -> None:
    held = sandbox.page.get("/_api/workspace").json()["scopes"]
    change(sandbox, "scopes", scopes=[scope for scope in held if scope not in scopes])


def refused(sandbox: Sandbox, method: str, **arguments: Any) -> Any:
    with pytest.raises(SlackApiError) as no:
        sandbox.client.api_call(method, params=arguments)
    return no.value.response


def test_the_scopes_of_the_token_come_with_every_answer(calm_sandbox: Sandbox) -> None:
    without(calm_sandbox, "files:write")
    held = calm_sandbox.client.auth_test().headers["x-oauth-scopes"].split(",")
    assert "chat:write" in held
    assert "files:write" not in held


@pytest.mark.parametrize(
    ("scope", "method", "arguments"),
    [
        ("chat:write", "chat.postMessage", {"channel": EMEA, "text": "t"}),
        ("chat:write", "chat.update", {"channel": EMEA, "ts": "1.000001", "text": "t"}),
        ("files:write", "files.getUploadURLExternal", {"filename": "a.png", "length": 1}),
        ("users:read", "users.info", {"user": SAM}),
        ("users:read.email", "users.lookupByEmail", {"email": "sam.sample@example.com"}),
        ("channels:read", "conversations.list", {}),
        ("im:read", "conversations.list", {"types": "public_channel,im"}),
        ("channels:history", "conversations.history", {"channel": EMEA}),
        ("im:history", "conversations.history", {"channel": "D0SAMSDR001"}),
        ("im:write", "conversations.open", {"users": SAM}),
        ("reactions:write", "reactions.add", {"channel": EMEA, "name": "eyes", "timestamp": "1.000001"}),
        ("team:read", "team.info", {}),
    ],
)
def test_a_method_asks_for_its_scope(calm_sandbox: Sandbox, scope: str, method: str, arguments: dict[str, Any]) -> None:
    without(calm_sandbox, scope)
    no = refused(calm_sandbox, method, **arguments)
    assert (no["error"], no["needed"]) == ("missing_scope", scope)
    assert "commands" in no["provided"].split(",")


def test_a_block_that_the_workspace_does_not_have_yet_is_refused(calm_sandbox: Sandbox) -> None:
    blocks = [{"type": "table", "rows": [[{"type": "raw_text", "text": "a cell"}]]}]
    given = {"channel": EMEA, "text": "t", "blocks": json.dumps(blocks)}
    change(calm_sandbox, "unknown_blocks", types=["table"])
    assert refused(calm_sandbox, "chat.postMessage", **given)["error"] == "invalid_blocks"
    change(calm_sandbox, "unknown_blocks", types=[])
    assert calm_sandbox.client.api_call("chat.postMessage", params=given)["ok"]


def test_without_the_scope_for_it_no_email_is_shown(calm_sandbox: Sandbox) -> None:
    assert calm_sandbox.client.users_info(user=SAM)["user"]["profile"]["email"]
    without(calm_sandbox, "users:read.email")
    assert "email" not in calm_sandbox.client.users_info(user=SAM)["user"]["profile"]


def test_a_deactivated_person_is_gone_until_they_come_back(calm_sandbox: Sandbox) -> None:
    im = calm_sandbox.client.conversations_open(users=SAM)["channel"]["id"]
    ts = card(calm_sandbox)
    change(calm_sandbox, f"users/{SAM}", deleted=True)
    assert calm_sandbox.client.users_info(user=SAM)["user"]["deleted"]
    assert refused(calm_sandbox, "users.lookupByEmail", email="sam.sample@example.com")["error"] == "users_not_found"
    assert refused(calm_sandbox, "conversations.open", users=SAM)["error"] == "user_disabled"
    assert refused(calm_sandbox, "chat.postMessage", channel=im, text="t")["error"] == "is_archived"
    with pytest.raises(SlackApiError, match="invalid_arguments"):
        calm_sandbox.client.views_publish(user_id=SAM, view=HOME)
    assert calm_sandbox.page.post(f"/_api/as/{SAM}/press", json={"channel": EMEA, "ts": ts}).status_code == 403
    change(calm_sandbox, f"users/{SAM}", deleted=False)
    assert calm_sandbox.client.chat_postMessage(channel=im, text="t")["ok"]


def test_an_archived_channel_takes_no_posts_and_no_updates(calm_sandbox: Sandbox) -> None:
    ts = card(calm_sandbox)
    change(calm_sandbox, f"channels/{EMEA}", archived=True)
    assert refused(calm_sandbox, "chat.postMessage", channel=EMEA, text="t")["error"] == "is_archived"
    assert refused(calm_sandbox, "chat.update", channel=EMEA, ts=ts, text="t")["error"] == "is_inactive"
    change(calm_sandbox, f"channels/{EMEA}", archived=False)
    assert calm_sandbox.client.chat_update(channel=EMEA, ts=ts, text="t")["ok"]


def test_an_app_that_was_removed_from_a_channel_cannot_post_there(calm_sandbox: Sandbox) -> None:
    change(calm_sandbox, f"channels/{EMEA}", members=[SAM, MORGAN])
    assert refused(calm_sandbox, "chat.postMessage", channel=EMEA, text="t")["error"] == "not_in_channel"
    assert not calm_sandbox.client.conversations_info(channel=EMEA)["channel"]["is_member"]
    change(calm_sandbox, f"channels/{EMEA}", members=[SAM, MORGAN, "U0HANDOFF01"])
    assert calm_sandbox.client.chat_postMessage(channel=EMEA, text="t")["ok"]


def test_a_message_that_an_administrator_deleted_is_gone(calm_sandbox: Sandbox) -> None:
    ts = card(calm_sandbox)
    change(calm_sandbox, "messages/delete", channel=EMEA, ts=ts)
    assert calm_sandbox.look(SAM, EMEA) == []
    assert refused(calm_sandbox, "chat.update", channel=EMEA, ts=ts, text="t")["error"] == "message_not_found"
    again = calm_sandbox.page.post("/_api/messages/delete", json={"channel": EMEA, "ts": ts})
    assert again.status_code == 404
    assert press(calm_sandbox, card(calm_sandbox))["error"] == "This app is not responding. Try again?"


def test_a_channel_and_a_person_that_do_not_exist_cannot_be_changed(calm_sandbox: Sandbox) -> None:
    assert calm_sandbox.page.post("/_api/channels/C0NOWHERE01", json={}).status_code == 404
    assert calm_sandbox.page.post("/_api/users/U0NOBODY001", json={"deleted": True}).status_code == 404
    assert calm_sandbox.page.post(f"/_api/channels/{EMEA}", json={"members": ["U0NOBODY001"]}).status_code == 422
