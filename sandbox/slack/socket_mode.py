"""The door of Socket Mode: apps.connections.open gives an address that is good for one connection, and this is where it leads."""

import asyncio
import json
import secrets
from contextlib import suppress
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request, WebSocket, WebSocketDisconnect
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict

from sandbox.guard import is_loopback
from sandbox.slack import seed
from sandbox.slack.delivery import Delivery
from sandbox.slack.page_api import delivery_of
from sandbox.slack.refusals import SlackRefusal
from sandbox.slack.shapes import JSON
from sandbox.slack.sockets import Connection, Sockets
from sandbox.slack.web_api import Space

OPEN = "apps.connections.open"
PER_MINUTE = 1

router = APIRouter()
Sender = Annotated[Delivery, Depends(delivery_of)]


@router.post(f"/api/{OPEN}")
async def open_connection(request: Request, space: Space, sender: Sender) -> JSONResponse:
    try:
        authenticate(request, await request.body(), space.credentials.app_token)
    except SlackRefusal as refusal:
        space.counts.errors[OPEN][refusal.code] += 1
        return JSONResponse({"ok": False, "error": refusal.code})
    if wait := space.pace.call(OPEN, PER_MINUTE):
        space.counts.limited[OPEN] += 1
        return JSONResponse({"ok": False, "error": "ratelimited"}, 429, headers={"Retry-After": str(wait)})
    space.counts.ok[OPEN] += 1
    address = space.base_url.replace("http", "ws", 1)
    return JSONResponse(
        {"ok": True, "url": f"{address}/link/?ticket={sender.sockets.new_ticket()}&app_id={seed.APP_ID}"}
    )


def authenticate(request: Request, body: bytes, token: str) -> None:
    """The app's own token, in the header and nowhere else: an address or a form with a token in it is refused."""
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not given or "token" in request.query_params or b"token=" in body:
        raise SlackRefusal("not_authed")
    if given.startswith("xoxb-"):
        raise SlackRefusal("not_allowed_token_type")
    if not secrets.compare_digest(given.encode(), token.encode()):
        raise SlackRefusal("invalid_auth")


@router.websocket("/link/")
async def link(socket: WebSocket, ticket: str = "") -> None:
    sockets: Sockets = socket.app.state.delivery.sockets
    if not is_loopback(socket.headers.get("host", "")) or not sockets.take_ticket(ticket):
        await socket.close()
        return
    await socket.accept()
    connection = sockets.join()
    pump = asyncio.create_task(send_out(socket, connection))
    try:
        while True:
            with suppress(ValueError):
                said = json.loads(await socket.receive_text())
                sockets.hear(said if isinstance(said, dict) else {})
    except WebSocketDisconnect:
        pass
    finally:
        sockets.leave(connection)
        pump.cancel()


async def send_out(socket: WebSocket, connection: Connection) -> None:
    with suppress(WebSocketDisconnect):
        while (message := await connection.out.get()) is not None:
            await socket.send_text(json.dumps(message))
        await socket.close(1011)


class Ending(BaseModel):
    """`dropped`: the connection ends without a word. The others are Slack's own reasons."""

    model_config = ConfigDict(extra="forbid")

    reason: Literal["warning", "refresh_requested", "link_disabled", "dropped"]


@router.post("/_api/sockets/disconnect")
async def end_connections(ending: Ending, sender: Sender) -> JSON:
    sockets = sender.sockets
    return {"connections": sockets.drop() if ending.reason == "dropped" else sockets.send_away(ending.reason)}


@router.get("/_api/sockets")
async def connections(sender: Sender) -> JSON:
    return {"connections": len(sender.sockets.connections)}
