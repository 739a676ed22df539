"""Slack's door, through our real server with real signatures: who is let in, and what is said to whom."""

import json
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine, select, text

from bot.ids import HandoffRef, Press, Submission
from domain.rules.lifecycle import HandoffStatus
from domain.rules.reasons import REASONS
from domain.tables import AttemptOutcome, ContactAttempt, Handoff, JobRow
from domain.verbs import deciding
from handlers.jobs import reading, transaction
from handlers.sending import Job
from kit.clock import utcnow
from tests.domain.making import Team
from tests.handlers.making import (
    DANA,
    GUEST,
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
    sandbox_process,
    signed,
    slack,
    submission,
    tell,
    work_off,
)

__all__ = ["door", "door_url", "sandbox_process", "slack"]  # fixtures


@pytest.fixture
def channel(slack: Outside) -> str:
    return slack.new_channel()


@pytest.fixture
def team(door: httpx.Client, channel: str) -> Team:
    return make_staff(channel)


@pytest.fixture
def offer(team: Team) -> Handoff:
    """A lead that is offered to Sam, whose card nobody has drawn yet."""
    handoff_id = offer_a_lead()
    clear_jobs()
    return stored(handoff_id)


def stored(handoff_id: int) -> Handoff:
    with reading() as session:
        return session.get_one(Handoff, handoff_id)


def ref(handoff: Handoff, version: int | None = None) -> str:
    return HandoffRef(handoff.id, version or handoff.version).packed


def whispered(slack: Outside, channel: str, user: str) -> list[str]:
    """What only this person sees in the channel, once the jobs that say it are done."""
    work_off(Job.WHISPER)
    return [message["text"] for message in slack.messages(channel, user) if message["ephemeral"]]


# ---- who is let in ----------------------------------------------------------------------------------------------------


def test_a_signed_click_is_let_in_and_acts(door: httpx.Client, offer: Handoff) -> None:
    answer = tell(door, click(Press.ACCEPT, ref(offer)))
    assert (answer.status_code, answer.text) == (200, "")
    assert stored(offer.id).status is HandoffStatus.ACCEPTED


@pytest.mark.parametrize(
    "forged",
    [
        {"secret": "another-secret"},
        {"age": 360},
        {"age": -360},
    ],
    ids=["wrong", "late", "early"],
)
def test_a_click_with_a_wrong_or_late_signature_is_refused(
    door: httpx.Client, offer: Handoff, forged: dict[str, Any]
) -> None:
    body = click(Press.ACCEPT, ref(offer))
    answer = door.post("/slack/events", content=body, headers=signed(body, **forged))
    assert answer.status_code == 401
    assert stored(offer.id).status is HandoffStatus.OFFERED


@pytest.mark.parametrize("missing", ["X-Slack-Signature", "X-Slack-Request-Timestamp"])
def test_a_click_without_a_signature_is_refused(door: httpx.Client, offer: Handoff, missing: str) -> None:
    body = click(Press.ACCEPT, ref(offer))
    headers = {name: value for name, value in signed(body).items() if name != missing}
    assert door.post("/slack/events", content=body, headers=headers).status_code == 401
    assert stored(offer.id).status is HandoffStatus.OFFERED


def test_a_signature_of_another_body_is_refused(door: httpx.Client, offer: Handoff) -> None:
    headers = signed(click(Press.REJECT, ref(offer)))
    answer = door.post("/slack/events", content=click(Press.ACCEPT, ref(offer)), headers=headers)
    assert answer.status_code == 401


@pytest.mark.parametrize("team_id", ["T0ANOTHER01", "", "T0SANDBOX01 ", "Té"])
def test_a_click_from_another_workspace_is_refused(door: httpx.Client, offer: Handoff, team_id: str) -> None:
    body = click(Press.ACCEPT, ref(offer), team=team_id or "none")
    assert tell(door, body).status_code == 403
    assert stored(offer.id).status is HandoffStatus.OFFERED


@pytest.mark.parametrize("body", ["", "payload=", "payload=%7B", "payload=[]", "payload=null", "a=b", "\x00\xff" * 50])
def test_signed_nonsense_changes_nothing_and_breaks_nothing(door: httpx.Client, offer: Handoff, body: str) -> None:
    assert tell(door, body).status_code in {200, 400, 403, 404, 500}
    assert stored(offer.id).status is HandoffStatus.OFFERED
    assert door.get("/healthz").status_code == 200


def test_a_button_that_nobody_knows_is_acknowledged_without_harm(door: httpx.Client, offer: Handoff) -> None:
    assert tell(door, click("handoff.of_an_older_release", ref(offer))).status_code == 200
    assert stored(offer.id).status is HandoffStatus.OFFERED
    assert jobs() == []


@pytest.mark.parametrize("value", ["", "h1", "nonsense", "h99999999999999999999.v1", "<!channel>"])
def test_a_button_whose_value_is_not_ours_finds_nothing(
    door: httpx.Client, slack: Outside, team: Team, channel: str, value: str
) -> None:
    assert tell(door, click(Press.ACCEPT, value, channel=channel)).status_code == 200
    assert whispered(slack, channel, SAM) == ["There is no such handoff any more."]


# ---- who is told what -------------------------------------------------------------------------------------------------


def test_the_second_click_is_told_who_came_first_and_the_card_is_redrawn(
    door: httpx.Client, slack: Outside, offer: Handoff, channel: str
) -> None:
    tell(door, click(Press.ACCEPT, ref(offer), channel=channel))
    clear_jobs()
    assert tell(door, click(Press.ACCEPT, ref(offer), user=MORGAN, channel=channel)).status_code == 200
    assert sorted(job.name for job in jobs()) == [Job.SHOW_CARD, Job.WHISPER]
    (sentence,) = whispered(slack, channel, MORGAN)
    assert sentence.startswith("Sam Sample accepted this lead at <!date^")
    assert [message for message in slack.messages(channel, SAM) if message["ephemeral"]] == []


def test_a_click_on_an_old_drawing_is_told_so_and_the_card_repairs_itself(
    door: httpx.Client, slack: Outside, offer: Handoff, channel: str
) -> None:
    tell(door, click(Press.ACCEPT, ref(offer, version=1), channel=channel))
    assert "out of date" in whispered(slack, channel, SAM)[0]
    assert [job.name for job in jobs()] == [Job.SHOW_CARD]
    assert stored(offer.id).status is HandoffStatus.OFFERED


# What others may claim is said in tests/handlers/test_claiming.py.
@pytest.mark.parametrize("press", [press for press in Press if press is not Press.CLAIM])
@pytest.mark.parametrize(
    ("user", "words"),
    [(DANA, "This lead is addressed to Sam Sample."), (GUEST, "Handoff does not know you as a rep yet.")],
)
def test_who_may_not_decide_is_told_why_whatever_they_press(
    door: httpx.Client, slack: Outside, offer: Handoff, channel: str, press: Press, user: str, words: str
) -> None:
    tell(door, click(press, ref(offer), user=user, channel=channel))
    (sentence,) = whispered(slack, channel, user)
    assert sentence.startswith(words)
    assert stored(offer.id).status is HandoffStatus.OFFERED


def test_what_is_queued_for_a_refused_click_holds_ids_alone(door: httpx.Client, offer: Handoff, channel: str) -> None:
    tell(door, click(Press.ACCEPT, ref(offer), channel=channel))
    tell(door, click(Press.ACCEPT, ref(offer), user=MORGAN, channel=channel))
    tell(door, click(Press.REJECT, ref(offer), user=DANA, channel=channel))
    written = json.dumps([[job.name, job.args, job.key, job.lane, job.problem] for job in jobs()])
    for secret in ("Sam", "Sample", "Morgan", "Dana", "kim", "buyer", "@", "hooks.slack.com", "a-trigger"):
        assert secret not in written, secret
    whispers = [job for job in jobs() if job.name == Job.WHISPER]
    assert [job.args["slack_user_id"] for job in whispers] == [MORGAN, DANA]


def test_a_window_that_slack_cannot_open_any_more_is_said(
    door: httpx.Client, slack: Outside, offer: Handoff, channel: str
) -> None:
    tell(door, click(Press.REJECT, ref(offer), channel=channel))
    assert "Please click once more." in whispered(slack, channel, SAM)[0]


# ---- modals -----------------------------------------------------------------------------------------------------------


def errors(answer: httpx.Response) -> dict[str, str]:
    assert answer.status_code == 200
    assert answer.json()["response_action"] == "errors"
    found: dict[str, str] = answer.json()["errors"]
    return found


def test_a_rejection_with_a_reason_closes_the_window(door: httpx.Client, offer: Handoff) -> None:
    answer = tell(door, submission(Submission.REJECT, ref(offer), reason="no_budget", note="Next year"))
    assert (answer.status_code, answer.text) == (200, "")
    done = stored(offer.id)
    assert (done.status, done.reason, done.note) == (HandoffStatus.REJECTED, "no_budget", "Next year")


@pytest.mark.parametrize("reason", [None, "nonsense"])
def test_a_missing_reason_is_said_at_the_reason(door: httpx.Client, offer: Handoff, reason: str | None) -> None:
    answer = tell(door, submission(Submission.REJECT, ref(offer), reason=reason, note=None))
    assert errors(answer) == {"reason": "Choose one of the reasons."}
    assert stored(offer.id).status is HandoffStatus.OFFERED


def test_a_missing_note_is_said_at_the_note(door: httpx.Client, offer: Handoff) -> None:
    answer = tell(door, submission(Submission.REJECT, ref(offer), reason="other", note=None))
    assert errors(answer) == {"note": "This reason needs a note: one sentence is enough."}


def test_a_rejection_that_comes_second_is_told_so_in_its_window(door: httpx.Client, offer: Handoff) -> None:
    tell(door, click(Press.ACCEPT, ref(offer), user=MORGAN))
    clear_jobs()
    answer = tell(door, submission(Submission.REJECT, ref(offer), reason="competitor", note=None))
    assert errors(answer)["reason"].startswith("Morgan Manager accepted this lead at ")
    assert [job.name for job in jobs()] == [Job.SHOW_CARD]


def test_a_strangers_rejection_is_refused_in_its_window(door: httpx.Client, offer: Handoff) -> None:
    answer = tell(door, submission(Submission.REJECT, ref(offer), user=GUEST, reason="competitor", note=None))
    assert errors(answer) == {"reason": "Handoff does not know you as a rep yet. Ask your sales manager to add you."}


@pytest.mark.parametrize("metadata", ["", "nonsense", "h4711.v1"])
def test_a_window_of_no_handoff_finds_nothing(door: httpx.Client, offer: Handoff, metadata: str) -> None:
    answer = tell(door, submission(Submission.REJECT, metadata, reason="competitor", note=None))
    assert errors(answer) == {"reason": "There is no such handoff any more."}


@pytest.mark.parametrize("outcome", AttemptOutcome)
def test_a_contact_is_logged(door: httpx.Client, offer: Handoff, outcome: AttemptOutcome) -> None:
    tell(door, click(Press.ACCEPT, ref(offer)))
    answer = tell(door, submission(Submission.LOG_CONTACT, ref(offer), outcome=outcome, note=None))
    assert (answer.status_code, answer.text) == (200, "")
    with reading() as session:
        assert session.scalars(select(ContactAttempt.outcome)).one() is outcome
    assert stored(offer.id).status is HandoffStatus.CONTACTED


@pytest.mark.parametrize("outcome", [None, "nonsense"])
def test_a_contact_without_an_outcome_is_asked_for_it(door: httpx.Client, offer: Handoff, outcome: str | None) -> None:
    tell(door, click(Press.ACCEPT, ref(offer)))
    answer = tell(door, submission(Submission.LOG_CONTACT, ref(offer), outcome=outcome, note=None))
    assert errors(answer) == {"outcome": "Choose how it went."}


# ---- the whole way through Slack's page -------------------------------------------------------------------------------


def test_a_rep_rejects_in_slack_with_a_missing_reason_and_then_with_one(
    door: httpx.Client, slack: Outside, team: Team, channel: str
) -> None:
    handoff_id = offer_a_lead()
    work_off(Job.SHOW_CARD)
    (card,) = slack.messages(channel)
    assert slack.press(SAM, card, Press.REJECT)["ok"]
    view = slack.top_view(SAM)
    missing = slack.act(SAM, "submit", view_id=view["id"], values={})
    assert set(missing["errors"]) == {"reason"}
    values = {
        "reason": {"reason": {"selected_option": {"value": "no_budget"}}},
        "note": {"note": {"value": "Next year"}},
    }
    assert slack.act(SAM, "submit", view_id=view["id"], values=values)["ok"]
    assert stored(handoff_id).reason == "no_budget"
    work_off(Job.SHOW_CARD)
    (card,) = slack.messages(channel)
    assert f"{REASONS['no_budget'].label} → back to nurture" in json.dumps(card["blocks"], ensure_ascii=False)


def test_a_window_that_was_opened_before_somebody_else_decided_is_refused(
    door: httpx.Client, slack: Outside, team: Team, channel: str
) -> None:
    handoff_id = offer_a_lead()
    work_off(Job.SHOW_CARD)
    (card,) = slack.messages(channel)
    slack.press(SAM, card, Press.REJECT)
    with transaction() as session:
        deciding.accept(session, handoff_id, version=2, by=team.morgan, now=utcnow())
    view = slack.top_view(SAM)
    values = {"reason": {"reason": {"selected_option": {"value": "competitor"}}}}
    refused = slack.act(SAM, "submit", view_id=view["id"], values=values)
    assert refused["errors"]["reason"].startswith("Morgan Manager accepted this lead at ")


def test_jobs_of_the_door_are_never_dead(door: httpx.Client, slack: Outside, team: Team, channel: str) -> None:
    offer_a_lead()
    work_off()
    (card,) = slack.messages(channel)
    for user in (DANA, SAM, SAM, MORGAN):
        slack.press(user, card, Press.ACCEPT)
    work_off()
    with reading() as session:
        assert session.scalars(select(JobRow.problem)).all() == []


# ---- when something breaks --------------------------------------------------------------------------------------------


def test_who_clicks_while_something_is_broken_reads_so_with_a_number_that_the_log_has(
    door: httpx.Client, slack: Outside, channel: str, offer: Handoff, committed: Engine
) -> None:
    with committed.begin() as connection:
        connection.execute(text("alter table leads rename to leads_away"))
    try:
        answer = tell(door, click(Press.ACCEPT, ref(offer), channel=channel))
    finally:
        with committed.begin() as connection:
            connection.execute(text("alter table leads_away rename to leads"))
    assert answer.status_code == 200
    (sentence,) = whispered(slack, channel, SAM)
    assert "Something broke on our side; nothing was changed." in sentence
    assert stored(offer.id).status is HandoffStatus.OFFERED


def test_a_window_that_is_sent_twice_is_one_attempt(door: httpx.Client, offer: Handoff) -> None:
    tell(door, click(Press.ACCEPT, ref(offer)))
    body = submission(Submission.LOG_CONTACT, ref(offer), outcome="spoke", note=None)
    assert [tell(door, body).status_code for _ in range(2)] == [200, 200]
    with reading() as session:
        assert len(session.scalars(select(ContactAttempt.id)).all()) == 1


def test_a_window_of_a_rejection_that_is_sent_twice_rejects_once(door: httpx.Client, offer: Handoff) -> None:
    body = submission(Submission.REJECT, ref(offer), reason="competitor", note=None)
    assert tell(door, body).text == ""
    assert errors(tell(door, body))["reason"].startswith("Sam Sample rejected this lead at ")
    assert stored(offer.id).version == offer.version + 1


def test_a_next_step_is_kept_with_its_time(door: httpx.Client, offer: Handoff) -> None:
    tell(door, click(Press.ACCEPT, ref(offer)))
    at = int(utcnow().timestamp()) + 3600
    body = submission(
        Submission.LOG_CONTACT, ref(offer), outcome="no_answer", note=None, next_step="Call again", next_at=str(at)
    )
    assert tell(door, body).text == ""
    with reading() as session:
        (attempt,) = session.scalars(select(ContactAttempt))
    assert attempt.next_step == "Call again"
    assert attempt.next_at is not None
    assert int(attempt.next_at.timestamp()) == at


@pytest.mark.parametrize(
    ("step", "at", "said"),
    [
        ("", "4000000000", {"next_at": "Choose a time within the next year."}),
        ("Call", "1", {"next_at": "Choose a time within the next year."}),
        ("Call", "nonsense", {"next_at": "Choose a time within the next year."}),
    ],
)
def test_a_next_step_out_of_reach_is_said_at_its_field(
    door: httpx.Client, offer: Handoff, step: str, at: str, said: dict[str, str]
) -> None:
    tell(door, click(Press.ACCEPT, ref(offer)))
    body = submission(Submission.LOG_CONTACT, ref(offer), outcome="spoke", note=None, next_step=step, next_at=at)
    assert errors(tell(door, body)) == said
    assert stored(offer.id).contacted_at is None
