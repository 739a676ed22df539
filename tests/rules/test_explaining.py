from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given

from domain.rules.explaining import Explanation, explain
from domain.rules.facts import LeadFacts, Touch, Value
from domain.rules.scoring import Group, default_model_toml, parse_model, read_model, score
from domain.rules.tiers import Tier
from tests.rules.scoring_strategies import NOW, ago, leads, models, odd_leads

DEFAULT = read_model(default_model_toml())
FITTING: dict[str, Value] = {
    "persona": "decision_maker",
    "industry": "software",
    "company_size": "201-1000",
    "seniority": "director",
}


def explained(attributes: dict[str, Value], *touches: Touch) -> Explanation:
    lead = LeadFacts(attributes, touches)
    return explain(DEFAULT, lead, score(DEFAULT, lead, NOW), NOW)


def why(explanation: Explanation, rule: str) -> str:
    return next(one.why for one in explanation.silent if one.rule == rule)


def test_fit_and_intent_stand_apart_with_what_they_may_bring_at_most() -> None:
    found = explained(FITTING, ago(0, "webinar"))
    assert (found.fit.points, found.fit.cap, found.fit.full) == (42, 45, False)
    assert (found.intent.points, found.intent.cap) == (18, 55)
    assert (found.total, found.tier) == (60, Tier.MQL)


def test_what_lifts_is_told_from_the_biggest_and_what_holds_down_from_the_worst() -> None:
    found = explained(FITTING | {"free_mail": True, "role_inbox": True}, ago(0, "webinar"))
    assert [row.rule for row in found.lifts] == ["decision-maker", "webinar", "size-best", "core-industry"]
    assert [row.rule for row in found.holds_down] == ["free-mail", "role-inbox"]


def test_what_disqualifies_is_told_first() -> None:
    found = explained(FITTING | {"free_mail": True, "competitor": True})
    assert [row.rule for row in found.holds_down] == ["competitor", "free-mail"]
    assert found.clamp is not None
    assert found.total == 0


@pytest.mark.parametrize(
    ("touches", "rule", "points", "reason"),
    [
        ([ago(0, "chat"), ago(0, "call")], "talked", 2, "this rule counts 18 points at most"),
        (
            [ago(0, "email_open"), ago(0, "email_open")],
            "email-open",
            1,
            "one kind of touch earns no more on one day",
        ),
        (
            [ago(0, "demo_request"), ago(0, "event_attendance"), ago(0, "webinar")],
            "webinar",
            15,
            "intent counts 55 points at most",
        ),
    ],
)
def test_what_a_cap_cut_is_told_with_the_cap(touches: list[Touch], rule: str, points: float, reason: str) -> None:
    (cut,) = explained({}, *touches).cuts
    assert (cut.rule, round(cut.points, 6), cut.why) == (rule, points, reason)


@pytest.mark.parametrize(
    ("attributes", "rule", "reason"),
    [
        ({}, "sales-region", "country is not known"),
        ({"industry": "unknown"}, "core-industry", "industry is not known"),
        ({"persona": "other"}, "influencer", "persona: other (counts if it is influencer)"),
        ({"technologies": frozenset({"Jira"})}, "uses-crm", "technologies: Jira (counts if it contains salesforce); "),
        ({}, "webinar", "no webinar yet"),
        ({}, "demo-form", "no form submission, whose page contains demo yet"),
        ({}, "email-open", "nothing is left of it"),
    ],
)
def test_a_rule_without_points_says_why(attributes: dict[str, Value], rule: str, reason: str) -> None:
    assert why(explained(attributes, ago(90, "email_open")), rule).startswith(reason)


def test_a_rule_that_waits_says_for_how_many_and_for_how_recent() -> None:
    rule = {"id": "it", "label": "It", "points": 5, "within_days": 7, "at_least_times": 2, "when": {"touch": "chat"}}
    model = parse_model({"name": "s", "version": 1, "intent": {"rules": [rule]}})

    def said(*touches: Touch) -> str:
        lead = LeadFacts({}, touches)
        return explain(model, lead, score(model, lead, NOW), NOW).silent[0].why

    assert said(ago(1, "chat"), ago(8, "chat")) == "1 of the 2 times that it takes"
    assert said(ago(8, "chat")) == "last on 12 Nov 2026, more than 7 days ago"
    assert said(ago(-1, "chat")) == "no chat yet"


def test_a_very_long_value_is_cut_short() -> None:
    assert len(why(explained({"country": "x" * 5000}), "sales-region")) == 300


@given(models(), leads)
def test_an_explanation_has_the_numbers_of_the_ledger_and_leaves_no_rule_out(
    data: dict[str, Any], lead: LeadFacts
) -> None:
    model = parse_model(data)
    result = score(model, lead, NOW)
    found = explain(model, lead, result, NOW)
    assert (found.fit.points, found.intent.points, found.negative.points) == (
        result.fit,
        result.intent,
        result.negative,
    )
    clamp = found.clamp.points if found.clamp else 0
    assert sum(row.points for row in (*found.lifts, *found.holds_down)) + clamp == found.total == result.total
    told = {row.rule for row in (*found.lifts, *found.holds_down)} | {one.rule for one in found.silent}
    assert told >= {rule.id for rule in model.rules if not rule.disqualify}
    assert all(one.why for one in found.silent)
    cuts = {row.rule: abs(row.cap_cut) for row in result.ledger if row.group is not Group.CLAMP}
    assert {cut.rule: cut.points for cut in found.cuts} == {rule: cut for rule, cut in cuts.items() if cut >= 0.05}


@given(models(), odd_leads)
def test_whatever_a_lead_holds_its_score_can_be_explained(data: dict[str, Any], lead: LeadFacts) -> None:
    model = parse_model(data)
    found = explain(model, lead, score(model, lead, NOW), NOW + timedelta(0))
    assert all(len(one.why) <= 300 for one in found.silent)
