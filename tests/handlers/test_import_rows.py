"""CSV files as people have them."""

import csv
import io
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.import_rows import About, CsvFile, RefusedRows, Row, UnusableFile, neutralised, open_csv

HEADER = b"id,mail,note\n"
cells = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


@pytest.fixture
def at(tmp_path: Path) -> Path:
    return tmp_path / "leads.csv"


def opened(
    at: Path, content: bytes, wanted: Iterable[str] = ("id",), encoding: str | None = None, delimiter: str | None = None
) -> CsvFile:
    at.write_bytes(content)
    return open_csv(at, set(wanted), encoding, delimiter)


def told(rows: Iterable[Row]) -> list[tuple[int, object]]:
    """Line and cells, or what is wrong."""
    return [(row.line, row.broken.about if row.broken else list(row.cells.values())) for row in rows]


@given(cell=cells)
def test_no_neutralised_cell_begins_like_a_formula(cell: str) -> None:
    assert not neutralised(cell).startswith(("=", "+", "-", "@", "\t", "\r"))
    assert neutralised(cell) in {cell, f"'{cell}"}


@given(cell=cells)
def test_a_cell_is_neutralised_once(cell: str) -> None:
    assert neutralised(neutralised(cell)) == neutralised(cell)


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_each_beginning_of_a_formula_gets_an_apostrophe(start: str) -> None:
    assert neutralised(f"{start}1+1") == f"'{start}1+1"


@given(rows=st.lists(st.lists(cells, min_size=3, max_size=3)), delimiter=st.sampled_from(",;\t|"))
def test_what_python_writes_is_read_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]], delimiter: str
) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, quoting=csv.QUOTE_ALL).writerows([["id", "mail", "note"], *rows])
    file = opened(tmp_path_factory.getbasetemp() / "any.csv", text.getvalue().encode())
    assert [list(row.listing) for row in file.rows()] == rows


@given(content=st.binary(max_size=300))
def test_no_file_breaks_the_reader(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    file = opened(tmp_path_factory.getbasetemp() / "any.csv", HEADER + content)
    assert all(row.broken or len(row.cells) == 3 for row in file.rows())


@pytest.mark.parametrize(
    ("content", "remark"),
    [
        ("Zoë".encode(), None),
        (b"\xef\xbb\xbf" + "Zoë".encode(), None),
        ("Zoë".encode("latin-1"), "it is read as Latin-1"),
    ],
)
def test_utf_8_with_and_without_a_mark_and_latin_1_are_read(at: Path, content: bytes, remark: str | None) -> None:
    mark = b"\xef\xbb\xbf" if content.startswith(b"\xef\xbb\xbf") else b""
    file = opened(at, mark + HEADER + b"1,a@example.com," + content.removeprefix(mark))
    assert told(file.rows()) == [(2, ["1", "a@example.com", "Zoë"])]
    assert file.header == ("id", "mail", "note")
    assert (remark or "") in " ".join(file.remarks)
    assert len(file.remarks) == (remark is not None)


def test_one_wrong_byte_at_the_end_of_a_long_file_makes_all_of_it_latin_1(at: Path) -> None:
    file = opened(at, HEADER + b"1,a@example.com,x\n" * 100_000 + b"2,b@example.com,\xe9")
    assert file.encoding == "latin-1"
    assert [row.cells["note"] for row in file.rows()][-1] == "é"


def test_utf_16_with_its_mark_is_read_and_without_it_is_not(at: Path) -> None:
    text = "id\tmail\tnote\n1\ta@example.com\tZoë\n"
    assert told(opened(at, text.encode("utf-16")).rows()) == [(2, ["1", "a@example.com", "Zoë"])]
    with pytest.raises(UnusableFile, match="NUL"):
        opened(at, text.encode("utf-16-le"))


def test_a_given_encoding_is_used_and_must_fit(at: Path) -> None:
    content = HEADER + b"1,a@example.com,\x80\n"
    assert told(opened(at, content, encoding="cp1252").rows()) == [(2, ["1", "a@example.com", "€"])]
    with pytest.raises(UnusableFile, match="not in utf-8"):
        opened(at, content, encoding="utf-8")
    for no_encoding in ("klingon", "rot13", "base64"):
        with pytest.raises(UnusableFile, match="no encoding named"):
            opened(at, content, encoding=no_encoding)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found_out(at: Path, delimiter: str) -> None:
    file = opened(at, delimiter.join(["id", "mail", '"a,b;c|d"']).encode() + b"\n" + delimiter.join("123").encode())
    assert told(file.rows()) == [(2, ["1", "2", "3"])]


def test_the_columns_that_are_wanted_tell_the_delimiter(at: Path) -> None:
    file = opened(at, b"mail;a,b,c,d\n1;2\n", wanted=["mail"])
    assert file.header == ("mail", "a,b,c,d")


def test_a_given_delimiter_is_used(at: Path) -> None:
    assert opened(at, b"a:b,c\n1:2\n", delimiter=":").header == ("a", "b,c")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "is empty"),
        (b"\n\n", "no header line"),
        (b',,\n"', "no header line"),
        (b"\xef\xbb\xbf", "no header line"),
        (b'"id,mail\n1,2\n', "no header line"),
        (b"id,mail,id\n1,2,3\n", "names a column twice: id"),
        (b"id, mail,mail \n1,2,3\n", "names a column twice: mail"),
        (b"id,,\n1,2,3\n", "names a column twice: .no name."),
    ],
)
def test_a_file_without_a_usable_header_is_refused(at: Path, content: bytes, why: str) -> None:
    with pytest.raises(UnusableFile, match=why):
        opened(at, content)


def test_what_is_no_regular_file_is_refused() -> None:
    with pytest.raises(UnusableFile, match="not a regular file"):
        open_csv(Path("/dev/null"), set(), None, None)


def test_a_header_without_rows_has_no_rows(at: Path) -> None:
    assert told(opened(at, HEADER).rows()) == []


def test_quotes_hold_delimiters_line_breaks_and_quotes(at: Path) -> None:
    file = opened(at, HEADER + b'1,"a@example.com","one, two\r\nthree ""four"""\r\n\r\n2,b@example.com,x')
    assert told(file.rows()) == [
        (2, ["1", "a@example.com", 'one, two\r\nthree "four"']),
        (5, ["2", "b@example.com", "x"]),
    ]


def test_a_row_with_too_many_or_too_few_columns_is_refused_and_the_next_one_is_read(at: Path) -> None:
    file = opened(at, HEADER + b"1,2\n1,2,3,4\n1,2,3\n")
    assert told(file.rows()) == [(2, About.COLUMNS), (3, About.COLUMNS), (4, ["1", "2", "3"])]


def test_a_nul_is_refused_with_its_row(at: Path) -> None:
    assert told(opened(at, HEADER + b"1,\0,3\n1,2,3\n").rows()) == [(2, About.NUL), (3, ["1", "2", "3"])]


def test_a_quote_that_is_never_closed_costs_its_own_row_alone(at: Path) -> None:
    file = opened(at, HEADER + b'1,2,"3\n4,5,6\n7,8,9\n')
    assert told(file.rows()) == [(2, About.QUOTES), (3, ["4", "5", "6"]), (4, ["7", "8", "9"])]


def test_a_quote_that_closes_in_a_later_row_costs_only_the_rows_with_quotes(at: Path) -> None:
    file = opened(at, HEADER + b'1,2,"3\n4,5,6\n7,"8",9\n')
    assert told(file.rows()) == [(2, About.QUOTES), (3, ["4", "5", "6"]), (4, ["7", "8", "9"])]


def test_text_behind_a_closing_quote_is_refused(at: Path) -> None:
    assert told(opened(at, HEADER + b'1,"2"x,3\n1,2,3\n').rows()) == [(2, About.QUOTES), (3, ["1", "2", "3"])]


def test_a_cell_beyond_the_limit_is_refused_and_reading_goes_on(at: Path) -> None:
    file = opened(at, HEADER + b'1,2,"' + b"x" * 200_000 + b'"\n' + b"1,2,3\n" + b"y" * 1_500_000 + b"\n4,5,6\n")
    found = told(file.rows())
    assert found[:2] == [(2, About.QUOTES), (3, ["1", "2", "3"])]
    assert found[-1][1] == ["4", "5", "6"]


def test_the_same_row_has_the_same_bytes_in_whatever_order_its_columns_stand(at: Path) -> None:
    (one,) = opened(at, HEADER + b"1,2,3\n").rows()
    (other,) = opened(at, b"note;id;mail\n3;1;2\n").rows()
    assert one.body == other.body == b'{"id":"1","mail":"2","note":"3"}'


def test_refused_rows_are_a_csv_file_that_no_spreadsheet_runs(tmp_path: Path) -> None:
    path = tmp_path / "refused.csv"
    with RefusedRows(path, ["id", "=header"]) as report:
        report.add(7, "No good.", ['=HYPERLINK("http://x.example")', "a,b\n", "+4930"])
    with path.open(encoding="utf-8", newline="") as file:
        assert list(csv.reader(file)) == [
            ["refused_line", "refused_because", "id", "'=header"],
            ["7", "No good.", '\'=HYPERLINK("http://x.example")', "a,b\n", "'+4930"],
        ]
    assert path.stat().st_mode & 0o777 == 0o600


def test_without_refused_rows_there_is_no_file(tmp_path: Path) -> None:
    with RefusedRows(tmp_path / "refused.csv", ["id"]):
        pass
    assert list(tmp_path.iterdir()) == []
