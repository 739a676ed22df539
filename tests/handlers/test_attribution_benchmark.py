"""The attribution benchmark: that it ends with and without the libraries beside ours, and that what it invents is always the same."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks._ground import NotMeasured
from benchmarks._sharers import MODULES, OURS, asks, installed, invent
from benchmarks.attribution import measure

ROOT = Path(__file__).resolve().parents[2]


# A few seconds: it starts a process for itself and one for each memory, which load what they measure.
def test_without_real_journeys_it_measures_invented_ones_and_says_so() -> None:
    words = [sys.executable, "-m", "benchmarks.attribution", "--json", "--quick", "--touches", "3000"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    figures: dict[str, Any] = json.loads(done.stdout)
    assert all(figures["many_touches"][model]["ours_ms"] > 0 for model in asks(OURS, invent(10, 1)))
    assert set(figures["memory_over_many_touches"]) == set(installed())
    assert "No real journeys were measured: --data names the folder that has them." in figures["remarks"]
    missing = [f"{name} is not installed: make setup-benchmarks" for name in MODULES if name not in installed()]
    assert set(missing) < set(figures["remarks"])


def test_a_folder_without_the_journeys_is_refused_before_anything_is_measured(tmp_path: Path) -> None:
    with pytest.raises(NotMeasured, match=r"There is no file .*Data.csv"):
        measure(tmp_path, touches=10, rounds=1)


def test_the_same_seed_invents_the_same_journeys_of_just_as_many_touches() -> None:
    rows = invent(5_000, seed=7)
    assert rows == invent(5_000, seed=7)
    assert rows != invent(5_000, seed=8)
    assert sum(row.path.count(" > ") + 1 for row in rows) == 5_000
    assert all(row.won + row.lost == 1 and (row.value > 0) == bool(row.won) for row in rows)


def test_every_one_of_our_models_shares_the_whole_value() -> None:
    rows = invent(5_000, seed=7)
    for ask in asks(OURS, rows).values():
        assert sum(ask().credits.values()) == pytest.approx(sum(row.value for row in rows))
