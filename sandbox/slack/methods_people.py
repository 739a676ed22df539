"""auth.test, team.info, users.* and bots.info."""

from sandbox.slack import limits, seed, show
from sandbox.slack.calls import Call, method
from sandbox.slack.records import Person
from sandbox.slack.refusals import SlackRefusal
from sandbox.slack.shapes import JSON


def auth_test(call: Call) -> JSON:
    return {
        "url": f"{call.space.base_url}/",
        "team": seed.TEAM_NAME,
        "user": call.space.people[seed.BOT_USER].name,
        "team_id": seed.TEAM_ID,
        "user_id": seed.BOT_USER,
        "bot_id": seed.BOT_ID,
        "is_enterprise_install": False,
    }


def team_info(call: Call) -> JSON:
    if call.text("team", seed.TEAM_ID) != seed.TEAM_ID:
        raise SlackRefusal("team_not_found")
    return {"team": {"id": seed.TEAM_ID, "name": seed.TEAM_NAME, "domain": "sandbox", "email_domain": "example.com"}}


def users_info(call: Call) -> JSON:
    return {"user": shown(call, call.space.person(call.text("user")))}


def users_list(call: Call) -> JSON:
    page, cursor = call.page_of(list(call.space.people.values()), default=200, most=1000)
    members = [shown(call, person) for person in page]
    return {"members": members, "cache_ts": int(call.space.now()), "response_metadata": {"next_cursor": cursor}}


def users_lookup_by_email(call: Call) -> JSON:
    email = call.text("email").strip().casefold()
    for person in call.space.people.values():
        if person.email and person.email.casefold() == email and not person.deleted:
            return {"user": shown(call, person)}
    raise SlackRefusal("users_not_found")


def shown(call: Call, person: Person) -> JSON:
    return show.person_to_app(person, with_email="users:read.email" in call.space.scopes)


def bots_info(call: Call) -> JSON:
    if call.text("bot") != seed.BOT_ID:
        raise SlackRefusal("bot_not_found")
    name = call.space.people[seed.BOT_USER].name
    return {"bot": {"id": seed.BOT_ID, "name": name, "app_id": seed.APP_ID, "user_id": seed.BOT_USER, "deleted": False}}


METHODS = (
    method("auth.test", auth_test, per_minute=None),
    method("team.info", team_info, may="team", scope="team:read", per_minute=limits.TIER_3, reads=True),
    method(
        "users.info",
        users_info,
        needs="user",
        may="include_locale",
        scope="users:read",
        per_minute=limits.TIER_4,
        reads=True,
    ),
    method(
        "users.list",
        users_list,
        may="cursor limit include_locale",
        scope="users:read",
        per_minute=limits.TIER_2,
        reads=True,
    ),
    method(
        "users.lookupByEmail",
        users_lookup_by_email,
        needs="email",
        scope="users:read.email",
        per_minute=limits.TIER_3,
        reads=True,
    ),
    method("bots.info", bots_info, needs="bot", scope="users:read", per_minute=limits.TIER_3, reads=True),
)
