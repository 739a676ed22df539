"""The five quality metrics: shares of something counted, by the moment a lead became MQL or HQL."""

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from domain.rules.lifecycle import HandoffStatus
from domain.rules.periods import Period
from domain.stats.quality import Numbers, numbers
from domain.stats.scope import Scope
from domain.stats.share import Share
from domain.tables import AttemptOutcome, Handoff, Rep
from domain.verbs import staffing
from domain.verbs.deciding import accept, log_attempt, reject
from domain.verbs.offering import hand_over
from tests.conftest import NOON
from tests.domain.making import HQL, MQL, Team, make_offer

SOON = NOON + timedelta(minutes=10)
SINCE, UNTIL = NOON - timedelta(days=30), NOON + timedelta(hours=1)


def offer(session: Session, number: int, kinds: tuple[str, ...] = MQL) -> Handoff:
    return make_offer(session, kinds, f"lead-{number}@buyer.example.com")


def measured(session: Session, rep: Rep | None = None, *, until_hours: int = 1) -> Numbers:
    now = NOON + timedelta(hours=until_hours)
    return numbers(session, Period(SINCE, now, ""), now, Scope(rep_id=rep.id if rep else None))


def test_with_nothing_to_count_a_share_is_none_and_not_zero(session: Session) -> None:
    found = measured(session)
    shares = (found.acceptance, found.to_sql, found.to_opportunity, found.contact_in_time)
    assert [share.rate for share in shares] == [None] * 4
    assert (found.tiers, found.offers.unassigned, found.attainment.overdue) == ({}, 0, 0)
    assert (found.predicted, found.distance) == (None, None)


def test_acceptance_counts_what_was_decided_and_not_what_is_still_offered(session: Session, team: Team) -> None:
    for number, decision in enumerate(("accept", "accept", "reject", "none")):
        handoff = offer(session, number)
        if decision == "accept":
            accept(session, handoff.id, version=2, by=team.morgan, now=SOON)
        elif decision == "reject":
            reject(session, handoff.id, version=2, by=team.morgan, reason="competitor", note=None, now=SOON)
    assert measured(session).acceptance == Share(2, 3, waiting=1)


def test_what_is_accepted_and_given_back_later_was_accepted(session: Session, team: Team) -> None:
    handoff = offer(session, 1)
    accept(session, handoff.id, version=2, by=team.morgan, now=SOON)
    reject(session, handoff.id, version=3, by=team.morgan, reason="competitor", note=None, now=SOON)
    assert measured(session).acceptance == Share(1, 1)


def test_a_lead_that_still_has_time_is_no_failure(session: Session, team: Team) -> None:
    first, second = offer(session, 1), offer(session, 2)
    first.qualified_at, first.status = SOON, HandoffStatus.QUALIFIED
    session.flush()
    assert measured(session).to_sql == Share(1, 1, waiting=1)
    # A day later its qualification was due.
    assert measured(session, until_hours=25).to_sql == Share(1, 2)
    assert second.qualified_at is None
    # An SQL may take two weeks to become an opportunity.
    assert measured(session, until_hours=25).to_opportunity == Share(0, 0, waiting=1)
    assert measured(session, until_hours=24 * 15).to_opportunity == Share(0, 1)


def test_a_lead_that_goes_on_to_the_next_rep_is_one_lead(session: Session, team: Team) -> None:
    handoff = offer(session, 1)
    reject(session, handoff.id, version=2, by=team.morgan, reason="no_capacity", note=None, now=SOON)
    passed = hand_over(session, handoff.lead_id, SOON)
    assert passed is not None
    found = measured(session)
    assert found.leads.handed == 1
    assert (found.acceptance, found.to_sql) == (Share(0, 1, waiting=1), Share(0, 0, waiting=1))


def test_what_was_taken_back_before_sales_said_anything_is_nobodys_failure(session: Session, team: Team) -> None:
    offer(session, 1).status = HandoffStatus.WITHDRAWN
    session.flush()
    assert measured(session, until_hours=48).leads.handed == 0


def test_a_contact_that_can_still_be_in_time_does_not_count_yet(session: Session, team: Team) -> None:
    contacted, _ = offer(session, 1), offer(session, 2)
    accept(session, contacted.id, version=2, by=team.morgan, now=SOON)
    log_attempt(session, contacted.id, by=team.morgan, outcome=AttemptOutcome.SPOKE, note=None, now=SOON)
    assert measured(session).contact_in_time == Share(1, 1, waiting=1)
    assert measured(session, until_hours=5).contact_in_time == Share(1, 2)
    assert measured(session, until_hours=5).attainment.overdue == 1


def test_what_waits_for_somebody_is_counted(session: Session, team: Team) -> None:
    for email in ("ada.account@example.com", "alex.closer@example.com"):
        staffing.step_away(session, email, NOON)
    offer(session, 1, HQL)
    assert measured(session).offers.unassigned == 1


def test_a_rep_sees_their_own_numbers(session: Session, team: Team) -> None:
    # Offered before any is accepted: the colleagues of a lead that somebody has accepted are theirs as well.
    for handoff in [offer(session, number) for number in range(3)]:
        accept(session, handoff.id, version=2, by=team.morgan, now=SOON)
    assert measured(session, team.sam).acceptance == Share(2, 2)
    assert measured(session, team.dana).acceptance == Share(1, 1)
    assert measured(session, team.ada).acceptance.rate is None


@pytest.mark.parametrize(("days", "counted"), [(0, 1), (31, 0)])
def test_a_lead_belongs_to_the_time_in_which_it_became_mql(
    session: Session, team: Team, days: int, counted: int
) -> None:
    offer(session, 1)
    until = UNTIL + timedelta(days=days)
    found = numbers(session, Period(until - timedelta(days=30), until, ""), until)
    assert found.leads.handed == counted
