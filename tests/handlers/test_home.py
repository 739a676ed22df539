"""App Home through the real door: what a rep sees there, and what they set for themselves."""

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from bot.ids import HomeField, HomePress, HomeSubmission
from bot.settings import slack_settings
from domain.tables import Absence, Happened, LeadEvent, Rep
from domain.verbs import absences, staffing
from handlers import people
from handlers.jobs import reading, transaction
from handlers.sending import Job
from kit.clock import utcnow
from tests.domain.making import Team
from tests.handlers.making import (
    DANA,
    GUEST,
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
    signed,
    slack,
    submission,
    tell,
    work_off,
)

__all__ = ["door", "door_url", "sandbox_process", "slack"]  # fixtures


@pytest.fixture
def team(door: httpx.Client, slack: Outside) -> Team:
    return make_staff(slack.new_channel())


def opened(user: str, tab: str = "home", team: str = "") -> str:
    """The body of the event that Slack sends when somebody opens the app's Home."""
    event = {"type": "app_home_opened", "user": user, "channel": "D0SAMPLE", "tab": tab, "event_ts": "1.2"}
    return json.dumps(
        {
            "type": "event_callback",
            "team_id": team or slack_settings().slack_team_id,
            "api_app_id": "A0HANDOFF01",
            "event_id": "Ev0SAMPLE",
            "event_time": 1,
            "event": event,
        }
    )


def tell_event(door: httpx.Client, body: str) -> httpx.Response:
    return door.post("/slack/events", content=body, headers=signed(body) | {"Content-Type": "application/json"})


def home(slack: Outside, user: str) -> dict[str, Any]:
    """What this person sees once the jobs that draw it are done."""
    work_off(Job.PUBLISH_HOME)
    view = slack.page.get(f"/_api/as/{user}/home").raise_for_status().json()["view"]
    clear_jobs()
    return dict(view)


def words(view: dict[str, Any]) -> str:
    """What is to be read there, without the joiners that keep Slack from making an emoji of `:30-18:`."""
    return json.dumps(view["blocks"], ensure_ascii=False).replace("\u2060", "")


def press(slack: Outside, user: str, view: dict[str, Any], action_id: str, **chosen: Any) -> dict[str, Any]:
    block = next(
        one
        for one in view["blocks"]
        if any(e["action_id"] == action_id for e in one.get("elements", ()) if "action_id" in e)
    )
    return slack.act(user, "press", view_id=view["id"], block_id=block["block_id"], action_id=action_id, **chosen)


def submit(slack: Outside, user: str, **values: Any) -> dict[str, Any]:
    """Submit the window that is open, with these values in its inputs."""
    view = slack.top_view(user)
    given = {name: {name: value} for name, value in values.items()}
    return slack.act(user, "submit", view_id=view["id"], values=given)


def line(text: str) -> dict[str, str]:
    return {"type": "plain_text_input", "value": text}


def test_who_opens_home_sees_their_settings_and_their_leads(door: httpx.Client, slack: Outside, team: Team) -> None:
    with transaction() as session:
        absences.set_absence(session, team.dana, utcnow(), utcnow() + timedelta(days=2), team.sam, team.dana, utcnow())
    offer_a_lead()
    clear_jobs()
    assert tell_event(door, opened(SAM)).status_code == 200
    assert [(job.name, job.lane) for job in jobs()] == [(Job.PUBLISH_HOME, None)]
    shown = words(home(slack, SAM))
    for said in ("My settings", "UTC", "always at work", "You cover Dana Demo", "My queue", "Pause"):
        assert said in shown


def test_opening_home_twice_draws_it_once_and_the_other_tab_draws_nothing(door: httpx.Client, team: Team) -> None:
    tell_event(door, opened(SAM, tab="messages"))
    assert jobs() == []
    for _ in range(2):
        tell_event(door, opened(SAM))
    assert [job.args for job in jobs()] == [{"slack_user_id": SAM, "opened": 1}]


def test_an_event_that_slack_did_not_sign_or_of_another_workspace_is_refused(door: httpx.Client, team: Team) -> None:
    body = opened(SAM)
    headers = signed(body, secret="not-slacks") | {"Content-Type": "application/json"}
    assert door.post("/slack/events", content=body, headers=headers).status_code == 401
    assert tell_event(door, opened(SAM, team="T0OTHER")).status_code == 403
    assert jobs() == []


def test_who_is_no_rep_reads_whom_to_ask(door: httpx.Client, slack: Outside, team: Team) -> None:
    tell_event(door, opened(GUEST))
    view = home(slack, GUEST)
    assert "Ask your sales manager to add you" in words(view)
    assert len(view["blocks"]) == 1


def test_one_pauses_and_comes_back_by_a_button(door: httpx.Client, slack: Outside, team: Team) -> None:
    tell_event(door, opened(SAM))
    press(slack, SAM, home(slack, SAM), HomePress.PAUSE)
    assert not rep_in_slack(SAM).available
    paused = home(slack, SAM)
    assert "You have paused" in words(paused)
    press(slack, SAM, paused, HomePress.BACK)
    assert rep_in_slack(SAM).available
    assert "Leads are offered to you" in words(home(slack, SAM))


def test_one_sets_when_one_is_away_and_who_covers_and_cancels_it(
    door: httpx.Client, slack: Outside, team: Team
) -> None:
    tell_event(door, opened(SAM))
    press(slack, SAM, home(slack, SAM), HomePress.ABSENCE)
    since = utcnow().replace(microsecond=0) + timedelta(days=3)
    until = since + timedelta(days=7)
    answer = submit(
        slack,
        SAM,
        since={"type": "datetimepicker", "selected_date_time": int(since.timestamp())},
        until={"type": "datetimepicker", "selected_date_time": int(until.timestamp())},
        cover={"type": "static_select", "selected_option": {"value": str(team.dana.id)}},
    )
    assert not answer.get("errors")
    with reading() as session:
        absence = session.scalars(select(Absence)).one()
    assert (absence.rep_id, absence.since, absence.until) == (team.sam.id, since, until)
    assert (absence.cover_id, absence.created_by) == (team.dana.id, team.sam.id)
    planned = home(slack, SAM)
    assert "Dana Demo covers" in words(planned)
    press(slack, SAM, planned, HomePress.CANCEL_ABSENCE, selected_option={"value": str(absence.id)})
    assert "Dana Demo covers" not in words(home(slack, SAM))
    with reading() as session:
        assert session.get_one(Absence, absence.id).cancelled_at is not None


def test_one_puts_right_when_one_works(door: httpx.Client, slack: Outside, team: Team) -> None:
    tell_event(door, opened(SAM))
    press(slack, SAM, home(slack, SAM), HomePress.SETTINGS)
    answer = submit(
        slack,
        SAM,
        time_zone=line("europe/berlin"),
        hours=line("mon-fri 09:00-12:30, 13:30-18:00"),
        holidays=line("de-be"),
        most_open=line("20"),
        most_a_day=line(""),
    )
    assert not answer.get("errors")
    rep = rep_in_slack(SAM)
    assert (rep.time_zone, rep.holidays, rep.most_open, rep.most_a_day) == ("Europe/Berlin", "DE-BE", 20, None)
    shown = words(home(slack, SAM))
    for said in ("Europe/Berlin", "mon-fri 09:00-12:30, 13:30-18:00", "DE-BE", "20 open at a time"):
        assert said in shown


def errors(answer: httpx.Response) -> dict[str, str]:
    assert answer.status_code == 200
    return dict(answer.json()["errors"]) if answer.content else {}


def test_each_field_that_cannot_be_says_why_and_nothing_is_changed(door: httpx.Client, team: Team) -> None:
    said = submission(
        HomeSubmission.SETTINGS,
        "",
        **{
            HomeField.TIME_ZONE: "Europe/Berln",
            HomeField.HOURS: "mon 17:00-09:00",
            HomeField.HOLIDAYS: "XX",
            HomeField.MOST_OPEN: "many",
            HomeField.MOST_A_DAY: "0",
        },
    )
    wrong = errors(tell(door, said))
    assert list(wrong) == [
        HomeField.TIME_ZONE,
        HomeField.HOURS,
        HomeField.HOLIDAYS,
        HomeField.MOST_OPEN,
        HomeField.MOST_A_DAY,
    ]
    assert "did you mean Europe/Berlin" in wrong[HomeField.TIME_ZONE]
    assert rep_in_slack(SAM).time_zone == "UTC"


def moment_of(days: int) -> str:
    return str(int((utcnow() + timedelta(days=days)).timestamp()))


@pytest.mark.parametrize(
    ("since", "until", "field", "sentence"),
    [
        ("", 2, HomeField.SINCE, "Choose a day and a time."),
        (2, "9" * 40, HomeField.UNTIL, "Choose a day and a time."),
        (3, 2, HomeField.UNTIL, "An absence ends after it begins, and not in the past."),
        (11, 12, HomeField.SINCE, "There is an absence from"),
    ],
)
def test_an_absence_that_cannot_be_is_refused_at_its_field(
    door: httpx.Client, team: Team, since: int | str, until: int | str, field: str, sentence: str
) -> None:
    now = utcnow()
    with transaction() as session:
        sam = session.get_one(Rep, team.sam.id)
        absences.set_absence(session, sam, now + timedelta(days=10), now + timedelta(days=14), None, sam, now)
    # Days from now become moments here, not among the parameters: every worker of a run must collect the same names.
    begins, ends = (moment_of(at) if isinstance(at, int) else at for at in (since, until))
    wrong = errors(tell(door, submission(HomeSubmission.ABSENCE, "", since=begins, until=ends)))
    assert list(wrong) == [field]
    assert sentence in wrong[field]


def test_who_covers_is_one_of_those_who_were_on_offer(door: httpx.Client, team: Team) -> None:
    window = submission(HomeSubmission.ABSENCE, "", since=moment_of(1), until=moment_of(2), cover=str(team.sam.id))
    assert list(errors(tell(door, window))) == [HomeField.COVER]


def test_nobody_cancels_the_absence_of_somebody_else_and_reads_so_in_their_home(
    door: httpx.Client, slack: Outside, team: Team
) -> None:
    now = utcnow()
    with transaction() as session:
        dana = session.get_one(Rep, team.dana.id)
        absence = absences.set_absence(session, dana, now, now + timedelta(days=1), None, dana, now)
    clear_jobs()
    for value in (str(absence.id), "x", "9" * 30):
        assert tell(door, click(HomePress.CANCEL_ABSENCE, value)).status_code == 200
    assert "There is no such absence any more." in words(home(slack, SAM))
    with reading() as session:
        assert session.get_one(Absence, absence.id).cancelled_at is None
    tell_event(door, opened(SAM))
    assert "no such absence" not in words(home(slack, SAM))


def test_a_stranger_changes_nothing(door: httpx.Client, slack: Outside, team: Team) -> None:
    for pressed in (HomePress.PAUSE, HomePress.BACK, HomePress.ABSENCE, HomePress.SETTINGS):
        assert tell(door, click(pressed, "own", user=GUEST)).status_code == 200
    window = submission(HomeSubmission.SETTINGS, "", user=GUEST, hours="mon 09:00-10:00")
    assert "does not know you as a rep" in next(iter(errors(tell(door, window)).values()))
    assert "does not know you as a rep" in words(home(slack, GUEST))


def test_a_window_that_slack_opens_no_more_is_said_above_home(door: httpx.Client, slack: Outside, team: Team) -> None:
    assert tell(door, click(HomePress.SETTINGS, "own", user=DANA)).status_code == 200
    assert "Please click once more" in words(home(slack, DANA))


def test_a_window_of_home_stands_before_the_record_is_read_and_says_itself_why_it_stays_empty(
    door: httpx.Client, slack: Outside, team: Team
) -> None:
    tell_event(door, opened(DANA))
    view = home(slack, DANA)
    with transaction() as session:
        session.get_one(Rep, team.dana.id).active = False
    press(slack, DANA, view, HomePress.SETTINGS)
    window = slack.top_view(DANA)
    assert window["title"]["text"] == "Not possible"
    assert "does not know you as a rep" in words(window)


def test_the_clock_lets_absences_begin_and_end_and_what_waited_is_offered(door: httpx.Client, team: Team) -> None:
    now = utcnow()
    with transaction() as session:
        for rep in (team.sam, team.dana):
            mine = session.get_one(Rep, rep.id)
            absences.set_absence(session, mine, now, now + timedelta(hours=1), None, mine, now)
    assert people.leave_and_return(now) == 0
    clear_jobs()
    assert people.leave_and_return(now + timedelta(hours=1)) == 2
    assert sorted((job.name, job.args["rep_id"]) for job in jobs()) == [
        (Job.OFFER_WAITING, team.sam.id),
        (Job.OFFER_WAITING, team.dana.id),
    ]
    assert people.leave_and_return(now + timedelta(hours=2)) == 0


def test_many_clocks_at_once_let_each_absence_begin_and_end_once(door: httpx.Client, team: Team) -> None:
    now = utcnow()
    with transaction() as session:
        for number in range(1, 21):
            mine = session.get_one(Rep, (team.sam, team.dana)[number % 2].id)
            since = now + timedelta(hours=number)
            absences.set_absence(session, mine, since, since + timedelta(hours=1), None, mine, now)
    with ThreadPoolExecutor(4) as clocks:
        list(clocks.map(people.leave_and_return, [now + timedelta(days=2)] * 12))
    with reading() as session:
        found = session.execute(
            select(LeadEvent.kind, LeadEvent.data["absence"].as_integer()).where(
                LeadEvent.kind.in_([Happened.REP_LEFT, Happened.REP_RETURNED]), LeadEvent.data.has_key("absence")
            )
        ).all()
        stored = session.scalars(select(Absence)).all()
    assert Counter(kind for kind, _ in found) == {Happened.REP_LEFT: 20, Happened.REP_RETURNED: 20}
    assert len(set(found)) == 40
    assert all(absence.ended_at is not None for absence in stored)


def test_settings_of_the_file_and_of_home_are_the_same_settings(door: httpx.Client, slack: Outside, team: Team) -> None:
    with transaction() as session:
        rep = session.get_one(Rep, team.sam.id)
        settings = staffing.Settings("Asia/Kolkata", {0: [(540, 1440)]}, "IN", None, 3)
        assert staffing.set_settings(session, rep, settings, utcnow())
    clear_jobs()
    tell_event(door, opened(SAM))
    press(slack, SAM, home(slack, SAM), HomePress.SETTINGS)
    assert not submit(slack, SAM).get("errors")
    assert staffing.settings_of(rep_in_slack(SAM)) == settings
