"""`handoff sla ...`: check a policy, put it in force, show it, and its versions."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy import select

from domain.rules.cleaning import free_text
from domain.rules.deadlines import Do, Step
from domain.rules.model_table import ModelError
from domain.rules.refusals import NotFound
from domain.rules.sla_policy import Policy, read_policy
from domain.tables import SlaFile
from domain.verbs import policies
from handlers.jobs import reading, transaction
from kit.clock import utcnow

app = typer.Typer(no_args_is_help=True, help="How long sales has, and what happens when the time has gone.")

# What a file says is no markup.
out = Console(markup=False, emoji=False, highlight=False)
err = Console(stderr=True, style="red", markup=False, emoji=False, soft_wrap=True)

File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, metavar="FILE")]
BIGGEST_ID = 2**63 - 1
_WORDS = {
    Do.REMIND: "remind the rep",
    Do.BREACH: "missed",
    Do.TELL_REP: "tell the rep",
    Do.TELL_MANAGER: "tell the manager",
    Do.HAND_ON: "hand on",
}


@app.command()
def check(file: File) -> None:
    """Say what is wrong with the policy in FILE, if anything is. Nothing is kept."""
    _, policy = _read(file)
    out.print(f"{file} reads well.", soft_wrap=True)
    _show(policy)


@app.command("import")
def import_(file: File) -> None:
    """Put the policy in FILE in force for handoffs that begin from now on."""
    toml, _ = _read(file)
    with transaction() as session:
        row, new = policies.put_in_force(session, toml, utcnow())
    how = "is in force" if new else "is in force already, the same text"
    out.print(f"Version {row.id} {how}. What has begun keeps the policy that it began with.", soft_wrap=True)


@app.command()
def show(
    version: Annotated[int | None, typer.Argument(min=1, max=BIGGEST_ID, help="Without it, the one in force.")] = None,
    *,
    text: Annotated[bool, typer.Option("--text", help="As the file that was imported.")] = False,
) -> None:
    """Show the policy in force, or another version."""
    with reading() as session:
        number, policy = policies.in_force(session)
        row = session.get(SlaFile, version or number) if version or number else None
    if version is not None and row is None:
        raise NotFound(what=f"version {version} of the SLA policy")
    if text and row is not None:
        typer.echo(row.text, nl=False)
        return
    said = f"Version {row.id}, imported {row.imported_at:%Y-%m-%d %H:%M}" if row else "The built-in policy is in force"
    out.print(f"{said}:")
    _show(read_policy(row.text) if row else policy)


@app.command()
def versions() -> None:
    """The policies that were put in force; the newest counts."""
    with reading() as session:
        rows = session.execute(select(SlaFile.id, SlaFile.imported_at).order_by(SlaFile.id.desc())).all()
    table = Table("version", "imported", "")
    for place, row in enumerate(rows):
        table.add_row(str(row.id), f"{row.imported_at:%Y-%m-%d %H:%M}", "" if place else "in force")
    out.print(table)


def _show(policy: Policy) -> None:
    table = Table("tier", "clock", "target", "time", "what is done")
    for tier, clocks in policy.items():
        for kind, clock in clocks.items():
            time = "working" if clock.working else "wall"
            table.add_row(tier.label(), kind.words, _span(clock.target), time, _ladder(clock.steps))
    out.print(table)


def _ladder(steps: Sequence[Step]) -> str:
    return ", ".join(
        f"{step.share:.0%} {_WORDS[step.do]}" + (f" (at most {step.most} times)" if step.most else "") for step in steps
    )


def _span(span: timedelta) -> str:
    hours, rest = divmod(int(span.total_seconds()), 3600)
    minutes, seconds = divmod(rest, 60)
    parts = [(hours, "h"), (minutes, "m"), (seconds, "s")]
    return " ".join(f"{number}{unit}" for number, unit in parts if number)


def _read(file: Path) -> tuple[str, Policy]:
    try:
        toml = file.read_text(encoding="utf-8-sig")
        return toml, read_policy(toml)
    except (ModelError, UnicodeDecodeError) as wrong:
        _end(f"{file}: {wrong}")


def _end(why: str) -> NoReturn:
    # It may quote the file, and a terminal obeys what stands there.
    err.print(free_text(why, 4_000))
    raise typer.Exit(1)
