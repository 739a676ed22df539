"""How far an import is: a bar on a terminal, a line now and then elsewhere."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from handlers.import_rows import CsvFile, Row


@contextmanager
def watched(file: CsvFile, label: str, console: Console, every: int) -> Iterator[Iterator[Row]]:
    """The rows of the file; as they are taken, `console` is told how far it is (every `every` rows if it is no terminal)."""
    if console.is_terminal:
        columns = (
            TextColumn(label),
            BarColumn(),
            TextColumn("{task.fields[rows]:,} rows, {task.fields[pace]:,.0f} rows/s, left:"),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=console, transient=True) as bar:
            yield _with_bar(file, bar)
    else:
        yield _with_lines(file, label, console, every)


def _with_bar(file: CsvFile, bar: Progress) -> Iterator[Row]:
    start = time.monotonic()
    task = bar.add_task("", total=file.size, rows=0, pace=0.0)
    for number, row in enumerate(file.rows(), 1):
        yield row
        if number % 50 == 0:
            bar.update(task, completed=file.at, rows=number, pace=_pace(number, start))


def _with_lines(file: CsvFile, label: str, console: Console, every: int) -> Iterator[Row]:
    start = time.monotonic()
    for number, row in enumerate(file.rows(), 1):
        yield row
        if number % every == 0:
            left = (time.monotonic() - start) * (file.size - file.at) / max(file.at, 1)
            console.print(f"{label}: {number:,} rows, {_pace(number, start):,.0f} rows/s, about {in_words(left)} left")


def _pace(rows: int, start: float) -> float:
    return rows / max(time.monotonic() - start, 1e-6)


def in_words(seconds: float) -> str:
    """`42 s`, `3:07 min`, `1:02:33 h`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    text = str(timedelta(seconds=whole))
    return f"{text.removeprefix('0:').removeprefix('0')} min" if whole < 3600 else f"{text} h"
