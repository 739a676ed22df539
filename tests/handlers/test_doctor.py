"""`handoff doctor` and the hourly look: each thing broken once, against the sandbox, and what is said of it."""

import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select, update
from typer.testing import CliRunner

from domain import health as facts
from domain.rules.health import Finding, State
from domain.tables import Check, Heartbeat, JobRow, Pool, Rep, ScoringModel
from domain.tables.scoring import ModelStatus
from domain.verbs import health as verbs
from handlers import health, upkeep
from handlers.cli import app
from handlers.heart import Heart, beating
from handlers.jobs import reading, transaction
from handlers.sending import Job
from kit.clock import utcnow
from kit.settings import settings
from sandbox.story_world import until
from tests.domain.making import Team
from tests.handlers.making import (
    OURS,
    Outside,
    clear_jobs,
    door_url,
    everything,
    jobs,
    make_staff,
    offer_a_lead,
    pointed_at,
    sandbox_process,
    slack,
    work_off,
)

__all__ = ["door_url", "everything", "sandbox_process", "slack"]  # fixtures


@pytest.fixture
def team(slack: Outside) -> Team:
    return make_staff(slack.new_channel())


@pytest.fixture
def alive(team: Team) -> None:
    """Every process has just said that it lives."""
    for kind in ("web", "worker", "clock"):
        Heart(kind).beat()


def found(name: str) -> Finding:
    (one,) = [one for one in health.look() if one.name == name]
    return one


def wrong() -> dict[str, State]:
    return {one.name: one.state for one in health.look() if one.state is not State.OK}


def test_an_installation_that_is_well_is_said_to_be(alive: None, slack: Outside, door_url: str) -> None:
    assert wrong() == {"public_url": State.WARNING}


def test_the_address_is_tried_if_somebody_said_it(
    alive: None, slack: Outside, door_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings(), "public_url", door_url)
    assert wrong() == {}
    monkeypatch.setattr(settings(), "public_url", "http://127.0.0.1:9")
    assert found("public_url").state is State.FAILED


@pytest.mark.parametrize(
    ("name", "value", "check", "word"),
    [
        ("SLACK_BOT_TOKEN", "xoxb-not-one", "slack_token", "invalid_auth"),
        ("SLACK_BOT_TOKEN", "", "slack_settings", "Not set: SLACK_BOT_TOKEN."),
        ("SLACK_API_URL", "http://127.0.0.1:9/api/", "slack_token", "does not answer"),
        ("SLACK_TEAM_ID", "T0ELSEWHERE", "slack_workspace", "T0ELSEWHERE"),
        ("SLACK_SIGNING_SECRET", "hush", "slack_signing_secret", "not what Slack gives out"),
        ("SLACK_APP_TOKEN", "xapp-not-one", "slack_socket", "invalid_auth"),
    ],
)
def test_a_wrong_setting_of_slacks_is_noticed(  # what is broken, where it shows, and its word
    alive: None, slack: Outside, name: str, value: str, check: str, word: str
) -> None:
    with pointed_at(Outside(slack.environment | {name: value}, slack.page, slack.url), "SLACK_"):
        one = found(check)
    assert one.state is not State.OK
    assert word in one.found


def test_a_token_of_socket_mode_that_works_is_well(alive: None, slack: Outside) -> None:
    token = {"SLACK_APP_TOKEN": slack.more["SLACK_APP_TOKEN"]}
    with pointed_at(Outside(slack.environment | token, slack.page, slack.url), "SLACK_"):
        assert wrong() == {}


def test_a_missing_scope_is_named(alive: None, slack: Outside) -> None:
    granted = slack.page.get("/_api/workspace").json()["scopes"]
    fewer = [scope for scope in granted if scope != "im:write"]
    slack.page.post("/_api/scopes", json={"scopes": fewer}).raise_for_status()
    try:
        assert found("slack_scopes").found == "The bot lacks im:write."
    finally:
        slack.page.post("/_api/scopes", json={"scopes": granted}).raise_for_status()


def test_an_archived_channel_is_noticed(alive: None, slack: Outside, team: Team) -> None:
    with reading() as session:
        channel = session.get_one(Pool, team.sdrs.id).slack_channel
    slack.page.post(f"/_api/channels/{channel}/archive").raise_for_status()
    assert "is archived" in found("slack_channel.SDR").found


def test_a_channel_without_the_bot_is_noticed(alive: None, slack: Outside, team: Team, committed: Engine) -> None:
    made = slack.page.post("/_api/channels", json={"name": "without-us", "members": ["U0SAMSDR001"]}).json()
    with committed.begin() as connection:
        connection.execute(update(Pool).where(Pool.id == team.sdrs.id).values(slack_channel=made["id"]))
    assert "the bot is not in" in found("slack_channel.SDR").found


@pytest.mark.parametrize("slack_user_id", [None, "U0WHOLEFT01"])
def test_a_rep_whom_slack_does_not_know_is_named(
    alive: None, slack: Outside, committed: Engine, slack_user_id: str | None
) -> None:
    with committed.begin() as connection:
        connection.execute(update(Rep).where(Rep.email == "sam.sample@example.com").values(slack_user_id=slack_user_id))
    one = found("slack_people")
    assert (one.state, one.found) == (State.FAILED, "Not found in Slack: sam.sample@example.com.")


def test_a_dead_job_is_shown_with_its_reason(alive: None, slack: Outside, committed: Engine) -> None:
    offer_a_lead()
    with committed.begin() as connection:
        dead = {"dead_at": utcnow(), "problem": "Slack answered is_archived"}
        connection.execute(update(JobRow).where(JobRow.name == Job.SHOW_CARD).values(**dead))
    one = found("dead_jobs")
    assert (one.state, one.found) == (
        State.FAILED,
        "1 job has given up. The newest: show_card: Slack answered is_archived",
    )


def test_jobs_that_nobody_does_are_noticed(alive: None, slack: Outside, committed: Engine) -> None:
    offer_a_lead()
    with committed.begin() as connection:
        connection.execute(update(JobRow).values(run_at=utcnow() - timedelta(hours=1)))
    assert found("waiting_jobs").state is State.FAILED


def test_a_late_clock_is_noticed(alive: None, slack: Outside, committed: Engine) -> None:
    with committed.begin() as connection:
        late = utcnow() - timedelta(minutes=10)
        connection.execute(update(Heartbeat).where(Heartbeat.kind == "clock").values(at=late))
    assert wrong() == {"clock": State.FAILED, "public_url": State.WARNING}


def test_without_a_model_nothing_is_scored_and_that_is_said(alive: None, slack: Outside, committed: Engine) -> None:
    with committed.begin() as connection:
        connection.execute(update(ScoringModel).values({"status": ModelStatus.RETIRED}))
    assert found("model").state is State.FAILED


def test_vendors_are_told_and_reps_whom_the_crm_does_not_know_are_named(everything: Outside) -> None:
    make_staff(everything.new_channel())
    assert found("vendor.salesforce").state is State.OK
    assert found("vendor.hubspot").state is State.OK
    assert found("crm_people").state is State.WARNING


@pytest.mark.parametrize(
    ("name", "value", "check", "words"),
    [
        ("SALESFORCE_CLIENT_SECRET", "", "vendor.salesforce", "salesforce is only half set up"),
        ("HUBSPOT_TIME_ZONE", "Nowhere/At-All", "vendor.hubspot", "time_zone"),
        ("ZOOMINFO_CLIENT_ID", "without-its-secret", "vendor.zoominfo", "zoominfo is only half set up"),
    ],
)
def test_a_vendor_that_is_not_whole_is_noticed_and_the_others_are_looked_at_all_the_same(
    everything: Outside, name: str, value: str, check: str, words: str
) -> None:
    make_staff(everything.new_channel())
    with pointed_at(Outside(everything.environment | {name: value}, everything.page, everything.url), *OURS):
        told = {one.name: one for one in health.look() if one.name.startswith("vendor.")}
    assert told[check].state is State.FAILED
    assert words in told[check].found
    assert value not in told[check].found or not value
    assert {told[one].state for one in told if one != check} == {State.OK}


def test_a_vendor_that_is_switched_off_in_words_is_not_missed(everything: Outside) -> None:
    with pointed_at(Outside(everything.environment | {"DNS_CHECK": "false"}, everything.page, everything.url), *OURS):
        assert "vendor.dns" not in {one.name for one in health.look()}


# ---- the command, and the hourly round ------------------------------------------------------------------------------------


def run(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["doctor", *words])
    return done.exit_code, done.output


def test_the_command_says_what_is_wrong_and_what_to_do_and_ends_with_1(team: Team, slack: Outside) -> None:
    status, said = run()
    assert status == 1
    assert "✗ The worker was never seen" in said
    assert "Start it: `handoff worker`." in said


def test_the_command_ends_with_0_if_nothing_failed(alive: None, slack: Outside) -> None:
    status, said = run()
    assert (status, "✗" in said) == (0, False)


def test_the_command_speaks_json(alive: None, slack: Outside) -> None:
    status, said = run("--json")
    read: list[dict[str, Any]] = json.loads(said)
    assert status == 0
    assert {"name": "worker", "state": "ok", "found": "1 worker process runs.", "advice": None} in read


def test_a_database_that_is_away_is_said_and_the_rest_is_looked_at(
    alive: None, slack: Outside, committed: Engine
) -> None:
    with committed.begin() as connection:
        connection.exec_driver_sql("alter table alembic_version rename to alembic_version_away")
    try:
        names = {one.name: one.state for one in health.look()}
    finally:
        with committed.begin() as connection:
            connection.exec_driver_sql("alter table alembic_version_away rename to alembic_version")
    assert names["database"] is State.FAILED
    assert names["slack_token"] is State.OK


def test_what_was_found_is_kept_and_the_newest_replaces_it(alive: None, slack: Outside) -> None:
    def kept() -> dict[str, str]:
        with reading() as session:
            return {one.name: one.state for one in facts.checks(session)}

    with transaction() as session:
        verbs.note(session, [Finding("vendor.gone", State.FAILED, "Gone.", "Nothing.")], utcnow())
    upkeep.round_of()
    assert Job.CHECK_HEALTH in [job.name for job in jobs()]
    work_off(Job.CHECK_HEALTH)
    assert (kept()["worker"], "vendor.gone" in kept()) == ("ok", False)
    clear_jobs()
    upkeep.round_of()
    assert Job.CHECK_HEALTH not in [job.name for job in jobs()]
    with transaction() as session:
        session.execute(update(Check).values(at=utcnow() - timedelta(hours=2)))
    upkeep.round_of()
    assert Job.CHECK_HEALTH in [job.name for job in jobs()]


# ---- heartbeats -----------------------------------------------------------------------------------------------------------


def processes() -> list[str]:
    with reading() as session:
        return list(session.scalars(select(Heartbeat.process)))


def test_a_process_says_that_it_lives_and_takes_its_leave(committed: Engine) -> None:
    with beating("worker"):
        until("a heartbeat", lambda: len(processes()) == 1)
        assert processes()[0].startswith("worker@")
    assert processes() == []


def test_a_heart_beats_no_oftener_than_it_must(committed: Engine) -> None:
    heart = Heart("clock")
    heart.beat()
    with committed.begin() as connection:
        connection.execute(update(Heartbeat).values(at=utcnow() - timedelta(hours=1)))
    heart.beat()
    with reading() as session:
        assert utcnow() - session.scalars(select(Heartbeat.at)).one() >= timedelta(hours=1)


def test_who_fell_silent_long_ago_is_forgotten(committed: Engine) -> None:
    now = utcnow()
    with transaction() as session:
        verbs.beat(session, "worker@old", "worker", now, now - timedelta(days=2))
        verbs.beat(session, "worker@new", "worker", now, now)
        verbs.sweep(session, now)
    assert processes() == ["worker@new"]
