"""Real worker processes over each courier: every job is done once, whoever is killed and whatever the courier forgets.

The test takes some seconds: a worker process needs two to start, and what a dead one held comes back when its lease of
five seconds ends.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from domain.rules.lifecycle import Stage
from domain.tables import Happened, JobRow, Lead, LeadEvent, ScoreRow
from domain.verbs.record import happened
from handlers.jobs import transaction
from tests.conftest import NOON

LEADS = 300
ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 120.0
"""Seconds until a test gives up, on a busy machine too."""


@pytest.fixture(params=["stub", "redis", "amqp"])
def broker_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "stub":
        yield "stub://"
    else:
        with {"redis": redis_server, "amqp": rabbitmq_server}[request.param](tmp_path) as url:
            yield url


@contextmanager
def redis_server(folder: Path) -> Iterator[str]:
    program, port = installed("redis-server"), free_port()
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    with served(command, port, dict(os.environ), folder / "redis.log"):
        yield f"redis://127.0.0.1:{port}"


@contextmanager
def rabbitmq_server(folder: Path) -> Iterator[str]:
    # Debian's own wrapper on the PATH changes the user, who may not write here.
    program, port = installed("rabbitmq-server", "/usr/lib/rabbitmq/bin"), free_port()
    names = {"RABBITMQ_NODENAME": f"handoff{port}@localhost", "HOME": str(folder)}
    ports = {"RABBITMQ_NODE_PORT": str(port), "RABBITMQ_DIST_PORT": str(free_port()), "ERL_EPMD_PORT": str(free_port())}
    places = {"RABBITMQ_MNESIA_BASE": str(folder), "RABBITMQ_LOG_BASE": str(folder)}
    env = {**os.environ, **names, **ports, **places, "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1"}
    try:
        with served([program], port, env, folder / "rabbitmq.log"):
            yield f"amqp://127.0.0.1:{port}"
    finally:
        # Erlang's register of names was started with it and would stay.
        subprocess.run(["epmd", "-kill"], env=env, check=False, capture_output=True)


def installed(program: str, *folders: str) -> str:
    found = shutil.which(program, path=os.pathsep.join([*folders, os.environ["PATH"]]))
    return found or pytest.skip(f"{program} is not installed here")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@contextmanager
def served(command: list[str], port: int, env: dict[str, str], log: Path) -> Iterator[None]:
    with log.open("wb") as out, subprocess.Popen(command, env=env, stdout=out, stderr=out) as server:
        try:
            until(lambda: accepts(port), log)
            yield
        finally:
            server.terminate()


def accepts(port: int) -> bool:
    with socket.socket() as caller:
        return caller.connect_ex(("127.0.0.1", port)) == 0


class Workers:
    """Worker processes, as an operator starts them."""

    def __init__(self, database_url: str, broker_url: str, folder: Path) -> None:
        self.log, self.folder = folder / "workers.log", folder
        self.running: list[subprocess.Popen[bytes]] = []
        self.env = {
            "DATABASE_URL": database_url,
            "BROKER_URL": broker_url,
            "LEASE_SECONDS": "5",
            "WORKER_THREADS": "4",
            "PYTHONPATH": str(ROOT),
            "PYTHONWARNINGS": "error",
            "PATH": os.environ["PATH"],
        }

    def start(self) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as out:
            command = [sys.executable, "-m", "handlers", "worker"]
            started = subprocess.Popen(command, env=self.env, cwd=self.folder, stdout=out, stderr=out)
        self.running.append(started)
        return started

    def wait_for(self, ready: int) -> None:
        """Wait until so many have said that they work."""
        until(lambda: self.log.read_text().count("worker.ready") == ready, self.log)


@pytest.fixture
def workers(committed: Engine, database_url: str, broker_url: str, tmp_path: Path) -> Iterator[Workers]:
    made = Workers(database_url, broker_url, tmp_path)
    yield made
    for process in made.running:
        process.kill()
        process.wait()


def until(done: Callable[[], bool], log: Path) -> None:
    give_up_at = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < give_up_at, log.read_text()[-4000:]
        time.sleep(0.01)


def capture_leads() -> None:
    with transaction() as session:
        leads = [
            Lead(
                email=f"lead{n}@example.com",
                identity=f"lead{n}@example.com",
                stage=Stage.CAPTURED,
                source="a test",
                captured_at=NOON,
                fields={},
                attributes={},
                notes=[],
            )
            for n in range(LEADS)
        ]
        session.add_all(leads)
        session.flush()
        for lead in leads:
            happened(session, Happened.LEAD_CAPTURED, NOON, lead=lead)


def count(engine: Engine, what: type[JobRow | ScoreRow]) -> int:
    with Session(engine) as session:
        return session.scalars(select(func.count()).select_from(what)).one()


def how_often(engine: Engine, kind: Happened) -> list[int]:
    """How often it happened, lead by lead."""
    with Session(engine) as session:
        return list(session.scalars(select(func.count()).where(LeadEvent.kind == kind).group_by(LeadEvent.lead_id)))


def assert_each_lead_went_its_road_once(engine: Engine) -> None:
    for kind in (Happened.LEAD_ENRICHED, Happened.LEAD_TO_NURTURE, Happened.LEAD_NURTURED):
        assert how_often(engine, kind) == [1] * LEADS, kind
    assert count(engine, ScoreRow) == LEADS


def test_workers_that_are_killed_or_told_to_stop_lose_and_double_nothing(
    committed: Engine, workers: Workers, broker_url: str
) -> None:
    victim, other = workers.start(), workers.start()
    workers.wait_for(2)
    capture_leads()
    until(lambda: len(how_often(committed, Happened.LEAD_ENRICHED)) > LEADS / 10, workers.log)
    victim.kill()
    assert len(how_often(committed, Happened.LEAD_NURTURED)) < LEADS
    if broker_url.startswith("redis:"):
        # Whatever the courier carried is gone too.
        redis.Redis.from_url(broker_url).flushall()
    fresh = workers.start()
    until(lambda: count(committed, JobRow) == 0, workers.log)
    # The others may have done all before the last one was there to be told to stop.
    workers.wait_for(3)
    for worker in (other, fresh):
        worker.send_signal(signal.SIGTERM)
    assert [worker.wait(PATIENCE) for worker in (other, fresh)] == [0, 0]
    assert_each_lead_went_its_road_once(committed)
    assert "Traceback" not in workers.log.read_text()
