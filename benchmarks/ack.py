"""How long a click waits for its answer: `python -m benchmarks.ack --help`.

Signed clicks on Accept, each on a lead that was just offered, so that every one changes the record. At two rates (open loop) and
as fast as answers come (closed loop), through `handoff web` as it is started in production; beside it, in the same run, a
Starlette route in the thread pool with the signature check and the very statements of one accept through a psycopg pool. The two
take turns, so that what else the machine does meets both.
"""

import argparse
import pickle
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import event, func, select, text

from benchmarks import _report
from benchmarks._ack_floor import STAND_IN, Statement
from benchmarks._clicks import CHANNEL, SECRET, TEAM, USER, Answered, Shape, click_all
from benchmarks._ground import NotMeasured, database, log_folder, run, until
from benchmarks._report import Figures, ratio, say, spread
from bot.ids import HandoffRef
from bot.listening import Click
from domain.rules.lifecycle import HandoffStatus
from domain.rules.scoring import default_model_toml
from domain.tables import Handoff, Role
from domain.verbs import modelling, staffing
from handlers.acceptance import accept_pressed
from handlers.jobs import reading, transaction
from handlers.system import System, free_port
from kit import db, migrating
from kit.clock import utcnow
from kit.settings import settings

RATES = (50, 200)
SLOWEST_P99_MS = 100.0
LEAST_RATIO = 0.4
WARM = 60
TURNS = 4

_LEADS = """
insert into leads (id, email, identity, stage, tier, score, source, fields, attributes, notes, captured_at)
select n, 'lead' || n || '@sample.example.com', 'lead' || n || '@sample.example.com', 'in_handoff', 'mql', 70, 'bench',
       '{"first_name": {"value": "Kim", "source": "form", "at": "2026-01-01T00:00:00+00:00"}}', '{}', '[]', :now
from generate_series(cast(:first as bigint), :last) n
"""
_HANDOFFS = """
insert into handoffs (id, lead_id, cycle, tier, score, score_id, pool_id, rep_id, status, version, policy, trace, place,
                      became_at, opened_at, offered_at)
select leads.id, leads.id, 1, 'mql', 70, 1, pools.id, reps.id, 'offered', 2, '{}', '{"strategy": "fair"}', :channel,
       :now, :now, :now
from leads, pools, reps where leads.id between :first and :last
"""


def measure(arguments: argparse.Namespace) -> Figures:
    figures: Figures = {
        "benchmark": "ack",
        "machine": _report.machine(),
        "versions": _report.versions(),
        "settings": {"processes": arguments.processes, "seconds": arguments.seconds, "closed": arguments.closed},
    }
    with database() as url, log_folder() as logs:
        _lay_out()
        statements = _write_down(logs / "statements")
        figures["statements_of_one_accept"] = len(pickle.loads(statements.read_bytes()))  # noqa: S301  (our own)
        with (
            _web(url, logs, arguments.processes) as ours,
            _floor(url, logs, arguments.processes, statements) as theirs,
        ):
            figures |= _take_turns({"handoff": _Side(ours), "same_statements": _Side(theirs)}, arguments)
    closed = [figures[name]["closed_loop"]["clicks_per_second"] for name in ("handoff", "same_statements")]
    figures["closed_loop_ours_to_theirs"] = {"ratio": ratio(*closed), "at_least": LEAST_RATIO}
    figures["remarks"] = _remarks(figures)
    return figures


def _lay_out() -> None:
    migrating.upgrade()
    with transaction() as session:
        now = utcnow()
        modelling.ensure_model(session, default_model_toml(), now)
        rep = staffing.save_rep(session, now, name="Sam Sample", email="sam@example.com", role=Role.SDR)
        staffing.know_in_slack(session, rep.id, USER, "D0SAMPLE", now)
        pool = staffing.save_pool(session, name="SDR", role=Role.SDR, slack_channel=CHANNEL, manager=None)
        staffing.set_members(session, pool, {rep.id: 1})


class _Side:
    """A server, the handoffs that were clicked there, and how many more there are to come. Every one is used once."""

    highest = 0

    def __init__(self, urls: Sequence[str]) -> None:
        self.urls = urls
        self.used: list[range] = []

    def click(self, count: int, shape: Shape) -> list[Answered]:
        taken = range(_Side.highest + 1, _Side.highest + count + 1)
        _Side.highest += count
        _offer(taken[0], taken[-1])
        self.used.append(taken)
        answered = click_all(self.urls, taken, shape)
        refused = sum(one.status != 200 for one in answered)
        if refused:
            raise NotMeasured(f"{refused} of {count} clicks were not answered with 200 ({', '.join(self.urls)})")
        return answered


def _offer(first: int, last: int) -> None:
    with transaction() as session:
        session.execute(text(_LEADS), {"first": first, "last": last, "now": utcnow()})
        session.execute(text(_HANDOFFS), {"first": first, "last": last, "now": utcnow(), "channel": CHANNEL})
    with db.engine().connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("vacuum analyze leads, handoffs, jobs, lead_events, system_links")


def _write_down(path: Path) -> Path:
    """The statements of one accept, in order, with the values they had."""
    _offer(STAND_IN, STAND_IN)
    said: list[Statement] = []

    def listen(_connection: Any, _cursor: Any, statement: str, values: Any, _context: Any, many: bool) -> None:
        said.append(Statement(statement, values, many))

    event.listen(db.engine(), "before_cursor_execute", listen)
    try:
        accept_pressed(Click(USER, HandoffRef(STAND_IN, 2), "1.2.x", CHANNEL))
    finally:
        event.remove(db.engine(), "before_cursor_execute", listen)
    path.write_bytes(pickle.dumps(said))
    return path


def _take_turns(sides: Mapping[str, _Side], arguments: argparse.Namespace) -> Figures:
    figures: Figures = {name: {} for name in sides}
    for side in sides.values():
        side.click(WARM * len(side.urls), Shape(None, arguments.closed))
    for what, shape, clicks in _shapes(arguments):
        say(f"{what.replace('_', ' ')}, {TURNS} turns each")
        turns: dict[str, list[list[Answered]]] = {name: [] for name in sides}
        for _ in range(TURNS):
            for name, side in sides.items():
                turns[name].append(side.click(clicks // TURNS, shape))
        for name in sides:
            figures[name][what] = _figures(turns[name])
    for side in sides.values():
        _accepted(side)
    return figures


def _shapes(arguments: argparse.Namespace) -> Iterator[tuple[str, Shape, int]]:
    """What it is called, its shape, and how many clicks."""
    for rate in RATES:
        yield f"{rate}_a_second", Shape(rate, 0), rate * arguments.seconds
    yield "closed_loop", Shape(None, arguments.closed), 100 * arguments.seconds


def _figures(turns: Sequence[Sequence[Answered]]) -> Figures:
    took = sum(max(one.at for one in turn) - min(one.at - one.seconds for one in turn) for turn in turns)
    seconds = [one.seconds for turn in turns for one in turn]
    return {"clicks_per_second": round(len(seconds) / took, 1), **spread(seconds)}


def _accepted(side: _Side) -> None:
    """Every click counted, once: its handoff is accepted now."""
    with reading() as session:
        accepted = sum(
            session.scalar(
                select(func.count()).where(
                    Handoff.id.between(taken[0], taken[-1]),
                    Handoff.status == HandoffStatus.ACCEPTED,
                    Handoff.version == 3,
                )
            )
            or 0
            for taken in side.used
        )
    if accepted != sum(map(len, side.used)):
        raise NotMeasured(f"{accepted} of {sum(map(len, side.used))} clicks changed the record")


@contextmanager
def _web(url: str, logs: Path, processes: int) -> Iterator[list[str]]:
    system = System(url, logs)
    system.environment |= {"SLACK_BOT_TOKEN": "xoxb-sample", "SLACK_SIGNING_SECRET": SECRET, "SLACK_TEAM_ID": TEAM}
    urls = []
    try:
        for number in range(1, processes + 1):
            port = free_port()
            system.environment |= {"HOST": "127.0.0.1", "PORT": str(port)}
            system.start_one(f"web{number}")
            urls.append(f"http://127.0.0.1:{port}/slack/events")
        _wait(urls)
        yield urls
    finally:
        system.stop()


@contextmanager
def _floor(url: str, logs: Path, processes: int, statements: Path) -> Iterator[list[str]]:
    system = System(url, logs)
    urls = []
    try:
        for _ in range(processes):
            port = free_port()
            words = ("--port", str(port), "--statements", str(statements))
            system.run("benchmarks._ack_floor", *words, "--connections", str(settings().database_connections))
            urls.append(f"http://127.0.0.1:{port}/slack/events")
        _wait(urls)
        yield urls
    finally:
        system.stop()


def _wait(urls: Sequence[str]) -> None:
    until(lambda: all(map(_answers, urls)), "every process answers", seconds=30)


def _answers(url: str) -> bool:
    try:
        return httpx.get(url.replace("/slack/events", "/healthz"), timeout=2.0).status_code == 200
    except httpx.TransportError:
        return False


def _remarks(figures: Figures) -> list[str]:
    before = figures["machine"]["load_average_before"]
    noisy = (
        [f"Others were at work on this machine (load average {before}): the figures are noisy."] if before > 0.5 else []
    )
    return [*noisy, *(f"MISSED: {what}" for what in _missed(figures))]


def _missed(figures: Figures) -> list[str]:
    slow = [
        f"p99 of {figures['handoff'][f'{rate}_a_second']['p99_ms']} ms at {rate} clicks a second"
        for rate in RATES
        if figures["handoff"][f"{rate}_a_second"]["p99_ms"] > SLOWEST_P99_MS
    ]
    found = figures["closed_loop_ours_to_theirs"]["ratio"]
    return slow + ([f"{found} of the throughput of the same statements"] if found < LEAST_RATIO else [])


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ack", description=(__doc__ or "").split(":", 1)[0])
    parser.add_argument("--processes", type=int, default=1, help="web processes, ours and the other's")
    parser.add_argument("--seconds", type=int, default=20, help="of each rate")
    parser.add_argument("--closed", type=int, default=8, help="clicks at a time in the closed loop")
    parser.add_argument("--quick", action="store_true", help="three seconds of each")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of tables")
    arguments: Any = parser.parse_args()
    if arguments.quick:
        arguments.seconds = 3
    return run(lambda: measure(arguments), as_json=arguments.json, missed=lambda figures: bool(_missed(figures)))


if __name__ == "__main__":
    sys.exit(main())
