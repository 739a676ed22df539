"""/_api about the whole workspace: settings, counts, and making people and channels for tests."""

import secrets
from dataclasses import replace
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from sandbox.guard import LOOPBACK
from sandbox.slack import seed, show
from sandbox.slack.records import Channel, Command, Person
from sandbox.slack.refusals import PageRefusal
from sandbox.slack.shapes import JSON
from sandbox.slack.state import Workspace
from sandbox.slack.web_api import Space

Limit = Annotated[int, Query(ge=1, le=1000)]

router = APIRouter(prefix="/_api")


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


@router.get("/workspace")
async def workspace(space: Space) -> JSON:
    return {
        "team": {"id": seed.TEAM_ID, "name": seed.TEAM_NAME},
        "bot": {"id": seed.BOT_USER, "name": space.people[seed.BOT_USER].real_name},
        "users": [show.person_to_page(person) for person in space.people.values()],
        "channels": [channel_to_page(channel) for channel in space.channels.values() if not channel.is_im],
        "commands": [vars(command) for command in space.commands.values()],
        "app_url": space.app_url,
        "pace": space.pace.on,
        "scopes": sorted(space.scopes),
    }


def channel_to_page(channel: Channel) -> JSON:
    return {"id": channel.id, "name": channel.name, "members": channel.members, "archived": channel.archived}


@router.get("/counts")
async def counts(space: Space) -> JSON:
    return space.counts.as_json()


@router.get("/log")
async def log(space: Space, limit: Limit = 100) -> list[JSON]:
    return [sent.as_json() for sent in list(space.sent)[-limit:]]


class Switch(Strict):
    on: bool


@router.post("/pace")
async def set_pace(switch: Switch, space: Space, request: Request) -> JSON:
    """Slack's rate limits and those of the other systems, all at once."""
    for pace in request.app.state.paces:
        pace.on = switch.on
    space.hub.tell_all("workspace", await workspace(space))
    return {"pace": space.pace.on}


class App(Strict):
    url: str | None


@router.post("/app")
async def set_app(app: App, space: Space) -> JSON:
    space.app_url = None if app.url is None else loopback_url(app.url)
    space.hub.tell_all("workspace", await workspace(space))
    return {"app_url": space.app_url}


def loopback_url(url: str) -> str:
    """`url` again. Raises PageRefusal unless it is HTTP to this machine: a sandbox must not reach out."""
    try:
        parts = urlsplit(url)
        ours = parts.scheme in {"http", "https"} and parts.hostname in LOOPBACK
    except ValueError:
        ours = False
    if not ours:
        raise PageRefusal(422, "The app's address must be on this machine: 127.0.0.1, localhost or [::1].")
    return url


class NewPerson(Strict):
    name: str = Field(min_length=1, max_length=80)
    email: str = Field(min_length=3, max_length=254)
    real_name: str | None = None
    title: str = ""
    role: str = "guest"


@router.post("/users", status_code=201)
async def add_user(new: NewPerson, space: Space) -> JSON:
    user_id = f"U{secrets.token_hex(5).upper()}"
    person = Person(user_id, new.name, new.real_name or new.name, new.email, new.title, new.role, secrets.token_hex(3))
    space.add_person(person)
    space.hub.tell_all("workspace", await workspace(space))
    return show.person_to_page(person)


class NewChannel(Strict):
    name: str = Field(pattern=r"^[a-z0-9_-]{1,80}$")
    members: list[str]


@router.post("/channels", status_code=201)
async def add_channel(new: NewChannel, space: Space) -> JSON:
    if any(channel.name == new.name for channel in space.channels.values()):
        raise PageRefusal(409, f"There is a channel #{new.name} already.")
    known_people(new.members, space)
    channel = Channel(f"C{secrets.token_hex(5).upper()}", new.name, list(dict.fromkeys(new.members)))
    space.channels[channel.id] = channel
    space.hub.tell_all("workspace", await workspace(space))
    return channel_to_page(channel)


@router.post("/channels/{channel_id}/archive")
async def archive(channel_id: str, space: Space) -> JSON:
    return await change_channel(channel_id, ChannelChange(archived=True), space)


class ChannelChange(Strict):
    """What somebody with the right to do so changes about a channel; without the app in `members` it cannot post."""

    archived: bool | None = None
    members: list[str] | None = None


@router.post("/channels/{channel_id}")
async def change_channel(channel_id: str, change: ChannelChange, space: Space) -> JSON:
    channel = space.channels.get(channel_id)
    if channel is None or channel.is_im:
        raise PageRefusal(404, "There is no such channel.")
    if change.members is not None:
        known_people(change.members, space)
        channel.members[:] = dict.fromkeys(change.members)
    if change.archived is not None:
        channel.archived = change.archived
    space.hub.tell_all("workspace", await workspace(space))
    return channel_to_page(channel)


def known_people(users: list[str], space: Workspace) -> None:
    if strangers := [user for user in users if user not in space.people]:
        raise PageRefusal(422, f"There is no such person: {strangers[0]}.")


class UserChange(Strict):
    deleted: bool


@router.post("/users/{user_id}")
async def change_user(user_id: str, change: UserChange, space: Space) -> JSON:
    """Deactivate an account, or bring it back. Nobody reads its direct messages meanwhile."""
    person = space.people.get(user_id)
    if person is None or person.is_bot:
        raise PageRefusal(404, "There is no such person.")
    space.people[user_id] = replace(person, deleted=change.deleted)
    space.im_record(user_id).archived = change.deleted
    space.hub.tell_all("workspace", await workspace(space))
    return show.person_to_page(space.people[user_id])


class Place(Strict):
    channel: str
    ts: str


@router.post("/messages/delete")
async def delete_message(place: Place, space: Space) -> JSON:
    """As an administrator of the workspace deletes it: the app is not asked, and not told."""
    channel = space.channels.get(place.channel)
    message = channel.messages.get(place.ts) if channel else None
    if message is None:
        raise PageRefusal(404, "There is no such message.")
    space.delete(message)
    return {"ok": True}


class Scopes(Strict):
    scopes: list[str]


@router.post("/scopes")
async def set_scopes(given: Scopes, space: Space) -> JSON:
    """What the app's token may do from now on, as after an installation with another manifest."""
    space.scopes = set(given.scopes)
    return {"scopes": sorted(space.scopes)}


class Unknown(Strict):
    types: list[str]


@router.post("/unknown_blocks")
async def set_unknown_blocks(given: Unknown, space: Space) -> JSON:
    """Blocks that Slack refuses in messages from now on, as it does with newer ones in workspaces that do not have them yet."""
    space.unknown_blocks = set(given.types)
    return {"types": sorted(space.unknown_blocks)}


class NewCommand(Strict):
    command: str = Field(pattern=r"^/[a-z0-9_-]{1,31}$")
    description: str = ""
    usage_hint: str = ""


@router.post("/commands", status_code=201)
async def add_command(new: NewCommand, space: Space) -> JSON:
    space.commands[new.command] = Command(new.command, new.description, new.usage_hint)
    space.hub.tell_all("workspace", await workspace(space))
    return new.model_dump()
