"""The benchmarks themselves: that they end, that what they print can be read, and that the road neither loses nor doubles."""

import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]  # it ships no types
import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from benchmarks._leads import COUNTRIES, invent
from benchmarks._load import Posted
from benchmarks._report import spread
from benchmarks.pipeline import Card, best_possible

ROOT = Path(__file__).resolve().parents[2]


def measured(database_url: str, folder: Path, *words: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.pipeline", "--json", *words],
        cwd=ROOT,
        env={
            "PATH": os.environ["PATH"],
            "HOME": os.environ.get("HOME", "/"),
            "DATABASE_URL": database_url,
            "TMPDIR": str(folder),
        },
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    figures: dict[str, Any] = json.loads(done.stdout)
    return figures


# About ten seconds on an idle machine: it starts a whole installation (sandbox, web, worker, clock), for that is what is proven.
def test_a_small_run_ends_and_finds_nothing_lost_doubled_or_dead_and_leaves_nothing_behind(
    database_url: str, tmp_path: Path
) -> None:
    figures = measured(database_url, tmp_path, "--leads", "8", "--rate", "8", "--pools", "2", "--hot-share", "0.25")
    assert figures["safety"] == {"lost": 0, "doubled": 0, "dead_jobs": 0}
    assert figures["capture_answer"]["posts"] == 10
    assert figures["capture_answer"]["refused"] == 0
    assert figures["post_to_card"]["cards"] == 8
    assert figures["post_to_card"]["p50_ms"] <= figures["post_to_card"]["max_ms"]
    assert figures["work"]["jobs_per_lead"] >= 4
    assert set(figures["work"]["cpu_ms_per_lead"]) >= {"web", "worker", "clock", "sandbox"}
    assert figures["floors"]["verbs_leads_per_second"] > 0
    assert any("pace was OFF" in remark for remark in figures["remarks"])
    assert started_in(tmp_path) == []
    assert list(tmp_path.iterdir()) == []
    with create_engine(database_url, poolclass=NullPool).connect() as server:
        assert server.scalars(text("select datname from pg_database where datname like 'handoff_bench_%'")).all() == []


def started_in(folder: Path) -> list[str]:
    """The command lines of the processes that were given `folder` for their temporary files."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.environ().get("TMPDIR") == str(folder):
                found.append(" ".join(process.cmdline()))
    return found


def test_the_same_seed_invents_the_same_leads_spread_evenly_over_the_pools() -> None:
    leads = invent(90, run="L", pools=3, hot_share=0.1, seed=7)
    assert leads == invent(90, run="L", pools=3, hot_share=0.1, seed=7)
    assert leads != invent(90, run="L", pools=3, hot_share=0.1, seed=8)
    for country in COUNTRIES[:3]:
        assert sum(json.loads(lead.bodies[-1])["country"] == country for lead in leads) == 30
    assert sum(lead.hot for lead in leads) == 9
    assert all(len(lead.bodies) == (2 if lead.hot else 1) for lead in leads)


@pytest.mark.parametrize(("count", "p99"), [(1, 1000.0), (100, 99_000.0), (1000, 990_000.0)])
def test_a_percentile_is_a_value_that_was_measured(count: int, p99: float) -> None:
    assert spread([float(second) for second in range(1, count + 1)])["p99_ms"] == p99


def test_the_best_possible_lets_a_channel_rest_a_second_and_knows_no_other_wait() -> None:
    posted = [Posted(number, 100.0, (0.01,), (202,)) for number in range(4)]
    cards = [Card(f"L{number:06d}", "C1" if number < 3 else "C2", 100.0 + 2.0 * number) for number in range(4)]
    best = best_possible(posted, cards)
    # Three cards in C1 at 0, 1 and 2 s, one in C2 at 0 s; ours took 0, 2, 4 and 6 s.
    assert best["seconds_to_the_last"] == 2.0
    assert best["ours_to_best"] == 3.0
    assert best["mean_wait_ours_to_best"] == 4.0
