"""/leadstats in Slack: the team's numbers for managers, one's own for everybody."""

import json
import re
import time
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from bot import messenger
from domain.tables import Lead, Rep, Role, TouchRow
from domain.verbs import deciding
from handlers import leadstats
from handlers.jobs import execute, transaction
from handlers.sending import Job
from kit.clock import utcnow
from tests.domain.making import Team
from tests.handlers.making import (
    DANA,
    GUEST,
    MORGAN,
    SAM,
    Outside,
    ask,
    clear_jobs,
    command,
    door,
    door_url,
    jobs,
    make_staff,
    offer_a_lead,
    sandbox_process,
    slack,
    tell,
    work_off,
)

CHART = (Job.DRAW_CHART, Job.SEND_CHART)

__all__ = ["door", "door_url", "sandbox_process", "slack"]  # fixtures


@pytest.fixture
def team(door: httpx.Client, slack: Outside) -> Team:
    """One lead accepted by Sam, one rejected by Dana."""
    made = make_staff("C0SDREMEA01")
    # Offered before either is decided: a colleague of a lead that Sam has accepted would be his as well.
    first, second = (offer_a_lead(email=f"lead-{number}@buyer.example.com") for number in range(2))
    with transaction() as session:
        deciding.accept(session, first, version=2, by=made.sam, now=utcnow())
        deciding.reject(session, second, version=2, by=made.dana, reason="competitor", note=None, now=utcnow())
    clear_jobs()
    return made


def asked(door: httpx.Client, text: str, user: str) -> dict[str, Any]:
    return ask(door, "/leadstats", text, user)


def acceptance(said: dict[str, Any]) -> str:
    found = re.search(r"MQL acceptance\*\s+(\d+%|\u2013)", json.dumps(said["blocks"], ensure_ascii=False))
    assert found is not None
    return found[1].replace("\u2013", "nothing")


@pytest.mark.parametrize(
    ("user", "text", "expected", "whose"),
    [
        (MORGAN, "", "50%", "The whole team"),
        (MORGAN, "team", "50%", "The whole team"),
        (MORGAN, "me", "nothing", "Morgan Manager"),
        (SAM, "", "100%", "Sam Sample"),
        (SAM, "me 7d", "100%", "Sam Sample"),
        (DANA, "ME 90D", "0%", "Dana Demo"),
    ],
)
def test_everybody_sees_what_is_theirs(
    door: httpx.Client, team: Team, user: str, text: str, expected: str, whose: str
) -> None:
    said = asked(door, text, user)
    assert acceptance(said) == expected
    assert whose in json.dumps(said["blocks"])


@pytest.mark.parametrize(("text", "days"), [("", 30), ("7d", 7), ("team 90d", 90), ("365d team", 365)])
def test_one_asks_for_a_span_of_days(door: httpx.Client, team: Team, text: str, days: int) -> None:
    assert f"last {days} days" in asked(door, text, MORGAN)["blocks"][0]["text"]["text"]


@pytest.mark.parametrize("user", [SAM, DANA])
def test_the_teams_numbers_are_for_managers(door: httpx.Client, team: Team, user: str) -> None:
    assert asked(door, "team", user)["text"] == "The team's numbers are for managers."


def test_a_stranger_sees_no_numbers(door: httpx.Client, team: Team) -> None:
    said = asked(door, "", GUEST)
    assert said["text"].startswith("Handoff does not know you as a rep yet.")
    assert "blocks" not in said


@pytest.mark.parametrize(
    "text", ["0d", "-7d", "9999d", "7", "7d; drop table leads", "channel", "2026-Q9", "7d 30d", "2999-Q1", "1..2"]
)
def test_what_is_not_understood_is_answered_with_an_example(door: httpx.Client, team: Team, text: str) -> None:
    said = asked(door, text, MORGAN)
    assert said["text"] == "I did not understand that. Try for example `/leadstats team 30d`."


@pytest.mark.parametrize("text", ["yesterday", "<!channel>", "Sma Sample", "x" * 3000, "rep *bold*"])
def test_a_rep_nobody_knows_is_answered_with_the_nearest_three(door: httpx.Client, team: Team, text: str) -> None:
    said = asked(door, text, MORGAN)["text"]
    assert said.startswith("There is no rep of this name. The nearest: ")
    assert said.endswith("Try for example `/leadstats team 30d`.")
    assert said.count(",") == 2
    assert ("Sam Sample" in said) or text != "Sma Sample"


@pytest.mark.parametrize(
    "text", [f"<@{SAM}>", f"<@{SAM}|sam>", "@sam.sample", "Sam", "sam sample 7d", "90d sam.sample@example.com"]
)
def test_a_manager_asks_for_a_rep_however_they_write_them(door: httpx.Client, team: Team, text: str) -> None:
    said = asked(door, text, MORGAN)
    assert acceptance(said) == "100%"
    assert "Sam Sample" in said["blocks"][1]["text"]["text"]


def test_a_rep_may_ask_for_themselves_by_name_and_for_nobody_else(door: httpx.Client, team: Team) -> None:
    assert acceptance(asked(door, "sam sample", SAM)) == "100%"
    assert asked(door, "dana", SAM)["text"] == "The team's numbers are for managers."
    assert asked(door, "campaign Spring Fair", SAM)["text"] == "The team's numbers are for managers."


def test_a_manager_asks_for_the_leads_of_a_campaign_or_a_channel(door: httpx.Client, team: Team) -> None:
    with transaction() as session:
        lead_id = session.scalars(select(Lead.id).where(Lead.email == "lead-0@buyer.example.com")).one()
        long_ago = utcnow() - timedelta(days=3)
        for campaign in ("Spring Fair", "Autumn <!here>"):
            session.add(
                TouchRow(lead_id=lead_id, kind="webinar", occurred_at=long_ago, channel="events", campaign=campaign)
            )
    said = asked(door, "campaign spring fair 90d", MORGAN)
    assert acceptance(said) == "100%"
    assert "campaign Spring Fair" in said["blocks"][1]["text"]["text"]
    assert acceptance(asked(door, "channel EVENTS", MORGAN)) == "100%"
    refused = asked(door, "campaign autum", MORGAN)["text"]
    assert refused.startswith("There is no campaign of this name. The nearest: Autumn &lt;!here&gt;, Spring Fair.")


def test_a_campaign_where_none_is_known_is_said_to_be_none(door: httpx.Client, team: Team) -> None:
    assert "No name is known yet." in asked(door, "campaign Fair", MORGAN)["text"]


def words_of(said: dict[str, Any]) -> str:
    return json.dumps(said["blocks"], ensure_ascii=False)


def test_a_manager_asks_for_a_pool_a_persona_or_a_model(door: httpx.Client, team: Team) -> None:
    assert acceptance(asked(door, "pool sdr", MORGAN)) == "50%"
    assert acceptance(asked(door, "pool AE", MORGAN)) == "nothing"
    for text in ("model default", "model DEFAULT@1", "model active 90d"):
        said = asked(door, text, MORGAN)
        assert acceptance(said) == "50%"
        assert "model default@1" in words_of(said)
    assert acceptance(asked(door, "persona decision makers", MORGAN)) == "50%"
    assert acceptance(asked(door, "persona practitioner", MORGAN)) == "nothing"


@pytest.mark.parametrize(
    ("text", "near"),
    [("pool EMEA", "SDR, AE"), ("persona boss", "other"), ("model learnt", "default@1")],
)
def test_what_nobody_knows_is_answered_with_what_there_is(door: httpx.Client, team: Team, text: str, near: str) -> None:
    said = asked(door, text, MORGAN)["text"]
    assert said.startswith(f"There is no {text.split(maxsplit=1)[0]} of this name. The nearest: ")
    assert near in said or set(near.split(", ")) <= set(re.findall(r"\w+", said))


def test_marketing_sees_what_is_said_of_leads_and_nothing_of_people(door: httpx.Client, team: Team) -> None:
    with transaction() as session:
        session.get_one(Rep, team.dana.id).role = Role.MARKETING
    assert "The whole team" in words_of(asked(door, "", DANA))
    for text in ("team", "trend", "score", "won", "persona other", "model default", "trend model default"):
        assert "blocks" in asked(door, text, DANA)
    for text in ("sam sample", "pool SDR", "trend pool SDR", "calls sam"):
        assert asked(door, text, DANA)["text"] == "The team's numbers are for managers."
    assert "Dana Demo" in words_of(asked(door, "me", DANA))


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("score 90d", "What the score was worth, last 90 days"),
        ("calls pool SDR", "Qualification calls, last 30 days"),
        ("won quarter", "Won and lost, "),
    ],
)
def test_one_asks_for_something_else_than_the_five_metrics(
    door: httpx.Client, team: Team, text: str, title: str
) -> None:
    assert asked(door, text, MORGAN)["blocks"][0]["text"]["text"].startswith(title)
    assert "The team's numbers are for managers." in asked(door, f"{text.split(maxsplit=1)[0]} team", SAM)["text"]
    assert "Sam Sample" in words_of(asked(door, f"{text.split(maxsplit=1)[0]} me", SAM))


def test_a_trend_is_not_reckoned_while_somebody_waits(door: httpx.Client, team: Team) -> None:
    assert asked(door, "trend", MORGAN)["text"] == (
        "The whole team: The last six quarters follow in a moment, with their chart."
    )
    assert "The team's numbers are for managers." in asked(door, "trend team", SAM)["text"]
    assert "Sam Sample" in words_of(asked(door, "trend me", SAM))


def test_a_trend_of_nothing_is_said_without_a_picture(door: httpx.Client, slack: Outside, team: Team) -> None:
    channel = slack.new_channel()
    slack.act(MORGAN, "command", channel=channel, command="/leadstats", text="trend persona other")
    work_off_charts()
    said = json.dumps(slack.messages(channel, MORGAN))
    assert "nothing to count yet" in said
    assert "slack_file" not in said
    assert jobs() == []


# A second or two: see below.
def test_the_chart_of_a_trend_follows_like_any_other(door: httpx.Client, slack: Outside, team: Team) -> None:
    channel = slack.new_channel()
    slack.act(MORGAN, "command", channel=channel, command="/leadstats", text="trend pool SDR")
    work_off_charts()
    picture = picture_in(slack.messages(channel, MORGAN))
    assert picture["alt_text"].startswith("Lead quality of pool SDR by quarter. MQL acceptance: ")
    assert slack.page.get(f"/_api/files/{picture['slack_file']['id']}").content.startswith(b"\x89PNG")
    assert jobs() == []


# A second or two: the first picture imports the library that draws it, and Slack takes its time to show it.
def test_the_chart_follows_in_the_channel_for_who_asked_alone(door: httpx.Client, slack: Outside, team: Team) -> None:
    channel = slack.new_channel()
    slack.act(MORGAN, "command", channel=channel, command="/leadstats", text="team 7d")
    work_off_charts()
    picture = picture_in(slack.messages(channel, MORGAN))
    assert picture["alt_text"].startswith("Lead quality of The whole team, last 7 days: MQL acceptance 50%")
    shown = slack.page.get(f"/_api/files/{picture['slack_file']['id']}")
    assert shown.content.startswith(b"\x89PNG")
    assert [message for message in slack.messages(channel, SAM) if "image" in json.dumps(message["blocks"])] == []
    assert jobs() == []


def test_where_we_are_not_the_chart_comes_by_direct_message(door: httpx.Client, slack: Outside, team: Team) -> None:
    asked_in = "C0NOSUCHCHANNEL"
    body = command("me", user=SAM).replace("C0SDREMEA01", asked_in)
    assert tell(door, body).status_code == 200
    work_off_charts()
    direct = messenger.direct_channel(SAM)
    assert picture_in(slack.messages(direct, SAM))["alt_text"].startswith("Lead quality of Sam Sample")


def test_a_chart_that_was_sent_by_direct_message_before_a_crash_is_not_sent_again(
    door: httpx.Client, slack: Outside, team: Team
) -> None:
    direct = messenger.direct_channel(DANA)
    tell(door, command("me", user=DANA).replace("C0SDREMEA01", direct))
    work_off(Job.DRAW_CHART)
    waiting = jobs()[0]
    work_off_charts()
    sent = len(slack.messages(direct, DANA))
    # As if it had crashed between Slack's yes and our commit: the same job again, claimed once more.
    execute(waiting.id, waiting.name, waiting.args, waiting.lane, waiting.claims + 9, utcnow().timestamp())
    assert len(slack.messages(direct, DANA)) == sent


def test_whoever_is_no_manager_any_more_gets_no_chart_of_the_team(
    door: httpx.Client, slack: Outside, team: Team
) -> None:
    channel = slack.new_channel()
    slack.act(MORGAN, "command", channel=channel, command="/leadstats", text="team")
    with transaction() as session:
        session.get_one(Rep, team.morgan.id).role = Role.SDR
    work_off(Job.DRAW_CHART)
    assert [job.dead_at is not None for job in jobs()] == [True]


# Seconds: Slack is asked a few times before it is believed that it minds the table and not the picture.
def test_where_slack_takes_no_tables_the_numbers_stand_in_lines_beneath_the_picture(
    door: httpx.Client, slack: Outside, team: Team
) -> None:
    channel = slack.new_channel()
    slack.page.post("/_api/unknown_blocks", json={"types": ["table"]}).raise_for_status()
    try:
        for text in ("team 7d", "team 30d"):
            slack.act(MORGAN, "command", channel=channel, command="/leadstats", text=text)
            work_off_charts()
    finally:
        slack.page.post("/_api/unknown_blocks", json={"types": []}).raise_for_status()
        # What this process has learned of Slack is not true of the next test's.
        leadstats._refused_tables.clear()
    charts = [one for one in slack.messages(channel, MORGAN) if "image" in {block["type"] for block in one["blocks"]}]
    assert [{block["type"] for block in one["blocks"]} & {"table", "section"} for one in charts] == [{"section"}] * 2
    assert jobs() == []


def test_with_nothing_to_draw_there_is_no_chart(door: httpx.Client, team: Team) -> None:
    asked(door, "me", MORGAN)
    assert jobs() == []


def test_a_question_that_is_not_understood_writes_nothing(door: httpx.Client, team: Team) -> None:
    for text in ("0d", "nonsense", "channel"):
        asked(door, text, SAM)
    assert jobs() == []


def work_off_charts() -> None:
    """Until they are done: Slack shows a picture some tenths of a second after it was given to it, and is asked again."""
    until = time.monotonic() + 10
    while any(job.dead_at is None for job in jobs()):
        work_off(*CHART)
        assert time.monotonic() < until


def picture_in(messages: list[dict[str, Any]]) -> dict[str, Any]:
    return next(block for message in messages for block in message["blocks"] if block["type"] == "image")


def test_it_answers_in_slack_itself(door: httpx.Client, slack: Outside, team: Team) -> None:
    slack.act(MORGAN, "command", channel="C0SDREMEA01", command="/leadstats", text="7d")
    said = [message for message in slack.messages("C0SDREMEA01", MORGAN) if message["ephemeral"]][-1]
    assert "Lead quality, last 7 days" in json.dumps(said["blocks"])
