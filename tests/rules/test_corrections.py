import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.rules.corrections import FIELDS, NotReadable, as_shown, read_corrections
from tests.conftest import TEXT_LAW


@pytest.mark.parametrize(
    ("field", "typed", "kept"),
    [
        ("first_name", " Ann\u202e  Maria ", "Ann Maria"),
        ("last_name", "Tester", "Tester"),
        ("company", "asdf GmbH", "asdf GmbH"),
        ("country", "Deutschland", "DE"),
        ("country", "", ""),
        ("phone", "030 901820", "+4930901820"),
        ("phone", "+44 20 7946 0018", "+442079460018"),
        ("employees", "201-500", 500),
        ("employees", "1.200", 1200),
        ("industry", "software", "software"),
        ("industry", "unknown", ""),
    ],
)
def test_what_a_colleague_typed_is_kept_in_one_spelling(field: str, typed: str, kept: str | int) -> None:
    assert read_corrections({field: typed}, "DE") == {field: kept}


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("country", "Utopia", "This is no country we know."),
        ("phone", "call me", "This could not be read as a telephone number."),
        ("employees", "many", "A number is needed here"),
        ("industry", "nonsense", "Choose one of the industries."),
    ],
)
def test_what_cannot_be_read_is_said_at_its_field(field: str, typed: str, sentence: str) -> None:
    with pytest.raises(NotReadable) as no:
        read_corrections({field: typed, "title": "CFO"}, "DE")
    assert list(no.value.errors) == [field]
    assert no.value.errors[field].startswith(sentence)


def test_a_telephone_number_is_read_by_the_country_that_is_typed_beside_it() -> None:
    assert read_corrections({"phone": "044 668 18 00", "country": "Switzerland"}, "DE")["phone"] == "+41446681800"


def test_what_is_known_is_shown_as_people_write_it_and_what_is_not_as_nothing() -> None:
    shown = as_shown({"country": "DE", "employees": 350, "industry": "Computer Software", "seniority": "vp"})
    assert shown == dict.fromkeys(FIELDS, "") | {"country": "Germany", "employees": "350", "industry": "software"}


@given(st.sampled_from(["DE", "US", "JP", "CI"]), st.integers(1, 10_000_000), st.sampled_from(["software", "public"]))
def test_what_is_shown_is_read_back_as_what_it_was(country: str, employees: int, industry: str) -> None:
    values: dict[str, str | int] = {"country": country, "employees": employees, "industry": industry}
    assert {field: value for field, value in read_corrections(as_shown(values), "").items() if value} == values


@TEXT_LAW
@given(st.dictionaries(st.sampled_from(FIELDS), st.text(st.characters(exclude_categories=()), max_size=300)))
def test_any_text_is_read_or_answered_in_a_sentence(said: dict[str, str]) -> None:
    try:
        read = read_corrections(said, "DE")
    except NotReadable as no:
        assert no.errors.keys() <= said.keys()  # noqa: PT017  # either outcome is right; each has its own law
    else:
        assert read.keys() == said.keys()
        text = "".join(str(value) for value in read.values())
        assert "\x00" not in text
        assert text.encode().decode() == text
