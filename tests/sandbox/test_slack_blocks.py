"""Every limit of Slack's blocks and views, asked of the real door with the real client."""

from typing import Any

import pytest
from slack_sdk.errors import SlackApiError

from tests.sandbox.conftest import EMEA, SAM, Sandbox

Block = dict[str, Any]


def plain(text: str) -> Block:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str) -> Block:
    return {"type": "mrkdwn", "text": text}


def section(**more: Any) -> Block:
    return {"type": "section", "text": mrkdwn("*Ida Sample*"), **more}


def button(**more: Any) -> Block:
    return {"type": "button", "text": plain("Accept"), "action_id": "accept", **more}


def actions(*elements: Block) -> Block:
    return {"type": "actions", "elements": list(elements)}


def options(count: int, text: str = "one") -> list[Block]:
    return [{"text": plain(text), "value": f"value {at}"} for at in range(count)]


def select(**more: Any) -> Block:
    return {"type": "static_select", "action_id": "pick", **more}


def ask(element: Block, **more: Any) -> Block:
    return {"type": "input", "label": plain("Reason"), "element": element, **more}


def confirm(**more: Any) -> Block:
    words = {"title": plain("Sure?"), "text": mrkdwn("It is final."), "confirm": plain("Yes"), "deny": plain("No")}
    return {**words, **more}


WRITE = {"type": "plain_text_input", "action_id": "write"}
GROUP = {"label": plain("group"), "options": options(2)}

SOUND: list[tuple[str, list[Block]]] = [
    ("a section with ten fields", [{"type": "section", "fields": [mrkdwn("x" * 2000)] * 5 + [plain("y")] * 5}]),
    ("a header at its limit", [{"type": "header", "text": plain("h" * 150)}]),
    ("a context of ten", [{"type": "context", "elements": [mrkdwn("c")] * 10}]),
    ("25 buttons", [actions(*[button(action_id=f"a{at}") for at in range(25)])]),
    ("a button with everything", [actions(button(value="v" * 2000, style="danger", confirm=confirm(), url="https://example.com"))]),
    ("a select at its limit", [actions(select(options=options(100, "o" * 20), placeholder=plain("p" * 150)))]),
    ("option groups", [section(accessory=select(option_groups=[GROUP]))]),
    ("an overflow menu", [section(accessory={"type": "overflow", "action_id": "more", "options": options(5)})]),
    ("an image", [{"type": "image", "image_url": "https://example.com/a.png", "alt_text": "chart"}]),
    ("a picker each", [actions({"type": "datepicker"}, {"type": "timepicker"}, {"type": "users_select", "initial_user": SAM})]),
    ("rich text", [{"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": []}]}]),
    ("an input", [ask({**WRITE, "multiline": True, "max_length": 3000}, hint=plain("why"), optional=True)]),
    ("fifty blocks", [{"type": "divider"}] * 50),
]  # fmt: skip

BROKEN: list[tuple[str, list[Block], str]] = [
    ("51 blocks", [{"type": "divider"}] * 51, "/blocks"),
    ("an unknown block", [{"type": "carousel_of_leads"}], "/blocks/0"),
    ("an unknown field", [section(colour="red")], "/blocks/0/colour"),
    ("a long section", [section(text=mrkdwn("x" * 3001))], "/blocks/0/text/text"),
    ("an empty text", [section(text=mrkdwn(""))], "/blocks/0/text/text"),
    ("a section of nothing", [{"type": "section"}], "/blocks/0"),
    ("11 fields", [section(fields=[mrkdwn("x")] * 11)], "/blocks/0/fields"),
    ("a long field", [section(fields=[mrkdwn("x" * 2001)])], "/blocks/0/fields/0/text"),
    ("a long header", [{"type": "header", "text": plain("h" * 151)}], "/blocks/0/text/text"),
    ("a header in mrkdwn", [{"type": "header", "text": mrkdwn("h")}], "/blocks/0/text/type"),
    ("11 in a context", [{"type": "context", "elements": [mrkdwn("c")] * 11}], "/blocks/0/elements"),
    ("a button in a context", [{"type": "context", "elements": [button()]}], "/blocks/0/elements/0"),
    ("26 buttons", [actions(*[button(action_id=f"a{at}") for at in range(26)])], "/blocks/0/elements"),
    ("no buttons", [actions()], "/blocks/0/elements"),
    ("a long button", [actions(button(text=plain("x" * 76)))], "/blocks/0/elements/0/text/text"),
    ("a button in mrkdwn", [actions(button(text=mrkdwn("x")))], "/blocks/0/elements/0/text/type"),
    ("a long value", [actions(button(value="v" * 2001))], "/blocks/0/elements/0/value"),
    ("a long address", [actions(button(url="https://example.com/" + "x" * 3000))], "/blocks/0/elements/0/url"),
    ("a script as address", [actions(button(url="javascript:alert(1)"))], "/blocks/0/elements/0/url"),
    ("a style of our own", [actions(button(style="green"))], "/blocks/0/elements/0/style"),
    ("a long action_id", [actions(button(action_id="a" * 256))], "/blocks/0/elements/0/action_id"),
    ("a long block_id", [section(block_id="b" * 256)], "/blocks/0/block_id"),
    ("a block_id twice", [section(block_id="b"), section(block_id="b")], "/blocks"),
    ("an action_id twice", [actions(button(), button())], "/blocks"),
    ("a confirm without a way out", [actions(button(confirm={"title": plain("?")}))], "/blocks/0/elements/0/confirm"),
    ("a long confirm", [actions(button(confirm=confirm(text=mrkdwn("x" * 301))))], "/blocks/0/elements/0/confirm/text/text"),
    ("a long confirm title", [actions(button(confirm=confirm(title=plain("x" * 101))))], "/blocks/0/elements/0/confirm/title/text"),
    ("101 options", [actions(select(options=options(101)))], "/blocks/0/elements/0/options"),
    ("no options", [actions(select())], "/blocks/0/elements/0"),
    ("options and groups", [actions(select(options=options(1), option_groups=[GROUP]))], "/blocks/0/elements/0"),
    ("a long option", [actions(select(options=options(1, "o" * 76)))], "/blocks/0/elements/0/options/0/text/text"),
    ("a long option value", [actions(select(options=[{"text": plain("o"), "value": "v" * 151}]))], "/blocks/0/elements/0/options/0/value"),
    ("a value twice", [actions(select(options=options(1) * 2))], "/blocks/0/elements/0"),
    ("a first choice not on offer", [actions(select(options=options(1), initial_option=options(2)[1]))], "/blocks/0/elements/0"),
    ("six in an overflow", [actions({"type": "overflow", "options": options(6)})], "/blocks/0/elements/0/options"),
    ("11 radio buttons", [actions({"type": "radio_buttons", "options": options(11)})], "/blocks/0/elements/0/options"),
    ("11 checkboxes", [actions({"type": "checkboxes", "options": options(11)})], "/blocks/0/elements/0/options"),
    ("a day that is no date", [actions({"type": "datepicker", "initial_date": "tomorrow"})], "/blocks/0/elements/0/initial_date"),
    ("an hour that is no time", [actions({"type": "timepicker", "initial_time": "25:00"})], "/blocks/0/elements/0/initial_time"),
    ("a button as input", [ask(button())], "/blocks/0/element"),
    ("writing outside an input", [actions(WRITE)], "/blocks/0/elements/0"),
    ("an input over 3000", [ask({**WRITE, "max_length": 3001})], "/blocks/0/element/max_length"),
    ("a longest under the shortest", [ask({**WRITE, "max_length": 5, "min_length": 6})], "/blocks/0/element"),
    ("an image without a source", [{"type": "image", "alt_text": "chart"}], "/blocks/0"),
    ("an image without words", [{"type": "image", "image_url": "https://example.com/a.png"}], "/blocks/0"),
    ("a null", [section(accessory=None)], "/blocks/0/accessory"),
    ("a word for a block", ["section"], "/blocks/0"),  # type: ignore[list-item]  # hostile on purpose
]  # fmt: skip


def refusal(sandbox: Sandbox, method: str, **arguments: Any) -> Any:
    with pytest.raises(SlackApiError) as refused:
        sandbox.client.api_call(method, json=arguments)
    return refused.value.response


@pytest.mark.parametrize(("_what", "blocks"), SOUND, ids=[name for name, _ in SOUND])
def test_sound_blocks_are_taken(calm_sandbox: Sandbox, _what: str, blocks: list[Block]) -> None:
    posted = calm_sandbox.client.chat_postMessage(channel=EMEA, text="a lead", blocks=blocks)
    assert [block["type"] for block in posted["message"]["blocks"]] == [block["type"] for block in blocks]


@pytest.mark.parametrize(("_what", "blocks", "path"), BROKEN, ids=[name for name, _, _ in BROKEN])
def test_broken_blocks_are_refused_with_their_place(
    calm_sandbox: Sandbox, _what: str, blocks: list[Block], path: str
) -> None:
    answer = refusal(calm_sandbox, "chat.postMessage", channel=EMEA, text="a lead", blocks=blocks)
    assert answer["error"] == "invalid_blocks"
    assert any(said.endswith(f"[json-pointer:{path}]") for said in answer["response_metadata"]["messages"])


def test_blocks_of_more_than_13200_characters_are_too_long(calm_sandbox: Sandbox) -> None:
    blocks = [section(text=mrkdwn("x" * 2900)) for _ in range(5)]
    assert (
        refusal(calm_sandbox, "chat.postMessage", channel=EMEA, text="t", blocks=blocks)["error"]
        == "msg_blocks_too_long"
    )
    calm_sandbox.client.chat_postMessage(channel=EMEA, text="t", blocks=blocks[:4])


@pytest.mark.parametrize("blocks", ["[{", "{}", 7, {"type": "divider"}])
def test_what_is_no_list_of_blocks_is_another_error(calm_sandbox: Sandbox, blocks: Any) -> None:
    assert (
        refusal(calm_sandbox, "chat.postMessage", channel=EMEA, text="t", blocks=blocks)["error"]
        == "invalid_blocks_format"
    )


def test_blocks_without_ids_are_given_some(calm_sandbox: Sandbox) -> None:
    nameless = {"type": "button", "text": plain("Go")}
    posted = calm_sandbox.client.chat_postMessage(channel=EMEA, text="t", blocks=[actions(nameless, nameless)])
    block = posted["message"]["blocks"][0]
    assert block["block_id"]
    assert len({element["action_id"] for element in block["elements"]}) == 2


HOME = {"type": "home", "blocks": [section()]}
BROKEN_HOMES: list[tuple[str, dict[str, Any], str]] = [
    ("101 blocks", {**HOME, "blocks": [{"type": "divider"}] * 101}, "/view/blocks"),
    ("no blocks", {**HOME, "blocks": []}, "/view/blocks"),
    ("a title", {**HOME, "title": plain("Home")}, "/view/title"),
    ("a modal", {"type": "modal", "title": plain("M"), "blocks": [section()]}, "/view"),
    ("long private metadata", {**HOME, "private_metadata": "x" * 3001}, "/view/private_metadata"),
    ("a long callback_id", {**HOME, "callback_id": "x" * 256}, "/view/callback_id"),
    ("an action_id twice", {**HOME, "blocks": [actions(button(), button())]}, "/view"),
]


@pytest.mark.parametrize(("_what", "view", "path"), BROKEN_HOMES, ids=[name for name, _, _ in BROKEN_HOMES])
def test_a_broken_home_is_refused_with_its_place(
    calm_sandbox: Sandbox, _what: str, view: dict[str, Any], path: str
) -> None:
    answer = refusal(calm_sandbox, "views.publish", user_id=SAM, view=view)
    assert answer["error"] == "invalid_arguments"
    assert any(said.endswith(f"[json-pointer:{path}]") for said in answer["response_metadata"]["messages"])


def test_a_home_of_a_hundred_blocks_is_published_and_replaced(calm_sandbox: Sandbox) -> None:
    first = calm_sandbox.client.views_publish(user_id=SAM, view={**HOME, "blocks": [{"type": "divider"}] * 100})
    second = calm_sandbox.client.views_publish(user_id=SAM, view=HOME, hash=first["view"]["hash"])
    assert second["view"]["id"] == first["view"]["id"]
    assert (
        refusal(calm_sandbox, "views.publish", user_id=SAM, view=HOME, hash=first["view"]["hash"])["error"]
        == "hash_conflict"
    )


# --- tables -------------------------------------------------------------------------------------------------------


def table(rows: int, columns: int = 2, text: str = "x", **more: Any) -> Block:
    return {"type": "table", "rows": [[{"type": "raw_text", "text": text}] * columns] * rows, **more}


def said_of(sandbox: Sandbox, *blocks: Block) -> str:
    with pytest.raises(SlackApiError) as refused:
        sandbox.client.chat_postMessage(channel=EMEA, text="t", blocks=list(blocks))
    return str(refused.value.response["response_metadata"]["messages"])


def test_a_table_stands_in_a_message_once_and_in_no_view(calm_sandbox: Sandbox) -> None:
    number = {"type": "raw_number", "value": 0.62, "text": "62 %"}
    most = table(100, 20, column_settings=[{"align": "right", "is_wrapped": True}])
    assert calm_sandbox.client.chat_postMessage(channel=EMEA, text="t", blocks=[table(2), section()])["ok"]
    assert calm_sandbox.client.chat_postMessage(channel=EMEA, text="t", blocks=[{**table(1), "rows": [[number]]}])["ok"]
    assert "no more than 10000 characters" in said_of(calm_sandbox, table(100, 2, "x" * 51))
    assert "only_one_table_allowed" in said_of(calm_sandbox, table(1), table(1))
    assert "no more than 100 items" in said_of(calm_sandbox, table(101))
    assert "no more than 20 items" in said_of(calm_sandbox, table(1, 21))
    assert "must be one of left" in said_of(calm_sandbox, {**most, "column_settings": [{"align": "top"}]})
    with pytest.raises(SlackApiError, match="unsupported type: table"):
        calm_sandbox.client.views_publish(user_id=SAM, view={"type": "home", "blocks": [table(1)]})
