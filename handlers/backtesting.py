"""`handoff backtest MODEL.toml`: what a model would have changed in the last so many days. It reads, and changes nothing."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from domain.backtest.history import Window
from domain.backtest.report import Report, make_report
from domain.rules.cleaning import free_text
from domain.verbs.modelling import find_model
from handlers import backtest_run
from handlers.backtest_page import page
from handlers.backtest_tables import tables
from handlers.jobs import reading
from handlers.model_file import UnusableModelFile, read_file
from kit.clock import utcnow

LONGEST = 730

# Names and addresses come from outside: none of it is markup.
out = Console(markup=False, emoji=False, highlight=False)
err = Console(stderr=True, style="red", markup=False, emoji=False, soft_wrap=True)


class CannotTry(Exception):
    """The text says why no report can be written."""


def backtest(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, metavar="MODEL.toml")],
    *,
    days: Annotated[int, typer.Option(min=1, max=LONGEST, help="How far back.")] = 90,
    html: Annotated[Path | None, typer.Option(help="Also write a report to this file.", dir_okay=False)] = None,
    against: Annotated[str, typer.Option(help="NAME@VERSION of the model to compare with.")] = "active",
    processes: Annotated[int | None, typer.Option(min=1, max=64, help="Else one for each core.")] = None,
) -> None:
    """Replay history through the model in FILE and through the active one, and say what would have been different."""
    until = utcnow()
    try:
        new, model = read_file(file)
        new_name = f"{model.name} ({file.name})"
        if html is not None:
            _check_place(html)
        with reading() as session:
            row = find_model(session, against)
            old, old_name = row.toml, f"{row.name}@{row.version}"
        window = Window(until - timedelta(days=days), until)
        report, seconds = _replayed(old, new, window, processes, (old_name, new_name))
        _show(report, seconds)
        if html is not None:
            _write(html, page(report))
            out.print(f"The report is in {html}. It holds e-mail addresses of leads.", soft_wrap=True)
    except (CannotTry, UnusableModelFile) as wrong:
        err.print(free_text(str(wrong), 2_000))
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        err.print("Stopped. Nothing was changed.")
        raise typer.Exit(130) from None


def _check_place(html: Path) -> None:
    """Not only after the work is done."""
    if not html.parent.is_dir():
        raise CannotTry(f"{html}: there is no folder {html.parent}")
    if not os.access(html if html.exists() else html.parent, os.W_OK):
        raise CannotTry(f"{html}: cannot be written")


def _replayed(
    old: str, new: str, window: Window, processes: int | None, names: tuple[str, str]
) -> tuple[Report, float]:
    began = time.monotonic()
    with _progress() as told:
        tally, sellers = backtest_run.replay(
            old, new, window, processes or min(backtest_run.processors(), backtest_run.MOST_PROCESSES), told
        )
    report = make_report(tally, sellers, window, *names)
    return report, time.monotonic() - began


@contextmanager
def _progress() -> Iterator[backtest_run.Told]:
    columns = (
        TextColumn("Replaying"),
        BarColumn(),
        TextColumn("{task.completed:,.0f} of {task.total:,.0f} leads, left:"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=out, transient=True, disable=not out.is_terminal) as bar:
        task = bar.add_task("", total=0)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _show(report: Report, seconds: float) -> None:
    for part in tables(report):
        out.print(part)
        out.print()
    pace = 2 * report.scorings / max(seconds, 1e-6)
    out.print(f"{report.leads:,} leads, {2 * report.scorings:,} scores in {seconds:.1f} s ({pace:,.0f} scores/s).")


def _write(html: Path, text: str) -> None:
    try:
        html.touch(mode=0o600)  # its owner's alone: it names people
        html.write_text(text, encoding="utf-8")
    except OSError as wrong:
        raise CannotTry(f"{html}: {wrong.strerror}") from None
