"""Putting a lead right from its card, through our server and the sandbox's Slack."""

import json

import httpx
import pytest
from sqlalchemy import select

from bot.ids import HandoffRef, Press, Submission
from domain.tables import Handoff, Happened, Lead, LeadEvent
from domain.verbs import deciding
from handlers.jobs import reading, transaction
from handlers.sending import Job
from kit.clock import utcnow
from tests.bot.making import texts
from tests.domain.making import Team
from tests.handlers.making import (
    DANA,
    GUEST,
    MORGAN,
    SAM,
    Outside,
    clear_jobs,
    door,
    door_url,
    jobs,
    make_staff,
    offer_a_lead,
    sandbox_process,
    slack,
    submission,
    tell,
    work_off,
)

__all__ = ["door", "door_url", "sandbox_process", "slack"]  # fixtures

ATTACK = "<!channel> *bold* <https://evil.example|click> \u202egnp.exe \x00 '; DROP TABLE leads;--"


@pytest.fixture
def channel(slack: Outside) -> str:
    return slack.new_channel()


@pytest.fixture
def team(door: httpx.Client, channel: str) -> Team:
    return make_staff(channel)


@pytest.fixture
def offer(team: Team) -> Handoff:
    """A lead that is offered to Sam, whose card stands in the channel."""
    handoff_id = offer_a_lead()
    work_off(Job.SHOW_CARD)
    clear_jobs()
    with reading() as session:
        return session.get_one(Handoff, handoff_id)


def lead_of(offer: Handoff) -> Lead:
    with reading() as session:
        return session.get_one(Lead, offer.lead_id)


def ref(offer: Handoff) -> str:
    return HandoffRef(offer.id, offer.version).packed


def corrections() -> int:
    with reading() as session:
        return len(session.scalars(select(LeadEvent.id).where(LeadEvent.kind == Happened.LEAD_CORRECTED)).all())


def opened(slack: Outside, channel: str, user: str = SAM) -> str:
    """The id of the window that the card's button opens."""
    (card,) = [message for message in slack.messages(channel, user) if not message["ephemeral"]]
    assert slack.press(user, card, Press.FIX_DATA)["ok"]
    return str(slack.top_view(user)["id"])


def typed(**values: str) -> dict[str, object]:
    return {field: {field: {"value": value}} for field, value in values.items()}


def test_a_rep_puts_the_data_right_in_slack_and_the_card_says_it(slack: Outside, channel: str, offer: Handoff) -> None:
    window = opened(slack, channel)
    shown = {block["block_id"]: block["element"] for block in slack.top_view(SAM)["blocks"] if block["type"] == "input"}
    assert (shown["title"]["initial_value"], shown["country"]["initial_value"]) == ("VP Sales", "Germany")
    assert shown["industry"]["initial_option"]["value"] == "software"
    assert "initial_value" not in shown["phone"]
    values = typed(title="Head of Finance", country="Österreich", phone="01 58058 0") | {
        "industry": {"industry": {"selected_option": {"value": "finance"}}}
    }
    assert slack.act(SAM, "submit", view_id=window, values=values)["ok"]
    lead = lead_of(offer)
    assert (lead.title, lead.fields["phone"]["value"], lead.fields["country"]["value"]) == (
        "Head of Finance",
        "+431580580",
        "AT",
    )
    assert lead.attributes["industry"] == "finance"
    assert {Job.SCORE, Job.SHOW_CARD, Job.TELL_CRM, Job.TELL_MARKETING} <= {job.name for job in jobs()}
    work_off(Job.SHOW_CARD)
    (card,) = slack.messages(channel)
    assert "Head of Finance" in json.dumps(card["blocks"])


def test_errors_stand_under_their_fields_and_nothing_is_written(slack: Outside, channel: str, offer: Handoff) -> None:
    window = opened(slack, channel)
    values = typed(title="CFO", country="Utopia", phone="call me", employees="many")
    answer = slack.act(SAM, "submit", view_id=window, values=values)
    assert set(answer["errors"]) == {"country", "phone", "employees"}
    assert all(sentence.endswith(".") for sentence in answer["errors"].values())
    assert lead_of(offer).title == "VP Sales"
    assert slack.act(SAM, "submit", view_id=window, values=typed(title="CFO"))["ok"]
    assert lead_of(offer).title == "CFO"


def test_what_others_learned_while_the_window_was_open_is_not_undone(
    slack: Outside, channel: str, team: Team, offer: Handoff
) -> None:
    first, second = opened(slack, channel, SAM), opened(slack, channel, MORGAN)
    assert slack.act(MORGAN, "submit", view_id=second, values=typed(title="CFO"))["ok"]
    assert slack.act(SAM, "submit", view_id=first, values=typed(employees="450"))["ok"]
    lead = lead_of(offer)
    assert (lead.title, lead.attributes["employees"]) == ("CFO", 450)


def test_the_card_may_have_been_accepted_meanwhile(slack: Outside, channel: str, team: Team, offer: Handoff) -> None:
    window = opened(slack, channel)
    with transaction() as session:
        deciding.accept(session, offer.id, version=offer.version, by=team.morgan, now=utcnow())
    assert slack.act(SAM, "submit", view_id=window, values=typed(title="CFO"))["ok"]
    assert lead_of(offer).title == "CFO"


def test_a_submission_that_comes_twice_is_one_correction(door: httpx.Client, offer: Handoff) -> None:
    body = submission(Submission.FIX_DATA, ref(offer), title="CFO")
    assert [tell(door, body).status_code for _ in range(2)] == [200, 200]
    assert lead_of(offer).title == "CFO"
    assert corrections() == 1


@pytest.mark.parametrize(
    ("user", "words"),
    [(DANA, "This lead is addressed to Sam Sample."), (GUEST, "Handoff does not know you as a rep yet.")],
)
def test_a_stranger_is_refused_in_the_window(door: httpx.Client, offer: Handoff, user: str, words: str) -> None:
    answer = tell(door, submission(Submission.FIX_DATA, ref(offer), user=user, title="CFO"))
    assert next(iter(answer.json()["errors"].values())).startswith(words)
    assert corrections() == 0


def test_hostile_text_is_stored_in_one_visible_line_and_shown_without_effect(
    slack: Outside, channel: str, offer: Handoff
) -> None:
    window = opened(slack, channel)
    assert slack.act(SAM, "submit", view_id=window, values=typed(company=ATTACK, first_name=ATTACK))["ok"]
    lead = lead_of(offer)
    assert lead.company_name is not None
    assert not {"\x00", "\u202e", "\n"} & {*lead.company_name}
    work_off(Job.SHOW_CARD)
    (card,) = slack.messages(channel)
    drawn = "".join(texts(card["blocks"], "mrkdwn"))
    assert "<!channel>" not in drawn
    assert "<https" not in drawn
    assert slack.press(SAM, card, Press.FIX_DATA)["ok"]
    shown = {block["block_id"]: block["element"] for block in slack.top_view(SAM)["blocks"] if block["type"] == "input"}
    assert shown["company"]["initial_value"] == lead.company_name
