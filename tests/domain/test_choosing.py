"""Who gets a lead: whose it is already, then the rotation, then the overflow; and who may not be asked."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.candidates import Load, day_begins, loads
from domain.rules.lifecycle import HandoffStatus
from domain.rules.routing import Rule
from domain.tables import Company, Handoff, Happened, Lead, Opportunity, Pool, Rep, Role, RoutingFile, Turn, TurnKind
from domain.verbs import absences, deciding, passing, staffing
from domain.verbs.choosing import choose, route_of
from domain.verbs.offering import hand_over, waiting_leads
from domain.verbs.owning import note_owner, owner_to_ask_for
from tests.conftest import NOON
from tests.domain.making import CHANNEL, DIRECTOR, HQL, MQL, Team, events, make_absence, make_lead, make_rep

SOON = NOON + timedelta(minutes=3)
DAY = timedelta(days=1)


def lead_of(session: Session, company: int, name: str = "kim", kinds: tuple[str, ...] = MQL) -> Lead:
    person = {**DIRECTOR, "company": f"Sample Company {company}"}
    return make_lead(session, kinds, f"{name}@sample-company-{company}.com", person=person)


def offered(session: Session, lead: Lead, now: datetime = NOON) -> Handoff:
    handoff = hand_over(session, lead.id, now)
    assert handoff is not None
    return handoff


def kinds_of(session: Session, handoff: Handoff) -> list[tuple[TurnKind, float]]:
    rows = session.execute(select(Turn.kind, Turn.moved).where(Turn.handoff_id == handoff.id).order_by(Turn.id))
    return [(kind, moved) for kind, moved in rows]


def taken(session: Session, handoff: Handoff) -> Rep:
    rep = session.get_one(Rep, handoff.rep_id)
    deciding.accept(session, handoff.id, version=handoff.version, by=rep, now=NOON)
    return rep


def overflowing(session: Session, team: Team) -> tuple[Rep, Pool]:
    """A pool to which the SDRs' leads go when nobody of theirs can be asked."""
    eli = make_rep(session, "Eli Example", Role.SDR)
    more = staffing.save_pool(session, name="More SDRs", role=Role.SDR, slack_channel="C0MORE", manager=team.morgan)
    staffing.set_members(session, more, {eli.id: 1})
    team.sdrs.overflow_id = more.id
    session.flush()
    return eli, more


def test_the_owner_of_the_account_gets_it_outside_of_the_rotation(session: Session, team: Team) -> None:
    lead = lead_of(session, 1)
    session.get_one(Company, lead.company_id).owner_id = team.dana.id
    handoff = offered(session, lead)
    assert (handoff.rep_id, handoff.place, handoff.trace["rule"]) == (team.dana.id, CHANNEL, "account_owner")
    assert kinds_of(session, handoff) == [(TurnKind.OWNER, 0.0)]
    assert [offered(session, lead_of(session, n)).rep_id for n in (2, 3)] == [team.sam.id, team.dana.id]


def deal_of(session: Session, lead: Lead, owner: Rep, day: int = 0, *, won: bool | None = None) -> Opportunity:
    made = Opportunity(
        lead_id=lead.id, company_id=lead.company_id, owner_id=owner.id, system="salesforce", name="Sample"
    )
    made.stage, made.stage_since, made.opened_at = "Proposal", NOON, NOON + day * DAY
    made.won, made.closed_at = won, None if won is None else NOON
    session.add(made)
    session.flush()
    return made


def test_who_has_an_open_deal_with_the_account_gets_its_next_lead_before_the_accounts_owner(
    session: Session, team: Team
) -> None:
    deal_of(session, lead_of(session, 1), team.dana)
    lead = lead_of(session, 1, "lee")
    session.get_one(Company, lead.company_id).owner_id = team.sam.id
    handoff = offered(session, lead)
    assert (handoff.rep_id, handoff.trace["rule"]) == (team.dana.id, "deals_owner")
    assert kinds_of(session, handoff) == [(TurnKind.OWNER, 0.0)]


def test_an_open_deal_is_a_stronger_claim_than_one_that_was_won_and_a_lost_one_is_none(
    session: Session, team: Team
) -> None:
    first = lead_of(session, 1)
    lost, won, open_one = (make_rep(session, f"{name} Example", Role.AE) for name in ("Lou", "Wim", "Ole"))
    deal_of(session, first, lost, 3, won=False)
    deal_of(session, first, won, 2, won=True)
    deal_of(session, first, open_one, 1)
    hot = lead_of(session, 1, "lee", HQL)
    assert choose(session, hot, Role.AE, NOON, lock=False).owner is open_one
    open_one.active = False
    session.flush()
    chosen = choose(session, hot, Role.AE, NOON, lock=False)
    assert (chosen.owner, chosen.rule) == (won, Rule.DEALS_OWNER)


def test_whose_deal_asks_for_another_role_has_no_claim(session: Session, team: Team) -> None:
    deal_of(session, lead_of(session, 1), team.ada)
    assert offered(session, lead_of(session, 1, "lee")).trace["rule"] == "rotation"


def test_an_owner_with_another_role_is_passed_over_and_the_trace_says_so(session: Session, team: Team) -> None:
    lead = lead_of(session, 1)
    session.get_one(Company, lead.company_id).owner_id = team.ada.id
    handoff = offered(session, lead)
    assert (handoff.rep_id, handoff.trace["rule"]) == (team.sam.id, "rotation")
    assert handoff.trace["owners"] == [{"rule": "account_owner", "rep": team.ada.id, "why": "other_role"}]


def test_an_owner_who_is_on_leave_is_passed_over(session: Session, team: Team) -> None:
    lead = lead_of(session, 1)
    session.get_one(Company, lead.company_id).owner_id = team.sam.id
    absences.set_absence(session, team.sam, NOON, NOON + DAY, None, None, NOON)
    handoff = offered(session, lead)
    assert handoff.rep_id == team.dana.id
    assert handoff.trace["owners"] == [{"rule": "account_owner", "rep": team.sam.id, "why": "on_leave"}]
    assert handoff.trace["skipped"] == {str(team.sam.id): "on_leave"}


def test_who_has_accepted_the_lead_before_gets_it_again(session: Session, team: Team) -> None:
    first = offered(session, lead_of(session, 1))
    dana = team.dana
    first.rep_id, first.accepted_at, first.status = dana.id, NOON, HandoffStatus.CONVERTED
    session.flush()
    again = offered(session, session.get_one(Lead, first.lead_id), NOON + DAY)
    assert (again.rep_id, again.trace["rule"]) == (dana.id, "earlier_sdr")


def test_who_has_a_colleague_gets_the_next_of_the_company(session: Session, team: Team) -> None:
    sam = taken(session, offered(session, lead_of(session, 1)))
    second = offered(session, lead_of(session, 1, "alex"))
    assert (second.rep_id, second.trace["rule"]) == (sam.id, "colleagues_owner")
    third = offered(session, lead_of(session, 2))
    assert (third.rep_id, third.trace["rule"]) == (team.dana.id, "rotation")


def test_who_is_only_offered_a_colleague_has_none_yet(session: Session, team: Team) -> None:
    offered(session, lead_of(session, 1))
    assert offered(session, lead_of(session, 1, "alex")).trace["rule"] == "rotation"


def test_who_rejected_a_lead_does_not_get_it_back_as_the_accounts_owner(session: Session, team: Team) -> None:
    lead = lead_of(session, 1)
    session.get_one(Company, lead.company_id).owner_id = team.sam.id
    first = offered(session, lead)
    deciding.reject(session, first.id, version=first.version, by=team.sam, reason="no_capacity", note=None, now=NOON)
    second = offered(session, lead, SOON)
    assert second.rep_id == team.dana.id
    assert second.trace["owners"][0]["why"] == "rejected_this_lead"


def test_who_rejected_a_lead_for_whom_they_cover_is_not_asked_for_it(session: Session, team: Team) -> None:
    staffing.step_away(session, team.dana.email, NOON)
    handoff = offered(session, lead_of(session, 1))
    make_absence(session, team.sam, cover=team.dana, since=NOON, until=NOON + DAY)
    staffing.come_back(session, team.dana.email, NOON)
    deciding.reject(
        session, handoff.id, version=handoff.version, by=team.dana, reason="no_capacity", note="A note", now=SOON
    )
    again = offered(session, session.get_one(Lead, handoff.lead_id), SOON)
    assert (again.status, again.trace["skipped"][str(team.dana.id)]) == (HandoffStatus.OPEN, "rejected_this_lead")


def test_an_owner_of_no_pool_is_told_by_direct_message(session: Session, team: Team) -> None:
    eli = make_rep(session, "Eli Example", Role.SDR)
    lead = lead_of(session, 1)
    session.get_one(Company, lead.company_id).owner_id = eli.id
    handoff = offered(session, lead)
    assert (handoff.rep_id, handoff.place, handoff.pool_id) == (eli.id, "U0ELI", team.sdrs.id)


def test_who_has_as_many_leads_as_they_may_is_passed_over_until_one_is_decided(session: Session, team: Team) -> None:
    team.sam.most_open = 1
    first, second, third = (offered(session, lead_of(session, n)) for n in range(3))
    assert [first.rep_id, second.rep_id, third.rep_id] == [team.sam.id, team.dana.id, team.dana.id]
    assert third.trace["skipped"] == {str(team.sam.id): "full"}
    deciding.reject(session, first.id, version=first.version, by=team.sam, reason="no_budget", note=None, now=NOON)
    assert offered(session, lead_of(session, 4)).rep_id == team.sam.id


def test_who_was_full_comes_back_to_no_run_of_leads(session: Session, team: Team) -> None:
    team.sam.most_open = 1
    first = offered(session, lead_of(session, 0))
    for n in range(1, 20):
        assert offered(session, lead_of(session, n)).rep_id == team.dana.id
    deciding.reject(session, first.id, version=first.version, by=team.sam, reason="no_budget", note=None, now=NOON)
    team.sam.most_open = None
    following = [offered(session, lead_of(session, 20 + n)).rep_id for n in range(6)]
    assert following.count(team.sam.id) == 3


def test_a_day_of_leads_is_counted_in_the_reps_own_day(session: Session, team: Team) -> None:
    team.sam.most_a_day, team.sam.time_zone = 1, "Pacific/Auckland"
    staffing.step_away(session, "dana.demo@example.com", NOON)
    assert offered(session, lead_of(session, 1)).rep_id == team.sam.id
    waits = offered(session, lead_of(session, 2))
    assert (waits.status, waits.trace["skipped"][str(team.sam.id)]) == (HandoffStatus.OPEN, "full_today")
    # Noon in UTC is one o'clock at night in Auckland.
    assert day_begins(team.sam, NOON) == datetime(2026, 3, 3, 11, tzinfo=UTC)
    hand_over(session, waits.lead_id, NOON + timedelta(hours=22, minutes=59))
    assert waits.rep_id is None
    hand_over(session, waits.lead_id, NOON + timedelta(hours=23))
    assert waits.rep_id == team.sam.id


def test_what_a_rep_has_is_counted_for_each(session: Session, team: Team) -> None:
    for n in range(3):
        offered(session, lead_of(session, n))
    assert loads(session, [team.sam, team.dana], NOON) == {team.sam.id: Load(2, 2), team.dana.id: Load(1, 1)}
    assert loads(session, [team.sam], NOON + DAY) == {team.sam.id: Load(2, 0)}
    assert loads(session, [], NOON) == {}


def test_a_leave_that_begins_later_keeps_nobody_from_a_lead_now(session: Session, team: Team) -> None:
    absences.set_absence(session, team.sam, SOON, NOON + DAY, None, None, NOON)
    assert offered(session, lead_of(session, 1), NOON).rep_id == team.sam.id
    assert [offered(session, lead_of(session, n), SOON).rep_id for n in (2, 3)] == [team.dana.id] * 2


def test_who_comes_back_from_leave_gets_no_run_of_leads(session: Session, team: Team) -> None:
    absences.set_absence(session, team.sam, NOON, NOON + DAY, None, None, NOON)
    for n in range(15):
        offered(session, lead_of(session, n))
    assert absences.begin_and_end(session, NOON + DAY) == 1
    after = [offered(session, lead_of(session, 20 + n), NOON + DAY).rep_id for n in range(6)]
    assert after.count(team.sam.id) == 3


def test_when_nobody_of_the_pool_can_be_asked_the_overflow_is(session: Session, team: Team) -> None:
    eli, more = overflowing(session, team)
    assert offered(session, lead_of(session, 1)).rep_id == team.sam.id
    for email in ("sam.sample@example.com", "dana.demo@example.com"):
        staffing.step_away(session, email, NOON)
    handoff = offered(session, lead_of(session, 2))
    assert (handoff.rep_id, handoff.pool_id, handoff.place) == (eli.id, more.id, "C0MORE")
    assert (handoff.trace["rule"], handoff.trace["home"]) == ("overflow", team.sdrs.id)
    assert handoff.trace["skipped"] == {str(team.sam.id): "away", str(team.dana.id): "away"}
    assert Happened.POOL_SHORT not in events(session)


def test_with_nobody_in_the_overflow_either_the_lead_waits_for_both(session: Session, team: Team) -> None:
    eli, more = overflowing(session, team)
    for email in ("sam.sample@example.com", "dana.demo@example.com", "eli.example@example.com"):
        staffing.step_away(session, email, NOON)
    handoff = offered(session, lead_of(session, 1))
    assert (handoff.status, handoff.pool_id) == (HandoffStatus.OPEN, team.sdrs.id)
    assert events(session).count(Happened.POOL_SHORT) == 1
    staffing.come_back(session, "eli.example@example.com", SOON)
    assert waiting_leads(session, eli.id) == [handoff.lead_id]
    hand_over(session, handoff.lead_id, SOON)
    assert (handoff.rep_id, handoff.pool_id) == (eli.id, more.id)


def test_pools_that_overflow_into_each_other_are_each_tried_once(session: Session, team: Team) -> None:
    _, more = overflowing(session, team)
    more.overflow_id = team.sdrs.id
    session.flush()
    assert [pool.id for pool in route_of(session, more.id)] == [more.id, team.sdrs.id]


def test_who_let_a_lead_expire_is_not_asked_again_while_it_goes_round(session: Session, team: Team) -> None:
    lead = lead_of(session, 1)
    first = offered(session, lead)
    first.status = HandoffStatus.EXPIRED
    session.flush()
    second = offered(session, lead, SOON)
    assert (second.rep_id, second.handed_on, second.tier) == (team.dana.id, 1, first.tier)
    assert second.trace["skipped"] == {str(team.sam.id): "handed_on"}
    second.status = HandoffStatus.EXPIRED
    session.flush()
    third = offered(session, lead, SOON)
    assert (third.status, third.handed_on) == (HandoffStatus.OPEN, 2)


def test_who_gave_a_lead_back_is_not_asked_even_if_it_had_to_wait_meanwhile(session: Session, team: Team) -> None:
    first = offered(session, lead_of(session, 1))
    staffing.step_away(session, "dana.demo@example.com", NOON)
    passing.release(session, first.id, version=first.version, by=team.sam, now=NOON)
    waiting = offered(session, session.get_one(Lead, first.lead_id), SOON)
    assert waiting.status is HandoffStatus.OPEN
    assert waiting.trace["skipped"][str(team.sam.id)] == "gave_it_back"
    staffing.come_back(session, "dana.demo@example.com", SOON)
    assert offered(session, session.get_one(Lead, first.lead_id), SOON).rep_id == team.dana.id


def test_a_lead_that_a_person_gives_to_somebody_spends_no_turn(session: Session, team: Team) -> None:
    lead = lead_of(session, 1)
    handoff = hand_over(session, lead.id, NOON, to=team.dana)
    assert handoff is not None
    assert (handoff.rep_id, handoff.place, handoff.trace["rule"]) == (team.dana.id, CHANNEL, "given")
    assert kinds_of(session, handoff) == [(TurnKind.MOVED, 0.0)]
    assert offered(session, lead_of(session, 2)).rep_id == team.sam.id


def test_a_person_may_give_a_lead_to_who_is_full(session: Session, team: Team) -> None:
    team.sam.most_open = 0
    handoff = hand_over(session, lead_of(session, 1).id, NOON, to=team.sam)
    assert handoff is not None
    assert handoff.rep_id == team.sam.id


def test_a_manager_who_takes_a_lead_sees_it_in_the_pools_channel(session: Session, team: Team) -> None:
    handoff = hand_over(session, lead_of(session, 1).id, NOON, to=team.morgan)
    assert handoff is not None
    assert (handoff.rep_id, handoff.place) == (team.morgan.id, CHANNEL)


def test_the_trace_names_the_version_of_the_file_that_was_in_force(session: Session, team: Team) -> None:
    session.add_all([RoutingFile(text="a", imported_at=NOON), RoutingFile(text="b", imported_at=NOON)])
    session.flush()
    newest = session.scalars(select(RoutingFile.id).order_by(RoutingFile.id.desc())).first()
    handoff = offered(session, lead_of(session, 1))
    assert handoff.trace["routing_file"] == newest
    assert session.scalars(select(Turn.routing_file_id)).one() == newest


def test_asking_who_would_be_chosen_changes_nothing(session: Session, team: Team) -> None:
    lead = lead_of(session, 1, kinds=HQL)
    first = choose(session, lead, Role.AE, NOON, lock=False)
    again = choose(session, lead, Role.AE, NOON, lock=False)
    assert first.rep is again.rep is team.ada
    assert first.trace == again.trace
    assert session.scalars(select(Turn)).all() == []


def test_the_crm_is_asked_once_a_day_whose_a_company_is(session: Session, team: Team) -> None:
    staffing.know_in_crm(session, team.dana.id, "005SAMPLE")
    lead = lead_of(session, 1)
    question = owner_to_ask_for(session, lead.id, NOON)
    assert question is not None
    assert (question.email, question.domain) == ("kim@sample-company-1.com", "sample-company-1.com")
    assert "kim" not in repr(question)
    note_owner(session, lead.id, question.company_id, "005SAMPLE", NOON)
    assert owner_to_ask_for(session, lead.id, NOON + timedelta(hours=23)) is None
    assert owner_to_ask_for(session, lead.id, NOON + timedelta(hours=24)) is not None
    assert offered(session, lead).rep_id == team.dana.id


@pytest.mark.parametrize("said", [None, "005NOBODY"])
def test_an_account_that_is_nobodys_of_ours_goes_to_the_rotation(
    session: Session, team: Team, said: str | None
) -> None:
    lead = lead_of(session, 1)
    assert lead.company_id is not None
    session.get_one(Company, lead.company_id).owner_id = team.dana.id
    session.flush()
    note_owner(session, lead.id, lead.company_id, said, NOON)
    assert offered(session, lead).rep_id == team.sam.id
