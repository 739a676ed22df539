"""The books of the rotation: what a lead costs, what is given back, and how fair it has been."""

from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.next_up import next_up, pool_named, pools_of
from domain.rules.reasons import UNFIT
from domain.rules.refusals import NoSuchPool
from domain.stats import names
from domain.stats.fairness import fairness
from domain.succession import MERGED
from domain.tables import Company, Handoff, Lead, PoolMember, Rep, Role, Turn, TurnKind
from domain.verbs import deciding, staffing, turns
from domain.verbs.offering import withdraw
from tests.conftest import NOON
from tests.domain.making import Team, make_lead
from tests.domain.test_choosing import DAY, kinds_of, lead_of, offered


def virtual_time(session: Session, team: Team, rep: Rep) -> float:
    return session.get_one(PoolMember, (team.sdrs.id, rep.id)).virtual_time


def rejected(session: Session, handoff: Handoff, reason: str = "bad_data") -> None:
    by = session.get_one(Rep, handoff.rep_id)
    deciding.reject(session, handoff.id, version=handoff.version, by=by, reason=reason, note=None, now=NOON)


def test_a_turn_says_what_it_cost_and_what_was_due(session: Session, team: Team) -> None:
    staffing.set_members(session, team.sdrs, {team.sam.id: 3, team.dana.id: 1})
    offered(session, lead_of(session, 1))
    turn = session.scalars(select(Turn)).one()
    assert (turn.kind, turn.rep_id, turn.weight, turn.share) == (TurnKind.TURN, team.sam.id, 3, 0.75)
    assert turn.moved == pytest.approx(1 / 3)
    assert turn.at == NOON


@pytest.mark.parametrize("reason", ["bad_data", "duplicate", "no_fit"])
def test_a_lead_that_was_none_costs_no_turn(session: Session, team: Team, reason: str) -> None:
    first = offered(session, lead_of(session, 1))
    rejected_by = session.get_one(Rep, first.rep_id)
    detail = {"no_fit": next(iter(UNFIT))}.get(reason)
    deciding.reject(
        session, first.id, version=first.version, by=rejected_by, reason=reason, note=None, now=NOON, detail=detail
    )
    assert kinds_of(session, first) == [(TurnKind.TURN, 1.0), (TurnKind.CREDIT, -1.0)]
    assert virtual_time(session, team, team.sam) == 0.0
    # They are level again, and the other one has waited longer.
    assert [offered(session, lead_of(session, n)).rep_id for n in (2, 3)] == [team.dana.id, team.sam.id]


@pytest.mark.parametrize("reason", ["no_capacity", "no_budget", "not_ready"])
def test_a_lead_that_one_does_not_want_costs_its_turn(session: Session, team: Team, reason: str) -> None:
    first = offered(session, lead_of(session, 1))
    rejected(session, first, reason)
    assert kinds_of(session, first) == [(TurnKind.TURN, 1.0)]


def test_a_turn_is_given_back_once(session: Session, team: Team) -> None:
    first = offered(session, lead_of(session, 1))
    assert turns.credit(session, first, NOON)
    assert not turns.credit(session, first, NOON)
    assert len(kinds_of(session, first)) == 2


def test_what_cost_no_turn_is_not_given_back(session: Session, team: Team) -> None:
    lead = lead_of(session, 1)
    session.get_one(Company, lead.company_id).owner_id = team.sam.id
    first = offered(session, lead)
    assert not turns.credit(session, first, NOON)
    assert virtual_time(session, team, team.sam) == 0.0


def test_five_turns_a_day_are_given_back_and_no_more(session: Session, team: Team) -> None:
    staffing.step_away(session, "dana.demo@example.com", NOON)
    for n in range(turns.MOST_CREDITS + 2):
        rejected(session, offered(session, lead_of(session, n)))
    assert Counter(session.scalars(select(Turn.kind))) == {TurnKind.TURN: 7, TurnKind.CREDIT: 5}
    later = offered(session, lead_of(session, 20), NOON + DAY)
    assert turns.credit(session, later, NOON + DAY)


def test_however_much_is_given_back_nobody_gets_a_run_of_leads(session: Session, team: Team) -> None:
    credited = []
    for n in range(10):
        handoff = offered(session, lead_of(session, n))
        if handoff.rep_id == team.sam.id:
            credited.append(handoff)
    for handoff in credited:
        turns.credit(session, handoff, NOON)
    following = [offered(session, lead_of(session, 20 + n)).rep_id for n in range(6)]
    assert following.count(team.sam.id) <= 4


def test_an_offer_that_is_withdrawn_costs_no_turn(session: Session, team: Team) -> None:
    first = offered(session, lead_of(session, 1))
    withdraw(session, session.get_one(Lead, first.lead_id), first, NOON, MERGED)
    assert kinds_of(session, first)[-1] == (TurnKind.CREDIT, -1.0)


def test_what_was_given_back_is_charged_again_when_the_rejection_is_undone(session: Session, team: Team) -> None:
    first = offered(session, lead_of(session, 1))
    turns.credit(session, first, NOON)
    assert turns.charge_again(session, first, NOON)
    assert not turns.charge_again(session, first, NOON)
    assert virtual_time(session, team, team.sam) == 1.0
    assert turns.credit(session, first, NOON)


def test_a_turn_of_who_has_left_the_pool_is_given_back_in_the_books_alone(session: Session, team: Team) -> None:
    first = offered(session, lead_of(session, 1))
    staffing.set_members(session, team.sdrs, {team.dana.id: 1})
    assert turns.credit(session, first, NOON)
    assert kinds_of(session, first)[-1] == (TurnKind.CREDIT, 0.0)


def test_fairness_sets_what_was_due_against_what_was_got(session: Session, team: Team) -> None:
    staffing.set_members(session, team.sdrs, {team.sam.id: 3, team.dana.id: 1})
    handoffs = [offered(session, lead_of(session, n)) for n in range(9)]
    sams = next(one for one in handoffs if one.rep_id == team.sam.id)
    rejected(session, sams)
    lead = lead_of(session, 20)
    session.get_one(Company, lead.company_id).owner_id = team.dana.id
    offered(session, lead)
    dana, sam = fairness(session, team.sdrs.id, NOON - DAY)
    assert (dana.name, dana.expected, dana.turns, dana.owned, dana.credited) == ("Dana Demo", 2.0, 2, 1, 0)
    assert (sam.name, sam.expected, sam.turns, sam.owned, sam.credited) == ("Sam Sample", 6.0, 6, 0, 1)
    assert (dana.ahead, sam.ahead) == (0.0, 0.0)


def test_who_could_not_be_asked_was_due_nothing(session: Session, team: Team) -> None:
    staffing.step_away(session, "sam.sample@example.com", NOON)
    for n in range(4):
        offered(session, lead_of(session, n))
    (dana,) = fairness(session, team.sdrs.id, NOON)
    assert (dana.rep_id, dana.expected, dana.turns) == (team.dana.id, 4.0, 4)


def test_fairness_counts_from_a_moment_on_and_of_one_pool(session: Session, team: Team) -> None:
    offered(session, lead_of(session, 1))
    assert fairness(session, team.sdrs.id, NOON + timedelta(seconds=1)) == []
    assert fairness(session, team.aes.id, NOON) == []
    assert len(fairness(session, team.sdrs.id, NOON)) == 2


def test_who_is_next_is_said_with_what_each_has(session: Session, team: Team) -> None:
    team.sam.most_open, team.dana.most_a_day = 1, 9
    offered(session, lead_of(session, 1))
    found = next_up(session, team.sdrs, NOON)
    assert [(desk.name, desk.load.open, desk.most_a_day) for desk in found.turns] == [("Dana Demo", 0, 9)]
    assert [(desk.name, desk.load.open, desk.skipped) for desk in found.skipped] == [("Sam Sample", 1, "full")]
    assert offered(session, lead_of(session, 2)).rep_id == team.dana.id


def test_a_pool_is_found_however_it_is_written_and_an_unknown_one_names_the_others(
    session: Session, team: Team
) -> None:
    assert pool_named(session, " sdr ") is team.sdrs
    with pytest.raises(NoSuchPool) as refused:
        pool_named(session, "Enterprise")
    assert refused.value.sentence({}) == "There is no pool of this name. There are: AE, SDR."


def test_ones_pools_are_those_one_is_in_or_manages(session: Session, team: Team) -> None:
    assert pools_of(session, team.ada) == [team.aes]
    assert pools_of(session, team.morgan) == [team.aes, team.sdrs]
    team.sdrs.manager_id = team.aes.manager_id = None
    session.flush()
    assert pools_of(session, team.morgan) == [team.aes, team.sdrs]


def test_a_lead_without_a_pool_leaves_the_books_empty(session: Session) -> None:
    handoff = offered(session, make_lead(session))
    assert kinds_of(session, handoff) == []
    assert not turns.credit(session, handoff, NOON)


def test_a_pool_is_found_however_its_name_is_written_wherever_it_is_asked_for(session: Session, team: Team) -> None:
    street = staffing.save_pool(session, name="Straße", role=Role.SDR, slack_channel=None, manager=None)
    assert names.pool_named(session, "STRASSE") is street
    assert pool_named(session, " strasse ") is street
    assert names.pool_named(session, "nobody's") is None
