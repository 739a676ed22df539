"""Any model that the file's grammar allows, and any lead, for laws that must hold for all of them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import assume
from hypothesis import strategies as st

from domain.rules.facts import LeadFacts, Touch

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
KINDS = ["page_view", "webinar", "chat"]
NAMES = ["n", "word", "many", "other"]
WORDS = ["a", "B", "ab", "straße"]

plain = st.one_of(st.integers(0, 4), st.sampled_from(WORDS), st.booleans(), st.sampled_from([0.5, 1.0, 1e9]))
value_tests: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.builds(lambda low: {"at_least": low}, st.integers(0, 3)),
    st.builds(lambda low, more: {"at_least": low, "at_most": low + more}, st.integers(0, 3), st.integers(0, 3)),
    st.builds(lambda value: {"equals": value}, plain),
    st.builds(lambda values: {"in": values}, st.lists(plain, min_size=1, max_size=3)),
    st.builds(lambda values: {"not_in": values}, st.lists(plain, min_size=1, max_size=3)),
    st.builds(lambda word: {"contains": word}, st.sampled_from(WORDS)),
    st.builds(lambda known: {"exists": known}, st.booleans()),
)
attribute_conditions = st.builds(lambda name, test: {"attribute": name} | test, st.sampled_from(NAMES), value_tests)
conditions: st.SearchStrategy[dict[str, Any]] = st.one_of(
    attribute_conditions,
    st.builds(lambda parts: {"any": parts}, st.lists(attribute_conditions, min_size=1, max_size=2)),
    st.builds(lambda parts: {"all": parts}, st.lists(attribute_conditions, min_size=1, max_size=2)),
)
single_touch_conditions: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.builds(lambda kind: {"touch": kind}, st.sampled_from([*KINDS, "*", ["chat", "webinar"]])),
    st.builds(
        lambda page: {"touch": "page_view", "page": page}, st.sampled_from(["/", ["/", "/b"], {"contains": "b"}])
    ),
)
touch_conditions = st.one_of(
    single_touch_conditions,
    st.builds(lambda touch, part: {"all": [touch, part]}, single_touch_conditions, attribute_conditions),
)
sizes = st.one_of(st.integers(1, 60), st.floats(0.1, 60))


def rules_of(sign: int, *, touches: bool = True) -> st.SearchStrategy[list[dict[str, Any]]]:
    points = sizes.map(lambda size: sign * size)
    about_facts = st.fixed_dictionaries({"points": points, "when": conditions})
    about_touches = st.fixed_dictionaries(
        {"points": points, "when": touch_conditions},
        optional={
            "cap": st.integers(1, 40),
            "half_life_days": st.floats(0.5, 90),
            "within_days": st.integers(1, 60),
            "at_least_times": st.integers(1, 3),
        },
    )
    return st.lists(st.one_of(about_facts, about_touches) if touches else about_facts, max_size=4)


day_caps = st.dictionaries(st.sampled_from([*KINDS, "*"]), st.integers(0, 30))
caps = st.fixed_dictionaries(
    {},
    optional={
        "fit": st.integers(0, 100),
        "intent": st.integers(0, 100),
        "negative": st.integers(0, 100),
        "total": st.integers(1, 100),
        "per_kind_per_day": day_caps,
    },
)


@st.composite
def models(draw: st.DrawFn, *, negative_touches: bool = True) -> dict[str, Any]:
    data: dict[str, Any] = {"name": "sample", "version": 1, "caps": draw(caps)}
    for group, sign in (("fit", 1), ("intent", 1), ("negative", -1)):
        rules = draw(rules_of(sign, touches=sign > 0 or negative_touches))
        data[group] = {"rules": [{"id": f"{group}{n}", "label": f"{group} {n}"} | rule for n, rule in enumerate(rules)]}
    if draw(st.booleans()):
        data["negative"]["rules"].append({"id": "out", "label": "Out", "disqualify": True, "when": draw(conditions)})
    assume(any(data[group]["rules"] for group in ("fit", "intent", "negative")))
    return data


def ago(days: float, kind: str, **details: str | None) -> Touch:
    return Touch(kind, NOW - timedelta(days=days), **details)


touches = st.builds(
    ago,
    st.one_of(st.integers(0, 5), st.floats(-3, 120)),
    st.sampled_from([*KINDS, "unheard-of"]),
    page=st.sampled_from([None, "", "/", "/B"]),
    content=st.sampled_from([None, "Guide"]),
)
some_touches = st.lists(touches, max_size=8)
attribute_values: st.SearchStrategy[Any] = st.one_of(
    plain, st.frozensets(st.sampled_from(WORDS), max_size=2), st.none(), st.sampled_from(["", "A", "x"])
)
"""What a lead may have under a name, of whatever type."""
leads = st.builds(LeadFacts, st.dictionaries(st.sampled_from(NAMES), attribute_values), some_touches)
anything_in_json: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=3), inner, max_size=2)),
    max_leaves=5,
)
odd_leads = st.builds(
    LeadFacts,
    st.dictionaries(
        st.sampled_from(NAMES),
        st.one_of(anything_in_json, st.frozensets(st.one_of(st.text(), st.integers()), max_size=3)),
    ),
    some_touches,
)
"""Leads with attributes of types that no rule expects."""
