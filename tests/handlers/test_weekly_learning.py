"""What learning does by itself, each thing once: the weekly run, the end of a trial, and a word that the model in force does worse."""

from datetime import timedelta

import httpx
import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from bot.ids import ProposalPress
from domain.rules.preferences import Alert
from domain.rules.proposals import ProposalKind
from domain.tables import Learning, Notice, Rep
from domain.verbs import deciding, proposing
from domain.watching import SHADOW_OVER, WORSE
from handlers import upkeep
from handlers.calibration_settings import learning_settings
from handlers.cli import app
from handlers.jobs import reading, send, transaction
from handlers.noticing import tell
from handlers.sending import Job, learn_model
from kit.clock import utcnow
from tests.domain.making import HQL, Team, make_offer
from tests.handlers.making import (
    MORGAN,
    Outside,
    clear_jobs,
    door,
    door_url,
    jobs,
    rep_in_slack,
    sandbox_process,
    slack,
    work_off,
)
from tests.handlers.making_proposals import ask, channel, in_force, run, said, settings, shown, team

__all__ = ["channel", "door", "door_url", "sandbox_process", "settings", "slack", "team"]  # fixtures


def test_when_the_shadow_is_over_managers_are_asked_again_once(slack: Outside, channel: str, team: Team) -> None:
    number = ask()
    with transaction() as session:
        now = utcnow()
        proposing.approve(session, number, version=1, by=None, now=now - timedelta(days=8), shadow=timedelta(days=7))
    work_off()
    for _ in range(2):
        upkeep.round_of()
        work_off(Job.TELL_NOTICE, Job.SHOW_PROPOSAL)
    assert [one.data["why"] for one in told()] == [SHADOW_OVER]
    assert "Put it in force?" in said(shown(slack, channel))
    dm = str(rep_in_slack(MORGAN).slack_dm_id)
    assert ProposalPress.ACTIVATE in said(slack.messages(dm, MORGAN)[-1])


def told() -> list[Notice]:
    with reading() as session:
        return list(session.scalars(select(Notice).where(Notice.kind == Alert.PROPOSAL)))


def test_a_word_that_a_model_does_worse_has_the_button_to_take_it_back(
    door: httpx.Client, slack: Outside, channel: str, team: Team
) -> None:
    before, number = in_force(), ask()
    watched = {"sql": [3, 40], "promised": 0.31, "accepted": [10, 40], "before": [60, 80], "worse": True}
    with transaction() as session:
        proposing.approve(session, number, version=1, by=None, now=utcnow(), shadow=timedelta(0))
        morgan = session.get_one(Rep, team.morgan.id)
        morgan.preferences = {"quiet": [0, 0]}
        tell(session, morgan, Alert.PROPOSAL, utcnow(), data={"proposal_id": number, "why": WORSE, "watched": watched})
    work_off()
    dm = str(rep_in_slack(MORGAN).slack_dm_id)
    word = slack.messages(dm, MORGAN)[-1]
    assert "8% (3 of 40) of its leads became an SQL; 31% were foreseen" in said(word)
    slack.press(MORGAN, word, ProposalPress.ROLL_BACK)
    assert in_force() == before


def test_the_weekly_run_is_sent_once_and_says_how_far_the_data_is(slack: Outside, team: Team) -> None:
    upkeep.round_of()
    upkeep.round_of()
    assert [job.args for job in jobs() if job.name == Job.LEARN] == [{"kind": "model"}]
    assert work_off(Job.LEARN) == [Job.LEARN, Job.LEARN]
    with reading() as session:
        runs = session.execute(select(Learning.kind, Learning.verdict).order_by(Learning.id)).all()
    assert [tuple(run) for run in runs] == [
        (ProposalKind.MODEL, "not_enough"),
        (ProposalKind.THRESHOLDS, "not_enough"),
    ]
    clear_jobs()
    upkeep.round_of()
    assert [job for job in jobs() if job.name == Job.LEARN] == []


def test_the_weekly_run_finds_out_that_the_model_in_force_does_worse_and_says_so_once(
    slack: Outside, channel: str, team: Team
) -> None:
    number = ask()
    with transaction() as session:
        proposing.approve(session, number, version=1, by=None, now=utcnow(), shadow=timedelta(0))
    rejected_leads(22)
    clear_jobs()
    for _ in range(2):
        with transaction() as session:
            send(session, learn_model())
        work_off(Job.LEARN)
    assert [one.data["why"] for one in told()] == [WORSE]
    with reading() as session:
        (_, data, *_) = session.scalars(select(Learning.data).order_by(Learning.id))
    assert (data["watched"]["sql"], data["watched"]["worse"]) == ([0, 22], True)


def rejected_leads(count: int) -> None:
    """Offered some weeks ago, and told by sales that they do not fit."""
    past = utcnow() - timedelta(days=40)
    for lead in range(count):
        with transaction() as session:
            handoff = make_offer(session, HQL, f"lead{lead}@buyer.example.com", now=past)
            by = session.get_one(Rep, handoff.rep_id)
            deciding.reject(
                session, handoff.id, version=handoff.version, by=by, now=past, reason="competitor", note=None
            )


def test_switched_off_nothing_is_learnt_by_itself(slack: Outside, team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEARNING_WEEKLY", "no")
    learning_settings.cache_clear()
    upkeep.round_of()
    assert [job for job in jobs() if job.name == Job.LEARN] == []


def test_a_run_that_two_workers_make_leaves_one_row(slack: Outside, team: Team) -> None:
    with transaction() as session:
        send(session, learn_model())
    work_off(Job.LEARN)
    with reading() as session:
        assert len(session.scalars(select(Learning).where(Learning.kind == ProposalKind.MODEL)).all()) == 1


def test_the_command_line_learns_now_and_says_what_came_of_it(slack: Outside, team: Team) -> None:
    assert "Nothing was learnt yet" in run("learn")
    assert "not_enough. Not enough data yet: 0 of about 60" in run("learn", "--now")
    assert "Not enough data yet" in run("learn")


def test_what_is_to_be_foreseen_is_said_with_a_run_only() -> None:
    answer = CliRunner().invoke(app, ["learn", "--goal", "won"])
    assert answer.exit_code == 2
    assert "without that nothing is learnt" in " ".join(answer.output.replace("│", " ").split())
