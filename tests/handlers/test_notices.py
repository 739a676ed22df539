"""Less noise, in a real workspace: said once over a crash, held for a digest, left out when it is settled."""

import json
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import select, update
from typer.testing import CliRunner

from bot.ids import HomeField, HomePress, HomeSubmission, Press
from domain.rules.preferences import Alert, Held, How, Preferences, from_json
from domain.tables import Check, Notice, Rep
from domain.verbs import staffing
from domain.verbs.nurturing import enrol
from handlers import staff_file, upkeep
from handlers.jobs import reading, send, transaction
from handlers.notice_commands import app
from handlers.noticing import tell
from handlers.sending import Job, Sending
from handlers.sla import sweep
from handlers.staff_file import StaffFile
from kit.clock import utcnow
from tests.domain.making import Team, make_lead
from tests.handlers.making import (
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
    submission,
    work_off,
)
from tests.handlers.making import (
    tell as tell_door,
)
from tests.handlers.test_home import errors, home, opened, press, tell_event, words

__all__ = ["door", "door_url", "sandbox_process", "slack"]  # fixtures


@pytest.fixture
def channel(slack: Outside) -> str:
    return slack.new_channel()


@pytest.fixture
def team(channel: str) -> Team:
    return make_staff(channel)


def wish(user: str, **said: object) -> None:
    with transaction() as session:
        rep = session.get_one(Rep, rep_in_slack(user).id)
        staffing.set_preferences(session, rep, Preferences(**said), utcnow())  # type: ignore[arg-type]  # any of its fields


def direct(slack: Outside, user: str) -> list[str]:
    messages = slack.messages(str(rep_in_slack(user).slack_dm_id), user)
    return [json.dumps(message, ensure_ascii=False) for message in messages]


def thread(slack: Outside, channel: str) -> str:
    (card,) = slack.messages(channel)
    replies = slack.page.get(f"/_api/as/{SAM}/messages", params={"channel": channel, "thread_ts": card["ts"]})
    return json.dumps(replies.raise_for_status().json(), ensure_ascii=False)


def the_notices() -> list[Notice]:
    with reading() as session:
        return list(session.scalars(select(Notice).order_by(Notice.id)))


def digest_now() -> list[str]:
    """The clock looks as if the time for a digest had come; returns the jobs that were done."""
    with transaction() as session:
        session.execute(update(Notice).values(at=utcnow() - timedelta(days=2)))
    upkeep.round_of()
    return work_off(Job.TELL_DIGEST)


def minutes(number: float) -> None:
    sweep(utcnow() + timedelta(minutes=number))
    work_off()


def test_a_reminder_is_a_notice_of_the_rep_and_accepting_is_what_it_led_to(
    door: httpx.Client, slack: Outside, channel: str, team: Team
) -> None:
    offer_a_lead()
    work_off()
    minutes(130)
    (reminded,) = [one for one in the_notices() if one.kind is Alert.REMINDER]
    assert (reminded.direct, reminded.held, reminded.acted_at) == (False, None, None)
    assert reminded.sent_at is not None
    assert "is due by" in thread(slack, channel)
    (card,) = slack.messages(channel)
    user = SAM if reminded.rep_id == team.sam.id else "U0DANASDR01"
    slack.press(user, card, Press.ACCEPT)
    assert next(one for one in the_notices() if one.id == reminded.id).acted_at is not None


def crash_before_it_was_noted(job: Job, key: str) -> None:
    """What a worker leaves behind that was killed after Slack's yes: the claim, the message, and the job."""
    with transaction() as session:
        session.execute(update(Notice).where(Notice.claimed_at.is_not(None)).values(sent_at=None))
        name = "notice_id" if job is Job.TELL_NOTICE else "rep_id"
        send(session, Sending(job, {name: int(key)}, key))


def unwell(*users: str) -> None:
    """A check fails, and these people are told."""
    with transaction() as session:
        session.merge(Check(name="sample", state="failed", found="The clock is late.", advice="Start it.", at=utcnow()))
        for user in users:
            tell(session, session.get_one(Rep, rep_in_slack(user).id), Alert.HEALTH, utcnow(), data={"check": "sample"})


def test_after_a_crash_a_direct_message_is_found_and_not_said_again(slack: Outside, team: Team) -> None:
    before = len(direct(slack, SAM))
    unwell(SAM)
    work_off()
    crash_before_it_was_noted(Job.TELL_NOTICE, str(the_notices()[-1].id))
    assert work_off() == [Job.TELL_NOTICE]
    (said,) = direct(slack, SAM)[before:]
    assert "The clock is late." in said
    assert "What to do: Start it." in said
    assert the_notices()[-1].sent_at is not None


def test_after_a_crash_a_line_in_a_thread_is_found_and_not_said_again(slack: Outside, channel: str, team: Team) -> None:
    offer_a_lead()
    work_off()
    minutes(130)
    posts = slack.posts()
    (reminded,) = the_notices()
    crash_before_it_was_noted(Job.TELL_NOTICE, str(reminded.id))
    work_off()
    assert slack.posts() == posts
    assert thread(slack, channel).count("is due by") == 1


def jumps(user: str, *emails: str) -> None:
    """The scores of these leads jump, and this person is told."""
    with transaction() as session:
        rep = session.get_one(Rep, rep_in_slack(user).id)
        for email in emails:
            lead = make_lead(session, ("page_view",), email, now=utcnow())
            enrol(session, lead.id, utcnow())
            tell(session, rep, Alert.JUMP, utcnow(), lead_id=lead.id, data={"before": 3})


def test_what_was_held_is_said_in_one_digest_and_not_again_after_a_crash(slack: Outside, team: Team) -> None:
    wish(MORGAN, how={Alert.JUMP: How.DIGEST})
    before = len(direct(slack, MORGAN))
    jumps(MORGAN, "kim@buyer.example.com", "kit@other.example.com")
    work_off()
    assert direct(slack, MORGAN)[before:] == []
    assert digest_now() == [Job.TELL_DIGEST]
    (said,) = direct(slack, MORGAN)[before:]
    assert "Your digest: 2 things" in said
    assert said.count("up from 3") == 2
    assert all(one.sent_at is not None for one in the_notices())
    crash_before_it_was_noted(Job.TELL_DIGEST, str(team.morgan.id))
    work_off(Job.TELL_DIGEST)
    assert len(direct(slack, MORGAN)[before:]) == 1
    assert digest_now() == []


def test_with_nothing_left_to_say_there_is_no_digest(slack: Outside, team: Team) -> None:
    wish(MORGAN, how={Alert.HEALTH: How.DIGEST})
    before = len(direct(slack, MORGAN))
    unwell(MORGAN)
    with transaction() as session:
        session.execute(update(Check).values(state="ok"))
    assert digest_now() == [Job.TELL_DIGEST]
    assert direct(slack, MORGAN)[before:] == []
    assert the_notices()[-1].held is Held.SETTLED
    assert digest_now() == []


def test_admins_hear_once_a_day_of_what_fails(slack: Outside, team: Team) -> None:
    with transaction() as session:
        session.get_one(Rep, team.morgan.id).admin = True
    unwell()
    before = len(direct(slack, MORGAN))
    for _ in range(3):
        upkeep.round_of()
        work_off(Job.TELL_NOTICE)
    assert len(direct(slack, MORGAN)[before:]) == 1


def test_a_word_to_who_is_not_in_slack_is_settled_and_kills_no_job(slack: Outside, team: Team) -> None:
    with transaction() as session:
        rep = session.get_one(Rep, team.sam.id)
        rep.slack_dm_id = rep.slack_user_id = None
        session.merge(Check(name="sample", state="failed", found="The clock is late.", advice=None, at=utcnow()))
        tell(session, rep, Alert.HEALTH, utcnow(), data={"check": "sample"})
    assert work_off() == [Job.TELL_NOTICE]
    assert jobs() == []
    assert the_notices()[-1].held is Held.SETTLED


def test_one_sets_what_one_wants_to_hear_in_a_window_of_home(door: httpx.Client, slack: Outside, team: Team) -> None:
    wish(SAM, how={Alert.SLA_MISSED: How.DIGEST})
    tell_event(door, opened(SAM))
    press(slack, SAM, home(slack, SAM), HomePress.NOTIFICATIONS)
    view = slack.top_view(SAM)
    assert [block["block_id"] for block in view["blocks"] if block["type"] == "input"] == [
        *("reminder", "overdue", "woken", "crm_refused", "hotter", "jump", "pulse", "deal_news", "deal_stuck"),
        *(HomeField.QUIET, HomeField.BUDGET, HomeField.DIGEST_AT),
    ]
    values = {
        "jump": {"jump": {"type": "static_select", "selected_option": {"value": "off"}}},
        "quiet": {"quiet": {"type": "plain_text_input", "value": "18:30-7:00"}},
        "budget": {"budget": {"type": "plain_text_input", "value": "5"}},
    }
    assert not slack.act(SAM, "submit", view_id=view["id"], values=values).get("errors")
    wanted = from_json(rep_in_slack(SAM).preferences)
    assert wanted.how_of(Alert.JUMP) is How.OFF
    # What did not stand in the window is as it was.
    assert wanted.how_of(Alert.SLA_MISSED) is How.DIGEST
    assert (wanted.quiet, wanted.budget, wanted.digest_at) == ((1110, 420), 5, (540, 960))
    shown = words(home(slack, SAM))
    assert "quiet 18:30-07:00, at most 5 messages a day, digest at 09:00, 16:00, 1 off" in shown


def test_each_wish_that_cannot_be_says_why_at_its_field(door: httpx.Client, team: Team) -> None:
    said = submission(
        HomeSubmission.NOTIFICATIONS, "", quiet="8-9", budget="many", digest_at="noon", reminder="off", jump="shout"
    )
    wrong = errors(tell_door(door, said))
    assert list(wrong) == [HomeField.QUIET, HomeField.BUDGET, HomeField.DIGEST_AT]
    assert from_json(rep_in_slack(SAM).preferences) == Preferences()
    # What was never on offer is not taken.
    fine = submission(HomeSubmission.NOTIFICATIONS, "", quiet="", budget="", digest_at="", reminder="off", jump="shout")
    assert errors(tell_door(door, fine)) == {}
    assert from_json(rep_in_slack(SAM).preferences).how_of(Alert.REMINDER) is How.AT_ONCE


STAFF = """
[[reps]]
name = "Sam Sample"
email = "sam.sample@example.com"
role = "sdr"
admin = true
[[pools]]
name = "SDR"
role = "sdr"
channel = "C0SDR"
members = { "sam.sample@example.com" = 1 }
"""


def test_the_file_of_reps_says_who_is_admin_and_leaves_alone_what_people_want_to_hear(
    slack: Outside, team: Team
) -> None:
    wish(SAM, budget=3)
    for text, admin in ((STAFF, True), (STAFF.replace("admin = true", ""), False)):
        with transaction() as session:
            staff_file.save(session, StaffFile.of(text))
        assert rep_in_slack(SAM).admin is admin
        assert from_json(rep_in_slack(SAM).preferences).budget == 3


def test_the_command_says_what_words_led_to(slack: Outside, team: Team) -> None:
    answer = CliRunner(env={"COLUMNS": "200"}).invoke(app, ["stats", "--days", "7"])
    assert "Nobody was told anything in the last 7 days." in answer.output
    unwell(SAM)
    work_off()
    answer = CliRunner(env={"COLUMNS": "200"}).invoke(app, ["stats"])
    assert "health" in answer.output
    assert answer.exit_code == 0
