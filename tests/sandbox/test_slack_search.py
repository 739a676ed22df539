"""External selects: the app is asked while somebody types."""

from typing import Any

from tests.sandbox.conftest import EMEA, SAM, App, Sandbox
from tests.sandbox.slack_samples import Block, open_modal, plain

SELECT = {"type": "external_select", "action_id": "who", "min_query_length": 2, "placeholder": plain("Search")}
ASK: Block = {"type": "input", "block_id": "rep", "label": plain("Who"), "element": SELECT}
REASSIGN: Block = {
    "type": "modal",
    "callback_id": "reassign",
    "title": plain("Pass on"),
    "submit": plain("Pass on"),
    "blocks": [ASK],
}
CARD: list[Block] = [
    {"type": "actions", "block_id": "pass", "elements": [SELECT]},
]


def option(name: str) -> Block:
    return {"text": plain(name), "value": name.lower()}


def finds(app: App, *names: str) -> None:
    app.answer = lambda said: (
        {"options": [option(one) for one in names]} if said["type"] == "block_suggestion" else None
    )


def search(sandbox: Sandbox, view: str, words: str) -> Any:
    return sandbox.act(SAM, "search", view_id=view, block_id="rep", action_id="who", value=words)


def test_what_is_typed_is_asked_of_the_app_and_what_it_finds_can_be_chosen(sandbox: Sandbox, app: App) -> None:
    view = open_modal(sandbox, app, REASSIGN)
    finds(app, "Dana", "Dani")
    found = search(sandbox, view, "da")
    assert [one["value"] for one in found["options"]] == ["dana", "dani"]
    asked = app.received[-1]
    assert (asked["type"], asked["value"], asked["block_id"], asked["action_id"]) == (
        "block_suggestion",
        "da",
        "rep",
        "who",
    )
    assert asked["view"]["callback_id"] == "reassign"
    finds(app, "Eli")
    search(sandbox, view, "el")
    sandbox.act(SAM, "submit", view_id=view, values={"rep": {"who": {"selected_option": {"value": "dana"}}}})
    chosen = app.received[-1]["view"]["state"]["values"]["rep"]["who"]
    assert chosen == {"type": "external_select", "selected_option": option("Dana")}


def test_a_choice_in_a_message_is_told_at_once(sandbox: Sandbox, app: App) -> None:
    ts = sandbox.client.chat_postMessage(channel=EMEA, text="a lead", blocks=CARD)["ts"]
    place = {"channel": EMEA, "ts": ts, "block_id": "pass", "action_id": "who"}
    finds(app, "Dana")
    assert sandbox.act(SAM, "search", **place, value="dan")["ok"]
    assert sandbox.act(SAM, "press", **place, selected_option={"value": "dana"})["ok"]
    assert app.received[-1]["actions"][0]["selected_option"] == option("Dana")


def test_what_was_not_found_cannot_be_chosen(sandbox: Sandbox, app: App) -> None:
    view = open_modal(sandbox, app, REASSIGN)
    given = {"view_id": view, "values": {"rep": {"who": {"selected_option": {"value": "dana"}}}}}
    assert sandbox.page.post(f"/_api/as/{SAM}/submit", json=given).status_code == 409


def test_too_few_letters_are_not_asked(sandbox: Sandbox, app: App) -> None:
    view = open_modal(sandbox, app, REASSIGN)
    asked = {"view_id": view, "block_id": "rep", "action_id": "who", "value": "d"}
    assert sandbox.page.post(f"/_api/as/{SAM}/search", json=asked).status_code == 422


def test_an_answer_over_the_limits_is_trouble(sandbox: Sandbox, app: App) -> None:
    view = open_modal(sandbox, app, REASSIGN)
    finds(app, *[f"Rep {number}" for number in range(101)])
    assert "no more than 100 items" in search(sandbox, view, "rep")["error"]
    app.answer = lambda _said: {"options": [], "option_groups": []}
    assert "either options or option_groups" in search(sandbox, view, "rep")["error"]
    app.answer = lambda _said: None
    assert "must be an object" in search(sandbox, view, "rep")["error"]
