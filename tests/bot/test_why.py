"""The answer to `/leadwhy` obeys Slack, whatever the lead wrote."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.limits import check_message
from bot.why import not_scored, why_message
from domain.rules.explaining import explain
from domain.rules.facts import LeadFacts, Touch, Value
from domain.rules.lifecycle import Stage
from domain.rules.probability import Chance, Outcome
from domain.rules.scoring import default_model_toml, read_model, score
from domain.rules.tiers import Tier
from domain.rules.what_if import outlook, what_would_make
from domain.tables import Role
from domain.views import LeadView
from domain.why import Routing, Why
from tests.bot.making import ATTACKS, LEAD, slips
from tests.conftest import NOON

MODEL = read_model(default_model_toml())


def a_why(text: str, lead: LeadView = LEAD) -> Why:
    """Of a lead whose every word is `text`."""
    attributes: dict[str, Value] = {
        "persona": "influencer",
        "industry": text,
        "function": text,
        "free_mail": True,
        "country": text,
    }
    touches = [Touch(kind, NOON - timedelta(days=3), text, text, text, text) for kind in ("webinar", "chat", text)]
    facts = LeadFacts(attributes, touches)
    given = score(MODEL, facts, NOON)
    return Why(
        lead=lead,
        stage=Stage.NURTURING,
        tier=Tier.MEL,
        model=text,
        scored_at=NOON,
        explanation=explain(MODEL, facts, given, NOON),
        chance=Chance(0.34, 0.26, 0.43, Outcome.SQL),
        wanted=Tier.MQL,
        paths=what_would_make(MODEL, facts, given, NOON, Tier.MQL),
        outlook=outlook(MODEL, facts, NOON, Tier.MEL),
        routing=Routing(True, Role.SDR, "offered", text, 3, text, [text] * 4, [(text, "away")] * 30),
        rests_until=NOON,
        programme=text,
        advice=None,
    )


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_lead_whose_every_word_is_an_attack_makes_a_harmless_answer(attack: str) -> None:
    for text, blocks in (why_message(a_why(attack)), not_scored(LEAD)):
        check_message(blocks)
        assert slips(blocks) == []
        assert text


def test_the_chance_stands_under_the_sum_and_only_if_the_model_has_one() -> None:
    def words(chance: Chance | None) -> str:
        return str(why_message(replace(a_why("x"), chance=chance))[1][1]["text"]["text"])

    assert words(Chance(0.34, 0.26, 0.43, Outcome.SQL)).endswith("about 34% become an SQL (26\u201343%)")
    assert words(Chance(0.12, 0.08, 0.17, Outcome.WON)).endswith("about 12% are won (8\u201317%)")
    assert "about" not in words(None)
