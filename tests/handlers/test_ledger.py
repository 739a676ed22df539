"""The ledger of jobs on a real Postgres: who may claim what, and what is left when somebody dies."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, event, func, select, text, update
from sqlalchemy.orm import Session

from domain.tables import JobLane, JobRow
from handlers import ledger
from handlers.ledger import MOST_FAILURES, Claimed, Setback, TakenOver
from handlers.sending import Job, Priority, Sending
from tests.handlers.conftest import Work, add_traces

LEASE = timedelta(seconds=30)
OVER = timedelta(seconds=-1)
"""A lease that has ended already."""
AT_ONCE = timedelta(0)
ROOM = 10_000


def claim(session: Session, me: str = "relay", *, lease: timedelta = LEASE, window: int = ROOM) -> list[Claimed]:
    return ledger.claim(session, me, lease=lease, window=window)


def claim_one(work: Work, *, lease: timedelta = LEASE) -> Claimed:
    with work() as session:
        (claimed,) = claim(session, lease=lease)
    return claimed


def score(lead_id: int = 1, **more: Any) -> Sending:
    return Sending(Job.SCORE, {"lead_id": lead_id}, key=str(lead_id), **more)


def post(handoff_id: int = 1, lane: str = "slack:C1", **more: Any) -> Sending:
    return Sending(Job.REMIND_REP, {"handoff_id": handoff_id}, lane=lane, **more)


def write(work: Work, *sendings: Sending) -> None:
    with work() as session:
        ledger.write(session, sendings)


def rows(work: Work) -> list[JobRow]:
    with work() as session:
        return list(session.scalars(select(JobRow).order_by(JobRow.id)))


def test_what_several_relays_claim_at_the_same_moment_is_claimed_once(work: Work) -> None:
    with work() as session:
        add_traces(session, range(300))
    start = threading.Barrier(4)

    def relay(number: int) -> list[int]:
        start.wait()
        mine: list[int] = []
        while True:
            with work() as session:
                found = claim(session, f"relay {number}", window=len(mine) + 20)
            if not found:
                return mine
            mine += [job.id for job in found]

    with ThreadPoolExecutor(4) as pool:
        claimed = [job_id for mine in pool.map(relay, range(4)) for job_id in mine]
    assert len(claimed) == len(set(claimed)) == 300


def test_a_relay_holds_no_more_than_its_window_however_often_it_looks(work: Work) -> None:
    with work() as session:
        add_traces(session, range(10))
    looks = []
    for _ in range(3):
        with work() as session:
            looks.append(len(claim(session, window=4)))
    assert looks == [4, 0, 0]


def test_a_flood_of_the_one_kind_of_job_leaves_room_for_the_other(work: Work) -> None:
    with work() as session:
        add_traces(session, range(10))
        claim(session, window=4)
        ledger.write(session, [post(n, lane=f"slack:C{n}") for n in range(10)])
        found = claim(session, window=4)
    assert [job.lane is None for job in found] == [False] * 4


def test_sooner_things_are_claimed_first_and_what_is_not_due_not_at_all(work: Work) -> None:
    write(
        work,
        score(1, priority=Priority.BULK),
        score(2, priority=Priority.CLICK, after=timedelta(hours=1)),
        score(3, priority=Priority.LIVE),
        post(4, priority=Priority.CLICK),
    )
    with work() as session:
        assert [job.args for job in claim(session)] == [{"handoff_id": 4}, {"lead_id": 3}, {"lead_id": 1}]


def test_who_lost_the_lease_can_neither_finish_nor_fail_nor_prolong_nor_bury_the_job(work: Work) -> None:
    write(work, post())
    old = claim_one(work, lease=OVER)
    with work() as session:
        ledger.give_back_expired(session)
    attempts: list[Callable[[Session], object]] = [
        lambda session: ledger.finish(session, old, AT_ONCE),
        lambda session: ledger.give_back(session, old, Setback("too late"), AT_ONCE),
        lambda session: ledger.renew(session, old, LEASE),
        lambda session: ledger.bury(session, old, "too late", AT_ONCE),
    ]
    for attempt in attempts:
        with pytest.raises(TakenOver), work() as session:
            attempt(session)
    new = claim_one(work)
    assert (new.id, new.token) == (old.id, old.token + 1)
    for attempt in attempts:
        with pytest.raises(TakenOver), work() as session:
            attempt(session)
    assert [(row.failures, row.problem) for row in rows(work)] == [
        (1, "Its worker died, or it took longer than its lease")
    ]


def test_a_job_that_kills_every_worker_is_buried_in_the_end(work: Work) -> None:
    write(work, post())
    for _ in range(ledger.MOST_FAILURES):
        assert rows(work)[0].dead_at is None
        claim_one(work, lease=OVER)
        with work() as session:
            ledger.give_back_expired(session)
    assert rows(work)[0].dead_at is not None


def test_all_that_a_dead_worker_held_comes_back_in_one_sweep(work: Work) -> None:
    with work() as session:
        add_traces(session, range(50))
        ledger.write(session, [score(n) for n in range(50)])
        assert len(claim(session, lease=OVER)) == 100
    with work() as session:
        assert ledger.give_back_expired(session) == 100
        assert len(claim(session, "another")) == 100


def test_a_key_has_one_pending_row_as_early_and_as_urgent_as_the_most_pressing_wish(work: Work) -> None:
    hour = timedelta(hours=1)
    write(work, score(after=hour, priority=Priority.CLICK), score(after=2 * hour, priority=Priority.BULK))
    write(work, score(after=AT_ONCE, priority=Priority.LIVE))
    write(work, score(after=hour, priority=Priority.BULK))
    (row,) = rows(work)
    assert row.priority == Priority.CLICK
    assert row.run_at < row.created_at + hour / 2


def test_wishes_of_one_transaction_keep_the_urgency_of_the_one_and_the_haste_of_the_other(work: Work) -> None:
    hour = timedelta(hours=1)
    write(work, score(after=hour, priority=Priority.CLICK), score(after=AT_ONCE, priority=Priority.BULK))
    (row,) = rows(work)
    assert (row.priority, row.run_at) == (Priority.CLICK, row.created_at)


def test_a_wish_while_its_like_is_running_makes_one_new_row_that_waits_for_the_running_one(work: Work) -> None:
    write(work, score())
    running = claim_one(work)
    write(work, score())
    write(work, score())
    assert len(rows(work)) == 2
    with work() as session:
        assert claim(session, "another") == []
        ledger.finish(session, running, AT_ONCE)
    assert claim_one(work).id != running.id


def test_a_failed_job_gives_way_to_a_newer_one_of_its_key(work: Work) -> None:
    write(work, score())
    running = claim_one(work)
    write(work, score())
    with work() as session:
        ledger.give_back(session, running, Setback("it broke"), AT_ONCE)
    (row,) = rows(work)
    assert (row.id > running.id, row.failures, row.leased_until) == (True, 0, None)


def test_of_several_lost_rows_of_one_key_one_comes_back_unless_a_newer_one_waits(work: Work) -> None:
    for lead_id in (1, 2):
        write(work, score(lead_id))
        claim_one(work, lease=OVER)
        write(work, score(lead_id))
        claim_one(work, lease=OVER)
    write(work, score(2))
    with work() as session:
        ledger.give_back_expired(session)
    assert [(row.key, row.leased_until) for row in rows(work)] == [("1", None), ("2", None)]


def test_a_wish_merged_into_a_row_that_was_given_back_is_not_swallowed_by_its_slow_holder(work: Work) -> None:
    write(work, score())
    slow = claim_one(work, lease=OVER)
    with work() as session:
        ledger.give_back_expired(session)
    write(work, score())
    with pytest.raises(TakenOver), work() as session:
        ledger.finish(session, slow, AT_ONCE)
    assert len(rows(work)) == 1


def test_a_lane_carries_one_job_at_a_time_and_rests_after_each_for_its_pace(work: Work) -> None:
    write(work, post(1), post(2), post(3, lane="slack:C2"))
    with work() as session:
        first, other = claim(session)
        assert claim(session) == []
    assert (first.lane, other.lane) == ("slack:C1", "slack:C2")
    with work() as session:
        ledger.finish(session, first, timedelta(minutes=1))
        ledger.finish(session, other, timedelta(minutes=1))
    with work() as session:
        assert claim(session) == []
        session.execute(update(JobLane).values(free_at=JobLane.free_at - timedelta(minutes=1)))
    with work() as session:
        assert [job.args for job in claim(session)] == [{"handoff_id": 2}]


def test_what_is_urgent_overtakes_in_its_lane(work: Work) -> None:
    write(work, post(1, priority=Priority.BULK), post(2, priority=Priority.CLICK))
    assert claim_one(work).args == {"handoff_id": 2}


def test_lanes_with_urgent_jobs_go_first_when_there_is_not_room_for_all(work: Work) -> None:
    write(work, *(post(n, lane=f"slack:C{n}", priority=Priority.LIVE) for n in range(5)))
    write(work, post(9, lane="slack:C9", priority=Priority.CLICK))
    with work() as session:
        assert [job.lane for job in claim(session, window=1)] == ["slack:C9"]


def test_a_wait_that_the_outside_asked_for_holds_the_whole_lane_and_is_no_failure(work: Work) -> None:
    write(work, post(1), post(2))
    running = claim_one(work)
    with work() as session:
        wait = ledger.give_back(session, running, Setback("429", timedelta(minutes=5)), timedelta(seconds=1))
    assert wait == timedelta(minutes=5)
    with work() as session:
        assert claim(session) == []
        lane, now = session.execute(select(JobLane.free_at, func.now())).one()
    assert timedelta(minutes=4) < lane - now <= timedelta(minutes=5)
    assert [row.failures for row in rows(work)] == [0, 0]


def test_the_lane_of_a_dead_worker_frees_itself(work: Work) -> None:
    write(work, post(1), post(2))
    claim_one(work, lease=OVER)
    with work() as session:
        ledger.give_back_expired(session)
        assert [job.args for job in claim(session)] == [{"handoff_id": 1}]


def test_a_holder_whose_lease_is_lost_does_not_free_the_lane_of_the_new_one(work: Work) -> None:
    write(work, post(1), post(2))
    old = claim_one(work, lease=OVER)
    with work() as session:
        ledger.give_back_expired(session)
    claim_one(work)
    with pytest.raises(TakenOver), work() as session:
        ledger.give_back(session, old, Setback("it broke"), AT_ONCE)
    with work() as session:
        assert claim(session) == []


def test_a_long_job_that_prolongs_its_lease_keeps_its_lane(work: Work) -> None:
    write(work, post(1), post(2))
    long = claim_one(work, lease=OVER)
    with work() as session:
        ledger.renew(session, long, LEASE)
    with work() as session:
        assert ledger.give_back_expired(session) == 0
        assert claim(session) == []


def test_a_relay_does_not_wait_for_somebody_who_is_merging_into_a_row(work: Work) -> None:
    keyed = Sending(Job.SHOW_CARD, {"handoff_id": 1}, key="1", lane="slack:C1")
    write(work, keyed)
    with work() as merging:
        ledger.write(merging, [keyed])
        with work() as session:
            session.execute(text("set local lock_timeout = '100ms'"))
            assert claim(session) == []
    assert claim_one(work).lane == "slack:C1"


def test_the_wait_grows_with_failures_and_the_last_one_leaves_the_job_dead(work: Work) -> None:
    write(work, score())
    waits: list[timedelta | None] = []
    for _ in range(MOST_FAILURES):
        for setback in (Setback("429", AT_ONCE), Setback("it broke")):
            running = claim_one(work)
            with work() as session:
                waits.append(ledger.give_back(session, running, setback, AT_ONCE))
                session.execute(update(JobRow).values(run_at=func.now()))
    backed_off = [wait.total_seconds() for wait in waits[1::2] if wait is not None]
    assert waits[0::2] == [AT_ONCE] * MOST_FAILURES
    assert all(0.5 * 2**n <= wait <= 1.5 * 2**n for n, wait in enumerate(backed_off))
    assert (len(backed_off), waits[-1]) == (MOST_FAILURES - 1, None)
    (row,) = rows(work)
    assert (row.failures, row.dead_at is None, row.leased_until) == (MOST_FAILURES, False, None)
    with work() as session:
        assert claim(session) == []


def test_the_newest_dead_row_of_a_key_stands_for_all_and_comes_back_with_a_clean_slate(work: Work) -> None:
    for lead_id in (1, 1, 2):
        write(work, score(lead_id))
        running = claim_one(work)
        with work() as session:
            ledger.bury(session, running, "refused", AT_ONCE)
    write(work, score(2))
    with work() as session:
        assert ledger.revive(session) == 2
    assert [(row.key, row.dead_at, row.failures, row.problem) for row in rows(work)] == [
        ("1", None, 0, None),
        ("2", None, 0, None),
    ]


def test_a_relay_that_stops_leaves_what_it_held_to_others_at_once(work: Work) -> None:
    write(work, score(1), post(1), post(2))
    with work() as session:
        assert len(claim(session, "stopping")) == 2
    with work() as session:
        ledger.give_back_all_of(session, "stopping")
        assert len(claim(session, "another")) == 2


def test_what_never_reached_a_worker_is_claimed_again_at_once(work: Work) -> None:
    write(work, score(1), post(1))
    with work() as session:
        unsent = claim(session)
        ledger.give_back_unsent(session, unsent)
    with work() as session:
        assert [job.id for job in claim(session)] == [job.id for job in unsent]


def test_transactions_that_write_the_same_keys_in_opposite_order_never_deadlock(work: Work) -> None:
    forth = [score(n) for n in range(20)] + [post(n, lane=f"slack:C{n}") for n in range(5)]
    start = threading.Barrier(4)

    def writer(number: int) -> None:
        for _ in range(15):
            start.wait()
            write(work, *(forth if number % 2 else reversed(forth)))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(writer, range(4)))
    assert len(rows(work)) == 20 + 4 * 15 * 5


def test_who_gives_a_job_back_while_its_like_is_written_does_not_hold_the_lane_meanwhile(work: Work) -> None:
    """Else the two wait for each other: the writer comes to the lanes after the jobs."""
    drain = Sending(Job.TELL_CRM, {}, key="all", lane="tell_crm")
    write(work, drain)
    claimed = claim_one(work)

    def give_back() -> None:
        with work() as session:
            ledger.give_back(session, claimed, Setback("it is busy", timedelta(seconds=9)), AT_ONCE)

    waits = select(func.count()).select_from(text("pg_locks")).where(text("not granted"))
    with ThreadPoolExecutor(1) as pool, work() as writer:
        ledger.write(writer, [drain])
        given = pool.submit(give_back)
        with work() as onlooker:
            while not onlooker.scalar(waits):
                assert not given.done()
        writer.execute(select(JobLane).with_for_update(nowait=True)).all()
        writer.commit()
        given.result(10)
    (left,) = rows(work)
    assert (left.leased_until, left.dead_at) == (None, None)


@pytest.fixture
def big_ledger(committed: Engine) -> Engine:
    """50,000 rows: due, for later, in lanes, keyed, leased, expired and dead."""
    with committed.begin() as connection:
        connection.execute(text("insert into job_lanes (name) select 'lane ' || n from generate_series(0, 99) n"))
        connection.execute(
            text("""
            insert into jobs (name, args, key, lane, priority, run_at, claims, leased_until, leased_by, dead_at)
            select 'score', '{}', case when n % 3 = 0 then n::text end, case when n % 4 = 0 then 'lane ' || n % 100 end,
                   n % 4 * 10, now() + (n % 7 - 5) * interval '1 minute', 1,
                   case when n % 1000 = 1 then now() + interval '1 minute' when n % 1000 = 2 then now() - interval '1 s' end,
                   case when n % 1000 in (1, 2) then 'somebody' end, case when n % 100 = 5 then now() end
            from generate_series(1, 50000) n""")
        )
    with committed.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("vacuum analyze jobs"))
        connection.execute(text("vacuum analyze job_lanes"))
    return committed


def scans(plan: dict[str, Any]) -> list[tuple[str, str]]:
    """Every table read in the plan, and how."""
    found = [(plan["Node Type"], plan["Relation Name"])] if "Relation Name" in plan else []
    return found + [scan for part in plan.get("Plans", []) for scan in scans(part)]


def test_no_statement_of_the_ledger_walks_the_table(big_ledger: Engine, work: Work) -> None:
    sent: list[tuple[str, Any]] = []

    def listen(_connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:
        if " jobs" in statement and not many:
            sent.append((statement, parameters))

    event.listen(big_ledger, "before_cursor_execute", listen)
    try:
        with work() as session:
            ledger.give_back_expired(session)
            first, second, third, fourth, *_ = claim(session, window=32)
            ledger.finish(session, first, AT_ONCE)
            ledger.give_back(session, second, Setback("it broke"), AT_ONCE)
            ledger.bury(session, third, "refused", AT_ONCE)
            ledger.renew(session, fourth, LEASE)
            ledger.give_back_unsent(session, [fourth])
            ledger.write(session, [score(1)])
    finally:
        event.remove(big_ledger, "before_cursor_execute", listen)
    assert len(sent) > 8
    with big_ledger.connect() as connection:
        for statement, parameters in sent:
            (plan,) = connection.exec_driver_sql(f"explain (format json) {statement}", parameters).scalar_one()
            assert ("Seq Scan", "jobs") not in scans(plan["Plan"]), statement
