"""What is said of an installation: well or not, and what to do."""

from datetime import timedelta

import pytest

from domain.rules import health
from domain.rules.health import State
from tests.conftest import NOON

STATES = {
    "one worker": (health.of_process("worker", [NOON], NOON), State.OK, "1 worker process runs."),
    "two workers": (health.of_process("worker", [NOON, NOON], NOON), State.OK, "2 worker processes run."),
    "one of two is left": (
        health.of_process("worker", [NOON, NOON - timedelta(hours=3)], NOON),
        State.OK,
        "1 worker process runs.",
    ),
    "a late clock": (
        health.of_process("clock", [NOON - timedelta(minutes=5)], NOON),
        State.FAILED,
        "The clock was last seen 5 minutes ago: reminders, escalations and missed SLAs stand still.",
    ),
    "no clock ever": (
        health.of_process("clock", [], NOON),
        State.FAILED,
        "The clock was never seen: reminders, escalations and missed SLAs stand still.",
    ),
    "no dead job": (health.of_dead_jobs(0, None), State.OK, "No job has given up."),
    "dead jobs": (
        health.of_dead_jobs(2, "show_card: Slack answered is_archived"),
        State.FAILED,
        "2 jobs have given up. The newest: show_card: Slack answered is_archived",
    ),
    "nothing waits": (health.of_waiting_jobs(None, NOON), State.OK, "No job waits long."),
    "something waits": (
        health.of_waiting_jobs(NOON - timedelta(minutes=3), NOON),
        State.WARNING,
        "A job has been due for 3 minutes.",
    ),
    "something waits too long": (
        health.of_waiting_jobs(NOON - timedelta(hours=3), NOON),
        State.FAILED,
        "A job has been due for 3 hours.",
    ),
    "no model": (health.of_model(None), State.FAILED, "No scoring model is in force: no lead is scored."),
    "clocks agree": (
        health.of_clocks(timedelta(seconds=-2), "this machine", "machine_time"),
        State.OK,
        "The clock of this machine agrees with Slack's.",
    ),
    "a clock is behind": (
        health.of_clocks(timedelta(seconds=-90), "this machine", "machine_time"),
        State.WARNING,
        "The clock of this machine is 90 seconds behind Slack's.",
    ),
    "a clock is wrong": (
        health.of_clocks(timedelta(hours=2), "the database", "database_time"),
        State.FAILED,
        "The clock of the database is 2 hours ahead of Slack's.",
    ),
    "another workspace": (
        health.of_workspace("T1", "T2", "Sample"),
        State.FAILED,
        "SLACK_TEAM_ID is T1, but the bot token is of Sample (T2): every click would be refused.",
    ),
    "scopes are missing": (
        health.of_scopes({"a:x", "b:x", "c:x"}, {"b:x"}),
        State.FAILED,
        "The bot lacks a:x and c:x.",
    ),
    "more scopes than needed": (
        health.of_scopes({"a:x"}, {"a:x", "b:x"}),
        State.OK,
        "The bot has every scope it needs.",
    ),
    "no signing secret": (
        health.of_signing_secret("xoxb-1"),
        State.WARNING,
        "SLACK_SIGNING_SECRET is not what Slack gives out (32 digits 0-9, a-f): every click would be refused.",
    ),
    "nothing set": (
        health.of_settings("", "", signed=False, by_socket=False),
        State.FAILED,
        "Not set: SLACK_BOT_TOKEN, SLACK_TEAM_ID and SLACK_APP_TOKEN or SLACK_SIGNING_SECRET.",
    ),
    "both doors": (
        health.of_settings("xoxb", "T1", signed=True, by_socket=True),
        State.OK,
        "Slack reaches us over HTTP and Socket Mode.",
    ),
    "an archived channel": (
        health.of_channel("EMEA", "C1", problem="archived"),
        State.FAILED,
        "C1, the channel of the pool EMEA, is archived: its leads are told to nobody.",
    ),
    "a channel that Slack keeps to itself": (
        health.of_channel("EMEA", "C1", problem="missing_scope"),
        State.FAILED,
        "C1, the channel of the pool EMEA, cannot be looked at: Slack answers missing_scope.",
    ),
    "seven strangers": (
        health.of_people("slack_people", "Slack", [f"{n}@example.com" for n in range(7)], "Mend it."),
        State.FAILED,
        "Not found in Slack: 0@example.com, 1@example.com, 2@example.com, 3@example.com, 4@example.com and 2 more.",
    ),
}


@pytest.mark.parametrize("case", STATES)
def test_a_finding_says_what_is_so(case: str) -> None:
    finding, state, found = STATES[case]
    assert (finding.state, finding.found) == (state, found)


@pytest.mark.parametrize("case", STATES)
def test_what_is_not_well_comes_with_advice_and_what_is_well_without(case: str) -> None:
    finding, _, _ = STATES[case]
    assert (finding.advice is None) == (finding.state is State.OK)
