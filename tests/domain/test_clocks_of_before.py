"""Clocks that ran before policies were files go on after the migration: nothing is said twice, and nothing is lost."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, create_engine, select, text
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from domain.rules.deadlines import ClockKind
from domain.tables import ClockOutcome, Handoff, Happened, LeadEvent, SlaClock
from domain.verbs.clocks import pause, stop_clock
from domain.verbs.escalating import take_steps
from domain.verbs.record import happened
from kit import migrating
from tests.conftest import NOON

HOUR = timedelta(hours=1)
FRESH, REMINDED, BREACHED, WAITING, DONE = range(1, 6)
_BEFORE = """
insert into reps (name, email, role, slack_user_id) values ('Sam Sample', 'sam@example.com', 'sdr', 'U0SAM');
insert into pools (name, role, slack_channel) values ('SDR', 'sdr', 'C0SAMPLE');
insert into leads (email, identity, stage, source, fields, attributes, notes, captured_at)
  select 'lead' || n || '@example.com', 'lead' || n || '@example.com', 'in_handoff', 'a test', '{{}}', '{{}}', '[]', '{at}'
  from generate_series(1, 5) n;
insert into handoffs (lead_id, cycle, tier, score, score_id, pool_id, rep_id, status, version, policy, trace, place,
                      became_at, opened_at)
  select id, 1, 'mql', 70, 1, 1, case when id <> 4 then 1 end, case when id <> 4 then 'offered' else 'open' end, 2,
         '{{"assignment": 900, "first_contact": 14400, "qualification": 86400}}', '{{}}', 'C0SAMPLE', '{at}', '{at}'
  from leads order by id;
insert into sla_clocks (handoff_id, kind, started_at, due_at, next_at, reminded_at, breached_at, stopped_at, outcome) values
  (1, 'first_contact', '{at}', '{due}', '{half}', null, null, null, null),
  (2, 'first_contact', '{at}', '{due}', '{due}', '{half}', null, null, null),
  (3, 'first_contact', '{at}', '{due}', null, '{half}', '{due}', null, null),
  (4, 'assignment', '{at}', '{soon}', '{soon}', null, null, null, null),
  (5, 'first_contact', '{at}', '{due}', null, null, null, '{half}', 'met');
"""


@pytest.fixture
def upgraded(migrated: Engine) -> Iterator[Session]:
    """A database of its own, with clocks as the version before left them, brought to the newest schema."""
    name = f"{migrated.url.database}_before"
    server = migrated.execution_options(isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f'create database "{name}"'))
    engine = create_engine(migrated.url.set(database=name), poolclass=NullPool)
    try:
        _walk(engine, command.upgrade, "0002")
        times = {"at": NOON, "half": NOON + 2 * HOUR, "due": NOON + 4 * HOUR, "soon": NOON + HOUR / 4}
        with engine.begin() as connection:
            connection.exec_driver_sql(_BEFORE.format(**times))
        _walk(engine, command.upgrade, "head")
        with Session(engine) as session:
            yield session
    finally:
        with server.connect() as connection:
            connection.execute(text(f'drop database "{name}" with (force)'))


def _walk(engine: Engine, way: Callable[[Config, str], None], to: str) -> None:
    with engine.connect() as connection:
        config = migrating.config()
        config.attributes["connection"] = connection
        way(config, to)


def said(session: Session) -> list[tuple[int, str]]:
    """What was said since, of which handoff."""
    rows = session.scalars(select(LeadEvent).order_by(LeadEvent.handoff_id, LeadEvent.id))
    return [(event.handoff_id or 0, str(event.data.get("do", event.kind.value))) for event in rows]


BREACH = [Happened.HANDOFF_BREACHED.value, "tell_manager"]


def test_clocks_of_before_take_the_steps_that_they_had_not_taken_yet(upgraded: Session) -> None:
    take_steps(upgraded, NOON + HOUR / 4, 10)
    upgraded.flush()
    assert said(upgraded) == [(WAITING, what) for what in BREACH]
    take_steps(upgraded, NOON + 2 * HOUR, 10)
    take_steps(upgraded, NOON + 4 * HOUR, 10)
    take_steps(upgraded, NOON + 99 * HOUR, 10)
    upgraded.flush()
    assert said(upgraded) == [
        (FRESH, Happened.HANDOFF_REMINDED.value),
        *[(FRESH, what) for what in BREACH],
        *[(REMINDED, what) for what in BREACH],
        *[(WAITING, what) for what in BREACH],
    ]


def test_a_clock_of_before_is_stopped_in_time_or_too_late_as_it_would_have_been(upgraded: Session) -> None:
    stop_clock(upgraded, FRESH, ClockKind.FIRST_CONTACT, NOON + 4 * HOUR, ClockOutcome.MET)
    stop_clock(upgraded, BREACHED, ClockKind.FIRST_CONTACT, NOON + 5 * HOUR, ClockOutcome.MET)
    outcomes = dict(upgraded.execute(select(SlaClock.handoff_id, SlaClock.outcome)).all())
    assert (outcomes[FRESH], outcomes[BREACHED], outcomes[DONE]) == (
        ClockOutcome.MET,
        ClockOutcome.MISSED,
        ClockOutcome.MET,
    )


def test_on_the_way_back_no_deadline_is_missed_twice_and_what_stood_still_goes_on(upgraded: Session) -> None:
    clock = select(SlaClock).where(SlaClock.kind == ClockKind.FIRST_CONTACT)
    # A step after the breach is still to come of one; another is paused.
    upgraded.scalars(clock.where(SlaClock.handoff_id == BREACHED)).one().next_at = NOON + 6 * HOUR
    pause(upgraded, REMINDED, NOON + 3 * HOUR, NOON + 9 * HOUR)
    happened(upgraded, Happened.HANDOFF_SNOOZED, NOON + 3 * HOUR, handoff=upgraded.get_one(Handoff, REMINDED))
    upgraded.commit()
    engine = upgraded.get_bind()
    assert isinstance(engine, Engine)
    _walk(engine, command.downgrade, "0002")
    with engine.connect() as connection:
        rows = connection.execute(text("select handoff_id, next_at from sla_clocks order by handoff_id"))
        assert dict(rows.all()) == {
            FRESH: NOON + 2 * HOUR,
            REMINDED: NOON + 10 * HOUR,
            BREACHED: None,
            WAITING: NOON + HOUR / 4,
            DONE: None,
        }
        assert connection.scalar(text("select count(*) from lead_events")) == 0
