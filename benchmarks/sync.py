"""How long it takes to tell marketing automation of many changed leads, beside the least that its limit allows:
`python -m benchmarks.sync --help`.

The twin of HubSpot takes 100 contacts a call and 190 calls in any ten seconds. So the batches beyond the first 190 have to wait
for windows, however quick we are; that wait is the minimum. The worker is a process of its own, as in production.
"""

import argparse
import sys
import time
from typing import Any

import httpx
from sqlalchemy import select, text

from benchmarks import _report
from benchmarks._ground import NotMeasured, database, log_folder, run, until
from benchmarks._report import Figures, median, ratio, say
from domain.rules.scoring import default_model_toml
from domain.tables import SystemLink
from domain.verbs import modelling, telling
from handlers.draining import drain_again
from handlers.jobs import reading, send, transaction
from handlers.quotas import SharedGate
from handlers.sending import Job
from handlers.system import System
from kit import db, migrating
from kit.clock import utcnow
from kit.quota import Limit, account_of

BATCH = 100
CALLS, WINDOW = 190, 10.0
MOST_RATIO = 1.3
PERMITS = 300

_LEADS = """
insert into leads (email, identity, stage, source, fields, attributes, notes, captured_at, first_name, last_name, title,
                   company_name, tier, score, fit, intent)
select 'lead' || n || '@sample.example.com', 'lead' || n || '@sample.example.com', 'nurturing', 'bench', '{}', '{}', '[]', now(),
    'Kim', 'Sample ' || n, 'VP Sales', 'Sample Software', 'mel', 40 + n % 20, 30, 10 + n % 20
from generate_series(1, :leads) n
"""
_LINKS = """
insert into system_links (lead_id, system, dirty, dirty_since) select id, 'marketing', 1, now() from leads
"""


def measure(arguments: argparse.Namespace) -> Figures:
    """Fill a database with leads of which all have to be told, and let a worker tell them."""
    leads = arguments.leads
    figures: Figures = {
        "benchmark": "sync",
        "machine": _report.machine(),
        "versions": _report.versions(),
        "settings": {"leads": leads, "workers": arguments.workers, "batch": BATCH},
    }
    with database() as url, log_folder() as logs:
        say(f"Filling a database with {leads:,} changed leads")
        migrating.upgrade()
        _fill(leads)
        figures["one_permit_ms"] = _permit()
        system = System(url, logs)
        try:
            system.start_sandbox(0, pace=True)
            hubspot = {name: at for name, at in system.sandbox["environment"].items() if name.startswith("HUBSPOT_")}
            system.environment |= hubspot
            figures |= _tell(system, leads, arguments.workers)
        finally:
            system.stop()
    return figures


def _fill(leads: int) -> None:
    with transaction() as session:
        session.execute(text("set local statement_timeout = 0"))
        modelling.ensure_model(session, default_model_toml(), utcnow())
        session.execute(text(_LEADS), {"leads": leads})
        session.execute(text(_LINKS))
    with db.engine().connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("vacuum analyze leads, system_links")


def _permit() -> float:
    """What the shared gate adds to a call, in milliseconds."""
    gate, account = SharedGate(), account_of("bench", "key", [Limit("10s", WINDOW, PERMITS + 1)])
    took = []
    for _ in range(PERMITS):
        began = time.perf_counter()
        gate.call(account, int)
        took.append(1000 * (time.perf_counter() - began))
    return median(took)


def _tell(system: System, leads: int, workers: int) -> Figures:
    for number in range(1, workers + 1):
        system.start_one(f"worker{number}")
    say("Telling HubSpot's twin")
    with transaction() as session:
        send(session, drain_again(Job.TELL_MARKETING))
    until(_told_one, "the first batch is told", seconds=60, every=0.02)
    began = time.perf_counter()
    until(lambda: not _dirty(), "all leads are told", seconds=30 + leads / 100, every=0.1)
    seconds = time.perf_counter() - began
    if system.dead():
        raise NotMeasured(f"these processes ended: {', '.join(system.dead())}")
    twin = f"{system.sandbox_url}/hubspot"
    pace = httpx.get(f"{twin}/_pace").raise_for_status().json()
    held = httpx.get(f"{twin}/_state", timeout=120).raise_for_status().json()["contacts"]
    calls = -(-leads // BATCH)
    least = (calls - 1) // CALLS * WINDOW
    return {
        "twin": {name: pace[name] for name in ("kind", "limit", "seconds")},
        "told": {
            "seconds": round(seconds, 2),
            "least_seconds": least,
            "ratio_to_the_least": ratio(seconds, least),
            "leads_per_second": round(leads / seconds, 1),
            "calls": pace["passed"],
            "least_calls": calls,
            "refused_with_429": pace["refused"],
        },
        "safety": {"not_there": leads - len(held), "wrong": _wrong(held), "dead_jobs": _dead()},
    }


def _told_one() -> bool:
    with reading() as session:
        return (
            session.scalar(select(SystemLink.lead_id).where(SystemLink.lead_id == 1, SystemLink.told_at.is_not(None)))
            == 1
        )


def _dirty() -> bool:
    with reading() as session:
        return telling.is_dirty(session, telling.MARKETING)


def _wrong(held: dict[str, Any]) -> int:
    """Contacts whose score there is not ours."""
    with reading() as session:
        ours: dict[str, int] = dict(session.execute(text("select email, score from leads")).all())
    return sum(one["properties"].get("handoff_score") != str(ours.get(email)) for email, one in held.items())


def _dead() -> int:
    with reading() as session:
        return session.scalar(text("select count(*) from jobs where dead_at is not null")) or 0


def _missed(figures: Figures) -> bool:
    told, wrong = figures["told"], any(figures["safety"].values())
    return bool(wrong or told["refused_with_429"] or (told["ratio_to_the_least"] or 0) > MOST_RATIO)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sync", description=(__doc__ or "").split(":", 1)[0])
    parser.add_argument("--leads", type=int, default=100_000)
    parser.add_argument(
        "--workers", type=int, default=1, help="worker processes; the drain is one job at a time anyway"
    )
    parser.add_argument("--quick", action="store_true", help="40,000 leads")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of tables")
    arguments: Any = parser.parse_args()
    if arguments.quick:
        arguments.leads = 40_000
    return run(lambda: measure(arguments), as_json=arguments.json, missed=_missed)


if __name__ == "__main__":
    sys.exit(main())
