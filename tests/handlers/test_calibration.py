"""A proposal in a real workspace: posted once over a crash, decided by signed clicks, redrawn in every state."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import update

from bot.blocks import escape
from bot.ids import ProposalPress, ProposalRef, ProposalSubmission
from domain.rules.proposals import ProposalStatus
from domain.rules.scoring import default_model_toml
from domain.tables import Proposal, Rep, ScoringModel
from domain.verbs import proposing
from handlers.calibration_settings import learning_settings
from handlers.jobs import reading, send, transaction
from handlers.sending import Job, show_proposal
from kit.clock import utcnow
from tests.bot.test_proposal import LEARNING
from tests.domain.making import Team, make_lead
from tests.domain.test_proposing import CHANCES
from tests.handlers.making import (
    GUEST,
    MORGAN,
    SAM,
    Outside,
    click,
    door,
    door_url,
    jobs,
    rep_in_slack,
    sandbox_process,
    slack,
    submission,
    work_off,
)
from tests.handlers.making import tell as tell_door
from tests.handlers.making_proposals import (
    BACKTEST,
    STRICTER,
    act,
    ask,
    channel,
    in_force,
    proposal,
    run,
    said,
    settings,
    shown,
    team,
)
from tests.handlers.test_home import home, opened, tell_event, words

__all__ = ["channel", "door", "door_url", "sandbox_process", "settings", "slack", "team"]  # fixtures


def ids(message: dict[str, Any]) -> list[str]:
    return [one["action_id"] for block in message["blocks"] if block["type"] == "actions" for one in block["elements"]]


def test_a_proposal_is_posted_once_and_says_what_changes_and_what_it_would_have_done(
    slack: Outside, channel: str, team: Team
) -> None:
    ask()
    work_off()
    text = said(shown(slack, channel))
    for words_of_it in (
        "Nothing has changed yet",
        "MQL begins at *65* instead of 60",
        "In the last 90 days: 41 MQLs instead of 52",
        "On the first day 2 leads from nurture",
    ):
        assert words_of_it in text
    assert ids(shown(slack, channel)) == [ProposalPress.APPROVE, ProposalPress.DECLINE, ProposalPress.DETAILS]
    with transaction() as session:
        send(session, show_proposal(1))
    posts = slack.posts()
    assert work_off() == [Job.SHOW_PROPOSAL]
    assert slack.posts() == posts


def test_after_a_crash_the_message_is_found_and_not_posted_again(slack: Outside, channel: str, team: Team) -> None:
    number = ask()
    work_off()
    with transaction() as session:
        # What a worker leaves behind that was killed after Slack's yes: the claim, the message, and the job.
        session.execute(update(Proposal).values(ts=None, drawn=None))
        send(session, show_proposal(number))
    before = shown(slack, channel)["ts"]
    work_off()
    assert shown(slack, channel)["ts"] == before == proposal(number).ts


def test_without_a_channel_the_first_manager_gets_it(
    slack: Outside, team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEARNING_CHANNEL", "")
    learning_settings.cache_clear()
    number = ask()
    work_off()
    dm = str(rep_in_slack(MORGAN).slack_dm_id)
    assert proposal(number).channel == dm
    assert "Proposal: a newly learnt scoring model" in said(slack.messages(dm, MORGAN)[-1])


def test_a_channel_that_cannot_be_reached_gives_way_to_the_manager(
    slack: Outside, team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEARNING_CHANNEL", "C0NOWHERE01")
    learning_settings.cache_clear()
    number = ask()
    work_off()
    dm = str(rep_in_slack(MORGAN).slack_dm_id)
    assert proposal(number).channel == dm
    assert proposal(number).ts == slack.messages(dm, MORGAN)[-1]["ts"]
    assert jobs() == []


def test_without_anybody_to_tell_it_waits_in_silence(slack: Outside, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEARNING_CHANNEL", "")
    learning_settings.cache_clear()
    number = ask()
    assert work_off() == [Job.SHOW_PROPOSAL]
    assert (proposal(number).ts, jobs()) == (None, [])


def test_from_a_yes_through_shadow_into_force_and_back(
    door: httpx.Client, slack: Outside, channel: str, team: Team
) -> None:
    before, number = in_force(), ask()
    work_off()
    act(slack, channel, ProposalPress.APPROVE)
    assert proposal(number).status is ProposalStatus.SHADOW
    assert in_force() == before
    assert ids(shown(slack, channel)) == [ProposalPress.ACTIVATE, ProposalPress.DECLINE, ProposalPress.DETAILS]
    assert "Tried in shadow until" in said(shown(slack, channel))
    act(slack, channel, ProposalPress.ACTIVATE)
    assert in_force() == proposal(number).model_id
    assert f"<@{MORGAN}>" in said(shown(slack, channel))
    act(slack, channel, ProposalPress.ROLL_BACK)
    assert in_force() == before
    assert "Rolled back" in said(shown(slack, channel))
    assert ids(shown(slack, channel)) == [ProposalPress.DETAILS]


def test_with_no_days_in_shadow_a_yes_puts_it_in_force(
    door: httpx.Client, slack: Outside, channel: str, team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEARNING_SHADOW_DAYS", "0")
    learning_settings.cache_clear()
    number = ask()
    work_off()
    act(slack, channel, ProposalPress.APPROVE)
    assert in_force() == proposal(number).model_id
    assert "In force since" in said(shown(slack, channel))


def test_who_declines_says_why(door: httpx.Client, slack: Outside, channel: str, team: Team) -> None:
    number = ask()
    work_off()
    act(slack, channel, ProposalPress.DECLINE)
    window = slack.top_view(MORGAN)
    assert window["callback_id"] == ProposalSubmission.DECLINE
    body = submission(window["callback_id"], window["private_metadata"], user=MORGAN, note="Not before the *fair*.")
    assert tell_door(door, body).text == ""
    work_off()
    assert proposal(number).note == "Not before the *fair*."
    assert escape("Not before the *fair*.") in said(shown(slack, channel))


def test_details_show_every_change_and_who_moves_by_name(
    door: httpx.Client, slack: Outside, channel: str, team: Team
) -> None:
    with transaction() as session:
        lead = make_lead(session, now=utcnow())
    ask(backtest={**BACKTEST, "up": [[lead.id, 55, 71], [999, 1, 2]]}, learning=LEARNING)
    work_off(Job.SHOW_PROPOSAL)
    slack.press(MORGAN, shown(slack, channel), ProposalPress.DETAILS)
    text = said(slack.top_view(MORGAN))
    for words_of_it in (
        "thresholds.mql 60 -&gt; 65",
        "55 → *71*",
        "Learnt from 412 leads",
        "What became of them",
        "The risk",
    ):
        assert words_of_it in text


@pytest.mark.parametrize("press", list(ProposalPress))
def test_who_sells_decides_nothing_and_is_told_so(
    door: httpx.Client, slack: Outside, channel: str, team: Team, press: ProposalPress
) -> None:
    number, before = ask(), in_force()
    work_off()
    tell_door(door, click(press, ProposalRef(number, 1).packed, user=SAM, channel=channel))
    work_off()
    assert (proposal(number).status, in_force()) == (ProposalStatus.OPEN, before)


def test_a_stranger_and_a_button_that_is_none_of_ours_change_nothing(
    door: httpx.Client, slack: Outside, channel: str, team: Team
) -> None:
    number = ask()
    work_off()
    for user, value in ((GUEST, ProposalRef(number, 1).packed), (MORGAN, "p1"), (MORGAN, "h1.v1"), (MORGAN, "p77.v1")):
        answer = tell_door(door, click(ProposalPress.APPROVE, value, user=user, channel=channel))
        assert answer.status_code == 200
        assert Job.WHISPER in work_off()
    assert proposal(number).status is ProposalStatus.OPEN


def test_a_click_on_an_old_drawing_is_refused_and_the_message_repairs_itself(
    door: httpx.Client, slack: Outside, channel: str, team: Team
) -> None:
    number = ask()
    work_off()
    act(slack, channel, ProposalPress.APPROVE)
    old = click(ProposalPress.APPROVE, ProposalRef(number, 1).packed, user=MORGAN, channel=channel)
    assert tell_door(door, old).status_code == 200
    assert {Job.WHISPER, Job.SHOW_PROPOSAL} <= set(work_off())
    assert proposal(number).status is ProposalStatus.SHADOW


def test_a_manager_decides_in_their_home_as_well(door: httpx.Client, slack: Outside, team: Team) -> None:
    number = ask()
    work_off()
    tell_event(door, opened(MORGAN))
    seen = home(slack, MORGAN)
    assert "A proposal waits for you" in words(seen)
    assert ProposalPress.APPROVE in words(seen)
    with transaction() as session:
        proposing.approve(
            session, number, version=1, by=session.get_one(Rep, team.morgan.id), now=utcnow(), shadow=timedelta(0)
        )
    tell_event(door, opened(MORGAN))
    assert "No proposal waits." in words(home(slack, MORGAN))
    assert "In force since" in words(home_again(door, slack))


def home_again(door: httpx.Client, slack: Outside) -> dict[str, Any]:
    tell_event(door, opened(MORGAN))
    return home(slack, MORGAN)


def test_the_command_line_decides_as_well(slack: Outside, team: Team) -> None:
    before, number = in_force(), str(ask())
    assert "open" in run("proposals", "list")
    assert "thresholds.mql 60 -> 65" in run("proposals", "show", number)
    assert "it is being tried in shadow" in run("proposals", "approve", number)
    assert "it is in force" in run("proposals", "approve", number)
    assert in_force() == proposal(int(number)).model_id
    assert "it was rolled back" in run("proposals", "rollback", number)
    assert in_force() == before
    assert "it was declined" in run("proposals", "decline", str(ask(STRICTER)), "--note", "No.")
    assert "it is in force" in run("proposals", "approve", str(ask(STRICTER)), "--at-once")


def test_a_trial_that_is_ended_on_the_command_line_is_over_in_the_message_and_in_the_home_as_well(
    door: httpx.Client, slack: Outside, channel: str, team: Team
) -> None:
    number = ask()
    work_off()
    act(slack, channel, ProposalPress.APPROVE)
    with reading() as session:
        draft = session.get_one(ScoringModel, proposal(number).model_id)
    run("model", "unshadow", f"{draft.name}@{draft.version}")
    work_off()
    message = shown(slack, channel)
    assert "Its trial in shadow was ended by hand" in said(message)
    assert ids(message) == [ProposalPress.APPROVE, ProposalPress.DECLINE, ProposalPress.DETAILS]
    assert "Its trial in shadow was ended by hand" in words(home_again(door, slack))


def test_chances_alone_are_in_force_with_a_yes_and_the_command_line_says_what_they_are(
    door: httpx.Client, slack: Outside, channel: str, team: Team
) -> None:
    number = ask(default_model_toml() + CHANCES, chances=LEARNING)
    work_off()
    assert "Approve puts it in force at once" in said(shown(slack, channel))
    assert "no score and no tier changes" in run("proposals", "show", str(number))
    act(slack, channel, ProposalPress.APPROVE)
    assert in_force() == proposal(number).model_id
    assert "In force since" in said(shown(slack, channel))
