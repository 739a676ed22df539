"""The card in Slack, in a real workspace: posted once, found again after a crash, redrawn when the record changes."""

import json
from datetime import timedelta
from typing import Any

import httpx
import pytest
from slack_sdk import WebClient

from bot import messenger
from bot.card import lead_card
from bot.ids import Press
from bot.settings import slack_settings
from domain import cards, finding
from domain.rules.lifecycle import UNDO_WINDOW
from domain.tables import CardPlace, Handoff
from domain.verbs import deciding, placing
from handlers.jobs import reading, send, transaction
from handlers.sending import Job, Priority, show_card
from kit.clock import utcnow
from tests.domain.making import HQL, Team
from tests.handlers.making import (
    ADA,
    ALEX,
    MORGAN,
    SAM,
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
def channel(slack: Outside) -> str:
    return slack.new_channel()


@pytest.fixture
def team(channel: str) -> Team:
    return make_staff(channel)


def place_of(handoff_id: int) -> CardPlace:
    with reading() as session:
        return session.get_one(CardPlace, handoff_id)


def redraw(handoff_id: int, channel: str) -> None:
    with transaction() as session:
        send(session, show_card(handoff_id, channel, Priority.CLICK))
    work_off(Job.SHOW_CARD)


def seen(message: dict[str, Any]) -> str:
    return json.dumps(message["blocks"], ensure_ascii=False)


def test_an_offered_lead_has_one_card_in_the_channel_of_its_pool(slack: Outside, team: Team, channel: str) -> None:
    handoff_id = offer_a_lead()
    work_off()
    (card,) = slack.messages(channel)
    assert "MQL 77" in seen(card)
    assert "Asked for a demo" in seen(card)
    assert f"<@{SAM}>" in seen(card)
    place = place_of(handoff_id)
    assert (place.channel, place.ts) == (channel, card["ts"])
    assert place.posted_at is not None


def test_the_message_carries_ids_and_nothing_of_the_lead(slack: Outside, team: Team, channel: str) -> None:
    handoff_id = offer_a_lead()
    work_off()
    (card,) = slack.messages(channel)
    assert card["metadata"]["event_payload"] == {"handoff_id": handoff_id, "cycle": 1}


def test_drawing_it_again_changes_nothing_as_long_as_the_record_says_the_same(
    slack: Outside, team: Team, channel: str
) -> None:
    handoff_id = offer_a_lead()
    work_off()
    before = slack.posts(), slack.messages(channel)
    for _ in range(3):
        redraw(handoff_id, channel)
    assert (slack.posts(), slack.messages(channel)) == before


def test_an_accepted_card_is_redrawn_in_its_place(door: httpx.Client, slack: Outside, team: Team, channel: str) -> None:
    offer_a_lead()
    work_off()
    (card,) = slack.messages(channel)
    assert slack.press(SAM, card, Press.ACCEPT)["ok"]
    work_off()
    (redrawn,) = slack.messages(channel)
    assert redrawn["ts"] == card["ts"]
    assert "Accepted by Sam Sample" in seen(redrawn)
    assert Press.ACCEPT not in seen(redrawn)


def test_the_card_is_drawn_once_more_when_a_decision_can_no_longer_be_taken_back(
    door: httpx.Client, slack: Outside, team: Team, channel: str
) -> None:
    handoff_id = offer_a_lead()
    work_off()
    (card,) = slack.messages(channel)
    assert slack.press(SAM, card, Press.ACCEPT)["ok"]
    until = utcnow() + UNDO_WINDOW
    waiting = {job.key: job.run_at for job in jobs() if job.name == Job.SHOW_CARD}
    assert waiting.keys() == {str(handoff_id), f"{handoff_id}.undo"}
    assert waiting[str(handoff_id)] < utcnow() < until - timedelta(minutes=1) < waiting[f"{handoff_id}.undo"]
    work_off(Job.SHOW_CARD)
    assert Press.UNDO in seen(slack.messages(channel)[0])
    with transaction() as session:
        handoff = session.get_one(Handoff, handoff_id)
        handoff.accepted_at = utcnow() - UNDO_WINDOW - timedelta(seconds=1)
    redraw(handoff_id, channel)
    assert Press.UNDO not in seen(slack.messages(channel)[0])


def test_an_hql_goes_to_the_ae_as_a_direct_message_and_is_redrawn_there(
    door: httpx.Client, slack: Outside, team: Team
) -> None:
    handoff_id = offer_a_lead(HQL, "hot@buyer.example.com")
    work_off()
    with reading() as session:
        rep = cards.card_view(session, handoff_id).rep
    assert rep is not None
    assert rep.slack_user_id in {ADA, ALEX}
    place = place_of(handoff_id)
    assert place.channel == rep_in_slack(str(rep.slack_user_id)).slack_dm_id
    card = slack.messages(place.channel, str(rep.slack_user_id))[-1]
    assert card["ts"] == place.ts
    assert slack.press(str(rep.slack_user_id), card, Press.ACCEPT)["ok"]
    work_off()
    assert "Accepted by" in seen(slack.messages(place.channel, str(rep.slack_user_id))[-1])


def crash_between_post_and_commit(handoff_id: int, channel: str) -> str:
    """What a worker leaves behind that was killed after Slack's yes: the claim, and a card that nobody knows of."""
    with transaction() as session:
        placing.claim(session, handoff_id, channel, utcnow())
    with reading() as session:
        view = cards.card_view(session, handoff_id)
    text, blocks = lead_card(view, utcnow())
    return messenger.post(channel, text, blocks, metadata=messenger.card_metadata(handoff_id, view.cycle))


def test_after_a_crash_between_post_and_commit_the_card_is_found_and_not_posted_twice(
    slack: Outside, team: Team, channel: str
) -> None:
    handoff_id = offer_a_lead()
    ts = crash_between_post_and_commit(handoff_id, channel)
    before = slack.posts()
    work_off(Job.SHOW_CARD)
    assert [card["ts"] for card in slack.messages(channel)] == [ts]
    assert slack.posts() == before
    assert place_of(handoff_id).ts == ts


def test_a_card_that_is_found_again_shows_what_happened_meanwhile(slack: Outside, team: Team, channel: str) -> None:
    handoff_id = offer_a_lead()
    crash_between_post_and_commit(handoff_id, channel)
    with transaction() as session:
        deciding.accept(session, handoff_id, version=2, by=team.morgan, now=utcnow())
    work_off()
    (card,) = slack.messages(channel)
    assert "Accepted by Morgan Manager" in seen(card)


def test_after_a_crash_before_the_post_the_card_is_posted(slack: Outside, team: Team, channel: str) -> None:
    handoff_id = offer_a_lead()
    with transaction() as session:
        placing.claim(session, handoff_id, channel, utcnow())
    work_off()
    assert len(slack.messages(channel)) == 1
    assert place_of(handoff_id).ts is not None


@pytest.mark.parametrize("claimed", [False, True])
def test_what_ended_before_its_card_was_posted_gets_none(
    slack: Outside, team: Team, channel: str, claimed: bool
) -> None:
    handoff_id = offer_a_lead()
    with transaction() as session:
        if claimed:
            placing.claim(session, handoff_id, channel, utcnow())
        deciding.reject(session, handoff_id, version=2, by=team.sam, reason="competitor", note=None, now=utcnow())
    work_off(Job.SHOW_CARD, Job.SHOW_BRIEF)
    assert slack.messages(channel) == []
    assert not [job for job in jobs() if job.name == Job.SHOW_CARD]


def test_a_card_that_was_posted_before_a_crash_says_how_it_ended_since(
    slack: Outside, team: Team, channel: str
) -> None:
    handoff_id = offer_a_lead()
    crash_between_post_and_commit(handoff_id, channel)
    with transaction() as session:
        deciding.reject(session, handoff_id, version=2, by=team.sam, reason="competitor", note=None, now=utcnow())
    work_off(Job.SHOW_CARD)
    (card,) = slack.messages(channel)
    assert "Rejected by Sam Sample" in seen(card)


def test_a_card_of_another_handoff_is_not_taken_for_ours(slack: Outside, team: Team, channel: str) -> None:
    first, second = offer_a_lead(), offer_a_lead(email="lee@buyer.example.com")
    crash_between_post_and_commit(first, channel)
    with transaction() as session:
        placing.claim(session, second, channel, utcnow())
    work_off()
    assert len(slack.messages(channel)) == 2
    assert place_of(first).ts != place_of(second).ts


def test_a_card_is_found_again_although_our_clock_is_ahead_of_slacks(slack: Outside, team: Team, channel: str) -> None:
    handoff_id = offer_a_lead()
    with transaction() as session:
        placing.claim(session, handoff_id, channel, utcnow() + timedelta(minutes=2))
    ts = crash_between_post_and_commit(handoff_id, channel)
    work_off()
    assert [card["ts"] for card in slack.messages(channel)] == [ts]


def test_an_old_drawing_that_came_last_is_repaired_by_a_click_on_it(
    door: httpx.Client, slack: Outside, team: Team, channel: str
) -> None:
    offer_a_lead()
    work_off()
    (card,) = slack.messages(channel)
    assert slack.press(SAM, card, Press.ACCEPT)["ok"]
    work_off()
    # An update of a worker that was given up on reaches Slack only now: we believe the new drawing to stand there.
    messenger.update(channel, card["ts"], card["text"], card["blocks"])
    (stale,) = slack.messages(channel)
    slack.press(SAM, stale, Press.ACCEPT)
    work_off()
    assert "Accepted by Sam Sample" in seen(next(one for one in slack.messages(channel) if not one["ephemeral"]))


def delete(card: dict[str, Any]) -> None:
    """Delete a card as a person does in Slack."""
    slack = slack_settings()
    client = WebClient(token=slack.slack_bot_token.get_secret_value(), base_url=slack.slack_api_url)
    client.chat_delete(channel=card["channel"], ts=card["ts"])


def test_a_card_that_somebody_deleted_is_posted_anew_while_one_can_act_on_it(
    slack: Outside, team: Team, channel: str
) -> None:
    handoff_id = offer_a_lead()
    work_off()
    (card,) = slack.messages(channel)
    delete(card)
    with transaction() as session:
        deciding.accept(session, handoff_id, version=2, by=team.sam, now=utcnow())
    work_off()
    (anew,) = slack.messages(channel)
    assert place_of(handoff_id).ts == anew["ts"] != card["ts"]
    delete(anew)
    with transaction() as session:
        deciding.reject(session, handoff_id, version=3, by=team.sam, reason="competitor", note=None, now=utcnow())
    work_off()
    assert slack.messages(channel) == []
    assert jobs() == []


def test_without_a_token_nothing_is_asked_of_slack(slack: Outside, team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", "")
    slack_settings.cache_clear()
    messenger.forget()
    offer_a_lead()
    work_off()
    assert [(job.name, job.problem) for job in jobs()] == [
        (Job.SHOW_CARD, "Slack is not set up: SLACK_BOT_TOKEN is not set")
    ]


def test_the_next_rep_gets_a_card_of_their_own_and_the_old_one_says_why(
    slack: Outside, team: Team, channel: str
) -> None:
    handoff_id = offer_a_lead()
    work_off()
    with transaction() as session:
        deciding.reject(session, handoff_id, version=2, by=team.sam, reason="no_capacity", note=None, now=utcnow())
    work_off()
    old, new = slack.messages(channel)
    assert "on to the next rep" in seen(old)
    assert f"<@{team.dana.slack_user_id}>" in seen(new)
    assert place_of(handoff_id).ts == old["ts"]


def test_a_handoff_that_waits_for_somebody_has_no_card(slack: Outside, channel: str) -> None:
    offer_a_lead()
    work_off()
    assert slack.messages(channel) == []


def test_a_manager_who_is_told_of_a_shortage_is_told_in_a_direct_message(slack: Outside, team: Team) -> None:
    for user in (ADA, ALEX):
        with transaction() as session:
            rep = finding.rep_by_slack(session, user)
            rep.available = False
    offer_a_lead(HQL, "hot@buyer.example.com")
    work_off()
    dm = rep_in_slack(MORGAN).slack_dm_id
    assert dm is not None
    assert "Nobody of AE is available" in seen(slack.messages(dm, MORGAN)[-1])
