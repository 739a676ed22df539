"""What holds for every model and every lead."""

import json
import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from domain.rules.facts import Attribute, LeadFacts, Touch
from domain.rules.scoring import (
    Contribution,
    Group,
    Score,
    default_model_toml,
    ledger_from_json,
    ledger_to_json,
    parse_model,
    read_model,
    score,
)
from tests.conftest import HEAVY_LAW, LAW
from tests.rules.scoring_strategies import NOW, anything_in_json, caps, leads, models, odd_leads, touches

DEFAULT = read_model(default_model_toml())


def holds_together(result: Score) -> None:
    assert sum(row.points for row in result.ledger) == result.total
    assert 0 <= result.total <= 100
    for group, points in ((Group.FIT, result.fit), (Group.INTENT, result.intent), (Group.NEGATIVE, result.negative)):
        assert sum(row.points for row in result.ledger if row.group is group) == points
    for row in result.ledger:
        assert abs(row.raw * row.decay - row.cap_cut - row.points) <= 0.5 + 1e-6
        assert 0 <= row.decay <= 1
        assert math.copysign(1, row.raw) * row.cap_cut >= -1e-9


@LAW
@given(models(), st.one_of(leads, odd_leads), st.randoms(use_true_random=False))
def test_the_ledger_adds_up_to_a_score_within_0_and_100_and_the_order_in_which_touches_came_decides_nothing(
    data: dict[str, Any], lead: LeadFacts, chance: Any
) -> None:
    model = parse_model(data)
    result = score(model, lead, NOW)
    holds_together(result)
    shuffled = list(lead.touches)
    chance.shuffle(shuffled)
    assert score(model, LeadFacts(lead.attributes, shuffled), NOW) == result
    assert score(parse_model(data), lead, NOW) == result


@given(st.dictionaries(st.sampled_from(list(Attribute)), anything_in_json))
def test_the_model_we_ship_takes_attributes_of_any_type(attributes: dict[str, Any]) -> None:
    holds_together(score(DEFAULT, LeadFacts(attributes), NOW))


@HEAVY_LAW
@given(models(negative_touches=False), leads, st.floats(0, 200))
def test_no_score_rises_merely_because_time_passes_unless_something_bad_fades(
    data: dict[str, Any], lead: LeadFacts, days: float
) -> None:
    known = LeadFacts(lead.attributes, [touch for touch in lead.touches if touch.occurred_at <= NOW])
    before, later = (score(parse_model(data), known, NOW + timedelta(days=more)) for more in (0, days))
    assert later.intent <= before.intent
    assert later.fit <= before.fit
    assert later.total <= before.total


@given(models(), leads, touches, st.floats(0.001, 100))
def test_one_more_touch_later_than_the_others_never_lowers_fit_or_intent(
    data: dict[str, Any], lead: LeadFacts, touch: Touch, days: float
) -> None:
    newest = max((one.occurred_at for one in lead.touches), default=NOW)
    more = replace(touch, occurred_at=newest + timedelta(days=days))
    without, with_it = (
        score(parse_model(data), LeadFacts(lead.attributes, known), more.occurred_at)
        for known in (lead.touches, [*lead.touches, more])
    )
    assert with_it.fit >= without.fit
    assert with_it.intent >= without.intent


@given(models(), leads, touches)
def test_one_more_touch_of_any_time_never_lowers_fit_or_intent_where_no_day_is_capped(
    data: dict[str, Any], lead: LeadFacts, more: Touch
) -> None:
    model = parse_model(
        data | {"caps": {name: cap for name, cap in data["caps"].items() if name != "per_kind_per_day"}}
    )
    without = score(model, lead, NOW)
    with_it = score(model, LeadFacts(lead.attributes, [*lead.touches, more]), NOW)
    assert with_it.fit >= without.fit
    assert with_it.intent >= without.intent


@given(models(negative_touches=False), leads, touches, st.floats(0, 90))
def test_a_touch_that_was_longer_ago_never_brings_more(
    data: dict[str, Any], lead: LeadFacts, touch: Touch, days: float
) -> None:
    assume(touch.occurred_at <= NOW)
    model = parse_model(data)
    newer, older = (
        score(
            model,
            LeadFacts(lead.attributes, [replace(touch, occurred_at=touch.occurred_at - timedelta(days=more))]),
            NOW,
        )
        for more in (0, days)
    )
    assert older.fit <= newer.fit
    assert older.intent <= newer.intent
    assert older.total <= newer.total


def _lowered(data: dict[str, Any], other: dict[str, Any], rule_cap: int) -> dict[str, Any]:
    """The same model with each cap at most what `other` has, and each rule's cap at most `rule_cap`."""
    lower: dict[str, Any] = {
        group: min(data["caps"].get(group, 100), other.get(group, 100))
        for group in ("fit", "intent", "negative", "total")
    }
    kinds = data["caps"].get("per_kind_per_day", {})
    lower["per_kind_per_day"] = {
        kind: min(cap, other.get("per_kind_per_day", {}).get(kind, cap)) for kind, cap in kinds.items()
    }
    groups = {
        group: {
            "rules": [rule | ({"cap": min(rule["cap"], rule_cap)} if "cap" in rule else {}) for rule in part["rules"]]
        }
        for group, part in data.items()
        if group in {"fit", "intent", "negative"}
    }
    return data | groups | {"caps": lower}


@HEAVY_LAW
@given(models(), leads, caps, st.integers(1, 40))
def test_a_higher_cap_never_brings_fewer_points(
    data: dict[str, Any], lead: LeadFacts, other: dict[str, Any], rule_cap: int
) -> None:
    higher, lower = (score(parse_model(one), lead, NOW) for one in (data, _lowered(data, other, rule_cap)))
    assert lower.fit <= higher.fit
    assert lower.intent <= higher.intent
    assert lower.negative >= higher.negative


@given(models(), leads, st.integers(-720, 720))
def test_a_score_does_not_hang_on_the_time_zone_in_which_its_times_are_told(
    data: dict[str, Any], lead: LeadFacts, minutes: int
) -> None:
    zone = timezone(timedelta(minutes=minutes))
    moved = [replace(touch, occurred_at=touch.occurred_at.astimezone(zone)) for touch in lead.touches]
    model = parse_model(data)
    assert score(model, LeadFacts(lead.attributes, moved), NOW.astimezone(zone)) == score(model, lead, NOW)


@given(models(), leads)
def test_a_ledger_comes_back_from_storage_as_it_was(data: dict[str, Any], lead: LeadFacts) -> None:
    ledger = score(parse_model(data), lead, NOW).ledger
    stored = json.loads(json.dumps(ledger_to_json(ledger)))
    assert ledger_from_json(stored) == ledger
    assert all(isinstance(row, Contribution) and isinstance(row.group, Group) for row in ledger_from_json(stored))


def test_midnight_of_utc_parts_the_days_of_a_cap_to_the_microsecond() -> None:
    rule = {"id": "it", "label": "It", "points": 10, "when": {"touch": "seen"}}
    capped = parse_model(
        {"name": "s", "version": 1, "intent": {"rules": [rule]}, "caps": {"per_kind_per_day": {"seen": 10}}}
    )
    midnight = datetime(2026, 3, 3, tzinfo=UTC)
    around = [Touch("seen", midnight - timedelta(microseconds=1)), Touch("seen", midnight)]
    after = [Touch("seen", midnight), Touch("seen", midnight + timedelta(microseconds=1))]
    assert [score(capped, LeadFacts({}, touched), NOW).total for touched in (around, after)] == [20, 10]
