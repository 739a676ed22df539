"""`handoff rescore`: score all leads anew, watch how far it is, do it here, stop it."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from sqlalchemy import ColumnElement, exists, func, select

from domain.rules.counting import how_many
from domain.tables import JobRow, Rescoring, ScoringModel
from domain.verbs import rescoring
from domain.verbs.modelling import active_model
from handlers.import_progress import in_words
from handlers.jobs import reading, send, transaction
from handlers.rescoring import WHILE_HELD, batch_here
from handlers.sending import Job, rescore
from kit.clock import utcnow

app = typer.Typer(help="All leads scored anew.")

out = Console(markup=False, emoji=False, highlight=False)
err = Console(stderr=True, markup=False, emoji=False)

LOOK_SECONDS = 0.5
LINE_SECONDS = 5.0
"""Between two lines where there is no terminal to draw a bar on."""
UNTOUCHED = timedelta(seconds=10)
"""After so long without a worker that takes the next batch, there seems to be none."""


@app.callback(invoke_without_command=True)
def start(
    context: typer.Context,
    *,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Watch it until it is done.")] = False,
    here: Annotated[bool, typer.Option("--here", help="Do it in this process, without a worker.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Score all leads anew with the model in force. Workers do it, in pieces, behind everything else."""
    if context.invoked_subcommand is not None:
        return
    row = _under_way_or_begun(yes=yes)
    if row is None:
        out.print("There is no lead with a score.")
    elif here:
        _do_here(row)
    elif follow:
        _follow(row)
    else:
        out.print("`handoff rescore status` says how far it is, `handoff rescore --follow` shows it.")


@app.command()
def status() -> None:
    """Say how far it is."""
    with reading() as session:
        row = rescoring.newest(session)
        model = session.get_one(ScoringModel, row.model_id) if row else None
        dead = row and session.scalar(select(exists().where(*_job_of(row), JobRow.dead_at.is_not(None))))
    if row is None or model is None:
        out.print("Nothing was ever scored anew.")
        return
    out.print(
        f"Rescoring {row.id} with {model.name}@{model.version}, begun {row.started_at:%Y-%m-%d %H:%M} UTC: {_how_far(row)}."
    )
    if dead and row.finished_at is None and row.cancelled_at is None:
        out.print("Its job gave up: `handoff jobs list --dead` says why, `handoff jobs retry` lets it go on.")


@app.command()
def cancel() -> None:
    """Stop it. What is scored stays so; other leads get their new score with their next touch."""
    with transaction() as session:
        row = rescoring.cancel(session, utcnow())
    out.print(f"Stopped: {_how_far(row)}.")


def _under_way_or_begun(*, yes: bool) -> Rescoring | None:
    with reading() as session:
        row = rescoring.unfinished(session)
    if row is not None:
        out.print(f"Leads are being scored anew since {row.started_at:%Y-%m-%d %H:%M} UTC: {_how_far(row)}.")
        with transaction() as session:
            send(session, rescore(row.id))  # keyed: only if its job was lost, this is a new one
        return row
    if not yes and not sys.stdin.isatty():
        err.print("This scores all leads anew, and some may go to sales. If that is meant, say --yes.", style="red")
        raise typer.Exit(1)
    if not yes and not typer.confirm("Score all leads anew? Some may go to sales."):
        raise typer.Exit(1)
    with transaction() as session:
        model, _ = active_model(session)
        row = rescoring.start(session, model.id, utcnow())
    if row is not None:
        leads = how_many(row.total, "lead is", "leads are")
        out.print(f"{leads} scored anew with {model.name}@{model.version}.")
    return row


def _do_here(row: Rescoring) -> None:
    with _bar(row) as tell:
        while (progress := batch_here(row.id)).goes_on:
            tell(_now(row))
            if progress.wait:
                time.sleep(WHILE_HELD.total_seconds())
    out.print(f"Done: {_how_far(_now(row))}.")


def _follow(row: Rescoring) -> None:
    """Only look: to stop looking stops nothing."""
    warned = False
    try:
        with _bar(row) as tell:
            while not _ended(row := _now(row)):
                tell(row)
                if not warned and _untouched(row):
                    err.print("No worker has taken it yet. `handoff worker` starts one; `--here` needs none.")
                    warned = True
                time.sleep(LOOK_SECONDS)
    except KeyboardInterrupt:
        out.print("It goes on without being watched.")
        return
    out.print(f"{'Stopped' if row.cancelled_at else 'Done'}: {_how_far(row)}.")


def _now(row: Rescoring) -> Rescoring:
    with reading() as session:
        return session.get_one(Rescoring, row.id)


def _ended(row: Rescoring) -> bool:
    return row.finished_at is not None or row.cancelled_at is not None


def _untouched(row: Rescoring) -> bool:
    """Whether its next batch is due for so long that somebody should have taken it."""
    waiting = JobRow.leased_until.is_(None), JobRow.dead_at.is_(None), JobRow.run_at < func.now() - UNTOUCHED
    with reading() as session:
        return bool(session.scalar(select(exists().where(*_job_of(row), *waiting))))


def _job_of(row: Rescoring) -> tuple[ColumnElement[bool], ...]:
    return JobRow.name == Job.RESCORE.value, JobRow.key == str(row.id)


def _how_far(row: Rescoring) -> str:
    words = f"{row.done:,} of {row.total:,} leads, {row.moved:,} changed their tier"
    if row.finished_at is not None:
        seconds = (row.finished_at - row.started_at).total_seconds()
        rest = "; the others had their new score already" if row.done < row.total else ""
        return f"{words}{rest}; finished after {in_words(seconds)}"
    return f"{words}; stopped" if row.cancelled_at is not None else words


@contextmanager
def _bar(row: Rescoring) -> Iterator[Callable[[Rescoring], None]]:
    """Gives what to call with each new state: it moves a bar, or prints a line now and then where there is no terminal."""
    start, first = time.monotonic(), row.done
    if not err.is_terminal:
        yield _lines(start, first)
        return
    columns = (
        TextColumn("Scoring"),
        BarColumn(),
        TextColumn("{task.completed:,.0f} of {task.total:,.0f}, {task.fields[pace]:,.0f} leads/s, left:"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=err, transient=True) as bar:
        task = bar.add_task("", total=row.total, completed=row.done, pace=0.0)
        yield lambda now: bar.update(task, completed=now.done, pace=_pace(now, start, first))


def _lines(start: float, first: int) -> Callable[[Rescoring], None]:
    said = start

    def tell(now: Rescoring) -> None:
        nonlocal said
        if time.monotonic() - said >= LINE_SECONDS:
            said, pace = time.monotonic(), _pace(now, start, first)
            left = in_words((now.total - now.done) / pace) if pace else "unknown time"
            err.print(f"{now.done:,} of {now.total:,} leads, {pace:,.0f} leads/s, about {left} left")

    return tell


def _pace(now: Rescoring, start: float, first: int) -> float:
    return (now.done - first) / max(time.monotonic() - start, 1e-6)
