"""views.*"""

from sandbox.slack import limits, show, views
from sandbox.slack.blocks import checked_view
from sandbox.slack.calls import Call, method
from sandbox.slack.records import View
from sandbox.slack.refusals import SlackRefusal
from sandbox.slack.shapes import JSON


def open_view(call: Call) -> JSON:
    given = given_view(call, "modal")
    user = call.space.take_trigger(call.text("trigger_id"))
    return {"view": show.view_to_app(views.open_view(call.space, user, given))}


def push_view(call: Call) -> JSON:
    given = given_view(call, "modal")
    user = call.space.take_trigger(call.text("trigger_id"))
    return {"view": show.view_to_app(views.push_view(call.space, user, given))}


def update_view(call: Call) -> JSON:
    view = named_view(call)
    kind = "home" if view.given["type"] == "home" else "modal"
    given = given_view(call, kind)
    check_hash(call, view)
    return {"view": show.view_to_app(views.update_view(call.space, view, given))}


def publish(call: Call) -> JSON:
    given = given_view(call, "home")
    user = call.text("user_id")
    if user not in call.space.people or call.space.people[user].is_bot or call.space.people[user].deleted:
        raise SlackRefusal("invalid_arguments", ["[ERROR] no such user [json-pointer:/user_id]"])
    if home := call.space.homes.get(user):
        check_hash(call, home)
    return {"view": show.view_to_app(views.publish_home(call.space, user, given))}


def given_view(call: Call, kind: str) -> JSON:
    return checked_view(call.structure("view", "invalid_arguments"), kind, call.space.files.can_be_shown)


def named_view(call: Call) -> View:
    if ("view_id" in call.args) == ("external_id" in call.args):
        raise SlackRefusal("invalid_arguments", ["[ERROR] needs either view_id or external_id"])
    if "view_id" in call.args:
        found = views.find(call.space, call.text("view_id"))
    else:
        found = views.find_by_external_id(call.space, call.text("external_id"))
    if found is None:
        raise SlackRefusal("not_found")
    return found


def check_hash(call: Call, view: View) -> None:
    if call.args.get("hash", view.hash) != view.hash:
        raise SlackRefusal("hash_conflict")


METHODS = (
    method("views.open", open_view, needs="trigger_id view", per_minute=limits.TIER_4),
    method("views.push", push_view, needs="trigger_id view", per_minute=limits.TIER_4),
    method("views.update", update_view, needs="view", may="view_id external_id hash", per_minute=limits.TIER_4),
    method("views.publish", publish, needs="user_id view", may="hash", per_minute=limits.TIER_4),
)
