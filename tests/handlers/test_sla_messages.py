"""What people hear when the time goes and has gone: in the card's thread, by direct message, and never in a storm."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from domain.rules.lifecycle import HandoffStatus
from domain.tables import Handoff
from domain.verbs import policies
from handlers.jobs import reading, transaction
from handlers.sending import Job
from handlers.sla import ONE_BY_ONE, sweep
from kit.clock import utcnow
from tests.domain.making import Team
from tests.handlers.making import MORGAN, SAM, Outside, jobs, make_staff, offer_a_lead, sandbox_process, slack, work_off

__all__ = ["sandbox_process", "slack"]  # fixtures

LADDER = """
[mql.first_contact]
target = "10m"
reminders = [0.5]
after = [{ at = 1, do = "tell_rep" }, { at = 1, do = "tell_manager" }, { at = 1.5, do = "hand_on" }]
[mql.qualification]
reminders = []
"""


@pytest.fixture
def channel(slack: Outside) -> str:
    return slack.new_channel()


@pytest.fixture
def team(channel: str) -> Team:
    made = make_staff(channel)
    with transaction() as session:
        policies.put_in_force(session, LADDER, utcnow())
    return made


def minutes(number: float) -> None:
    """Let the clock process look as if so many minutes had passed, and do what follows."""
    sweep(utcnow() + timedelta(minutes=number))
    work_off()


def texts(messages: list[dict[str, Any]]) -> list[str]:
    return [" ".join(str(block.get("text", {}).get("text", "")) for block in one["blocks"]) for one in messages]


def told_manager(slack: Outside, team: Team) -> list[str]:
    assert team.morgan.slack_dm_id is not None
    return texts(slack.messages(team.morgan.slack_dm_id, MORGAN))


def new_since(before: list[str], now: list[str]) -> list[str]:
    return now[len(before) :]


def test_the_rep_hears_of_it_in_the_thread_and_the_manager_by_direct_message(
    slack: Outside, channel: str, team: Team
) -> None:
    before = told_manager(slack, team)
    offer_a_lead()
    work_off()
    minutes(10)
    (card,) = slack.messages(channel)
    replies = slack.page.get(f"/_api/as/{SAM}/messages", params={"channel": channel, "thread_ts": card["ts"]})
    said = new_since(before, told_manager(slack, team))
    assert len(said) == 1
    assert "SLA missed" in said[0]
    assert "It is with" in said[0]
    assert "first contact with *" in replies.text
    assert "was due" in replies.text


def test_who_does_not_act_loses_the_lead_to_the_next_and_the_manager_is_told(
    slack: Outside, channel: str, team: Team
) -> None:
    first = offer_a_lead()
    work_off()
    before = told_manager(slack, team)
    minutes(16)
    with reading() as session:
        expired = session.get_one(Handoff, first)
        following = session.scalars(
            select(Handoff).where(Handoff.lead_id == expired.lead_id, Handoff.id != first)
        ).one()
    assert expired.status is HandoffStatus.EXPIRED
    assert following.status is HandoffStatus.OFFERED
    assert {expired.rep_id, following.rep_id} == {team.sam.id, team.dana.id}
    said = new_since(before, told_manager(slack, team))
    assert len(said) == 1
    assert "Handed on" in said[0]
    assert "late: Handoff was not watching" in said[0]
    assert len([one for one in slack.messages(channel) if one["text"].startswith("MQL")]) == 2


def test_many_misses_at_once_are_one_message_to_the_manager(slack: Outside, channel: str, team: Team) -> None:
    for number in range(ONE_BY_ONE + 8):
        offer_a_lead(email=f"kim{number}@buyer{number}.example.com")
    work_off()
    before = told_manager(slack, team)
    minutes(11)
    (said,) = new_since(before, told_manager(slack, team))
    assert f"SLA missed {ONE_BY_ONE + 8} times" in said
    assert "and 3 more" in said
    assert [one.name for one in jobs() if one.name == Job.TELL_MANAGER_LATE] == []


def test_a_few_misses_are_told_one_by_one(slack: Outside, channel: str, team: Team) -> None:
    for number in range(2):
        offer_a_lead(email=f"kim{number}@buyer{number}.example.com")
    work_off()
    before = told_manager(slack, team)
    minutes(10)
    assert len(new_since(before, told_manager(slack, team))) == 2
