"""A rescoring as jobs and as a process: it goes on after a kill, none is scored twice, none is lost, nobody has to wait."""

import os
import subprocess
import sys
import threading
import time
from datetime import timedelta

import pytest
from sqlalchemy import Engine, func, select, text, update
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from domain.rules.scoring import default_model_toml
from domain.tables import JobRow, Lead, Rescoring, ScoreRow
from domain.verbs import modelling, nurturing, rescoring
from domain.verbs.record import locked_lead
from domain.verbs.scoring import score_lead
from handlers import ledger
from handlers.cli import app
from handlers.jobs import execute, transaction
from handlers.sending import Job, Priority
from kit import db
from kit.clock import utcnow
from tests.domain.making import make_lead
from tests.handlers.making import ROOT, clear_jobs, jobs, work_off

STRICT = default_model_toml().replace("mql = 60", "mql = 65")
LOOKED = ("page_view",)
BATCHES = 6
"""Enough that a kill after the first is one in the middle."""

# A lead as `make_lead` left it, many times over, with what it did.
_COPIES = """
with made as (
    insert into leads (email, identity, stage, source, fields, attributes, notes, captured_at, tier, score, fit, intent, negative)
    select 'lead' || n || '@buyer.example.com', 'lead' || n || '@buyer.example.com', 'nurturing', source, fields, attributes, notes,
        captured_at, tier, score, fit, intent, negative from leads, generate_series(1, :copies) n where leads.id = :id
    returning id
), touched as (
    insert into touches (lead_id, kind, occurred_at) select made.id, kind, occurred_at from made, touches where lead_id = :id
)
insert into scores (lead_id, model_id, as_of, total, fit, intent, negative, tier, ledger)
select made.id, model_id, as_of, total, fit, intent, negative, tier, ledger from made, scores where scores.lead_id = :id
"""


def fill(copies: int) -> int:
    """So many leads and one, scored with the model before, and a rescoring that has begun; returns the new model's id."""
    with transaction() as session:
        lead = make_lead(session, LOOKED, now=utcnow())
        nurturing.enrol(session, lead.id, utcnow())
        session.flush()
        session.execute(text(_COPIES), {"id": lead.id, "copies": copies})
        session.execute(text("update leads set score_id = s.id from scores s where s.lead_id = leads.id"))
    clear_jobs()
    with transaction() as session:
        return modelling.import_model(session, STRICT, utcnow()).id


def times_scored(engine: Engine, model_id: int) -> dict[int, int]:
    """How often the model scored each lead: the count of times -> how many leads."""
    once = (
        select(func.count(ScoreRow.id).label("times"))
        .select_from(Lead)
        .outerjoin(ScoreRow, (ScoreRow.lead_id == Lead.id) & (ScoreRow.model_id == model_id))
        .group_by(Lead.id)
        .subquery()
    )
    with Session(engine) as session:
        return dict(session.execute(select(once.c.times, func.count()).group_by(once.c.times)).all())


def newest(engine: Engine) -> Rescoring:
    with Session(engine) as session:
        row = rescoring.newest(session)
        assert row is not None
        return row


def here() -> "subprocess.Popen[bytes]":
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "DATABASE_URL") if name in os.environ}
    command = [sys.executable, "-m", "handlers", "rescore", "--here"]
    return subprocess.Popen(command, env=kept | {"PYTHONPATH": str(ROOT)}, cwd=ROOT, stdout=subprocess.DEVNULL)


def test_jobs_score_every_lead_once_a_batch_each_and_then_there_is_none_left(committed: Engine) -> None:
    model_id = fill(450)
    (job,) = jobs()
    assert (job.name, job.priority, job.lane) == (Job.RESCORE, Priority.BULK, "rescore")
    done = work_off(Job.RESCORE)
    assert times_scored(committed, model_id) == {1: 451}
    # Three batches, the end of the first pass, and the second look.
    assert done == [Job.RESCORE] * 5
    row = newest(committed)
    assert (row.done, row.total, row.finished_at is None) == (451, 451, False)


def test_a_process_that_is_killed_in_the_middle_loses_no_lead_and_doubles_none(committed: Engine) -> None:
    """Two processes of ours, one after the other: their start alone takes some seconds."""
    model_id = fill(BATCHES * 200)
    with here() as process:
        deadline = time.monotonic() + 30
        while newest(committed).done == 0:
            assert process.poll() is None
            assert time.monotonic() < deadline
            threading.Event().wait(0.01)
        process.kill()
    killed = newest(committed)
    assert 0 < killed.done < killed.total
    assert times_scored(committed, model_id).get(1, 0) >= killed.done
    with here() as process:
        assert process.wait(timeout=60) == 0
    assert times_scored(committed, model_id) == {1: BATCHES * 200 + 1}
    assert (newest(committed).id, newest(committed).finished_at is None) == (killed.id, False)


def test_a_worker_that_dies_with_a_batch_leaves_it_to_the_next(committed: Engine) -> None:
    model_id = fill(10)
    with db.new_session() as session, session.begin():
        # Claimed, and never heard of again: its lease, and with it that of its lane, is over.
        assert len(ledger.claim(session, "dead", lease=timedelta(seconds=-1), window=10)) == 1
    with db.new_session() as session, session.begin():
        assert ledger.give_back_expired(session) == 1
    work_off(Job.RESCORE)
    assert times_scored(committed, model_id) == {1: 11}


def test_leads_that_a_click_holds_are_looked_at_again_a_second_later(committed: Engine) -> None:
    model_id = fill(2)
    with Session(committed) as held, held.begin():
        locked_lead(held, held.scalars(select(func.min(Lead.id))).one())
        # The two that are free; back to the beginning; nobody but the one who is held.
        for _ in range(3):
            one_batch()
        assert times_scored(committed, model_id) == {0: 1, 1: 2}
        (waiting,) = (job for job in jobs() if job.name == Job.RESCORE)
        assert waiting.run_at > utcnow()
    work_off(Job.RESCORE)
    assert times_scored(committed, model_id) == {1: 3}


def one_batch() -> None:
    """Do the next batch, as a worker does. What follows from it waits."""
    with db.new_session() as session, session.begin():
        claimed = ledger.claim(session, "tests", lease=timedelta(seconds=30), window=10)
    (job,) = (job for job in claimed if job.name == Job.RESCORE)
    execute(job.id, job.name, job.args, job.lane, job.token, utcnow().timestamp())


@pytest.mark.parametrize("scored_live", [0, 1])
def test_a_touch_in_the_middle_is_scored_by_its_own_job_and_not_again(committed: Engine, scored_live: int) -> None:
    model_id = fill(3)
    with transaction() as session:
        for lead_id in session.scalars(select(Lead.id).order_by(Lead.id).limit(scored_live)).all():
            score_lead(session, lead_id, utcnow())
    work_off(Job.RESCORE)
    assert times_scored(committed, model_id) == {1: 4}
    assert newest(committed).done == 4 - scored_live


def test_who_follows_is_told_if_no_worker_takes_it_and_to_stop_it_ends_the_watching(committed: Engine) -> None:
    fill(3)
    with Session(committed) as session, session.begin():
        session.execute(update(JobRow).values(run_at=func.now() - timedelta(minutes=1)))

    def cancel() -> None:
        with transaction() as session:
            rescoring.cancel(session, utcnow())

    timer = threading.Timer(0.3, cancel)
    timer.start()
    said = CliRunner().invoke(app, ["rescore", "--follow"], env={"COLUMNS": "200"})
    timer.join()
    assert "No worker has taken it yet." in said.output
    assert "Stopped: 0 of 4 leads" in said.output
