"""From the post of a lead to its card in Slack, through the whole running system. `python -m benchmarks.pipeline --help`."""

import argparse
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmarks import _cpu, _report
from benchmarks._floor import insert_floor, straight_calls
from benchmarks._ground import (
    SOURCE,
    NotMeasured,
    Workspace,
    dead_jobs,
    installation,
    jobs_done,
    jobs_left,
    run,
    until,
)
from benchmarks._leads import COUNTRIES, MARKER, BenchLead, invent
from benchmarks._load import Posted, Shape, post_all
from benchmarks._report import Figures, ratio, say, spread
from handlers.system import System

POST_EVERY = 1.0
"""Seconds between two posts in one channel that Slack allows."""
STANDSTILL_SECONDS = 30.0
"""After so long without a new card, what is missing is lost."""


@dataclass(frozen=True, slots=True)
class Card:
    """A card as it stands in Slack. `at`: seconds since 1970."""

    marker: str
    place: str
    at: float


def measure(arguments: argparse.Namespace) -> Figures:
    """Run it all; returns every figure."""
    shape = Shape(arguments.rate, arguments.closed)
    pace = arguments.pace == "on"
    how = {"pools": arguments.pools, "hot_share": arguments.hot_share, "seed": arguments.seed}
    leads = invent(arguments.leads, run="L", **how)
    warm_up = invent(3 * arguments.pools, run="W", **how)
    figures = _settings(arguments, shape, len(warm_up))
    with installation(pace=pace, broker=arguments.broker, workers=arguments.workers, pools=arguments.pools) as (
        system,
        workspace,
    ):
        say(f"Warming up with {len(warm_up)} leads")
        _post_and_settle(system, workspace, warm_up, Shape(None, 4))
        say(f"Posting {len(leads)} leads, {shape}")
        before = _cpu.spent()
        posted = _post_and_settle(system, workspace, leads, shape)
        used = {kind: seconds - before.get(kind, 0.0) for kind, seconds in _cpu.spent().items()}
        cards = _cards(workspace)
        limited = workspace.rate_limited()
        database = system.environment["DATABASE_URL"]
        system.stop()
        figures |= _of_the_road(leads, posted, cards)
        figures["work"] = _work(leads, warm_up, used, limited)
        if pace:
            figures["best_possible"] = best_possible(posted, cards)
        say("Measuring the floors")
        figures["floors"] = _floors(arguments, shape, database, figures)
    figures["remarks"] = _remarks(arguments, figures)
    return figures


def _settings(arguments: argparse.Namespace, shape: Shape, warm_up: int) -> Figures:
    return {
        "benchmark": "pipeline",
        "machine": _report.machine(),
        "versions": _report.versions(),
        "settings": {
            "leads": arguments.leads,
            "load": str(shape),
            "hot_share": arguments.hot_share,
            "pools": arguments.pools,
            "workers": arguments.workers,
            "broker": arguments.broker.split(":", 1)[0],
            "slack_pace": arguments.pace,
            "seed": arguments.seed,
            "warm_up_leads": warm_up,
            "quick": arguments.quick,
        },
    }


def _post_and_settle(system: System, workspace: Workspace, leads: Sequence[BenchLead], shape: Shape) -> list[Posted]:
    """Post the leads, and wait until every job is done that they led to."""
    aim = workspace.posts() + len(leads)
    posted = post_all(f"{system.url}/capture/{SOURCE}", system.capture_key, leads, shape)
    _wait_for_cards(workspace, aim)
    until(lambda: jobs_left() == 0, "no job is left", seconds=60)
    if system.dead():
        raise NotMeasured(f"{' and '.join(system.dead())} ended by itself")
    return posted


def _wait_for_cards(workspace: Workspace, aim: int) -> None:
    seen, moved_at = workspace.posts(), time.monotonic()
    while seen < aim and time.monotonic() - moved_at < STANDSTILL_SECONDS:
        time.sleep(0.25)
        now = workspace.posts()
        if now != seen:
            seen, moved_at = now, time.monotonic()


def _cards(workspace: Workspace) -> list[Card]:
    return [
        Card(found[0], place, message["posted_at"])
        for place, message in workspace.messages()
        if (found := MARKER.search(str(message["blocks"])))
    ]


def _of_the_road(leads: Sequence[BenchLead], posted: Sequence[Posted], cards: Sequence[Card]) -> Figures:
    seen = defaultdict(list)
    for card in cards:
        seen[card.marker].append(card.at)
    at = {lead.marker: post.at for lead, post in zip(leads, posted, strict=True)}
    delays = [min(seen[marker]) - at[marker] for marker in at if marker in seen]
    answers = [seconds for post in posted for seconds in post.seconds]
    first = min(at.values())
    answering = max(post.at + sum(post.seconds) for post in posted) - first
    until_last_card = max((max(seen[marker]) for marker in at if marker in seen), default=first) - first
    statuses = Counter(status for post in posted for status in post.statuses)
    return {
        "capture_answer": {
            "posts": len(answers),
            "refused": sum(count for status, count in statuses.items() if status != 202),
            "leads_per_second": round(len(leads) / answering, 1),
            **spread(answers),
        },
        "post_to_card": {
            "cards": sum(len(seen[marker]) for marker in at),
            "seconds_to_the_last": round(until_last_card, 2),
            "leads_per_second": ratio(len(delays), until_last_card),
            **spread(delays),
        },
        "safety": {
            "lost": sum(marker not in seen for marker in at),
            "doubled": sum(len(times) > 1 for times in seen.values()),
            "dead_jobs": len(dead_jobs()),
        },
    }


def _work(leads: Sequence[BenchLead], warm_up: Sequence[BenchLead], used: Mapping[str, float], limited: int) -> Figures:
    """What a lead costs. Jobs are counted with the warm-up's, and with the few that look for the reps in Slack."""
    return {
        "jobs_per_lead": round(jobs_done() / (len(leads) + len(warm_up)), 2),
        "cpu_ms_per_lead": {kind: round(1000 * seconds / len(leads), 1) for kind, seconds in sorted(used.items())},
        "cpu_ms_per_lead_of_ours": round(
            1000 * sum(used.get(kind, 0.0) for kind in ("web", "worker", "clock")) / len(leads), 1
        ),
        "answers_429_of_slack": limited,
    }


def best_possible(posted: Sequence[Posted], cards: Sequence[Card]) -> Figures:
    """What nobody can beat: every card at once, but in one channel not before a second after the one before it."""
    at = {f"L{post.number:06d}": post.at for post in posted}
    places: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for card in cards:
        if card.marker in at:
            places[card.place].append((at[card.marker], card.at))
    best: list[float] = []
    ours: list[float] = []
    last = 0.0
    for pairs in places.values():
        free_at = 0.0
        for arrived in sorted(arrived for arrived, _ in pairs):
            best.append(max(arrived, free_at) - arrived)
            free_at = max(arrived, free_at) + POST_EVERY
            last = max(last, free_at - POST_EVERY)
        ours += [shown - arrived for arrived, shown in pairs]
    first = min(at.values())
    ours_last = max(shown for pairs in places.values() for _, shown in pairs)
    return {
        "conversations": len(places),
        "seconds_to_the_last": round(last - first, 2),
        "ours_to_best": ratio(ours_last - first, last - first),
        **{f"best_{name}": value for name, value in spread(best).items()},
        "mean_wait_ours_to_best": ratio(sum(ours), sum(best)),
    }


def _floors(arguments: argparse.Namespace, shape: Shape, database: str, road: Figures) -> Figures:
    """The same load on one INSERT behind HTTP, and the verbs called straight; ratios of the road to both."""
    how = {"pools": arguments.pools, "hot_share": arguments.hot_share, "seed": arguments.seed}
    leads = invent(arguments.leads, run="F", **how)
    with insert_floor(database) as url:
        post_all(url, "none", invent(20, run="G", **how), Shape(None, 4))
        posted = post_all(url, "none", leads, shape)
    if any(status != 202 for post in posted for status in post.statuses):
        raise NotMeasured("the floor did not take every lead")
    answers = [seconds for post in posted for seconds in post.seconds]
    rate = len(leads) / (max(p.at + sum(p.seconds) for p in posted) - min(p.at for p in posted))
    straight_calls(invent(5, run="V", **how))
    straight = len(leads) / straight_calls(invent(len(leads), run="S", **how))
    floor = spread(answers)
    return {
        "insert_leads_per_second": round(rate, 1),
        **{f"insert_{name}": value for name, value in floor.items()},
        "verbs_leads_per_second": round(straight, 1),
        "ratio_capture_to_insert": ratio(road["capture_answer"]["leads_per_second"], rate),
        "ratio_capture_p50_to_insert": ratio(road["capture_answer"]["p50_ms"], floor["p50_ms"]),
        "ratio_cards_to_verbs": ratio(road["post_to_card"]["leads_per_second"], straight),
    }


def _remarks(arguments: argparse.Namespace, figures: Figures) -> list[str]:
    remarks = []
    if arguments.pace == "off":
        remarks.append("Slack's pace was OFF: a real workspace takes about one post a second and channel.")
    if figures["machine"]["load_average_before"] > 0.5:
        remarks.append("Others were at work on this machine: the figures are noisy.")
    remarks += [f"NOT CLEAN: {name} is {value}" for name, value in figures["safety"].items() if value]
    return remarks


def read_arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pipeline", description=__doc__)
    parser.add_argument("--leads", type=int, help="how many leads to post (default 600; with pace 60; quick 60)")
    load = parser.add_mutually_exclusive_group()
    load.add_argument("--rate", type=float, help="open loop: leads a second; delays count from the scheduled moment")
    load.add_argument("--closed", type=int, default=8, help="closed loop: leads posted at a time")
    parser.add_argument("--pace", choices=["on", "off"], default="off", help="whether the sandbox keeps Slack's limits")
    parser.add_argument("--broker", default="stub://", help="BROKER_URL: stub://, redis://... or amqp://...")
    parser.add_argument("--workers", type=int, default=1, help="worker processes")
    parser.add_argument("--pools", type=int, default=3, choices=range(1, len(COUNTRIES) + 1), metavar="N")
    parser.add_argument("--hot-share", type=float, default=0.1, help="share of the leads that become HQL")
    parser.add_argument("--quick", action="store_true", help="a small run, done within 45 seconds")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of tables")
    parser.add_argument("--seed", type=int, default=7)
    chosen = parser.parse_args(given)
    if chosen.leads is None:
        chosen.leads = 60 if chosen.pace == "on" or chosen.quick else 600
    if chosen.leads < 1 or not 0 <= chosen.hot_share <= 1 or (chosen.rate is not None and chosen.rate <= 0):
        parser.error("--leads and --rate are above 0, --hot-share is between 0 and 1")
    return chosen


def main() -> int:
    arguments = read_arguments()
    return run(lambda: measure(arguments), as_json=arguments.json, missed=_is_unsafe)


def _is_unsafe(figures: Figures) -> bool:
    return any(figures["safety"].values()) or bool(figures["capture_answer"]["refused"])


if __name__ == "__main__":
    sys.exit(main())
