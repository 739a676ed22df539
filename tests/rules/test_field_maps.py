"""Which of our fields goes where: read from a file, tried on what the other system says of itself."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.rules.field_maps import (
    OURS,
    Direction,
    FieldMap,
    FieldType,
    Pair,
    Theirs,
    as_toml,
    read_field_map,
    what_is_wrong,
)
from domain.rules.model_table import ModelError
from tests.conftest import LAW

FILE = """
[fields]
score = "handoff_score"
title = { name = "jobtitle", direction = "both" }
tier = { name = "rating", values = { hql = "Hot", mql = "Warm" } }
country = { name = "country", direction = "from" }
"""


def test_a_map_says_what_goes_out_and_under_which_name_and_value() -> None:
    fields = read_field_map(FILE)
    known = {"score": "83", "title": "CTO", "tier": "hql", "country": "DE", "email": "kim@example.com"}
    assert fields.outward(known) == {"handoff_score": "83", "jobtitle": "CTO", "rating": "Hot"}
    assert fields.outward({"tier": "cold"}) == {"rating": "cold"}
    assert fields.sent == {"score", "title", "tier"}


def test_a_map_says_what_comes_in_and_nothing_takes_nothing_away() -> None:
    fields = read_field_map(FILE)
    assert fields.read == ("jobtitle", "country")
    assert fields.inward({"jobtitle": "CTO", "country": " ", "handoff_score": "99"}) == {"title": "CTO"}


def test_what_was_translated_on_the_way_out_is_translated_back() -> None:
    fields = FieldMap((Pair("industry", "branch", Direction.BOTH, {"software": "IT"}),))
    assert fields.inward(fields.outward({"industry": "software"})) == {"industry": "software"}


PAIRS = st.lists(st.sampled_from(sorted(OURS)), unique=True, min_size=1).flatmap(
    lambda names: st.tuples(
        *(
            st.builds(
                Pair,
                st.just(name),
                st.just(f"x_{name}"),
                st.sampled_from(Direction) if OURS[name].comes_in else st.just(Direction.TO),
            )
            for name in names
        )
    )
)


@LAW
@given(PAIRS)
def test_a_map_that_was_written_down_reads_the_same(pairs: tuple[Pair, ...]) -> None:
    assert read_field_map(as_toml(FieldMap(pairs))) == FieldMap(pairs)


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("fields = [", "file: is no TOML"),
        ("", "fields: is missing"),
        ("[field]\nscore = 'x'", "field: a table stands under an unknown key; did you mean 'fields'?"),
        ("[fields]\nscroe = 'x'", "fields.scroe: 'x' stands under an unknown key; did you mean 'score'?"),
        ("[fields]\nscore = 7", "fields.score: 7 must be a table"),
        ("[fields]\nscore = ''", "fields.score: '' must not be empty"),
        ("[fields.score]\nname = 'x'\ndirection = 'in'", "fields.score.direction: 'in' must be one of to, from, both"),
        (
            "[fields.score]\nname = 'x'\ndirection = 'both'",
            "fields.score.direction: 'both' cannot be: score is worked out here",
        ),
        (
            "[fields.tier]\nname = 'x'\nvalues = { hot = 'y' }",
            "fields.tier.values.hot: 'y' stands under an unknown key; known here are",
        ),
        ("[fields]\nscore = 'x'\nfit = 'X'", "fields.fit: 'X' is the target of another field already"),
    ],
)
def test_a_mistake_is_said_with_its_path_its_value_and_the_reason(file: str, said: str) -> None:
    with pytest.raises(ModelError) as raised:
        read_field_map(file)
    assert str(raised.value).startswith(said)


def test_what_does_not_fit_over_there_is_said_field_by_field() -> None:
    theirs = [
        Theirs("jobtitle", FieldType.NUMBER),
        Theirs("rating", FieldType.CHOICE, options=("Hot", "Warm", "mel")),
        Theirs("country", writable=False),
    ]
    found = what_is_wrong(read_field_map(FILE), theirs)
    assert [(wrong.path, wrong.name, wrong.why) for wrong in found] == [
        ("fields.score", "handoff_score", "is not there"),
        ("fields.title", "jobtitle", "is a number, and title is a text"),
        ("fields.tier", "rating", "does not take cold"),
    ]
    assert [wrong.create for wrong in found] == [
        Theirs("handoff_score", FieldType.NUMBER, "Handoff score"),
        None,
        None,
    ]


def test_a_number_may_be_written_into_a_text_and_nothing_into_what_cannot_be_written() -> None:
    fields = FieldMap((Pair("score", "a"), Pair("fit", "b"), Pair("title", "c", Direction.FROM)))
    theirs = [Theirs("a"), Theirs("b", FieldType.NUMBER, writable=False), Theirs("c", writable=False)]
    assert [(wrong.name, wrong.why) for wrong in what_is_wrong(fields, theirs)] == [("b", "cannot be written")]
