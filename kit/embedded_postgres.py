"""A Postgres of one's own, without installing one: started as a child, found again next time, gone when its owner goes.

One folder holds it: `cluster/` (the data), `socket/` (the only door: a private Unix socket), `postgres.log`, `lock`.
Why the launcher is ours and what it promises: docs/decisions/0001-embedded-postgres.md.
"""

import atexit
import contextlib
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

import psycopg

from kit._postgres_binaries import (
    ROOTS_FOLDER,
    Account,
    Binaries,
    CannotStart,
    closed_to,
    find,
    open_folders,
    service_account,
)
from kit._postgres_process import PATIENCE, PostgresProcess, run_as

if sys.platform != "win32":
    import fcntl

__all__ = ["CannotStart", "Server", "default_data", "scratch", "start"]

NAME = "handoff"  # of the user and of the database
PROJECT = Path(__file__).resolve().parents[1]
SOCKET_PATH_LIMIT = 103  # bytes on macOS; Linux has 107
LOG_LIMIT = 10_000_000  # bytes after which the log starts anew
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] ",
}
# For tests: a crash of the machine may cost the data, a crash of Postgres does not.
FORGETFUL = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}


class Server:
    """A running Postgres. `owned`: we started it, and `stop()` ends it; otherwise `stop()` leaves it to its owner."""

    def __init__(self, socket: str, undo: contextlib.ExitStack | None = None) -> None:
        self.url = f"postgresql+psycopg://{NAME}@/{NAME}?host={quote(socket, safe='/')}"
        self.owned = undo is not None
        self._undo = undo or contextlib.ExitStack()
        self._owner = os.getpid()
        if self.owned:
            atexit.register(self.stop)

    def stop(self) -> None:
        """End the server cleanly and wait for it. Twice is once; in a forked copy of the owner it does nothing."""
        atexit.unregister(self.stop)
        if os.getpid() == self._owner:
            self._undo.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, why: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def start(data: Path | None = None, *, durable: bool = True) -> Server:
    """Start the Postgres of the folder `data` (made if missing), or attach to the one that runs there already.

    Raises `CannotStart` with a sentence. `durable=False` is for tests; without `data` it gets a folder of its own.
    """
    if sys.platform == "win32":
        raise CannotStart("The embedded Postgres runs on Linux and macOS only: set DATABASE_URL to a server that runs.")
    account = service_account()
    home = (data or default_data("postgres" if durable else "scratch")).absolute()
    _make_home(home, account)
    with _locked(home):
        socket = _running_socket(home / "cluster")
        if socket is not None:
            return Server(socket)
        return _start_here(home, account, FORGETFUL if not durable else {})


@contextlib.contextmanager
def scratch() -> Iterator[Server]:
    """A fast, forgetful server in a temporary folder, both gone at the end: for tests and benchmarks."""
    with tempfile.TemporaryDirectory(prefix="handoff-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o711)  # ours; the service's user must pass through it
        with start(Path(folder) / "pg", durable=False) as server:
            yield server


def default_data(purpose: str = "postgres") -> Path:
    """Where this checkout keeps its data: one folder per checkout, so that two checkouts do not share a database."""
    name = f"{purpose}-{hashlib.sha256(str(PROJECT).encode()).hexdigest()[:8]}"
    if os.geteuid() == 0:
        return ROOTS_FOLDER / name  # not in root's home, which the service's user cannot enter
    said = os.environ.get("XDG_DATA_HOME", "")
    share = Path(said) if said.startswith("/") else Path("~/.local/share").expanduser()
    return share / NAME / name if share.is_absolute() and _writable(share) else PROJECT / ".data" / name


def _writable(folder: Path) -> bool:
    existing = next(each for each in (folder, *folder.parents) if each.exists())
    return os.access(existing, os.W_OK | os.X_OK)


def _make_home(home: Path, account: Account | None) -> None:
    try:
        open_folders(home, 0o755 if account else 0o700)
        closed = closed_to(account, home)
    except OSError as refused:
        raise CannotStart(f"The data folder {home} cannot be made ({refused.strerror}): choose another.") from refused
    if account is not None and closed is not None:
        raise CannotStart(
            f"As root, Postgres runs as the user {account.name}, who may not enter {closed}: "
            f"choose a data folder outside it, such as {default_data()}."
        )


@contextlib.contextmanager
def _locked(home: Path) -> Iterator[None]:
    with (home / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _start_here(home: Path, account: Account | None, extra: dict[str, str]) -> Server:
    """With the lock held and no server running: make the cluster if there is none, start it, make the database."""
    cluster = home / "cluster"
    for leftover in home.glob("cluster.new-*"):  # of an initdb that did not live to see its end
        shutil.rmtree(leftover, ignore_errors=True)
    wanted = int((cluster / "PG_VERSION").read_text().split(".")[0]) if cluster.exists() else None
    binaries = find(wanted, account)
    if wanted is None:
        _make_cluster(binaries, cluster, account)
    _forget_stale_owner(cluster)
    undo = contextlib.ExitStack()
    socket = _make_socket_folder(home, account, undo)
    settings = {**SETTINGS, **extra, "unix_socket_directories": str(socket)}
    options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    command = [binaries["postgres"], "-D", str(cluster), *options]
    with undo:
        _launch(command, account, socket, home / "postgres.log", undo)
        _make_database(str(socket))
        return Server(str(socket), undo.pop_all())


def _make_database(socket: str) -> None:
    with _connection(socket) as connection:
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [NAME]).fetchone() is None:
            connection.execute(f"CREATE DATABASE {NAME}")


def _make_cluster(binaries: Binaries, cluster: Path, account: Account | None) -> None:
    """Run initdb beside the final place, then rename: a cluster that exists is whole."""
    fresh = Path(tempfile.mkdtemp(dir=cluster.parent, prefix="cluster.new-"))
    _give(fresh, account)
    # Upper and lower case beyond ASCII, the same order on every machine, and no locale that must be installed.
    locale = "C.UTF-8" if sys.platform == "linux" else "C"
    words = (
        ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"] if binaries.major >= 17 else [f"--locale={locale}"]
    )
    words += ["--lc-messages=C", "--auth-local=trust", "--auth-host=reject", "--no-instructions"]
    command = [binaries["initdb"], "-D", str(fresh), "-U", NAME, "-E", "UTF8", *words]
    done = run_as(account, command)
    if done.returncode != 0:
        shutil.rmtree(fresh, ignore_errors=True)
        raise CannotStart(f"initdb could not make a database in {cluster.parent}:\n{done.stderr.strip()}")
    fresh.rename(cluster)


def _make_socket_folder(home: Path, account: Account | None, undo: contextlib.ExitStack) -> Path:
    """Empty and private. In the data folder if its path is short enough for a socket, else in /tmp."""
    folder = home / "socket"
    shutil.rmtree(folder, ignore_errors=True)
    if len(os.fsencode(folder / ".s.PGSQL.5432.lock")) > SOCKET_PATH_LIMIT:
        folder = Path(tempfile.mkdtemp(prefix="handoff-", dir="/tmp"))
        undo.callback(shutil.rmtree, folder, ignore_errors=True)
    else:
        folder.mkdir(mode=0o700)
    _give(folder, account)
    return folder


def _give(folder: Path, account: Account | None) -> None:
    if account is not None:
        os.chown(folder, account.uid, account.gid)


def _running_socket(cluster: Path) -> str | None:
    """The socket folder of the server that runs on this cluster, once it answers; None if none runs any more."""
    deadline = time.monotonic() + PATIENCE
    while (note := _note(cluster)) and _is_postmaster(note[0], cluster):
        if len(note) > 4 and _answers(note[4]):
            return note[4]
        if time.monotonic() > deadline:
            raise CannotStart(f"Process {note[0]} holds {cluster} but does not answer: end it, or set DATABASE_URL.")
        time.sleep(0.02)
    return None


def _note(cluster: Path) -> list[str]:
    """The lines of postmaster.pid: process id, data folder, start time, port, socket folder, ..."""
    try:
        return (cluster / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return []


def _is_postmaster(pid: str, cluster: Path) -> bool:
    """Whether that process is alive and ours: the number in a stale note may belong to somebody else by now."""
    if sys.platform != "linux":
        said = subprocess.run(["/bin/ps", "-o", "command=", "-p", pid], capture_output=True, text=True, check=False)
        return str(cluster) in said.stdout
    try:
        return os.fsencode(cluster) in Path("/proc", pid, "cmdline").read_bytes().split(b"\0")
    except OSError:
        return False


def _forget_stale_owner(cluster: Path) -> None:
    """Put our own number into a note that a crash left behind, for Postgres takes its parent's as stale.

    If the old number lives on in an unrelated process, Postgres would refuse to start. The note itself must stay: it
    holds the key by which Postgres sees whether sessions of the dead server are still writing.
    """
    note = _note(cluster)
    if note:
        (cluster / "postmaster.pid").write_text("\n".join([str(os.getpid()), *note[1:], ""]))


def _launch(command: list[str], account: Account | None, socket: Path, log: Path, undo: contextlib.ExitStack) -> None:
    """Start the postmaster and wait until it answers. Sessions of a server killed a moment ago are waited for."""
    deadline = time.monotonic() + PATIENCE
    if log.exists() and log.stat().st_size > LOG_LIMIT:
        log.unlink()
    while True:
        process = PostgresProcess(command, account, log)
        undo.callback(process.end)
        while process.alive() and time.monotonic() < deadline:
            if _answers(str(socket)):
                return
            time.sleep(0.01)
        process.end()
        if "shared memory block" not in process.said() or time.monotonic() > deadline:
            raise CannotStart(f"Postgres did not start (its log is {log}):\n{process.said()}")
        time.sleep(0.1)


def _answers(socket: str) -> bool:
    try:
        _connection(socket).close()
    except psycopg.OperationalError:
        return False
    return True


def _connection(socket: str) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(host=socket, user=NAME, dbname="postgres", autocommit=True, connect_timeout=5)
