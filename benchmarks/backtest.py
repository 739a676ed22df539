"""`handoff backtest` over an invented past: seconds, leads/s, what they go into, and memory. `python -m benchmarks.backtest --help`.

The command itself is what is measured, from its start to its end: importing, reading, scoring at every touch, at what enrichment
added and on each month's last day with both models, sharing out, and writing the report.
"""

import argparse
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import psutil  # type: ignore[import-untyped]  # it ships no types
from sqlalchemy import text

from benchmarks import _past, _report
from benchmarks._ground import NotMeasured, database, run
from benchmarks._report import Figures, ratio, say
from domain.backtest import reading as past
from domain.backtest.comparing import Comparison, compare
from domain.backtest.history import Window
from domain.rules.scoring import default_model_toml, read_model
from domain.verbs.modelling import ensure_model
from handlers.backtest_run import processors
from handlers.jobs import reading, transaction
from kit import migrating
from kit.clock import utcnow

LEADS = 50_000
QUICK = 4_000
TARGET_SECONDS = 60.0
SAMPLE = 10
"""Ranges that are timed in parts, in this process."""

CHANGES = (
    ('name = "default"', 'name = "candidate"'),
    ('label = "Asked for a demo"\npoints = 32', 'label = "Asked for a demo"\npoints = 36'),
    ('label = "Attended a webinar"\npoints = 18', 'label = "Attended a webinar"\npoints = 24'),
    ('label = "Decides on purchases (director or above)"\npoints = 20', 'label = "Decides"\npoints = 16'),
)
"""What the model that is tried says otherwise than the one that Handoff starts with."""


def measure(arguments: argparse.Namespace) -> Figures:
    leads = QUICK if arguments.quick else arguments.leads
    figures: Figures = {
        "benchmark": "backtest",
        "machine": _report.machine(),
        "versions": _report.versions(),
        "settings": {"leads": leads, "touches_a_lead": _past.TOUCHES, "days": _past.DAYS, "cores": processors()},
    }
    with database(), tempfile.TemporaryDirectory() as folder:
        file, until = Path(folder) / "candidate.toml", utcnow()
        file.write_text(candidate(), encoding="utf-8")
        figures["settings"]["handed_over_in_reality"] = _lay_out(leads, until)
        for name, processes in (("backtest", processors()), ("with_one_process", 1)):
            if name == "backtest" or not arguments.quick:
                say(f"handoff backtest with --processes {processes}")
                figures[name] = _command(file, processes, Path(folder) / "report.html")
        figures["of_which"] = _parts(until)
    seconds = figures["backtest"]["seconds"]
    if leads == LEADS:
        figures["target"] = {"seconds": TARGET_SECONDS, "ours_to_it": ratio(seconds, TARGET_SECONDS)}
    return figures


def candidate() -> str:
    """The TOML of the model that is tried."""
    toml = default_model_toml()
    for was, becomes in CHANGES:
        if was not in toml:
            raise NotMeasured(f"the default model does not say any more: {was}")
        toml = toml.replace(was, becomes)
    return toml


def _lay_out(leads: int, until: datetime) -> int:
    """Says how many of the invented leads went to sales."""
    migrating.upgrade()
    model = read_model(default_model_toml())
    with transaction() as session:
        ensure_model(session, default_model_toml(), utcnow())
        staff = _past.make_staff(session, utcnow())
    handed = 0
    for first in range(1, leads + 1, _past.BATCH):
        say(f"inventing the past of leads {first:,} and on")
        with transaction() as session:
            handed += _past.seed(session, range(first, min(first + _past.BATCH, leads + 1)), model, staff, until)
    with transaction() as session:
        session.execute(text("analyze"))
    return handed


def _command(file: Path, processes: int, html: Path) -> Figures:
    """Run it as a person would, and watch its memory."""
    words = ["backtest", str(file), "--days", str(_past.DAYS), "--html", str(html), "--processes", str(processes)]
    began, most, before = time.perf_counter(), 0, _cpu_seconds()
    with subprocess.Popen(
        [sys.executable, "-m", "handlers", *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as child:
        watched = psutil.Process(child.pid)
        while child.poll() is None:
            most = max(most, _memory(watched))
            time.sleep(0.05)
        said = child.stdout.read() if child.stdout else ""
    seconds = time.perf_counter() - began
    found = re.search(r"([\d,]+) leads, ([\d,]+) scores in", said)
    if child.returncode or found is None:
        raise NotMeasured(f"handoff backtest failed:\n{said}")
    leads, scores = (int(number.replace(",", "")) for number in found.groups())
    return {
        "processes": processes,
        "seconds": round(seconds, 1),
        "cpu_seconds_without_postgres": round(_cpu_seconds() - before, 1),
        "leads": leads,
        "leads_per_second": round(leads / seconds),
        "scores_of_both_models": scores,
        "scores_per_second": round(scores / seconds),
        "peak_memory_of_all_processes_mb": round(most / 1e6),
        "report_kb": round(html.stat().st_size / 1e3),
    }


def _cpu_seconds() -> float:
    """Of the children that have ended, and of theirs."""
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def _memory(process: psutil.Process) -> int:
    """Resident bytes of the process and its children; what they share counts for each."""
    total = 0
    try:
        for one in (process, *process.children(recursive=True)):
            total += one.memory_info().rss
    except psutil.Error:  # it ended while we looked
        pass
    return total


def _parts(until: datetime) -> Figures:
    """Of one process at work: the share of reading and of scoring, over some of the ranges."""
    window = Window(until - timedelta(days=_past.DAYS), until)
    with reading() as session:
        models = read_model(default_model_toml()), read_model(candidate())
        comparison = Comparison(*models, window, past.territories(session))
        pieces = past.ranges(session, window)[:SAMPLE]
        began = time.perf_counter()
        for piece in pieces:
            past.histories(session, window, piece)
        read = time.perf_counter() - began
        began = time.perf_counter()
        scores = sum(2 * compare(session, comparison, piece).scorings for piece in pieces)
        both = time.perf_counter() - began
    return {
        "reading_share": round(read / both, 2),
        "scoring_share": round(1 - read / both, 2),
        "us_per_score": round(1e6 * (both - read) / scores, 1),
        "reading_us_per_lead": round(1e6 * read / sum(piece.size for piece in pieces), 1),
    }


def main(given: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.backtest", description=__doc__)
    parser.add_argument("--leads", type=int, default=LEADS, help=f"how many (default {LEADS:,})")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK:,} leads, done within 45 seconds")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of tables")
    arguments = parser.parse_args(given)
    return run(lambda: measure(arguments), as_json=arguments.json)


if __name__ == "__main__":
    sys.exit(main())
