"""What the road is measured against: the least that must happen to a lead, without jobs, Slack and most of the web.

`python -m benchmarks._floor --port N` (DATABASE_URL set) serves one route that inserts the body into a table.
"""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Any

import httpx
import uvicorn
from fastapi import Body, FastAPI, Header
from fastapi.responses import JSONResponse
from psycopg.types.json import Jsonb
from psycopg_pool import ConnectionPool
from sqlalchemy import make_url, select
from sqlalchemy.orm import Session

from benchmarks._ground import SOURCE, until
from benchmarks._leads import BenchLead
from bot.card import lead_card
from domain import cards
from domain.tables import CaptureSource
from domain.verbs import capturing, enriching
from domain.verbs.offering import hand_over
from domain.verbs.scoring import score_lead
from handlers import capture
from handlers.system import free_port
from kit import db
from kit.clock import utcnow

TABLE = (
    "create table if not exists bench_floor (id bigserial primary key, key text unique not null, body jsonb not null)"
)


def make_app(conninfo: str) -> FastAPI:
    """One `def` route: the body read as JSON, one INSERT, one commit."""
    pool = ConnectionPool(conninfo, min_size=20, max_size=20, open=True)
    with pool.connection() as connection:
        connection.execute(TABLE)
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

    @app.post("/floor", status_code=202)
    def floor(body: Annotated[dict[str, Any], Body()], idempotency_key: Annotated[str, Header()]) -> JSONResponse:
        with pool.connection() as connection:
            connection.execute("insert into bench_floor (key, body) values (%s, %s)", (idempotency_key, Jsonb(body)))
        return JSONResponse({"ok": True}, status_code=202)

    app.get("/healthz")(lambda: {"ok": True})
    return app


@contextmanager
def insert_floor(database_url: str) -> Iterator[str]:
    """The floor's URL, served by one process like ours."""
    port = free_port()
    child = subprocess.Popen(
        [sys.executable, "-m", "kit.child", "benchmarks._floor", "--port", str(port)],
        env=os.environ | {"DATABASE_URL": database_url, "KIT_PARENT": str(os.getpid())},
        stdin=subprocess.DEVNULL,
    )
    try:
        until(lambda: _answers(f"http://127.0.0.1:{port}/healthz"), "the floor answers", seconds=30)
        yield f"http://127.0.0.1:{port}/floor"
    finally:
        child.terminate()
        child.wait()


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, trust_env=False).status_code == 200
    except httpx.TransportError:
        return False


def straight_calls(leads: Sequence[BenchLead]) -> float:
    """Seconds in which one thread calls the verbs for every lead, one transaction each, and draws the card."""
    began = time.perf_counter()
    for lead in leads:
        with Session(db.engine(), expire_on_commit=False) as session, session.begin():
            _straight(session, lead)
    return time.perf_counter() - began


def _straight(session: Session, lead: BenchLead) -> None:
    now = utcnow()
    source = session.scalars(select(CaptureSource).where(CaptureSource.name == SOURCE)).one()
    for step, body in enumerate(lead.bodies):
        arrival, _ = capturing.keep(session, source.id, f"{lead.marker}-{step}", body, now)
        made = capturing.receive(session, arrival, source.name, capture.read(body, now), now)
    enriching.go_on(session, made.id, None, [], now)
    score_lead(session, made.id, now)
    handoff = hand_over(session, made.id, now)
    if handoff is None:
        raise AssertionError("a lead that should have become an MQL did not")
    session.flush()
    lead_card(cards.card_view(session, handoff.id), now)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    url = make_url(os.environ["DATABASE_URL"]).set(drivername="postgresql")
    app = make_app(url.render_as_string(hide_password=False))
    uvicorn.run(app, host="127.0.0.1", port=parser.parse_args().port, log_level="warning", access_log=False)


if __name__ == "__main__":
    main()
