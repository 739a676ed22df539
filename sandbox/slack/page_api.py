"""/_api/as/{user}: Slack through one person's eyes, for our own page and for tests. Nothing of this exists at Slack."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Body, Depends, Query, Request
from fastapi.responses import JSONResponse
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import BaseModel, ConfigDict

from sandbox.slack import interactions, seed, show, views
from sandbox.slack.delivery import Delivery
from sandbox.slack.records import Channel, Message
from sandbox.slack.refusals import PageRefusal
from sandbox.slack.shapes import JSON
from sandbox.slack.state import Workspace
from sandbox.slack.web_api import Space

router = APIRouter(prefix="/_api")


def delivery_of(request: Request) -> Delivery:
    found: Delivery = request.app.state.delivery
    return found


def known_user(user: str, space: Space) -> str:
    if user not in space.people or space.people[user].is_bot:
        raise PageRefusal(404, "There is no such person.")
    if space.people[user].deleted:
        raise PageRefusal(403, "This person's account is deactivated.")
    return user


User = Annotated[str, Depends(known_user)]
Sender = Annotated[Delivery, Depends(delivery_of)]
Given = Annotated[JSON, Body()]
Limit = Annotated[int, Query(ge=1, le=1000)]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


@router.get("/as/{user}/conversations")
async def conversations(user: User, space: Space) -> list[JSON]:
    return [conversation(space, user, channel) for channel in space.channels.values() if user in channel.members]


def conversation(space: Workspace, user: str, channel: Channel) -> JSON:
    read_until = space.last_read.get((user, channel.id), "")
    seen = [message for message in visible(channel, user) if not message.thread_ts]
    return {
        "id": channel.id,
        "name": space.people[seed.BOT_USER].real_name if channel.is_im else channel.name,
        "kind": "im" if channel.is_im else "channel",
        "with": seed.BOT_USER if channel.is_im else None,
        "unread": sum(message.ts > read_until for message in seen),
        "latest_ts": seen[-1].ts if seen else None,
    }


def visible(channel: Channel, user: str) -> list[Message]:
    both = [*channel.messages.values(), *channel.ephemerals.get(user, {}).values()]
    return sorted(both, key=lambda message: message.ts)


@router.get("/as/{user}/messages")
async def messages(user: User, space: Space, channel: str, limit: Limit = 100, thread_ts: str | None = None) -> JSON:
    """Oldest first: the last `limit` of the channel without its threads, or one thread with its parent."""
    shown = visible(interactions.visible_channel(space, user, channel), user)
    wanted = [one for one in shown if one.thread_ts == thread_ts or (thread_ts and one.ts == thread_ts)]
    return {"messages": [show.message_to_page(one) for one in wanted[-limit:]]}


class Read(Strict):
    channel: str


@router.post("/as/{user}/read")
async def mark_read(user: User, what: Read, space: Space) -> JSON:
    seen = visible(interactions.visible_channel(space, user, what.channel), user)
    if seen:
        space.last_read[user, what.channel] = seen[-1].ts
    return {"ok": True}


@router.get("/as/{user}/events", response_class=EventSourceResponse)
async def events(user: User, space: Space) -> AsyncIterator[ServerSentEvent]:
    """Server-Sent Events; FastAPI adds the comment every 15 seconds that keeps the connection open."""
    page = space.hub.join(user)
    try:
        yield ServerSentEvent(comment="listening")  # the server holds back the headers until something is said
        while (news := await page.get()) is not None:
            yield ServerSentEvent(event=news.event, data=news.data)
    finally:
        space.hub.leave(user, page)


@router.get("/as/{user}/views")
async def stacked_views(user: User, space: Space) -> JSON:
    return {"views": [show.view_to_app(view) for view in views.stack_of(space, user)]}


@router.get("/as/{user}/home")
async def home(user: User, sender: Sender) -> JSON:
    view = interactions.look_at_home(sender, user)
    return {"view": show.view_to_app(view) if view else None}


@router.post("/as/{user}/press")
async def press(user: User, body: Given, sender: Sender) -> JSON:
    return await interactions.press(sender, user, body)


@router.post("/as/{user}/search")
async def search(user: User, body: Given, sender: Sender) -> JSON:
    return await interactions.search(sender, user, body)


@router.post("/as/{user}/submit")
async def submit(user: User, body: Given, sender: Sender) -> JSON:
    return await interactions.submit(sender, user, body)


@router.post("/as/{user}/close")
async def close(user: User, body: Given, sender: Sender) -> JSON:
    return await interactions.close(sender, user, body)


@router.post("/as/{user}/command")
async def command(user: User, body: Given, sender: Sender) -> JSON:
    return await interactions.command(sender, user, body)


async def refused(_request: Request, refusal: Exception) -> JSONResponse:
    status, sentence = (refusal.status, refusal.sentence) if isinstance(refusal, PageRefusal) else (500, "")
    return JSONResponse({"error": sentence}, status)
