"""Reps join, step away and come back, and nobody gets a run of leads for it."""

from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from domain import finding
from domain.rules.refusals import NoSuchRep, Stranger
from domain.tables import Happened, PoolMember, Rep, Role, TerritoryRow
from domain.verbs import staffing
from tests.conftest import NOON
from tests.domain.making import MQL, Team, events, make_offer, make_rep


def shares(session: Session, leads: int, prefix: str) -> Counter[int | None]:
    return Counter(make_offer(session, MQL, f"{prefix}-{n}@buyer.example.com").rep_id for n in range(leads))


def test_a_rep_is_known_by_their_address_however_it_is_written(session: Session) -> None:
    first = staffing.save_rep(session, NOON, name="Sam", email="Sam.Sample@Example.com", role=Role.SDR)
    second = staffing.save_rep(session, NOON, name="Sam Sample", email=" sam.sample@example.com ", role=Role.AE)
    assert first.id == second.id
    assert (second.name, second.role, second.email) == ("Sam Sample", Role.AE, "sam.sample@example.com")


def test_who_clicks_is_found_by_their_slack_id_and_strangers_are_refused(session: Session, team: Team) -> None:
    assert finding.rep_by_slack(session, "U0SAM") is team.sam
    with pytest.raises(Stranger):
        finding.rep_by_slack(session, "U0NOBODY")


def test_stepping_away_twice_is_said_once(session: Session, team: Team) -> None:
    for _ in range(2):
        staffing.step_away(session, "SAM.sample@example.com", NOON)
    assert not team.sam.available
    assert events(session).count(Happened.REP_LEFT) == 1


def test_coming_back_without_having_been_away_changes_nothing(session: Session, team: Team) -> None:
    before = events(session)
    staffing.come_back(session, "sam.sample@example.com", NOON)
    assert events(session) == before


def test_nobody_steps_away_who_is_no_rep(session: Session) -> None:
    with pytest.raises(NoSuchRep):
        staffing.step_away(session, "nobody@example.com", NOON)


def test_who_returns_gets_no_run_of_leads(session: Session, team: Team) -> None:
    staffing.step_away(session, "sam.sample@example.com", NOON)
    assert shares(session, 10, "while-away") == {team.dana.id: 10}
    staffing.come_back(session, "sam.sample@example.com", NOON + timedelta(hours=1))
    assert shares(session, 6, "afterwards") == {team.sam.id: 3, team.dana.id: 3}


def test_who_joins_gets_no_run_of_leads_even_if_somebody_is_away_who_took_none(session: Session, team: Team) -> None:
    staffing.step_away(session, "sam.sample@example.com", NOON)
    shares(session, 10, "before")
    eli = make_rep(session, "Eli Example", Role.SDR)
    staffing.set_members(session, team.sdrs, {team.sam.id: 1, team.dana.id: 1, eli.id: 1})
    assert shares(session, 6, "afterwards") == {team.dana.id: 3, eli.id: 3}


def test_who_becomes_known_in_slack_late_gets_no_run_of_leads(session: Session, team: Team) -> None:
    eli = make_rep(session, "Eli Example", Role.SDR, slack=False)
    staffing.set_members(session, team.sdrs, {team.sam.id: 1, team.dana.id: 1, eli.id: 1})
    shares(session, 10, "before")
    staffing.know_in_slack(session, eli.id, "U0ELI", "D0ELI", NOON)
    assert shares(session, 6, "afterwards") == {team.sam.id: 2, team.dana.id: 2, eli.id: 2}


def test_laying_out_a_pool_twice_keeps_whose_turn_it_is(session: Session, team: Team) -> None:
    make_offer(session)
    times = select(PoolMember.rep_id, PoolMember.virtual_time).order_by(PoolMember.rep_id)
    before = session.execute(times).all()
    staffing.set_members(session, team.sdrs, {team.sam.id: 1, team.dana.id: 1})
    assert session.execute(times).all() == before


def test_who_is_not_named_any_more_leaves_the_pool(session: Session, team: Team) -> None:
    staffing.set_members(session, team.sdrs, {team.dana.id: 2})
    members = session.execute(select(PoolMember.rep_id, PoolMember.weight).where(PoolMember.pool_id == team.sdrs.id))
    assert members.all() == [(team.dana.id, 2)]


def test_territories_of_one_role_are_replaced_as_a_whole(session: Session, team: Team) -> None:
    staffing.set_territories(session, Role.SDR, [({"country": ["DE"]}, team.sdrs.id), ({}, team.sdrs.id)])
    rows = session.scalars(select(TerritoryRow).order_by(TerritoryRow.role, TerritoryRow.position)).all()
    assert [(row.role, row.position, row.when) for row in rows] == [
        (Role.AE, 0, {}),
        (Role.SDR, 0, {"country": ["DE"]}),
        (Role.SDR, 1, {}),
    ]


def test_a_pool_without_a_manager_has_the_first_manager_there_is(session: Session, team: Team) -> None:
    orphan = staffing.save_pool(session, name="Orphan", role=Role.SDR, slack_channel="C0ORPHAN", manager=None)
    found = finding.manager_of(session, orphan.id)
    assert isinstance(found, Rep)
    assert found.id == team.morgan.id


def test_who_is_no_longer_in_the_file_may_do_nothing_more_and_is_asked_no_more(session: Session) -> None:
    sam = staffing.save_rep(session, NOON, name="Sam Sample", email="sam@example.com", role=Role.SDR)
    dana = staffing.save_rep(session, NOON, name="Dana Demo", email="dana@example.com", role=Role.MANAGER)
    staffing.know_in_slack(session, dana.id, "U2", "D2", NOON)
    pool = staffing.save_pool(session, name="SDR", role=Role.SDR, slack_channel="C1", manager=dana)
    staffing.set_members(session, pool, {sam.id: 1, dana.id: 1})
    assert finding.rep_by_slack(session, "U2") is dana
    assert staffing.retire_others(session, [sam.id], NOON) == 1
    with pytest.raises(Stranger):
        finding.rep_by_slack(session, "U2")
    assert finding.manager_of(session, pool.id) is None
    assert session.scalars(select(PoolMember.rep_id)).all() == [sam.id]
    assert staffing.retire_others(session, [sam.id], NOON) == 0
    staffing.save_rep(session, NOON, name="Dana Demo", email="dana@example.com", role=Role.MANAGER)
    assert finding.rep_by_slack(session, "U2") is dana
