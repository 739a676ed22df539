"""What is said beside a card when its place is gone: it is said elsewhere, or later, or not at all, and no job gives up over it."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from bot import messenger
from domain.rules.deadlines import ClockKind
from domain.rules.preferences import Alert, Held
from domain.tables import Handoff, Notice, Pool, Rep, SlaClock
from domain.verbs import deciding
from handlers.jobs import reading, send, transaction
from handlers.noticing import tell
from handlers.sending import Job, call_pool, tell_digest, tell_notice
from kit.clock import utcnow
from tests.domain.making import HQL, Team
from tests.handlers.making import (
    MORGAN,
    Outside,
    jobs,
    offer_a_lead,
    sandbox_process,
    slack,
    work_off,
)
from tests.handlers.test_slack_trouble import archive, cards_of, channel, dead, let_time_pass, team, work_due

__all__ = ["channel", "sandbox_process", "slack", "team"]  # fixtures


def delete_all(slack: Outside, channel: str) -> None:
    for message in slack.messages(channel, MORGAN):
        place = {"channel": channel, "ts": message["ts"]}
        slack.page.post("/_api/messages/delete", json=place).raise_for_status()


def rep_of(handoff_id: int) -> Rep:
    with reading() as session:
        return session.get_one(Rep, session.get_one(Handoff, handoff_id).rep_id)


def remind(handoff_id: int, channel: str) -> str:
    """A reminder in the thread of the card; returns the direct messages of whom it is for."""
    with transaction() as session:
        rep = session.get_one(Rep, rep_of(handoff_id).id)
        about = {"clock": ClockKind.FIRST_CONTACT.value}
        tell(session, rep, Alert.REMINDER, utcnow(), thread_in=channel, handoff_id=handoff_id, data=about)
    return str(rep.slack_dm_id)


@pytest.mark.parametrize("gone", [archive, delete_all])
def test_a_reminder_whose_thread_is_gone_is_said_to_the_person_once(
    slack: Outside, team: Team, channel: str, gone: Callable[[Outside, str], None]
) -> None:
    handoff_id = offer_a_lead()
    work_due()
    gone(slack, channel)
    dm = remind(handoff_id, channel)
    eyes = str(rep_of(handoff_id).slack_user_id)
    before = len(slack.messages(dm, eyes))
    work_due()
    assert "is due by" in json.dumps(slack.messages(dm, eyes)[before:])
    # As if it had crashed between Slack's yes and our commit.
    with transaction() as session:
        notice = session.query(Notice).one()
        notice.sent_at = None
        send(session, tell_notice(notice.id, channel))
    work_due()
    assert len(slack.messages(dm, eyes)) == before + 1
    assert dead() == []


@pytest.fixture
def left(slack: Outside, team: Team) -> Iterator[Rep]:
    """Somebody whose account was deactivated a moment ago, with a lead of theirs."""
    rep = rep_of(offer_a_lead(HQL, "hot@buyer.example.com"))
    work_due()
    account = f"/_api/users/{rep.slack_user_id}"
    slack.page.post(account, json={"deleted": True}).raise_for_status()
    yield rep
    slack.page.post(account, json={"deleted": False}).raise_for_status()


@pytest.mark.parametrize("held", [False, True])
def test_a_word_to_somebody_who_has_left_slack_is_let_go(left: Rep, *, held: bool) -> None:
    with transaction() as session:
        handoff_id = session.query(Handoff).one().id
        notice = tell(session, session.get_one(Rep, left.id), Alert.HOTTER, utcnow(), handoff_id=handoff_id)
        if held:
            notice.held = Held.QUIET_HOURS
            send(session, tell_digest(left.id, str(left.slack_user_id)))
    work_due()
    with reading() as session:
        assert session.query(Notice).one().held == Held.SETTLED
    assert dead() == []


def test_a_brief_whose_card_was_deleted_comes_with_the_next_card(slack: Outside, team: Team, channel: str) -> None:
    handoff_id = offer_a_lead()
    work_off(Job.SHOW_CARD)
    delete_all(slack, channel)
    let_time_pass()
    work_due()
    assert dead() == []
    with transaction() as session:
        deciding.accept(session, handoff_id, version=2, by=team.morgan, now=utcnow())
    work_due()
    (card,) = slack.messages(channel)
    assert card["reply_count"] == 1


def test_a_card_that_comes_home_is_the_one_that_stood_there_with_its_brief(
    slack: Outside, team: Team, channel: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As if the channel had been archived long after the card was posted, not within the minutes that clocks may differ.
    monkeypatch.setattr(messenger, "CLOCKS_DIFFER", timedelta(0))
    handoff_id = offer_a_lead()
    work_due()
    (before,) = cards_of(slack, channel, MORGAN)
    archive(slack, channel)
    with transaction() as session:
        deciding.accept(session, handoff_id, version=2, by=team.morgan, now=utcnow())
    work_due()
    archive(slack, channel, back=True)
    let_time_pass()
    work_due()
    (card,) = cards_of(slack, channel, MORGAN)
    assert (card["ts"], card["reply_count"]) == (before["ts"], 1)
    assert "Accepted by Morgan Manager" in json.dumps(card["blocks"])


def test_a_lead_for_the_taking_is_called_out_once_its_channel_is_back(slack: Outside, team: Team, channel: str) -> None:
    """An AE's lead: its card stands in their direct messages, and the channel of the pool hears when they miss it."""
    other = slack.new_channel()
    handoff_id = offer_a_lead(HQL, "hot@buyer.example.com")
    with transaction() as session:
        session.get_one(Pool, team.aes.id).slack_channel = other
        clock = session.query(SlaClock).filter_by(handoff_id=handoff_id, kind=ClockKind.FIRST_CONTACT).one()
        clock.breached_at = utcnow()
    work_due()
    archive(slack, other)
    with transaction() as session:
        send(session, call_pool(handoff_id, team.aes.id))
    work_due()
    assert dead() == []
    archive(slack, other, back=True)
    let_time_pass()
    work_due()
    assert len(slack.messages(other)) == 1
    assert f"{handoff_id}.stray" not in {job.key for job in jobs()}
