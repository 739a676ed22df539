"""What the app asks of the workspace, with Slack's own client."""

from typing import Any

import httpx
import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from tests.sandbox.conftest import DANA, EMEA, MANAGERS, MIKA, SAM, Sandbox

BUTTONS = [{"type": "actions", "elements": [{"type": "button", "text": {"type": "plain_text", "text": "Accept"}}]}]
META = {"event_type": "handoff_card", "event_payload": {"handoff": 7, "cycle": 1}}


def refusal(sandbox: Sandbox, method: str, **arguments: Any) -> Any:
    with pytest.raises(SlackApiError) as refused:
        sandbox.client.api_call(method, json=arguments)
    return refused.value.response


def read(sandbox: Sandbox, method: str, **arguments: Any) -> Any:
    with pytest.raises(SlackApiError) as refused:
        sandbox.client.api_call(method, params=arguments)
    return refused.value.response["error"]


def post(sandbox: Sandbox, text: str = "a lead", channel: str = EMEA, **more: Any) -> str:
    sandbox.clock.moved += 1.01
    return str(sandbox.client.chat_postMessage(channel=channel, text=text, **more)["ts"])


# --- who calls ----------------------------------------------------------------------------------------------------


def test_the_token_says_who_we_are(sandbox: Sandbox) -> None:
    me = sandbox.client.auth_test()
    assert sandbox.client.users_info(user=me["user_id"])["user"]["is_bot"]
    assert sandbox.client.bots_info(bot=me["bot_id"])["bot"]["user_id"] == me["user_id"]
    assert sandbox.client.team_info()["team"]["id"] == me["team_id"]


def test_a_wrong_token_is_refused_and_so_is_none(sandbox: Sandbox) -> None:
    base_url = f"{sandbox.url}/api/"
    with pytest.raises(SlackApiError, match="invalid_auth"):
        WebClient(token="xoxb-wrong", base_url=base_url).auth_test()
    with pytest.raises(SlackApiError, match="not_authed"):
        WebClient(base_url=base_url).auth_test()


def test_a_token_may_travel_in_the_form_but_not_in_the_address(sandbox: Sandbox) -> None:
    token = sandbox.client.token
    assert httpx.post(f"{sandbox.url}/api/auth.test", data={"token": token}).json()["ok"]
    assert httpx.post(f"{sandbox.url}/api/auth.test?token={token}").json()["error"] == "invalid_auth"
    assert httpx.get(f"{sandbox.url}/api/users.list?token={token}").json()["error"] == "not_authed"


def test_an_unknown_method_is_refused(sandbox: Sandbox) -> None:
    assert refusal(sandbox, "chat.shout", channel=EMEA)["error"] == "unknown_method"


def test_unknown_and_missing_arguments_are_named(sandbox: Sandbox) -> None:
    answer = refusal(sandbox, "chat.update", channel=EMEA, text="t", colour="red")
    assert answer["error"] == "invalid_arguments"
    assert answer["response_metadata"]["messages"] == [
        "[ERROR] missing required field: ts",
        "[ERROR] unknown argument: colour",
    ]


def test_the_team_id_that_bolt_sends_along_must_be_ours(sandbox: Sandbox) -> None:
    assert sandbox.client.api_call("users.list", params={"team_id": "T0SANDBOX01"})["ok"]
    assert refusal(sandbox, "conversations.open", users=SAM, team_id="T0ANOTHER01")["error"] == "invalid_arguments"


def test_methods_that_read_take_no_json_and_methods_that_write_no_get(sandbox: Sandbox) -> None:
    assert refusal(sandbox, "users.list", limit=4)["error"] == "invalid_post_type"
    as_us = {"Authorization": f"Bearer {sandbox.client.token}"}
    got = httpx.get(f"{sandbox.url}/api/users.list?limit=4", headers=as_us).json()
    assert len(got["members"]) == 4
    refused = httpx.get(f"{sandbox.url}/api/chat.postMessage?channel={EMEA}&text=t", headers=as_us).json()
    assert refused["error"] == "invalid_post_type"


# --- people and places --------------------------------------------------------------------------------------------


def test_people_are_found_by_their_email_and_strangers_are_not(sandbox: Sandbox) -> None:
    assert sandbox.client.users_lookupByEmail(email="Sam.Sample@example.com")["user"]["id"] == SAM
    assert read(sandbox, "users.lookupByEmail", email="nobody@example.com") == "users_not_found"
    assert read(sandbox, "users.info", user="U0NOBODY001") == "user_not_found"


def test_lists_come_in_pages(sandbox: Sandbox) -> None:
    found = [member["id"] for page in sandbox.client.users_list(limit=4) for member in page["members"]]
    assert len(found) == len(set(found)) == 9
    assert read(sandbox, "users.list", cursor="nonsense") == "invalid_cursor"
    names = {channel["name"] for page in sandbox.client.conversations_list(limit=2) for channel in page["channels"]}
    assert names == {"sdr-emea", "sdr-americas", "sdr-apac", "sales-managers", "general"}


def test_a_direct_message_must_be_opened_first(sandbox: Sandbox) -> None:
    unopened = f"D{SAM[1:]}"
    assert refusal(sandbox, "chat.postMessage", channel=unopened, text="t")["error"] == "channel_not_found"
    opened = sandbox.client.conversations_open(users=SAM)["channel"]["id"]
    assert sandbox.client.conversations_open(users=SAM)["channel"]["id"] == opened
    ts = post(sandbox, channel=opened)
    assert sandbox.client.conversations_info(channel=opened)["channel"]["user"] == SAM
    assert [message["ts"] for message in sandbox.look(SAM, opened)] == [ts]


def test_posting_to_a_person_instead_of_a_conversation_is_refused(sandbox: Sandbox) -> None:
    assert refusal(sandbox, "chat.postMessage", channel=SAM, text="t")["error"] == "channel_not_found"


def test_conversations_open_takes_one_known_person(sandbox: Sandbox) -> None:
    assert refusal(sandbox, "conversations.open", users=f"{SAM},{DANA}")["error"] == "too_many_users"
    assert refusal(sandbox, "conversations.open", users="U0NOBODY001")["error"] == "user_not_found"
    assert refusal(sandbox, "conversations.open")["error"] == "users_list_not_supplied"


# --- messages -----------------------------------------------------------------------------------------------------


def test_the_app_must_be_in_the_channel_and_the_channel_alive(sandbox: Sandbox) -> None:
    made = sandbox.page.post("/_api/channels", json={"name": "quiet", "members": [SAM]}).json()
    assert refusal(sandbox, "chat.postMessage", channel=made["id"], text="t")["error"] == "not_in_channel"
    assert read(sandbox, "conversations.history", channel=made["id"]) == "not_in_channel"
    ts = post(sandbox)
    sandbox.page.post(f"/_api/channels/{EMEA}/archive").raise_for_status()
    sandbox.clock.moved += 2
    assert refusal(sandbox, "chat.postMessage", channel=EMEA, text="t")["error"] == "is_archived"
    assert refusal(sandbox, "chat.update", channel=EMEA, ts=ts, text="t")["error"] == "is_inactive"


@pytest.mark.parametrize("text", ["", "  "])
def test_blocks_need_a_text_for_notifications(sandbox: Sandbox, text: str) -> None:
    assert refusal(sandbox, "chat.postMessage", channel=EMEA, text=text, blocks=BUTTONS)["error"] == "no_text"


def test_a_text_over_40000_characters_is_cut(sandbox: Sandbox) -> None:
    assert len(sandbox.client.chat_postMessage(channel=EMEA, text="x" * 40_001)["message"]["text"]) == 40_000


def test_control_sequences_travel_as_they_are(sandbox: Sandbox) -> None:
    ts = post(sandbox, "<!channel> <https://example.com|pay here> &amp; <@U0SAMSDR001>")
    assert sandbox.look(SAM, EMEA)[0]["text"] == "<!channel> <https://example.com|pay here> &amp; <@U0SAMSDR001>"
    assert sandbox.look(SAM, EMEA)[0]["ts"] == ts


@pytest.mark.parametrize(
    ("metadata", "error"),
    [
        ("{", "invalid_metadata_format"),
        (["a"], "invalid_metadata_format"),
        ({"event_type": "x"}, "invalid_metadata_schema"),
        ({"event_type": "x", "event_payload": "y"}, "invalid_metadata_schema"),
        ({"event_type": "", "event_payload": {}}, "invalid_metadata_schema"),
        ({"event_type": "x", "event_payload": {}, "more": 1}, "invalid_metadata_schema"),
        ({"event_type": "x", "event_payload": {"a": "x" * 8000}}, "metadata_too_large"),
    ],
)
def test_metadata_has_a_schema_and_a_size(sandbox: Sandbox, metadata: Any, error: str) -> None:
    assert refusal(sandbox, "chat.postMessage", channel=EMEA, text="t", metadata=metadata)["error"] == error


def test_a_card_is_found_again_by_its_metadata_if_one_asks_for_it(sandbox: Sandbox) -> None:
    before = post(sandbox)
    card = post(sandbox, metadata=META)
    bare = sandbox.client.conversations_history(channel=EMEA, oldest=before)
    assert [message["ts"] for message in bare["messages"]] == [card]
    assert "metadata" not in bare["messages"][0]
    full = sandbox.client.conversations_history(channel=EMEA, oldest=before, include_all_metadata=True)
    assert full["messages"][0]["metadata"] == META


def test_history_is_newest_first_in_pages_and_between_two_times(sandbox: Sandbox) -> None:
    ts = [post(sandbox, f"lead {at}") for at in range(5)]
    pages = sandbox.client.conversations_history(channel=EMEA, limit=2)
    assert [message["ts"] for page in pages for message in page["messages"]] == ts[::-1]
    between: dict[str, Any] = {"channel": EMEA, "oldest": ts[1], "latest": ts[3]}
    assert [one["ts"] for one in sandbox.client.conversations_history(**between)["messages"]] == [ts[2]]
    inclusive = sandbox.client.conversations_history(**between, inclusive=True)
    assert [one["ts"] for one in inclusive["messages"]] == ts[3:0:-1]
    assert read(sandbox, "conversations.history", channel=EMEA, oldest="yesterday") == "invalid_ts_oldest"
    assert read(sandbox, "conversations.history", channel=EMEA, limit=1000) == "invalid_arguments"


def test_replies_stay_in_their_thread(sandbox: Sandbox) -> None:
    parent = post(sandbox)
    reply = post(sandbox, "one more", thread_ts=parent)
    assert [one["ts"] for one in sandbox.client.conversations_history(channel=EMEA)["messages"]] == [parent]
    assert [one["ts"] for one in sandbox.client.conversations_replies(channel=EMEA, ts=parent)["messages"]] == [
        parent,
        reply,
    ]
    assert sandbox.look(SAM, EMEA)[0]["reply_count"] == 1
    assert [one["ts"] for one in sandbox.look(SAM, EMEA, thread_ts=parent)] == [parent, reply]
    sandbox.clock.moved += 2
    assert (
        refusal(sandbox, "chat.postMessage", channel=EMEA, text="t", thread_ts=reply)["error"]
        == "cannot_reply_to_message"
    )


def test_an_update_keeps_what_it_does_not_name(sandbox: Sandbox) -> None:
    ts = post(sandbox, blocks=BUTTONS, metadata=META)
    sandbox.client.chat_update(channel=EMEA, ts=ts, text="accepted")
    kept = sandbox.look(SAM, EMEA)[0]
    assert (kept["text"], len(kept["blocks"]), kept["metadata"]) == ("accepted", 1, META)
    assert kept["edited_ts"] > ts
    sandbox.client.chat_update(channel=EMEA, ts=ts, text="gone", blocks=[], metadata={})
    bare = sandbox.look(SAM, EMEA)[0]
    assert (bare["blocks"], bare["metadata"]) == ([], None)


def test_a_message_that_is_not_there_is_not_updated_or_deleted(sandbox: Sandbox) -> None:
    ts = post(sandbox)
    sandbox.client.chat_delete(channel=EMEA, ts=ts)
    for method, more in (("chat.update", {"text": "t"}), ("chat.delete", {})):
        with pytest.raises(SlackApiError, match="message_not_found"):
            sandbox.client.api_call(method, params={"channel": EMEA, "ts": ts, **more})
    assert sandbox.look(SAM, EMEA) == []


def test_an_ephemeral_is_seen_by_one_and_cannot_be_updated(sandbox: Sandbox) -> None:
    ts = sandbox.client.chat_postEphemeral(channel=EMEA, user=SAM, text="only you")["message_ts"]
    assert [message["ephemeral"] for message in sandbox.look(SAM, EMEA)] == [True]
    assert sandbox.look(DANA, EMEA) == []
    assert sandbox.client.conversations_history(channel=EMEA)["messages"] == []
    assert refusal(sandbox, "chat.update", channel=EMEA, ts=ts, text="t")["error"] == "message_not_found"


def test_an_ephemeral_for_somebody_elsewhere_is_refused(sandbox: Sandbox) -> None:
    assert refusal(sandbox, "chat.postEphemeral", channel=EMEA, user=MIKA, text="t")["error"] == "user_not_in_channel"


def test_a_permalink_names_the_message_and_a_reaction_sticks_once(sandbox: Sandbox) -> None:
    ts = post(sandbox)
    assert sandbox.client.chat_getPermalink(channel=EMEA, message_ts=ts)["permalink"].endswith(ts.replace(".", ""))
    sandbox.client.reactions_add(channel=EMEA, timestamp=ts, name="tada")
    with pytest.raises(SlackApiError, match="already_reacted"):
        sandbox.client.reactions_add(channel=EMEA, timestamp=ts, name="tada")


# --- pace ---------------------------------------------------------------------------------------------------------


def test_the_second_post_inside_a_second_waits_and_the_refused_one_does_not_count(sandbox: Sandbox) -> None:
    sandbox.client.chat_postMessage(channel=EMEA, text="first")
    for _ in range(2):
        answer = refusal(sandbox, "chat.postMessage", channel=EMEA, text="too soon")
        assert (answer.status_code, answer["error"], answer.headers["Retry-After"]) == (429, "ratelimited", "1")
    sandbox.client.chat_postMessage(channel=MANAGERS, text="another channel")
    sandbox.clock.moved += 1.0
    sandbox.client.chat_postMessage(channel=EMEA, text="second")
    counts = sandbox.page.get("/_api/counts").json()
    assert (counts["posts"], counts["ratelimited"], counts["errors"]) == (3, 2, 0)


def test_updates_come_from_a_bucket_of_twenty_refilled_fifty_times_a_minute(sandbox: Sandbox) -> None:
    ts = post(sandbox)
    for at in range(20):
        sandbox.client.chat_update(channel=EMEA, ts=ts, text=f"drawing {at}")
    answer = refusal(sandbox, "chat.update", channel=EMEA, ts=ts, text="one too many")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "2")
    sandbox.clock.moved += 2
    sandbox.client.chat_update(channel=EMEA, ts=ts, text="after waiting")


def test_pace_is_a_setting(sandbox: Sandbox) -> None:
    sandbox.page.post("/_api/pace", json={"on": False}).raise_for_status()
    ts = [sandbox.client.chat_postMessage(channel=EMEA, text=f"lead {at}")["ts"] for at in range(30)]
    assert ts == sorted(set(ts))
    assert sandbox.page.get("/_api/workspace").json()["pace"] is False


def test_errors_are_counted_per_method(sandbox: Sandbox) -> None:
    refusal(sandbox, "chat.postMessage", channel="C0NOWHERE01", text="t")
    methods = sandbox.page.get("/_api/counts").json()["methods"]
    assert methods["chat.postMessage"]["errors"] == {"channel_not_found": 1}
