"""Postgres as a child that never outlives us: the one way in which we start its programs."""

import os
import queue
import signal
import subprocess
import sys
import threading
from pathlib import Path

from kit._postgres_binaries import Account, CannotStart

CHILD = Path(__file__).with_name("_postgres_child.py")
PATIENCE = 60.0  # seconds for a start or a stop; recovery after a crash of a large database may need many
ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C"}  # nothing of ours: tokens and keys are none of Postgres' business


def run_as(account: Account | None, command: list[str]) -> subprocess.CompletedProcess[str]:
    """Run a program that ends by itself, as `account` (None: as we are)."""
    return subprocess.run(
        _as_child(account, command), capture_output=True, text=True, check=False, cwd="/", env=ENVIRONMENT
    )


def _as_child(account: Account | None, command: list[str]) -> list[str]:
    who = [str(account.uid), str(account.gid)] if account else ["-", "-"]
    return [sys.executable, "-I", "-S", str(CHILD), *who, str(os.getpid()), *command]


class PostgresProcess:
    """The postmaster, as a child of a thread that lives as long as it does.

    Linux sends the parent-death signal when the *thread* that forked ends, so that must not be the caller's.
    """

    def __init__(self, command: list[str], account: Account | None, log: Path) -> None:
        self._log = log
        log.touch(mode=0o600)  # Postgres quotes refused values, and they may be a person's
        self._start_of_log = log.stat().st_size
        born: queue.SimpleQueue[subprocess.Popen[bytes] | OSError] = queue.SimpleQueue()
        words = _as_child(account, command)
        self._keeper = threading.Thread(target=self._keep, args=(words, born), name="postgres", daemon=True)
        self._keeper.start()
        process = born.get()
        if isinstance(process, OSError):
            raise CannotStart(f"Postgres could not be started: {process}") from process
        self._process = process

    def _keep(self, words: list[str], born: "queue.SimpleQueue[subprocess.Popen[bytes] | OSError]") -> None:
        try:
            with self._log.open("ab") as out:
                # A session of its own: Ctrl-C in the terminal is the owner's to answer, not Postgres'.
                process = subprocess.Popen(
                    words,
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=out,
                    cwd="/",
                    env=ENVIRONMENT,
                    start_new_session=True,
                )
        except OSError as refused:
            born.put(refused)
            return
        born.put(process)
        process.wait()

    def alive(self) -> bool:
        return self._keeper.is_alive()

    def said(self) -> str:
        """The last lines that this start wrote to the log."""
        with self._log.open("rb") as log:
            log.seek(self._start_of_log)
            return "\n".join(log.read().decode(errors="replace").splitlines()[-8:])

    def end(self) -> None:
        """Fast shutdown; immediate (recovered at the next start) if that does not end within the patience."""
        for how in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            if self.alive():
                self._process.send_signal(how)
                self._keeper.join(PATIENCE)
