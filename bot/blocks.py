"""Block Kit in small: builders that escape and cut, so that no caller can forget to."""

import json
import re
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

Block = dict[str, Any]

SECTION_TEXT = 3000
HEADER_TEXT = 150
BUTTON_TEXT = 75
OPTION_TEXT = 75
CONTEXT_TEXT = 2000
HINT_TEXT = 200

_CONTROL = re.compile(
    r"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
_MARKS = str.maketrans({"*": "∗", "~": "∼", "`": "ʼ"})
# An underscore inside a word formats nothing, and an e-mail address with one must stay one that can be copied.
_LOOSE_UNDERSCORE = re.compile(r"(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")
# What follows the text may begin with a colon: an open end counts as one.
_EMOJI = re.compile(r":(?=[a-z0-9_+'-]+(?::|$))")


def plain(value: object, limit: int = 200) -> str:
    """Text of others on one line, without control characters or direction overrides, at most `limit` characters."""
    line = " ".join(_CONTROL.sub("", str(value)).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def escape(value: object, limit: int = 200) -> str:
    """Text of others for mrkdwn, at most `limit` characters: it can make no link, no ping and no formatting.

    Slack knows three escapes, `&amp; &lt; &gt;`; the marks of bold, italic, strike and code have none, so they are
    replaced by characters that look like them. A `:` becomes no emoji, since it is followed by an invisible joiner.
    The limit counts what the escapes add, so that a hostile text cannot blow up a message.
    """
    text = _EMOJI.sub(":\u2060", _LOOSE_UNDERSCORE.sub("＿", plain(value, limit).translate(_MARKS)))
    return _cut_escapes(text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"), limit)


def with_code(value: object, limit: int = 200) -> str:
    """As `escape`, but what stands between two backticks is code: in sentences of ours that say what to type."""
    return re.sub("ʼ([^ʼ]+)ʼ", r"`\1`", escape(value, limit))


def _cut_escapes(escaped: str, limit: int) -> str:
    """Cut so that no escape is torn."""
    if len(escaped) <= limit:
        return escaped
    return re.sub(r"&[a-z]*$", "", escaped[: limit - 1]) + "…"


def cut(text: str, limit: int) -> str:
    """Our own finished mrkdwn, cut at a line end so that no escape or link is torn."""
    if len(text) <= limit:
        return text
    kept = text[: limit - 2]
    return kept[: kept.rfind("\n")] + "\n…" if "\n" in kept else re.sub(r"(&[a-z]*|<[^>]*)$", "", kept) + "…"


def fingerprint(blocks: Sequence[Block]) -> str:
    """What tells whether the same blocks stand somewhere already."""
    return sha256(json.dumps(blocks, sort_keys=True).encode()).hexdigest()


def header(text: str) -> Block:
    return {"type": "header", "text": {"type": "plain_text", "text": plain(text, HEADER_TEXT), "emoji": False}}


def _mrkdwn(text: str, limit: int) -> Block:
    """`verbatim`: Slack makes links of what we say is a link, not of every address that somebody typed into a form."""
    return {"type": "mrkdwn", "text": cut(text, limit), "verbatim": True}


def section(mrkdwn: str) -> Block:
    return {"type": "section", "text": _mrkdwn(mrkdwn, SECTION_TEXT)}


def context(mrkdwn: str) -> Block:
    return {"type": "context", "elements": [_mrkdwn(mrkdwn, CONTEXT_TEXT)]}


def divider() -> Block:
    return {"type": "divider"}


def button(text: str, action_id: str, value: str, *, style: str | None = None) -> Block:
    made: Block = {
        "type": "button",
        "text": {"type": "plain_text", "text": plain(text, BUTTON_TEXT), "emoji": True},
        "action_id": action_id,
        "value": value,
    }
    return made | ({"style": style} if style else {})


def overflow(action_id: str, *options: Block) -> Block:
    """The menu behind three dots: one to five options, each of which acts when it is chosen."""
    return {"type": "overflow", "action_id": action_id, "options": list(options)}


def actions(block_id: str, *elements: Block) -> Block:
    return {"type": "actions", "block_id": block_id, "elements": list(elements)}


def option(text: str, value: str, description: str | None = None) -> Block:
    """An option of a select. A text of which nothing can be shown still leaves something to choose."""
    made: Block = {"text": {"type": "plain_text", "text": plain(text, OPTION_TEXT) or "…"}, "value": value}
    more = plain(description, OPTION_TEXT) if description else ""
    return made | ({"description": {"type": "plain_text", "text": more}} if more else {})


def select(block_id: str, label: str, placeholder: str, options: list[Block]) -> Block:
    """An input block with a select in it. Slack does not send it empty, and says so under the field."""
    return {
        "type": "input",
        "block_id": block_id,
        "label": {"type": "plain_text", "text": label},
        "element": {
            "type": "static_select",
            "action_id": block_id,
            "placeholder": {"type": "plain_text", "text": placeholder},
            "options": options,
        },
    }


def search_select(block_id: str, label: str, placeholder: str) -> Block:
    """An input block with a select whose options are asked of us while somebody types (`on_suggest`): for lists that may
    be longer than the hundred options Slack takes.
    """
    return {
        "type": "input",
        "block_id": block_id,
        "label": {"type": "plain_text", "text": label},
        "element": {
            "type": "external_select",
            "action_id": block_id,
            "placeholder": {"type": "plain_text", "text": placeholder},
            "min_query_length": 0,
        },
    }


def dispatched(block: Block) -> Block:
    """The input tells us what is chosen in it at once, not only when the modal is sent."""
    return {**block, "dispatch_action": True}


def optional(block: Block) -> Block:
    return {**block, "optional": True}


def moment_input(block_id: str, label: str) -> Block:
    """An input block for a day and a time of it, in the reader's own time zone."""
    return {
        "type": "input",
        "block_id": block_id,
        "label": {"type": "plain_text", "text": label},
        "element": {"type": "datetimepicker", "action_id": block_id},
    }


def line_input(block_id: str, label: str, value: str, hint: str, *, max_length: int) -> Block:
    """An input block for one line that may be left empty, with what is known by now in it."""
    text = plain(value, max_length)
    return {
        "type": "input",
        "block_id": block_id,
        "optional": True,
        "label": {"type": "plain_text", "text": label},
        "element": {
            "type": "plain_text_input",
            "action_id": block_id,
            "max_length": max_length,
            **({"initial_value": text} if text else {}),
        },
        **_hint(hint),
    }


def _hint(text: str) -> Block:
    return {"hint": {"type": "plain_text", "text": plain(text, HINT_TEXT), "emoji": False}} if plain(text) else {}


def chosen(block: Block, value: str, hint: str) -> Block:
    """A select with the option of this value chosen at first."""
    first = next(one for one in block["element"]["options"] if one["value"] == value)
    return {**block, "element": {**block["element"], "initial_option": first}, **_hint(hint)}


def text_input(block_id: str, label: str, placeholder: str, *, max_length: int) -> Block:
    return {
        "type": "input",
        "block_id": block_id,
        "optional": True,
        "label": {"type": "plain_text", "text": label},
        "element": {
            "type": "plain_text_input",
            "action_id": block_id,
            "multiline": True,
            "max_length": max_length,
            "placeholder": {"type": "plain_text", "text": placeholder},
        },
    }


def moment(at: datetime, style: str = "{time}") -> str:
    """A time that Slack shows in the reader's own time zone."""
    return f"<!date^{int(at.timestamp())}^{style}|{at:%Y-%m-%d %H:%M} UTC>"


def mention(slack_user_id: str | None, name: str) -> str:
    return f"<@{slack_user_id}>" if slack_user_id else escape(name)
