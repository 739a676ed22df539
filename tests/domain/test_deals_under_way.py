"""What becomes of a deal that an AE was asked for, without a word of theirs: it closes, people leave, the CRM speaks, time runs out."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.rules.deals import ACCEPT_WITHIN, REMIND_AFTER, DealStatus
from domain.rules.lifecycle import Stage
from domain.tables import Handoff, Happened, Lead, LeadEvent, Turn, TurnKind
from domain.verbs import deal_clocks, deal_owners, dealing, merging, selling, staffing
from domain.verbs.absences import set_absence
from domain.verbs.erasing import erase
from tests.conftest import NOON
from tests.domain.making import Team, take
from tests.domain.making_deal_handoffs import LATER, accept, ae_of, live, offered, opportunity_of, word

# ---- what ends it, and what carries it on ------------------------------------------------------------------------------


def test_closing_takes_an_offer_back_with_its_turn_and_leaves_what_was_accepted(session: Session, team: Team) -> None:
    deal, kept = (
        offered(session, team),
        accept(session, offered(session, team, email="lee@other.example.org", key="006B")),
    )
    selling.hear(session, word("Closed Lost"), LATER)
    selling.hear(session, word("Closed Won", external_id="006B"), LATER)
    assert (deal.status, deal.reason, kept.status) == (DealStatus.WITHDRAWN, "closed", DealStatus.ACCEPTED)
    last = session.scalars(select(Turn).where(Turn.deal_id == deal.id).order_by(Turn.id.desc())).first()
    assert last is not None
    assert last.kind is TurnKind.CREDIT


def test_reopened_an_accepted_deal_is_its_aes_and_another_is_offered_anew(session: Session, team: Team) -> None:
    deal, kept = (
        offered(session, team),
        accept(session, offered(session, team, email="lee@other.example.org", key="006B")),
    )
    for key in ("006A", "006B"):
        selling.hear(session, word("Closed Lost", external_id=key), LATER)
        selling.hear(session, word("Proposal", external_id=key, hours=3), LATER)
    again = dealing.hand_deal(session, deal.opportunity_id, LATER)
    assert again is not None
    assert (again.id != deal.id, again.status) == (True, DealStatus.OFFERED)
    assert dealing.hand_deal(session, kept.opportunity_id, LATER) is kept
    assert opportunity_of(session, kept).owner_id == kept.rep_id


def test_a_second_opportunity_of_a_lead_is_handed_over_as_well(session: Session, team: Team) -> None:
    first = accept(session, offered(session, team))
    lead = session.get_one(Lead, opportunity_of(session, first).lead_id)
    second = selling.hear(session, word(external_id="006B", emails=(lead.email,)), LATER)
    assert second is not None
    assert second.handoff_id is None
    session.flush()
    deal = dealing.hand_deal(session, second.id, LATER)
    assert deal is not None
    assert (deal.from_id, deal.handoff_id) == (team.sam.id, first.handoff_id)


def test_the_deals_of_merged_leads_go_on_as_the_one_leads(session: Session, team: Team) -> None:
    deal = offered(session, team)
    other = take(session, "kim.other@elsewhere.example.org")
    lead_id = opportunity_of(session, deal).lead_id
    merging.merge_leads(session, other.id, lead_id, by=None, now=LATER)
    session.expire_all()
    assert opportunity_of(session, deal).lead_id == other.id
    assert accept(session, deal).status is DealStatus.ACCEPTED
    assert session.get_one(Handoff, deal.handoff_id).lead_id == other.id


def test_who_asks_to_be_forgotten_is_nobodys_deal(session: Session, team: Team) -> None:
    deal = accept(session, offered(session, team))
    deal.note, deal.problem = "a note", "Kim Sample is a duplicate of kim@buyer.example.com"
    lead_id = opportunity_of(session, deal).lead_id
    erase(session, lead_id, None, LATER)
    session.refresh(deal)
    assert (deal.status, deal.reason) == (DealStatus.WITHDRAWN, "erased")
    assert not deal.note
    assert not deal.problem
    assert session.get_one(Lead, lead_id).stage is Stage.ERASED
    assert dealing.hand_deal(session, deal.opportunity_id, LATER) is None


def test_an_ae_on_leave_is_not_waited_for(session: Session, team: Team) -> None:
    deal = offered(session, team)
    set_absence(session, ae_of(session, deal), LATER, LATER + timedelta(days=7), None, None, LATER)
    session.flush()
    assert dealing.pass_on_of(session, deal.rep_id, LATER)
    assert not dealing.pass_on_of(session, deal.rep_id, LATER)
    following = live(session, deal.opportunity_id)
    assert following is not None
    assert (deal.status, deal.reason, following.rep_id != deal.rep_id) == (DealStatus.WITHDRAWN, "away", True)


def test_who_only_pauses_keeps_what_they_were_offered(session: Session, team: Team) -> None:
    deal = offered(session, team)
    staffing.step_away(session, ae_of(session, deal).email, LATER)
    assert not dealing.pass_on_of(session, deal.rep_id, LATER)
    assert deal.status is DealStatus.OFFERED


def test_who_leaves_leaves_what_they_accepted_with_the_deal(session: Session, team: Team) -> None:
    kept = accept(session, offered(session, team))
    ae_of(session, kept).active = False
    session.flush()
    assert not dealing.pass_on_of(session, kept.rep_id, LATER)
    assert kept.status is DealStatus.ACCEPTED


# ---- the CRM's word ----------------------------------------------------------------------------------------------------


@pytest.fixture
def known(session: Session, team: Team) -> Team:
    for rep, key in ((team.sam, "005SAM"), (team.ada, "005ADA"), (team.alex, "005ALEX")):
        staffing.know_in_crm(session, rep.id, key)
    return team


def test_an_old_word_of_the_crm_says_nothing_against_who_has_accepted(session: Session, known: Team) -> None:
    deal = offered(session, known)
    selling.hear(session, word(owner_id="005SAM"), LATER)
    accept(session, deal)
    selling.hear(session, word("Negotiation", hours=5, owner_id="005SAM"), LATER)
    assert (deal.status, opportunity_of(session, deal).owner_id) == (DealStatus.ACCEPTED, deal.rep_id)


def test_who_is_made_the_owner_in_the_crm_has_accepted(session: Session, known: Team) -> None:
    deal = offered(session, known)
    selling.hear(session, word(owner_id="005SAM"), LATER)
    selling.hear(session, word(hours=3, owner_id=ae_of(session, deal).crm_user_id), LATER)
    assert (deal.status, deal.decided_by) == (DealStatus.ACCEPTED, deal.rep_id)


@pytest.mark.parametrize("taken", [False, True])
def test_another_ae_in_the_crm_ends_it(session: Session, known: Team, taken: bool) -> None:
    deal = offered(session, known)
    if taken:
        accept(session, deal)
    other = known.alex if deal.rep_id == known.ada.id else known.ada
    selling.hear(session, word(owner_id=other.crm_user_id), LATER)
    assert (deal.status, deal.reason) == (DealStatus.WITHDRAWN, "owned")
    assert opportunity_of(session, deal).owner_id == other.id
    assert dealing.hand_deal(session, deal.opportunity_id, LATER) is None


def test_who_is_no_rep_of_ours_and_gets_it_in_the_crm_while_an_ae_is_asked_ends_the_offer(
    session: Session, known: Team
) -> None:
    deal = offered(session, known)
    selling.hear(session, word(owner_id="005SAM"), LATER)
    assert deal.status is DealStatus.OFFERED
    selling.hear(session, word(hours=3, owner_id="005STRANGER"), LATER)
    assert (deal.status, deal.reason) == (DealStatus.WITHDRAWN, "owned")
    assert dealing.hand_deal(session, deal.opportunity_id, LATER) is None


def test_what_is_taken_from_an_ae_in_the_crm_is_theirs_no_more(session: Session, known: Team) -> None:
    deal = accept(session, offered(session, known))
    opportunity_of(session, deal).crm_owner_id = ae_of(session, deal).crm_user_id
    deal_owners.note_refused(session, deal.opportunity_id, "Not this one.")
    selling.hear(session, word(owner_id="005SAM"), LATER)
    assert (deal.status, opportunity_of(session, deal).owner_id) == (DealStatus.WITHDRAWN, known.sam.id)
    assert deal.problem is None, "what the CRM refused is nobody's worry any more"


# ---- deadlines ---------------------------------------------------------------------------------------------------------


def test_the_ae_is_reminded_and_then_the_manager_hears_each_once(session: Session, team: Team) -> None:
    deal = offered(session, team)
    session.flush()
    assert deal_clocks.take_deal_steps(session, NOON + REMIND_AFTER - timedelta(seconds=1), 10) == 0
    for after in (REMIND_AFTER, REMIND_AFTER, ACCEPT_WITHIN, ACCEPT_WITHIN * 2):
        deal_clocks.take_deal_steps(session, NOON + after, 10)
        session.flush()
    said = session.scalars(
        select(LeadEvent.kind)
        .where(LeadEvent.kind.in_([Happened.DEAL_REMINDED, Happened.DEAL_ESCALATED]))
        .order_by(LeadEvent.id)
    )
    assert list(said) == [Happened.DEAL_REMINDED, Happened.DEAL_ESCALATED]
    assert (deal.remind_at, deal.reminded_at, deal.escalated_at) == (None, NOON + REMIND_AFTER, NOON + ACCEPT_WITHIN)


def test_the_time_runs_while_the_ae_is_at_work(session: Session, team: Team) -> None:
    for rep in (team.ada, team.alex):
        rep.hours = {"1": [[9 * 60, 13 * 60]], "2": [[9 * 60, 13 * 60]]}
    deal = offered(session, team)
    # One hour is left of Tuesday; the second one ends on Wednesday at ten.
    assert deal.remind_at == NOON.replace(day=4, hour=10)


def test_who_has_answered_is_not_reminded(session: Session, team: Team) -> None:
    deal = accept(session, offered(session, team))
    session.flush()
    assert deal_clocks.take_deal_steps(session, NOON + ACCEPT_WITHIN, 10) == 0
    assert deal.reminded_at is None
