"""What stands where in Slack's payloads. They come from outside: what is missing or odd reads as nothing, or raises BadRef."""

from collections.abc import Mapping
from typing import Any

from bot.ids import BadRef, HandoffRef

Payload = Mapping[str, Any]

_ANSWERS = ("value", "selected_date_time", "selected_date", "selected_time", "selected_user")


def user_of(body: Payload) -> str:
    return str(body["user"]["id"])


def channel_of(body: Payload) -> str | None:
    """None: it was pressed in a Home or in a window."""
    channel = (body.get("channel") or {}).get("id")
    return None if channel is None else str(channel)


def ref_of(view: Payload) -> HandoffRef:
    """The handoff that a window is about; raises BadRef."""
    return HandoffRef.unpack(str(view.get("private_metadata", "")))


def ref_or_none(view: Payload) -> HandoffRef | None:
    try:
        return ref_of(view)
    except BadRef:
        return None


def value_of(element: Payload) -> str:
    """What was chosen or typed. Of several that were chosen: their values, with commas between."""
    several = element.get("selected_options")
    if several:
        return ",".join(str(one.get("value", "")) for one in several)
    chosen = element.get("selected_option") or {}
    answers = (chosen.get("value"), *(element.get(name) for name in _ANSWERS))
    return str(next((one for one in answers if one), ""))


def values_of(view: Payload) -> dict[str, str]:
    """Input block -> what stands in it."""
    return {block: value_of(next(iter(inputs.values()))) for block, inputs in view["state"]["values"].items()}


def shown_in(view: Payload) -> dict[str, str]:
    """Input block -> what stood in it when the window opened."""
    inputs = {block["block_id"]: block["element"] for block in view.get("blocks") or () if block.get("type") == "input"}
    return {
        name: str((one.get("initial_option") or {}).get("value") or one.get("initial_value") or "")
        for name, one in inputs.items()
    }


def fields_of(view: Payload) -> frozenset[str]:
    """The input blocks that stand in a window."""
    return frozenset(str(block["block_id"]) for block in view["blocks"] if block["type"] == "input")
