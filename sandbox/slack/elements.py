"""What goes into blocks: texts, confirm dialogs, options, and everything one can press or fill in."""

from collections.abc import Mapping
from itertools import chain

from sandbox.slack import limits
from sandbox.slack.shapes import JSON, Checker, Shape, Where, anything, by_type, flag, integer, many, string, word

DATE = r"\d{4}-\d{2}-\d{2}"
TIME = r"([01]\d|2[0-3]):[0-5]\d"
USER_ID = r"[UW][A-Z0-9]{4,}"
WEB_ADDRESS = r"(?s)(https?|mailto):.+"


def plain(most: int) -> Checker:
    return Shape({"type": word("plain_text"), "text": string(most)}, {"emoji": flag})


def plain_or_mrkdwn(most: int) -> Checker:
    mrkdwn = Shape({"type": anything, "text": string(most)}, {"verbatim": flag})
    return by_type({"plain_text": plain(most), "mrkdwn": mrkdwn})


CONFIRM = Shape(
    {
        "title": plain(limits.CONFIRM_TITLE),
        "text": plain_or_mrkdwn(limits.CONFIRM_TEXT),
        "confirm": plain(limits.CONFIRM_BUTTON),
        "deny": plain(limits.CONFIRM_BUTTON),
    },
    {"style": word("primary", "danger")},
)


def option(text: Checker, **more: Checker) -> Shape:
    needs = {"text": text, "value": string(limits.OPTION_VALUE)}
    return Shape(needs, {"description": plain_or_mrkdwn(limits.OPTION_DESCRIPTION), **more})


PLAIN_OPTION = option(plain(limits.OPTION_TEXT))
RICH_OPTION = option(plain_or_mrkdwn(limits.OPTION_TEXT))  # checkboxes and radio buttons may hold mrkdwn
OVERFLOW_OPTION = option(plain(limits.OPTION_TEXT), url=string(limits.URL, pattern=WEB_ADDRESS))
OPTION_GROUP = Shape({"label": plain(limits.GROUP_LABEL), "options": many(PLAIN_OPTION, limits.SELECT_OPTIONS)})


def options_of(element: JSON) -> list[JSON]:
    """All options that `element` offers, whether in groups or not; of an external select, what it was given so far."""
    grouped = chain.from_iterable(group["options"] for group in element.get("option_groups", []))
    return [*element.get("options", []), *grouped]


def choices_are_sound(element: JSON, where: Where) -> None:
    """Options or groups but not both, no value twice, and what is chosen at first is on offer."""
    if element["type"] in {"static_select", "multi_static_select"} and ("options" in element) == (
        "option_groups" in element
    ):
        where.refuse("needs either options or option_groups")
    offered = options_of(element)
    if len({one["value"] for one in offered}) < len(offered):
        where.refuse("option values must be unique")
    chosen = [
        *element.get("initial_options", []),
        *([element["initial_option"]] if "initial_option" in element else []),
    ]
    if any(one not in offered for one in chosen):
        where.refuse("what is chosen at first must be one of the options")


def lengths_are_sound(element: JSON, where: Where) -> None:
    least, most = element.get("min_length", 0), element.get("max_length", limits.PLAIN_TEXT_INPUT)
    if least > most:
        where.refuse("min_length must not be above max_length")
    if "initial_value" in element and not least <= len(element["initial_value"]) <= most:
        where.refuse("initial_value must be within min_length and max_length")


# An address works at Slack as well; we take the id, which cannot be mistaken for a public picture.
SLACK_FILE = Shape({"id": string(20, pattern=r"F[A-Z0-9]{8,}")})


def image_has_a_source(image: JSON, where: Where) -> None:
    if ("image_url" in image) == ("slack_file" in image):
        where.refuse("needs either image_url or slack_file")


ACTS: dict[str, Checker] = {"type": anything, "action_id": string(limits.ACTION_ID)}
ASKS: dict[str, Checker] = {**ACTS, "confirm": CONFIRM, "focus_on_load": flag}
PICKS: dict[str, Checker] = {**ASKS, "placeholder": plain(limits.PLACEHOLDER)}
DISPATCH = Shape({"trigger_actions_on": many(word("on_enter_pressed", "on_character_entered"), 2)})
WRITES: dict[str, Checker] = {
    **ACTS,
    "placeholder": plain(limits.PLACEHOLDER),
    "focus_on_load": flag,
    "dispatch_action_config": DISPATCH,
}
SELECT_FROM: dict[str, Checker] = {
    **PICKS,
    "options": many(PLAIN_OPTION, limits.SELECT_OPTIONS),
    "option_groups": many(OPTION_GROUP, limits.OPTION_GROUPS),
}
SELECTED = integer(1, limits.SELECT_OPTIONS)
QUERY = integer(0, 100)
FOUND = {
    "options": many(PLAIN_OPTION, limits.SELECT_OPTIONS, 0),
    "option_groups": many(OPTION_GROUP, limits.OPTION_GROUPS, 0),
}
"""What an app may answer to the search of an external select."""
USERS = many(string(20, pattern=USER_ID), 100)

BUTTON = Shape(
    {"text": plain(limits.BUTTON_TEXT)},
    {
        **ACTS,
        "confirm": CONFIRM,
        "value": string(limits.BUTTON_VALUE),
        "url": string(limits.URL, pattern=WEB_ADDRESS),
        "style": word("primary", "danger"),
        "accessibility_label": string(limits.ACCESSIBILITY_LABEL),
    },
)
IMAGE = Shape(
    {"alt_text": string(limits.ALT_TEXT)},
    {"type": anything, "image_url": string(limits.IMAGE_URL, pattern=WEB_ADDRESS), "slack_file": SLACK_FILE},
    image_has_a_source,
)

CHOICES: Mapping[str, Checker] = {
    "static_select": Shape({}, {**SELECT_FROM, "initial_option": PLAIN_OPTION}, choices_are_sound),
    "multi_static_select": Shape(
        {},
        {**SELECT_FROM, "initial_options": many(PLAIN_OPTION, limits.SELECT_OPTIONS), "max_selected_items": SELECTED},
        choices_are_sound,
    ),
    "external_select": Shape({}, {**PICKS, "initial_option": PLAIN_OPTION, "min_query_length": QUERY}),
    "multi_external_select": Shape(
        {},
        {
            **PICKS,
            "initial_options": many(PLAIN_OPTION, limits.SELECT_OPTIONS),
            "min_query_length": QUERY,
            "max_selected_items": SELECTED,
        },
    ),
    "users_select": Shape({}, {**PICKS, "initial_user": string(20, pattern=USER_ID)}),
    "multi_users_select": Shape({}, {**PICKS, "initial_users": USERS, "max_selected_items": SELECTED}),
    "radio_buttons": Shape(
        {"options": many(RICH_OPTION, limits.RADIO_OPTIONS)}, {**ASKS, "initial_option": RICH_OPTION}, choices_are_sound
    ),
    "checkboxes": Shape(
        {"options": many(RICH_OPTION, limits.CHECKBOX_OPTIONS)},
        {**ASKS, "initial_options": many(RICH_OPTION, limits.CHECKBOX_OPTIONS)},
        choices_are_sound,
    ),
    "datepicker": Shape({}, {**PICKS, "initial_date": string(10, pattern=DATE)}),
    "timepicker": Shape({}, {**PICKS, "initial_time": string(5, pattern=TIME), "timezone": string(64)}),
    "datetimepicker": Shape({}, {**ASKS, "initial_date_time": integer(1_000_000_000, 9_999_999_999)}),
}
WRITTEN: Mapping[str, Checker] = {
    "plain_text_input": Shape(
        {},
        {
            **WRITES,
            "multiline": flag,
            "initial_value": string(limits.PLAIN_TEXT_INPUT, 0),
            "min_length": integer(0, limits.PLAIN_TEXT_INPUT),
            "max_length": integer(1, limits.PLAIN_TEXT_INPUT),
        },
        lengths_are_sound,
    ),
    "email_text_input": Shape({}, {**WRITES, "initial_value": string(limits.PLAIN_TEXT_INPUT)}),
    "url_text_input": Shape({}, {**WRITES, "initial_value": string(limits.PLAIN_TEXT_INPUT)}),
    "number_input": Shape(
        {"is_decimal_allowed": flag},
        {**WRITES, "initial_value": string(50), "min_value": string(50), "max_value": string(50)},
    ),
}
OVERFLOW = Shape(
    {"options": many(OVERFLOW_OPTION, limits.OVERFLOW_OPTIONS)}, {**ACTS, "confirm": CONFIRM}, choices_are_sound
)

IN_ACTIONS: Mapping[str, Checker] = {**CHOICES, "button": BUTTON, "overflow": OVERFLOW}
IN_SECTION: Mapping[str, Checker] = {**IN_ACTIONS, "image": IMAGE}
IN_INPUT: Mapping[str, Checker] = {**CHOICES, **WRITTEN}
IN_CONTEXT: Mapping[str, Checker] = {
    "image": IMAGE,
    "plain_text": plain(limits.TEXT),
    "mrkdwn": Shape({"text": string(limits.TEXT)}, {"type": anything, "verbatim": flag}),
}
