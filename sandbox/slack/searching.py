"""External selects: what somebody types is asked of the app, and what it answered is what can be chosen."""

import json
from copy import deepcopy
from typing import Any

from sandbox.slack import elements, limits
from sandbox.slack.blocks import all_elements
from sandbox.slack.elements import options_of
from sandbox.slack.refusals import PageRefusal
from sandbox.slack.shapes import JSON, Shape, Where
from sandbox.slack.state import Workspace

EXTERNAL = frozenset({"external_select", "multi_external_select"})
FOUND_KEPT = 300
"""Options that one select remembers, so that what was chosen before the last search is still known."""
PLACES_KEPT = 1_000


def question(blocks: list[JSON], body: JSON) -> JSON:
    """`block_id`, `action_id` and `value` as the app will see them. Raises PageRefusal."""
    for block, element in all_elements(blocks):
        if (block["block_id"], element["action_id"]) == (body.get("block_id"), body.get("action_id")):
            break
    else:
        raise PageRefusal(409, "There is no such menu here any more.")
    if element["type"] not in EXTERNAL:
        raise PageRefusal(409, "This menu holds its options itself.")
    value = str(body.get("value", ""))
    if len(value) < element.get("min_query_length", limits.MIN_QUERY_LENGTH):
        raise PageRefusal(422, "Type a little more to search.")
    return {"block_id": block["block_id"], "action_id": element["action_id"], "value": value}


def remember(space: Workspace, place: str, asked: JSON, answer: bytes) -> JSON:
    """What the app found for `asked`. Raises ValueError when Slack would not understand it."""
    found: Any = json.loads(answer or b"null")
    where = Where()
    Shape({}, elements.FOUND)(found, where)
    if not where.problems and len(found) != 1:
        where.refuse("needs either options or option_groups")
    if where.problems:
        raise ValueError("; ".join(where.problems))
    known = space.suggested.setdefault(place, {})
    key = key_of(asked, asked)
    fresh = {one["value"]: one for one in [*known.get(key, []), *options_of(found)]}
    known[key] = list(fresh.values())[-FOUND_KEPT:]
    if len(space.suggested) > PLACES_KEPT:
        del space.suggested[next(iter(space.suggested))]
    return dict(found)


def key_of(block: JSON, element: JSON) -> str:
    return json.dumps([block["block_id"], element["action_id"]])


def with_found(space: Workspace, place: str, blocks: list[JSON]) -> list[JSON]:
    """`blocks`, with external selects holding what was found for them, as if it were their own options."""
    if not any(element["type"] in EXTERNAL for _, element in all_elements(blocks)):
        return blocks
    blocks = deepcopy(blocks)
    for block, element in all_elements(blocks):
        if element["type"] in EXTERNAL:
            first = [*element.get("initial_options", []), element.get("initial_option")]
            found = space.suggested.get(place, {}).get(key_of(block, element), [])
            element["options"] = [*found, *(one for one in first if one)]
    return blocks
