"""What nobody has is called out in its pool's channel, through our real server: once, and taken with one click."""

import json
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from bot import messenger
from bot.ids import Press
from domain import finding
from domain.rules.lifecycle import LIVE, HandoffStatus
from domain.tables import CardPlace, Handoff, Lead, PoolCall
from domain.verbs import deciding, erasing, placing, staffing
from domain.verbs.offering import hand_over, withdraw
from handlers.jobs import reading, transaction
from handlers.sending import Job
from handlers.sla import sweep
from kit.clock import utcnow
from tests.domain.making import HQL, Team
from tests.handlers.making import (
    ADA,
    ALEX,
    DANA,
    Outside,
    door,
    door_url,
    jobs,
    make_staff,
    offer_a_lead,
    rep_in_slack,
    sandbox_process,
    slack,
    work_off,
)

__all__ = ["door", "door_url", "sandbox_process", "slack"]  # fixtures


@pytest.fixture
def team(door: httpx.Client, slack: Outside) -> Team:
    return make_staff(slack.new_channel())


@pytest.fixture
def aes(slack: Outside, team: Team) -> str:
    """The channel of the AEs."""
    channel = slack.new_channel()
    with transaction() as session:
        manager = finding.rep_by_slack(session, str(team.morgan.slack_user_id))
        staffing.save_pool(session, name="AE", role=team.aes.role, slack_channel=channel, manager=manager)
    return channel


def set_available(available: bool, *users: str) -> None:
    with transaction() as session:
        for user in users:
            finding.rep_by_slack(session, user).available = available


@pytest.fixture
def waiting(team: Team, aes: str) -> int:
    """An HQL for which nobody could be asked, as the channel knows; both AEs are back."""
    set_available(False, ADA, ALEX)
    handoff_id = offer_a_lead(HQL, "hot@buyer.example.com")
    work_off()
    set_available(True, ADA, ALEX)
    return handoff_id


def miss(handoff_id: int) -> int:
    """Nobody calls until the first contact was due; the ladder's other steps are not taken."""
    work_off()
    sweep(utcnow() + timedelta(hours=4, seconds=1))
    work_off(Job.SHOW_CARD, Job.CALL_POOL)
    return handoff_id


def line(slack: Outside, channel: str, handoff_id: int) -> dict[str, Any]:
    with reading() as session:
        ts = session.get_one(PoolCall, handoff_id).ts
    return next(one for one in slack.messages(channel) if one["ts"] == ts)


def live(handoff_id: int) -> Handoff:
    with reading() as session:
        lead_id = session.get_one(Handoff, handoff_id).lead_id
        return session.scalars(select(Handoff).where(Handoff.lead_id == lead_id, Handoff.status.in_(LIVE))).one()


def seen(message: dict[str, Any]) -> str:
    return json.dumps(message, ensure_ascii=False)


def test_the_channel_of_the_aes_hears_of_an_hql_only_when_nobody_could_be_asked(
    slack: Outside, team: Team, aes: str
) -> None:
    offered = offer_a_lead(HQL, "hot@buyer.example.com")
    work_off()
    assert slack.messages(aes) == []
    with reading() as session:
        assert session.get_one(CardPlace, offered).channel.startswith("D")


def test_what_waits_is_taken_from_the_channel_with_one_click(slack: Outside, waiting: int, aes: str) -> None:
    (called,) = slack.messages(aes)
    assert "nobody could be asked" in seen(called)
    assert slack.press(ALEX, called, Press.CLAIM)["ok"]
    work_off()
    handoff, alex = live(waiting), rep_in_slack(ALEX)
    assert (handoff.status, handoff.rep_id) == (HandoffStatus.ACCEPTED, alex.id)
    (after,) = slack.messages(aes)
    assert after["ts"] == called["ts"]
    assert f"<@{ALEX}> has it" in seen(after)
    assert Press.CLAIM not in seen(after)
    with reading() as session:
        assert session.get_one(CardPlace, waiting).channel == alex.slack_dm_id


def test_an_hql_that_its_ae_has_left_too_long_is_taken_by_a_colleague(slack: Outside, team: Team, aes: str) -> None:
    missed = miss(offer_a_lead(HQL, "hot@buyer.example.com"))
    late, other = (ADA, ALEX) if live(missed).rep_id == team.ada.id else (ALEX, ADA)
    (called,) = slack.messages(aes)
    assert f"<@{late}> should have called by" in seen(called)
    assert slack.press(other, called, Press.CLAIM)["ok"]
    work_off(Job.SHOW_CARD, Job.CALL_POOL)
    assert (live(missed).status, live(missed).rep_id) == (HandoffStatus.ACCEPTED, rep_in_slack(other).id)
    assert f"<@{other}> has it" in seen(line(slack, aes, missed))


def test_an_mql_that_its_sdr_has_left_too_long_is_taken_from_its_card_and_no_line_is_posted(
    slack: Outside, team: Team
) -> None:
    missed, channel = miss(offer_a_lead()), str(team.sdrs.slack_channel)
    (card,) = slack.messages(channel)
    assert slack.press(DANA, card, Press.CLAIM)["ok"]
    work_off(Job.SHOW_CARD, Job.CALL_POOL)
    assert (live(missed).status, live(missed).rep_id) == (HandoffStatus.ACCEPTED, team.dana.id)
    before, after = slack.messages(channel)
    assert "Taken from the pool" in seen(before)
    assert "Accepted by Dana Demo" in seen(after)


def test_who_comes_second_is_told_who_was_first_and_the_line_is_repaired(
    slack: Outside, waiting: int, aes: str
) -> None:
    (called,) = slack.messages(aes)
    slack.press(ALEX, called, Press.CLAIM)
    slack.press(ADA, called, Press.CLAIM)
    work_off()
    assert any("Alex Closer accepted this lead" in seen(one) for one in slack.messages(aes, ADA))
    assert "has it" in seen(line(slack, aes, waiting))


def test_a_lead_that_is_offered_after_all_is_no_longer_for_the_taking(slack: Outside, waiting: int, aes: str) -> None:
    with transaction() as session:
        hand_over(session, session.get_one(Handoff, waiting).lead_id, utcnow())
    work_off()
    (after,) = slack.messages(aes)
    assert "offered to <@" in seen(after)
    assert Press.CLAIM not in seen(after)


def test_a_lead_that_somebody_accepts_meanwhile_is_not_called_out(slack: Outside, team: Team) -> None:
    handoff_id = offer_a_lead()
    work_off()
    sweep(utcnow() + timedelta(hours=4, seconds=1))
    with transaction() as session:
        deciding.accept(session, handoff_id, version=2, by=team.sam, now=utcnow())
    work_off()
    assert len(slack.messages(str(team.sdrs.slack_channel))) == 1


def test_after_a_crash_the_line_is_found_again_and_not_posted_twice(slack: Outside, team: Team, aes: str) -> None:
    set_available(False, ADA, ALEX)
    handoff_id = offer_a_lead(HQL, "hot@buyer.example.com")
    with transaction() as session:
        placing.claim_pool_call(session, handoff_id, aes, utcnow())
    metadata = messenger.card_metadata(handoff_id, 1, messenger.POOL_CALL_EVENT)
    ts = messenger.post(aes, "called", [{"type": "divider"}], metadata=metadata)
    work_off()
    (called,) = slack.messages(aes)
    assert called["ts"] == ts
    assert Press.CLAIM in seen(called)
    assert jobs() == []


def test_the_line_of_a_lead_that_nobody_was_offered_says_nothing_of_them_once_they_are_erased(
    slack: Outside, team: Team, aes: str
) -> None:
    set_available(False, ADA, ALEX)
    handoff_id = offer_a_lead(HQL, "hot@buyer.example.com")
    work_off()
    with transaction() as session:
        handoff = session.get_one(Handoff, handoff_id)
        withdraw(session, session.get_one(Lead, handoff.lead_id), handoff, utcnow(), "merged")
    work_off()
    assert "Sample Software" in seen(line(slack, aes, handoff_id))
    with transaction() as session:
        erasing.erase(session, handoff.lead_id, None, utcnow())
    work_off(Job.SHOW_CARD, Job.CALL_POOL)
    said = seen(line(slack, aes, handoff_id))
    assert "data were erased" in said
    assert "Sample Software" not in said
