from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.rules.scoring import ModelError, parse_model, read_model

RULE = {"id": "a", "label": "A", "points": 5, "when": {"touch": "seen"}}


def with_rule(group: str = "intent", **changed: Any) -> dict[str, Any]:
    return {group: {"rules": [RULE | changed]}}


MISTAKES: Sequence[tuple[dict[str, Any], str]] = [
    (
        {"intent": {"rules": [RULE | {"id": n} for n in "abc"] + [RULE | {"half_life_days": -2}]}},
        "intent.rules[3].half_life_days: -2 must be greater than 0",
    ),
    (with_rule(half_life_days=0), "intent.rules[0].half_life_days: 0 must be greater than 0"),
    (with_rule(half_life_days="30"), "intent.rules[0].half_life_days: '30' must be a number"),
    (
        with_rule(half_lifes=3),
        "intent.rules[0].half_lifes: 3 stands under an unknown key; did you mean 'half_life_days'?",
    ),
    (with_rule(points=0), "intent.rules[0].points: 0 must be greater than 0"),
    (with_rule(points=101), "intent.rules[0].points: 101 must be at most 100"),
    (with_rule(points=True), "intent.rules[0].points: true must be a number"),
    (with_rule(points=float("nan")), "intent.rules[0].points: nan must be a number between -1000000000 and 1000000000"),
    (
        with_rule(points=1 << 20_000),
        "intent.rules[0].points: a number of very many digits must be a number between -1000000000 and 1000000000",
    ),
    (with_rule(cap=2.5), "intent.rules[0].cap: 2.5 must be a whole number"),
    (with_rule(label=""), "intent.rules[0].label: '' must not be empty"),
    (with_rule(label="a\x00"), "intent.rules[0].label: 'a\\x00' must hold no control characters"),
    (with_rule(id=["a"]), "intent.rules[0].id: a list must be text"),
    (with_rule(when={"touch": 5}), "intent.rules[0].when.touch: 5 must be a kind of touch or a list of kinds"),
    (with_rule(when={"touch": ["seen", 5]}), "intent.rules[0].when.touch[1]: 5 must be text"),
    (
        with_rule(when={"touch": "seen", "pages": "/"}),
        "intent.rules[0].when.pages: '/' stands under an unknown key; did you mean 'page'?",
    ),
    (
        with_rule(when={"attribute": "n"}),
        "intent.rules[0].when: needs one of equals, in, not_in, at_least, at_most, contains, exists",
    ),
    (with_rule(when={"attribute": "n", "at_least": "5"}), "intent.rules[0].when.at_least: '5' must be a number"),
    (
        with_rule(when={"attribute": "n", "in": []}),
        "intent.rules[0].when.in: an empty list must hold at least one entry",
    ),
    (
        with_rule(when={"attribute": "n", "in": [{}]}),
        "intent.rules[0].when.in[0]: a table must be text, a number, true or false",
    ),
    (
        with_rule(when={"all": [{"touch": "a"}, {"touch": "b"}]}),
        "intent.rules[0].when.all: a list must hold at most one condition on a touch",
    ),
    (
        with_rule(when={"touch": "seen", "attribute": "n", "equals": 1}),
        (
            "intent.rules[0].when.attribute: 'n' must stand beside the touch, in braces of its own: "
            "all = [ { touch = … }, { attribute = … } ]"
        ),
    ),
    (
        with_rule(when={"any": [{"touch": "a"}, {"touch": "b"}]}),
        (
            "intent.rules[0].when.any[0].touch: 'a' may not stand in any, which holds attributes; several kinds are one list: "
            'touch = ["webinar", "chat"]'
        ),
    ),
    (
        with_rule(when={"all": [{"any": [{"attribute": "n", "equals": 1}]}]}),
        "intent.rules[0].when.all[0].any: a list may not stand within another all or any",
    ),
    (
        with_rule(when={"attribute": "n", "equals": ["a", "b"]}),
        "intent.rules[0].when.equals: a list must be one value; several stand under 'in'",
    ),
    (with_rule(when={}), "intent.rules[0].when.attribute: is missing"),
    (with_rule(when="seen"), "intent.rules[0].when: 'seen' must be a table"),
    (
        with_rule("fit", when={"attribute": "n", "exists": True}, cap=5),
        "fit.rules[0].cap: 5 has no meaning for a rule that counts no touches",
    ),
    (with_rule("fit", disqualify=True), "fit.rules[0].disqualify: true may stand only in a negative rule"),
    (with_rule("negative"), "negative.rules[0].points: 5 must be less than 0 in a negative rule"),
    (with_rule("negative", disqualify=True), "negative.rules[0].points: 5 must be 0 or less in a disqualifying rule"),
    (with_rule("fit") | with_rule("intent"), "intent.rules[0].id: 'a' is already the id of an earlier rule"),
    ({"intent": {"rules": 5}}, "intent.rules: 5 must be a list of tables"),
    ({"intent": {"rules": ["x"]}}, "intent.rules[0]: 'x' must be a table"),
    ({"intent": {}}, "fit.rules: is missing, and so are intent.rules and negative.rules"),
    (
        with_rule() | {"thresholds": {"mql": 30}},
        "thresholds.mql: 30 must be greater than mel (40), or the tiers overlap",
    ),
    (with_rule() | {"thresholds": {"hql": 101}}, "thresholds.hql: 101 must be at most 100"),
    (with_rule() | {"thresholds": {"mlq": 50}}, "thresholds.mlq: 50 stands under an unknown key; did you mean 'mql'?"),
    (with_rule() | {"expected_conversion": {"hql": 60}}, "expected_conversion.hql: 60 must be at most 1"),
    (with_rule() | {"caps": {"intent": 101}}, "caps.intent: 101 must be at most 100"),
    (
        with_rule() | {"caps": {"per_kind_per_day": {"page view": -1}}},
        "caps.per_kind_per_day.'page view': -1 must be at least 0",
    ),
    (
        with_rule("fit", when={"attribute": "n", "exists": True}, at_least_times=2),
        "fit.rules[0].at_least_times: 2 has no meaning for a rule that counts no touches",
    ),
    (with_rule(at_least_times=0), "intent.rules[0].at_least_times: 0 must be at least 1"),
    (with_rule(at_least_times=1.5), "intent.rules[0].at_least_times: 1.5 must be a whole number"),
    (with_rule(within_days=-1), "intent.rules[0].within_days: -1 must be greater than 0"),
    (
        with_rule() | {"thresholds": {"mel": 60, "mql": 60}},
        "thresholds.mql: 60 must be greater than mel (60), or the tiers overlap",
    ),
    (with_rule() | {"movement": {"hysteresis": -1}}, "movement.hysteresis: -1 must be at least 0"),
    (with_rule() | {"movement": {"hysteresis": 2.5}}, "movement.hysteresis: 2.5 must be a whole number"),
    (
        with_rule() | {"movement": {"hysteresis": 20}},
        "movement.hysteresis: 20 must be less than the narrowest tier is wide (20 points)",
    ),
    (with_rule() | {"movement": {"jump_points": 0}}, "movement.jump_points: 0 must be at least 1"),
    (with_rule() | {"movement": {"jump_days": 0}}, "movement.jump_days: 0 must be greater than 0"),
    (with_rule() | {"movement": {"jump_days": "7"}}, "movement.jump_days: '7' must be a number"),
    (
        with_rule() | {"movement": {"hysterisis": 3}},
        "movement.hysterisis: 3 stands under an unknown key; did you mean 'hysteresis'?",
    ),
    (with_rule() | {"movement": 3}, "movement: 3 must be a table"),
    (with_rule() | {"version": 1.5}, "version: 1.5 must be a whole number"),
    (with_rule() | {"nmae": "x"}, "nmae: 'x' stands under an unknown key; did you mean 'name'?"),
]


@pytest.mark.parametrize(("data", "sentence"), MISTAKES, ids=[sentence[:60] for _, sentence in MISTAKES])
def test_a_mistake_in_a_model_is_told_with_its_place_the_value_and_the_reason(
    data: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ModelError) as refusal:
        parse_model({"name": "sample", "version": 1} | data)
    assert str(refusal.value) == sentence
    assert sentence.startswith(refusal.value.path)


def test_a_model_that_says_nothing_of_movement_moves_as_usual_within_its_narrowest_tier() -> None:
    usual = parse_model({"name": "sample", "version": 1} | with_rule()).movement
    assert (usual.hysteresis, usual.jump_points, usual.jump_days) == (3, 20, 7)
    narrow = {"thresholds": {"mel": 40, "mql": 42, "hql": 80}}
    assert parse_model({"name": "sample", "version": 1} | with_rule() | narrow).movement.hysteresis == 1


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ('name = "x"\nversion = \n', "line 2, column 11"),
        ('name = "x', "end of document"),
        ("a = " + "[" * 5000, "model"),
    ],
)
def test_a_mistake_of_syntax_is_told_with_its_line(text: str, path: str) -> None:
    with pytest.raises(ModelError) as refusal:
        read_model(text)
    assert refusal.value.path == path


anything = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from([*RULE, "rules", "attribute", "touch", "in", "all", "page", "?"]), inner, max_size=4
        ),
    ),
    max_leaves=12,
)


@given(
    st.dictionaries(st.sampled_from(["name", "version", "thresholds", "caps", "fit", "intent", "negative"]), anything)
)
def test_whatever_stands_in_a_model_it_is_read_or_refused(data: dict[str, Any]) -> None:
    full = {"name": "sample", "version": 1} | data
    try:
        parse_model(full)
    except ModelError as refusal:
        assert ": " in str(refusal)  # noqa: PT017  # either outcome is right
