from typing import Any

import pytest
from hypothesis import given

from domain.rules.facts import LeadFacts
from domain.rules.model_diff import Kind, diff
from domain.rules.scoring import default_model_toml, parse_model, read_model, score
from tests.rules.scoring_strategies import NOW, caps, leads, models

DEFAULT = default_model_toml()


def words(old: str, new: str) -> list[str]:
    """What changes when this text of the default model is another."""
    assert old in DEFAULT
    return [change.words for change in diff(read_model(DEFAULT), read_model(DEFAULT.replace(old, new, 1)))]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("points = 32", "points = 30", "demo-request (Asked for a demo): points 32 -> 30"),
        (
            'label = "Asked for a demo"\npoints = 32\nhalf_life_days = 45\ncap = 36',
            'label = "Wants a demo"\npoints = 32',
            "demo-request (Wants a demo): label 'Asked for a demo' -> 'Wants a demo'; cap 36 -> none; half-life 45 days -> none",
        ),
        ("mql = 60", "mql = 55", "thresholds.mql 60 -> 55"),
        ("hql = 0.6", "hql = 0.65", "expected_conversion.hql 0.6 -> 0.65"),
        ("hql = 0.6", "", "expected_conversion.hql was 0.6, there is none any more"),
        ("page_view = 3", "page_view = 3\nchat = 5", "caps.per_kind_per_day.chat is 5, there was none"),
        ("negative = 60", "negative = 50", "caps.negative 60 -> 50"),
        ("[thresholds]", "[movement]\nhysteresis = 5\n[thresholds]", "movement.hysteresis 3 -> 5"),
        (
            'equals = "student" }',
            'in = ["student", "intern"] }',
            "student (Student or intern): when (seniority is student) -> (seniority is one of student, intern)",
        ),
        (
            'when = { touch = "webinar" }',
            'within_days = 90\nat_least_times = 2\nwhen = { touch = ["webinar", "call"] }',
            "webinar (Attended a webinar): when (webinar) -> (call or webinar); window none -> 90 days; least times 1 -> 2",
        ),
    ],
)
def test_a_change_is_said_in_words(old: str, new: str, said: str) -> None:
    assert words(old, new) == [said]


CHANCE = "[probability]\nof = 'sql'\noutcomes = 412\nat = [[0, 0.1, 0.0, 0.2], [100, 0.6, 0.5, 0.7]]\n"


def test_a_chance_that_comes_changes_or_goes_is_a_change() -> None:
    without, with_it = read_model(DEFAULT), read_model(DEFAULT + CHANCE)
    other = read_model(DEFAULT + CHANCE.replace("412", "1412").replace("0.6", "0.7"))
    measured = "how many become an SQL, measured on"
    was = f"{measured} 412; 10.0% at 0, 30.0% at 40, 40.0% at 60, 50.0% at 80"
    assert [one.words for one in diff(without, with_it)] == [f"a chance stands beside the score: {was}"]
    assert [one.words for one in diff(with_it, other)] == [
        f"the chance beside the score: {was} -> {measured} 1,412; 10.0% at 0, 34.0% at 40, 46.0% at 60, 58.0% at 80"
    ]
    assert [one.kind for one in diff(other, without)] == [Kind.REMOVED]


def test_what_a_learnt_model_may_do_with_an_attribute_is_a_change() -> None:
    old, new = (read_model(f"{DEFAULT}[learning]\nmonotone = {{ employees = '{way}' }}\n") for way in ("up", "down"))
    assert [one.words for one in diff(old, new)] == ["learning.monotone.employees up -> down"]


def test_a_rule_with_another_id_is_one_that_came_and_one_that_went() -> None:
    assert words('id = "webinar"', 'id = "seminar"') == [
        "new rule seminar (Attended a webinar): +18 points when webinar",
        "no rule any more webinar (Attended a webinar): +18 points when webinar",
    ]


def test_a_number_in_place_of_the_same_text_is_a_change() -> None:
    def asking(value: object) -> Any:
        when = {"attribute": "n", "equals": value}
        return parse_model(
            {"name": "s", "version": 1, "fit": {"rules": [{"id": "a", "label": "A", "points": 1, "when": when}]}}
        )

    assert [change.kind for change in diff(asking(1), asking("1"))] == [Kind.CHANGED]
    assert [change.kind for change in diff(asking(1), asking(True))] == [Kind.CHANGED]


@given(models())
def test_a_model_does_not_differ_from_itself(data: dict[str, Any]) -> None:
    assert diff(parse_model(data), parse_model(data)) == []


@given(models(), caps, leads)
def test_where_caps_make_another_score_there_is_a_difference(
    data: dict[str, Any], other: dict[str, Any], lead: LeadFacts
) -> None:
    old, new = parse_model(data), parse_model(data | {"caps": other})
    assert diff(old, new) or score(old, lead, NOW) == score(new, lead, NOW)
    assert all(change.place.startswith("caps.") for change in diff(old, new))
