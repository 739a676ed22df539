"""All that `make` needs before it can do anything: `python3 kit/bootstrap.py [--dev]` makes .venv and fills it.

Standard library only, and no syntax newer than Python 3.8, so that an old interpreter gets a sentence, not a traceback.
What is installed is what the lock says, by hash; a stamp remembers it, so that the next run has nothing to do.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import hashlib
import importlib.util
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Iterator, Mapping, NamedTuple  # noqa: UP035  (3.8 knows no other place)

if sys.platform != "win32":
    import fcntl

PROJECT = Path(__file__).resolve().parents[1]
OLDEST = (3, 11)
LOCKS = {"run": "requirements.txt", "dev": "requirements-dev.txt"}
INCLUDES = {"run": ("run",), "dev": ("run", "dev")}
# What pip was told about this machine, and how uv hears the same: uv does not read pip's configuration.
UV_NAMES = {
    "index-url": ("UV_DEFAULT_INDEX", " "),
    "extra-index-url": ("UV_INDEX", " "),
    "find-links": ("UV_FIND_LINKS", ","),
    "trusted-host": ("UV_INSECURE_HOST", " "),
    "default-timeout": ("UV_HTTP_TIMEOUT", " "),
    "timeout": ("UV_HTTP_TIMEOUT", " "),
    "cert": ("SSL_CERT_FILE", " "),
    "proxy": ("ALL_PROXY", " "),
}


class CannotSetUp(Exception):
    """Why, and what to do about it."""


class Environment(NamedTuple):
    """The virtual environment of the checkout `project`."""

    project: Path
    folder: Path
    stamp: Path
    unfinished: Path

    @classmethod
    def of(cls, project: Path) -> Environment:
        folder = project / ".venv"
        # The mark of an interrupted set-up lies outside, for making the environment begins with emptying it.
        return cls(project, folder, folder / "handoff-setup", project / ".data" / "setup-unfinished")

    def program(self, name: str) -> Path:
        return self.folder / "Scripts" / f"{name}.exe" if os.name == "nt" else self.folder / "bin" / name

    def version(self) -> tuple[int, ...]:
        """Of the Python in it; () if there is none that could run. Read, not asked: asking takes 20 ms and more."""
        try:
            settings = (self.folder / "pyvenv.cfg").read_text()
        except OSError:
            return ()
        found = re.search(r"^version(?:_info)?\s*=\s*(\d+)\.(\d+)", settings, re.MULTILINE)
        return (int(found[1]), int(found[2])) if found and self.program("python").exists() else ()

    def key(self, kind: str) -> str:
        """What an environment that holds the lock of this kind has in its stamp."""
        parts = [(self.project / name).read_bytes() for name in (LOCKS[kind], "pyproject.toml")]
        return f"{kind} {self.version()} {hashlib.sha256(b''.join(parts)).hexdigest()}"

    def stamped(self) -> list[str]:
        try:
            return self.stamp.read_text().splitlines()
        except OSError:
            return []

    def usable(self, exactly: tuple[int, ...] | None) -> bool:
        """Whether it may be kept: whole, young enough (or of the version asked for), and where it was made."""
        stamped = self.stamped()
        moved = bool(stamped) and stamped[0] != str(self.folder)
        fits = self.version() == exactly if exactly else self.version() >= OLDEST
        return fits and not moved and not self.unfinished.exists()

    def holds(self, kind: str, exactly: tuple[int, ...] | None = None) -> bool:
        return self.key(kind) in self.stamped() and self.usable(exactly)


def main(words: list[str] | None = None) -> int:
    if sys.version_info < OLDEST:
        return refuse(too_old(tuple(sys.version_info[:2]), sys.executable))
    asked = argparse.ArgumentParser(description="Make or repair .venv.")
    asked.add_argument("--dev", action="store_true", help="also what tests and checks need")
    asked.add_argument("--this-python", action="store_true", help="make .venv anew if it is of another Python")
    said = asked.parse_args(words)
    try:
        set_up(PROJECT, "dev" if said.dev else "run", tuple(sys.version_info[:2]) if said.this_python else None)
    except (CannotSetUp, OSError) as why:
        return refuse(str(why))
    except KeyboardInterrupt:
        return refuse("interrupted. The next run begins anew.")
    return 0


def say(line: str) -> None:
    sys.stderr.write(line + "\n")


def refuse(why: str) -> int:
    say(f"Set-up failed: {why}")
    return 1


def too_old(version: tuple[int, ...], executable: str) -> str:
    needed, found = (".".join(map(str, each)) for each in (OLDEST, version))
    return f"Python {needed} or later is needed, and {executable} is {found}. Install one, or name it: make PYTHON=..."


def set_up(project: Path, kind: str, exactly: tuple[int, ...] | None = None) -> None:
    """Bring the environment of `project` to what the lock of this kind says; at once if it is there already."""
    place = Environment.of(project)
    if place.holds(kind, exactly):
        return
    started = time.monotonic()
    with alone(project / ".data"):
        if place.holds(kind, exactly):  # whoever held the lock has just done it
            return
        usable = place.usable(exactly)
        place.unfinished.touch()
        if not usable:
            make(place)
        place.stamp.unlink(missing_ok=True)
        install(place, kind)
        place.stamp.write_text("\n".join([str(place.folder), *(place.key(each) for each in INCLUDES[kind])]) + "\n")
        place.unfinished.unlink()
    say(f"Ready after {time.monotonic() - started:.0f} s.")


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """One set-up at a time per checkout."""
    folder.mkdir(exist_ok=True)
    with (folder / "setup.lock").open("w") as lock:
        if sys.platform != "win32":
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                say("Another set-up is at work here; waiting for it.")
                fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def make(place: Environment) -> None:
    if not all(map(importlib.util.find_spec, ("venv", "ensurepip"))):
        raise CannotSetUp(
            f"{sys.executable} cannot make virtual environments. On Debian and Ubuntu install python3-venv "
            "(apt install python3-venv), then run the same command again."
        )
    say(f"Making .venv with Python {sys.version.split()[0]}")
    if not run([sys.executable, "-m", "venv", "--clear", place.folder]):
        raise CannotSetUp(f"{sys.executable} -m venv failed, as said above.")


def install(place: Environment, kind: str) -> None:
    """With uv, which takes a third of the time; with pip where uv cannot be had or will not do it."""
    python = str(place.program("python"))
    uv = get_uv(place)
    lock = str(place.project / LOCKS[kind])
    itself = ["--no-deps", "--no-build-isolation", "-e", str(place.project)]
    say(f"Installing {len(names(Path(lock).read_text()))} packages from {LOCKS[kind]} with {'uv' if uv else 'pip'}")
    if uv:
        settings = pip_settings(python)
        environment = {**os.environ, **for_uv(settings, os.environ)}
        command = [uv, "pip", "install", "--quiet", "--system-certs", "--python", python]
        command += ["--no-index"] if settings.get("no-index", "").lower() in {"1", "true", "yes", "on"} else []
        if all(run([*command, *rest], environment) for rest in (["--require-hashes", "-r", lock], itself)):
            return
        say("uv could not do it; trying pip")
    command = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    if not all(run([*command, *rest]) for rest in (["--require-hashes", "-r", lock], itself)):
        place.unfinished.unlink()  # a refusal leaves the environment whole; only an interruption may not
        raise CannotSetUp("the packages could not be installed, as said above.")


def get_uv(place: Environment) -> str | None:
    """The uv of the lock, put into the environment if it is not there; None if that fails."""
    wanted = pinned((place.project / LOCKS["dev"]).read_text(), "uv")
    uv = place.program("uv")
    if uv.exists():
        said = subprocess.run([uv, "--version"], stdout=subprocess.PIPE, encoding="utf-8", check=False).stdout
        if said.split()[1:2] == re.findall(r"==(\S+)", wanted)[:1]:
            return str(uv)
    with tempfile.TemporaryDirectory() as folder:
        only = Path(folder, "uv.txt")
        only.write_text(wanted)
        quietly = ["--quiet", "--disable-pip-version-check", "--require-hashes", "--no-deps"]
        got = run([place.program("python"), "-m", "pip", "install", *quietly, "-r", only])
    return str(uv) if got and uv.exists() else None


def run(words: list[str | Path], environment: Mapping[str, str] | None = None) -> bool:
    return subprocess.run(words, env=environment, stdin=subprocess.DEVNULL, check=False).returncode == 0


def names(lock: str) -> list[str]:
    """The packages that a lock file names."""
    return re.findall(r"^([A-Za-z0-9][\w.-]*)==", lock, re.MULTILINE)


def pinned(lock: str, name: str) -> str:
    """The lines of a lock that say which version of one package, with its hashes."""
    found = re.search(rf"^{re.escape(name)}==.*?(?=^\S|\Z)", lock, re.MULTILINE | re.DOTALL)
    return found[0] if found else ""


def pip_settings(python: str) -> dict[str, str]:
    """What pip's files and variables say here, as it reads them: {"find-links": "/some/folder", ...}."""
    listed = subprocess.run(
        [python, "-m", "pip", "config", "list"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False
    )
    return read_pip_settings(listed.stdout.decode(errors="replace"))


def read_pip_settings(listed: str) -> dict[str, str]:
    """Read what `pip config list` printed. What is nearer wins: files, their section for install, variables."""
    found: dict[str, str] = {}
    lines = [re.match(r"(global|install|:env:)\.([\w-]+)=(.*)", line) for line in listed.splitlines()]
    ranks = ("global", "install", ":env:")
    for line in sorted((each for each in lines if each), key=lambda each: ranks.index(each[1])):
        with contextlib.suppress(ValueError, SyntaxError):
            found[line[2]] = str(ast.literal_eval(line[3]))
    return found


def for_uv(settings: Mapping[str, str], environment: Mapping[str, str]) -> dict[str, str]:
    """The same for uv, as variables (an address may hold a password). What uv was told itself stands."""
    said = {}
    for name, (variable, between) in UV_NAMES.items():
        if settings.get(name, "").strip() and variable not in environment:
            said[variable] = between.join(settings[name].split())
    if "UV_INDEX" in said:
        # pip looks everywhere; uv would stop at the first index that knows the name. The hashes make it safe.
        said.setdefault("UV_INDEX_STRATEGY", environment.get("UV_INDEX_STRATEGY", "unsafe-best-match"))
    return said


if __name__ == "__main__":
    sys.exit(main())
