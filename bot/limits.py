"""The limits of Slack that we come near, and one check before anything is sent: what Slack would refuse is refused here, with its path."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from kit.outside import Refused

MESSAGE_BLOCKS, VIEW_BLOCKS = 50, 100
MESSAGE_SIZE = 13_200
"""Characters of a message's blocks in all, as JSON. Slack does not write it down; beyond it comes `msg_blocks_too_long`."""
VIEW_SIZE = 250_000
"""Bytes of a whole view, as JSON."""
MESSAGE_TEXT = 4_000
"""Characters of the text beside the blocks, which notifications show. Slack cuts it at 40,000, and advises this."""
METADATA_SIZE = 8_000
"""Bytes of a message's metadata, as JSON."""

TEXTS: Mapping[str, int] = {
    "section.text": 3000,
    "section.fields": 2000,
    "header.text": 150,
    "context.elements": 3000,
    "button.text": 75,
    "option.text": 75,
    "option.description": 75,
    "option_group.label": 75,
    "confirmation.title": 100,
    "confirmation.text": 300,
    "confirmation.confirm": 30,
    "confirmation.deny": 30,
    "input.label": 2000,
    "input.hint": 2000,
    "select.placeholder": 150,
    "plain_text_input.placeholder": 150,
    "modal.title": 24,
    "modal.submit": 24,
    "modal.close": 24,
}
"""Characters of a text object, by what it stands in."""
WORDS: Mapping[str, int] = {
    "block_id": 255,
    "action_id": 255,
    "button.value": 2000,
    "button.url": 3000,
    "button.accessibility_label": 75,
    "option.value": 150,
    "option.url": 3000,
    "image.image_url": 3000,
    "image.alt_text": 2000,
    "plain_text_input.initial_value": 3000,
    "modal.private_metadata": 3000,
    "modal.callback_id": 255,
}
"""Characters of a plain string."""
COUNTS: Mapping[str, int] = {
    "section.fields": 10,
    "context.elements": 10,
    "actions.elements": 25,
    "select.options": 100,
    "select.option_groups": 100,
    "option_group.options": 100,
    "overflow.options": 5,
    "checkboxes.options": 10,
    "radio_buttons.options": 10,
    "modal.blocks": VIEW_BLOCKS,
    "home.blocks": VIEW_BLOCKS,
}
"""Items of a list; none of them may be empty."""
INPUT_LENGTH = 3000
"""What `max_length` of a text input may say."""

_UNTYPED: Mapping[str, str] = {
    "options": "option",
    "initial_option": "option",
    "initial_options": "option",
    "option_groups": "option_group",
    "confirm": "confirmation",
}
"""What the objects are that do not say their type, by where they stand."""


class Part(NamedTuple):
    """One value somewhere in the blocks: where it stands, what it stands in (`section`), under which key."""

    path: str
    owner: str
    key: str
    value: Any


def check_message(blocks: Sequence[Mapping[str, Any]]) -> None:
    """Raises Refused with the path of what Slack would not take. Its sentence quotes nothing of the text."""
    _count("blocks", len(blocks), MESSAGE_BLOCKS)
    _check("blocks", blocks)
    _size("blocks", len(_json(blocks)), MESSAGE_SIZE)


def check_view(view: Mapping[str, Any]) -> None:
    """The same for a modal, or for a Home."""
    _check("view", view)
    _size("view", len(_json(view).encode()), VIEW_SIZE)


def check_metadata(metadata: Mapping[str, Any]) -> None:
    _size("metadata", len(_json(metadata).encode()), METADATA_SIZE)


def _json(given: object) -> str:
    return json.dumps(given, ensure_ascii=False, separators=(",", ":"))


def _check(path: str, given: object) -> None:
    seen: set[tuple[str, str]] = set()
    for part in _parts(path, given, "", ""):
        _check_size(part)
        if part.key in {"block_id", "action_id"}:
            # An action has to be one of its kind within its block only: the rows of a list may have the same button.
            within = part.path.partition("]")[0] if part.key == "action_id" else ""
            if (within, part.value) in seen:
                raise Refused(f"{part.path}: the same {part.key} stands there twice")
            seen.add((within, part.value))


def _check_size(part: Part) -> None:
    name = f"{part.owner}.{part.key}"
    if isinstance(part.value, Mapping) and "text" in part.value and name in TEXTS:
        _length(f"{part.path}.text", part.value["text"], TEXTS[name])
    elif isinstance(part.value, str) and (most := WORDS.get(name, WORDS.get(part.key))) is not None:
        _length(part.path, part.value, most, at_least=0 if part.key == "private_metadata" else 1)
    elif isinstance(part.value, Sequence) and not isinstance(part.value, str) and name in COUNTS:
        _count(part.path, len(part.value), COUNTS[name])
    elif name == "plain_text_input.max_length":
        _size(part.path, part.value, INPUT_LENGTH)


def _parts(path: str, value: object, owner: str, key: str) -> Iterator[Part]:
    """`value` and all that is in it. What stands in a list belongs to the list's owner and key."""
    yield Part(path, owner, key, value)
    if isinstance(value, Mapping):
        inner = str(value.get("type") or _UNTYPED.get(key, key))
        inner = "select" if inner.endswith("_select") else inner
        for name, inside in value.items():
            yield from _parts(f"{path}.{name}", inside, inner, str(name))
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for index, inside in enumerate(value):
            yield from _parts(f"{path}[{index}]", inside, owner, key)


def _length(path: str, text: str, most: int, *, at_least: int = 1) -> None:
    if not at_least <= len(text) <= most:
        raise Refused(f"{path}: {len(text)} characters, allowed are {at_least} to {most}")


def _count(path: str, count: int, most: int) -> None:
    if not 1 <= count <= most:
        raise Refused(f"{path}: {count} items, allowed are 1 to {most}")


def _size(path: str, size: int, most: int) -> None:
    if size > most:
        raise Refused(f"{path}: {size} in all, at most {most}")
