"""What goes wrong with Slack: a channel that is gone, a person who is gone, a token that is gone. No lead is lost by it."""

import json
import time
from datetime import timedelta
from typing import Any

import httpx
import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.web import SlackResponse
from sqlalchemy import func, select, update

from bot import messenger
from bot.ids import Press
from bot.settings import slack_settings
from domain import cards
from domain.rules.lifecycle import HandoffStatus
from domain.tables import CardPlace, Handoff, JobLane, JobRow
from domain.verbs import deciding
from handlers import ledger
from handlers.jobs import execute, reading, send, transaction
from handlers.sending import Job, Priority, show_card
from kit import db
from kit.clock import utcnow
from kit.outside import Refused, TryLater
from tests.domain.making import HQL, Team
from tests.handlers.making import (
    MORGAN,
    Outside,
    door,
    door_url,
    jobs,
    make_staff,
    offer_a_lead,
    rep_in_slack,
    sandbox_process,
    slack,
)

__all__ = ["door", "door_url", "sandbox_process", "slack"]  # fixtures

SENTENCE = "cannot be reached"


@pytest.fixture
def channel(slack: Outside) -> str:
    return slack.new_channel()


@pytest.fixture
def team(channel: str) -> Team:
    made = make_staff(channel)
    clear_desk()
    return made


def clear_desk() -> None:
    """Take away the manager's cards of other tests, whose handoffs had the same ids."""
    client = web_client()
    dm = str(rep_in_slack(MORGAN).slack_dm_id)
    for message in client.conversations_history(channel=dm, limit=200)["messages"]:
        client.chat_delete(channel=dm, ts=message["ts"])


def web_client() -> WebClient:
    slack = slack_settings()
    return WebClient(token=slack.slack_bot_token.get_secret_value(), base_url=slack.slack_api_url)


def work_due() -> None:
    """Do what is due by now. Of what waits for its time nothing is done: a stray card looks for its channel again and again."""
    while True:
        with db.new_session() as session, session.begin():
            claimed = ledger.claim(session, "tests", lease=timedelta(seconds=30), window=50)
        if not claimed:
            return
        for job in claimed:
            execute(job.id, job.name, job.args, job.lane, job.token, utcnow().timestamp())


def let_time_pass() -> None:
    """All that waits is due."""
    with db.new_session() as session, session.begin():
        session.execute(update(JobRow).values(run_at=func.now()))
        session.execute(update(JobLane).values(free_at=func.now()))


def archive(slack: Outside, channel: str, *, back: bool = False) -> None:
    slack.page.post(f"/_api/channels/{channel}", json={"archived": not back}).raise_for_status()


def cards_of(slack: Outside, channel: str, eyes: str) -> list[dict[str, Any]]:
    """What looks like a card there."""
    return [
        one
        for one in slack.messages(channel, eyes)
        if (one["metadata"] or {}).get("event_type") == messenger.CARD_EVENT
    ]


def of_the_manager(slack: Outside, handoff_id: int) -> list[dict[str, Any]]:
    """The handoff's cards in the manager's direct messages."""
    dm = rep_in_slack(MORGAN).slack_dm_id
    assert dm is not None
    shown = cards_of(slack, dm, MORGAN)
    return [one for one in shown if one["metadata"]["event_payload"]["handoff_id"] == handoff_id]


def dead() -> list[tuple[str, str | None]]:
    with reading() as session:
        rows = session.scalars(select(JobRow).where(JobRow.dead_at.is_not(None))).all()
    return [(row.name, row.problem) for row in rows]


def redraw(handoff_id: int, place: str) -> None:
    with transaction() as session:
        send(session, show_card(handoff_id, place, Priority.CLICK))
    work_due()


# ---- a channel that is gone -------------------------------------------------------------------------------------------


def test_the_card_of_an_archived_channel_goes_to_the_pools_manager_who_can_act_on_it(
    door: httpx.Client, slack: Outside, team: Team, channel: str
) -> None:
    archive(slack, channel)
    handoff_id = offer_a_lead()
    work_due()
    (card,) = of_the_manager(slack, handoff_id)
    assert SENTENCE in json.dumps(card["blocks"])
    assert slack.press(MORGAN, card, Press.ACCEPT)["ok"]
    with reading() as session:
        assert session.get_one(Handoff, handoff_id).status is HandoffStatus.ACCEPTED
    work_due()
    (card,) = of_the_manager(slack, handoff_id)
    assert "Accepted by Morgan Manager" in json.dumps(card["blocks"])
    assert dead() == []


def test_a_card_that_stood_in_a_channel_when_it_was_archived_goes_on_with_the_manager(
    slack: Outside, team: Team, channel: str
) -> None:
    handoff_id = offer_a_lead()
    work_due()
    archive(slack, channel)
    with transaction() as session:
        deciding.accept(session, handoff_id, version=2, by=team.morgan, now=utcnow())
    work_due()
    assert "Accepted by Morgan Manager" in json.dumps(of_the_manager(slack, handoff_id)[0]["blocks"])


def test_the_card_goes_back_once_the_channel_is_there_again(slack: Outside, team: Team, channel: str) -> None:
    archive(slack, channel)
    handoff_id = offer_a_lead()
    work_due()
    assert len(of_the_manager(slack, handoff_id)) == 1
    archive(slack, channel, back=True)
    # Without anybody doing anything: a look for the channel waits in the ledger.
    assert f"{handoff_id}.stray" in {job.key for job in jobs()}
    let_time_pass()
    work_due()
    (card,) = cards_of(slack, channel, MORGAN)
    assert SENTENCE not in json.dumps(card["blocks"])
    assert of_the_manager(slack, handoff_id) == []
    assert f"{handoff_id}.stray" not in {job.key for job in jobs()}


def test_after_a_crash_on_the_way_to_the_manager_the_card_is_found_and_not_posted_twice(
    slack: Outside, team: Team, channel: str
) -> None:
    archive(slack, channel)
    handoff_id = offer_a_lead()
    work_due()
    with transaction() as session:
        place = session.get_one(CardPlace, handoff_id)
        place.ts = place.drawn = None
    redraw(handoff_id, channel)
    assert len(of_the_manager(slack, handoff_id)) == 1


def test_a_card_on_which_nobody_can_act_any_more_is_left_where_it_stood(
    slack: Outside, team: Team, channel: str
) -> None:
    handoff_id = offer_a_lead()
    work_due()
    archive(slack, channel)
    with transaction() as session:
        deciding.reject(session, handoff_id, version=2, by=team.morgan, reason="competitor", note=None, now=utcnow())
    work_due()
    assert of_the_manager(slack, handoff_id) == []
    assert dead() == []


def test_without_a_manager_the_job_is_dead_and_says_why(slack: Outside, team: Team, channel: str) -> None:
    archive(slack, channel)
    with transaction() as session:
        session.get_one(type(team.morgan), team.morgan.id).active = False
    offer_a_lead()
    work_due()
    assert dead() == [(Job.SHOW_CARD, "Slack answered is_archived")]


def test_a_channel_that_we_are_not_in_is_as_good_as_none(slack: Outside, channel: str) -> None:
    made = slack.page.post("/_api/channels", json={"name": f"without-us-{time.time_ns()}", "members": [MORGAN]})
    outside = str(made.raise_for_status().json()["id"])
    make_staff(outside)
    clear_desk()
    handoff_id = offer_a_lead()
    work_due()
    assert len(of_the_manager(slack, handoff_id)) == 1
    assert not messenger.is_reachable(outside)
    assert messenger.is_reachable(channel)


def test_who_pressed_a_button_in_a_channel_that_was_archived_since_is_not_told_for_ever(
    door: httpx.Client, slack: Outside, team: Team, channel: str
) -> None:
    archive(slack, channel)
    with pytest.raises(messenger.ChannelGone):
        messenger.whisper(channel, MORGAN, "hello")
    assert dead() == []


# ---- what Slack's answers mean ----------------------------------------------------------------------------------------


def meant(code: str, status: int = 200, **headers: str) -> Exception:
    """What we make of an error of Slack's, given to a call of ours as slack_sdk gives it."""

    def refuse(**_: object) -> SlackResponse:
        answer = SlackResponse(
            client=WebClient(),
            http_verb="POST",
            api_url="",
            req_args={},
            data={"ok": False, "error": code},
            headers={name.replace("_", "-"): value for name, value in headers.items()},
            status_code=status,
        )
        raise SlackApiError("no", answer)  # type: ignore[no-untyped-call]  # slack_sdk leaves it without types

    with pytest.raises((TryLater, Refused, messenger.TriggerGone)) as caught:
        messenger._ask(refuse)
    return caught.value


@pytest.mark.parametrize("code", ["ratelimited", "rate_limited"])
def test_slacks_retry_after_is_waited_for_however_it_spells_it(code: str) -> None:
    for status in (200, 429):
        wait = meant(code, status, Retry_After="17")
        assert isinstance(wait, TryLater)
        assert wait.after == 17
    assert isinstance(nonsense := meant(code, 429, retry_after="soon"), TryLater)
    assert nonsense.after == 1
    assert isinstance(absurd := meant(code, 429, Retry_After="9" * 12), TryLater)
    assert absurd.after == messenger.LONGEST_WAIT


@pytest.mark.parametrize(
    ("codes", "kind"),
    [
        ("is_archived is_inactive channel_not_found not_in_channel restricted_action", messenger.ChannelGone),
        ("user_disabled user_is_deactivated user_not_found", messenger.PersonGone),
        ("invalid_auth token_revoked token_expired account_inactive not_authed", messenger.NotLetIn),
        ("expired_trigger_id exchanged_trigger_id", messenger.TriggerGone),
        ("message_not_found", messenger.MessageGone),
        ("internal_error service_unavailable fatal_error", TryLater),
        ("missing_scope never_heard_of", Refused),
    ],
)
def test_each_answer_of_slack_is_of_its_kind(codes: str, kind: type[Exception]) -> None:
    assert [type(meant(code)) for code in codes.split()] == [kind] * len(codes.split())


def test_a_revoked_token_costs_no_try_and_everything_goes_out_once_there_is_a_new_one(
    slack: Outside, team: Team, channel: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = slack_settings().slack_bot_token.get_secret_value()
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-revoked")
    slack_settings.cache_clear()
    messenger.forget()
    offer_a_lead()
    for _ in range(20):
        work_due()
        let_time_pass()
    (waiting,) = (job for job in jobs() if job.name == Job.SHOW_CARD)
    assert (waiting.failures, waiting.dead_at, waiting.problem) == (0, None, "Slack answered invalid_auth")
    monkeypatch.setenv("SLACK_BOT_TOKEN", good)
    slack_settings.cache_clear()
    messenger.forget()
    let_time_pass()
    work_due()
    assert len(slack.messages(channel)) == 1


def test_after_a_crash_the_card_is_found_behind_more_messages_than_a_page_of_history_holds(
    slack: Outside, team: Team, channel: str
) -> None:
    """A second or two: the pages are real."""
    handoff_id = offer_a_lead()
    work_due()
    (card,) = slack.messages(channel)
    for number in range(205):
        messenger.post(channel, f"message {number}", [])
    with transaction() as session:
        place = session.get_one(CardPlace, handoff_id)
        place.ts = place.drawn = None
    redraw(handoff_id, channel)
    shown = slack.page.get(f"/_api/as/{MORGAN}/messages", params={"channel": channel, "limit": 1000}).json()["messages"]
    assert [one["ts"] for one in shown if (one["metadata"] or {}).get("event_type") == messenger.CARD_EVENT] == [
        card["ts"]
    ]
    with reading() as session:
        assert session.get_one(CardPlace, handoff_id).ts == card["ts"]


def test_the_hql_of_somebody_who_left_slack_goes_to_the_manager(slack: Outside, team: Team) -> None:
    handoff_id = offer_a_lead(HQL, "hot@buyer.example.com")
    with reading() as session:
        rep = cards.card_view(session, handoff_id).rep
    assert rep is not None
    slack.page.post(f"/_api/users/{rep.slack_user_id}", json={"deleted": True}).raise_for_status()
    try:
        work_due()
        (card,) = of_the_manager(slack, handoff_id)
        assert "cannot be reached in Slack" in json.dumps(card["blocks"])
    finally:
        slack.page.post(f"/_api/users/{rep.slack_user_id}", json={"deleted": False}).raise_for_status()
