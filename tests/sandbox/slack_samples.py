"""A card, a modal, and the moves that the tests of interactions share."""

from typing import Any

from tests.sandbox.conftest import EMEA, SAM, App, Sandbox

Block = dict[str, Any]


def plain(text: str) -> Block:
    return {"type": "plain_text", "text": text}


REASONS = [{"text": plain("Wrong person"), "value": "wrong"}, {"text": plain("No budget"), "value": "budget"}]
CARD: list[Block] = [
    {"type": "section", "block_id": "who", "text": {"type": "mrkdwn", "text": "*Ida Sample*"}},
    {
        "type": "actions",
        "block_id": "decide",
        "elements": [
            {
                "type": "button",
                "action_id": "accept",
                "text": plain("Accept"),
                "value": "handoff-7",
                "style": "primary",
            },
            {"type": "static_select", "action_id": "reason", "options": REASONS},
        ],
    },
]
META = {"event_type": "handoff_card", "event_payload": {"handoff": 7}}
MODAL: Block = {
    "type": "modal",
    "callback_id": "reject",
    "private_metadata": "handoff-7",
    "title": plain("Reject"),
    "submit": plain("Send"),
    "notify_on_close": True,
    "blocks": [
        {
            "type": "input",
            "block_id": "why",
            "label": plain("Reason"),
            "element": {"type": "static_select", "action_id": "reason", "options": REASONS},
        },
        {
            "type": "input",
            "block_id": "note",
            "label": plain("Note"),
            "optional": True,
            "element": {"type": "plain_text_input", "action_id": "note", "min_length": 3, "max_length": 10},
        },
    ],
}
FILLED = {"why": {"reason": {"selected_option": {"value": "budget"}}}}


def card(sandbox: Sandbox) -> str:
    return str(sandbox.client.chat_postMessage(channel=EMEA, text="a lead", blocks=CARD, metadata=META)["ts"])


def press(sandbox: Sandbox, ts: str, user: str = SAM, **more: Any) -> dict[str, Any]:
    return sandbox.act(
        user, "press", **{"channel": EMEA, "ts": ts, "block_id": "decide", "action_id": "accept", **more}
    )


def open_modal(sandbox: Sandbox, app: App, view: Block = MODAL) -> str:
    """The id of a modal on Sam's screen."""
    press(sandbox, card(sandbox))
    return str(sandbox.client.views_open(trigger_id=app.received[-1]["trigger_id"], view=view)["view"]["id"])


def stack(sandbox: Sandbox, user: str = SAM) -> list[str]:
    return [view["id"] for view in sandbox.page.get(f"/_api/as/{user}/views").json()["views"]]
