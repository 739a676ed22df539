"""The chance beside a score: straight lines between measured points, and nothing that could mislead."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.rules.model_remarks import remarks
from domain.rules.probability import Chance, Direction, Outcome, Probability
from domain.rules.scoring import ModelError, default_model_toml, parse_model, read_model, score
from tests.conftest import HEAVY_LAW
from tests.rules.scoring_strategies import NOW, leads, models

SAMPLE = {"of": "sql", "outcomes": 412, "at": [[0, 0.02, 0.01, 0.05], [35, 0.1, 0.07, 0.15], [100, 0.71, 0.6, 0.8]]}
RULES = {"intent": {"rules": [{"id": "a", "label": "A", "points": 5, "when": {"touch": "seen"}}]}}


def read(probability: object, **more: object) -> Probability | None:
    return parse_model({"name": "sample", "version": 1, "probability": probability} | RULES | more).probability


@st.composite
def tables(draw: st.DrawFn) -> dict[str, Any]:
    """Any table that the grammar allows."""
    scores = sorted(draw(st.sets(st.floats(0, 100), min_size=1, max_size=8)))
    shares = sorted(draw(st.lists(st.floats(0, 1), min_size=len(scores), max_size=len(scores))))
    ranges = [(draw(st.floats(0, share)), draw(st.floats(share, 1))) for share in shares]
    at = [[score, share, *edges] for score, share, edges in zip(scores, shares, ranges, strict=True)]
    return {"of": draw(st.sampled_from(["sql", "won"])), "outcomes": draw(st.integers(1, 10**6)), "at": at}


@pytest.mark.parametrize(
    ("total", "chance"),
    [
        (0, (0.02, 0.01, 0.05)),
        (7, (0.036, 0.022, 0.07)),
        (35, (0.1, 0.07, 0.15)),
        (61, (0.344, 0.282, 0.41)),
        (100, (0.71, 0.6, 0.8)),
    ],
)
def test_between_two_points_the_chance_lies_on_a_straight_line(total: int, chance: tuple[float, float, float]) -> None:
    read_back = read(SAMPLE)
    assert read_back is not None
    found = read_back.chance(total)
    assert (found.share, found.low, found.high) == pytest.approx(chance)


def test_beyond_the_measured_points_the_chance_stays_as_it_is_there() -> None:
    measured = read(SAMPLE | {"at": [[20, 0.1, 0.0, 0.2], [60, 0.5, 0.4, 0.6]]})
    assert measured is not None
    assert measured.chance(0) == measured.chance(20) == Chance(0.1, 0.0, 0.2, Outcome.SQL)
    assert measured.chance(100) == measured.chance(60) == Chance(0.5, 0.4, 0.6, Outcome.SQL)


@HEAVY_LAW
@given(tables(), st.floats(0, 100), st.floats(0, 100))
def test_more_points_are_never_a_smaller_chance_and_the_interval_holds_it(
    table: dict[str, Any], one: float, other: float
) -> None:
    measured = read(table)
    assert measured is not None
    fewer, more = (measured.chance(total) for total in sorted((one, other)))
    assert fewer.share <= more.share
    for chance in (fewer, more):
        assert 0 <= chance.low <= chance.share <= chance.high <= 1


@HEAVY_LAW
@given(tables())
def test_at_a_measured_point_the_chance_is_what_was_measured(table: dict[str, Any]) -> None:
    measured = read(table)
    assert measured is not None
    for total, *chance in table["at"]:
        found = measured.chance(total)
        assert [found.share, found.low, found.high] == chance


@given(models(), leads, tables())
def test_a_chance_beside_it_changes_no_score(data: dict[str, Any], lead: Any, table: dict[str, Any]) -> None:
    assert score(parse_model(data), lead, NOW) == score(parse_model(data | {"probability": table}), lead, NOW)


def test_a_model_need_not_have_one() -> None:
    assert read({}) is None
    assert read_model(default_model_toml()).probability is None


MISTAKES: list[tuple[dict[str, Any], str]] = [
    ({"of": "win"}, "probability.of: 'win' must be one of sql, won"),
    ({"outcomes": 0}, "probability.outcomes: 0 must be at least 1"),
    ({"at": []}, "probability.at: an empty list must hold at least one entry"),
    ({"at": [[0, 0.1]]}, "probability.at[0]: a list must be a list of four numbers: score, chance, low, high"),
    ({"at": [[0, "0.1", 0, 1]]}, "probability.at[0][1]: '0.1' must be a number"),
    ({"at": [[0, 10, 0, 1]]}, "probability.at[0][1]: 10 must lie within 0 to 1"),
    ({"at": [[101, 0.1, 0, 1]]}, "probability.at[0][0]: 101 must lie within 0 to 100"),
    ({"at": [[0, 0.1, 0.2, 0.3]]}, "probability.at[0]: the chance (0.1) must lie within low and high (0.2 to 0.3)"),
    (
        {"at": [[9, 0.1, 0, 1], [9, 0.2, 0, 1]]},
        "probability.at[1][0]: 9 must be a higher score than the one before (9)",
    ),
    (
        {"at": [[0, 0.2, 0, 1], [9, 0.1, 0, 1]]},
        "probability.at[1][1]: 0.1 must not be less than at a lower score (0.2)",
    ),
    ({"at": [[n / 2, 0.1, 0, 1] for n in range(102)]}, "probability.at: a list must hold at most 101 points"),
    ({"off": 1}, "probability.off: 1 stands under an unknown key; did you mean 'of'?"),
]


@pytest.mark.parametrize(("changed", "sentence"), MISTAKES, ids=[sentence[:60] for _, sentence in MISTAKES])
def test_a_mistake_is_told_with_its_place_the_value_and_the_reason(changed: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ModelError) as refusal:
        read(SAMPLE | changed)
    assert str(refusal.value).startswith(sentence)


def test_what_may_only_rise_or_fall_is_kept_for_who_learns_the_next_model() -> None:
    model = parse_model(
        {"name": "s", "version": 1, "learning": {"monotone": {"employees": "up", "age": "down"}}} | RULES
    )
    assert model.monotone == {"employees": Direction.UP, "age": Direction.DOWN}
    with pytest.raises(ModelError, match=r"learning\.monotone\.age: 'sideways' must be one of up, down"):
        parse_model({"name": "s", "version": 1, "learning": {"monotone": {"age": "sideways"}}} | RULES)


@pytest.mark.parametrize(
    ("text", "remark"),
    [
        (
            "[probability]\nof = 'sql'\noutcomes = 34\nat = [[0, 0.1, 0, 1], [100, 0.9, 0, 1]]",
            "probability.outcomes: 34",
        ),
        ("[probability]\nof = 'sql'\noutcomes = 400\nat = [[35, 0.4, 0, 1]]", "probability.at: ends at 35"),
        (
            "[probability]\nof = 'sql'\noutcomes = 400\nat = [[0, 0.0, 0, 0.1], [100, 0.2, 0.1, 0.3]]",
            "expected_conversion.mql: you expect 0.4, but the chance beside the scores of an MQL is 0.12 to 0.16",
        ),
        ("[learning]\nmonotone = { visits = 'up' }", "learning.monotone.visits: no rule reads visits"),
        ("[learning]\nmonotone = { persona = 'up' }", "learning.monotone.persona: persona is a word"),
    ],
)
def test_what_is_allowed_but_hardly_meant_is_remarked(text: str, remark: str) -> None:
    found = remarks(read_model(f"{default_model_toml()}\n{text}\n"))
    assert [one for one in found if one.startswith(remark)], found
