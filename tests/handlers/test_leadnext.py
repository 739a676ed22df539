"""/leadnext in Slack: who is next, who is passed over, and for managers how fair it has been."""

import json
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from domain.tables import Rep
from domain.verbs import staffing
from handlers.cli import app
from handlers.jobs import transaction
from kit.clock import utcnow
from tests.domain.making import MQL, Team
from tests.handlers.making import (
    ADA,
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


@pytest.fixture
def team(door: httpx.Client, slack: Outside) -> Team:
    return make_staff("C0SDREMEA01")


def asked(door: httpx.Client, text: str, user: str = SAM) -> dict[str, Any]:
    return ask(door, "/leadnext", text, user)


def seen(said: dict[str, Any]) -> str:
    return json.dumps(said["blocks"], ensure_ascii=False)


@pytest.mark.parametrize("typed", ["SDR", " sdr ", ""])
def test_it_says_who_is_next_in_the_pool_and_what_each_has(door: httpx.Client, team: Team, typed: str) -> None:
    offer_a_lead()
    said = asked(door, typed)
    assert said["text"] == "Next in SDR: Dana Demo"
    assert "1. *Dana Demo*  0 open  ·  0 today\\n2. *Sam Sample*  1 open  ·  1 today" in seen(said)


def test_who_is_passed_over_is_said_with_the_reason(door: httpx.Client, team: Team) -> None:
    offer_a_lead()
    with transaction() as session:
        session.get_one(Rep, team.sam.id).most_open = 1
        staffing.step_away(session, "dana.demo@example.com", utcnow())
    said = seen(asked(door, "SDR"))
    assert "Nobody can be asked" in said
    assert "*Dana Demo*  0 open  ·  0 today: is away" in said
    assert "*Sam Sample*  1 of 1 open  ·  1 today: has as many open leads as they may" in said


def test_a_manager_sees_all_the_pools_that_are_theirs(door: httpx.Client, team: Team) -> None:
    assert asked(door, "", MORGAN)["text"] == "Next in AE: Ada Account; Next in SDR: Sam Sample"


def test_who_is_in_no_pool_is_told_which_there_are(door: httpx.Client, team: Team) -> None:
    with transaction() as session:
        for pool in (team.sdrs, team.aes):
            staffing.set_members(session, pool, {team.dana.id: 1})
    assert asked(door, "", ADA)["text"] == "You are in no pool. Ask for one by its name: AE, SDR"


def test_an_unknown_pool_is_answered_with_the_names_of_those_there_are(door: httpx.Client, team: Team) -> None:
    assert asked(door, "<!channel>")["text"] == "There is no pool of this name. There are: AE, SDR."


def test_who_is_no_rep_hears_nothing_of_a_pool(door: httpx.Client, team: Team) -> None:
    assert "does not know you" in asked(door, "SDR", GUEST)["text"]


def test_a_manager_sees_what_each_was_due_and_got(door: httpx.Client, team: Team) -> None:
    for n in range(3):
        offer_a_lead(MQL, f"lead-{n}@buyer.example.com")
    said = seen(asked(door, "sdr fairness 7d", MORGAN))
    assert "SDR: who was due what, last 7 days" in said
    assert "🟢 *Sam Sample*  due 1.5  ·  got 2 (+0.5)" in said
    assert "🟢 *Dana Demo*  due 1.5  ·  got 1 (-0.5)" in said
    assert "No leads were shared out" in seen(asked(door, "AE fairness", MORGAN))


def test_what_others_got_is_for_managers(door: httpx.Client, team: Team) -> None:
    assert asked(door, "SDR fairness")["text"] == "The team's numbers are for managers."


@pytest.mark.parametrize("typed", ["fairness", "fairness 30d", "SDR fairness 0d", "SDR fairness 999d"])
def test_a_question_that_is_none_gets_an_example(door: httpx.Client, team: Team, typed: str) -> None:
    assert "/leadnext SDR fairness 30d" in asked(door, typed, MORGAN)["text"]


def test_the_command_line_shows_fairness_pool_by_pool(door: httpx.Client, team: Team) -> None:
    assert "No leads were shared out in the last 30 days." in CliRunner().invoke(app, ["fairness"]).output
    offer_a_lead()
    said = CliRunner().invoke(app, ["fairness", "--days", "7"])
    assert said.exit_code == 0
    assert [part for part in said.output.split() if part in {"Sam", "Dana", "+0.5", "-0.5"}] == [
        "Dana",
        "-0.5",
        "Sam",
        "+0.5",
    ]
