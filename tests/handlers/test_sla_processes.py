"""Three clock processes, of which one after another is killed: no step of a ladder is taken twice, and none is lost.

The test takes some fifteen seconds: the ladders are climbed in real time, and a process needs one to two to start.
"""

import json
import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select, text
from sqlalchemy.orm import Session

from domain.rules.deadlines import Do, Step, ladder, steps_to_json
from domain.tables import Happened, JobRow, LeadEvent, Role, SlaClock
from domain.verbs import staffing
from handlers.jobs import transaction
from handlers.sending import Job
from kit.clock import utcnow
from tests.conftest import NOON

ROOT = Path(__file__).resolve().parents[2]
CLOCKS, PROCESSES, KILLS = 600, 3, 5
TARGET = timedelta(seconds=4)
SPREAD = timedelta(seconds=6)
"""The clocks start one after another, so that something is due all the time while processes die."""
LADDER = ladder([Step(Do.REMIND, 0.5), Step(Do.TELL_MANAGER, 1.0), Step(Do.TELL_REP, 1.0), Step(Do.HAND_ON, 1.5, 2)])
PATIENCE = 120.0
"""Seconds until the test gives up, on a busy machine too."""

_CLOCKS = (
    """insert into leads (email, identity, stage, source, fields, attributes, notes, captured_at)
       select 'lead' || n || '@example.com', 'lead' || n || '@example.com', 'in_handoff', 'a test', '{}', '{}', '[]', :at
       from generate_series(1, :most) n""",
    """insert into handoffs (lead_id, cycle, tier, score, score_id, pool_id, rep_id, status, version, policy, trace, place,
                             became_at, opened_at, offered_at)
       select leads.id, 1, 'mql', 70, 1, pools.id, :rep, 'offered', 2, '{}', '{}', 'C0SAMPLE', :at, :at, :at
       from leads, pools""",
    """insert into sla_clocks (handoff_id, kind, started_at, due_at, next_at, running_since, target_seconds, steps)
       select id, 'first_contact', began, began + :target, began + :target / 2, began,
              extract(epoch from cast(:target as interval)), cast(:steps as jsonb)
       from handoffs, lateral (select :at + cast(:spread as interval) * id / :most as began) one""",
)


class Clocks:
    """Clock processes, as an operator starts them."""

    def __init__(self, database_url: str, folder: Path) -> None:
        self.log, self.folder = folder / "clocks.log", folder
        self.running: list[subprocess.Popen[bytes]] = []
        self.env = {
            "DATABASE_URL": database_url,
            "PYTHONPATH": str(ROOT),
            "PYTHONWARNINGS": "error",
            "PATH": os.environ["PATH"],
        }

    def start(self) -> None:
        with self.log.open("ab") as out:
            command = [sys.executable, "-m", "handlers", "clock"]
            self.running.append(subprocess.Popen(command, env=self.env, cwd=self.folder, stdout=out, stderr=out))

    def kill(self, which: int) -> None:
        victim = self.running.pop(which)
        victim.kill()
        victim.wait()

    def ready(self) -> int:
        return self.log.read_text().count("clock.ready")


@pytest.fixture
def processes(committed: Engine, database_url: str, tmp_path: Path) -> Iterator[Clocks]:
    made = Clocks(database_url, tmp_path)
    yield made
    while made.running:
        made.kill(0)


def until(done: Callable[[], bool], log: Path) -> None:
    give_up_at = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < give_up_at, log.read_text()[-4000:]
        time.sleep(0.02)


def start_clocks(now: datetime) -> None:
    with transaction() as session:
        rep = staffing.save_rep(session, NOON, name="Sam Sample", email="sam@example.com", role=Role.SDR)
        pool = staffing.save_pool(session, name="SDR", role=Role.SDR, slack_channel="C0SAMPLE", manager=None)
        staffing.set_members(session, pool, {rep.id: 1})
        values = {"rep": rep.id, "most": CLOCKS, "at": now, "target": TARGET, "spread": SPREAD}
        for statement in _CLOCKS:
            session.execute(text(statement), {**values, "steps": json.dumps(steps_to_json(LADDER))})


def still_to_do(engine: Engine) -> int:
    with Session(engine) as session:
        return session.scalar(select(func.count()).where(SlaClock.next_at.is_not(None))) or 0


def has_taken(engine: Engine, steps: int) -> bool:
    with Session(engine) as session:
        return (session.scalar(select(func.sum(SlaClock.taken))) or 0) >= steps


def said(engine: Engine) -> dict[str, Counter[int]]:
    """What was said -> of which handoff, how often."""
    found: dict[str, Counter[int]] = {}
    with Session(engine) as session:
        for event in session.scalars(select(LeadEvent).where(LeadEvent.handoff_id.is_not(None))):
            what = str(event.data.get("do", event.kind.value))
            found.setdefault(what, Counter())[event.handoff_id or 0] += 1
    return found


def sent(engine: Engine, job: Job) -> Counter[int]:
    with Session(engine) as session:
        return Counter(
            int(args["handoff_id"]) for args in session.scalars(select(JobRow.args).where(JobRow.name == job))
        )


def test_clock_processes_that_are_killed_take_no_step_twice_and_lose_none(committed: Engine, processes: Clocks) -> None:
    for _ in range(PROCESSES):
        processes.start()
    until(lambda: processes.ready() == PROCESSES, processes.log)
    start_clocks(utcnow())
    chance = random.Random(7)
    for enough in sorted(chance.sample(range(CLOCKS * len(LADDER) * 9 // 10), KILLS)):
        until(partial(has_taken, committed, enough), processes.log)
        processes.kill(chance.randrange(PROCESSES))
        processes.start()
    until(lambda: still_to_do(committed) == 0, processes.log)
    found, each = said(committed), Counter(range(1, CLOCKS + 1))
    assert found[Happened.HANDOFF_BREACHED] == each
    assert max(max(times.values()) for times in found.values()) == 1
    # Who slept through a whole ladder says its gravest step alone: nobody is left without a word.
    assert found[Do.TELL_MANAGER] | found[Do.HAND_ON] == each
    assert found[Do.HAND_ON] == each
    jobs = {Do.TELL_MANAGER: Job.TELL_MANAGER_LATE, Do.TELL_REP: Job.TELL_REP_LATE, Do.HAND_ON: Job.HAND_ON}
    for do, job in jobs.items():
        assert sent(committed, job) == found[do]
    assert sent(committed, Job.REMIND_REP) == found[Happened.HANDOFF_REMINDED]
    with Session(committed) as session:
        reminded = session.scalars(select(SlaClock.handoff_id).where(SlaClock.reminded_at.is_not(None)))
        assert Counter(reminded) == found[Happened.HANDOFF_REMINDED]
        assert set(session.scalars(select(SlaClock.taken))) == {len(LADDER)}
    assert "Traceback" not in processes.log.read_text()
