"""What a hostile or careless vendor sends does not reach a lead."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.countries import iso2
from integrations.reading import count, dig, sentence, text


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("United States", "US"),
        ("us", "US"),
        ("USA", "US"),
        (" United Kingdom ", "GB"),
        ("Germany", "DE"),
        ("South Korea", "KR"),
        ("Czechia", "CZ"),
        ("Atlantis", None),
        ("", None),
        (None, None),
        (49, None),
    ],
)
def test_countries_are_known_by_name_and_by_code(said: object, code: str | None) -> None:
    assert iso2(said) == code


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("  Ada\tLovelace\n", "Ada Lovelace"),
        ("Acme\x00\u202e Inc", "Acme Inc"),
        ("José Ñandú", "José Ñandú"),
        ("x" * 300, "x" * 255),
        ("\u200b\x07", None),
        (["Ada"], None),
        (None, None),
    ],
)
def test_text_is_one_plain_line(sent: object, kept: str | None) -> None:
    assert text(sent) == kept


@pytest.mark.parametrize(
    ("sent", "kept"), [(12, 12), (0, None), (-3, None), (True, None), ("12", None), (2**31, None), (1.5, None)]
)
def test_a_count_is_a_positive_whole_number(sent: object, kept: int | None) -> None:
    assert count(sent) == kept


JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b"]), inner, max_size=2),
    max_leaves=8,
)


@given(JSON)
def test_looking_into_any_answer_breaks_nothing(body: Any) -> None:
    found = dig(body, "a", "b")
    assert found is None or body["a"]["b"] == found


def test_a_missing_sentence_is_replaced_by_ours() -> None:
    assert sentence({"no": "text"}, "It was refused") == "It was refused"
    assert sentence("Required fields are missing", "It was refused") == "Required fields are missing"
