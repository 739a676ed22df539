"""The five quality metrics: shares of something counted, by the moment a lead became MQL or HQL."""

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from domain.rules.tiers import Tier
from domain.stats.quality import Quality, Share, leads_by_tier, quality
from domain.tables import AttemptOutcome, Handoff, Rep
from domain.verbs import staffing
from domain.verbs.deciding import accept, log_attempt, reject
from tests.conftest import NOON
from tests.domain.making import HQL, MQL, Team, make_lead, make_offer

SOON = NOON + timedelta(minutes=10)
SINCE, UNTIL = NOON - timedelta(days=30), NOON + timedelta(hours=1)


def offer(session: Session, number: int, kinds: tuple[str, ...] = MQL) -> Handoff:
    return make_offer(session, kinds, f"lead-{number}@buyer.example.com")


def measured(session: Session, rep: Rep | None = None, *, until_hours: int = 1) -> Quality:
    return quality(session, SINCE, NOON + timedelta(hours=until_hours), rep.id if rep else None)


def test_with_nothing_to_count_a_share_is_none_and_not_zero(session: Session) -> None:
    found = measured(session)
    shares = (found.acceptance, found.to_sql, found.to_opportunity, found.contact_in_time)
    assert [share.rate for share in shares] == [None] * 4
    assert (found.tiers, found.waiting, found.late) == ((), 0, 0)


def test_acceptance_counts_what_was_decided_and_not_what_is_still_offered(session: Session, team: Team) -> None:
    for number, decision in enumerate(("accept", "accept", "reject", "none")):
        handoff = offer(session, number)
        if decision == "accept":
            accept(session, handoff.id, version=2, by=team.morgan, now=SOON)
        elif decision == "reject":
            reject(session, handoff.id, version=2, by=team.morgan, reason="competitor", note=None, now=SOON)
    assert measured(session).acceptance == Share(2, 3)


def test_what_is_accepted_and_given_back_later_was_accepted(session: Session, team: Team) -> None:
    handoff = offer(session, 1)
    accept(session, handoff.id, version=2, by=team.morgan, now=SOON)
    reject(session, handoff.id, version=3, by=team.morgan, reason="competitor", note=None, now=SOON)
    assert measured(session).acceptance == Share(1, 1)


def test_conversion_counts_leads_and_not_attempts(session: Session, team: Team) -> None:
    first, second = offer(session, 1), offer(session, 2)
    first.qualified_at = first.converted_at = SOON
    session.flush()
    found = measured(session)
    assert (found.to_sql, found.to_opportunity) == (Share(1, 2), Share(1, 1))
    assert found.tiers[0].tier is Tier.MQL
    assert (found.tiers[0].handed, found.tiers[0].qualified) == (2, 1)
    assert second.qualified_at is None


def test_a_contact_that_can_still_be_in_time_does_not_count_yet(session: Session, team: Team) -> None:
    contacted, _ = offer(session, 1), offer(session, 2)
    accept(session, contacted.id, version=2, by=team.morgan, now=SOON)
    log_attempt(session, contacted.id, by=team.morgan, outcome=AttemptOutcome.SPOKE, note=None, now=SOON)
    assert measured(session).contact_in_time == Share(1, 1)
    assert measured(session, until_hours=5).contact_in_time == Share(1, 2)
    assert measured(session, until_hours=5).late == 1


def test_what_waits_for_somebody_is_counted(session: Session, team: Team) -> None:
    for email in ("ada.account@example.com", "alex.closer@example.com"):
        staffing.step_away(session, email, NOON)
    offer(session, 1, HQL)
    assert measured(session).waiting == 1


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
    assert quality(session, until - timedelta(days=30), until).to_sql.of == counted


def test_captured_leads_are_counted_by_tier(session: Session, team: Team) -> None:
    make_lead(session, MQL, "one@buyer.example.com")
    make_lead(session, HQL, "two@buyer.example.com")
    make_lead(session, ("email_open",), "three@gmail.com", person={})
    assert leads_by_tier(session, SINCE) == {Tier.MQL: 1, Tier.HQL: 1, Tier.COLD: 1}
    assert leads_by_tier(session, UNTIL) == {}
