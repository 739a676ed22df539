from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.rules.countries import codes, country_code, country_name
from domain.rules.regions import region_of
from tests.conftest import TEXT_LAW

WRITTEN = [
    ("de", "DE"),
    ("DEU", "DE"),
    ("Deutschland", "DE"),
    ("Berlin, Germany", "DE"),
    ("Federal Republic of Germany", "DE"),
    ("u.s.a.", "US"),
    ("États-Unis", "US"),
    ("estados unidos", "US"),
    ("UK", "GB"),
    ("Northern Ireland", "GB"),
    ("Wielka Brytania", "GB"),
    ("The Netherlands", "NL"),
    ("Pays-Bas", "NL"),
    ("Republic of Korea", "KR"),
    ("대한민국", "KR"),
    ("日本", "JP"),
    ("Россия", "RU"),
    ("Ελλάδα", "GR"),
    ("المغرب", "MA"),
    ("Türkiye", "TR"),
    ("TURKEY", "TR"),
    ("Cote d'Ivoire", "CI"),
    ("Saint Lucia", "LC"),
    ("St. Lucia", "LC"),
    ("Bosnia and Herzegovina", "BA"),
    ("Congo", "CG"),
    ("Democratic Republic of the Congo", "CD"),
    ("Kosovo", "XK"),
    ("Utopia", None),
    ("Republic of", None),
    ("the", None),
    ("n/a", None),
    (", ", None),
    ("", None),
]
LANGUAGES = {
    "en": "Switzerland",
    "de": "Schweiz",
    "fr": "Suisse",
    "es": "Suiza",
    "it": "Svizzera",
    "nl": "Zwitserland",
    "pt": "Suíça",
    "pl": "Szwajcaria",
    "sv": "Schweiz",
    "da": "Schweiz",
    "nb": "Sveits",
    "fi": "Sveitsi",
    "cs": "Švýcarsko",
    "hu": "Svájc",
    "ro": "Elveția",
    "el": "Ελβετία",
    "tr": "İsviçre",
    "uk": "Швейцарія",
    "ru": "Швейцария",
    "ja": "スイス",
    "zh": "瑞士",
    "ko": "스위스",
    "ar": "سويسرا",
}


@pytest.mark.parametrize(("written", "code"), WRITTEN)
def test_a_country_is_known_however_people_write_it(written: str, code: str | None) -> None:
    assert country_code(written) == code
    assert country_code(f"  {written.upper()} ") == code


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_country_is_known_in_many_languages(language: str) -> None:
    assert country_code(LANGUAGES[language]) == "CH"


def test_every_territory_of_iso_3166_is_known_and_kosovo_besides() -> None:
    table = files("tzdata.zoneinfo").joinpath("iso3166.tab").read_text("utf-8")
    assert codes() == {row[:2] for row in table.splitlines() if not row.startswith("#")} | {"XK"}


def test_every_name_in_the_file_leads_to_its_own_country() -> None:
    lines = files("domain.rules").joinpath("country_names.txt").read_text("utf-8").splitlines()
    rows = [line.split("|") for line in lines if not line.startswith("#")]
    assert [(code, name) for code, *names in rows for name in names if country_code(name) != code] == []
    assert min(len(names) for _, *names in rows) >= 5


@pytest.mark.parametrize("code", sorted(codes()))
def test_the_english_name_of_a_country_is_read_back_as_its_code(code: str) -> None:
    assert country_code(country_name(code)) == code


def test_what_is_no_code_is_its_own_name() -> None:
    assert (country_name("DE"), country_name("Utopia")) == ("Germany", "Utopia")


@TEXT_LAW
@given(st.text(st.characters(exclude_categories=()), max_size=300))
def test_any_text_is_a_known_country_or_none(text: str) -> None:
    assert country_code(text) in {None, *codes()}


@pytest.mark.parametrize(
    ("code", "region", "part"),
    [
        ("DE", "emea", "dach"),
        ("GB", "emea", "uk_ireland"),
        ("ZA", "emea", "africa"),
        ("US", "americas", "north_america"),
        ("BR", "americas", "latin_america"),
        ("IN", "apac", "south_asia"),
        ("AU", "apac", "oceania"),
    ],
)
def test_a_country_lies_in_a_region_and_in_a_part_of_it(code: str, region: str, part: str) -> None:
    assert region_of(code) == (region, part)


def test_every_country_has_a_region_but_those_where_nobody_lives() -> None:
    assert {code for code in codes() if region_of(code) is None} == {"AQ", "TF"}
    assert region_of("Utopia") is None
