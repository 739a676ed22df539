"""A whole installation as children of this process: sandbox, web, worker, clock. The demo, the stories and the benchmarks use it."""

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from hashlib import sha256
from pathlib import Path
from typing import IO, Any

import httpx
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from kit import db

READY_SECONDS = 30.0
STOP_SECONDS = 20.0

Say = Callable[[str], None]


class DidNotStart(Exception):
    """A process of the installation ended or was not ready in time (the text names its log), or cannot start at all."""


class System:
    """The processes, each with a log of its own in `logs`. `stop()` ends them in the order in which nothing is lost."""

    def __init__(self, database_url: str, logs: Path) -> None:
        self.logs = logs
        self.capture_key = f"hk_{secrets.token_urlsafe(32)}"
        self.sandbox: dict[str, Any] = {}
        self.url = ""
        # Nothing that stands in this machine's environment for a real vendor may reach a sandboxed installation.
        kept = ("PATH", "HOME", "LANG", "TMPDIR", "VIRTUAL_ENV", "BROKER_URL", "LEASE_SECONDS", "WORKER_THREADS")
        self.environment = {name: os.environ[name] for name in kept if name in os.environ}
        self.environment |= {"DATABASE_URL": database_url, "PYTHONUNBUFFERED": "1", "LOG_JSON": "true"}
        # Nor what stands in a `.env`, which is read where a process starts: ours start beside their logs.
        self.environment["PYTHONPATH"] = str(_root())
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._open: list[IO[bytes]] = []

    def start(
        self,
        say: Say,
        *,
        pace: bool = True,
        port: int = 0,
        sandbox_port: int = 0,
        more: Mapping[str, str] | None = None,
        plug_in: tuple[str, ...] = (),
    ) -> None:
        """Start everything and wait until each part answers; raises DidNotStart. `more`: further settings. `plug_in`:
        systems of the sandbox to speak to besides the usual ones, by the prefixes of their settings.
        """
        say("Starting the sandbox")
        self.start_sandbox(sandbox_port, pace=pace)
        also = {name: at for name, at in self.sandbox["more_environment"].items() if name.startswith(plug_in)}
        self.environment |= self.sandbox["environment"] | also | dict(more or {})
        say("Starting web, worker and clock")
        self.start_web(port)
        self.start_one("worker")
        self.start_one("clock")
        self._meet_slack()
        self._meet_salesforce()
        self._meet_hubspot()

    @property
    def sandbox_url(self) -> str:
        return str(self.sandbox["base_url"])

    def start_sandbox(self, port: int, *, pace: bool) -> None:
        ready = self.logs / "sandbox.json"
        ready.unlink(missing_ok=True)
        self._spawn(
            "sandbox", "sandbox", "--port", str(port), "--pace", "on" if pace else "off", "--ready-file", str(ready)
        )
        self._wait("sandbox", ready.exists)
        self.sandbox = json.loads(ready.read_text())
        # It holds the sandbox's credentials; they are in our memory now.
        ready.unlink()

    def _meet_slack(self) -> None:
        """With an app-level token we connect to it; else it is told where we are."""
        if "SLACK_APP_TOKEN" in self.environment:
            self._wait("web", lambda: bool(httpx.get(f"{self.sandbox_url}/_api/sockets").json()["connections"]))
            return
        ours = {"url": f"{self.url}/slack/events"}
        httpx.post(f"{self.sandbox_url}/_api/app", json=ours, headers={"X-Sandbox": "page"}).raise_for_status()

    def _meet_salesforce(self) -> None:
        """Its Flow knocks when somebody moves an opportunity, so that nobody waits for the next poll."""
        ours = {"flow": f"{self.url}/webhooks/salesforce"}
        httpx.post(f"{self.sandbox_url}/salesforce/_org", json=ours, headers={"X-Sandbox": "page"}).raise_for_status()

    def _meet_hubspot(self) -> None:
        """Its webhooks come to the address that they are signed over."""
        ours = {"url": self.environment["HUBSPOT_WEBHOOK_URI"]}
        target = f"{self.sandbox_url}/hubspot/_play/target"
        httpx.post(target, json=ours, headers={"X-Sandbox": "page"}).raise_for_status()

    def start_web(self, port: int) -> None:
        port = port or free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.environment |= {"HOST": "127.0.0.1", "PORT": str(port)}
        self.environment["HUBSPOT_WEBHOOK_URI"] = f"{self.url}/webhooks/hubspot"
        self.start_one("web")
        self._wait("web", lambda: _answers(f"{self.url}/healthz"))

    def start_one(self, name: str) -> None:
        """Start one more process: `web`, `worker`, `clock`; a number may be appended to the name."""
        self._spawn(name, "handlers", name.rstrip("0123456789"))

    def run(self, module: str, *arguments: str, more: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
        """Start another module of the sandbox or ours beside them, on our own standard output."""
        environment = self.environment | dict(more or {}) | {"KIT_PARENT": str(os.getpid())}
        command = [sys.executable, "-m", "kit.child", module, *arguments]
        child = subprocess.Popen(command, env=environment, cwd=self.logs, start_new_session=True)
        self._children[module] = child
        return child

    def kill(self, name: str) -> None:
        """End a process as a power cut would."""
        child = self._children.pop(name)
        child.kill()
        child.wait()

    def pid(self, name: str) -> int:
        return self._children[name].pid

    def ended(self, module: str) -> bool:
        """Whether what was started with `run` has come to its end."""
        return self._children[module].poll() is not None

    def dead(self) -> list[str]:
        """Processes that ended although nobody stopped them."""
        return [name for name, child in self._children.items() if child.poll() not in (None, 0)]

    def stop(self) -> None:
        """SIGTERM to all but the sandbox, wait, then the sandbox; who does not go in time is killed."""
        for names in ([name for name in self._children if name != "sandbox"], ["sandbox"]):
            going = [self._children.pop(name) for name in names if name in self._children]
            for child in going:
                if child.poll() is None:
                    child.send_signal(signal.SIGTERM)
            deadline = time.monotonic() + STOP_SECONDS
            for child in going:
                try:
                    child.wait(max(0.1, deadline - time.monotonic()))
                except subprocess.TimeoutExpired:
                    child.kill()
                    child.wait()
        for log in self._open:
            log.close()
        self._open.clear()

    def _spawn(self, name: str, module: str, *arguments: str) -> None:
        log = (self.logs / f"{name}.log").open("ab")
        self._open.append(log)
        self._children[name] = subprocess.Popen(
            [sys.executable, "-m", "kit.child", module, *arguments],
            env=self.environment | {"KIT_PARENT": str(os.getpid())},
            cwd=self.logs,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            # Ctrl-C is for the one who started them; it decides in which order they end.
            start_new_session=True,
        )

    def _wait(self, name: str, ready: Callable[[], bool]) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while not ready():
            child = self._children[name]
            if child.poll() is not None or time.monotonic() > deadline:
                ended = "ended" if child.poll() is not None else f"was not ready within {READY_SECONDS:.0f} s"
                raise DidNotStart(f"The {name} process {ended}. Its log is {self.logs / f'{name}.log'}.")
            time.sleep(0.02)  # between two looks at another process, until the deadline above


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def must_be_free(port: int) -> None:
    """Raises DidNotStart unless a server could listen there now. 0 is always free."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as taken:
            why = taken.strerror or "it cannot be used"
            raise DidNotStart(f"Port {port}: {why}. Name another port, or 0 for any that is free.") from None


def hash_of(key: str) -> str:
    return sha256(key.encode()).hexdigest()


@contextmanager
def fresh_database(purpose: str) -> Iterator[str]:
    """A new, empty database beside the one that the settings name, dropped at the end; leftovers of killed runs go as well."""
    server = db.database_url()
    name = f"handoff_{purpose}_{os.getpid()}"
    url = server.set(database=name)
    engine = create_engine(server, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with ExitStack() as held, engine.connect() as connection:
        # A database in which nobody is logged in counts as left over: until we are in ours, no other run may sweep.
        connection.execute(text("select pg_advisory_lock(:lock)"), {"lock": SWEEPING})
        for leftover in connection.scalars(text(_LEFTOVERS), {"pattern": f"^handoff_{purpose}_[0-9]+$"}).all():
            connection.execute(text(f'drop database if exists "{leftover}"'))
        connection.execute(text(f'create database "{name}"'))
        held.enter_context(create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool).connect())
        owner = held.pop_all()
    try:
        with owner:
            yield url.render_as_string(hide_password=False)
    finally:
        with engine.connect() as connection:
            connection.execute(text(f'drop database if exists "{name}" with (force)'))
        engine.dispose()


SWEEPING = 0x48616E646F6666
"""The advisory lock of whoever looks for leftovers."""
_LEFTOVERS = (
    "select datname from pg_database d where datname ~ :pattern "
    "and not exists (select from pg_stat_activity a where a.datname = d.datname)"
)


@contextmanager
def log_folder() -> Iterator[Path]:
    """A private folder for the processes' logs. It is kept, so that what went wrong can be read."""
    yield Path(tempfile.mkdtemp(prefix="handoff-logs-"))


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2.0).status_code == 200
    except httpx.TransportError:
        return False


def _root() -> Path:
    return Path(__file__).resolve().parent.parent
