"""/leadwhy in Slack: why the score, what would change it, who gets the lead."""

import json
from typing import Any

import httpx
import pytest

from domain.rules.tiers import Tier
from domain.tables import Handoff
from domain.verbs import deciding, staffing
from domain.verbs.nurturing import enrol
from handlers.jobs import transaction
from kit.clock import utcnow
from tests.domain.making import HQL, Team, make_lead, take
from tests.handlers.making import (
    GUEST,
    MORGAN,
    SAM,
    Outside,
    ask,
    door,
    door_url,
    make_staff,
    offer_a_lead,
    sandbox_process,
    slack,
)

__all__ = ["door", "door_url", "sandbox_process", "slack"]  # fixtures

KIM = "kim@buyer.example.com"


@pytest.fixture
def team(door: httpx.Client, slack: Outside) -> Team:
    return make_staff("C0SDREMEA01")


def asked(door: httpx.Client, text: str, user: str = SAM) -> dict[str, Any]:
    return ask(door, "/leadwhy", text, user)


def seen(said: dict[str, Any]) -> str:
    return json.dumps(said["blocks"], ensure_ascii=False)


@pytest.mark.parametrize(
    "typed", [KIM, " KIM@Buyer.Example.com ", f"<mailto:{KIM}|{KIM}>", "kim+news@buyer.example.com"]
)
def test_a_lead_is_found_however_its_address_is_written(door: httpx.Client, team: Team, typed: str) -> None:
    offer_a_lead()
    assert "Why MQL 77" in seen(asked(door, typed))


def test_the_score_adds_up_in_front_of_whoever_asks(door: httpx.Client, team: Team) -> None:
    offer_a_lead()
    said = seen(asked(door, KIM))
    assert "Fit *45* (of 45 at most)  +  Intent *32* (of 55 at most)  =  *77*" in said
    assert "`+32` Asked for a demo" in said
    assert "Did not count:" in said


def test_it_says_what_would_make_it_an_hql_and_when_it_is_no_mql_any_more(door: httpx.Client, team: Team) -> None:
    offer_a_lead()
    said = seen(asked(door, KIM))
    assert "What would make it an HQL" in said
    assert "→ *80*" in said
    assert "If nothing happens:" in said
    assert "no MQL any more from" in said


def test_it_says_who_got_it_who_came_next_and_who_was_passed_over_why(door: httpx.Client, team: Team) -> None:
    with transaction() as session:
        staffing.step_away(session, "sam.sample@example.com", utcnow())
    offer_a_lead()
    said = seen(asked(door, KIM, MORGAN))
    assert "Who got it:*  Dana Demo, pool *SDR* by rule 1 of the territories; the handoff is offered" in said
    assert "Passed over: Sam Sample (is away)" in said


def test_of_a_lead_in_nurture_it_says_who_would_get_it(door: httpx.Client, team: Team) -> None:
    with transaction() as session:
        lead = make_lead(session, ("content_download",), now=utcnow())
        enrol(session, lead.id, utcnow())
    said = seen(asked(door, KIM))
    assert "What would make it an MQL" in said
    assert "Who would get it as a lead for SDRs:*  Sam Sample would be asked, pool *SDR*" in said
    assert "Next in turn: Dana Demo" in said


def test_of_a_lead_that_was_given_back_it_says_who_would_get_it_next_and_why_not_the_same(
    door: httpx.Client, team: Team
) -> None:
    handoff_id = offer_a_lead()
    with transaction() as session:
        now = utcnow()
        deciding.reject(session, handoff_id, version=2, by=team.sam, reason="not_ready", note=None, now=now)
        enrol(session, session.get_one(Handoff, handoff_id).lead_id, now)
    said = seen(asked(door, KIM))
    assert "Dana Demo would be asked" in said
    assert "Passed over: Sam Sample (rejected this lead before)" in said


def test_a_tier_that_is_only_still_held_is_what_has_to_be_reached_again(door: httpx.Client, team: Team) -> None:
    with transaction() as session:
        lead = make_lead(session, ("content_download",), now=utcnow())
        enrol(session, lead.id, utcnow())
        lead.tier = Tier.MQL
    assert "What would make it an MQL" in seen(asked(door, KIM))


def test_of_a_lead_that_is_disqualified_it_says_what_stands_in_the_way(door: httpx.Client, team: Team) -> None:
    with transaction() as session:
        make_lead(session, (*HQL, "unsubscribe"), now=utcnow())
    said = seen(asked(door, KIM))
    assert "Nothing, as long as this stands: Does not want to hear from us" in said
    assert "(Disqualified: Does not want to hear from us)  =  *0*" in said


def test_of_the_best_there_is_no_next_tier(door: httpx.Client, team: Team) -> None:
    offer_a_lead(HQL)
    assert "What would make it" not in seen(asked(door, KIM))


def test_a_lead_without_a_score_has_none_to_explain(door: httpx.Client, team: Team) -> None:
    with transaction() as session:
        take(session, now=utcnow())
    assert "is not scored yet" in seen(asked(door, KIM))


@pytest.mark.parametrize("typed", ["", "kim", "kim@buyer.example.com now", "<mailto:|>"])
def test_a_question_that_is_none_gets_an_example(door: httpx.Client, team: Team, typed: str) -> None:
    assert "/leadwhy name@company.com" in asked(door, typed)["text"]


@pytest.mark.parametrize(
    "typed", ["nobody@buyer.example.com", "kim@", "@@", "'; drop table leads;--@x.example.com".replace(" ", "")]
)
def test_who_is_no_lead_is_said_to_be_none(door: httpx.Client, team: Team, typed: str) -> None:
    assert asked(door, typed)["text"] == "There is no lead with this e-mail address."


def test_a_stranger_learns_nothing(door: httpx.Client, team: Team) -> None:
    offer_a_lead()
    assert "does not know you" in asked(door, KIM, GUEST)["text"]
