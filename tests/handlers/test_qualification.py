"""From the call to the SQL, through our server and the sandbox's Slack: asked, answered, updated, given back."""

import json
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select

from bot.ids import HandoffRef, Press, Submission
from domain.rules.lifecycle import HandoffStatus
from domain.rules.qualification import Verdict
from domain.tables import AttemptOutcome, Handoff, Qualification
from domain.verbs import deciding, qualifying
from handlers.jobs import reading, transaction
from handlers.sending import Job
from kit.clock import utcnow
from tests.domain.making import Team
from tests.handlers.making import (
    DANA,
    MORGAN,
    ROOT,
    SAM,
    Outside,
    clear_jobs,
    click,
    door,
    door_to_everything,
    door_url,
    everything,
    jobs,
    make_staff,
    offer_a_lead,
    sandbox_process,
    slack,
    submission,
    tell,
    work_off,
)

__all__ = ["door", "door_to_everything", "door_url", "everything", "sandbox_process", "slack"]  # fixtures

YES = {"budget": "yes", "authority": "yes", "need": "yes", "timeline": "unknown", "notes": "Wants it by May."}
NO = {**YES, "need": "no"}


@pytest.fixture
def channel(slack: Outside) -> str:
    return slack.new_channel()


@pytest.fixture
def team(door: httpx.Client, channel: str) -> Team:
    return make_staff(channel)


@pytest.fixture
def accepted(team: Team) -> Handoff:
    """A lead that Sam has accepted, with its card in the channel."""
    return accept_one(team)


def accept_one(team: Team) -> Handoff:
    handoff_id = offer_a_lead()
    with transaction() as session:
        deciding.accept(session, handoff_id, version=2, by=team.sam, now=utcnow())
    work_off(Job.SHOW_CARD)
    clear_jobs()
    return stored(handoff_id)


def stored(handoff_id: int) -> Handoff:
    with reading() as session:
        return session.get_one(Handoff, handoff_id)


def card(slack: Outside, channel: str) -> dict[str, Any]:
    work_off(Job.SHOW_CARD)
    return next(one for one in slack.messages(channel) if not one["ephemeral"])


def words(shown: dict[str, Any]) -> str:
    return json.dumps(shown["blocks"], ensure_ascii=False)


def ref(handoff: Handoff) -> str:
    return HandoffRef(handoff.id, handoff.version).packed


def open_window(door: httpx.Client, slack: Outside, channel: str, handoff: Handoff, user: str = SAM) -> dict[str, Any]:
    """The window that stands on the person's screen after the card's button."""
    assert slack.press(user, card(slack, channel), Press.QUALIFY)["ok"]
    return slack.top_view(user)


def inputs(said: dict[str, str]) -> dict[str, Any]:
    """The state of the window, with these answers in it."""
    return {
        f"q.{key}": {f"q.{key}": {"value": value} if key == "notes" else {"selected_option": {"value": value}}}
        for key, value in said.items()
    }


def answers(handoff: Handoff, user: str = SAM, **said: str) -> str:
    """The body of a sent window."""
    return submission(Submission.QUALIFY, ref(handoff), user=user, **{f"q.{key}": value for key, value in said.items()})


def rows() -> int:
    with reading() as session:
        return session.scalar(select(func.count(Qualification.id))) or 0


def called(handoff: Handoff, team: Team) -> Handoff:
    """The lead was spoken with: its card has the button for the answers."""
    with transaction() as session:
        deciding.log_attempt(session, handoff.id, by=team.sam, outcome=AttemptOutcome.SPOKE, note=None, now=utcnow())
    return stored(handoff.id)


def test_a_rep_answers_bant_in_slack_and_the_lead_is_an_sql(
    door: httpx.Client, slack: Outside, team: Team, channel: str, accepted: Handoff
) -> None:
    called(accepted, team)
    window = open_window(door, slack, channel, accepted)
    assert window["title"]["text"] == "Qualify: BANT"
    done = slack.act(SAM, "submit", view_id=window["id"], values=inputs(YES))
    assert done["ok"]
    assert not done["errors"]
    handoff = stored(accepted.id)
    assert (handoff.status, handoff.qualified_by) == (HandoffStatus.QUALIFIED, team.sam.id)
    assert "Update answers" in words(card(slack, channel))
    again = open_window(door, slack, channel, handoff, MORGAN)
    shown = {block["block_id"]: block["element"] for block in again["blocks"] if block["type"] == "input"}
    assert shown["q.budget"]["initial_option"]["value"] == "yes"
    assert shown["q.notes"]["initial_value"] == "Wants it by May."


def test_answers_that_rule_a_lead_out_suggest_to_give_it_back_and_that_is_one_tap_away(
    door: httpx.Client, slack: Outside, team: Team, channel: str, accepted: Handoff
) -> None:
    called(accepted, team)
    window = open_window(door, slack, channel, accepted)
    slack.act(SAM, "submit", view_id=window["id"], values=inputs(NO))
    next_window = slack.top_view(SAM)
    assert next_window["id"] == window["id"]
    assert next_window["callback_id"] == Submission.REJECT
    assert "Your answers are kept" in words(next_window)
    assert stored(accepted.id).status is HandoffStatus.CONTACTED
    values = {
        "reason": {"reason": {"selected_option": {"value": "no_fit"}}},
        "detail": {"detail": {"selected_option": {"value": "product"}}},
    }
    assert slack.act(SAM, "submit", view_id=window["id"], values=values)["ok"]
    handoff = stored(accepted.id)
    assert (handoff.status, handoff.reason, handoff.detail) == (HandoffStatus.REJECTED, "no_fit", "product")
    assert rows() == 1


def test_who_closes_that_window_keeps_the_lead_and_its_answers(
    door: httpx.Client, slack: Outside, team: Team, accepted: Handoff
) -> None:
    answer = tell(door, answers(accepted, **NO)).json()
    assert answer["response_action"] == "update"
    assert stored(accepted.id).status is HandoffStatus.CONTACTED
    with reading() as session:
        assert session.scalars(select(Qualification.verdict)).one() is Verdict.NOT_QUALIFIED


def test_the_same_window_sent_twice_is_one_answer_and_is_answered_alike(door: httpx.Client, accepted: Handoff) -> None:
    body = answers(accepted, **YES)
    first, again = tell(door, body), tell(door, body)
    assert (first.status_code, first.text) == (again.status_code, again.text) == (200, "")
    assert rows() == 1


def test_a_window_that_was_opened_before_somebody_qualified_the_lead_says_who_did(
    door: httpx.Client, accepted: Handoff
) -> None:
    tell(door, answers(accepted, MORGAN, **YES))
    refused = tell(door, answers(accepted, **NO)).json()
    assert refused["errors"]["q.budget"].startswith("Morgan Manager qualified this lead at ")
    assert rows() == 1


@pytest.mark.parametrize(
    ("said", "field", "sentence"),
    [
        (dict.fromkeys(YES, ""), "q.budget", "Answer at least one question"),
        ({"budget": "yes"}, "q.budget", "The questions have changed"),
        ({**YES, "need": "<!channel>"}, "q.budget", "The questions have changed"),
    ],
)
def test_what_cannot_be_read_is_said_in_the_window(
    door: httpx.Client, accepted: Handoff, said: dict[str, str], field: str, sentence: str
) -> None:
    refused = tell(door, answers(accepted, **said)).json()
    assert refused["errors"][field].startswith(sentence)
    assert (rows(), stored(accepted.id).status) == (0, HandoffStatus.ACCEPTED)


def test_who_may_not_decide_on_the_lead_may_not_answer_for_it(door: httpx.Client, accepted: Handoff) -> None:
    refused = tell(door, answers(accepted, DANA, **YES)).json()
    assert refused["errors"]["q.budget"].startswith("This lead is addressed to Sam Sample.")
    assert rows() == 0


def test_the_window_asks_the_questions_in_force(
    door: httpx.Client, slack: Outside, team: Team, channel: str, accepted: Handoff
) -> None:
    with transaction() as session:
        meddic = (ROOT / "docs" / "examples" / "meddic.toml").read_text(encoding="utf-8")
        qualifying.put_in_force(session, meddic, utcnow())
    called(accepted, team)
    window = open_window(door, slack, channel, accepted)
    assert window["title"]["text"] == "Qualify: MEDDIC"
    assert "Economic buyer" in words(window)


def test_a_click_whose_trigger_is_gone_is_asked_for_again(
    door: httpx.Client, slack: Outside, channel: str, accepted: Handoff
) -> None:
    assert tell(door, click(Press.QUALIFY, ref(accepted), channel=channel)).status_code == 200
    work_off(Job.WHISPER)
    (said,) = [message["text"] for message in slack.messages(channel, SAM) if message["ephemeral"]]
    assert said == "That took too long for Slack to open the window. Please click once more."


def test_a_stale_card_says_so_in_the_window_and_repairs_itself(
    door: httpx.Client, slack: Outside, team: Team, channel: str, accepted: Handoff
) -> None:
    called(accepted, team)
    stale = card(slack, channel)
    with transaction() as session:
        deciding.reject(session, accepted.id, version=3, by=team.morgan, reason="bad_timing", note=None, now=utcnow())
    clear_jobs()
    assert slack.press(SAM, stale, Press.QUALIFY)["ok"]
    window = slack.top_view(SAM)
    assert "Morgan Manager rejected this lead at" in words(window)
    assert [job.name for job in jobs()] == [Job.SHOW_CARD]
    assert "Rejected by Morgan Manager" in words(card(slack, channel))


def test_an_sql_is_one_in_salesforce_and_hubspot(door_to_everything: httpx.Client, everything: Outside) -> None:
    accepted = accept_one(make_staff(everything.new_channel()))
    tell(door_to_everything, answers(accepted, **YES))
    work_off()
    email = "kim@buyer.example.com"
    leads = everything.state("salesforce")["leads"].values()
    assert [lead["Status"] for lead in leads if lead.get("Email") == email][-1] == "Qualified"
    contact = everything.state("hubspot")["contacts"][email]
    qualified_at = stored(accepted.id).qualified_at
    assert qualified_at is not None
    assert contact.get("properties", contact)["handoff_sql_at"] == qualified_at.date().isoformat()
