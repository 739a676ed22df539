"""Our own check refuses what Slack would refuse, and says where it stands."""

import json
from pathlib import Path
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from bot import limits, messenger
from bot.blocks import (
    actions,
    button,
    context,
    divider,
    header,
    option,
    overflow,
    search_select,
    section,
    select,
    text_input,
)
from bot.fitting import fitting_message, fitting_text, fitting_view
from bot.limits import check_message, check_metadata, check_view
from kit.outside import Refused
from tests.conftest import LAW

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
        (
            [actions("a", button("x", "p", "v") | {"confirm": {"title": text_of(101)}})],
            "elements[0].confirm.title.text: 101",
        ),
        ([actions("a", overflow("m", *[option("x", "v")] * 6))], "blocks[0].elements[0].options: 6 items"),
        ([actions("a", overflow("m", option("x" * 75, "v") | {"text": text_of(76)}))], "options[0].text.text: 76"),
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
        (modal(text_input("t", "l", "p", max_length=3001)), "view.blocks[0].element.max_length: 3001"),
        (modal(search_select("s", "l", "p" * 151)), "view.blocks[0].element.placeholder.text: 151"),
        (modal(*[section("x" * 3000)] * 90), "view: 27"),
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


def test_what_slack_would_refuse_goes_out_as_its_text_with_its_buttons() -> None:
    too_long: Block = {"type": "header", "text": text_of(151, "plain_text")}
    buttons = actions("decide", button("Accept", "accept", "h1.v1"))
    with structlog.testing.capture_logs() as logged:
        assert fitting_message("Kim of Sample", [too_long, buttons, buttons]) == [section("Kim of Sample"), buttons]
    assert [(one["event"], one["log_level"]) for one in logged] == [("slack.message_reduced", "error")]
    assert "blocks[0].text.text: 151" in logged[0]["why"]


def test_what_slack_takes_goes_out_as_it_is() -> None:
    assert fitting_message("Kim", GOOD) == GOOD
    view = modal(divider(), section("x"))
    assert fitting_view(view) == view
    assert fitting_text("x" * limits.MESSAGE_TEXT) == "x" * limits.MESSAGE_TEXT


def test_a_message_of_which_nothing_can_be_shown_still_has_its_text() -> None:
    assert fitting_message("Kim", []) == [section("Kim")]
    assert fitting_message("", []) == []


@LAW
@given(text=st.text(max_size=9000))
def test_the_text_of_a_message_is_never_longer_than_slack_advises(text: str) -> None:
    assert len(fitting_text(text)) <= limits.MESSAGE_TEXT
    check_message(fitting_message(f"a{text}", [divider()] * 51))


def test_a_window_loses_only_the_blocks_that_slack_would_refuse() -> None:
    bad: Block = {"type": "section", "text": text_of(3001)}
    kept = select("s", "l", "p", [option("x", "v")])
    assert fitting_view(modal(bad, kept, kept))["blocks"] == [kept]
    assert len(fitting_view(modal(*[divider()] * 130))["blocks"]) == limits.VIEW_BLOCKS
    with pytest.raises(Refused, match=r"view\.title"):
        fitting_view(modal(divider(), title=text_of(25, "plain_text")))


def test_metadata_that_slack_would_refuse_is_refused() -> None:
    check_metadata(messenger.card_metadata(2**62, 2**31))
    with pytest.raises(Refused, match="metadata"):
        check_metadata({"event_type": "x", "event_payload": {"x": "y" * limits.METADATA_SIZE}})


def test_our_table_says_what_slack_documents(shared_folder: Path) -> None:
    documented = json.loads((shared_folder / "contracts/slack/block-limits.json").read_text())

    def most(*path: str) -> int:
        found = documented
        for part in path:
            found = found[part]
        return int(found)

    texts = """section.text header.text button.text option.text option.description option_group.label confirmation.title
        confirmation.text confirmation.confirm confirmation.deny input.label input.hint select.placeholder"""
    words = (
        """button.value button.url button.accessibility_label option.value option.url image.image_url image.alt_text"""
    )
    counts = """context.elements actions.elements select.options select.option_groups option_group.options
        overflow.options checkboxes.options radio_buttons.options"""
    ours: dict[tuple[str, ...], int] = {
        **{(*name.split("."), "max_length"): limits.TEXTS[name] for name in texts.split()},
        **{(*name.split("."), "max_length"): limits.WORDS[name] for name in words.split()},
        **{(*name.split("."), "max_items"): limits.COUNTS[name] for name in counts.split()},
        **{("view", part, "max_length"): limits.TEXTS[f"modal.{part}"] for part in ("title", "submit", "close")},
        ("view", "private_metadata", "max_length"): limits.WORDS["modal.private_metadata"],
        ("view", "callback_id", "max_length"): limits.WORDS["modal.callback_id"],
        ("view", "blocks", "max_items"): limits.COUNTS["modal.blocks"],
        ("action_id", "max_length"): limits.WORDS["action_id"],
        ("block_id", "max_length"): limits.WORDS["block_id"],
        ("section", "fields", "max_items"): limits.COUNTS["section.fields"],
        ("section", "fields", "item_max_length"): limits.TEXTS["section.fields"],
        ("plain_text_input", "max_length", "max"): limits.INPUT_LENGTH,
    }
    assert {path: most(*path) for path in ours} == ours
