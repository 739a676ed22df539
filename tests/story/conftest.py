"""The demo as a person starts it: a process of its own, looked at from outside."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil  # type: ignore[import-untyped]  # it ships no types
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

ROOT = Path(__file__).resolve().parents[2]
RUNNING = "Handoff is running"
PATIENCE = 320
"""Seconds for what is left of a demo. A whole story takes two minutes, and gives up by itself after five (`STORY_SECONDS`)."""
SECRET = ("KEY", "PASSWORD", "SECRET", "TOKEN")


@dataclass
class Demo:
    """A running demo. `folder` is its TMPDIR, by which its processes are known; its logs are there."""

    process: subprocess.Popen[str]
    folder: Path
    said: str = field(default="")

    def hear(self, word: str) -> None:
        """Read what it prints until `word` comes; fails when it ends before. Every wait of the demo has a deadline of its own."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said += line
            if word in line:
                return
        raise AssertionError(f"it ended without saying {word!r}:\n{self.said}\n{self.logs()}")

    def end(self) -> int:
        """What is left to hear, and the exit status."""
        rest, _ = self.process.communicate(timeout=PATIENCE)
        self.said += rest
        return self.process.returncode

    def interrupt(self) -> int:
        """Ctrl-C; returns the exit status."""
        self.process.send_signal(signal.SIGINT)
        return self.end()

    def family(self) -> list[psutil.Process]:
        return [psutil.Process(self.process.pid), *psutil.Process(self.process.pid).children(recursive=True)]

    def secrets(self) -> set[str]:
        """What the demo's processes were given that nobody else may know."""
        given = {key: value for one in self.family()[1:] for key, value in one.environ().items()}
        return {value for key, value in given.items() if any(word in key for word in SECRET)}

    def logs(self) -> str:
        return "\n".join(log.read_text() for log in sorted(self.folder.glob("handoff-logs-*/*.log")))


@contextlib.contextmanager
def started(
    folder: Path, *words: str, python: str = sys.executable, user: int | None = None, **more: str
) -> Iterator[Demo]:
    """`python -m handlers.demo WORDS`, with nothing of this machine's environment; killed at the end if it still runs."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "PYTHONUNBUFFERED": "1",
        **more,
    }
    process = subprocess.Popen(
        [python, "-m", "handlers.demo", *words],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        user=user,
        group=user,
        extra_groups=None if user is None else [],
    )
    with process:
        try:
            yield Demo(process, folder)
        finally:
            process.kill()


def left_in(folder: Path) -> list[str]:
    """The command lines of processes that were given `folder` for their temporary files."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.environ().get("TMPDIR") == str(folder):
                found.append(" ".join(process.cmdline()))
    return found


def databases_of_demos(database_url: str) -> list[str]:
    with create_engine(database_url, poolclass=NullPool).connect() as server:
        return list(server.scalars(text("select datname from pg_database where datname like 'handoff_demo_%'")))


def sessions_in(database_url: str, databases: list[str]) -> int:
    with create_engine(database_url, poolclass=NullPool).connect() as server:
        wanted = text("select count(*) from pg_stat_activity where datname = any(:names)")
        return int(server.execute(wanted, {"names": databases}).scalar_one())
