"""Handing a lead to sales: who gets it, who is passed over and why, and what happens when nobody is there."""

from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from domain import finding
from domain.rules.deadlines import ClockKind
from domain.rules.lifecycle import HandoffStatus, Stage
from domain.rules.tiers import Tier
from domain.tables import ClockOutcome, Handoff, Happened, Lead, Role, SlaClock, SystemLink
from domain.verbs import deciding, staffing
from domain.verbs.offering import hand_over, waiting_leads
from domain.verbs.scoring import score_lead
from tests.conftest import NOON
from tests.domain.making import CHANNEL, HQL, MQL, Team, events, make_lead, make_offer, make_rep, take

SOON = NOON + timedelta(minutes=3)


def reject(session: Session, handoff: Handoff, team: Team, reason: str = "no_capacity") -> None:
    deciding.reject(
        session, handoff.id, version=handoff.version, by=team.morgan, reason=reason, note="A note", now=SOON
    )


def test_an_mql_is_offered_to_an_sdr_in_the_channel_of_the_pool(session: Session, team: Team) -> None:
    handoff = make_offer(session, MQL)
    assert (handoff.tier, handoff.status, handoff.cycle, handoff.version) == (Tier.MQL, HandoffStatus.OFFERED, 1, 2)
    assert handoff.rep_id in {team.sam.id, team.dana.id}
    assert handoff.place == CHANNEL
    lead = session.get_one(Lead, handoff.lead_id)
    assert lead.stage is Stage.IN_HANDOFF
    assert events(session, lead)[-1] is Happened.HANDOFF_OFFERED


def test_an_hql_goes_straight_to_an_ae_by_direct_message(session: Session, team: Team) -> None:
    handoff = make_offer(session, HQL)
    assert handoff.tier is Tier.HQL
    assert handoff.rep_id in {team.ada.id, team.alex.id}
    assert handoff.place in {"U0ADA", "U0ALEX"}


@pytest.mark.parametrize("kinds", [("page_view",), ()])
def test_what_is_below_mql_is_not_for_sales(session: Session, team: Team, kinds: tuple[str, ...]) -> None:
    lead = make_lead(session, kinds or ("email_open",), person={})
    assert hand_over(session, lead.id, NOON) is None
    assert session.scalars(select(Handoff)).all() == []


def test_the_handoff_keeps_the_score_the_policy_and_the_reason_for_the_choice(session: Session, team: Team) -> None:
    handoff = make_offer(session)
    lead = session.get_one(Lead, handoff.lead_id)
    assert (handoff.score, handoff.score_id) == (lead.score, lead.score_id)
    targets = {kind.value: handoff.policy[kind]["target_seconds"] for kind in ClockKind}
    assert targets == {"assignment": 900, "first_contact": 14_400, "qualification": 86_400}
    turns = [team.sam.id, team.dana.id]
    assert handoff.trace == {
        "rule": "rotation",
        "pool": team.sdrs.id,
        "home": team.sdrs.id,
        "territory": 1,
        "territory_name": None,
        "routing_file": None,
        "asked": turns,
        "skipped": {},
        "owners": [],
        "candidates": [{"rep": rep, "weight": 1, "time": 0.0, "finish": 1.0, "share": 0.5} for rep in turns],
    }


def test_handing_over_twice_is_the_same_as_once(session: Session, team: Team) -> None:
    handoff = make_offer(session)
    again = hand_over(session, handoff.lead_id, SOON)
    assert again is handoff
    assert (handoff.offered_at, handoff.version) == (NOON, 2)
    assert events(session, handoff.lead_id).count(Happened.HANDOFF_OFFERED) == 1


def test_crm_and_marketing_have_to_be_told(session: Session, team: Team) -> None:
    make_offer(session)
    assert set(session.scalars(select(SystemLink.system).where(SystemLink.dirty_since == NOON))) == {"crm", "marketing"}


def test_turns_are_taken_one_after_the_other(session: Session, team: Team) -> None:
    got = [make_offer(session, MQL, f"lead-{n}@buyer.example.com").rep_id for n in range(4)]
    assert got == [team.sam.id, team.dana.id, team.sam.id, team.dana.id]


def test_weights_share_out_the_leads(session: Session, team: Team) -> None:
    staffing.set_members(session, team.sdrs, {team.sam.id: 3, team.dana.id: 1})
    got = Counter(make_offer(session, MQL, f"lead-{n}@buyer.example.com").rep_id for n in range(8))
    assert got == {team.sam.id: 6, team.dana.id: 2}


def test_the_first_territory_that_fits_decides_on_the_pool(session: Session, team: Team) -> None:
    dach = staffing.save_pool(session, name="DACH", role=Role.SDR, slack_channel="C0DACH", manager=None)
    staffing.set_members(session, dach, {team.dana.id: 1})
    staffing.set_territories(session, Role.SDR, [({"country": ["DE", "AT", "CH"]}, dach.id), ({}, team.sdrs.id)])
    assert make_offer(session, MQL, "de@buyer.example.com").place == "C0DACH"
    elsewhere = make_lead(
        session,
        MQL,
        "us@buyer.example.com",
        person={"title": "VP Sales", "country": "US", "industry": "Software", "employees": 300},
    )
    handoff = hand_over(session, elsewhere.id, NOON)
    assert handoff is not None
    assert handoff.place == CHANNEL


def test_who_is_away_is_passed_over_and_the_trace_says_why(session: Session, team: Team) -> None:
    staffing.step_away(session, "sam.sample@example.com", NOON)
    handoff = make_offer(session)
    assert handoff.rep_id == team.dana.id
    assert handoff.trace["skipped"] == {str(team.sam.id): "away"}


def test_who_is_not_known_in_slack_is_passed_over(session: Session, team: Team) -> None:
    eli = make_rep(session, "Eli Example", Role.SDR, slack=False)
    staffing.set_members(session, team.sdrs, {eli.id: 100, team.sam.id: 1})
    handoff = make_offer(session)
    assert handoff.rep_id == team.sam.id
    assert handoff.trace["skipped"] == {str(eli.id): "no_slack_identity"}


def test_who_rejected_the_lead_is_not_asked_again(session: Session, team: Team) -> None:
    first = make_offer(session)
    reject(session, first, team)
    second = hand_over(session, first.lead_id, SOON)
    assert second is not None
    assert {first.rep_id, second.rep_id} == {team.sam.id, team.dana.id}
    assert (first.cycle, second.cycle) == (1, 2)
    assert second.trace["skipped"] == {str(first.rep_id): "rejected_this_lead"}


def test_a_late_order_to_hand_over_does_not_wake_a_lead_that_rests(session: Session, team: Team) -> None:
    handoff = make_offer(session)
    reject(session, handoff, team, "no_budget")
    assert hand_over(session, handoff.lead_id, SOON) is None
    later = hand_over(session, handoff.lead_id, SOON + timedelta(days=91))
    assert later is not None
    assert later.cycle == 2


def test_a_lead_that_is_passed_on_goes_on_although_its_points_faded_meanwhile(session: Session, team: Team) -> None:
    first = make_offer(session)
    much_later = NOON + timedelta(days=400)
    assert score_lead(session, first.lead_id, much_later).tier is Tier.MEL
    reject(session, first, team)
    second = hand_over(session, first.lead_id, much_later)
    assert second is not None
    assert (second.tier, second.status) == (Tier.MQL, HandoffStatus.OFFERED)


def test_a_lead_that_is_passed_on_goes_to_an_ae_if_it_has_become_hql(session: Session, team: Team) -> None:
    first = make_offer(session)
    deciding.accept(session, first.id, version=first.version, by=team.sam, now=NOON)
    take(session, kind="pricing_view")
    score_lead(session, first.lead_id, SOON)
    reject(session, first, team)
    second = hand_over(session, first.lead_id, SOON)
    assert second is not None
    assert second.rep_id in {team.ada.id, team.alex.id}


def nobody_there(session: Session) -> None:
    for email in ("sam.sample@example.com", "dana.demo@example.com"):
        staffing.step_away(session, email, NOON)


def test_with_nobody_there_the_handoff_stays_open_and_the_manager_is_told_once(session: Session, team: Team) -> None:
    nobody_there(session)
    handoffs = [make_offer(session, MQL, f"lead-{n}@buyer.example.com") for n in range(3)]
    for handoff in handoffs:
        hand_over(session, handoff.lead_id, SOON)
    assert [handoff.status for handoff in handoffs] == [HandoffStatus.OPEN] * 3
    assert all(handoff.rep_id is None and handoff.place is None for handoff in handoffs)
    everything = events(session)
    assert everything.count(Happened.POOL_SHORT) == 1
    assert everything.count(Happened.HANDOFF_WAITING) == 3
    assert finding.pool_shortage(session, team.sdrs.id) == ("SDR", 3, NOON)


def test_what_waits_is_offered_when_somebody_is_back(session: Session, team: Team) -> None:
    nobody_there(session)
    waiting = make_offer(session)
    dana = staffing.come_back(session, "dana.demo@example.com", SOON)
    assert waiting_leads(session, dana.id) == [waiting.lead_id]
    hand_over(session, waiting.lead_id, SOON)
    assert (waiting.status, waiting.rep_id) == (HandoffStatus.OFFERED, dana.id)
    assert waiting_leads(session) == []
    assert finding.pool_shortage(session, team.sdrs.id) is None


def test_who_is_back_is_not_offered_what_waits_for_another_pool(session: Session, team: Team) -> None:
    nobody_there(session)
    make_offer(session)
    staffing.step_away(session, "ada.account@example.com", NOON)
    ada = staffing.come_back(session, "ada.account@example.com", SOON)
    assert waiting_leads(session, ada.id) == []


def test_the_next_shortage_is_told_again(session: Session, team: Team) -> None:
    nobody_there(session)
    make_offer(session, MQL, "one@buyer.example.com")
    staffing.come_back(session, "sam.sample@example.com", SOON)
    make_offer(session, MQL, "two@buyer.example.com")
    staffing.step_away(session, "sam.sample@example.com", SOON)
    make_offer(session, MQL, "three@buyer.example.com")
    assert events(session).count(Happened.POOL_SHORT) == 2


def test_a_lead_that_nobody_may_have_is_told_once_while_others_go_out(session: Session, team: Team) -> None:
    refused = make_offer(session)
    for _ in range(2):
        reject(session, refused, team)
        refused = next_of(session, refused)
    assert (refused.status, {*refused.trace["skipped"].values()}) == (HandoffStatus.OPEN, {"rejected_this_lead"})
    for n in range(3):
        make_offer(session, MQL, f"lead-{n}@buyer.example.com")
        hand_over(session, refused.lead_id, SOON)
    assert events(session).count(Happened.POOL_SHORT) == 1


def next_of(session: Session, handoff: Handoff) -> Handoff:
    following = hand_over(session, handoff.lead_id, SOON)
    assert following is not None
    return following


def test_with_no_pool_at_all_the_lead_waits_for_one(session: Session) -> None:
    handoff = make_offer(session)
    assert (handoff.status, handoff.trace) == (HandoffStatus.OPEN, {"no_pool": True})
    rep = make_rep(session, "Late Arrival", Role.SDR)
    assert waiting_leads(session, rep.id) == [handoff.lead_id]


def test_the_clocks_start_when_the_lead_became_mql_and_the_assignment_is_met(session: Session, team: Team) -> None:
    lead = make_lead(session)
    handoff = hand_over(session, lead.id, SOON)
    assert handoff is not None
    clocks = {clock.kind: clock for clock in session.scalars(select(SlaClock))}
    assert {clock.started_at for clock in clocks.values()} == {NOON}
    assert clocks[ClockKind.FIRST_CONTACT].due_at == NOON + timedelta(hours=4)
    assignment = clocks[ClockKind.ASSIGNMENT]
    assert (assignment.outcome, assignment.stopped_at, assignment.next_at) == (ClockOutcome.MET, SOON, None)


def test_an_assignment_after_its_deadline_is_missed_even_if_no_clock_process_looked(
    session: Session, team: Team
) -> None:
    lead = make_lead(session)
    hand_over(session, lead.id, NOON + timedelta(minutes=16))
    outcome = session.scalars(select(SlaClock.outcome).where(SlaClock.kind == ClockKind.ASSIGNMENT)).one()
    assert outcome is ClockOutcome.MISSED


def test_the_database_itself_holds_one_live_handoff_per_lead(session: Session, team: Team) -> None:
    handoff = make_offer(session)
    copied = {
        name: getattr(handoff, name)
        for name in ("lead_id", "tier", "score", "score_id", "status", "policy", "trace", "became_at", "opened_at")
    }
    session.add(Handoff(cycle=2, version=1, **copied))
    with pytest.raises(IntegrityError, match="uq_handoffs_live"):
        session.flush()
