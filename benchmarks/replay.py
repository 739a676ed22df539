"""A real file of leads through the running system: every one captured and scored once, and what reached a card.

`python -m benchmarks.replay --data LEADS.csv` imports the Olist leads by docs/examples/olist with the sandbox's pace on, waits for
the last card, counts, and imports once more. `--kill`: the worker is killed with SIGKILL in the middle of the import. `--rows N`
takes the first N only; the default is all of them, which takes minutes: Slack takes one post a second and channel.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections import Counter
from itertools import islice
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import func, select

from benchmarks._ground import database, jobs_left, log_folder, until
from benchmarks._report import Figures, machine, say, show, versions
from domain.tables import Arrival, CardPlace, Handoff, Lead, ScoreRow
from domain.verbs.modelling import import_model
from handlers import ledger, staff_file
from handlers.jobs import reading, transaction
from handlers.system import System
from kit import migrating
from kit.clock import utcnow

EXAMPLE = Path(__file__).resolve().parent.parent / "docs" / "examples" / "olist"
MORGAN = "U0MORGAN001"
DRAINED_SECONDS = 1500
KILL_AFTER_LEADS = 2000


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.replay", description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--data", type=Path, required=True, help="leads_to_2018-03-31.csv of the Olist data")
    parser.add_argument("--kill", action="store_true", help="kill -9 the worker in the middle, and start another")
    parser.add_argument("--rows", type=int, default=0, help="the first so many rows only")
    parser.add_argument("--quick", action="store_true", help="the first 300 rows")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of tables")
    arguments = parser.parse_args()
    if not arguments.data.is_file():
        sys.exit(f"There is no file {arguments.data}. It is not part of the project; --data names where you have it.")
    rows = 300 if arguments.quick else arguments.rows
    show(replay(arguments.data.resolve(), rows, kill=arguments.kill), as_json=arguments.json)


def replay(data: Path, rows: int, *, kill: bool) -> Figures:
    """Import, wait, count, and import again."""
    figures: Figures = {"machine": machine(), "versions": versions()}
    with database() as url, log_folder() as logs, tempfile.TemporaryDirectory() as folder:
        taken = _head(data, rows, Path(folder)) if rows else data
        system = System(url, logs)
        try:
            _lay_out()
            system.start(say, pace=True)
            started = time.monotonic()
            first = _start_import(system, taken, Path(folder))
            if kill:
                _kill_worker(system, min(KILL_AFTER_LEADS, (rows or 10**9) // 2))
            figures["import"] = {"exit status": first.wait(), "seconds": round(time.monotonic() - started, 1)}
            until(lambda: jobs_left() == 0, "all jobs are done", seconds=DRAINED_SECONDS)
            figures["import"]["seconds until the last card"] = round(time.monotonic() - started, 1)
            figures["counts"] = before = _counts()
            figures["slack"] = _slack(system)
            say("Importing the same file again")
            again = _start_import(system, taken, Path(folder)).wait()
            until(lambda: jobs_left() == 0, "all jobs are done", seconds=60)
            figures["second import"] = {"exit status": again, "adds": "nothing" if _counts() == before else _counts()}
        finally:
            system.stop()
    return figures


def _head(data: Path, rows: int, folder: Path) -> Path:
    head = folder / "head.csv"
    with data.open(encoding="utf-8") as lines:
        head.write_text("".join(islice(lines, rows + 1)), encoding="utf-8")
    return head


def _lay_out() -> None:
    migrating.upgrade()
    with transaction() as session:
        import_model(session, (EXAMPLE / "model.toml").read_text(encoding="utf-8"), utcnow())
        staff_file.save(session, staff_file.read(EXAMPLE / "reps.toml"))


def _start_import(system: System, data: Path, folder: Path) -> subprocess.Popen[bytes]:
    command = ["import", str(data), "--map", str(EXAMPLE / "map.toml"), "--shift-dates-to-today", "--yes"]
    return system.run("handlers", *command, "--refused", str(folder / "refused.csv"))


def _kill_worker(system: System, after: int) -> None:
    """Once `after` leads are in, while their jobs run."""
    until(lambda: _leads() >= after, f"{after} leads are in", seconds=120)
    system.kill("worker")
    say(f"Killed the worker with {jobs_left()} jobs to do; starting another")
    system.start_one("worker")


def _leads() -> int:
    with reading() as session:
        return session.scalar(select(func.count()).select_from(Lead)) or 0


def _counts() -> Figures:
    """What the record says. Scores and handoffs are counted per lead: more than one would be a doubling."""
    with reading() as session:

        def count(what: Any) -> int:
            return session.scalar(select(func.count()).select_from(what)) or 0

        scores = select(func.count()).select_from(ScoreRow).group_by(ScoreRow.lead_id).subquery()
        most = session.scalar(select(func.max(scores.c[0]))) or 0
        tiers = session.execute(select(Lead.tier, func.count()).group_by(Lead.tier)).all()
        stages = session.execute(select(Lead.stage, func.count()).group_by(Lead.stage)).all()
        return {
            "arrivals": count(Arrival),
            "leads": count(Lead),
            "scores": count(ScoreRow),
            "most scores of one lead": most,
            "tiers": {str(tier): number for tier, number in sorted(tiers, key=str)},
            "stages": {str(stage): number for stage, number in sorted(stages, key=str)},
            "handoffs": count(Handoff),
            "cards posted": session.scalar(select(func.count(CardPlace.ts))) or 0,
            "dead jobs": ledger.counts(session).dead,
        }


def _slack(system: System) -> Figures:
    """What stands in the workspace, by the sandbox's own count."""
    with httpx.Client(base_url=f"{system.sandbox_url}/_api", timeout=60) as page:
        counts = page.get("/counts").json()
        people = [person["id"] for person in page.get("/workspace").json()["users"] if not person["is_bot"]]
        cards: Counter[str] = Counter()
        seen: Counter[int] = Counter()
        for eyes in people:
            for place in page.get(f"/as/{eyes}/conversations").json():
                if place["kind"] == "channel" and eyes != MORGAN:
                    continue
                found = page.get(f"/as/{eyes}/messages", params={"channel": place["id"], "limit": 1000}).json()
                handoffs = [_handoff(message) for message in found["messages"]]
                seen.update(handoff for handoff in handoffs if handoff is not None)
                cards[place["name"] or eyes] += sum(handoff is not None for handoff in handoffs)
    return {
        "cards by place": {name: number for name, number in sorted(cards.items()) if number},
        "cards": seen.total(),
        "doubled": sum(number > 1 for number in seen.values()),
        "posts refused by Slack's pace": counts["ratelimited"],
    }


def _handoff(message: dict[str, Any]) -> int | None:
    metadata = message.get("metadata") or {}
    return int(metadata["event_payload"]["handoff_id"]) if metadata.get("event_type") == "handoff_card" else None


if __name__ == "__main__":
    main()
