"""What `/leadstats` costs on a large record: `python -m benchmarks.stats --help`.

The record is laid with COPY: leads and handoffs spread evenly over so many days, three clocks a handoff, opportunities for
a fifth. Then the numbers of the last 90 days are read, statement by statement with the way Postgres takes, beside a plain
count(*) of the same handoffs and clocks; and the chart is drawn.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import event, func, select, text
from sqlalchemy.orm import Session

from benchmarks import _report
from benchmarks._ground import NotMeasured, database, run
from benchmarks._report import Figures, median, ratio, say
from bot.charts import chart
from bot.stats import leadstats
from domain.rules.periods import Period, quarters_back, read_period
from domain.rules.scoring import default_model_toml
from domain.stats.calls import qualifying
from domain.stats.effectiveness import effectiveness
from domain.stats.quality import Numbers, numbers
from domain.stats.scope import Scope
from domain.stats.trend import QUARTERS, trend
from domain.stats.won_lost import won_lost
from domain.tables import Handoff, Rep, Role, SlaClock
from domain.verbs import modelling, staffing
from handlers.jobs import reading, transaction
from kit import db, migrating

SPAN = "90d"
TIMES = 7
"""Readings that are measured; the median counts."""
NUMBERS_MS, ANSWER_MS = 200.0, 2000.0
REPS = 50
BIG = ("handoffs", "sla_clocks")

_LEADS = """
copy (select 'lead' || n || '@sample.example.com', 'lead' || n || '@sample.example.com', 'nurturing', 'bench', '{{}}', '{{}}', '[]',
    timestamptz '{now}' - n * interval '{days} days' / {leads}, (array['cold', 'cold', 'mel', 'mql', 'hql'])[1 + n % 5], 50
  from generate_series(1, {leads}) n) to stdout
"""
_INTO_LEADS = (
    "copy leads (email, identity, stage, source, fields, attributes, notes, captured_at, tier, score) from stdin"
)
# What became of each is told by its number: refused, accepted, contacted, an SQL, an opportunity.
_HANDOFFS = """
copy (select n, 1, case n % 4 when 0 then 'hql' else 'mql' end, case n % 4 when 0 then 80 + n * 7 % 21 else 60 + n * 7 % 20 end,
    1, 1, 1 + n % {reps},
    case when became > timestamptz '{now}' - interval '6 hours' then 'offered'
         when given_back then 'rejected' when n % 10 < 6 then 'contacted' when n % 10 < 8 then 'qualified' else 'converted' end,
    3, '{policy}', '{trace}', became, became, became,
    case when n % 10 >= 2 then became + n % 50 * interval '1 minute' end,
    case when n % 10 >= 3 then became + n % 500 * interval '1 minute' end,
    case when n % 10 >= 6 then became + n % 3000 * interval '1 minute' end,
    case when given_back then became + interval '1 hour' end,
    case when given_back then (array['no_budget', 'bad_timing', 'not_ready', 'no_fit', 'bad_data', 'other'])[1 + n % 6] end
  from (select n, became, n % 10 < 2 or n % 10 < 6 and became < timestamptz '{now}' - interval '10 days' as given_back
        from (select n, timestamptz '{now}' - n * interval '{days} days' / {handoffs} as became
              from generate_series(1, {handoffs}) n) all_of_them) those) to stdout
"""
_INTO_HANDOFFS = """
copy handoffs (lead_id, cycle, tier, score, score_id, model_id, rep_id, status, version, policy, trace, became_at, opened_at,
    offered_at, accepted_at, contacted_at, qualified_at, rejected_at, reason) from stdin
"""
_CLOCKS = """
copy (select n, kind, became, became + interval '4 hours', became + interval '3 hours', '{steps}',
    case when n % 12 = 0 then 'missed' when n % 10 < 2 then 'cancelled' else 'met' end
  from (select n, timestamptz '{now}' - n * interval '{days} days' / {handoffs} as became
        from generate_series(1, {handoffs}) n) those, unnest(array['assignment', 'first_contact', 'qualification']) kind) to stdout
"""
_INTO_CLOCKS = "copy sla_clocks (handoff_id, kind, started_at, due_at, stopped_at, steps, outcome) from stdin"
_DEALS = """
copy (select n, n, 'salesforce', 'A deal', 'open', became, became + interval '3 days',
    case when n % 3 = 0 then became + interval '30 days' end, case when n % 3 = 0 then n % 2 = 0 end
  from (select n, timestamptz '{now}' - n * interval '{days} days' / {handoffs} as became
        from generate_series(1, {handoffs}) n where n % 10 >= 8) those) to stdout
"""
_INTO_DEALS = """
copy opportunities (lead_id, handoff_id, system, name, stage, stage_since, opened_at, closed_at, won) from stdin
"""
_CALLS = """
copy (select n, 1 + n % {reps}, became + n % 3000 * interval '1 minute', 'bant', '{answers}',
    case when n % 10 >= 6 then 'qualified' else 'not_yet' end
  from (select n, timestamptz '{now}' - n * interval '{days} days' / {handoffs} as became
        from generate_series(1, {handoffs}) n where n % 10 >= 4) those) to stdout
"""
_INTO_CALLS = "copy qualifications (handoff_id, rep_id, at, framework, answers, verdict) from stdin"
# As wide as they are in real life: a row's width is what a walk over the table would cost.
_POLICY = json.dumps({kind: {"target": 14_400, "steps": "x" * 80} for kind in ("assignment", "first_contact")})
_TRACE = json.dumps({"asked": list(range(40)), "why": "x" * 120})
_ANSWERS = json.dumps(
    {
        key: {"place": place, "question": key.title(), "words": "x" * 20, "choice": "yes", "counts": "yes"}
        for place, key in enumerate(("budget", "authority", "need", "timeline"))
    }
)
_STEPS = json.dumps([{"do": "remind", "share": 0.5}] * 3)


def measure(arguments: argparse.Namespace) -> Figures:
    figures: Figures = {
        "benchmark": "stats",
        "machine": _report.machine(),
        "versions": _report.versions(),
        "settings": {"leads": arguments.leads, "handoffs": arguments.handoffs, "days": arguments.days, "span": SPAN},
    }
    with database():
        now = datetime.now(UTC)
        _fill(arguments.leads, arguments.handoffs, arguments.days, now)
        period = read_period(SPAN, now, UTC)
        if period is None:
            raise NotMeasured(f"{SPAN} is no period")
        figures["numbers"] = _numbers(period, now)
        figures["ways"] = _ways(period, now)
        figures["of_one_rep"] = {"read_ms": _timed(period, now, Scope(rep_id=1))}
        figures["other_views"] = _views(period, now)
        figures["chart"] = _chart(period, now)
    return figures


def _fill(leads: int, handoffs: int, days: int, now: datetime) -> None:
    say(f"Filling a database with {leads:,} leads and {handoffs:,} handoffs over {days} days")
    migrating.upgrade()
    with transaction() as session:
        modelling.ensure_model(session, default_model_toml(), now)
        for number in range(REPS):
            email = f"rep{number}@example.com"
            staffing.save_rep(session, now, name=f"Sample Rep {number}", email=email, role=Role.SDR)
    sizes: dict[str, Any] = {
        "now": now.isoformat(),
        "leads": leads,
        "handoffs": handoffs,
        "days": days,
        "reps": REPS,
        "policy": _POLICY,
        "trace": _TRACE,
        "steps": _STEPS,
        "answers": _ANSWERS,
    }
    for rows, into in (
        (_LEADS, _INTO_LEADS),
        (_HANDOFFS, _INTO_HANDOFFS),
        (_CLOCKS, _INTO_CLOCKS),
        (_CALLS, _INTO_CALLS),
        (_DEALS, _INTO_DEALS),
    ):
        _copy(rows.format(**sizes), into)
    with db.engine().connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("vacuum analyze leads, handoffs, sla_clocks, qualifications, opportunities")


def _copy(rows: str, into: str) -> None:
    """From one connection, which makes the rows, into another."""
    with db.engine().connect() as source, db.engine().connect() as target:
        source.exec_driver_sql("set statement_timeout = 0")
        target.exec_driver_sql("set statement_timeout = 0")
        made, laid = source.connection.cursor(), target.connection.cursor()
        with made.copy(rows) as coming, laid.copy(into) as going:
            for part in coming:
                going.write(part)
        target.commit()


def _read(session: Session, period: Period, now: datetime, scope: Scope) -> Numbers:
    return numbers(session, period, now, scope)


def _timed(period: Period, now: datetime, scope: Scope) -> float:
    return _took(lambda session: _read(session, period, now, scope))


def _numbers(period: Period, now: datetime) -> Figures:
    say(f"Reading the numbers of the last {SPAN}, {TIMES} times")
    ours, theirs = _timed(period, now, Scope()), _counted(period)
    return {
        "read_ms": ours,
        "at_most_ms": NUMBERS_MS,
        "plain_counts_ms": theirs,
        "times_the_plain_counts": ratio(ours, theirs),
    }


def _views(period: Period, now: datetime) -> Figures:
    """What the other answers of /leadstats cost: the trend reads every quarter of the record."""
    say("Reading the trend, the score's worth, calls, won and lost")
    quarters = quarters_back(QUARTERS, now, UTC)
    return {
        f"trend_of_{QUARTERS}_quarters_ms": _took(lambda session: trend(session, quarters, now)),
        "score_ms": _took(lambda session: effectiveness(session, period, now)),
        "calls_ms": _took(lambda session: qualifying(session, period)),
        "won_and_lost_ms": _took(lambda session: won_lost(session, period)),
        "trend_at_most_ms": ANSWER_MS,
    }


def _took(read: Callable[[Session], object]) -> float:
    """Milliseconds in a transaction of its own; the first reading warms up."""
    taken = []
    for _ in range(TIMES + 1):
        began = time.perf_counter()
        with reading() as session:
            read(session)
        taken.append(time.perf_counter() - began)
    return round(1000 * median(taken[1:]), 1)


def _counted(period: Period) -> float:
    """The same handoffs and their clocks, only counted: what no reading of them can go below."""
    those = Handoff.became_at.between(period.since, period.until)
    plain = (
        select(func.count()).where(those),
        select(func.count()).select_from(Handoff).join(SlaClock, SlaClock.handoff_id == Handoff.id).where(those),
    )
    return _took(lambda session: [session.execute(statement) for statement in plain])


def _ways(period: Period, now: datetime) -> Figures:
    """Of each statement: its milliseconds by EXPLAIN ANALYZE, and how it comes to the big tables."""
    with reading() as session, _listened(session) as asked:
        _read(session, period, now, Scope())
    found: Figures = {}
    with db.engine().connect() as connection:
        connection.execute(text("set jit = off"))
        connection.execute(text("set work_mem = '32MB'"))
        for number, (statement, parameters) in enumerate(asked, 1):
            plan = connection.exec_driver_sql(f"explain (analyze, timing off, format json) {statement}", parameters)
            whole = plan.scalar_one()[0]
            found[f"statement {number}"] = {
                "ms": round(whole["Execution Time"] + whole["Planning Time"], 1),
                "reads": " + ".join(sorted(set(_nodes(whole["Plan"])))),
            }
    return found


def _nodes(plan: dict[str, Any]) -> Iterator[str]:
    if "Index Name" in plan or "Relation Name" in plan:
        yield f"{plan['Node Type']} {plan.get('Index Name') or plan['Relation Name']}"
    for inner in plan.get("Plans", ()):
        yield from _nodes(inner)


@contextmanager
def _listened(session: Session) -> Iterator[list[tuple[str, Any]]]:
    seen: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool) -> None:
        if "handoffs" in statement:
            seen.append((statement, parameters))

    engine = session.get_bind()
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)


def _chart(period: Period, now: datetime) -> Figures:
    say("Drawing the chart")
    with reading() as session:
        found = _read(session, period, now, Scope())
        if session.scalar(select(func.count()).select_from(Rep)) != REPS or not found.leads.won:
            raise NotMeasured("the record is not as it was laid")
    began = time.perf_counter()
    leadstats("The whole team", period.words, found)
    in_words = time.perf_counter() - began
    taken = []
    for _ in range(TIMES + 1):
        began = time.perf_counter()
        chart(period.words, found)
        taken.append(time.perf_counter() - began)
    first, later = 1000 * taken[0], 1000 * median(taken[1:])
    return {
        "words_ms": round(1000 * in_words, 1),
        "first_ms": round(first, 1),
        "later_ms": round(later, 1),
        "numbers_and_first_chart_ms": round(first + _timed(period, now, Scope()), 1),
        "at_most_ms": ANSWER_MS,
    }


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.stats", description=(__doc__ or "").split(":", 1)[0])
    parser.add_argument("--leads", type=int, default=1_000_000)
    parser.add_argument("--handoffs", type=int, default=200_000)
    parser.add_argument("--days", type=int, default=365, help="over which they are spread; 90: all of them are read")
    parser.add_argument("--quick", action="store_true", help="100,000 leads and 20,000 handoffs")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of tables")
    arguments: Any = parser.parse_args()
    if arguments.quick:
        arguments.leads, arguments.handoffs = 100_000, 20_000
    return run(lambda: measure(arguments), as_json=arguments.json, missed=_is_missed)


def _is_missed(figures: Figures) -> bool:
    slow = figures["numbers"]["read_ms"] > NUMBERS_MS
    views = figures["other_views"]
    return bool(
        slow
        or figures["chart"]["numbers_and_first_chart_ms"] > ANSWER_MS
        or views[f"trend_of_{QUARTERS}_quarters_ms"] > ANSWER_MS
    )


if __name__ == "__main__":
    sys.exit(main())
