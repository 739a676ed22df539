"""Our own check refuses what Slack would refuse, and says where it stands."""

import json
from pathlib import Path
from typing import Any

import pytest

from bot import limits, messenger
from bot.blocks import actions, button, context, divider, header, option, section, select, text_input
from bot.limits import check_message, check_view
from kit.outside import Refused

Block = dict[str, Any]


def text_of(length: int, kind: str = "mrkdwn") -> Block:
    return {"type": kind, "text": "x" * length}


def modal(*blocks: Block, **changes: Any) -> Block:
    view = {"type": "modal", "callback_id": "c", "private_metadata": "", "title": text_of(5, "plain_text")}
    return view | {"submit": text_of(5, "plain_text"), "blocks": list(blocks)} | changes


GOOD = [
    header("x" * 400),
    section("x" * 9000),
    context("x"),
    divider(),
    actions("a", button("x" * 90, "press", "v")),
]


def test_what_our_builders_make_is_taken() -> None:
    check_message(GOOD)


@pytest.mark.parametrize(
    ("blocks", "path"),
    [
        ([], "blocks: 0 items"),
        ([divider()] * 51, "blocks: 51 items"),
        ([divider(), {"type": "section", "text": text_of(3001)}], "blocks[1].text.text: 3001 characters"),
        ([{"type": "section", "text": text_of(0)}], "blocks[0].text.text: 0 characters"),
        ([{"type": "section", "fields": [text_of(2001)]}], "blocks[0].fields[0].text: 2001"),
        ([{"type": "section", "fields": [text_of(1)] * 11}], "blocks[0].fields: 11 items"),
        ([{"type": "header", "text": text_of(151, "plain_text")}], "blocks[0].text.text: 151"),
        ([{"type": "context", "elements": [text_of(1)] * 11}], "blocks[0].elements: 11 items"),
        ([actions("a")], "blocks[0].elements: 0 items"),
        ([actions("a", *[button("x", f"p{n}", "v") for n in range(26)])], "blocks[0].elements: 26 items"),
        ([actions("a", button("x", "p" * 256, "v"))], "blocks[0].elements[0].action_id: 256"),
        ([actions("a" * 256, button("x", "p", "v"))], "blocks[0].block_id: 256"),
        ([actions("a", button("x", "p", "v" * 2001))], "blocks[0].elements[0].value: 2001"),
        ([actions("a", button("", "p", "v"))], "blocks[0].elements[0].text.text: 0"),
        ([actions("a", button("x", "p", "v"), button("y", "p", "v"))], "elements[1].action_id: the same action_id"),
        (
            [actions("a", button("x", "p", "v")), actions("a", button("y", "q", "v"))],
            "blocks[1].block_id: the same block_id",
        ),
        ([section("x" * 2700)] * 5, "blocks: 13"),
    ],
)
def test_what_slack_would_refuse_is_refused_with_its_path(blocks: list[Block], path: str) -> None:
    with pytest.raises(Refused) as refusal:
        check_message(blocks)
    assert path in refusal.value.why


@pytest.mark.parametrize(
    ("view", "path"),
    [
        (modal(), "view.blocks: 0 items"),
        (modal(*[divider()] * 101), "view.blocks: 101 items"),
        (modal(divider(), title=text_of(25, "plain_text")), "view.title.text: 25"),
        (modal(divider(), submit=text_of(25, "plain_text")), "view.submit.text: 25"),
        (modal(divider(), private_metadata="x" * 3001), "view.private_metadata: 3001"),
        (modal(divider(), callback_id="x" * 256), "view.callback_id: 256"),
        (modal(select("s", "l", "p", [])), "view.blocks[0].element.options: 0 items"),
        (modal(select("s", "l", "p", [option("x", "v")] * 101)), "view.blocks[0].element.options: 101 items"),
        (modal(select("s", "l", "p", [option("x", "v" * 151)])), "view.blocks[0].element.options[0].value: 151"),
        (modal(select("s", "l", "p" * 151, [option("x", "v")])), "view.blocks[0].element.placeholder.text: 151"),
        (modal(text_input("t", "l" * 2001, "p", max_length=10)), "view.blocks[0].label.text: 2001"),
    ],
)
def test_a_modal_is_checked_the_same_way(view: Block, path: str) -> None:
    with pytest.raises(Refused) as refusal:
        check_view(view)
    assert path in refusal.value.why


def test_the_refusal_quotes_nothing_of_the_text() -> None:
    with pytest.raises(Refused) as refusal:
        check_message([{"type": "section", "text": {"type": "mrkdwn", "text": "kim@example.com" * 500}}])
    assert "kim" not in refusal.value.why


def test_nothing_is_sent_that_slack_would_refuse() -> None:
    too_long = [{"type": "header", "text": text_of(151, "plain_text")}]
    for send in (lambda: messenger.post("C0", "t", too_long), lambda: messenger.update("C0", "1", "t", too_long)):
        with pytest.raises(Refused, match="151"):
            send()


def test_our_table_says_what_slack_documents(shared_folder: Path) -> None:
    documented = json.loads((shared_folder / "contracts/slack/block-limits.json").read_text())

    def most(*path: str) -> int:
        found = documented
        for part in path:
            found = found[part]
        return int(found)

    ours = {
        ("section", "text", "max_length"): limits.TEXTS["section.text"],
        ("section", "fields", "max_items"): limits.COUNTS["section.fields"],
        ("section", "fields", "item_max_length"): limits.TEXTS["section.fields"],
        ("header", "text", "max_length"): limits.TEXTS["header.text"],
        ("context", "elements", "max_items"): limits.COUNTS["context.elements"],
        ("actions", "elements", "max_items"): limits.COUNTS["actions.elements"],
        ("button", "text", "max_length"): limits.TEXTS["button.text"],
        ("button", "value", "max_length"): limits.WORDS["button.value"],
        ("action_id", "max_length"): limits.WORDS["action_id"],
        ("block_id", "max_length"): limits.WORDS["block_id"],
        ("option", "text", "max_length"): limits.TEXTS["option.text"],
        ("option", "value", "max_length"): limits.WORDS["option.value"],
        ("option", "description", "max_length"): limits.TEXTS["option.description"],
        ("select", "placeholder", "max_length"): limits.TEXTS["static_select.placeholder"],
        ("select", "options", "max_items"): limits.COUNTS["static_select.options"],
        ("input", "label", "max_length"): limits.TEXTS["input.label"],
        ("view", "title", "max_length"): limits.TEXTS["modal.title"],
        ("view", "blocks", "max_items"): limits.COUNTS["modal.blocks"],
        ("view", "private_metadata", "max_length"): limits.WORDS["modal.private_metadata"],
        ("view", "callback_id", "max_length"): limits.WORDS["modal.callback_id"],
    }
    assert {path: most(*path) for path in ours} == ours
