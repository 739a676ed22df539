"""Handing an opportunity to an AE: who is asked, and what they may say."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from domain import deals
from domain.rules.deals import DEAL_REASONS, REMIND_AFTER, DealStatus, DealThen
from domain.rules.refusals import CannotBeGiven, NoteMissing, UnknownReason
from domain.rules.refusals_deals import DealDecided, DealGone, NotYourDeal
from domain.stats.fairness import fairness
from domain.tables import Company, DealHandoff, Happened, Lead, Opportunity, Rep, Role, Turn, TurnKind
from domain.verbs import deal_decisions, dealing, selling, staffing
from tests.conftest import NOON
from tests.domain.making import HQL, Team, events, make_absence, make_offer, make_rep
from tests.domain.making_deal_handoffs import LATER, accept, ae_of, an_opportunity, live, offered, opportunity_of, word


def give_back(session: Session, deal: DealHandoff, reason: str, **more: Any) -> DealHandoff:
    by = more.pop("by", None) or ae_of(session, deal)
    note = more.pop("note", None)
    return deal_decisions.return_deal(
        session, deal.id, version=deal.version, by=by, reason=reason, note=note, now=LATER, **more
    )


# ---- who is asked ------------------------------------------------------------------------------------------------------


def test_an_sdrs_opportunity_goes_to_the_next_ae_and_costs_them_a_turn(session: Session, team: Team) -> None:
    deal = offered(session, team)
    assert (deal.status, deal.from_id, deal.pool_id) == (DealStatus.OFFERED, team.sam.id, team.aes.id)
    assert ae_of(session, deal).role is Role.AE
    (turn,) = session.scalars(select(Turn).where(Turn.deal_id == deal.id))
    assert (turn.rep_id, turn.kind, turn.share) == (deal.rep_id, TurnKind.TURN, 0.5)
    assert deal.remind_at == NOON + REMIND_AFTER
    assert events(session)[-1] is Happened.DEAL_OFFERED


def test_handing_over_twice_is_one_offer(session: Session, team: Team) -> None:
    deal = offered(session, team)
    assert dealing.hand_deal(session, deal.opportunity_id, LATER) is deal
    assert events(session).count(Happened.DEAL_OFFERED) == 1


def test_two_deals_go_to_two_aes_and_the_books_of_the_aes_count_aes_alone(session: Session, team: Team) -> None:
    first = offered(session, team)
    second = offered(session, team, email="lee@other.example.org", key="006B")
    assert {first.rep_id, second.rep_id} == {team.ada.id, team.alex.id}
    session.flush()
    counted = fairness(session, team.aes.id, NOON - timedelta(days=1))
    assert {one.name for one in counted} == {"Ada Account", "Alex Closer"}
    assert [(one.expected, one.turns) for one in counted] == [(1.0, 1), (1.0, 1)]


def test_the_sdrs_own_turn_is_not_mixed_up_with_the_aes(session: Session, team: Team) -> None:
    deal = offered(session, team)
    give_back(session, deal, "not_qualified")
    kinds = session.execute(select(Turn.kind, Turn.deal_id).order_by(Turn.id)).all()
    assert [tuple(row) for row in kinds] == [
        (TurnKind.TURN, None),
        (TurnKind.TURN, deal.id),
        (TurnKind.CREDIT, deal.id),
    ]


def test_what_an_ae_had_from_the_start_is_theirs_without_an_offer(session: Session, team: Team) -> None:
    handoff = make_offer(session, HQL)
    made = selling.open_opportunity(
        session, handoff.id, system="salesforce", external_id="006A", name="Sample", stage="New", now=NOON
    )
    assert session.get_one(Rep, made.owner_id).role is Role.AE
    assert dealing.hand_deal(session, made.id, NOON) is None


def test_what_the_crm_says_is_an_aes_is_theirs_without_an_offer(session: Session, team: Team) -> None:
    made = an_opportunity(session, team)
    staffing.know_in_crm(session, team.alex.id, "005ALEX")
    selling.hear(session, word(owner_id="005ALEX"), LATER)
    assert made.owner_id == team.alex.id
    assert dealing.hand_deal(session, made.id, LATER) is None


def test_what_a_stranger_has_in_the_crm_on_purpose_is_left_alone(session: Session, team: Team) -> None:
    made = an_opportunity(session, team)
    staffing.know_in_crm(session, team.sam.id, "005SAM")
    selling.hear(session, word(owner_id="005STRANGER"), LATER)
    assert dealing.hand_deal(session, made.id, LATER) is None


def test_an_sdr_whom_the_crm_does_not_know_hands_over_all_the_same(session: Session, team: Team) -> None:
    made = an_opportunity(session, team)
    selling.hear(session, word(owner_id="005INTEGRATION"), LATER)
    assert dealing.hand_deal(session, made.id, LATER) is not None


def of_one_account(session: Session, *opportunities: Opportunity) -> None:
    company = Company(domain="account.example.com", name="Account")
    session.add(company)
    session.flush()
    for one in opportunities:
        one.company_id = company.id
        session.get_one(Lead, one.lead_id).company_id = company.id


def test_who_has_an_open_deal_of_the_account_is_asked_outside_of_the_rotation(session: Session, team: Team) -> None:
    theirs = accept(session, offered(session, team))
    made = an_opportunity(session, team, email="lee@other.example.org", key="006B")
    of_one_account(session, opportunity_of(session, theirs), made)
    deal = dealing.hand_deal(session, made.id, LATER)
    assert deal is not None
    assert (deal.rep_id, deal.trace["rule"]) == (theirs.rep_id, "deals_owner")
    assert session.scalars(select(Turn.kind).where(Turn.deal_id == deal.id)).one() is TurnKind.OWNER


def test_who_only_lost_a_deal_of_the_account_has_no_claim(session: Session, team: Team) -> None:
    theirs = accept(session, offered(session, team))
    selling.hear(session, word("Closed Lost"), LATER)
    made = an_opportunity(session, team, email="lee@other.example.org", key="006B")
    of_one_account(session, opportunity_of(session, theirs), made)
    deal = dealing.hand_deal(session, made.id, LATER)
    assert deal is not None
    assert deal.trace["rule"] == "rotation"
    assert deal.rep_id != theirs.rep_id


def test_the_accounts_owner_is_asked_before_the_rotation(session: Session, team: Team) -> None:
    made = an_opportunity(session, team)
    of_one_account(session, made)
    session.get_one(Company, made.company_id).owner_id = team.alex.id
    deal = dealing.hand_deal(session, made.id, LATER)
    assert deal is not None
    assert (deal.rep_id, deal.trace["rule"]) == (team.alex.id, "account_owner")


def test_nobody_who_can_be_asked_is_said_once_and_the_deal_waits_until_somebody_is_back(
    session: Session, team: Team
) -> None:
    for rep in (team.ada, team.alex):
        staffing.step_away(session, rep.email, NOON)
    made = an_opportunity(session, team)
    assert dealing.hand_deal(session, made.id, NOON) is None
    assert dealing.hand_deal(session, made.id, LATER) is None
    assert events(session).count(Happened.DEAL_ESCALATED) == 1
    assert list(dealing.waiting_deals(session)) == [made.id]
    staffing.come_back(session, team.ada.email, LATER)
    deal = dealing.hand_deal(session, made.id, LATER)
    assert deal is not None
    assert (deal.rep_id, list(dealing.waiting_deals(session))) == (team.ada.id, [])


def test_where_no_territory_leads_to_aes_sdrs_sell_and_nobody_is_missed(session: Session, team: Team) -> None:
    staffing.set_territories(session, Role.AE, [])
    made = an_opportunity(session, team)
    assert dealing.hand_deal(session, made.id, NOON) is None
    assert Happened.DEAL_ESCALATED not in events(session)


# ---- yes ---------------------------------------------------------------------------------------------------------------


def test_accepting_makes_the_ae_the_owner_once(session: Session, team: Team) -> None:
    deal = accept(session, offered(session, team))
    assert (deal.status, deal.accepted_at, deal.remind_at) == (DealStatus.ACCEPTED, LATER, None)
    assert opportunity_of(session, deal).owner_id == deal.rep_id
    with pytest.raises(DealDecided):
        deal_decisions.accept_deal(session, deal.id, version=1, by=ae_of(session, deal), now=LATER)


def test_only_the_ae_their_cover_and_managers_may_decide(session: Session, team: Team) -> None:
    deal = offered(session, team)
    other = team.alex if deal.rep_id == team.ada.id else team.ada
    for rep in (team.sam, other):
        with pytest.raises(NotYourDeal):
            accept(session, deal, rep)
    make_absence(session, ae_of(session, deal), cover=other, since=NOON, until=NOON + timedelta(days=2))
    accept(session, deal, other)
    assert (deal.decided_by, opportunity_of(session, deal).owner_id) == (other.id, deal.rep_id)


def test_a_manager_may_accept_for_the_ae(session: Session, team: Team) -> None:
    deal = accept(session, offered(session, team), team.morgan)
    assert opportunity_of(session, deal).owner_id == deal.rep_id


# ---- no ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reason", [one.key for one in DEAL_REASONS.values() if one.then is DealThen.NEXT])
def test_a_reason_about_the_ae_sends_it_to_the_next_one(session: Session, team: Team, reason: str) -> None:
    deal = give_back(session, offered(session, team), reason, note="see there")
    following = live(session, deal.opportunity_id)
    assert following is not None
    assert {deal.rep_id, following.rep_id} == {team.ada.id, team.alex.id}
    assert (deal.status, deal.note) == (DealStatus.RETURNED, "see there")
    assert opportunity_of(session, deal).owner_id == team.sam.id


@pytest.mark.parametrize("reason", [one.key for one in DEAL_REASONS.values() if one.then is DealThen.BACK])
def test_a_reason_about_the_deal_leaves_it_with_the_sdr(session: Session, team: Team, reason: str) -> None:
    deal = give_back(session, offered(session, team), reason, note="see there")
    assert live(session, deal.opportunity_id) is None
    assert opportunity_of(session, deal).owner_id == team.sam.id
    assert dealing.hand_deal(session, deal.opportunity_id, LATER) is None


def test_whose_customer_it_is_may_be_said(session: Session, team: Team) -> None:
    carla = make_rep(session, "Carla Closer", Role.AE)
    deal = give_back(session, offered(session, team), "colleagues_customer", to=carla)
    following = live(session, deal.opportunity_id)
    assert following is not None
    assert (following.rep_id, following.trace["rule"]) == (carla.id, "given")


def test_it_is_not_given_to_who_sells_no_deals_or_to_who_gives_it_back(session: Session, team: Team) -> None:
    deal = offered(session, team)
    for rep in (team.sam, ae_of(session, deal)):
        with pytest.raises(CannotBeGiven):
            give_back(session, deal, "colleagues_customer", to=rep)


def test_it_is_neither_given_nor_proposed_to_a_colleague_who_is_on_leave(session: Session, team: Team) -> None:
    deal = offered(session, team)
    other = team.alex if deal.rep_id == team.ada.id else team.ada
    assert deals.aes_but(session, deal.rep_id, LATER) == [(other.id, other.name)]
    make_absence(session, other, cover=None, since=NOON, until=NOON + timedelta(days=14))
    assert deals.aes_but(session, deal.rep_id, LATER) == []
    with pytest.raises(CannotBeGiven):
        give_back(session, deal, "colleagues_customer", to=other)


def test_when_all_have_given_it_back_nobody_is_asked_a_second_time(session: Session, team: Team) -> None:
    deal = give_back(session, offered(session, team), "no_capacity")
    second = live(session, deal.opportunity_id)
    assert second is not None
    give_back(session, second, "no_capacity")
    assert live(session, deal.opportunity_id) is None
    assert list(dealing.waiting_deals(session)) == [deal.opportunity_id]


def test_what_was_accepted_may_still_be_given_back(session: Session, team: Team) -> None:
    deal = give_back(session, accept(session, offered(session, team)), "not_qualified")
    assert (deal.status, opportunity_of(session, deal).owner_id) == (DealStatus.RETURNED, team.sam.id)


def test_a_reason_has_to_be_one_of_ours_and_something_else_wants_a_note(session: Session, team: Team) -> None:
    deal = offered(session, team)
    with pytest.raises(UnknownReason):
        give_back(session, deal, "nonsense")
    with pytest.raises(NoteMissing):
        give_back(session, deal, "other")


def test_a_closed_deal_is_not_given_back(session: Session, team: Team) -> None:
    deal = accept(session, offered(session, team))
    selling.hear(session, word("Closed Won"), LATER)
    with pytest.raises(DealGone):
        give_back(session, deal, "no_capacity")
