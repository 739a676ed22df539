"""A deal goes to an AE through a real workspace: their message, yes and no, deadlines, and the owner in Salesforce."""

import json
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from bot import messenger
from bot.ids import DealPress, DealSubmission
from domain.rules.deals import ACCEPT_WITHIN, REMIND_AFTER, DealStatus
from domain.rules.preferences import Alert
from domain.tables import DealHandoff, Notice, Opportunity, Rep
from domain.verbs import deal_decisions, erasing, placing_deals, staffing
from domain.verbs.absences import set_absence
from handlers import deal as moment
from handlers import upkeep
from handlers.jobs import reading, send, transaction
from handlers.sending import Job, show_deal
from kit.clock import utcnow
from tests.domain.making import Team
from tests.handlers.making import (
    ADA,
    ALEX,
    MORGAN,
    SAM,
    Outside,
    click,
    door,
    door_url,
    make_staff,
    rep_in_slack,
    sandbox_process,
    slack,
    submission,
    tell,
    work_off,
)
from tests.handlers.making_deals import (
    an_opportunity,
    deals_of,
    dm_of,
    newest,
    owner,
    said_to,
    the_deal,
    undisturbed,
    words_of,
)

__all__ = ["door", "door_url", "sandbox_process", "slack"]  # fixtures


@pytest.fixture
def team(door: httpx.Client, slack: Outside) -> Team:
    return undisturbed(make_staff(slack.new_channel()))


@pytest.fixture
def opportunity_id(team: Team) -> int:
    made = an_opportunity()
    work_off()
    return made


def test_the_ae_gets_one_message_with_all_that_a_first_call_needs(slack: Outside, opportunity_id: int) -> None:
    (message,) = deals_of(slack, ADA)
    words = words_of(message)
    for said in (
        "💼 ",
        "Sample Software",
        "What Sam Sample has learnt",
        "Wants it by summer",
        "Their road",
        "demo request",
    ):
        assert said in words
    deal = newest()
    assert (deal.status, deal.ts, deal.channel) == (DealStatus.OFFERED, message["ts"], dm_of(ADA))


def test_a_yes_makes_it_theirs_and_the_sdr_hears_so(slack: Outside, team: Team, opportunity_id: int) -> None:
    slack.press(ADA, the_deal(slack), DealPress.ACCEPT)
    work_off()
    assert (newest().status, owner()) == (DealStatus.ACCEPTED, team.ada.id)
    assert "Accepted by Ada Account" in words_of(the_deal(slack))
    assert any("has accepted the deal" in words_of(one) for one in said_to(slack, SAM))


def test_a_second_yes_is_told_that_it_was_said_and_changes_nothing(slack: Outside, opportunity_id: int) -> None:
    before = the_deal(slack)
    slack.press(ADA, before, DealPress.ACCEPT)
    slack.press(ADA, before, DealPress.ACCEPT)
    work_off()
    assert "Ada Account accepted this deal" in json.dumps(said_to(slack, ADA), ensure_ascii=False)
    assert newest().version == 2


def return_it(slack: Outside, user: str, message: dict[str, Any], reason: str, **more: str) -> dict[str, Any]:
    """Fill in the window; `more`: note, rep (an id)."""
    slack.press(user, message, DealPress.RETURN)
    values: dict[str, Any] = {"reason": {"reason": {"selected_option": {"value": reason}}}}
    if "note" in more:
        values["note"] = {"note": {"value": more["note"]}}
    if "rep" in more:
        values["rep"] = {"rep": {"selected_option": {"value": more["rep"]}}}
    return slack.act(user, "submit", view_id=slack.top_view(user)["id"], values=values)


def test_a_no_says_why_and_the_sdr_and_the_manager_read_it(slack: Outside, team: Team, opportunity_id: int) -> None:
    done = return_it(slack, ADA, the_deal(slack), "not_qualified", note="They <b>only</b> wanted a price")
    assert done["ok"]
    work_off()
    assert (newest().status, newest().reason, owner()) == (DealStatus.RETURNED, "not_qualified", team.sam.id)
    for user in (SAM, MORGAN):
        told = "".join(words_of(one) for one in said_to(slack, user))
        assert "Not qualified after all" in told
        assert "They &lt;b&gt;only&lt;/b&gt; wanted a price" in told
    assert "Returned by Ada Account" in words_of(the_deal(slack))
    assert [block["type"] for block in the_deal(slack)["blocks"]] == ["header", "section"]


def test_a_no_that_wants_a_note_says_so_under_the_note(slack: Outside, opportunity_id: int) -> None:
    done = return_it(slack, ADA, the_deal(slack), "other")
    assert "note" in done["errors"]
    assert newest().status is DealStatus.OFFERED


def test_a_colleagues_customer_goes_to_the_colleague(slack: Outside, team: Team, opportunity_id: int) -> None:
    return_it(slack, ADA, the_deal(slack), "colleagues_customer", rep=str(team.alex.id))
    work_off()
    deal = newest()
    assert (deal.rep_id, deal.status) == (team.alex.id, DealStatus.OFFERED)
    assert the_deal(slack, ALEX)["ts"] == deal.ts
    assert "on to Alex Closer" in words_of(deals_of(slack, ADA)[-1])
    told = "".join(words_of(one) for one in said_to(slack, SAM))
    assert "A colleague's customer" in told
    assert "is asked next" in told


def test_a_colleague_who_went_on_leave_meanwhile_is_refused_under_their_name(
    slack: Outside, team: Team, opportunity_id: int
) -> None:
    slack.press(ADA, the_deal(slack), DealPress.RETURN)
    with transaction() as session:
        alex, now = session.get_one(Rep, team.alex.id), utcnow()
        set_absence(session, alex, now, now + timedelta(days=7), None, None, now)
    said = {"reason": "colleagues_customer", "rep": str(team.alex.id)}
    chosen = {one: {one: {"selected_option": {"value": value}}} for one, value in said.items()}
    done = slack.act(ADA, "submit", view_id=slack.top_view(ADA)["id"], values=chosen)
    assert "Alex Closer cannot be given this" in done["errors"]["rep"]
    assert newest().status is DealStatus.OFFERED


def test_an_old_message_repairs_itself(slack: Outside, team: Team, opportunity_id: int) -> None:
    before = the_deal(slack)
    with transaction() as session:
        by = session.get_one(Rep, team.morgan.id)
        deal_decisions.accept_deal(session, newest().id, version=1, by=by, now=utcnow())
    slack.press(ADA, before, DealPress.RETURN)
    assert "Morgan Manager accepted this deal" in json.dumps(slack.top_view(ADA), ensure_ascii=False)
    work_off()
    assert "Accepted by Morgan Manager" in words_of(the_deal(slack))


def test_who_has_nothing_to_do_with_it_is_told_so(slack: Outside, door: httpx.Client, opportunity_id: int) -> None:
    deal = newest()
    tell(door, click(DealPress.ACCEPT, f"d{deal.id}.v1", user=SAM, channel=dm_of(SAM)))
    work_off()
    assert newest().status is DealStatus.OFFERED


@pytest.mark.parametrize("ref", ["", "d1", "h1.v1", "d1.v1.x", "dx.v1", "d1.v99999999999999999999", "d999999.v1"])
def test_what_we_never_sent_changes_nothing(slack: Outside, door: httpx.Client, opportunity_id: int, ref: str) -> None:
    assert tell(door, click(DealPress.ACCEPT, ref, user=ADA, channel=dm_of(ADA))).status_code == 200
    sent = tell(door, submission(DealSubmission.RETURN, ref, user=ADA, reason="no_capacity"))
    assert sent.json()["errors"]["reason"].startswith("There is no such ")
    assert newest().status is DealStatus.OFFERED


def test_a_message_that_was_posted_before_a_crash_is_found_again(slack: Outside, team: Team) -> None:
    an_opportunity()
    work_off(Job.HAND_DEAL)
    deal = newest()
    with transaction() as session:
        placing_deals.claim_deal(session, deal.id, dm_of(ADA), utcnow())
    posted = messenger.post(dm_of(ADA), "before the crash", [], metadata=messenger.deal_metadata(deal.id))
    work_off(Job.SHOW_DEAL)
    assert newest().ts == posted
    assert words_of(the_deal(slack)).count("💼") == 1


def claimed_then_returned(channel: str) -> DealHandoff:
    """A try to post the message there crashed, and before the next one a manager has said no for the AE."""
    an_opportunity()
    work_off(Job.HAND_DEAL)
    deal = newest()
    with transaction() as session:
        placing_deals.claim_deal(session, deal.id, channel, utcnow())
        by, now = session.merge(rep_in_slack(MORGAN), load=False), utcnow()
        deal_decisions.return_deal(session, deal.id, version=1, by=by, reason="duplicate", note=None, now=now)
    return deal


def test_what_was_returned_before_its_message_was_posted_is_not_posted_any_more(slack: Outside, team: Team) -> None:
    channel = slack.new_channel()
    claimed_then_returned(channel)
    work_off(Job.SHOW_DEAL)
    assert (slack.messages(channel), newest().ts) == ([], None)


def test_what_was_posted_before_a_crash_and_returned_since_says_so(slack: Outside, team: Team) -> None:
    channel = slack.new_channel()
    deal = claimed_then_returned(channel)
    posted = messenger.post(channel, "before the crash", [], metadata=messenger.deal_metadata(deal.id))
    work_off(Job.SHOW_DEAL)
    (message,) = slack.messages(channel)
    assert newest().ts == posted == message["ts"]
    assert "Returned by Morgan Manager" in words_of(message)


def test_drawing_it_again_posts_nothing(slack: Outside, opportunity_id: int) -> None:
    before = slack.posts()
    with transaction() as session:
        send(session, show_deal(newest().id, ADA))
    work_off()
    assert slack.posts() == before


def test_who_is_on_leave_is_passed_over(slack: Outside, team: Team, opportunity_id: int) -> None:
    first = newest()
    with transaction() as session:
        staffing.come_back(session, team.alex.email, utcnow())
        ada, now = session.get_one(Rep, team.ada.id), utcnow()
        set_absence(session, ada, now, now + timedelta(days=7), None, None, now)
    work_off()
    assert newest().rep_id == team.alex.id
    (old,) = [one for one in deals_of(slack, ADA) if one["ts"] == first.ts]
    assert "Taken back" in words_of(old)


def test_the_ae_is_reminded_and_then_the_manager_may_ask_another(
    slack: Outside, team: Team, opportunity_id: int
) -> None:
    assert moment.sweep(utcnow() + REMIND_AFTER) == 1
    work_off()
    assert any("say yes or no to the deal" in words_of(one) for one in said_to(slack, ADA))
    assert moment.sweep(utcnow() + ACCEPT_WITHIN) == 1
    work_off()
    (late,) = [one for one in said_to(slack, MORGAN) if "Nobody has said yes" in words_of(one)]
    return_it(slack, MORGAN, late, "no_capacity", rep=str(team.alex.id))
    work_off()
    assert newest().rep_id == team.alex.id


def test_nobody_who_can_be_asked_is_told_to_the_manager_and_found_later(slack: Outside, team: Team) -> None:
    with transaction() as session:
        staffing.step_away(session, team.ada.email, utcnow())
    an_opportunity()
    work_off()
    with reading() as session:
        told = session.scalars(select(Notice).where(Notice.kind == Alert.DEAL_LATE)).one()
    assert (told.rep_id, told.sent_at is not None) == (team.morgan.id, True)
    with transaction() as session:
        staffing.come_back(session, team.ada.email, utcnow())
    upkeep.round_of()
    work_off(Job.HAND_DEAL, Job.SHOW_DEAL)
    assert newest().rep_id == team.ada.id


def test_a_stuck_deal_is_told_to_its_owner_once_a_stage(slack: Outside, team: Team, opportunity_id: int) -> None:
    slack.press(ADA, the_deal(slack), DealPress.ACCEPT)
    later = utcnow() + timedelta(days=30)
    assert moment.look_for_stuck(utcnow()) == 0
    assert (moment.look_for_stuck(later), moment.look_for_stuck(later + timedelta(days=9))) == (1, 0)


def test_nothing_of_who_is_forgotten_is_left_in_the_message(slack: Outside, opportunity_id: int) -> None:
    with transaction() as session:
        lead_id = session.scalars(select(Opportunity.lead_id)).one()
        erasing.erase(session, lead_id, None, utcnow())
    work_off(Job.SHOW_DEALS_OF, Job.SHOW_DEAL)
    with reading() as session:
        deal = session.scalars(select(DealHandoff)).one()
    (message,) = [one for one in said_to(slack, ADA) if one["ts"] == deal.ts]
    assert "erased" in words_of(message)
    assert "kim" not in json.dumps(message).casefold()
