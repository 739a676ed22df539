"""The brief in the thread of a card, in a real workspace: posted once, found again after a crash, redrawn with the record."""

import json
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from bot import messenger
from bot.brief import lead_brief
from domain.briefing import brief_view
from domain.tables import AttemptOutcome, CardPlace, Handoff
from domain.verbs import deciding, placing
from handlers.jobs import reading, send, transaction
from handlers.sending import Job, Priority, show_brief
from kit.clock import utcnow
from tests.domain.making import HQL, MQL, Team, take
from tests.handlers.making import (
    SAM,
    Outside,
    door,
    door_url,
    jobs,
    make_staff,
    offer_a_lead,
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


@pytest.fixture
def shown(team: Team) -> int:
    """A lead whose card and brief stand in the channel; the handoff's id."""
    handoff_id = offer_a_lead()
    work_off()
    return handoff_id


def place_of(handoff_id: int) -> CardPlace:
    with reading() as session:
        return session.get_one(CardPlace, handoff_id)


def thread(slack: Outside, handoff_id: int, eyes: str = SAM) -> list[dict[str, Any]]:
    """What stands in the card's thread."""
    place = place_of(handoff_id)
    answer = slack.page.get(f"/_api/as/{eyes}/messages", params={"channel": place.channel, "thread_ts": str(place.ts)})
    return [one for one in answer.raise_for_status().json()["messages"] if one["ts"] != place.ts]


def seen(message: dict[str, Any]) -> str:
    return json.dumps(message, ensure_ascii=False)


def log_a_call(team: Team, handoff_id: int, note: str) -> None:
    with transaction() as session:
        handoff = session.get_one(Handoff, handoff_id)
        deciding.accept(session, handoff_id, version=handoff.version, by=team.sam, now=utcnow())
        deciding.log_attempt(
            session, handoff_id, by=team.sam, outcome=AttemptOutcome.VOICEMAIL, note=note, now=utcnow()
        )


@pytest.mark.parametrize("kinds", [MQL, HQL])
def test_the_brief_is_posted_once_in_the_thread_of_the_card(slack: Outside, team: Team, kinds: tuple[str, ...]) -> None:
    handoff_id = offer_a_lead(kinds)
    work_off()
    place = place_of(handoff_id)
    with reading() as session:
        rep = session.get_one(Handoff, handoff_id).rep_id
    eyes = next(str(one.slack_user_id) for one in (team.sam, team.dana, team.ada, team.alex) if one.id == rep)
    (brief,) = thread(slack, handoff_id, eyes)
    assert brief["ts"] == place.brief_ts
    assert "You just asked us for a demo." in seen(brief)
    before = slack.posts()
    for _ in range(3):
        with transaction() as session:
            send(session, show_brief(handoff_id, str(place.channel)))
        work_off()
    assert slack.posts() == before


def test_the_brief_goes_after_every_card_of_its_channel(team: Team) -> None:
    offer_a_lead()
    work_off(Job.SHOW_CARD)
    (brief,) = [job for job in jobs() if job.name == Job.SHOW_BRIEF]
    assert Priority.LIVE < brief.priority < Priority.BULK
    assert brief.lane == f"slack:{team.sdrs.slack_channel}"


def test_what_a_rep_did_stands_in_the_brief_which_is_edited(slack: Outside, team: Team, shown: int) -> None:
    (before,) = thread(slack, shown)
    log_a_call(team, shown, "Call before ten")
    work_off()
    (after,) = thread(slack, shown)
    assert after["ts"] == before["ts"]
    assert "Left a voicemail, Sam Sample: Call before ten" in seen(after)


def test_what_a_lead_does_meanwhile_stands_in_the_brief(slack: Outside, team: Team, shown: int) -> None:
    with transaction() as session:
        take(session, kind="webinar", now=utcnow())
    work_off()
    (brief,) = thread(slack, shown)
    assert "webinar" in seen(brief)


def crash_between_post_and_commit(handoff_id: int) -> str:
    """What a worker leaves behind that was killed after Slack's yes: the claim, and a brief that nobody knows of."""
    with transaction() as session:
        placing.claim_brief(session, handoff_id, utcnow())
    with reading() as session:
        view = brief_view(session, handoff_id, utcnow())
        place = session.get_one(CardPlace, handoff_id)
    text, blocks = lead_brief(view)
    metadata = messenger.card_metadata(handoff_id, view.cycle, messenger.BRIEF_EVENT)
    return messenger.post(place.channel, text, blocks, metadata=metadata, thread=place.ts)


def test_after_a_crash_the_brief_is_found_again_and_says_what_happened_meanwhile(slack: Outside, team: Team) -> None:
    handoff_id = offer_a_lead()
    work_off(Job.SHOW_CARD)
    ts = crash_between_post_and_commit(handoff_id)
    log_a_call(team, handoff_id, "Call before ten")
    work_off()
    (brief,) = thread(slack, handoff_id)
    assert brief["ts"] == ts == place_of(handoff_id).brief_ts
    assert "Call before ten" in seen(brief)


def test_after_a_crash_before_the_post_the_brief_is_posted(slack: Outside, team: Team) -> None:
    handoff_id = offer_a_lead()
    work_off(Job.SHOW_CARD)
    with transaction() as session:
        placing.claim_brief(session, handoff_id, utcnow())
    work_off()
    assert len(thread(slack, handoff_id)) == 1


def test_no_brief_is_begun_for_what_has_ended_before(
    door: httpx.Client, slack: Outside, team: Team, channel: str
) -> None:
    handoff_id = offer_a_lead()
    work_off(Job.SHOW_CARD)
    with transaction() as session:
        deciding.reject(session, handoff_id, version=2, by=team.sam, reason="competitor", note=None, now=utcnow())
    work_off()
    assert thread(slack, handoff_id) == []


def test_the_brief_of_the_next_attempt_leads_to_the_card_of_the_one_before(
    slack: Outside, team: Team, shown: int, channel: str
) -> None:
    with transaction() as session:
        deciding.reject(session, shown, version=2, by=team.sam, reason="no_capacity", note=None, now=utcnow())
    work_off()
    with reading() as session:
        after = session.scalars(select(Handoff.id).where(Handoff.cycle == 2)).one()
    (brief,) = thread(slack, after)
    assert "with Sam Sample: I cannot take it" in seen(brief)
    assert f"/archives/{channel}/p{str(place_of(shown).ts).replace('.', '')}" in seen(brief)
