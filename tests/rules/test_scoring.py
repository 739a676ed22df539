from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.rules.facts import LeadFacts, Touch, Value
from domain.rules.scoring import (
    Group,
    Model,
    Score,
    default_model_toml,
    parse_model,
    read_model,
    score,
    top_reasons,
)
from domain.rules.tiers import Tier, tier_of

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
DEFAULT = read_model(default_model_toml())
FITTING: dict[str, Value] = {"industry": "software", "company_size": "201-1000", "company_present": True}


def ago(days: float, kind: str, **details: str) -> Touch:
    return Touch(kind, NOW - timedelta(days=days), **details)


def tier(attributes: dict[str, Value], *touches: Touch) -> Tier:
    return tier_of(score(DEFAULT, LeadFacts(attributes, touches), NOW).total, DEFAULT.thresholds)


def model(*intent: dict[str, Any], **more: Any) -> Model:
    """A model of intent rules; `touch` and what else a test does not name are filled in."""
    rules = [
        {"id": f"rule{n}", "label": "Did it", "points": 10, "when": {"touch": "seen"}} | rule
        for n, rule in enumerate(intent)
    ]
    return parse_model({"name": "sample", "version": 1, "intent": {"rules": rules}} | more)


def scored(with_model: Model, *touches: Touch, **attributes: Value) -> Score:
    return score(with_model, LeadFacts(attributes, touches), NOW)


def fit_rule(when: dict[str, Any]) -> Model:
    rules = [{"id": "it", "label": "It", "points": 10, "when": when}]
    return parse_model({"name": "sample", "version": 1, "fit": {"rules": rules}})


# ---- decay and caps -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("days", "points"), [(0, 40), (30, 20), (60, 10), (90, 5)])
def test_points_halve_with_each_half_life(days: int, points: int) -> None:
    assert scored(model({"points": 40, "half_life_days": 30}), ago(days, "seen")).intent == points


def test_a_touch_later_than_the_moment_of_scoring_is_not_known_yet() -> None:
    assert scored(model({}), ago(-0.001, "seen")).total == 0
    assert scored(model({}), ago(0, "seen")).total == 10


def test_a_touch_older_than_its_window_does_not_count() -> None:
    assert scored(model({"within_days": 7}), ago(8, "seen"), ago(6, "seen")).total == 10


def test_the_cap_of_a_rule_holds_and_the_row_shows_what_it_cut() -> None:
    row = scored(model({"cap": 25}), ago(1, "seen"), ago(2, "seen"), ago(3, "seen")).ledger[0]
    assert (row.raw, row.decay, row.cap_cut, row.points) == (30, 1.0, 5, 25)


def test_one_kind_earns_no_more_on_one_day_than_its_cap_whichever_rules_it_meets() -> None:
    two_rules = model({}, {}, caps={"per_kind_per_day": {"seen": 15}})
    assert scored(two_rules, ago(0, "seen")).total == 15
    assert scored(two_rules, ago(0, "seen"), ago(0.01, "seen")).total == 15
    assert scored(two_rules, ago(0, "seen"), ago(1, "seen")).total == 30


def test_a_cap_for_every_kind_holds_where_no_kind_is_named() -> None:
    both = model({"when": {"touch": "*"}}, caps={"per_kind_per_day": {"*": 12, "chat": 20}})
    assert scored(both, ago(0, "seen"), ago(0.01, "seen")).total == 12
    assert scored(both, ago(0, "chat"), ago(0.01, "chat")).total == 20


def test_the_cap_of_a_group_takes_from_the_rows_that_come_last() -> None:
    capped = scored(model({}, {}, {}, caps={"intent": 25}), ago(0, "seen"))
    assert [row.points for row in capped.ledger] == [10, 10, 5]
    assert [row.cap_cut for row in capped.ledger] == [0, 0, 5]


def test_what_exceeds_the_whole_is_taken_off_by_a_row_of_its_own() -> None:
    result = scored(model({"points": 60}, {"points": 60}, caps={"total": 90}), ago(0, "seen"))
    assert (result.total, result.ledger[-1].group, result.ledger[-1].points) == (90, Group.CLAMP, -10)


def test_what_falls_below_zero_is_put_back_by_a_row_of_its_own() -> None:
    against = {"rules": [{"id": "no", "label": "No", "points": -30, "when": {"attribute": "student", "equals": True}}]}
    result = scored(model({}, negative=against), ago(0, "seen"), student=True)
    assert (result.intent, result.negative, result.total, result.ledger[-1].points) == (10, -30, 0, 20)


def test_a_disqualified_lead_is_pulled_to_zero_by_a_row_that_says_why() -> None:
    rival = {"id": "rival", "label": "Rival", "disqualify": True, "when": {"attribute": "rival", "equals": True}}
    result = scored(model({}, negative={"rules": [rival]}), ago(0, "seen"), rival=True)
    assert (result.total, result.intent, result.disqualified_by) == (0, 10, "rival")
    assert result.ledger[-1].label == "Disqualified: Rival"
    assert scored(model({}, negative={"rules": [rival]}), ago(0, "seen")).disqualified_by is None


# ---- conditions -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("when", "yes", "no"),
    [
        ({"equals": "Software"}, "software", "softwares"),
        ({"equals": True}, True, 1),
        ({"equals": 1}, 1.0, True),
        ({"in": ["DE", "at"]}, "AT", "CH"),
        ({"in": ["hubspot"]}, frozenset({"HubSpot", "Jira"}), frozenset({"Jira"})),
        ({"not_in": ["DE", "AT"]}, "CH", "de"),
        ({"at_least": 51}, 51, 50.9),
        ({"at_most": 200}, 200, 201),
        ({"at_least": 51, "at_most": 200}, 100, 300),
        ({"at_least": 0}, 0, True),
        ({"at_least": 0}, 5, "5"),
        ({"contains": "sales"}, "Head of Sales", "Head of IT"),
        ({"contains": "sap"}, frozenset({"SAP"}), frozenset({"sapphire"})),
        ({"exists": True}, "x", ""),
        ({"exists": False}, frozenset(), 0),
    ],
)
def test_a_condition_on_an_attribute(when: dict[str, Any], yes: Value, no: Value) -> None:
    tested = fit_rule({"attribute": "it"} | when)
    assert scored(tested, it=yes).fit == 10
    assert scored(tested, it=no).fit == 0


@pytest.mark.parametrize("when", [{"not_in": ["DE"]}, {"at_most": 9}, {"equals": False}, {"exists": True}])
def test_what_is_not_known_is_no_evidence(when: dict[str, Any]) -> None:
    assert scored(fit_rule({"attribute": "it"} | when)).ledger == ()


def test_all_conditions_must_hold_and_of_any_one_suffices() -> None:
    parts = [{"attribute": "a", "equals": 1}, {"attribute": "b", "equals": 2}]
    assert [scored(fit_rule({"all": parts}), a=1, b=b).fit for b in (2, 3)] == [10, 0]
    assert [scored(fit_rule({"any": parts}), a=a, b=3).fit for a in (1, 0)] == [10, 0]


@pytest.mark.parametrize(
    ("when", "counted"),
    [
        ({"touch": "page_view"}, 3),
        ({"touch": ["page_view", "chat"]}, 4),
        ({"touch": "*"}, 4),
        ({"touch": "page_view", "page": "/pricing"}, 1),
        ({"touch": "page_view", "page": ["/pricing", "/"]}, 2),
        ({"touch": "page_view", "page": {"contains": "PRICING"}}, 1),
        ({"touch": "page_view", "campaign": {"in": ["autumn"]}, "channel": "Paid"}, 1),
        ({"touch": "page_view", "content": {"contains": "guide"}}, 0),
    ],
)
def test_a_condition_on_touches_counts_each_that_matches(when: dict[str, Any], counted: int) -> None:
    touches = [
        ago(1, "page_view", page="/"),
        ago(2, "page_view", page="/pricing"),
        ago(3, "page_view", campaign="Autumn", channel="paid"),
        ago(4, "chat"),
    ]
    assert scored(model({"when": when}), *touches).intent == 10 * counted


def test_a_touch_can_be_made_to_count_only_for_some_people() -> None:
    both = model({"when": {"all": [{"touch": "seen"}, {"attribute": "persona", "equals": "decision_maker"}]}})
    assert scored(both, ago(0, "seen"), persona="decision_maker").intent == 10
    assert scored(both, ago(0, "seen"), persona="practitioner").ledger == ()


def test_a_kind_that_we_have_no_word_for_can_be_scored() -> None:
    assert scored(model({"when": {"touch": "trade_fair_coffee"}}), ago(0, "trade_fair_coffee")).intent == 10


# ---- the ledger, in words -------------------------------------------------------------------------------------------


def test_a_row_says_how_often_and_when_and_what() -> None:
    rows = scored(model({}), ago(9, "seen"), ago(2, "seen", content="Buyer's guide")).ledger
    assert rows[0].seen == "2 times, last on 18 Nov 2026, Buyer's guide"


def test_a_row_says_what_the_attributes_were() -> None:
    rows = scored(
        fit_rule({"all": [{"attribute": "company_size", "exists": True}, {"attribute": "ok", "equals": True}]}),
        company_size="51-200",
        ok=True,
    )
    assert rows.ledger[0].seen == "company size: 51-200, ok: yes"


def test_top_reasons_are_the_biggest_up_and_the_worst_down() -> None:
    against = [
        {"id": name, "label": name, "points": points, "when": {"attribute": "x", "exists": True}}
        for name, points in (("small", -1), ("big", -9))
    ]
    result = scored(
        model({"points": 5}, {"points": 30}, {"points": 7}, {"points": 6}, negative={"rules": against}),
        ago(0, "seen"),
        x=1,
    )
    assert [row.points for row in top_reasons(result)] == [30, 7, 6, -9]
    assert [row.points for row in top_reasons(result, 1)] == [30, -9]


def test_a_rule_that_brought_nothing_is_no_reason() -> None:
    assert top_reasons(scored(model({"half_life_days": 1}), ago(60, "seen"))) == []


# ---- how often ------------------------------------------------------------------------------------------------------


def test_a_rule_can_wait_until_something_happened_often_enough_within_its_window() -> None:
    often = model({"at_least_times": 3, "within_days": 7})
    assert scored(often, ago(1, "seen"), ago(2, "seen")).ledger == ()
    assert scored(often, ago(1, "seen"), ago(2, "seen"), ago(8, "seen")).ledger == ()
    assert scored(often, ago(1, "seen"), ago(2, "seen"), ago(3, "seen")).total == 30


def test_a_time_without_a_zone_is_refused_rather_than_guessed() -> None:
    with pytest.raises(TypeError):
        score(model({}), LeadFacts({}, [ago(1, "seen")]), NOW.replace(tzinfo=None))


def test_of_touches_at_one_moment_the_row_names_the_same_one_in_whatever_order_they_came() -> None:
    both = [ago(1, "seen", content="Guide"), ago(1, "seen", content="Survey")]
    assert scored(model({}), *both) == scored(model({}), *reversed(both))
