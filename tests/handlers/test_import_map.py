"""What a map may say, and what it may not."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from sqlalchemy import Engine

from handlers.import_forecast import forecast
from handlers.import_map import BadImportMap, ImportMap, read_map
from handlers.import_report import forecast_tables
from handlers.import_rows import About, RowRefused, open_csv
from handlers.import_values import Template
from kit.clock import utcnow
from tests.conftest import NOON

NOW = NOON
HEADER = ("id", "mail", "day", "way")
LEAST = 'source = "fair"\n[fields]\nemail = "{mail}"\n'
A_ROW = {"id": "7", "mail": "ann@sample.example.com", "day": "2026-02-01", "way": "web"}

names = st.text(st.characters(exclude_characters="{}", exclude_categories=["Cs"]), min_size=1).filter(str.strip)


def a_map(tmp_path: Path, text: str) -> ImportMap:
    file = tmp_path / "map.toml"
    file.write_text(text, encoding="utf-8")
    return read_map(file)


def with_date(tmp_path: Path, more: str = "") -> ImportMap:
    return a_map(tmp_path, f'{more}\n{LEAST}[touch]\noccurred_at = "{{day}}"\n')


@given(st.text())
def test_text_with_its_braces_doubled_is_a_template_for_itself(text: str) -> None:
    assert Template.parse(text.replace("{", "{{").replace("}", "}}")).fill({}) == text


@given(st.lists(st.tuples(names, st.text(), st.text())))
def test_a_template_puts_each_cell_in_its_place_whatever_stands_in_it(parts: list[tuple[str, str, str]]) -> None:
    row = {name.strip(): cell for name, cell, _ in parts}
    template = "".join("{" + name + "}" + text.replace("{", "{{").replace("}", "}}") for name, _, text in parts)
    assert Template.parse(template).fill(row) == "".join(row[name.strip()] + text for name, _, text in parts)


@given(st.text(st.sampled_from("{}a")))
def test_a_template_is_read_or_refused_with_the_place_of_the_brace(text: str) -> None:
    lone = re.sub(r"\{\{|\}\}|\{a+\}", "", text)
    if "{" in lone or "}" in lone:
        with pytest.raises(ValueError, match="at character"):
            Template.parse(text)
    else:
        assert set(Template.parse(text).columns) <= {"a" * n for n in range(1, len(text))}


@pytest.mark.parametrize("text", ["{", "}", "{}", "{a", "a}", "{a}}", "{{a}", "{a{b}}"])
def test_a_lone_brace_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="a lone"):
        Template.parse(text)


@pytest.mark.parametrize("reach", ["{mail.__class__}", "{mail[0]}", "{mail!r}", "{mail:>9}", "{0}"])
def test_a_template_cannot_reach_into_the_program(tmp_path: Path, reach: str) -> None:
    imap = a_map(tmp_path, LEAST.replace("{mail}", reach))
    with pytest.raises(BadImportMap, match=r"^fields\.email: the file has no column named"):
        imap.check_columns(HEADER)


@pytest.mark.parametrize(
    ("more", "key"),
    [
        ('key = "{ID}"', "key"),
        ('kind = "{what}"', "kind"),
        ('[touch]\npage = "{url}"', "touch.page"),
        ('[attributes]\nregion = "{region}"', "attributes.region"),
        ('[values.region]\n"N" = "north"', "values.region"),
    ],
)
def test_a_column_that_the_file_lacks_is_said_with_the_key_that_wants_it(tmp_path: Path, more: str, key: str) -> None:
    text = f"{more}\n{LEAST}" if not more.startswith("[") else f"{LEAST}{more}\n"
    with pytest.raises(BadImportMap, match=rf"^{key}: the file has no column named"):
        a_map(tmp_path, text).check_columns(HEADER)


def test_a_column_that_is_misspelt_is_suggested(tmp_path: Path) -> None:
    with pytest.raises(BadImportMap, match=r"did you mean mail\?"):
        a_map(tmp_path, LEAST.replace("{mail}", "{mial}")).check_columns(HEADER)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("source = fair", "Invalid value"),
        ('source = "fair"\n', "fields: this key is needed"),
        ('source = "fair"\n[fields]\nname = "{n}"', "fields.email: this key is needed"),
        (LEAST.replace("fair", "The Fair!"), "source: String should match"),
        (LEAST + 'surname = "{n}"', "fields.surname: there is no such key"),
        (LEAST + "title = 7", "fields.title: must be text"),
        (LEAST + 'title = "{a"', "fields.title: a lone {"),
        (f'timezone = "Mars/Base"\n{LEAST}', "timezone: Mars/Base is no time zone"),
        (f'timezone = "../../etc/passwd"\n{LEAST}', "timezone: ../../etc/passwd is no time zone"),
        (f'date_format = "%d.%m."\n{LEAST}', "date_format: needs a year"),
        (f'date_format = "soon"\n{LEAST}', "date_format: needs a year"),
        (f'date_format = "%Q"\n{LEAST}', "date_format: cannot be read"),
        (LEAST + '[attributes]\n"<b>" = "{way}"', "attributes.<b>: String should match"),
        (LEAST + "[attributes]\nway = 7", "attributes.way: must be text"),
        (LEAST + '[attributes]\nway = { as = "number" }', "attributes.way.column: this key is needed"),
        (LEAST + '[attributes]\nway = { column = "{a", as = "number" }', "attributes.way.column: a lone {"),
        (LEAST + '[attributes]\nway = { column = "{way}", as = "money" }', "attributes.way.as: Input should be 'text'"),
        (LEAST + '[attributes]\nway = { column = "{way}", sep = ";" }', "attributes.way.sep: there is no such key"),
        (f'blank = "Select"\n{LEAST}', 'blank: must be a list, such as ["Select"'),
        ('source = "fair"\nfields = 3', "fields: must be a table"),
        (LEAST + '[values.way]\n"1" = 1', "values.way.1: must be text, in quotation marks"),
    ],
)
def test_a_bad_map_is_refused_with_file_key_and_reason(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(BadImportMap) as refused:
        a_map(tmp_path, text)
    assert str(tmp_path / "map.toml") in str(refused.value)
    assert why in str(refused.value)


def test_a_map_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "map.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadImportMap, match=r"map\.toml"):
        read_map(tmp_path / "map.toml")


def test_values_are_translated_and_others_stay(tmp_path: Path) -> None:
    imap = a_map(tmp_path, LEAST + '[attributes]\nway = "{way}"\n[values.way]\nweb = "online"\n"" = "unknown"\n')

    def way(cell: str) -> object:
        return imap.delivery(A_ROW | {"way": cell}, NOW, timedelta(0)).attributes.get("way")

    assert [way("web"), way(""), way("fax")] == ["online", "unknown", "fax"]


def test_an_empty_cell_says_nothing(tmp_path: Path) -> None:
    imap = a_map(tmp_path, LEAST + 'title = "{way}"\n[attributes]\nway = "{way}"\n')
    said = imap.delivery(A_ROW | {"way": "  "}, NOW, timedelta(0))
    assert (dict(said.person), dict(said.attributes)) == ({"email": A_ROW["mail"]}, {})


def attribute_of(imap: ImportMap, cell: str) -> tuple[object, list[str]]:
    """What the attribute `it` is when the column `way` holds this, and what could not be read."""
    row = A_ROW | {"way": cell}
    return imap.delivery(row, NOW, timedelta(0)).attributes.get("it"), imap.unreadable(row)


@pytest.mark.parametrize(
    ("how", "cell", "value"),
    [
        ("number", "12", 12),
        ("number", " -3.5 ", -3.5),
        ("number", "+.5", 0.5),
        ("number", "0", 0),
        ("flag", "Yes", True),
        ("flag", "0", False),
        ("flag", "nein", False),
        ("set", "b, a,, a ", ["a", "b"]),
        ("text", "12", "12"),
    ],
)
def test_a_cell_becomes_what_the_map_says_it_is(tmp_path: Path, how: str, cell: str, value: object) -> None:
    imap = a_map(tmp_path, LEAST + f'[attributes]\nit = {{ column = "{{way}}", as = "{how}" }}\n')
    read, unreadable = attribute_of(imap, cell)
    assert (read, type(read), unreadable) == (value, type(value), [])


@pytest.mark.parametrize(
    ("how", "cell"),
    [
        ("number", "many"),
        ("number", "1,234"),
        ("number", "nan"),
        ("number", "1e5"),
        ("number", "9" * 17),
        ("number", "9" * 16),
        ("number", "٣"),
        ("flag", "perhaps"),
        ("flag", "2"),
    ],
)
def test_a_cell_that_cannot_be_read_is_left_out_and_named_and_the_row_is_taken(
    tmp_path: Path, how: str, cell: str
) -> None:
    imap = a_map(tmp_path, LEAST + f'[attributes]\nit = {{ column = "{{way}}", as = "{how}" }}\n')
    assert attribute_of(imap, cell) == (None, ["it"])


@given(st.text())
def test_whatever_stands_in_a_cell_it_is_read_or_left_out(cell: str) -> None:
    texts = {how: {"column": "{way}", "as": how} for how in ("number", "flag", "set", "text")}
    imap = ImportMap.model_validate({"source": "fair", "fields": {"email": "{mail}"}, "attributes": texts})
    read = imap.delivery(A_ROW | {"way": cell}, NOW, timedelta(0)).attributes
    assert isinstance(read.get("number", 0), int | float)
    assert isinstance(read.get("flag", True), bool)
    assert isinstance(read.get("set", []), list)
    assert isinstance(read.get("text", ""), str)


def test_the_forecast_counts_the_cells_that_cannot_be_read(committed: Engine, tmp_path: Path) -> None:
    path = tmp_path / "fair.csv"
    path.write_text("mail,way\n" + "".join(f"p{n}@sample.example.com,{w}\n" for n, w in enumerate(["1", "one", "two"])))
    imap = a_map(tmp_path, LEAST + '[attributes]\nit = { column = "{way}", as = "number" }\n')
    foreseen = forecast(imap, open_csv(path, {"mail"}, None, None).rows(), utcnow(), timedelta(0))
    assert (foreseen.new_leads, dict(foreseen.unreadable)) == (3, {"it": 2})
    console = Console(width=100)
    with console.capture() as shown:
        console.print(*forecast_tables(foreseen))
    assert "attribute it: unreadable, left out" in shown.get()


def test_a_blank_of_an_attribute_is_nothing_there_and_text_elsewhere(tmp_path: Path) -> None:
    imap = a_map(
        tmp_path, LEAST + '[attributes]\nit = { column = "{way}", blank = ["Select", "-"] }\nother = "{way}"\n'
    )
    said = imap.delivery(A_ROW | {"way": " select"}, NOW, timedelta(0))
    assert dict(said.attributes) == {"other": "select"}


def test_a_blank_of_the_map_is_an_empty_cell_everywhere(tmp_path: Path) -> None:
    text = 'blank = ["Select"]\n' + LEAST + 'title = "{way}"\n[touch]\ncontent = "{way}"\n[attributes]\nit = "{way}"\n'
    said = a_map(tmp_path, text).delivery(A_ROW | {"way": "Select"}, NOW, timedelta(0))
    assert (dict(said.person), said.content, dict(said.attributes)) == ({"email": A_ROW["mail"]}, "", {})


def test_the_empty_cell_has_its_meaning_for_blanks_as_well(tmp_path: Path) -> None:
    text = 'blank = ["Select"]\n' + LEAST + '[attributes]\nit = "{way}"\n[values.way]\n"" = "unknown"\n'
    assert attribute_of(a_map(tmp_path, text), "Select") == ("unknown", [])


@pytest.mark.parametrize(
    ("head", "cell", "moment"),
    [
        ("", "2026-02-01", datetime(2026, 2, 1, tzinfo=UTC)),
        ("", " 2026-02-01T10:00:00+02:00 ", datetime(2026, 2, 1, 8, tzinfo=UTC)),
        ("", "2026-02-01T10:00:00Z", datetime(2026, 2, 1, 10, tzinfo=UTC)),
        ('timezone = "Europe/Berlin"', "2026-02-01 10:00", datetime(2026, 2, 1, 9, tzinfo=UTC)),
        ('date_format = "%d.%m.%Y"', "01.02.2026", datetime(2026, 2, 1, tzinfo=UTC)),
        ('date_format = "%d/%m/%y %H:%M %z"', "01/02/26 10:00 +0100", datetime(2026, 2, 1, 9, tzinfo=UTC)),
    ],
)
def test_dates_are_read_as_the_map_says(tmp_path: Path, head: str, cell: str, moment: datetime) -> None:
    said = with_date(tmp_path, head).delivery(A_ROW | {"day": cell}, NOW, timedelta(0))
    assert said.occurred_at == moment


@pytest.mark.parametrize(
    ("cell", "why"),
    [
        ("", "no date"),
        ("yesterday", "not in the form"),
        ("2026-02-30", "not in the form"),
        ("2026-04-01", "in the future"),
        ("1989-12-31", "before 1990"),
        ("0001-01-01T00:00:00+14:00", "outside of what a calendar holds"),
        ("\N{ARABIC-INDIC DIGIT TWO}026-02-01", "not in the form"),
    ],
)
def test_a_date_that_cannot_be_is_refused(tmp_path: Path, cell: str, why: str) -> None:
    with pytest.raises(RowRefused) as refused:
        with_date(tmp_path).delivery(A_ROW | {"day": cell}, NOW, timedelta(0))
    assert refused.value.about is About.DATE
    assert why in refused.value.sentence
    assert not cell or cell not in refused.value.sentence, "a reason quotes nothing of the row"


def test_a_clock_that_is_a_little_ahead_is_forgiven(tmp_path: Path) -> None:
    ahead = (NOW + timedelta(minutes=4)).isoformat()
    assert with_date(tmp_path).delivery(A_ROW | {"day": ahead}, NOW, timedelta(0)).occurred_at == NOW


def test_a_shift_beyond_the_calendar_is_a_refused_row(tmp_path: Path) -> None:
    with pytest.raises(RowRefused, match=About.DATE):
        with_date(tmp_path).delivery(A_ROW, NOW, timedelta(days=-999_000))


def test_without_a_date_it_happened_now(tmp_path: Path) -> None:
    assert a_map(tmp_path, LEAST).delivery(A_ROW, NOW, timedelta(days=-9)).occurred_at == NOW


@pytest.mark.parametrize("kind", ["", "Webinar", "a b", "é", "x" * 61, "_x"])
def test_a_kind_that_is_no_word_is_refused(tmp_path: Path, kind: str) -> None:
    with pytest.raises(RowRefused, match=About.KIND):
        a_map(tmp_path, f'kind = "{{way}}"\n{LEAST}').delivery(A_ROW | {"way": kind}, NOW, timedelta(0))


def test_the_example_of_every_key_is_a_map() -> None:
    example = read_map(Path(__file__).parents[2] / "docs" / "examples" / "leads.map.toml")
    example.check_columns({column for _, column in example.columns()})
    assert example.source == "spring-fair"
