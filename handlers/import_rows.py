"""A CSV file, row by row in constant memory, and the CSV file of the rows that were refused. Nothing here knows a lead."""

import codecs
import csv
import io
import json
import os
import stat
from collections import deque
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self, TextIO

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
LONGEST_LINE = 1_000_000
"""Characters that are read as one line; a longer one is read in pieces, which do not fit the header and are refused."""
CHUNK = 1 << 20


class UnusableFile(Exception):
    """Nothing can be read from the file; the text says why and what to do."""


class About(StrEnum):
    """What was wrong with a refused row, in the words of the report."""

    COLUMNS = "too many or too few columns"
    QUOTES = "broken quotation marks"
    NUL = "NUL characters"
    KEY = "unusable key"
    KIND = "unusable kind"
    DATE = "unusable date"
    EMAIL = "unusable e-mail address"
    CONFLICT = "known key, other row"
    ERASED = "asked to be forgotten"


class RowRefused(Exception):
    """`sentence` says why, without quoting the row."""

    def __init__(self, about: About, sentence: str) -> None:
        super().__init__(about)
        self.about, self.sentence = about, sentence


@dataclass(frozen=True, slots=True)
class Row:
    """One record. `cells` by the header's names; empty if the record is `broken`."""

    line: int
    """The line on which it begins, the header's being 1."""
    listing: Sequence[str]
    cells: Mapping[str, str] = field(default_factory=dict)
    broken: RowRefused | None = None

    @property
    def body(self) -> bytes:
        """The row as canonical JSON: the same row has the same bytes, in whatever order the columns stand."""
        said: Any = list(self.listing) if self.broken else self.cells
        return json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


class _Lines:
    """The lines of a file. A broken record gives back all of its lines but the first: one stray quote costs one row."""

    def __init__(self, text: TextIO) -> None:
        self.text = text
        self.number = 0
        self.record: list[str] = []
        self._again: deque[str] = deque()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else self.text.readline(LONGEST_LINE)
        if not line:
            raise StopIteration
        self.number += 1
        self.record.append(line)
        return line

    def give_back(self) -> str:
        first, *others = self.record
        self._again.extendleft(reversed(others))
        self.number -= len(others)
        return first


@dataclass
class CsvFile:
    path: Path
    encoding: str
    delimiter: str
    header: tuple[str, ...] = ()
    remarks: list[str] = field(default_factory=list)
    """What was guessed, as sentences."""
    size: int = 0
    at: int = 0
    """How many of the `size` bytes the pass that runs now has taken in."""

    def rows(self) -> Iterator[Row]:
        """Every record after the header; each call reads the file anew."""
        records = self._records()
        next(records, None)
        for row in records:
            yield row if row.broken else self._fitted(row)

    def _records(self) -> Iterator[Row]:
        with self.path.open("rb") as raw, io.TextIOWrapper(raw, self.encoding, newline="") as text:
            lines = _Lines(text)
            reader = csv.reader(lines, delimiter=self.delimiter, strict=True)
            while True:
                lines.record.clear()
                line = lines.number + 1
                try:
                    listing = next(reader)
                except StopIteration:
                    return
                except csv.Error as why:
                    broken = RowRefused(About.QUOTES, _why_broken(why))
                    yield Row(line, [lines.give_back().rstrip("\r\n")], broken=broken)
                    reader = csv.reader(lines, delimiter=self.delimiter, strict=True)
                    continue
                self.at = raw.tell()
                if listing:
                    yield Row(line, listing)

    def _fitted(self, row: Row) -> Row:
        if len(row.listing) != len(self.header):
            why = f"The row has {len(row.listing)} columns, the header {len(self.header)}."
            return Row(row.line, row.listing, broken=RowRefused(About.COLUMNS, why))
        if any("\0" in cell for cell in row.listing):
            return Row(row.line, row.listing, broken=RowRefused(About.NUL, "The row holds a NUL character."))
        return Row(row.line, row.listing, dict(zip(self.header, row.listing, strict=True)))

    def first_record(self) -> Row | None:
        return next(self._records(), None)


def _why_broken(error: csv.Error) -> str:
    if "field larger" in str(error):
        return f"A cell has more than {csv.field_size_limit():,} characters; is a quotation mark not closed?"
    return "A quotation mark is not closed, or text stands behind the closing one."


def open_csv(path: Path, wanted: Collection[str], encoding: str | None, delimiter: str | None) -> CsvFile:
    """Find out how the file is written. `wanted` are columns that tell a right delimiter from a wrong one.

    Raises UnusableFile.
    """
    if not stat.S_ISREG(path.stat().st_mode):
        raise UnusableFile(f"{path} is not a regular file. It is read more than once: save it to a file first.")
    file = CsvFile(path, encoding or "utf-8", delimiter or ",", size=path.stat().st_size)
    if file.size == 0:
        raise UnusableFile(f"{path} is empty.")
    _find_encoding(file, given=encoding)
    header = _find_header(file, wanted, given=delimiter)
    if header is None or header.broken or not any(header.listing):
        why = f" {header.broken.sentence}" if header and header.broken else ""
        raise UnusableFile(f"{path} has no header line that can be read.{why}")
    file.header = tuple(name.strip() for name in header.listing)
    if any("\0" in name for name in file.header):
        raise UnusableFile(
            f"The header of {path} holds NUL characters: it is no CSV file, or in UTF-16 (see --encoding)."
        )
    doubled = sorted({name for name in file.header if file.header.count(name) > 1})
    if doubled:
        names = ", ".join(name or "(no name)" for name in doubled)
        raise UnusableFile(f"The header of {path} names a column twice: {names}. Rename one of them.")
    return file


def _find_encoding(file: CsvFile, given: str | None) -> None:
    """UTF-8 with or without a byte order mark, UTF-16 with one, else Latin-1; all of the file is tried, not its beginning."""
    with file.path.open("rb") as raw:
        start = raw.read(4)
        raw.seek(0)
        if given is not None:
            _undecodable_at(raw, _text_encoding(given), file.path, must=True)
            file.encoding = "utf-8-sig" if codecs.lookup(given).name == "utf-8" else given
        elif start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            _undecodable_at(raw, "utf-16", file.path, must=True)
            file.encoding = "utf-16"
            file.remarks.append(f"{file.path.name} is read as UTF-16.")
        else:
            wrong = _undecodable_at(raw, "utf-8", file.path, must=False)
            file.encoding = "utf-8-sig" if wrong is None else "latin-1"
            if wrong is not None:
                file.remarks.append(
                    f"{file.path.name} is not UTF-8 (byte {wrong + 1:,}); it is read as Latin-1. "
                    "If letters come out wrong, name the right one with --encoding, such as cp1252."
                )


def _text_encoding(name: str) -> str:
    try:
        "".encode(name)
    except LookupError:
        raise UnusableFile(f"There is no encoding named {name}. Usual ones: utf-8, latin-1, cp1252, utf-16.") from None
    return name


def _undecodable_at(raw: BinaryIO, encoding: str, path: Path, *, must: bool) -> int | None:
    """The place of the first byte that cannot be read, or None. With `must` that is UnusableFile."""
    decoder, done = codecs.getincrementaldecoder(encoding)(), 0
    while True:
        chunk = raw.read(CHUNK)
        try:
            decoder.decode(chunk, final=not chunk)
        except UnicodeError as wrong:
            place = done + getattr(wrong, "start", 0)
            if must:
                raise UnusableFile(f"{path} is not in {encoding} (near byte {place + 1:,}).") from None
            return place
        if not chunk:
            return None
        done += len(chunk)


def _find_header(file: CsvFile, wanted: Collection[str], given: str | None) -> Row | None:
    """The header, read with the delimiter that shows the most of the columns `wanted`, then the most columns at all."""
    found: dict[tuple[int, int], tuple[str, Row | None]] = {}
    for delimiter in [given] if given else DELIMITERS:
        file.delimiter = delimiter
        header = file.first_record()
        names = [name.strip() for name in header.listing] if header and not header.broken else []
        found.setdefault((len({*names} & {*wanted}), len(names)), (delimiter, header))
    file.delimiter, header = found[max(found)]
    if not given and file.delimiter != ",":
        file.remarks.append(f"Its columns are parted by {DELIMITERS[file.delimiter]}.")
    return header


def neutralised(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) else cell


class RefusedRows:
    """The refused rows as a CSV file, with line and reason; made with the first of them, readable for its owner alone."""

    def __init__(self, path: Path, header: Sequence[str]) -> None:
        self.path, self.header = path, header
        self.file: TextIO | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, why: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.file is not None:
            self.file.close()

    def add(self, line: int, why: str, listing: Sequence[str]) -> None:
        if self.file is None:
            self.path.unlink(missing_ok=True)
            made = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            self.file = os.fdopen(made, "w", encoding="utf-8", newline="")
            self._write(["refused_line", "refused_because", *self.header])
        self._write([str(line), why, *listing])

    def _write(self, cells: Sequence[str]) -> None:
        if self.file is not None:
            csv.writer(self.file).writerow([neutralised(cell) for cell in cells])
