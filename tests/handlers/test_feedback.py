"""The loops and the pulse in a real workspace: made once, said once over a crash, by whose wish and where."""

import json
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select, update
from typer.testing import CliRunner

from bot import messenger
from bot.ids import PulsePress
from domain.loops.due import readers
from domain.rules.preferences import Alert, How, Preferences
from domain.tables import Handoff, LoopRun, Notice, Pulse, Rep
from domain.verbs import deciding, pulsing, staffing
from handlers import feedback_turns, upkeep
from handlers.cli import app
from handlers.feedback_settings import feedback_settings
from handlers.jobs import execute, reading, send, transaction
from handlers.sending import Job, Sending
from kit.clock import utcnow
from tests.domain.making import Team
from tests.handlers.making import (
    DANA,
    MORGAN,
    SAM,
    Outside,
    clear_jobs,
    click,
    door,
    door_url,
    jobs,
    make_staff,
    offer_a_lead,
    rep_in_slack,
    sandbox_process,
    slack,
    tell,
    work_off,
)

__all__ = ["door", "door_url", "sandbox_process", "slack"]  # fixtures

PACK = (Job.MAKE_MONTHLY, Job.DRAW_PACK, Job.POST_PACK, Job.SHARE_PACK, Job.TELL_NOTICE)
MONTH = "2026-10"


@pytest.fixture
def channel(slack: Outside) -> str:
    return slack.new_channel()


@pytest.fixture
def team(channel: str) -> Team:
    """One lead accepted by Sam, one rejected by Dana, yesterday."""
    made = make_staff(channel)
    first, second = (offer_a_lead(email=f"lead-{number}@buyer.example.com") for number in range(2))
    with transaction() as session:
        deciding.accept(session, first, version=2, by=made.sam, now=utcnow())
        deciding.reject(session, second, version=2, by=made.dana, reason="competitor", note=None, now=utcnow())
        session.execute(update(Handoff).values(became_at=utcnow() - timedelta(days=1)))
    clear_jobs()
    return made


@pytest.fixture
def wished() -> Iterator[pytest.MonkeyPatch]:
    """What the operator says of the loops, until the test ends."""
    with pytest.MonkeyPatch.context() as patch:
        yield patch
    feedback_settings.cache_clear()


def settings(wished: pytest.MonkeyPatch, **said: str) -> None:
    for name, value in said.items():
        wished.setenv(f"FEEDBACK_{name.upper()}", value)
    feedback_settings.cache_clear()


def direct(slack: Outside, user: str) -> list[dict[str, Any]]:
    return slack.messages(str(rep_in_slack(user).slack_dm_id), user)


def words(message: dict[str, Any]) -> str:
    return json.dumps(message, ensure_ascii=False)


def runs() -> list[LoopRun]:
    with reading() as session:
        return list(session.scalars(select(LoopRun).order_by(LoopRun.id)))


# ---- the day and the week --------------------------------------------------------------------------------------------


def test_a_manager_hears_of_yesterday_once_however_many_clocks_there_are(
    slack: Outside, team: Team, wished: pytest.MonkeyPatch
) -> None:
    settings(wished, daily="00:00")
    before = len(direct(slack, MORGAN))
    for _ in range(2):
        upkeep.round_of()
        upkeep.round_of()
        work_off(Job.MAKE_DAILY, Job.TELL_NOTICE)
    (said,) = direct(slack, MORGAN)[before:]
    assert "*SDR*" in words(said)
    assert "2 MQL" in words(said)
    assert "Accepted 1 of 2 (50%)" in words(said)
    assert [(run.kind, run.audience) for run in runs()] == [("daily", f"rep-{team.morgan.id}")]


def test_of_a_quiet_day_nothing_is_said_unless_somebody_wants_it(slack: Outside, wished: pytest.MonkeyPatch) -> None:
    make_staff(slack.new_channel())
    settings(wished, daily="00:00")
    before = len(direct(slack, MORGAN))
    upkeep.round_of()
    work_off(Job.MAKE_DAILY, Job.TELL_NOTICE)
    assert (len(runs()), direct(slack, MORGAN)[before:]) == (1, [])
    settings(wished, quiet_days="true")
    with transaction() as session:
        send(session, feedback_turns.make_daily(rep_in_slack(MORGAN).id, "2026-03-02"))
    work_off(Job.MAKE_DAILY, Job.TELL_NOTICE)
    (said,) = direct(slack, MORGAN)[before:]
    assert "nothing came, nothing was missed, nothing waits" in words(said)


def test_off_is_off(slack: Outside, team: Team) -> None:
    upkeep.round_of()
    assert not {job.name for job in jobs()} & {Job.MAKE_DAILY, Job.MAKE_WEEKLY, Job.MAKE_MONTHLY, Job.SHOW_PULSE}


def test_the_week_goes_to_managers_and_marketing_and_who_wants_it_in_the_digest_has_it_there(
    slack: Outside, team: Team
) -> None:
    with transaction() as session:
        assert [rep.id for rep in readers(session)] == [team.morgan.id]
        rep = session.get_one(Rep, team.morgan.id)
        staffing.set_preferences(session, rep, Preferences(how={Alert.WEEKLY: How.DIGEST}), utcnow())
        send(session, feedback_turns.make_weekly("2026-W47"))
    work_off(Job.MAKE_WEEKLY, Job.TELL_NOTICE)
    with transaction() as session:
        session.execute(update(Notice).values(at=utcnow() - timedelta(days=2)))
    before = len(direct(slack, MORGAN))
    upkeep.round_of()
    work_off(Job.TELL_DIGEST)
    (said,) = direct(slack, MORGAN)[before:]
    assert "2026-W47: " in words(said)
    assert "offers rejected; nothing stands out" in words(said)


# ---- the month -------------------------------------------------------------------------------------------------------


def month_now() -> None:
    """Made and posted, until it is done: Slack looks at the picture for some tenths of a second first."""
    with transaction() as session:
        send(session, feedback_turns.make_monthly(MONTH))
    until = time.monotonic() + 20
    while any(job.name in PACK and job.dead_at is None for job in jobs()):
        work_off(*PACK)
        assert time.monotonic() < until


def thread_of(slack: Outside, channel: str, ts: str) -> list[dict[str, Any]]:
    said = slack.page.get(f"/_api/as/{SAM}/messages", params={"channel": channel, "thread_ts": ts})
    return [one for one in said.raise_for_status().json()["messages"] if one["ts"] != ts]


# Seconds: the first picture imports the library that draws it, and Slack takes its time to show it.
def test_the_month_is_one_message_with_a_chart_and_its_file_in_the_thread(
    slack: Outside, team: Team, channel: str, wished: pytest.MonkeyPatch
) -> None:
    settings(wished, channel=channel)
    month_now()
    (posted,) = slack.messages(channel)
    assert "Quality review, October 2026" in words(posted)
    (picture,) = [block for block in posted["blocks"] if block["type"] == "image"]
    assert slack.page.get(f"/_api/files/{picture['slack_file']['id']}").content.startswith(b"\x89PNG")
    (reply,) = thread_of(slack, channel, posted["ts"])
    (shared,) = reply["files"]
    assert shared["name"] == "quality-review-2026-10.html"
    html = slack.page.get(f"/_api/files/{shared['id']}").text
    assert html.count("data:image/png;base64,") >= 1
    assert "http" not in html.replace("http-equiv", "")
    assert direct(slack, MORGAN)[-1:] == [] or "Quality review" not in words(direct(slack, MORGAN)[-1])
    # Once more, whoever asks: nothing new.
    month_now()
    assert len(slack.messages(channel)) == 1


def test_after_a_crash_message_and_file_are_found_and_not_there_twice(
    slack: Outside, team: Team, channel: str, wished: pytest.MonkeyPatch
) -> None:
    settings(wished, channel=channel)
    month_now()
    (posted,) = slack.messages(channel)
    with transaction() as session:
        session.execute(update(LoopRun).values(ts=None, file_id=None))
        (run,) = session.scalars(select(LoopRun).where(LoopRun.audience == "all")).all()
        send(session, Sending(Job.POST_PACK, {"run_id": run.id, "picture": "F0GONE"}, key="again"))
    work_off(*PACK)
    assert jobs() == []
    assert [one["ts"] for one in slack.messages(channel)] == [posted["ts"]]
    assert len(thread_of(slack, channel, posted["ts"])) == 1
    assert [bool(run.file_id) for run in runs() if run.audience == "channel"] == [True]


def test_without_a_channel_or_where_it_is_gone_everybody_gets_it_directly(
    slack: Outside, team: Team, wished: pytest.MonkeyPatch
) -> None:
    settings(wished, channel="C0NOSUCHCHAN")
    before = len(direct(slack, MORGAN))
    month_now()
    upkeep.round_of()
    work_off(*PACK)
    upkeep.round_of()
    work_off(*PACK)
    said, shared = direct(slack, MORGAN)[before:]
    assert "Quality review, October 2026" in words(said)
    assert [one["name"] for one in shared["files"]] == ["quality-review-2026-10.png", "quality-review-2026-10.html"]


def test_what_was_said_is_shown_again_as_it_was(slack: Outside, team: Team, tmp_path: Path) -> None:
    month_now()
    with transaction() as session:
        session.execute(update(Handoff).values(became_at=datetime.fromisoformat("2026-10-05T12:00:00+00:00")))
    file = tmp_path / "pack.html"
    answer = CliRunner(env={"COLUMNS": "200"}).invoke(
        app, ["feedback", "monthly", "--period", MONTH, "--html", str(file)]
    )
    assert answer.exit_code == 0
    assert "0 leads went to sales" in file.read_text(encoding="utf-8")
    assert file.stat().st_mode & 0o077 == 0


# ---- the commands ----------------------------------------------------------------------------------------------------


def command(*words_of_it: str) -> Any:
    return CliRunner(env={"COLUMNS": "200"}).invoke(app, ["feedback", *words_of_it])


def test_the_commands_say_each_loop_and_send_nothing_by_themselves(slack: Outside, team: Team) -> None:
    assert "Morgan Manager, " in command("daily").output
    assert "offers rejected" in command("weekly").output
    assert "MQL acceptance" in command("monthly").output
    assert jobs() == []
    assert runs() == []
    for loop, job in (("daily", Job.MAKE_DAILY), ("weekly", Job.MAKE_WEEKLY), ("monthly", Job.MAKE_MONTHLY)):
        assert "on its way" in command(loop, "--now").output
        assert [one.name for one in jobs()] == [job]
        clear_jobs()


@pytest.mark.parametrize(("loop", "span"), [("daily", "yesterday"), ("weekly", "2026-W99"), ("monthly", "2026-13")])
def test_a_span_that_is_none_is_refused_in_a_sentence(slack: Outside, team: Team, loop: str, span: str) -> None:
    answer = command(loop, "--period", span)
    assert answer.exit_code == 1
    assert str(answer.exception) == "no_such_span"


@pytest.mark.parametrize(("loop", "span"), [("daily", "2999-01-01"), ("weekly", "2999-W01"), ("monthly", "2999-01")])
def test_what_is_not_over_is_shown_and_not_said(slack: Outside, team: Team, loop: str, span: str) -> None:
    assert command(loop, "--period", span).exit_code == 0
    answer = command(loop, "--period", span, "--now")
    assert (answer.exit_code, str(answer.exception)) == (1, "span_not_over")
    assert jobs() == []


def test_the_command_says_all_that_stands_out_in_the_week(slack: Outside, team: Team) -> None:
    offer_a_lead(email="kim@other.example.com")
    with transaction() as session:
        session.execute(update(Rep).where(Rep.role == "sdr").values(most_open=1))
    said = command("weekly").output
    assert "1 thing stands out" in said
    assert "is at their limit: " in said
    assert "*" not in said


# ---- the pulse -------------------------------------------------------------------------------------------------------


def ask_sam() -> Pulse:
    with transaction() as session:
        pulse = pulsing.ask(session, rep_in_slack(SAM), MONTH, 4, utcnow())
        assert pulse is not None
    work_off(Job.SHOW_PULSE)
    return pulse


def the_pulse() -> Pulse:
    with reading() as session:
        return session.scalars(select(Pulse)).one()


def test_two_taps_answer_it_and_the_message_thanks(door: httpx.Client, slack: Outside, team: Team) -> None:
    before = len(direct(slack, SAM))
    ask_sam()
    (asked,) = direct(slack, SAM)[before:]
    assert "How good were the leads you got in October 2026?" in words(asked)
    slack.press(SAM, asked, PulsePress.RATHER_BAD)
    work_off(Job.SHOW_PULSE)
    (asked,) = direct(slack, SAM)[before:]
    assert "What was worst?" in words(asked)
    slack.press(SAM, asked, PulsePress.DATA)
    work_off(Job.SHOW_PULSE)
    (asked,) = direct(slack, SAM)[before:]
    assert "Thank you!" in words(asked)
    assert (the_pulse().feeling, the_pulse().why) == (2, "data")
    slack.press(SAM, asked, PulsePress.VERY_GOOD)
    work_off(Job.SHOW_PULSE)
    assert "What was best?" in words(direct(slack, SAM)[-1])
    assert (the_pulse().feeling, the_pulse().why) == (5, None)


def test_who_was_not_asked_cannot_answer_and_nothing_odd_breaks(door: httpx.Client, slack: Outside, team: Team) -> None:
    pulse = ask_sam()
    for value in (str(pulse.id), "999999", "", "1; drop table pulses", "9" * 40, "٣"):
        assert tell(door, click(PulsePress.BAD, value, user=DANA)).status_code == 200
    assert the_pulse().feeling is None
    forged = click(PulsePress.BAD, str(pulse.id), user=SAM)
    assert tell(door, forged, **{"X-Slack-Signature": "v0=0"}).status_code == 401
    assert the_pulse().feeling is None
    (refused, *_) = [job for job in jobs() if job.name == Job.WHISPER]
    assert refused.args["refusal"] == "not_your_pulse"


def test_after_a_crash_the_question_is_found_and_not_asked_twice(slack: Outside, team: Team) -> None:
    before = len(direct(slack, SAM))
    ask_sam()
    with transaction() as session:
        session.execute(update(Pulse).values(ts=None, drawn=None))
        send(session, Sending(Job.SHOW_PULSE, {"pulse_id": the_pulse().id}, key="again"))
    work_off(Job.SHOW_PULSE)
    assert len(direct(slack, SAM)[before:]) == 1
    assert the_pulse().ts is not None


def test_a_question_that_was_deleted_is_not_asked_again(slack: Outside, team: Team) -> None:
    before = len(direct(slack, SAM))
    ask_sam()
    (asked,) = direct(slack, SAM)[before:]
    messenger.take_down(asked["channel"], asked["ts"])
    with transaction() as session:
        pulsing.feel(session, the_pulse().id, rep_in_slack(SAM), 4, utcnow())
    assert work_off(Job.SHOW_PULSE) == [Job.SHOW_PULSE]
    assert direct(slack, SAM)[before:] == []
    assert jobs() == []


def test_a_job_that_runs_again_says_nothing_new(slack: Outside, team: Team) -> None:
    with transaction() as session:
        send(session, feedback_turns.make_weekly("2026-W47"))
    (waiting,) = jobs()
    before = len(direct(slack, MORGAN))
    work_off(Job.MAKE_WEEKLY, Job.TELL_NOTICE)
    execute(waiting.id, waiting.name, waiting.args, waiting.lane, waiting.claims + 9, utcnow().timestamp())
    work_off(Job.TELL_NOTICE)
    assert len(direct(slack, MORGAN)[before:]) == 1
