"""Socket Mode: the connections that the app opened to us, and what went over them and is not answered yet."""

import asyncio
import itertools
import secrets
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field

from sandbox.slack import seed
from sandbox.slack.shapes import JSON

SOCKETS = 10
"""Connections that one app may have; the next one is told so and closed."""
TICKET_SECONDS = 30.0


@dataclass(eq=False)
class Connection:
    """`out` is what is still to be sent; None in it closes the connection. One that is `leaving` was told to connect anew."""

    out: asyncio.Queue[JSON | None] = field(default_factory=asyncio.Queue)
    leaving: bool = False


class ConnectionLost(Exception):
    """The connection ended before the app acknowledged."""


class Sockets:
    def __init__(self, now: Callable[[], float]) -> None:
        self.now = now
        self.tickets: dict[str, float] = {}
        self.connections: list[Connection] = []
        self.unanswered: dict[str, tuple[Connection, asyncio.Future[JSON]]] = {}
        self.turns = itertools.count()
        self.in_use = False

    def new_ticket(self) -> str:
        """What makes an address good for one connection."""
        ticket = secrets.token_urlsafe(24)
        self.tickets[ticket] = self.now()
        return ticket

    def take_ticket(self, ticket: str) -> bool:
        born = self.tickets.pop(ticket, None)
        return born is not None and self.now() - born <= TICKET_SECONDS

    def join(self) -> Connection:
        """Say hello; one connection too many is told so and closed."""
        made = Connection()
        if len(self.connections) >= SOCKETS:
            made.out.put_nowait(disconnect("too_many_websockets"))
            made.out.put_nowait(None)
            return made
        self.connections.append(made)
        self.in_use = True
        made.out.put_nowait(
            {
                "type": "hello",
                "num_connections": len(self.connections),
                "connection_info": {"app_id": seed.APP_ID},
                "debug_info": DEBUG_INFO,
            }
        )
        return made

    def leave(self, gone: Connection) -> None:
        if gone in self.connections:
            self.connections.remove(gone)
        for connection, answer in list(self.unanswered.values()):
            if connection is gone and not answer.done():
                answer.set_exception(ConnectionLost())

    async def send(self, kind: str, payload: JSON, *, answerable: bool, retry: JSON | None = None) -> JSON:
        """Send an envelope and wait for its answer. Raises ConnectionLost; whoever calls has the patience."""
        staying = [one for one in self.connections if not one.leaving] or self.connections
        if not staying:
            raise ConnectionLost
        connection, envelope = staying[next(self.turns) % len(staying)], str(uuid.uuid4())
        answer: asyncio.Future[JSON] = asyncio.get_running_loop().create_future()
        self.unanswered[envelope] = connection, answer
        connection.out.put_nowait(
            {
                "type": kind,
                "envelope_id": envelope,
                "payload": payload,
                "accepts_response_payload": answerable,
                **(retry or {}),
            }
        )
        try:
            said = await answer
        finally:
            del self.unanswered[envelope]
        return said if answerable else {}

    def hear(self, said: JSON) -> None:
        """An acknowledgement, with what the app answers. Anything else is no word of Socket Mode's, and nobody's answer."""
        _, answer = self.unanswered.get(str(said.get("envelope_id")), (None, None))
        if answer is not None and not answer.done():
            payload = said.get("payload")
            answer.set_result(payload if isinstance(payload, dict) else {})

    def send_away(self, reason: str) -> int:
        """Ask every connection to be replaced, as Slack does every few hours; returns how many were asked."""
        for connection in self.connections:
            connection.leaving = True
            connection.out.put_nowait(disconnect(reason))
        return len(self.connections)

    def drop(self) -> int:
        """End every connection without a word, as a network does; returns how many there were."""
        for connection in self.connections:
            connection.out.put_nowait(None)
        return len(self.connections)


DEBUG_INFO: JSON = {"host": "applink-sandbox", "build_number": 1, "approximate_connection_time": 18_060}


def disconnect(reason: str) -> JSON:
    return {"type": "disconnect", "reason": reason, "debug_info": DEBUG_INFO}
