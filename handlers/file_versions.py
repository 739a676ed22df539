"""What the commands of every file that is kept in versions share: check it, put it in force, show it, list its versions."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Generic, NoReturn, TypeVar

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.rules.cleaning import free_text
from domain.rules.model_table import ModelError
from domain.tables import AttributionFile, QualificationFile, SlaFile
from handlers.jobs import reading, transaction
from kit.clock import utcnow

F = TypeVar("F", SlaFile, QualificationFile, AttributionFile)
T = TypeVar("T")

# What a file says is no markup.
out = Console(markup=False, emoji=False, highlight=False)
err = Console(stderr=True, style="red", markup=False, emoji=False, soft_wrap=True)

File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, metavar="FILE")]
BIGGEST_ID = 2**63 - 1
Version = Annotated[int | None, typer.Argument(min=1, max=BIGGEST_ID, help="Without it, the one in force.")]


@dataclass(frozen=True)
class Kept(Generic[F, T]):
    """A kind of file: `read` makes of its text what it means, and raises `ModelError`."""

    what: str
    """As in: version 7 of WHAT."""
    table: type[F]
    read: Callable[[str], T]
    in_force: Callable[[Session], tuple[int | None, T]]
    put_in_force: Callable[[Session, str, datetime], tuple[F, bool]]
    show: Callable[[T], None]
    built_in: str
    """What is said where nobody has imported one."""
    until_now: str
    """What becomes of what began before an import."""


def commands(kept: Kept[F, T], about: str) -> typer.Typer:
    """The sub-app: check, import, show, versions."""
    app = typer.Typer(no_args_is_help=True, help=about)

    @app.command(help=f"Say what is wrong with {kept.what} in FILE, if anything is. Nothing is kept.")
    def check(file: File) -> None:
        _, meant = _read(file, kept)
        out.print(f"{file} reads well.", soft_wrap=True)
        kept.show(meant)

    @app.command("import", help=f"Put {kept.what} in FILE in force. {kept.until_now}")
    def import_(file: File) -> None:
        toml, _ = _read(file, kept)
        with transaction() as session:
            row, new = kept.put_in_force(session, toml, utcnow())
        how = "is in force" if new else "is in force already, the same text"
        out.print(f"Version {row.id} {how}. {kept.until_now}", soft_wrap=True)

    @app.command(help=f"Show {kept.what} in force, or another version.")
    def show(
        version: Version = None,
        *,
        text: Annotated[bool, typer.Option("--text", help="As the file that was imported.")] = False,
    ) -> None:
        _show(kept, version, as_text=text)

    @app.command(help=f"The versions of {kept.what} that were put in force; the newest counts.")
    def versions() -> None:
        with reading() as session:
            rows = session.execute(select(kept.table.id, kept.table.imported_at).order_by(kept.table.id.desc())).all()
        table = Table("version", "imported", "")
        for place, row in enumerate(rows):
            table.add_row(str(row.id), f"{row.imported_at:%Y-%m-%d %H:%M}", "" if place else "in force")
        out.print(table)

    return app


def _show(kept: Kept[F, T], version: int | None, *, as_text: bool) -> None:
    with reading() as session:
        number, meant = kept.in_force(session)
        row = session.get(kept.table, version or number) if version or number else None
    if version is not None and row is None:
        err.print(f"There is no version {version} of {kept.what}. `versions` lists them.")
        raise typer.Exit(1)
    if as_text and row is not None:
        typer.echo(row.text, nl=False)
        return
    out.print(f"Version {row.id}, imported {row.imported_at:%Y-%m-%d %H:%M}:" if row else f"{kept.built_in}:")
    kept.show(kept.read(row.text) if row else meant)


def _read(file: Path, kept: Kept[F, T]) -> tuple[str, T]:
    try:
        toml = file.read_text(encoding="utf-8-sig")
        return toml, kept.read(toml)
    except (ModelError, UnicodeDecodeError) as wrong:
        _end(f"{file}: {wrong}")


def _end(why: str) -> NoReturn:
    # It may quote the file, and a terminal obeys what stands there.
    err.print(free_text(why, 4_000))
    raise typer.Exit(1)
