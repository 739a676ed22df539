"""How long attribution takes, how far it is from what others compute, and a million touches: `python -m benchmarks.attribution --help`.

Ours, marketing-attribution-models and ChannelAttribution share the value of the same journeys, in turns, each from the same rows of text
in memory to a value per channel; the median of its rounds counts. No database, no network. `make setup-benchmarks` installs the other two.
"""

import argparse
import csv
import gc
import json
import multiprocessing
import re
import statistics
import sys
import time
from collections.abc import Collection, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks import _report
from benchmarks._ground import NotMeasured, run
from benchmarks._report import Figures, ratio, say
from benchmarks._sharers import CHANNEL_ATTRIBUTION, MAM, MODULES, OURS, Ask, Row, asks, installed, invent
from domain.attributing import removal_effects_of

DATA = "channelattribution_pathdata/Data.csv"
PUBLISHED = "kaggle_attribution_published/published_results.json"
MILLION, QUICK = 1_000_000, 200_000
MANY_ROUNDS = 3
SEED = 7
TO_PUBLISHED, TO_LIBRARY = 1e-9, 1e-6
EXACT = "furthest_from_ours"
MINUTES = {(MAM, "shapley_rate")}
"""What is not asked over the many touches: it goes through every coalition of every set of channels in a loop of Python."""


def measure(data: Path | None, *, touches: int, rounds: int) -> Figures:
    """Raises NotMeasured for a folder without the data."""
    there = installed()
    figures: Figures = {
        "benchmark": "attribution",
        "machine": _report.machine(),
        "versions": {name: version(name) for name in ("numpy", "scipy", *there[1:])},
        "settings": {"rounds": rounds, "touches": touches, "seed": SEED},
    }
    remarks = [f"{name} is not installed: make setup-benchmarks" for name in MODULES if name not in there]
    targets: dict[str, bool] = {}
    if data is None:
        remarks.append("No real journeys were measured: --data names the folder that has them.")
    else:
        _on_real_journeys(data, there, rounds, figures, targets)
    many = invent(touches, SEED)
    figures["many_touches"] = {"rows": len(many)} | _timed(many, there, min(rounds, MANY_ROUNDS), MINUTES)
    figures["memory_over_many_touches"] = {who: _memory(who, touches) for who in there}
    return figures | {"targets": targets, "remarks": remarks}


def _on_real_journeys(
    data: Path, there: Sequence[str], rounds: int, figures: Figures, targets: dict[str, bool]
) -> None:
    rows, published = _rows(data / DATA), _read(data / PUBLISHED)
    figures["journeys"] = {
        "rows": len(rows),
        "journeys": sum(row.won + row.lost for row in rows),
        "touches_in_rows": sum(row.path.count(">") + 1 for row in rows),
    }
    figures["published"] = _beside_published(json.loads(published))
    figures["agreement"] = _agreement(rows, there)
    figures["times"] = _timed(rows, there, rounds)
    for model, took in figures["times"].items():
        if took["to_the_faster"] is not None:
            targets[f"{model}_not_slower_than_the_faster"] = took["to_the_faster"] <= 1
    targets[f"published_within_{TO_PUBLISHED}"] = figures["published"]["furthest_from_published"] <= TO_PUBLISHED
    exact = [part[EXACT] for part in figures["agreement"].values() if EXACT in part]
    targets[f"exact_libraries_within_{TO_LIBRARY}"] = all(furthest <= TO_LIBRARY for furthest in exact)


def _read(file: Path) -> str:
    if not file.is_file():
        raise NotMeasured(
            f"There is no file {file}. It is not part of the project; --data names the folder that has it."
        )
    return file.read_text("utf-8")


def _rows(file: Path) -> list[Row]:
    lines = list(csv.reader(_read(file).splitlines(), delimiter=";"))[1:]
    return [Row(path, int(won), float(value), int(lost)) for path, won, value, lost in lines]


def _beside_published(found: Mapping[str, Any]) -> Figures:
    """Of every chain that was printed, our removal effects beside those printed with it."""
    apart = []
    for result in found["results"]:
        if chain := result.get("transition_probabilities"):
            steps = {(step.split(">")[0], step.split(">")[1]): chance for step, chance in chain.items()}
            won = next(to for _, to in steps if to in {"Conversion", "Conv"})
            apart.append(_furthest(removal_effects_of(steps, start="Start", won=won), result["removal_effects"]))
    return {"chains": len(apart), "furthest_from_published": max(apart)}


def _furthest(ours: Mapping[str, float], theirs: Mapping[str, float]) -> float:
    return max(abs(ours.get(channel, 0.0) - theirs.get(channel, 0.0)) for channel in {*ours, *theirs})


def _agreement(rows: Sequence[Row], there: Sequence[str]) -> Figures:
    """In units of value, which sum to 74,803; removal effects in parts of one."""
    say("comparing results")
    ours, figures = asks(OURS, rows), {}
    for who in there[1:]:
        for model, ask in asks(who, rows).items():
            mine, theirs = ours[model](), ask()
            simulated = who == CHANNEL_ATTRIBUTION and model.startswith("markov")
            figures[f"{model}, {who}"] = {
                "furthest_from_ours_by_its_simulation" if simulated else EXACT: _furthest(mine.credits, theirs.credits),
            } | ({} if theirs.effects is None else {"removal_effects": _furthest(mine.effects or {}, theirs.effects)})
    return figures


def _timed(
    rows: Sequence[Row],
    there: Sequence[str],
    rounds: int,
    leave_out: Collection[tuple[str, str]] = (),
) -> Figures:
    """Milliseconds of each model, in turns."""
    can = {who: asks(who, rows) for who in there}
    # What one library has loaded must not be walked through by the garbage collector in the time of another.
    gc.collect()
    gc.freeze()
    figures: Figures = {}
    for model in can[OURS]:
        asked = {who: can[who][model] for who in there if model in can[who] and (who, model) not in leave_out}
        say(f"{len(rows):,} rows: {model} by {', '.join(asked)}")
        took = _in_turns(asked, rounds)
        others = [one for who, one in took.items() if who != OURS]
        to_faster = ratio(took[OURS], min(others)) if others else None
        figures[model] = {f"{who}_ms": round(1000 * one, 1) for who, one in took.items()}
        figures[model]["to_the_faster"] = to_faster
    return figures


def _in_turns(asked: Mapping[str, Ask], rounds: int) -> dict[str, float]:
    """The median seconds of each. The first round of several is not counted: it loads what is loaded once."""
    took: dict[str, list[float]] = {who: [] for who in asked}
    for _ in range(rounds + (rounds > 1)):
        for who, ask in asked.items():
            began = time.perf_counter()
            ask()
            took[who].append(time.perf_counter() - began)
    return {who: statistics.median(one[-rounds:]) for who, one in took.items()}


def _memory(who: str, touches: int) -> Figures:
    """In a process of its own: the most that all of its models took, over what the rows and its code had taken before."""
    say(f"memory of {who}")
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        before, peak = pool.apply(_peak, (who, touches))
    more = None if before is None or peak is None else round(peak - before)
    return {"rows_and_code_mb": before and round(before), "more_at_most_mb": more}


def _peak(who: str, touches: int) -> tuple[float | None, float | None]:
    # A handful of journeys loads whatever is loaded when first used.
    for rows in (invent(50, SEED), invent(touches, SEED)):
        can, before = asks(who, rows), _most_resident()
        for model in can:
            if (who, model) not in MINUTES:
                can[model]()
    return before, _most_resident()


def _most_resident() -> float | None:
    """The most memory that this process ever had, in MB; only Linux tells it of a process that another one started."""
    status = Path("/proc/self/status")
    found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text("ascii")) if status.exists() else None
    return int(found[1]) / 1e3 if found else None


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.attribution", description=(__doc__ or "").split(":", 1)[0]
    )
    parser.add_argument("--data", type=Path, help=f"the folder with {DATA} and {PUBLISHED}")
    parser.add_argument("--touches", type=int, help=f"of invented journeys (default: {MILLION:,})")
    parser.add_argument("--quick", action="store_true", help=f"fewer rounds, {QUICK:,} touches")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of tables")
    arguments = parser.parse_args()
    touches = arguments.touches or (QUICK if arguments.quick else MILLION)
    rounds = 3 if arguments.quick else 9
    return run(
        lambda: measure(arguments.data, touches=touches, rounds=rounds),
        as_json=arguments.json,
        missed=lambda figures: not all(figures["targets"].values()),
    )


if __name__ == "__main__":
    sys.exit(main())
