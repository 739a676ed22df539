"""A lead moves between tiers: what is said of it, who gets it then, and when it is looked at again."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from domain.rules.lifecycle import HandoffStatus, Stage
from domain.rules.scoring import default_model_toml, ledger_from_json, score
from domain.rules.tiers import Tier
from domain.tables import ClockOutcome, Handoff, Happened, Lead, LeadEvent, Role, ScoreRow, SlaClock, TouchRow
from domain.verbs import capturing, deciding, modelling, nurturing, staffing
from domain.verbs.capturing import Delivery
from domain.verbs.merging import merge_leads
from domain.verbs.modelling import active_model
from domain.verbs.offering import hand_over
from domain.verbs.rechecking import due_rechecks
from domain.verbs.scoring import facts_at, score_lead
from tests.conftest import NOON
from tests.domain.making import MQL, Team, events, make_arrival, make_lead, make_offer, make_team, take

DAY = timedelta(days=1)
ANALYST = {"title": "Analyst"}
SOON = NOON + timedelta(minutes=5)
QUIET = ("content_download",)
"""With the fit of a director 59 points: a MEL, one short of an MQL."""


@pytest.fixture
def team(session: Session) -> Team:
    return make_team(session)


def said(session: Session, lead: Lead, kind: Happened) -> list[dict[str, object]]:
    wanted = select(LeadEvent.data).where(LeadEvent.lead_id == lead.id, LeadEvent.kind == kind).order_by(LeadEvent.id)
    return list(session.scalars(wanted))


def nurtured(session: Session) -> Lead:
    lead = make_lead(session, QUIET)
    nurturing.enrol(session, lead.id, NOON)
    assert (lead.tier, lead.score) == (Tier.MEL, 59)
    return lead


def hotter(session: Session, handoff: Handoff) -> Lead:
    """Another touch makes an HQL of the offered MQL."""
    take(session, kind="pricing_view", now=SOON)
    lead = score_lead(session, handoff.lead_id, SOON)
    assert lead.tier is Tier.HQL
    return lead


def test_every_change_of_tier_is_an_event(session: Session) -> None:
    lead = nurtured(session)
    take(session, kind="demo_request", now=SOON)
    score_lead(session, lead.id, SOON)
    changes = [(data["before"], data["after"]) for data in said(session, lead, Happened.LEAD_TIER_CHANGED)]
    assert changes == [(None, "mel"), ("mel", "hql")]
    assert lead.tier_since == SOON


def test_a_nurtured_lead_that_crosses_the_threshold_goes_to_sales_with_the_touch_that_did_it(session: Session) -> None:
    lead = nurtured(session)
    take(session, kind="email_click", now=SOON)
    score_lead(session, lead.id, SOON)
    assert lead.score == 62
    assert events(session, lead)[-1] is Happened.LEAD_TO_SDR
    assert lead.became_sales_ready_at == SOON


def test_a_touch_before_the_hand_over_does_not_restart_the_clock(session: Session) -> None:
    lead = nurtured(session)
    for kind, at in (("email_click", SOON), ("page_view", SOON + timedelta(minutes=3))):
        take(session, kind=kind, now=at)
        score_lead(session, lead.id, at)
    assert lead.tier is Tier.MQL
    assert lead.became_sales_ready_at == SOON


@pytest.mark.parametrize(("days", "score_then", "tier"), [(58, 58, "mql"), (64, 57, "mql"), (72, 56, "mel")])
def test_a_lead_does_not_flap_about_a_threshold(session: Session, days: int, score_then: int, tier: str) -> None:
    lead = make_lead(session)
    score_lead(session, lead.id, NOON + days * DAY)
    assert (lead.score, lead.tier) == (score_then, tier)


def test_a_tier_that_is_only_still_held_hands_nobody_over(session: Session) -> None:
    lead = nurtured(session)
    lead.tier = Tier.MQL
    score_lead(session, lead.id, SOON)
    assert (lead.score, lead.tier) == (59, Tier.MQL)
    assert events(session, lead)[-1] is Happened.LEAD_RESCORED


def test_a_lead_that_becomes_hql_while_it_is_offered_is_withdrawn_and_goes_to_an_ae(
    session: Session, team: Team
) -> None:
    first = make_offer(session)
    lead = hotter(session, first)
    assert (first.status, first.reason) == (HandoffStatus.WITHDRAWN, "became_hql")
    assert events(session, lead)[-2:] == [Happened.HANDOFF_WITHDRAWN, Happened.LEAD_TO_AE]
    second = hand_over(session, lead.id, SOON)
    assert second is not None
    assert (second.tier, second.cycle, second.became_at) == (Tier.HQL, 2, SOON)
    assert second.rep_id in {team.ada.id, team.alex.id}


def test_the_clocks_of_a_withdrawn_offer_stop_and_count_for_nobody(session: Session, team: Team) -> None:
    first = make_offer(session)
    hotter(session, first)
    clocks = session.scalars(select(SlaClock).where(SlaClock.handoff_id == first.id)).all()
    assert {clock.kind: clock.outcome for clock in clocks} == {
        "assignment": ClockOutcome.MET,
        "first_contact": ClockOutcome.CANCELLED,
        "qualification": ClockOutcome.CANCELLED,
    }
    assert [clock.next_at for clock in clocks] == [None] * 3


def test_a_lead_that_becomes_hql_while_nobody_could_be_asked_is_withdrawn_too(session: Session) -> None:
    first = hand_over(session, make_lead(session).id, NOON)
    assert first is not None
    before = first.status
    hotter(session, first)
    assert (before, first.status) == (HandoffStatus.OPEN, HandoffStatus.WITHDRAWN)


def test_an_sdr_keeps_an_offer_that_no_ae_could_take_and_it_is_said_once(session: Session, team: Team) -> None:
    first = make_offer(session)
    for rep in (team.ada, team.alex):
        staffing.step_away(session, rep.email, NOON)
    lead = hotter(session, first)
    score_lead(session, lead.id, SOON + DAY)
    stood = first.status
    assert len(said(session, lead, Happened.HANDOFF_HEATED)) == 1
    staffing.come_back(session, team.ada.email, SOON + DAY)
    score_lead(session, lead.id, SOON + DAY)
    assert (stood, first.status) == (HandoffStatus.OFFERED, HandoffStatus.WITHDRAWN)
    assert events(session, lead)[-1] is Happened.LEAD_TO_AE


def test_without_any_territory_of_aes_an_hql_stays_with_its_sdr(session: Session, team: Team) -> None:
    staffing.set_territories(session, Role.AE, [])
    first = make_offer(session)
    hotter(session, first)
    assert (first.status, first.rep_id) == (HandoffStatus.OFFERED, team.sam.id)


def test_a_lead_that_is_merged_between_its_withdrawal_and_its_next_offer_is_offered_all_the_same(
    session: Session, team: Team
) -> None:
    lead = hotter(session, make_offer(session))
    kept = make_lead(session, ("page_view",), "kim.buyer@gmail.com")
    nurturing.enrol(session, kept.id, NOON)
    merge_leads(session, kept.id, lead.id, by=None, now=SOON)
    assert hand_over(session, lead.id, SOON) is None
    score_lead(session, kept.id, SOON)
    assert events(session, kept)[-1] is Happened.LEAD_TO_AE
    second = hand_over(session, kept.id, SOON)
    assert second is not None
    assert (second.tier, second.status) == (Tier.HQL, HandoffStatus.OFFERED)


def test_who_has_accepted_a_lead_keeps_it_when_it_becomes_hql_and_it_is_said_once(session: Session, team: Team) -> None:
    first = make_offer(session)
    deciding.accept(session, first.id, version=first.version, by=team.sam, now=NOON)
    lead = hotter(session, first)
    score_lead(session, lead.id, SOON + DAY)
    assert (first.status, first.rep_id) == (HandoffStatus.ACCEPTED, team.sam.id)
    assert lead.owner_id == team.sam.id
    assert len(said(session, lead, Happened.HANDOFF_HEATED)) == 1


def test_a_score_that_falls_takes_nothing_away(session: Session, team: Team) -> None:
    handoff = make_offer(session)
    deciding.accept(session, handoff.id, version=handoff.version, by=team.sam, now=NOON)
    lead = score_lead(session, handoff.lead_id, NOON + 200 * DAY)
    assert lead.tier is Tier.MEL
    assert (handoff.status, lead.stage) == (HandoffStatus.ACCEPTED, Stage.IN_HANDOFF)


def test_a_jump_is_told_once_with_where_it_began(session: Session) -> None:
    lead = analyst_in_nurture(session)
    began = lead.score
    for hours, kind in enumerate(("chat", "email_click", "webinar", "content_download"), start=1):
        take(session, kind=kind, now=NOON + timedelta(hours=hours), person=ANALYST)
        score_lead(session, lead.id, NOON + timedelta(hours=hours))
    (jump,) = said(session, lead, Happened.LEAD_JUMPED)
    assert jump["before"] == began
    assert int(str(jump["score"])) - int(str(began)) >= 20


def analyst_in_nurture(session: Session) -> Lead:
    lead = make_lead(session, ("page_view",), person=ANALYST)
    nurturing.enrol(session, lead.id, NOON)
    return lead


def test_who_has_a_lead_that_becomes_hql_hears_of_it_once_and_not_as_a_jump_besides(
    session: Session, team: Team
) -> None:
    first = make_offer(session)
    lead = session.get_one(Lead, first.lead_id)
    score_lead(session, lead.id, NOON + 60 * DAY)
    deciding.accept(session, first.id, version=first.version, by=team.sam, now=NOON + 60 * DAY)
    for kind in ("pricing_view", "webinar", "chat"):
        take(session, kind=kind, now=NOON + 61 * DAY)
    score_lead(session, lead.id, NOON + 61 * DAY)
    assert lead.tier is Tier.HQL
    assert len(said(session, lead, Happened.HANDOFF_HEATED)) == 1
    assert said(session, lead, Happened.LEAD_JUMPED) == []


def test_another_model_that_gives_more_is_no_jump(session: Session) -> None:
    lead = analyst_in_nurture(session)
    richer = default_model_toml().replace(
        'points = 12\nwhen = { attribute = "persona"', 'points = 37\nwhen = { attribute = "persona"'
    )
    assert modelling.import_model(session, richer, SOON).version == 2
    take(session, kind="page_view", now=SOON, person=ANALYST)
    before = lead.score
    score_lead(session, lead.id, SOON)
    assert (lead.score or 0) - (before or 0) > 20
    assert said(session, lead, Happened.LEAD_JUMPED) == []


def test_what_a_lead_did_long_ago_and_we_only_hear_of_now_is_no_jump(session: Session) -> None:
    lead = analyst_in_nurture(session)
    for kind in ("chat", "webinar", "content_download", "form_submission"):
        take(session, kind=kind, at=NOON - 8 * DAY, now=SOON, person=ANALYST)
    session.execute(update(TouchRow).where(TouchRow.kind == "page_view").values(occurred_at=NOON - 8 * DAY))
    before = lead.score
    score_lead(session, lead.id, SOON)
    assert (lead.score or 0) - (before or 0) > 20
    assert said(session, lead, Happened.LEAD_JUMPED) == []


def test_a_bulk_import_tells_no_jumps(session: Session) -> None:
    lead = analyst_in_nurture(session)
    lead.bulk = True
    for kind in ("chat", "webinar", "content_download"):
        delivery = Delivery({"email": lead.email}, kind, SOON)
        capturing.receive(session, make_arrival(session), "website", delivery, SOON, bulk=True)
    before = lead.score
    score_lead(session, lead.id, SOON)
    assert (lead.score or 0) - (before or 0) > 20
    assert said(session, lead, Happened.LEAD_JUMPED) == []


def test_the_first_score_is_no_jump(session: Session) -> None:
    assert said(session, make_lead(session, QUIET), Happened.LEAD_JUMPED) == []


def test_a_lead_that_goes_to_sales_is_no_jump_since_its_card_says_it_all(session: Session) -> None:
    lead = make_lead(session, ("page_view",))
    nurturing.enrol(session, lead.id, NOON)
    take(session, kind="demo_request", now=SOON)
    score_lead(session, lead.id, SOON)
    assert lead.tier is Tier.MQL
    assert said(session, lead, Happened.LEAD_JUMPED) == []


def test_a_lead_in_nurture_is_due_again_after_a_week(session: Session) -> None:
    lead = nurtured(session)
    assert list(due_rechecks(session, NOON + 7 * DAY - SOON.resolution, 10)) == []
    assert list(due_rechecks(session, NOON + 7 * DAY, 10)) == [lead.id]
    assert list(due_rechecks(session, NOON + 7 * DAY, 10)) == []


def test_a_recheck_notices_that_points_have_faded(session: Session) -> None:
    lead = nurtured(session)
    score_lead(session, lead.id, NOON + 60 * DAY)
    assert lead.score == 47
    score_lead(session, lead.id, NOON + 400 * DAY)
    assert lead.tier is Tier.MEL
    assert lead.recheck_at == NOON + 407 * DAY


def test_a_lead_whose_cooldown_ends_is_looked_at_then_and_handed_over_again(session: Session, team: Team) -> None:
    handoff = make_offer(session)
    deciding.reject(
        session, handoff.id, version=handoff.version, by=team.sam, reason="no_budget", note="soon", now=NOON
    )
    lead = session.get_one(Lead, handoff.lead_id)
    assert lead.rests_until is not None
    take(session, kind="demo_request", now=lead.rests_until - DAY)
    score_lead(session, lead.id, lead.rests_until - DAY)
    assert lead.recheck_at == lead.rests_until
    score_lead(session, lead.id, lead.rests_until)
    assert events(session, lead)[-1] in {Happened.LEAD_TO_SDR, Happened.LEAD_TO_AE}
    assert lead.became_sales_ready_at == lead.rests_until


def test_a_lead_that_was_sent_to_sales_and_never_arrived_is_looked_at_again(session: Session, team: Team) -> None:
    lead = make_lead(session)
    assert events(session, lead)[-1] is Happened.LEAD_TO_SDR
    assert list(due_rechecks(session, NOON + DAY, 10)) == [lead.id]
    hand_over(session, lead.id, NOON)
    assert list(due_rechecks(session, NOON + 3 * DAY, 10)) == []


def test_a_lead_with_sales_is_not_rechecked(session: Session, team: Team) -> None:
    lead = session.get_one(Lead, make_offer(session).lead_id)
    score_lead(session, lead.id, SOON)
    assert lead.recheck_at is None


def test_a_score_of_the_past_can_be_worked_out_again(session: Session) -> None:
    lead = make_lead(session, MQL)
    for days, person in ((3, {"title": "Intern"}), (5, {"title": "VP Sales", "country": "FR"})):
        take(session, kind="page_view", now=NOON + days * DAY, person=person)
        score_lead(session, lead.id, NOON + days * DAY)
    # A touch of long ago that we hear of only now changes no score of the past.
    take(session, kind="webinar", at=NOON - DAY, now=NOON + 9 * DAY)
    _, model = active_model(session)
    rows = session.scalars(select(ScoreRow).where(ScoreRow.lead_id == lead.id)).all()
    assert len(rows) == 3
    for row in rows:
        again = score(model, facts_at(session, lead, row.as_of), row.as_of)
        assert (again.total, again.ledger) == (row.total, ledger_from_json(row.ledger))
