"""`handoff import FILE --map MAP.toml`: leads and touches from a CSV file, said beforehand and done once."""

import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from domain.rules.cleaning import free_text
from handlers.import_batches import Done, run
from handlers.import_forecast import Forecast, forecast
from handlers.import_map import BadImportMap, ImportMap, read_map
from handlers.import_progress import watched
from handlers.import_report import done_table, forecast_tables, say_refused
from handlers.import_rows import DELIMITERS, CsvFile, RefusedRows, RowRefused, UnusableFile, open_csv
from kit.clock import utcnow

MOST_CARDS_UNASKED = 50

# Names of pools and columns come from outside: none of it is markup.
out = Console(markup=False, emoji=False)
err = Console(stderr=True, markup=False, emoji=False)


class CannotImport(Exception):
    """As things are, nothing can be imported; the text says why and what to do."""


def import_file(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The CSV file, with a header line.")],
    map_file: Annotated[
        Path, typer.Option("--map", exists=True, dir_okay=False, help="What its columns mean (see docs/importing.md).")
    ],
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Read and check everything, write nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Post the cards, however many they are.")] = False,
    shift: Annotated[
        bool, typer.Option("--shift-dates-to-today", help="Move all dates by the same time, so that the newest is now.")
    ] = False,
    refused: Annotated[
        Path | None, typer.Option(help="Where refused rows go; else refused-FILE here, if there are any.")
    ] = None,
    encoding: Annotated[
        str | None, typer.Option(help="Such as cp1252; else UTF-8, or Latin-1 if it is not that.")
    ] = None,
    delimiter: Annotated[str | None, typer.Option(help="One character, or the word tab; else it is found out.")] = None,
) -> None:
    """Import leads from a CSV file. What is there already is left alone, so an interrupted import is simply run again."""
    refused = refused or Path(f"refused-{file.stem}.csv")
    try:
        imap, source = _opened(file, map_file, refused, encoding, delimiter)
        now = utcnow()
        moved = _shift(imap, source, now) if shift else timedelta(0)
        foreseen = _foreseen(imap, source, now, moved)
        if dry_run:
            say_refused(out, foreseen.examples, sum(foreseen.refused.values()))
            raise typer.Exit(1 if foreseen.refused else 0)
        _confirmed(foreseen, yes=yes)
    except (BadImportMap, UnusableFile, CannotImport) as wrong:
        # It may quote the file's header, and a terminal obeys what stands there.
        err.print(free_text(str(wrong), 4_000), style="red", soft_wrap=True)
        raise typer.Exit(2) from None
    done = _imported(imap, source, refused, now, moved)
    if done.refused:
        out.print(f"The refused rows are in {refused}.", markup=False, soft_wrap=True)
        raise typer.Exit(1)


def _opened(
    file: Path, map_file: Path, refused: Path, encoding: str | None, delimiter: str | None
) -> tuple[ImportMap, CsvFile]:
    """The map and the file, checked against each other. Nothing of the file's rows is read yet."""
    imap = read_map(map_file)
    if delimiter is not None:
        delimiter = "\t" if delimiter == "tab" else delimiter
        if len(delimiter) != 1 or delimiter in '"\r\n\0 ':
            raise CannotImport(
                f"--delimiter is one character, such as {' '.join(DELIMITERS).strip()}, or the word tab."
            )
    if refused.is_dir() or not refused.absolute().parent.is_dir():
        raise CannotImport(f"--refused {refused}: no file can be made there.")
    if any(refused.exists() and refused.samefile(other) for other in (file, map_file)):
        raise CannotImport(f"--refused {refused} is what is to be read. Name another file.")
    source = open_csv(file, {column for _, column in imap.columns()}, encoding, delimiter)
    try:
        imap.check_columns(source.header)
    except BadImportMap as wrong:
        raise BadImportMap(f"{map_file}: {wrong}") from None
    for remark in source.remarks:
        out.print(remark, markup=False, soft_wrap=True)
    return imap, source


def _shift(imap: ImportMap, source: CsvFile, now: datetime) -> timedelta:
    """How far all dates have to move for the newest to be now. Raises CannotImport if there is no date."""
    if imap.touch.occurred_at is None:
        raise CannotImport("--shift-dates-to-today: the map has no touch.occurred_at, so there are no dates to move.")
    newest: datetime | None = None
    with watched(source, "Looking for the newest date", err, 100_000) as rows:
        for row in rows:
            try:
                date = imap.date_of(row.cells) if not row.broken else None
            except RowRefused:
                continue
            newest = max(filter(None, (newest, date)), default=None)
    if newest is None:
        raise CannotImport("--shift-dates-to-today: no row has a date that can be read.")
    out.print(f"The newest date is {newest:%Y-%m-%d}; all dates are moved by {(now - newest).days:,} days.")
    return now - newest


def _foreseen(imap: ImportMap, source: CsvFile, now: datetime, shift: timedelta) -> Forecast:
    with watched(source, "Checking", err, 100_000) as rows:
        foreseen = forecast(imap, rows, now, shift)
    if not foreseen.rows:
        out.print("The file has a header and no rows.")
    for table in forecast_tables(foreseen):
        out.print(table)
    return foreseen


def _confirmed(foreseen: Forecast, *, yes: bool) -> None:
    """Raises CannotImport if many cards would come of it, and that is not meant."""
    if yes or foreseen.cards <= MOST_CARDS_UNASKED:
        return
    if not sys.stdin.isatty():
        raise CannotImport(f"This would post {foreseen.cards:,} cards. If that is meant, say --yes.")
    if not typer.confirm(f"Post {foreseen.cards:,} cards?"):
        raise CannotImport("Nothing was imported.")


def _imported(imap: ImportMap, source: CsvFile, refused: Path, now: datetime, shift: timedelta) -> Done:
    done = Done()
    try:
        with watched(source, "Importing", err, 1_000) as rows, RefusedRows(refused, source.header) as report:
            run(imap, rows, report, done, now, shift)
    except KeyboardInterrupt:
        out.print(done_table(done))
        out.print("Stopped. What the table shows is kept; run the same command again to go on.")
        raise typer.Exit(130) from None
    out.print(done_table(done))
    return done
