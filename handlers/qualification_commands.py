"""`handoff qualification ...`: check the questions of the qualification, put them in force, show them."""

from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy import select

from domain.rules.cleaning import free_text
from domain.rules.model_table import ModelError
from domain.rules.qualification import Framework
from domain.rules.qualification_file import read_framework
from domain.rules.refusals import NotFound
from domain.tables import QualificationFile
from domain.verbs import qualifying
from handlers.jobs import reading, transaction
from kit.clock import utcnow

app = typer.Typer(no_args_is_help=True, help="What sales asks before a lead is an SQL, and what the answers come to.")

# What a file says is no markup.
out = Console(markup=False, emoji=False, highlight=False)
err = Console(stderr=True, style="red", markup=False, emoji=False, soft_wrap=True)

File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, metavar="FILE")]
BIGGEST_ID = 2**63 - 1


@app.command()
def check(file: File) -> None:
    """Say what is wrong with the questions in FILE, if anything is. Nothing is kept."""
    _, framework = _read(file)
    out.print(f"{file} reads well.", soft_wrap=True)
    _show(framework)


@app.command("import")
def import_(file: File) -> None:
    """Ask the questions in FILE from now on."""
    toml, _ = _read(file)
    with transaction() as session:
        row, new = qualifying.put_in_force(session, toml, utcnow())
    how = "is in force" if new else "is in force already, the same text"
    out.print(f"Version {row.id} {how}. Answers that were given stay as they are.", soft_wrap=True)


@app.command()
def show(
    version: Annotated[int | None, typer.Argument(min=1, max=BIGGEST_ID, help="Without it, the one in force.")] = None,
    *,
    text: Annotated[bool, typer.Option("--text", help="As the file that was imported.")] = False,
) -> None:
    """Show the questions in force, or another version of them."""
    with reading() as session:
        number, framework = qualifying.in_force(session)
        row = session.get(QualificationFile, version or number) if version or number else None
    if version is not None and row is None:
        raise NotFound(what=f"version {version} of the qualification")
    if text and row is not None:
        typer.echo(row.text, nl=False)
        return
    said = (
        f"Version {row.id}, imported {row.imported_at:%Y-%m-%d %H:%M}" if row else "The built-in questions are in force"
    )
    out.print(f"{said}:")
    _show(read_framework(row.text) if row else framework)


@app.command()
def versions() -> None:
    """The questions that were put in force; the newest are asked."""
    columns = (QualificationFile.id, QualificationFile.imported_at)
    with reading() as session:
        rows = session.execute(select(*columns).order_by(QualificationFile.id.desc())).all()
    table = Table("version", "imported", "")
    for place, row in enumerate(rows):
        table.add_row(str(row.id), f"{row.imported_at:%Y-%m-%d %H:%M}", "" if place else "in force")
    out.print(table)


def _show(framework: Framework) -> None:
    table = Table("question", "label", "choices", "")
    for question in framework.questions:
        choices = "\n".join(f"{choice.label} ({choice.counts.value})" for choice in question.choices)
        weight = [word for word, keys in (("must", framework.must), ("never", framework.never)) if question.key in keys]
        table.add_row(question.key, question.label, choices or "in one's own words", ", ".join(weight))
    out.print(table)
    noes = f", and fewer than {framework.noes} noes" if framework.noes else ""
    out.print(
        f"{framework.name}: an SQL has a yes to each 'must', {framework.points:g} from the others (partly is half){noes}."
        " A no to a 'never' rules it out.",
        soft_wrap=True,
    )


def _read(file: Path) -> tuple[str, Framework]:
    try:
        toml = file.read_text(encoding="utf-8-sig")
        return toml, read_framework(toml)
    except (ModelError, UnicodeDecodeError) as wrong:
        _end(f"{file}: {wrong}")


def _end(why: str) -> NoReturn:
    # It may quote the file, and a terminal obeys what stands there.
    err.print(free_text(why, 4_000))
    raise typer.Exit(1)
