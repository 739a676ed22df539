"""Modals: the trigger that opens one, the stack, what is submitted, and what the app may answer to that."""

from typing import Any

import pytest
from slack_sdk.errors import SlackApiError

from tests.sandbox.conftest import SAM, App, Sandbox
from tests.sandbox.slack_samples import FILLED, MODAL, REASONS, Block, card, open_modal, plain, press, stack

# --- trigger ids --------------------------------------------------------------------------------------------------


def views_open(sandbox: Sandbox, trigger: str, method: str = "views.open", view: Block = MODAL) -> str:
    with pytest.raises(SlackApiError) as refused:
        sandbox.client.api_call(method, json={"trigger_id": trigger, "view": view})
    return str(refused.value.response["error"])


def test_a_trigger_works_once_and_for_three_seconds(sandbox: Sandbox, app: App) -> None:
    ts = card(sandbox)
    press(sandbox, ts)
    trigger = app.received[0]["trigger_id"]
    assert views_open(sandbox, trigger, view={**MODAL, "title": plain("x" * 25)}) == "invalid_arguments"
    sandbox.client.views_open(trigger_id=trigger, view=MODAL)
    assert views_open(sandbox, trigger) == "exchanged_trigger_id"
    press(sandbox, ts)
    sandbox.clock.moved += 3.1
    assert views_open(sandbox, app.received[1]["trigger_id"]) == "expired_trigger_id"
    assert views_open(sandbox, "made.up") == "invalid_trigger_id"


def test_a_modal_with_inputs_needs_a_submit_button(sandbox: Sandbox, app: App) -> None:
    press(sandbox, card(sandbox))
    speechless = {key: part for key, part in MODAL.items() if key != "submit"}
    assert views_open(sandbox, app.received[0]["trigger_id"], view=speechless) == "invalid_arguments"


def test_three_views_may_lie_on_each_other_and_no_fourth(sandbox: Sandbox, app: App) -> None:
    ts = card(sandbox)
    press(sandbox, ts)
    assert views_open(sandbox, app.received[-1]["trigger_id"], "views.push") == "not_found"
    press(sandbox, ts)
    first = sandbox.client.views_open(trigger_id=app.received[-1]["trigger_id"], view=MODAL)["view"]
    for _ in range(2):
        press(sandbox, ts)
        top = sandbox.client.views_push(trigger_id=app.received[-1]["trigger_id"], view=MODAL)["view"]
        assert top["root_view_id"] == first["id"]
    press(sandbox, ts)
    assert views_open(sandbox, app.received[-1]["trigger_id"], "views.push") == "push_limit_reached"
    assert len(stack(sandbox)) == 3
    below = sandbox.page.post(f"/_api/as/{SAM}/submit", json={"view_id": first["id"], "values": FILLED})
    assert below.status_code == 409


def test_an_update_with_an_old_hash_is_a_conflict(sandbox: Sandbox, app: App) -> None:
    view_id = open_modal(sandbox, app)
    old = sandbox.page.get(f"/_api/as/{SAM}/views").json()["views"][0]["hash"]
    updated = sandbox.client.views_update(view_id=view_id, hash=old, view={**MODAL, "title": plain("Again")})
    assert updated["view"]["title"] == plain("Again")
    with pytest.raises(SlackApiError, match="hash_conflict"):
        sandbox.client.views_update(view_id=view_id, hash=old, view=MODAL)
    with pytest.raises(SlackApiError, match="not_found"):
        sandbox.client.views_update(view_id="V0NOWHERE01", view=MODAL)


# --- submitting ---------------------------------------------------------------------------------------------------


def submit(sandbox: Sandbox, view_id: str, values: Block = FILLED) -> dict[str, Any]:
    return sandbox.act(SAM, "submit", view_id=view_id, values=values)


def test_a_submission_carries_the_values_and_an_empty_answer_closes_the_view(sandbox: Sandbox, app: App) -> None:
    view_id = open_modal(sandbox, app)
    done = submit(sandbox, view_id, {**FILLED, "note": {"note": {"value": "no money"}}})
    assert (done["ok"], done["response_action"], stack(sandbox)) == (True, None, [])
    sent = app.received[-1]
    assert (sent["type"], sent["view"]["callback_id"]) == ("view_submission", "reject")
    assert (sent["view"]["private_metadata"], sent["view"]["root_view_id"]) == ("handoff-7", view_id)
    assert sent["view"]["state"]["values"] == {
        "why": {"reason": {"type": "static_select", "selected_option": REASONS[1]}},
        "note": {"note": {"type": "plain_text_input", "value": "no money"}},
    }


@pytest.mark.parametrize(
    ("values", "errors"),
    [
        ({}, {"why": "Please complete this required field."}),
        ({**FILLED, "note": {"note": {"value": "no"}}}, {"note": "This field must be at least 3 characters."}),
        ({**FILLED, "note": {"note": {"value": "x" * 11}}}, {"note": "This field must be no more than 10 characters."}),
    ],
)
def test_what_slacks_client_refuses_is_never_sent(sandbox: Sandbox, app: App, values: Block, errors: Block) -> None:
    view_id = open_modal(sandbox, app)
    done = submit(sandbox, view_id, values)
    assert (done["ok"], done["response_action"], done["errors"]) == (False, "errors", errors)
    assert [sent["type"] for sent in app.received] == ["block_actions"]


def test_values_for_fields_that_are_not_there_do_not_reach_the_app(sandbox: Sandbox, app: App) -> None:
    submit(sandbox, open_modal(sandbox, app), {**FILLED, "secret": {"admin": {"value": "yes"}}})
    assert app.received[-1]["view"]["state"]["values"].keys() == {"why", "note"}


def test_an_option_that_is_not_on_offer_cannot_be_submitted(sandbox: Sandbox, app: App) -> None:
    body = {
        "view_id": open_modal(sandbox, app),
        "values": {"why": {"reason": {"selected_option": {"value": "made up"}}}},
    }
    assert sandbox.page.post(f"/_api/as/{SAM}/submit", json=body).status_code == 409


def test_errors_are_shown_at_their_fields_and_the_view_stays(sandbox: Sandbox, app: App) -> None:
    view_id = open_modal(sandbox, app)
    app.answer = lambda _payload: {"response_action": "errors", "errors": {"why": "Somebody accepted this lead."}}
    done = submit(sandbox, view_id)
    assert (done["ok"], done["errors"]) == (False, {"why": "Somebody accepted this lead."})
    assert stack(sandbox) == [view_id]


@pytest.mark.parametrize(
    "answer",
    [
        {"response_action": "errors", "errors": {"reason": "an action id, not a block id"}},
        {"response_action": "errors", "errors": {}},
        {"response_action": "update", "view": {"type": "modal", "blocks": []}},
        {"response_action": "applaud"},
        {"text": "hello"},
        "ok",
    ],
)
def test_an_answer_to_a_submission_that_slack_would_not_understand_is_trouble(
    sandbox: Sandbox, app: App, answer: Any
) -> None:
    view_id = open_modal(sandbox, app)
    app.answer = lambda _payload: answer
    done = submit(sandbox, view_id)
    assert not done["ok"]
    assert done["error"].startswith("We had some trouble connecting. Try again?")
    assert stack(sandbox) == [view_id]


def test_an_answer_may_update_push_and_clear(sandbox: Sandbox, app: App) -> None:
    view_id = open_modal(sandbox, app)
    for action, height in (("update", 1), ("push", 2)):
        app.answer = lambda _payload, action=action: {
            "response_action": action,
            "view": {**MODAL, "title": plain(action)},
        }  # type: ignore[misc]  # the default binds the loop's value
        assert submit(sandbox, view_id)["response_action"] == action
        views = sandbox.page.get(f"/_api/as/{SAM}/views").json()["views"]
        assert (len(views), views[-1]["title"]["text"]) == (height, action)
    app.answer = lambda _payload: {"response_action": "clear"}
    assert submit(sandbox, stack(sandbox)[-1])["response_action"] == "clear"
    assert stack(sandbox) == []


def test_closing_tells_the_app_only_if_it_asked(sandbox: Sandbox, app: App) -> None:
    view_id = open_modal(sandbox, app)
    sandbox.act(SAM, "close", view_id=view_id)
    assert (app.received[-1]["type"], app.received[-1]["is_cleared"]) == ("view_closed", False)
    sandbox.clock.moved += 2
    quiet = open_modal(sandbox, app, {**MODAL, "notify_on_close": False})
    sandbox.act(SAM, "close", view_id=quiet)
    assert (app.received[-1]["type"], stack(sandbox)) == ("block_actions", [])
