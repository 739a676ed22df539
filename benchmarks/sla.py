"""What the sweep of the SLA clocks costs, and how late steps are: `python -m benchmarks.sla --help`.

First the same number of due clocks among few open ones and among very many: the sweep has to cost as the due ones do. Then a
clock process of its own, while so many clocks a second come due: each step's lateness is the moment at which another connection
saw it done, less the moment it was due.
"""

import argparse
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from sqlalchemy import event, func, select, text

from benchmarks import _report
from benchmarks._ground import NotMeasured, database, run, until
from benchmarks._report import Figures, median, ratio, say, spread
from domain.rules.deadlines import ClockKind, steps_to_json
from domain.rules.scoring import default_model_toml
from domain.rules.sla_policy import DEFAULT
from domain.rules.tiers import Tier
from domain.tables import Role, SlaClock
from domain.verbs import modelling, staffing
from handlers.jobs import reading, transaction
from handlers.sla import sweep
from kit import db, migrating
from kit.clock import utcnow

DUE = 500
TIMES = 7
"""Sweeps that are measured at each size; the median counts."""
LADDER = DEFAULT[Tier.MQL][ClockKind.FIRST_CONTACT].steps
LATEST_SECONDS = 5.0
MOST_RATIO = 2.0

_LEADS = """
insert into leads (email, identity, stage, source, fields, attributes, notes, captured_at)
select 'lead' || n || '@sample.example.com', 'lead' || n || '@sample.example.com', 'in_handoff', 'bench', '{}', '{}', '[]', :now
from generate_series(1, :leads) n
"""
_HANDOFFS = """
insert into handoffs (lead_id, cycle, tier, score, score_id, pool_id, rep_id, status, version, policy, trace, place,
                      became_at, opened_at, offered_at)
select leads.id, 1, 'mql', 70, 1, pools.id, reps.id, 'offered', 2, '{}', '{}', 'C' || leads.id % 20, :now, :now, :now
from leads, pools, reps
"""
# Half of an hour's target has gone for none of them: all are open, none is due.
_CLOCKS = """
insert into sla_clocks (handoff_id, kind, started_at, due_at, next_at, running_since, target_seconds, steps)
select id, 'first_contact', :now, :now + interval '9 hours', :now + interval '4.5 hours', :now, 32400, cast(:steps as jsonb)
from handoffs
"""
# Spread over all of the table, as those are that come due.
_MAKE_DUE = """
update sla_clocks set started_at = :now - interval '5 hours', running_since = :now - interval '5 hours',
    next_at = :now - interval '0.5 hours', due_at = :now + interval '4 hours', taken = 0, reminded_at = null
where id in (select (n * :open / :due) + 1 from generate_series(0, :due - 1) n)
"""
# Their reminder is due one after another from `first` on, so many a second.
_STREAM = """
update sla_clocks set running_since = moment - interval '4.5 hours', started_at = moment - interval '4.5 hours',
    next_at = moment, due_at = moment + interval '4.5 hours', taken = 0, reminded_at = null
from (select n as clock, cast(:first as timestamptz) + (n - 1) * interval '1 second' / :rate as moment
      from generate_series(1, :most) n) due
where sla_clocks.id = due.clock
"""


def measure(arguments: argparse.Namespace) -> Figures:
    """Both sizes, then the stream."""
    few, many = arguments.few, arguments.many
    figures: Figures = {
        "benchmark": "sla",
        "machine": _report.machine(),
        "versions": _report.versions(),
        "settings": {"open": [few, many], "due": DUE, "rate": arguments.rate, "seconds": arguments.seconds},
    }
    for clocks in (few, many):
        with database():
            figures[f"{clocks}_open"] = _sweeps(clocks)
            if clocks == many:
                figures["stream"] = _stream(arguments.rate, arguments.seconds)
    ours, theirs = figures[f"{many}_open"]["sweep_ms"], figures[f"{few}_open"]["sweep_ms"]
    figures["many_to_few"] = {"time": ratio(ours, theirs), "at_most": MOST_RATIO}
    return figures


def _sweeps(clocks: int) -> Figures:
    say(f"Filling a database with {clocks:,} open clocks")
    _fill(clocks)
    say(f"Sweeping {DUE} that are due, {TIMES} times")
    taken: list[float] = []
    for _ in range(TIMES + 1):
        now = utcnow()
        _change(_MAKE_DUE, now=now, open=clocks, due=DUE)
        began = time.perf_counter()
        looked = sweep(now)
        taken.append(time.perf_counter() - began)
        if looked != DUE:
            raise NotMeasured(f"{looked} of {DUE} clocks were due")
    # The first one warms up: connections, statements, and the pages at both sizes.
    taken = taken[1:]
    idle = time.perf_counter()
    sweep(utcnow())
    return {
        "sweep_ms": round(1000 * median(taken), 1),
        "lowest_and_highest_ms": [round(1000 * one, 1) for one in (min(taken), max(taken))],
        "tick_without_work_ms": round(1000 * (time.perf_counter() - idle), 2),
        "index": _index(),
    }


def _fill(clocks: int) -> None:
    migrating.upgrade()
    with transaction() as session:
        modelling.ensure_model(session, default_model_toml(), utcnow())
        rep = staffing.save_rep(session, utcnow(), name="Sam Sample", email="sam@example.com", role=Role.SDR)
        pool = staffing.save_pool(session, name="SDR", role=Role.SDR, slack_channel="C0SAMPLE", manager=None)
        staffing.set_members(session, pool, {rep.id: 1})
    now = utcnow()
    _change(_LEADS, now=now, leads=clocks)
    _change(_HANDOFFS, now=now)
    _change(_CLOCKS, now=now, steps=json.dumps(steps_to_json(LADDER)))
    with db.engine().connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("vacuum analyze leads, handoffs, sla_clocks")


def _change(statement: str, **values: Any) -> None:
    with transaction() as session:
        session.execute(text("set local statement_timeout = 0"))
        session.execute(text(statement), values)


def _index() -> str:
    """How the question who is due is answered, as EXPLAIN says it of the very statement that the sweep asks."""
    asked: list[tuple[str, Any]] = []

    def listen(_connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool) -> None:
        if "FROM sla_clocks" in statement:
            asked.append((statement, parameters))

    event.listen(db.engine(), "before_cursor_execute", listen)
    try:
        sweep(utcnow())
    finally:
        event.remove(db.engine(), "before_cursor_execute", listen)
    with db.engine().connect() as connection:
        plan = "\n".join(connection.exec_driver_sql(f"explain {asked[0][0]}", asked[0][1]).scalars())
    if "ix_sla_clocks_next_at" not in plan or "Seq Scan on sla_clocks" in plan:
        raise NotMeasured(f"the sweep walks the clocks:\n{plan}")
    return "ix_sla_clocks_next_at"


def _stream(rate: int, seconds: int) -> Figures:
    say(f"{rate} steps a second come due for {seconds} s, with one clock process")
    with _clock_process():
        first = utcnow() + timedelta(seconds=2)
        _change(_STREAM, first=first, rate=rate, most=rate * seconds)
        late = _latenesses(rate * seconds, seconds)
    return {"steps": len(late), **spread(late), "at_most_s": LATEST_SECONDS}


def _latenesses(wanted: int, seconds: int) -> list[float]:
    """Seconds between the moment at which each step was due and the one at which it was seen to be done, looked at every
    50 ms from another connection: no more than that is added.
    """
    seen: dict[int, float] = {}
    stop = time.monotonic() + seconds + 60
    while len(seen) < wanted:
        if time.monotonic() > stop:
            raise NotMeasured(f"{wanted - len(seen)} of {wanted} steps were not taken")
        with reading() as session:
            done = session.execute(
                select(SlaClock.id, SlaClock.started_at).where(SlaClock.id <= wanted, SlaClock.taken == 1)
            ).all()
        now = utcnow()
        for clock, since in done:
            if clock in seen:
                continue
            seen[clock] = (now - since - timedelta(hours=4.5)).total_seconds()
        threading.Event().wait(0.05)
    return list(seen.values())


@contextmanager
def _clock_process() -> Iterator[None]:
    process = subprocess.Popen([sys.executable, "-m", "handlers", "clock"], stderr=subprocess.DEVNULL)
    try:
        # Its first round takes the clocks that stand there anyway; it is at work once one of them was looked at.
        _change(_MAKE_DUE, now=utcnow(), open=10, due=1)
        until(lambda: _due() == 0, "the clock process works", seconds=30)
        yield
    finally:
        process.terminate()
        process.wait(20)


def _due() -> int:
    with reading() as session:
        return session.scalar(select(func.count()).where(SlaClock.next_at <= func.now())) or 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sla", description=(__doc__ or "").split(":", 1)[0])
    parser.add_argument("--few", type=int, default=10_000, help="open clocks of the smaller size")
    parser.add_argument("--many", type=int, default=1_000_000, help="open clocks of the larger size")
    parser.add_argument("--rate", type=int, default=100, help="steps that come due a second")
    parser.add_argument("--seconds", type=int, default=60, help="of the stream")
    parser.add_argument("--quick", action="store_true", help="2,000 and 20,000 open clocks, five seconds")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of tables")
    arguments: Any = parser.parse_args()
    if arguments.quick:
        arguments.few, arguments.many, arguments.seconds = 2_000, 20_000, 5
    return run(lambda: measure(arguments), as_json=arguments.json, missed=_is_missed)


def _is_missed(figures: Figures) -> bool:
    late = figures["stream"]["max_ms"] > 1000 * LATEST_SECONDS
    return bool(late or figures["many_to_few"]["time"] > MOST_RATIO)


if __name__ == "__main__":
    sys.exit(main())
