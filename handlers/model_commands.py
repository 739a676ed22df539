"""`handoff model ...`: try a scoring model, keep it, compare it, put it in force, and take it back."""

import sys
from datetime import timedelta
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy import select

from domain.rules.cleaning import free_text
from domain.rules.counting import how_many
from domain.rules.model_diff import Kind
from domain.rules.model_diff import diff as differences
from domain.rules.model_remarks import remarks
from domain.rules.scoring import Model
from domain.rules.tiers import Tier
from domain.stats.shadow import Beside, beside
from domain.tables import ModelStatus, ScoringModel
from domain.verbs import modelling, rescoring
from handlers.jobs import reading, transaction
from handlers.model_file import UnusableModelFile, read_file
from kit.clock import utcnow

app = typer.Typer(no_args_is_help=True, help="The scoring model.")

# Names, labels and addresses come from outside: none of it is markup.
out = Console(markup=False, emoji=False, highlight=False)
err = Console(stderr=True, style="red", markup=False, emoji=False, soft_wrap=True)

File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, metavar="FILE")]
Named = Annotated[str, typer.Argument(metavar="NAME[@VERSION]", help="Without a version: the newest of that name.")]
_SIGN = {Kind.ADDED: "+", Kind.REMOVED: "-", Kind.CHANGED: "~"}
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


@app.command()
def check(file: File) -> None:
    """Say what is wrong with the model in FILE, if anything is. Nothing is kept."""
    _, model = _read(file)
    count = len(model.rules)
    out.print(f"{file} reads well: {how_many(count, 'rule')}.", soft_wrap=True)
    for remark in remarks(model):
        out.print(f"- {remark}", soft_wrap=True)


@app.command("import")
def import_(
    file: File,
    *,
    activate: Annotated[bool, typer.Option("--activate", help="Put it in force at once.")] = False,
) -> None:
    """Keep the model in FILE as a draft: a new version of its name."""
    toml, _ = _read(file)
    with transaction() as session:
        row, new = modelling.draft(session, toml, utcnow())
    out.print(f"{_name(row)} is {'kept' if new else 'there already, the same text'}: it is {_state(row)}.")
    if activate:
        _put_in_force(row)
    elif row.status is ModelStatus.DRAFT:
        out.print(f"`handoff model activate {_name(row)}` puts it in force; `handoff model shadow` tries it beside.")


@app.command("list")
def list_() -> None:
    """The models there are."""
    with reading() as session:
        rows = session.scalars(select(ScoringModel).order_by(ScoringModel.name, ScoringModel.version)).all()
    table = Table("model", "state", "kept", "last put in force")
    for row in rows:
        since = f"{row.activated_at:%Y-%m-%d %H:%M}" if row.activated_at else ""
        table.add_row(_name(row), row.status.value, f"{row.created_at:%Y-%m-%d %H:%M}", since)
    out.print(table)


@app.command()
def show(named: Annotated[str, typer.Argument(metavar="NAME[@VERSION]")] = "active") -> None:
    """Print a model as its file."""
    with reading() as session:
        typer.echo(modelling.find_model(session, named).toml, nl=False)


@app.command()
def diff(
    old: Annotated[str, typer.Argument(metavar="A", help="A file, NAME[@VERSION], or the word active.")],
    new: Annotated[str, typer.Argument(metavar="B", help="The same.")],
) -> None:
    """Say what is different in B, rule by rule."""
    _say_changes(_model_of(old), _model_of(new))


@app.command()
def activate(named: Named, *, yes: Yes = False) -> None:
    """Put a model in force: leads are scored with it from now on, and all of them anew."""
    _after_a_look(named, yes=yes)


@app.command()
def rollback(*, yes: Yes = False) -> None:
    """Put the model in force again that was in force before."""
    with reading() as session:
        before = _name(modelling.activated_before(session))
    out.print(f"{before} was in force before.")
    _after_a_look(before, yes=yes)


@app.command()
def shadow(named: Named) -> None:
    """Let a model score beside the one in force, without anything following from it."""
    with transaction() as session:
        row = modelling.find_model(session, named)
        modelling.start_shadow(session, row, utcnow())
    out.print(f"{_name(row)} scores in shadow. `handoff model compare` says what is different.")


@app.command()
def unshadow(named: Named) -> None:
    """Take a model out of shadow: it is a draft again."""
    with transaction() as session:
        row = modelling.find_model(session, named)
        modelling.end_shadow(session, row, utcnow())
    out.print(f"{_name(row)} is a draft again.")


@app.command()
def compare(days: Annotated[int, typer.Option(min=1, max=730, help="How far back.")] = 30) -> None:
    """Say what the models in shadow would have done differently."""
    since = utcnow() - timedelta(days=days)
    with reading() as session:
        force = modelling.in_force(session)
        shadows = {
            _name(session.get_one(ScoringModel, model_id)): beside(
                session, (force.row.id, force.model), (model_id, model), since
            )
            for model_id, model in force.shadows
        }
    if not shadows:
        out.print("No model is in shadow. `handoff model shadow NAME@VERSION` puts one there.")
    for name, found in shadows.items():
        _say_beside(_name(force.row), name, found, days)


def _say_beside(active: str, shadow: str, found: Beside, days: int) -> None:
    out.print(f"{shadow} in the shadow of {active}: {found.leads:,} leads were scored by both in the last {days} days.")
    if found.mean_change is None:
        out.print("`handoff rescore` scores all leads at once.")
        return
    share = found.moved / found.leads
    out.print(f"{found.moved:,} ({share:.1%}) would change their tier; on average {found.mean_change:+.1f} points.")
    table = Table(f"{active} says", *(f"{shadow}: {tier.label()}" for tier in Tier))
    for row in Tier:
        counts = (found.moves.get((row, column), 0) for column in Tier)
        table.add_row(row.label(), *(f"{count:,}" if count else "" for count in counts))
    out.print(table)
    if found.biggest:
        movers = Table("lead", "e-mail", active, shadow, "change")
        for one in found.biggest:
            movers.add_row(str(one.lead_id), one.email, str(one.active), str(one.shadow), f"{one.change:+d}")
        out.print(movers)


def _after_a_look(named: str, *, yes: bool) -> None:
    """Put a model in force once it was seen what it changes."""
    with reading() as session:
        row, (active, _) = modelling.find_model(session, named), modelling.active_model(session)
    if row.id == active.id:
        out.print(f"{_name(row)} is in force already.")
        return
    out.print(f"{_name(active)} is in force. With {_name(row)}:")
    _say_changes(modelling.parsed(active), modelling.parsed(row))
    if not yes and not sys.stdin.isatty():
        _end("Nothing was changed. If it is meant, say --yes.")
    if not yes and not typer.confirm("Put it in force, and score all leads anew?"):
        _end("Nothing was changed.")
    _put_in_force(row)


def _put_in_force(row: ScoringModel) -> None:
    with transaction() as session:
        modelling.activate(session, session.get_one(ScoringModel, row.id), utcnow())
        begun = rescoring.unfinished(session)
    out.print(f"{_name(row)} is in force.")
    if begun is not None and begun.model_id == row.id:
        leads = how_many(begun.total, "lead is", "leads are")
        out.print(f"{leads} scored anew; `handoff rescore status` says how far that is.")


def _say_changes(old: Model, new: Model) -> None:
    found = differences(old, new)
    for change in found:
        out.print(f"{_SIGN[change.kind]} {change.words}", soft_wrap=True)
    if not found:
        out.print("Nothing that counts is different.")


def _model_of(named: str) -> Model:
    """The model in a file or in the record."""
    path = Path(named)
    if path.is_file():
        return _read(path)[1]
    if path.suffix == ".toml":
        _end(f"There is no file {named}.")
    with reading() as session:
        return modelling.parsed(modelling.find_model(session, named))


def _read(file: Path) -> tuple[str, Model]:
    try:
        return read_file(file)
    except UnusableModelFile as wrong:
        _end(str(wrong))


def _name(row: ScoringModel) -> str:
    return f"{row.name}@{row.version}"


def _state(row: ScoringModel) -> str:
    return {ModelStatus.DRAFT: "a draft", ModelStatus.SHADOW: "in shadow"}.get(row.status, row.status.value)


def _end(why: str) -> NoReturn:
    # It may quote the file, and a terminal obeys what stands there.
    err.print(free_text(why, 4_000))
    raise typer.Exit(1)
