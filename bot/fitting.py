"""The last look at what goes to Slack. A lead is not lost for a long name: what Slack would refuse goes out in a reduced form."""

from collections.abc import Mapping, Sequence
from typing import Any

import structlog

from bot.blocks import Block, section
from bot.limits import MESSAGE_TEXT, check_message, check_view
from kit.outside import Refused

log = structlog.get_logger()


def fitting_text(text: str) -> str:
    """The text that notifications show, as long as Slack advises."""
    return text if len(text) <= MESSAGE_TEXT else text[: MESSAGE_TEXT - 1] + "…"


def fitting_message(text: str, blocks: Sequence[Block]) -> list[Block]:
    """The blocks as they are, if Slack takes them. Else the text with the buttons below it, and the log says what was wrong:
    a builder did not keep to its limits.
    """
    try:
        check_message(blocks)
    except Refused as no:
        log.error("slack.message_reduced", why=no.why)  # noqa: TRY400  (a traceback shows the texts of people)
        return _reduced(text, blocks)
    return list(blocks)


def _reduced(text: str, blocks: Sequence[Block]) -> list[Block]:
    said: list[Block] = [section(text)] if text.strip() else []
    kept = list(said)
    for block in blocks:
        if block.get("type") == "actions" and _takes([*kept, block]):
            kept.append(block)
    return kept


def _takes(blocks: Sequence[Block]) -> bool:
    try:
        check_message(blocks)
    except Refused:
        return False
    return True


def fitting_view(view: Mapping[str, Any]) -> dict[str, Any]:
    """The view as it is, if Slack takes it; else without the blocks that it would not take. Raises Refused if it is more
    than those: then there is no window that could be opened.
    """
    try:
        check_view(view)
    except Refused as no:
        log.error("slack.view_reduced", why=no.why)  # noqa: TRY400  (a traceback shows the texts of people)
        return _reduced_view(view)
    return dict(view)


def _reduced_view(view: Mapping[str, Any]) -> dict[str, Any]:
    kept: list[Block] = []
    for block in view["blocks"]:
        try:
            check_view({**view, "blocks": [*kept, block]})
        except Refused:
            continue
        kept.append(block)
    reduced = {**view, "blocks": kept}
    check_view(reduced)
    return reduced
