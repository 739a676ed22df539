"""The edge: what commits together, what a job's end may be, and that kills at any moment neither lose nor double an effect."""

import random
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from domain.rules.refusals import NoSuchRep
from domain.tables import Happened, JobLane, JobRow, LeadEvent, Rep, Role
from domain.verbs.record import happened
from domain.verbs.staffing import save_rep, step_away
from handlers import cli, jobs, ledger, moments
from handlers.flow import what_follows
from handlers.jobs import Running, execute, finishing, reading, send, transaction
from handlers.ledger import MOST_FAILURES, Claimed
from handlers.sending import Job, Sending
from kit.clock import utcnow
from kit.outside import Refused, TryLater
from tests.conftest import NOON
from tests.handlers.conftest import TRACE, Work, add_traces

assert moments  # all jobs have their functions

LEASE = timedelta(seconds=30)
OVER = timedelta(seconds=-1)


def claim(work: Work, *, lease: timedelta = LEASE, window: int = 1000) -> list[Claimed]:
    with work() as session:
        return ledger.claim(session, "relay", lease=lease, window=window)


def run(job: Claimed, *, waited: float = 0.0) -> None:
    execute(job.id, job.name, job.args, job.lane, job.token, utcnow().timestamp() - waited)


def one_row(work: Work) -> JobRow:
    with work() as session:
        return session.scalars(select(JobRow)).one()


def names(work: Work) -> list[str]:
    with work() as session:
        return sorted(session.scalars(select(JobRow.name)))


Traces = Callable[[], list[int]]
Claiming = Callable[[Exception | None], Claimed]


@pytest.fixture
def said(work: Work, traces: Traces) -> Claiming:
    """A claimed job in a lane that will say this to the ledger: nothing, or that error."""

    def make(error: Exception | None) -> Claimed:
        def speak(_running: Running, n: int) -> None:
            if error is not None:
                raise error

        jobs.ACTORS[TRACE] = speak
        with work() as session:
            session.execute(insert(JobLane).values(name="lane"))
            add_traces(session, range(1), lane="lane")
        (job,) = claim(work)
        return job

    return make


def hire(session: Session, email: str) -> Rep:
    return save_rep(session, NOON, name="Sam Sample", email=email, role=Role.SDR)


def hire_and_stumble(session: Session) -> None:
    """Raises NoSuchRep in the middle."""
    hire(session, "ada@example.com")
    step_away(session, "nobody@example.com", NOON)


def send_and_stumble(session: Session) -> None:
    """Raises NoSuchRep in the middle."""
    send(session, Sending(Job.SCORE, {"lead_id": 1}, key="1"))
    hire_and_stumble(session)


def test_what_follows_from_an_event_is_committed_with_it(work: Work) -> None:
    with transaction() as session:
        hire(session, "sam@example.com")
    with work() as session:
        joined = session.scalars(select(LeadEvent).where(LeadEvent.kind == Happened.REP_JOINED)).one()
        assert names(work) == sorted(sending.job for sending in what_follows(joined)) != []


def test_a_transaction_that_fails_writes_neither_state_nor_job(work: Work) -> None:
    with pytest.raises(NoSuchRep), transaction() as session:
        send_and_stumble(session)
    assert names(work) == []
    with work() as session:
        assert session.scalars(select(Rep)).all() == []


def test_events_of_a_savepoint_that_was_rolled_back_send_nothing(work: Work) -> None:
    with transaction() as session:
        sam = hire(session, "sam@example.com")
        with pytest.raises(NoSuchRep), session.begin_nested():
            hire_and_stumble(session)
    with work() as session:
        args = list(session.scalars(select(JobRow.args)))
    assert args == [{"rep_id": sam.id}] * len(args) != []


def test_a_job_is_not_sent_from_within_a_savepoint_that_may_be_rolled_back(work: Work) -> None:
    with transaction() as session, session.begin_nested(), pytest.raises(RuntimeError):
        send(session, Sending(Job.SCORE, {"lead_id": 1}, key="1"))
    assert names(work) == []


def test_reading_commits_nothing(work: Work) -> None:
    with reading() as session:
        hire(session, "sam@example.com")
    with work() as session:
        assert session.scalars(select(Rep)).all() == []


def test_the_relay_is_nudged_by_each_commit_and_by_no_other_end(work: Work) -> None:
    nudges: list[int] = []
    with jobs.on_commit(lambda: nudges.append(1)):
        with transaction():
            pass
        with pytest.raises(NoSuchRep), transaction() as session:
            step_away(session, "nobody@example.com", NOON)
    with transaction():
        pass
    assert nudges == [1]


def test_a_job_ends_with_its_effect(work: Work, traces: Traces) -> None:
    with work() as session:
        add_traces(session, range(1))
    (job,) = claim(work)
    run(job)
    assert (traces(), names(work)) == ([0], [])


def test_the_effects_of_an_old_holder_are_rolled_back(work: Work, traces: Traces) -> None:
    with work() as session:
        add_traces(session, range(1))
    (old,) = claim(work, lease=OVER)
    with work() as session:
        ledger.give_back_expired(session)
    (new,) = claim(work)
    run(old)
    assert traces() == []
    run(new)
    run(new)
    assert traces() == [0]


def test_a_job_that_writes_nothing_is_ended_too(work: Work, said: Claiming) -> None:
    run(said(None))
    assert names(work) == []


def test_trying_later_without_a_time_is_a_failure(work: Work, said: Claiming) -> None:
    run(said(TryLater("The CRM does not answer")))
    row = one_row(work)
    assert (row.failures, row.problem, row.leased_until) == (1, "The CRM does not answer", None)
    assert row.run_at > row.created_at


def test_trying_later_at_a_given_time_is_none(work: Work, said: Claiming) -> None:
    run(said(TryLater("Slack answered 429", after=100.0)))
    row = one_row(work)
    assert (row.failures, row.problem, row.dead_at) == (0, "Slack answered 429", None)
    assert row.run_at > row.created_at + timedelta(seconds=100)


def test_a_refusal_buries_the_job_at_once_and_its_lane_goes_on(work: Work, said: Claiming) -> None:
    run(said(Refused("The channel is archived")))
    row = one_row(work)
    assert (row.failures, row.problem, row.leased_until) == (0, "The channel is archived", None)
    assert row.dead_at is not None
    with work() as session:
        assert session.scalars(select(JobLane).where(JobLane.free_at <= func.now())).one()


def test_what_breaks_is_noted_by_its_place_and_without_a_word_of_the_person(
    work: Work, said: Claiming, capsys: pytest.CaptureFixture[str]
) -> None:
    run(said(ValueError("mara.sample@example.com is no number")))
    row = one_row(work)
    assert row.problem is not None
    assert re.fullmatch(r"ValueError at jobs\.py:\d+ > test_jobs\.py:\d+", row.problem)
    assert row.failures == 1
    printed = capsys.readouterr()
    assert "job.failed" in printed.out + printed.err
    assert "mara" not in printed.out + printed.err


def test_effects_of_a_job_that_breaks_in_its_last_transaction_are_rolled_back(work: Work, traces: Traces) -> None:
    def half(running: Running, n: int) -> None:
        with finishing(running) as session:
            happened(session, Happened.MODEL_ACTIVATED, NOON, n=n)
            session.flush()
            raise TryLater("The provider is away", after=0.0)

    jobs.ACTORS[TRACE] = half
    with work() as session:
        add_traces(session, range(1))
    (job,) = claim(work)
    run(job)
    assert (traces(), names(work)) == ([], [TRACE])


def test_a_job_that_waited_too_long_for_a_worker_asks_first_whether_it_is_still_ours(
    work: Work, traces: Traces
) -> None:
    with work() as session:
        add_traces(session, range(2))
    taken, _ = claim(work, lease=OVER)
    with work() as session:
        ledger.give_back_expired(session)
    begun: list[int] = []

    def begin(_running: Running, n: int) -> None:
        begun.append(n)

    jobs.ACTORS[TRACE] = begin
    run(taken, waited=60.0)
    assert begun == []
    for job in claim(work):
        run(job, waited=60.0)
    assert sorted(begun) == [0, 1]


def test_dead_jobs_are_listed_and_retried_from_the_command_line(work: Work, traces: Traces) -> None:
    with work() as session:
        add_traces(session, range(1))
        session.execute(update(JobRow).values(dead_at=func.now(), failures=MOST_FAILURES, problem="it broke"))
    listed = CliRunner().invoke(cli.app, ["jobs", "list", "--dead"])
    assert (listed.exit_code, "n=0" in listed.output, "dead" in listed.output) == (0, True, True)
    assert "0 waiting, 0 running, 1 dead." in listed.output
    retried = CliRunner().invoke(cli.app, ["jobs", "retry", str(one_row(work).id)])
    assert (retried.exit_code, retried.output) == (0, "1 dead job will run again.\n")
    (job,) = claim(work)
    run(job)
    assert traces() == [0]
    assert CliRunner().invoke(cli.app, ["jobs", "retry", str(job.id)]).exit_code == 1


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_kills_and_pauses_at_any_moment_neither_lose_nor_double_an_effect(
    work: Work, traces: Traces, seed: int
) -> None:
    with work() as session:
        add_traces(session, range(60))
        for number in range(4):
            session.execute(insert(JobLane).values(name=f"lane {number}"))
            add_traces(session, range(60 + 15 * number, 75 + 15 * number), lane=f"lane {number}")

    def relay(number: int) -> None:
        """A process that is often killed with jobs in hand, or wakes up late and goes on with what others have by now."""
        chance = random.Random(10 * seed + number)
        asleep: list[Claimed] = []
        while True:
            with work() as session:
                ledger.give_back_expired(session)
                mine = ledger.claim(session, f"{number}", lease=timedelta(milliseconds=40), window=10)
                left = session.scalars(select(func.count()).select_from(JobRow)).one()
            if not left:
                return
            for job in mine:
                fate = chance.random()
                if fate < 0.2:
                    asleep.append(job)
                elif fate > 0.4:
                    run(job)
            while asleep and chance.random() < 0.3:
                run(asleep.pop())

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(relay, range(3)))
    assert traces() == list(range(120))
