"""The answer to `/leadwhy` obeys Slack, whatever the lead wrote."""

from datetime import timedelta

import pytest

from bot.limits import check_message
from bot.why import not_scored, why_message
from domain.rules.explaining import explain
from domain.rules.facts import LeadFacts, Touch, Value
from domain.rules.lifecycle import Stage
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
