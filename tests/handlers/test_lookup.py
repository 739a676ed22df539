"""/lead and /leadhelp in Slack: where a lead stands, what one may do with it, and what one can ask."""

import json
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from bot.ids import Command, Press
from domain.cards import card_view
from domain.rules.lifecycle import HandoffStatus
from domain.rules.scoring import default_model_toml
from domain.tables import Handoff
from domain.verbs import deciding, modelling
from handlers.jobs import reading, transaction
from kit.clock import utcnow
from tests.domain.making import Team, make_lead
from tests.handlers.making import (
    ADA,
    DANA,
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
    work_off,
)

__all__ = ["door", "door_url", "sandbox_process", "slack"]  # fixtures

KIM = "kim@buyer.example.com"


@pytest.fixture
def channel(slack: Outside) -> str:
    return slack.new_channel()


@pytest.fixture
def team(door: httpx.Client, channel: str) -> Team:
    return make_staff(channel)


def asked(door: httpx.Client, text: str, user: str = SAM) -> dict[str, Any]:
    return ask(door, "/lead", text, user)


def buttons(said: dict[str, Any]) -> set[str]:
    blocks = [block for block in said["blocks"] if block["type"] == "actions"]
    return {element["action_id"] for block in blocks for element in block["elements"]}


def shown(said: dict[str, Any]) -> str:
    return json.dumps(said["blocks"], ensure_ascii=False)


def test_a_lead_looks_as_on_its_card_with_its_history_and_a_way_to_the_card(
    door: httpx.Client, team: Team, channel: str
) -> None:
    offer_a_lead()
    work_off("show_card")
    said = asked(door, f"<mailto:{KIM}|{KIM}>")
    words = json.dumps(said["blocks"], ensure_ascii=False)
    assert said["blocks"][0]["type"] == "header"
    assert "So far:" in words
    assert "captured" in words
    assert "offered to sales" in words
    assert "Open the card" in words or f"<#{channel}>" in words


def test_only_who_may_act_on_a_lead_gets_its_buttons(door: httpx.Client, team: Team) -> None:
    handoff_id = offer_a_lead()
    with reading() as session:
        mine, other = (SAM, DANA) if session.get_one(Handoff, handoff_id).rep_id == team.sam.id else (DANA, SAM)
    assert Press.ACCEPT in buttons(asked(door, KIM, mine))
    assert Press.ACCEPT in buttons(asked(door, KIM, MORGAN))
    assert buttons(asked(door, KIM, other)) == set()
    assert buttons(asked(door, KIM, ADA)) == set()


def test_a_lead_is_shown_as_it_is_now(door: httpx.Client, team: Team) -> None:
    handoff_id = offer_a_lead()
    with transaction() as session:
        deciding.reject(session, handoff_id, version=2, by=team.morgan, reason="competitor", note=None, now=utcnow())
    assert Press.ACCEPT not in buttons(asked(door, KIM, MORGAN))
    with reading() as session:
        assert session.scalars(select(Handoff.status)).all() == [HandoffStatus.REJECTED]
    assert "disqualified" in json.dumps(asked(door, KIM, MORGAN)["blocks"])


def test_a_lead_that_sales_never_had_is_shown_without_a_card(door: httpx.Client, team: Team) -> None:
    with transaction() as session:
        make_lead(session, ("email_open",), "noa@quiet.example.com", now=utcnow())
    said = asked(door, "noa@quiet.example.com")
    words = json.dumps(said["blocks"])
    assert "nobody of sales has it" in words
    assert buttons(said) == set()


def test_the_chance_beside_a_score_is_told_wherever_the_score_is_if_its_model_has_one(
    door: httpx.Client, team: Team
) -> None:
    at = "at = [[0, 0.05, 0.02, 0.1], [59, 0.05, 0.02, 0.1], [60, 0.34, 0.26, 0.43], [100, 0.34, 0.26, 0.43]]"
    chance = f"[probability]\nof = 'sql'\noutcomes = 412\n{at}\n"
    before = offer_a_lead(email="ali@buyer.example.com")
    with transaction() as session:
        modelling.import_model(session, default_model_toml() + chance, utcnow())
        make_lead(session, ("email_open",), "noa@quiet.example.com", now=utcnow())
    offer_a_lead()
    assert "about 34% become an SQL (26\u201343%)" in shown(asked(door, KIM))
    assert "about 34% become an SQL (26\u201343%)" in shown(ask(door, "/leadwhy", KIM, SAM))
    assert "about 5% become an SQL (2\u201310%)" in shown(asked(door, "noa@quiet.example.com"))
    # Another lead was scored with the model before, which had measured nothing.
    with reading() as session:
        assert card_view(session, before).chance is None


@pytest.mark.parametrize(
    "text", ["buyer.example.com", "<http://buyer.example.com|buyer.example.com>", "@buyer.example.com"]
)
def test_the_leads_of_a_company_are_found_by_its_domain(door: httpx.Client, team: Team, text: str) -> None:
    offer_a_lead()
    offer_a_lead(email="ali@buyer.example.com")
    said = asked(door, text)
    assert said["blocks"][0]["text"]["text"].startswith("Leads of ")
    assert said["blocks"][1]["text"]["text"].count("•") == 2


@pytest.mark.parametrize("text", ["", "kim", f"{KIM} now", "<!channel>", "x" * 3000])
def test_what_is_not_understood_is_answered_with_an_example(door: httpx.Client, team: Team, text: str) -> None:
    assert asked(door, text)["text"] == "I did not understand that. Try for example `/lead name@company.com`."


@pytest.mark.parametrize("text", ["nobody@buyer.example.com", "nowhere.example.com", "a@b@c.example.com"])
def test_who_is_not_known_is_said_not_to_be(door: httpx.Client, team: Team, text: str) -> None:
    assert asked(door, text)["text"].startswith("There is no lead")


def test_a_stranger_finds_nobody(door: httpx.Client, team: Team) -> None:
    offer_a_lead()
    assert asked(door, KIM, GUEST)["text"].startswith("Handoff does not know you as a rep yet.")


def test_help_says_every_command_with_an_example_for_ones_role(door: httpx.Client, team: Team) -> None:
    for user, is_manager in ((SAM, False), (MORGAN, True)):
        words = json.dumps(ask(door, "/leadhelp", "anything", user)["blocks"])
        assert all(f"`{command.value}" in words for command in Command if command is not Command.LEADHELP)
        assert ("For managers" in words) is is_manager


def test_every_example_of_the_help_is_understood(door: httpx.Client, team: Team) -> None:
    offer_a_lead()
    said = ask(door, "/leadhelp", "", MORGAN)["blocks"]
    examples = [part.split("`")[0] for block in said if block["type"] == "section" for part in _quoted(block)]
    assert len(examples) > 8
    for example in examples:
        name, _, text = example.partition(" ")
        answer = ask(door, name, text, MORGAN)["text"]
        assert not answer.startswith("I did not understand"), example


def _quoted(block: dict[str, Any]) -> list[str]:
    return [line[1:] for line in block["text"]["text"].splitlines() if line.startswith("`")]
