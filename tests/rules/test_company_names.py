"""Names of companies: what is the same name, what is like it, and what only looks like it."""

import csv
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.rules.company_names import ALIKE, Candidate, choose, likeness, name_key


def alike(one: str, other: str) -> float:
    return likeness(name_key(one), name_key(other))


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("Muster GmbH", "muster"),
        ("MUSTER  Ges.m.b.H.", "muster"),
        ("Muster & Söhne GmbH & Co. KG", "muster and sohne"),
        ("Muster und Söhne", "muster and sohne"),
        ("Sample, Inc.", "sample"),
        ("The Sample Company", "sample"),
        ("Sample Private Limited", "sample"),
        ("Private Sample", "private sample"),
        ("L'Échantillon S.A.", "lechantillon"),
        ("L\u2019Échantillon S.A.R.L.", "lechantillon"),
        ("Voorbeeld B.V.", "voorbeeld"),
        ("Esempio S.p.A.", "esempio"),
        ("Próba Sp. z o.o.", "proba"),
        ("Ukázka, s.r.o.", "ukazka"),
        ("Prøve A/S", "prøve"),
        ("Prov AB (publ)", "prov ab publ"),
        ("株式会社サンプル", "サンフル"),
        ("Green-Plus", "green plus"),
        ("Sample.com, Inc.", "sample"),
        ("AG", "ag"),
        ("Y-Corporation Inc.", "y corporation"),
    ],
)
def test_a_name_is_compared_without_its_case_its_marks_and_its_legal_form(written: str, key: str) -> None:
    assert name_key(written) == key


@pytest.mark.parametrize(
    "written", ["", " ", "-", "n/a", "N.A.", "none", "Freelancer", "self-employed", "Test", "x", "..."]
)
def test_what_names_nobody_is_no_name(written: str) -> None:
    assert name_key(written) == ""


SAME = [
    ("Hewlett Packard", "Hewlett-Packard Inc."),
    ("JP Morgan", "JPMorgan"),
    ("ThyssenKrupp", "Thyssen Krupp AG"),
    ("McDonalds", "McDonald's Corporation"),
    ("Accenture", "Acenture"),
    ("Schneider Electric", "Schnieder Electric"),
    ("Rheinmetall", "Rheinmetal AG"),
    ("Novartis", "Novatis"),
    ("Texas Instruments", "Texas Instrument"),
    ("Bank of America", "America Bank of"),
    ("Müller Maschinenbau", "Mueller Maschinenbau"),
]
DIFFERENT = [
    ("Deutsche Bank", "Deutsche Bahn"),
    ("Allianz", "Alliance"),
    ("Siemens", "Siemens Energy"),
    ("Lufthansa", "Lufthansa Cargo"),
    ("Volkswagen", "Volkswagen Financial Services"),
    ("Airbus", "Airbnb"),
    ("Bosch", "Busch"),
    ("Sage", "Saga"),
    ("Kion", "Kiron"),
    ("Vodafone", "Vodacom"),
    ("Intuit", "Intuitive"),
    ("General Motors", "General Mills"),
    ("First National Bank", "First Regional Bank"),
    ("AmeriGas", "AmeriGroup"),
    ("Centene", "Centerra"),
    ("Allstate", "Allstar"),
    ("Studio 54", "Studio 55"),
    ("Acme Consulting", "Apex Consulting"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_spellings_of_one_company_are_alike(one: str, other: str) -> None:
    assert alike(one, other) >= ALIKE


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_companies_of_our_world_that_only_look_alike_are_not(one: str, other: str) -> None:
    assert alike(one, other) < ALIKE


def test_one_letter_may_be_all_that_lies_between_two_companies() -> None:
    """Known, and the price of the threshold: it takes the same country besides, and a person may put it right."""
    assert alike("Entergy", "Energy") >= ALIKE


def test_no_two_of_85_companies_are_taken_for_one_and_most_slips_find_theirs(shared_folder: Path) -> None:
    """No slip finds the wrong one. One letter left out or doubled finds its company 8 times in 10."""
    with (shared_folder / "data/maven_crm/accounts.csv").open(encoding="utf-8") as file:
        keys = sorted({name_key(row["account"]) for row in csv.DictReader(file)})
    assert len(keys) == 85
    assert "" not in keys
    assert max(likeness(one, other) for one, other in combinations(keys, 2)) < 85 < ALIKE
    slips = [(key, key[:n] + more + key[n + 1 :]) for key in keys for n in range(len(key)) for more in ("", key[n] * 2)]
    found = [(key, choose(slip, weighed(slip, keys)).winner) for key, slip in slips]
    hits = [keys[winner.id] == key for key, winner in found if winner is not None]
    assert all(hits)
    assert len(hits) / len(slips) > 0.75


def weighed(key: str, keys: list[str]) -> list[Candidate]:
    return [Candidate(n, likeness(key, other)) for n, other in enumerate(keys)]


names = st.text(max_size=300) | st.sampled_from([one for pair in SAME + DIFFERENT for one in pair])


@settings(max_examples=300)
@given(names, names)
def test_any_text_is_a_name_or_none_and_likeness_is_the_same_both_ways(one: str, other: str) -> None:
    a, b = name_key(one), name_key(other)
    assert 0 <= likeness(a, b) <= 100
    assert likeness(a, b) == pytest.approx(likeness(b, a))
    assert name_key(a) in {a, ""} or len(name_key(a)) < len(a)
    if a:
        assert likeness(a, a) == 100


def test_the_most_alike_is_meant_and_the_next_one_is_remembered() -> None:
    chosen = choose("sample", [Candidate(1, 89.0), Candidate(2, 97.0)])
    assert (chosen.winner, chosen.runner_up, chosen.tiebreak) == (Candidate(2, 97.0), Candidate(1, 89.0), None)


def test_nobody_who_is_not_alike_enough_is_meant() -> None:
    chosen = choose("sample", [Candidate(1, ALIKE - 0.1)])
    assert (chosen.winner, chosen.tie) == (None, False)


def test_of_two_as_alike_the_one_whose_domain_is_the_name_is_meant() -> None:
    other, named = Candidate(1, 100, "holding.example", people=9), Candidate(2, 100, "green-plus.example")
    chosen = choose("green plus", [other, named])
    assert (chosen.winner, chosen.runner_up, chosen.tiebreak) == (named, other, "domain")


def test_of_two_as_alike_else_the_one_with_more_people_is_meant() -> None:
    few, many = Candidate(1, 100, "a.example", people=1), Candidate(2, 98, "b.example", people=2)
    chosen = choose("sample", [few, many])
    assert (chosen.winner, chosen.tiebreak) == (many, "people")


def test_of_a_tie_that_nothing_breaks_nobody_is_meant() -> None:
    chosen = choose("sample", [Candidate(1, 100, people=2), Candidate(2, 99, people=2)])
    assert (chosen.winner, chosen.tie) == (None, True)
