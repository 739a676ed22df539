"""/leadstats in Slack: the team's numbers for managers, one's own for everybody."""

import json
import re
from typing import Any

import httpx
import pytest

from domain.verbs import deciding
from handlers.jobs import transaction
from kit.clock import utcnow
from tests.domain.making import Team
from tests.handlers.making import (
    DANA,
    GUEST,
    MORGAN,
    SAM,
    Outside,
    ask,
    door,
    door_url,
    jobs,
    make_staff,
    offer_a_lead,
    sandbox_process,
    slack,
)

__all__ = ["door", "door_url", "sandbox_process", "slack"]  # fixtures


@pytest.fixture
def team(door: httpx.Client, slack: Outside) -> Team:
    """One lead accepted by Sam, one rejected by Dana."""
    made = make_staff("C0SDREMEA01")
    # Offered before either is decided: a colleague of a lead that Sam has accepted would be his as well.
    first, second = (offer_a_lead(email=f"lead-{number}@buyer.example.com") for number in range(2))
    with transaction() as session:
        deciding.accept(session, first, version=2, by=made.sam, now=utcnow())
        deciding.reject(session, second, version=2, by=made.dana, reason="competitor", note=None, now=utcnow())
    return made


def asked(door: httpx.Client, text: str, user: str) -> dict[str, Any]:
    return ask(door, "/leadstats", text, user)


def acceptance(said: dict[str, Any]) -> str:
    found = re.search(r"MQL acceptance\*\s+(\d+%|nothing)", json.dumps(said["blocks"]))
    assert found is not None
    return found[1]


@pytest.mark.parametrize(
    ("user", "text", "expected", "whose"),
    [
        (MORGAN, "", "50%", "The whole team"),
        (MORGAN, "team", "50%", "The whole team"),
        (MORGAN, "me", "nothing", "Morgan Manager"),
        (SAM, "", "100%", "Sam Sample"),
        (SAM, "me 7d", "100%", "Sam Sample"),
        (DANA, "ME 90D", "0%", "Dana Demo"),
    ],
)
def test_everybody_sees_what_is_theirs(
    door: httpx.Client, team: Team, user: str, text: str, expected: str, whose: str
) -> None:
    said = asked(door, text, user)
    assert acceptance(said) == expected
    assert whose in json.dumps(said["blocks"])


@pytest.mark.parametrize(("text", "days"), [("", 30), ("7d", 7), ("team 90d", 90), ("365d team", 365)])
def test_one_asks_for_a_span_of_days(door: httpx.Client, team: Team, text: str, days: int) -> None:
    assert f"last {days} days" in asked(door, text, MORGAN)["blocks"][0]["text"]["text"]


@pytest.mark.parametrize("user", [SAM, DANA])
def test_the_teams_numbers_are_for_managers(door: httpx.Client, team: Team, user: str) -> None:
    assert asked(door, "team", user)["text"] == "The team's numbers are for managers."


def test_a_stranger_sees_no_numbers(door: httpx.Client, team: Team) -> None:
    said = asked(door, "", GUEST)
    assert said["text"].startswith("Handoff does not know you as a rep yet.")
    assert "blocks" not in said


@pytest.mark.parametrize(
    "text", ["yesterday", "0d", "-7d", "9999d", "7", "7d; drop table leads", "<!channel>", "x" * 3000]
)
def test_what_is_not_understood_is_answered_with_an_example(door: httpx.Client, team: Team, text: str) -> None:
    said = asked(door, text, MORGAN)
    assert said["text"] == "I did not understand that. Try for example `/leadstats team 30d`."


def test_asking_writes_nothing(door: httpx.Client, team: Team) -> None:
    before = [job.id for job in jobs()]
    for text in ("", "team", "nonsense"):
        asked(door, text, SAM)
    assert [job.id for job in jobs()] == before


def test_it_answers_in_slack_itself(door: httpx.Client, slack: Outside, team: Team) -> None:
    slack.act(MORGAN, "command", channel="C0SDREMEA01", command="/leadstats", text="7d")
    said = [message for message in slack.messages("C0SDREMEA01", MORGAN) if message["ephemeral"]][-1]
    assert "Lead quality, last 7 days" in json.dumps(said["blocks"])
