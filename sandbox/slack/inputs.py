"""What people choose and write: reading it against what is on offer, and what Slack's client checks before sending."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from sandbox.slack.blocks import all_elements
from sandbox.slack.elements import DATE, TIME, options_of
from sandbox.slack.refusals import PageRefusal
from sandbox.slack.shapes import JSON

# Element type -> the field that holds what was chosen; "initial_..." is what the app set at first.
HOLDS: Mapping[str, str] = {
    "plain_text_input": "value",
    "email_text_input": "value",
    "url_text_input": "value",
    "number_input": "value",
    "static_select": "selected_option",
    "radio_buttons": "selected_option",
    "overflow": "selected_option",
    "external_select": "selected_option",
    "multi_external_select": "selected_options",
    "multi_static_select": "selected_options",
    "checkboxes": "selected_options",
    "users_select": "selected_user",
    "multi_users_select": "selected_users",
    "datepicker": "selected_date",
    "timepicker": "selected_time",
    "datetimepicker": "selected_date_time",
}
REQUIRED = "Please complete this required field."


def initial(element: JSON) -> Any:
    holds = HOLDS[element["type"]]
    empty: list[Any] | None = [] if holds in {"selected_options", "selected_users"} else None
    return element.get("initial_" + holds.removeprefix("selected_"), empty)


def read(element: JSON, given: JSON, people: Mapping[str, Any]) -> JSON:
    """What somebody chose in `element`, with the option objects that the element itself offers."""
    holds = HOLDS[element["type"]]
    chosen = given.get(holds)
    if holds == "selected_option" and chosen is not None:
        chosen = offered(element, chosen)
    elif holds == "selected_options":
        chosen = [offered(element, one) for one in chosen or []]
    elif holds in {"selected_user", "selected_users"} and chosen is not None:
        strangers = [user for user in (chosen if isinstance(chosen, list) else [chosen]) if user not in people]
        if strangers:
            raise PageRefusal(409, "There is no such person to choose.")
    elif holds == "value":
        chosen = None if chosen in (None, "") else str(chosen)
    return {"type": element["type"], holds: chosen}


def offered(element: JSON, chosen: Any) -> JSON:
    value = chosen.get("value") if isinstance(chosen, dict) else None
    for one in options_of(element):
        if one["value"] == value:
            return one
    raise PageRefusal(409, "That option is not on offer.")


def state(blocks: list[JSON], values: JSON, people: Mapping[str, Any], *, forget_stale: bool = False) -> JSON:
    """`state.values`: every element that holds something, with what was given for it or what was set at first.

    Values of fields that a redraw took away are dropped, as Slack's client forgets them; with `forget_stale` so are
    choices that are no longer on offer.
    """
    result: JSON = {}
    for block, element in all_elements(blocks):
        if element["type"] in HOLDS and element["type"] != "overflow":
            block_id, action_id = block["block_id"], element["action_id"]
            at_first = {HOLDS[element["type"]]: initial(element)}
            given = values.get(block_id, {}).get(action_id, at_first)
            fields = result.setdefault(block_id, {})
            try:
                fields[action_id] = read(element, given, people)
            except PageRefusal:
                if not forget_stale:
                    raise
                fields[action_id] = read(element, at_first, people)
    return result


def complaints(blocks: list[JSON], values: JSON) -> dict[str, str]:
    """Per block what Slack's client says under the field, before anything is sent."""
    found = {}
    for block in blocks:
        if block["type"] == "input":
            element = block["element"]
            chosen = values[block["block_id"]][element["action_id"]][HOLDS[element["type"]]]
            if chosen in (None, []):
                complaint = None if block.get("optional") else REQUIRED
            else:
                complaint = FIELD_CHECKS.get(element["type"], nothing)(element, chosen)
            if complaint:
                found[block["block_id"]] = complaint
    return found


def nothing(_element: JSON, _chosen: Any) -> str | None:
    return None


def length(element: JSON, text: str) -> str | None:
    least, most = element.get("min_length", 0), element.get("max_length", 3000)
    if len(text) < least:
        return f"This field must be at least {least} characters."
    return f"This field must be no more than {most} characters." if len(text) > most else None


def number(element: JSON, text: str) -> str | None:
    pattern = r"-?\d+(\.\d+)?" if element["is_decimal_allowed"] else r"-?\d+"
    if not re.fullmatch(pattern, text):
        return "Please enter a number."
    if "min_value" in element and float(text) < float(element["min_value"]):
        return f"This must be at least {element['min_value']}."
    if "max_value" in element and float(text) > float(element["max_value"]):
        return f"This must be no more than {element['max_value']}."
    return None


def matches(pattern: str, complaint: str) -> Callable[[JSON, Any], str | None]:
    return lambda _element, text: None if re.fullmatch(pattern, str(text)) else complaint


def count(element: JSON, chosen: list[Any]) -> str | None:
    most = element.get("max_selected_items", 100)
    return f"Please choose no more than {most}." if len(chosen) > most else None


FIELD_CHECKS: Mapping[str, Callable[[JSON, Any], str | None]] = {
    "plain_text_input": length,
    "number_input": number,
    "email_text_input": matches(r"[^@\s]+@[^@\s]+\.[^@\s]+", "Please enter a valid email address."),
    "url_text_input": matches(r"https?://\S+", "Please enter a valid URL."),
    "datepicker": matches(DATE, "Please choose a date."),
    "timepicker": matches(TIME, "Please choose a time."),
    "datetimepicker": matches(r"\d{10}", "Please choose a date and a time."),
    "multi_static_select": count,
    "multi_external_select": count,
    "multi_users_select": count,
}
