"""What a benchmark stands on: a durable Postgres of its own, an installation with pools to fill, and nothing left behind."""

import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import httpx
from sqlalchemy import func, select, text

from benchmarks._leads import COUNTRIES
from benchmarks._report import Figures, say, show
from domain.rules.scoring import default_model_toml
from domain.tables import JobRow, Rep
from domain.verbs import capturing, modelling
from handlers import staff_file
from handlers.jobs import reading, transaction
from handlers.staff_file import StaffFile
from handlers.system import System, fresh_database, hash_of
from kit import db, embedded_postgres, migrating
from kit.clock import utcnow
from kit.settings import settings

SOURCE = "bench"
SDRS = ("Sam Sample", "Dana Demo", "Eli Example")
AES = ("Ada Account", "Alex Closer")
MANAGER = "Morgan Manager"
LOOK_SECONDS = 0.25
MOST_SHOWN = 1000
"""Messages that the sandbox's page gives of one conversation: no more than so many cards of one can be counted."""


class NotMeasured(Exception):
    """The benchmark could not be carried out; the text says why."""


@contextmanager
def database() -> Iterator[str]:
    """A new database that all of our code uses: on DATABASE_URL's server, else on a durable one in a temporary folder."""
    with server(), fresh_database("bench") as url:
        _use(url)
        try:
            yield url
        finally:
            db.forget()


@contextmanager
def server() -> Iterator[None]:
    """The server of DATABASE_URL; without it, a durable one in a temporary folder, which DATABASE_URL names meanwhile."""
    before = os.environ.get("DATABASE_URL")
    try:
        if settings().database_url is not None:
            yield
            return
        # Not the one of `make demo`: whoever started that may stop it in the middle of a run.
        with tempfile.TemporaryDirectory(prefix="handoff-bench-", ignore_cleanup_errors=True) as folder:
            Path(folder).chmod(0o711)  # as root, Postgres runs as another user, who must pass through it
            with embedded_postgres.start(Path(folder) / "pg") as embedded:
                _use(embedded.url)
                yield
    finally:
        os.environ.pop("DATABASE_URL", None)
        if before is not None:
            os.environ["DATABASE_URL"] = before
        settings.cache_clear()


def _use(url: str) -> None:
    os.environ["DATABASE_URL"] = url
    settings.cache_clear()
    db.forget()


@contextmanager
def log_folder() -> Iterator[Path]:
    """The processes' logs. They are kept, and named, only if something went wrong."""
    logs = Path(tempfile.mkdtemp(prefix="handoff-bench-logs-"))
    failed = False
    try:
        yield logs
    except Exception:
        failed = True
        say(f"the logs are in {logs}")
        raise
    finally:
        if not failed:  # nor if it was interrupted
            shutil.rmtree(logs, ignore_errors=True)


def lay_out(system: System) -> None:
    """Schema, model and the source that the leads come from."""
    migrating.upgrade()
    with transaction() as session:
        modelling.ensure_model(session, default_model_toml(), utcnow())
        capturing.add_source(session, SOURCE, hash_of(system.capture_key))


class Workspace:
    """The sandbox's Slack as its page shows it, with one channel for each pool."""

    def __init__(self, base_url: str) -> None:
        self._page = httpx.Client(base_url=f"{base_url}/_api", headers={"X-Sandbox": "page"}, timeout=30)
        people = self._json("GET", "/workspace")["users"]
        self._ids = {person["real_name"]: person["id"] for person in people}
        self._bot = next(person["id"] for person in people if person["is_bot"])
        self._channels: dict[str, str] = {}

    def staff(self, pools: int) -> StaffFile:
        """Reps in `pools` pools with a new channel and a country each, and the AEs in theirs."""
        members = [self._ids[name] for name in (*SDRS, MANAGER)] + [self._bot]
        for country in COUNTRIES[:pools]:
            made = self._json("POST", "/channels", {"name": f"bench-{country.lower()}", "members": members})
            self._channels[country] = made["id"]
        return StaffFile.model_validate(
            {
                "reps": [_rep(name, "sdr") for name in SDRS]
                + [_rep(name, "ae") for name in AES]
                + [_rep(MANAGER, "manager")],
                "pools": [_pool(f"SDR {country}", "sdr", SDRS, channel) for country, channel in self._channels.items()]
                + [_pool("AE", "ae", AES, None)],
                "territories": [
                    {"pool": f"SDR {country}", "when": {"country": [country]}} for country in self._channels
                ],
            }
        )

    def posts(self) -> int:
        return int(self._json("GET", "/counts")["posts"])

    def rate_limited(self) -> int:
        return int(self._json("GET", "/counts")["ratelimited"])

    def messages(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Every message in the pools' channels and in the AEs' direct messages, with its conversation."""
        places = [(MANAGER, channel) for channel in self._channels.values()]
        for name in AES:
            talks = self._json("GET", f"/as/{self._ids[name]}/conversations")
            places += [(name, talk["id"]) for talk in talks if talk["kind"] == "im"]
        for name, place in places:
            path = f"/as/{self._ids[name]}/messages?channel={place}&limit={MOST_SHOWN}"
            shown = self._json("GET", path)["messages"]
            if len(shown) >= MOST_SHOWN:
                raise NotMeasured(f"more than {MOST_SHOWN} messages in one conversation: give --pools a higher number")
            yield from ((place, message) for message in shown)

    def _json(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        answer = self._page.request(method, path, json=body)
        answer.raise_for_status()
        return answer.json()

    def close(self) -> None:
        self._page.close()


def _rep(name: str, role: str) -> dict[str, str]:
    return {"name": name, "email": _email(name), "role": role}


def _email(name: str) -> str:
    return f"{name.lower().replace(' ', '.')}@example.com"


def _pool(name: str, role: str, members: tuple[str, ...], channel: str | None) -> dict[str, Any]:
    everybody = {_email(member): 1 for member in members}
    return {"name": name, "role": role, "channel": channel, "manager": _email(MANAGER), "members": everybody}


@contextmanager
def installation(*, pace: bool, broker: str, workers: int, pools: int) -> Iterator[tuple[System, Workspace]]:
    """Sandbox, web, clock and `workers` workers, with the staff in Slack, ready for leads."""
    with database() as url, log_folder() as logs:
        system = System(url, logs)
        try:
            lay_out(system)
            # Without Slack's pace ours would still rest a second after each post.
            more = {"BROKER_URL": broker} | ({} if pace else {"SLACK_POST_SECONDS": "0"})
            system.start(say, pace=pace, more=more)
            for number in range(2, workers + 1):
                system.start_one(f"worker{number}")
            workspace = Workspace(system.sandbox_url)
            try:
                with transaction() as session:
                    staff_file.save(session, workspace.staff(pools))
                until(lambda: _unknown_reps() == 0, "every rep is found in Slack", seconds=30)
                yield system, workspace
            finally:
                workspace.close()
        finally:
            system.stop()


def _unknown_reps() -> int:
    with reading() as session:
        return session.scalar(select(func.count()).where(Rep.slack_user_id.is_(None))) or 0


def jobs_left() -> int:
    """Jobs that wait or run. Dead ones are not among them."""
    with reading() as session:
        return session.scalar(select(func.count()).where(JobRow.dead_at.is_(None))) or 0


def dead_jobs() -> list[tuple[str, str]]:
    with reading() as session:
        rows = session.execute(select(JobRow.name, JobRow.problem).where(JobRow.dead_at.is_not(None)))
        return [(row.name, row.problem or "") for row in rows]


def jobs_done() -> int:
    """How many jobs were ever finished here, as Postgres counted them. Right only once the processes have stopped."""
    with reading() as session:
        deleted = select(text("n_tup_del")).select_from(text("pg_stat_user_tables")).where(text("relname = 'jobs'"))
        return int(session.scalar(deleted) or 0)


def until(true: Callable[[], bool], what: str, *, seconds: float, every: float = LOOK_SECONDS) -> None:
    """Look `every` so many seconds until something is so; raises NotMeasured if it is not in time."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            raise NotMeasured(f"after {seconds:.0f} s it is still not so that {what}")
        time.sleep(every)


def end_cleanly_when_told() -> None:
    """SIGTERM unwinds like Ctrl-C does, so that nothing is left running."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        sys.exit(143)

    signal.signal(signal.SIGTERM, stop)


def run(measure: Callable[[], Figures], *, as_json: bool, missed: Callable[[Figures], bool] | None = None) -> int:
    """Measure, show, and return the exit status: 1 if the figures miss what is asked of them, 2 if nothing could be measured."""
    end_cleanly_when_told()
    try:
        figures = measure()
    except NotMeasured as why:
        sys.stderr.write(f"{why}\n")
        return 2
    show(figures, as_json=as_json)
    return 1 if missed is not None and missed(figures) else 0
