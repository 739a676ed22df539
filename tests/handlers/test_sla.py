"""The SLA clocks on a real Postgres: each step is taken once, by whichever process comes first, and told to the right person."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, event, func, select, text
from sqlalchemy.orm import Session

from domain.rules.deadlines import TARGETS, ClockKind, steps_to_json
from domain.rules.lifecycle import HandoffStatus, Stage
from domain.rules.sla_policy import DEFAULT
from domain.rules.tiers import Tier
from domain.tables import (
    AttemptOutcome,
    ClockOutcome,
    Handoff,
    Happened,
    JobRow,
    Lead,
    LeadEvent,
    Pool,
    Rep,
    Role,
    SlaClock,
)
from domain.verbs import deciding, offering, staffing
from handlers import ledger, moments
from handlers.jobs import execute, transaction
from handlers.sending import Job
from handlers.sla import AT_ONCE, sweep
from kit.clock import utcnow
from tests.conftest import NOON
from tests.handlers.conftest import Work

assert moments  # all jobs have their functions

FIRST_CONTACT = TARGETS[Tier.MQL][ClockKind.FIRST_CONTACT]
HALF_TIME = NOON + FIRST_CONTACT / 2
TOO_LATE = NOON + FIRST_CONTACT
A_CHANNEL = "C0SAMPLE"


@pytest.fixture
def sam(committed: Engine) -> Rep:
    """The one SDR of the one pool."""
    del committed
    with transaction() as session:
        rep = staffing.save_rep(session, NOON, name="Sam Sample", email="sam@example.com", role=Role.SDR)
        boss = staffing.save_rep(session, NOON, name="Mia Manager", email="mia@example.com", role=Role.MANAGER)
        rep.slack_user_id = "U0SAM"
        pool = staffing.save_pool(session, name="SDR", role=Role.SDR, slack_channel=A_CHANNEL, manager=boss)
        staffing.set_members(session, pool, {rep.id: 1})
        staffing.set_territories(session, Role.SDR, [({}, pool.id)])
    return rep


def sales_ready(session: Session, number: int, *, since: datetime = NOON) -> Lead:
    lead = Lead(
        email=f"lead{number}@example.com",
        identity=f"lead{number}@example.com",
        stage=Stage.ENRICHED,
        source="a test",
        fields={},
        attributes={},
        notes=[],
        tier=Tier.MQL,
        score=70,
        score_id=1,
        captured_at=since,
        became_sales_ready_at=since,
    )
    session.add(lead)
    session.flush()
    return lead


def hand_over(number: int, now: datetime = NOON) -> Handoff:
    with transaction() as session:
        handoff = offering.hand_over(session, sales_ready(session, number).id, now)
    assert handoff is not None
    return handoff


def hand_over_many(work: Work, rep: Rep, most: int) -> None:
    """Offered handoffs whose first-contact clocks have their reminder at half time, written straight to the tables."""
    with work() as session:
        values = {"rep": rep.id, "most": most, "at": NOON, "remind": HALF_TIME, "due": TOO_LATE, "channel": A_CHANNEL}
        ladder = DEFAULT[Tier.MQL][ClockKind.FIRST_CONTACT].steps
        values |= {"steps": json.dumps(steps_to_json(ladder)), "target": FIRST_CONTACT.total_seconds()}
        for statement in (
            """insert into leads (email, identity, stage, source, fields, attributes, notes, captured_at)
               select 'lead' || n || '@example.com', 'lead' || n || '@example.com', 'in_handoff', 'a test', '{}', '{}', '[]', :at
               from generate_series(1, :most) n""",
            """insert into handoffs (lead_id, cycle, tier, score, score_id, pool_id, rep_id, status, version, policy, trace,
                                     place, became_at, opened_at)
               select leads.id, 1, 'mql', 70, 1, pools.id, :rep, 'offered', 2, '{}', '{}', :channel, :at, :at
               from leads, pools""",
            """insert into sla_clocks (handoff_id, kind, started_at, due_at, next_at, running_since, target_seconds, steps)
               select id, 'first_contact', :at, :due, :remind, :at, :target, cast(:steps as jsonb) from handoffs""",
        ):
            session.execute(text(statement), values)


def how_many(work: Work, kind: Happened) -> tuple[int, int]:
    """How often it happened, and to how many handoffs."""
    with work() as session:
        counts = select(func.count(), func.count(LeadEvent.handoff_id.distinct())).where(LeadEvent.kind == kind)
        times, handoffs = session.execute(counts).one()
        return times, handoffs


def sent(work: Work, job: Job) -> int:
    with work() as session:
        return session.scalars(select(func.count()).where(JobRow.name == job)).one()


def sweep_in_three_threads(now: datetime) -> int:
    with ThreadPoolExecutor(3) as clocks:
        return sum(clocks.map(sweep, [now] * 3))


def test_of_several_clock_processes_one_reminds_and_one_notes_the_breach(work: Work, sam: Rep) -> None:
    many = AT_ONCE * 2 + 50
    hand_over_many(work, sam, many)
    assert sweep_in_three_threads(HALF_TIME - timedelta(seconds=1)) == 0
    assert sweep_in_three_threads(HALF_TIME) == many
    assert how_many(work, Happened.HANDOFF_REMINDED) == (many, many)
    assert sent(work, Job.REMIND_REP) == many
    assert sweep_in_three_threads(TOO_LATE - timedelta(seconds=1)) == 0
    assert sweep_in_three_threads(TOO_LATE) == many
    assert how_many(work, Happened.HANDOFF_BREACHED) == (many, many)
    assert sent(work, Job.TELL_MANAGER_LATE) == many
    assert sweep_in_three_threads(TOO_LATE + timedelta(days=9)) == 0


def test_a_clock_that_nobody_looked_at_in_time_is_breached_without_a_reminder(work: Work, sam: Rep) -> None:
    hand_over(1)
    assert sweep(TOO_LATE) == 1
    assert how_many(work, Happened.HANDOFF_REMINDED) == (0, 0)
    assert how_many(work, Happened.HANDOFF_BREACHED) == (1, 1)


def test_who_called_is_not_reminded_of_it(work: Work, sam: Rep) -> None:
    handoff = hand_over(1)
    call(handoff, sam, NOON + timedelta(minutes=9))
    assert sweep(HALF_TIME) == 0
    assert clock_of(work, handoff, ClockKind.FIRST_CONTACT).outcome is ClockOutcome.MET


def call(handoff: Handoff, rep: Rep, now: datetime) -> None:
    with transaction() as session:
        accepted = deciding.accept(session, handoff.id, version=handoff.version, by=rep, now=now)
        deciding.log_attempt(session, accepted.id, by=rep, outcome=AttemptOutcome.SPOKE, note=None, now=now)


def clock_of(work: Work, handoff: Handoff, kind: ClockKind) -> SlaClock:
    with work() as session:
        return session.scalars(select(SlaClock).where(SlaClock.handoff_id == handoff.id, SlaClock.kind == kind)).one()


def test_the_sweep_waits_for_no_click_and_no_click_for_the_sweep(work: Work, sam: Rep) -> None:
    clicked, other = hand_over(1), hand_over(2)
    with transaction() as session:
        deciding.accept(session, clicked.id, version=clicked.version, by=sam, now=HALF_TIME)
        with ThreadPoolExecutor(1) as clock:
            assert clock.submit(sweep, HALF_TIME).result(timeout=5) == 1
        deciding.log_attempt(session, clicked.id, by=sam, outcome=AttemptOutcome.SPOKE, note=None, now=HALF_TIME)
    assert sweep(HALF_TIME) == 0
    assert clock_of(work, clicked, ClockKind.FIRST_CONTACT).reminded_at is None
    assert clock_of(work, other, ClockKind.FIRST_CONTACT).reminded_at == HALF_TIME


def test_the_time_runs_from_the_moment_the_lead_became_mql_not_from_the_offer(work: Work, sam: Rep) -> None:
    in_time, late = hand_over(1, NOON + timedelta(minutes=15)), hand_over(2, NOON + timedelta(minutes=16))
    for handoff, outcome in ((in_time, ClockOutcome.MET), (late, ClockOutcome.MISSED)):
        clock = clock_of(work, handoff, ClockKind.ASSIGNMENT)
        assert (clock.started_at, clock.due_at, clock.outcome) == (NOON, NOON + timedelta(minutes=15), outcome)
        assert clock_of(work, handoff, ClockKind.FIRST_CONTACT).due_at == TOO_LATE


def test_when_nobody_is_there_the_lead_waits_and_the_manager_is_told_once_a_pool(work: Work, sam: Rep) -> None:
    with transaction() as session:
        staffing.step_away(session, sam.email, NOON)
    handoffs = [hand_over(n) for n in range(3)]
    for handoff in handoffs:
        with transaction() as session:
            offering.hand_over(session, handoff.lead_id, NOON + timedelta(minutes=1))
    assert {handoff.status for handoff in handoffs} == {HandoffStatus.OPEN}
    assert how_many(work, Happened.HANDOFF_WAITING) == (3, 3)
    assert how_many(work, Happened.POOL_SHORT) == (1, 1)
    assert sent(work, Job.TELL_MANAGER_SHORT) == 1


def test_a_lead_that_waits_too_long_for_somebody_is_a_breach_and_reminds_nobody(work: Work, sam: Rep) -> None:
    with transaction() as session:
        staffing.step_away(session, sam.email, NOON)
    hand_over(1)
    assert sweep(NOON + timedelta(minutes=15)) == 1
    assert sent(work, Job.TELL_MANAGER_LATE) == 1
    assert sweep(HALF_TIME) == 1
    assert sent(work, Job.REMIND_REP) == sent(work, Job.SHOW_CARD) == 0


def test_what_waited_is_offered_when_somebody_is_back_the_longest_waiting_first(work: Work, sam: Rep) -> None:
    with transaction() as session:
        staffing.step_away(session, sam.email, NOON)
    waiting = [hand_over(n) for n in range(3)]
    with transaction() as session:
        staffing.come_back(session, sam.email, NOON)
    do_all(work, Job.OFFER_WAITING)
    do_all(work, Job.ASSIGN)
    with work() as session:
        offered = session.scalars(
            select(LeadEvent.handoff_id).where(LeadEvent.kind == Happened.HANDOFF_OFFERED).order_by(LeadEvent.id)
        ).all()
        assert offered == [handoff.id for handoff in waiting]
        assert set(session.scalars(select(Handoff.rep_id))) == {sam.id}
        assert session.scalars(select(Pool.short_since)).one() is None


def do_all(work: Work, job: Job) -> None:
    with work() as session:
        claimed = ledger.claim(session, "a test", lease=timedelta(minutes=1), window=100)
    for one in claimed:
        if one.name == job:
            execute(one.id, one.name, one.args, one.lane, one.token, utcnow().timestamp())


def test_the_question_who_is_due_does_not_walk_the_clocks(work: Work, sam: Rep, committed: Engine) -> None:
    hand_over_many(work, sam, 20_000)
    with committed.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(
            text("""update sla_clocks set next_at = case when id % 1000 = 0 then next_at
                                                         when id % 10 = 0 then next_at + interval '9 hours' end""")
        )
        connection.execute(text("vacuum analyze sla_clocks, handoffs, leads"))
    asked: list[tuple[str, Any]] = []

    def listen(_connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool) -> None:
        if "FROM sla_clocks" in statement:
            asked.append((statement, parameters))

    event.listen(committed, "before_cursor_execute", listen)
    try:
        assert sweep(HALF_TIME) == 20
    finally:
        event.remove(committed, "before_cursor_execute", listen)
    with committed.connect() as connection:
        plan = "\n".join(connection.exec_driver_sql(f"explain {asked[0][0]}", asked[0][1]).scalars())
    assert "ix_sla_clocks_next_at" in plan
    assert "Seq Scan on sla_clocks" not in plan
    assert "Seq Scan on handoffs" not in plan
    assert "Seq Scan on leads" not in plan
