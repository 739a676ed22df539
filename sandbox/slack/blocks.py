"""Blocks and views as a whole: what is checked before Slack takes them, and the ids that it gives."""

import json
import secrets
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any, TypeAlias

from sandbox.slack import elements, limits
from sandbox.slack.elements import plain, plain_or_mrkdwn
from sandbox.slack.refusals import SlackRefusal
from sandbox.slack.shapes import JSON, Checker, Shape, Where, anything, by_type, flag, many, number, string, word


def section_says_something(block: JSON, where: Where) -> None:
    if "text" not in block and "fields" not in block:
        where.refuse("needs text or fields")


ANY_BLOCK: dict[str, Checker] = {"type": anything, "block_id": string(limits.BLOCK_ID)}
RICH_TEXT = Shape({"elements": many(anything, 100)}, ANY_BLOCK)
CELL = by_type(
    {
        "raw_text": Shape({"text": string(limits.TABLE_CHARACTERS)}, {"type": anything}),
        "raw_number": Shape({"value": number, "text": string(limits.TABLE_CHARACTERS)}, {"type": anything}),
        "rich_text": RICH_TEXT,
    }
)
COLUMN = Shape({}, {"align": word("left", "center", "right"), "is_wrapped": flag})
BLOCKS: dict[str, Checker] = {
    "divider": Shape({}, ANY_BLOCK),
    "header": Shape({"text": plain(limits.HEADER_TEXT)}, ANY_BLOCK),
    "section": Shape(
        {},
        {
            **ANY_BLOCK,
            "text": plain_or_mrkdwn(limits.TEXT),
            "fields": many(plain_or_mrkdwn(limits.SECTION_FIELD), limits.SECTION_FIELDS),
            "accessory": by_type(elements.IN_SECTION),
            "expand": flag,
        },
        section_says_something,
    ),
    "context": Shape({"elements": many(by_type(elements.IN_CONTEXT), limits.CONTEXT_ELEMENTS)}, ANY_BLOCK),
    "actions": Shape({"elements": many(by_type(elements.IN_ACTIONS), limits.ACTIONS_ELEMENTS)}, ANY_BLOCK),
    "input": Shape(
        {"label": plain(limits.INPUT_LABEL), "element": by_type(elements.IN_INPUT)},
        {**ANY_BLOCK, "hint": plain(limits.INPUT_HINT), "optional": flag, "dispatch_action": flag},
    ),
    "image": Shape(
        {"alt_text": string(limits.ALT_TEXT)},
        {
            **ANY_BLOCK,
            "image_url": string(limits.IMAGE_URL, pattern=elements.WEB_ADDRESS),
            "slack_file": elements.SLACK_FILE,
            "title": plain(limits.ALT_TEXT),
        },
        elements.image_has_a_source,
    ),
    "rich_text": RICH_TEXT,
}
IN_MESSAGE: dict[str, Checker] = {
    **BLOCKS,
    "table": Shape(
        {"rows": many(many(CELL, limits.TABLE_COLUMNS), limits.TABLE_ROWS)},
        {**ANY_BLOCK, "column_settings": many(COLUMN, limits.TABLE_COLUMNS)},
    ),
}


def tables_fit(blocks: list[JSON], where: Where) -> None:
    """One table per message, and what all of its cells say is limited together."""
    tables = [block for block in blocks if block["type"] == "table"]
    if len(tables) > limits.TABLES:
        where.refuse("only_one_table_allowed")
    cells = [cell for table in tables for row in table["rows"] for cell in row]
    if sum(len(cell_text(cell)) for cell in cells) > limits.TABLE_CHARACTERS:
        where.refuse(f"no more than {limits.TABLE_CHARACTERS} characters in the cells of all tables")


def cell_text(cell: JSON) -> str:
    if cell["type"] == "rich_text":
        return json.dumps(cell["elements"], ensure_ascii=False)
    return str(cell["text"])


CanBeShown: TypeAlias = Callable[[JSON], bool]
"""Whether a block may show the file that a `slack_file` names."""


def submit_is_there_for_inputs(view: JSON, where: Where) -> None:
    if "submit" not in view and any(block["type"] == "input" for block in view["blocks"]):
        where.refuse("missing required field: submit")


VIEW_BLOCKS = many(by_type(BLOCKS), limits.BLOCKS_IN_VIEW)
ANY_VIEW: dict[str, Checker] = {
    "type": anything,
    "private_metadata": string(limits.PRIVATE_METADATA, 0),
    "callback_id": string(limits.CALLBACK_ID, 0),
    "external_id": string(limits.EXTERNAL_ID, 0),
}
VIEWS: dict[str, Checker] = {
    "home": Shape({"blocks": VIEW_BLOCKS}, ANY_VIEW),
    "modal": Shape(
        {"blocks": VIEW_BLOCKS, "title": plain(limits.VIEW_TITLE)},
        {
            **ANY_VIEW,
            "submit": plain(limits.VIEW_BUTTON),
            "close": plain(limits.VIEW_BUTTON),
            "clear_on_close": flag,
            "notify_on_close": flag,
            "submit_disabled": flag,
        },
        submit_is_there_for_inputs,
    ),
}


def elements_of(block: JSON) -> list[JSON]:
    """What one can press or fill in, in `block`."""
    if block["type"] == "input":
        return [block["element"]]
    if block["type"] == "actions":
        return list(block["elements"])
    accessory = block.get("accessory") if block["type"] == "section" else None
    return [accessory] if accessory and accessory["type"] != "image" else []


def all_elements(blocks: list[JSON]) -> Iterator[tuple[JSON, JSON]]:
    """Every (block, element) that one can press or fill in."""
    return ((block, element) for block in blocks for element in elements_of(block))


def checked_blocks(given: Any, can_be_shown: CanBeShown) -> list[JSON]:
    """The blocks of a message, with ids where none were given. Raises SlackRefusal with every problem found."""
    if not isinstance(given, list):
        raise SlackRefusal("invalid_blocks_format")
    where = Where("/blocks")
    many(by_type(IN_MESSAGE), limits.BLOCKS_IN_MESSAGE, 0)(given, where)
    if not where.problems:
        tables_fit(given, where)
    refuse_if("invalid_blocks", where, given, can_be_shown)
    if len(json.dumps(given, ensure_ascii=False, separators=(",", ":"))) > limits.BLOCKS_TOTAL:
        raise SlackRefusal("msg_blocks_too_long")
    return with_ids(given)


def checked_view(given: Any, kind: str, can_be_shown: CanBeShown) -> JSON:
    """A view of `kind` (modal, home), with ids where none were given. Raises SlackRefusal."""
    where = Where("/view")
    by_type({kind: VIEWS[kind]})(given, where)
    refuse_if("invalid_arguments", where, given.get("blocks") if isinstance(given, dict) else None, can_be_shown)
    if len(json.dumps(given, ensure_ascii=False).encode()) > limits.VIEW_BYTES:
        raise SlackRefusal("view_too_large")
    return {**deepcopy(given), "blocks": with_ids(given["blocks"])}


def refuse_if(code: str, where: Where, blocks: Any, can_be_shown: CanBeShown) -> None:
    if not where.problems:
        repeated_ids(blocks, where)
        hidden_files(blocks, where, can_be_shown)
    if where.problems:
        raise SlackRefusal(code, where.problems)


def hidden_files(blocks: list[JSON], where: Where, can_be_shown: CanBeShown) -> None:
    """Files that Slack does not know, that are no pictures, or that it is still looking at."""
    for at, block in enumerate(blocks):
        for image in (block, block.get("accessory") or {}, *block.get("elements", [])):
            if isinstance(image, dict) and "slack_file" in image and not can_be_shown(image["slack_file"]):
                where.at(at).at("slack_file").refuse("invalid slack file")


def repeated_ids(blocks: list[JSON], where: Where) -> None:
    """A block has its own id in the message or view, an action within its block."""
    repeated(blocks, "block_id", where)
    for block in blocks:
        repeated(elements_of(block), "action_id", where)


def repeated(named: list[JSON], kind: str, where: Where) -> None:
    names = [one[kind] for one in named if one.get(kind) is not None]
    for name in {name for name in names if names.count(name) > 1}:
        where.refuse(f"{kind} must be unique: {name}")


def with_ids(blocks: list[JSON]) -> list[JSON]:
    blocks = deepcopy(blocks)
    for block in blocks:
        block.setdefault("block_id", secrets.token_urlsafe(4))
    for _, element in all_elements(blocks):
        element.setdefault("action_id", secrets.token_urlsafe(4))
    return blocks
