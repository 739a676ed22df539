"""Modals on people's screens, stacked at most three high, and their Home tabs."""

import secrets

from sandbox.slack import limits, show
from sandbox.slack.records import View
from sandbox.slack.refusals import SlackRefusal
from sandbox.slack.shapes import JSON
from sandbox.slack.state import Workspace


def stack_of(space: Workspace, user: str) -> list[View]:
    return space.stacks.setdefault(user, [])


def find(space: Workspace, view_id: str) -> View | None:
    stacked = (view for stack in space.stacks.values() for view in stack)
    return next((view for view in (*stacked, *space.homes.values()) if view.id == view_id), None)


def find_by_external_id(space: Workspace, external_id: str) -> View | None:
    stacked = (view for stack in space.stacks.values() for view in stack)
    all_views = (*stacked, *space.homes.values())
    return next((view for view in all_views if view.given.get("external_id") == external_id), None)


def external_id_is_free(space: Workspace, given: JSON, *, besides: View | None = None) -> None:
    external_id = given.get("external_id")
    holder = find_by_external_id(space, external_id) if external_id else None
    if holder is not None and holder is not besides:
        raise SlackRefusal("duplicate_external_id")


def new_view(space: Workspace, user: str, given: JSON, below: View | None = None) -> View:
    external_id_is_free(space, given)
    name = f"V{secrets.token_hex(5).upper()}"
    view = View(name, user, given, below.root_id if below else name, below.id if below else None)
    view.show(given, space.next_ts())
    return view


def tell(space: Workspace, view: View, event: str) -> None:
    stack = [show.view_to_app(one) for one in stack_of(space, view.user)]
    space.hub.tell([view.user], event, {"view": show.view_to_app(view), "views": stack})


def open_view(space: Workspace, user: str, given: JSON) -> View:
    """A new modal; one that was open before is gone, as in Slack's client."""
    view = new_view(space, user, given)
    space.stacks[user] = [view]
    tell(space, view, "view")
    return view


def push_view(space: Workspace, user: str, given: JSON) -> View:
    stack = stack_of(space, user)
    if not stack:
        raise SlackRefusal("not_found")
    if len(stack) >= limits.VIEWS_STACKED:
        raise SlackRefusal("push_limit_reached")
    view = new_view(space, user, given, stack[-1])
    stack.append(view)
    tell(space, view, "view")
    return view


def update_view(space: Workspace, view: View, given: JSON) -> View:
    external_id_is_free(space, given, besides=view)
    view.show(given, space.next_ts())
    if space.homes.get(view.user) is view:
        space.hub.tell([view.user], "home", {"view": show.view_to_app(view)})
    else:
        tell(space, view, "view")
    return view


def publish_home(space: Workspace, user: str, given: JSON) -> View:
    home = space.homes.get(user)
    if home is None:
        home = space.homes[user] = new_view(space, user, given)
    return update_view(space, home, given)


def close_top(space: Workspace, user: str) -> None:
    stack = stack_of(space, user)
    if stack:
        tell(space, stack.pop(), "view_closed")


def clear(space: Workspace, user: str) -> None:
    while stack_of(space, user):
        close_top(space, user)
