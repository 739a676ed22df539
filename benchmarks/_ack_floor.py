"""What a click is measured against: the same statements without our code.

`python -m benchmarks._ack_floor --port N --statements FILE` (DATABASE_URL set) serves one route in Starlette's thread pool: it
checks the signature and executes the statements of one accept, as they were written down, with the ids of this click.
"""

import argparse
import copy
import json
import os
import pickle
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs

import uvicorn
from psycopg.types.json import Json, Jsonb
from psycopg_pool import ConnectionPool
from slack_sdk.signature import SignatureVerifier
from sqlalchemy import make_url
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from benchmarks._clicks import SECRET
from bot.ids import HandoffRef

STAND_IN = 777_000_777
"""The id of the lead and of the handoff whose accept was written down: wherever it stands, a click puts its own."""


class Statement(NamedTuple):
    text: str
    values: Any
    many: bool


def of(values: Any, number: int) -> Any:
    """The values with another id."""
    if isinstance(values, dict):
        return {name: of(value, number) for name, value in values.items()}
    if isinstance(values, list | tuple):
        return type(values)(of(value, number) for value in values)
    if isinstance(values, Json | Jsonb):
        changed = copy.copy(values)
        changed.obj = of(values.obj, number)
        return changed
    if isinstance(values, str):
        return values.replace(str(STAND_IN), str(number))
    return number if values == STAND_IN else values


def make_app(conninfo: str, statements: list[Statement], connections: int) -> Starlette:
    pool = ConnectionPool(conninfo, min_size=connections, max_size=connections, open=True)
    verifier = SignatureVerifier(SECRET)

    def act(body: bytes, headers: dict[str, str]) -> Response:
        if not verifier.is_valid_request(body, headers):
            return Response(status_code=401)
        payload = json.loads(parse_qs(body.decode())["payload"][0])
        number = HandoffRef.unpack(payload["actions"][0]["value"]).handoff_id
        with pool.connection() as connection, connection.cursor() as cursor:
            for one in statements:
                values = of(one.values, number)
                if one.many:
                    cursor.executemany(one.text, values)
                else:
                    cursor.execute(one.text, values)
                    if cursor.description:
                        cursor.fetchall()
        return Response()

    async def click(request: Request) -> Response:
        return await run_in_threadpool(act, await request.body(), dict(request.headers))

    def health(_request: Request) -> Response:
        return Response()

    return Starlette(routes=[Route("/slack/events", click, methods=["POST"]), Route("/healthz", health)])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--statements", type=Path, required=True)
    parser.add_argument("--connections", type=int, required=True)
    arguments = parser.parse_args()
    conninfo = make_url(os.environ["DATABASE_URL"]).set(drivername="postgresql").render_as_string(hide_password=False)
    statements = pickle.loads(arguments.statements.read_bytes())  # noqa: S301  (our own file, written a moment ago)
    app = make_app(conninfo, statements, arguments.connections)
    uvicorn.run(app, port=arguments.port, log_config=None, access_log=False, server_header=False, proxy_headers=False)


if __name__ == "__main__":
    main()
