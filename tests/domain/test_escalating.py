"""The ladder of a clock: who is told what when the time goes and has gone, and when somebody else is asked."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.rules.deadlines import ClockKind
from domain.rules.lifecycle import HandoffStatus
from domain.rules.periods import Period
from domain.stats.attainment import attainment
from domain.stats.scope import Scope
from domain.stats.share import Share
from domain.tables import AttemptOutcome, ClockOutcome, Handoff, Happened, Lead, LeadEvent, SlaClock
from domain.verbs import clocks, policies
from domain.verbs.deciding import accept, log_attempt
from domain.verbs.escalating import hand_on, take_steps
from domain.verbs.offering import hand_over
from tests.conftest import NOON
from tests.domain.making import Team, events, make_lead, make_offer

LADDER = """
[mql.first_contact]
target = "10m"
reminders = [0.5, 0.8]
after = [{ at = 1, do = "tell_rep" }, { at = 1.2, do = "tell_manager" }, { at = 1.5, do = "hand_on" }]
hand_ons = 1
[mql.qualification]
reminders = []
"""
MINUTE = timedelta(minutes=1)


@pytest.fixture
def offer(session: Session, team: Team) -> Handoff:
    policies.put_in_force(session, LADDER, NOON)
    return make_offer(session)


def told(session: Session, handoff: Handoff, at: datetime) -> list[str]:
    """What the sweep of that moment says of the first contact."""
    take_steps(session, at, 10)
    session.flush()
    said = session.scalars(
        select(LeadEvent).where(LeadEvent.at == at, LeadEvent.handoff_id == handoff.id).order_by(LeadEvent.id)
    )
    return [str(one.data.get("do", one.kind.value)) for one in said]


def first_contact(session: Session, handoff: Handoff) -> SlaClock:
    kind = ClockKind.FIRST_CONTACT
    return session.scalars(select(SlaClock).where(SlaClock.handoff_id == handoff.id, SlaClock.kind == kind)).one()


def test_each_step_is_taken_at_its_time_and_once(session: Session, offer: Handoff) -> None:
    by_minute = {minute: told(session, offer, NOON + minute * MINUTE) for minute in range(1, 40)}
    assert {minute: said for minute, said in by_minute.items() if said} == {
        5: ["handoff.reminded"],
        8: ["handoff.reminded"],
        10: ["handoff.breached", "tell_rep"],
        12: ["tell_manager"],
        15: ["hand_on"],
    }


def test_after_an_outage_one_thing_is_said_the_gravest_and_how_late(session: Session, offer: Handoff) -> None:
    assert told(session, offer, NOON + 60 * MINUTE) == ["handoff.breached", "hand_on"]
    said = session.scalars(select(LeadEvent).where(LeadEvent.kind == Happened.HANDOFF_ESCALATED)).one()
    assert said.data["behind"] == 55 * 60
    assert first_contact(session, offer).next_at is None


def test_between_two_reminders_that_were_slept_through_and_the_deadline_there_is_one_reminder(
    session: Session, offer: Handoff
) -> None:
    assert told(session, offer, NOON + 9 * MINUTE) == ["handoff.reminded"]
    assert first_contact(session, offer).next_at == NOON + 10 * MINUTE


def test_who_let_the_time_go_loses_the_lead_and_somebody_else_has_the_whole_time_anew(
    session: Session, team: Team, offer: Handoff
) -> None:
    late = NOON + 15 * MINUTE
    told(session, offer, late)
    assert hand_on(session, offer.id, ClockKind.FIRST_CONTACT, late)
    assert (offer.status, offer.reason) == (HandoffStatus.EXPIRED, "no_contact")
    following = hand_over(session, offer.lead_id, late)
    assert following is not None
    assert {offer.rep_id, following.rep_id} == {team.sam.id, team.dana.id}
    assert (following.handed_on, following.became_at) == (1, NOON)
    assert first_contact(session, following).due_at == late + 10 * MINUTE
    assert events(session, offer.lead_id)[-3:] == [
        Happened.HANDOFF_HANDED_ON,
        Happened.HANDOFF_ESCALATED,
        Happened.HANDOFF_OFFERED,
    ]


def test_the_missed_first_contact_counts_against_whom_it_was_taken_from(
    session: Session, team: Team, offer: Handoff
) -> None:
    late = NOON + 15 * MINUTE
    told(session, offer, late)
    hand_on(session, offer.id, ClockKind.FIRST_CONTACT, late)
    following = hand_over(session, offer.lead_id, late)
    assert following is not None
    call(session, following, team, late + MINUTE)
    assert first_contact(session, offer).outcome is ClockOutcome.MISSED
    until = late + timedelta(days=1)
    period = Period(NOON - MINUTE, until, "")
    shares = [
        attainment(session, Scope(rep_id=one.rep_id), period, until).of(ClockKind.FIRST_CONTACT)
        for one in (offer, following)
    ]
    assert shares == [Share(0, 1), Share(1, 1)]


def call(session: Session, handoff: Handoff, team: Team, at: datetime) -> None:
    accept(session, handoff.id, version=handoff.version, by=team.morgan, now=at)
    log_attempt(session, handoff.id, by=team.morgan, outcome=AttemptOutcome.SPOKE, note=None, now=at)


def test_a_lead_is_handed_on_as_often_as_the_policy_says_and_then_the_manager_hears_that_nobody_acts(
    session: Session, offer: Handoff
) -> None:
    late = NOON + 15 * MINUTE
    told(session, offer, late)
    hand_on(session, offer.id, ClockKind.FIRST_CONTACT, late)
    following = hand_over(session, offer.lead_id, late)
    assert following is not None
    assert told(session, following, late + 15 * MINUTE) == ["handoff.breached", "tell_manager"]
    last = session.scalars(select(LeadEvent).order_by(LeadEvent.id.desc()).limit(1)).one()
    assert last.data["note"] == "limit"
    assert following.status is HandoffStatus.OFFERED


def test_if_there_is_nobody_else_the_lead_stays_and_the_manager_hears_of_it(
    session: Session, team: Team, offer: Handoff
) -> None:
    other = team.dana if offer.rep_id == team.sam.id else team.sam
    other.available = False
    late = NOON + 15 * MINUTE
    told(session, offer, late)
    assert not hand_on(session, offer.id, ClockKind.FIRST_CONTACT, late)
    assert offer.status is HandoffStatus.OFFERED
    last = session.scalars(select(LeadEvent).order_by(LeadEvent.id.desc()).limit(1)).one()
    assert (last.data["do"], last.data["note"]) == ("tell_manager", "nobody_else")


def test_who_has_spoken_with_the_lead_in_the_last_moment_keeps_it(session: Session, team: Team, offer: Handoff) -> None:
    late = NOON + 15 * MINUTE
    told(session, offer, late)
    call(session, offer, team, late)
    assert not hand_on(session, offer.id, ClockKind.FIRST_CONTACT, late)
    assert offer.status is HandoffStatus.CONTACTED
    assert session.get_one(Lead, offer.lead_id).owner_id == offer.rep_id


def test_who_has_put_it_off_in_the_last_moment_keeps_it(session: Session, offer: Handoff) -> None:
    late = NOON + 15 * MINUTE
    told(session, offer, late)
    clocks.pause(session, offer.id, late)
    assert not hand_on(session, offer.id, ClockKind.FIRST_CONTACT, late)
    assert offer.status is HandoffStatus.OFFERED


def test_who_gets_a_lead_when_its_time_is_over_has_half_of_the_time_before_somebody_else_is_asked(
    session: Session, team: Team
) -> None:
    policies.put_in_force(session, LADDER, NOON)
    lead, offered_at = make_lead(session), NOON + 60 * MINUTE
    handoff = hand_over(session, lead.id, offered_at)
    assert handoff is not None
    assert told(session, handoff, offered_at + MINUTE) == ["handoff.breached", "tell_manager"]
    assert first_contact(session, handoff).next_at == offered_at + 5 * MINUTE
    assert told(session, handoff, offered_at + 4 * MINUTE) == []
    assert told(session, handoff, offered_at + 5 * MINUTE) == ["hand_on"]


def test_where_nobody_was_asked_nobody_is_reminded_and_nothing_is_handed_on(session: Session, team: Team) -> None:
    policies.put_in_force(session, LADDER, NOON)
    team.sam.available = team.dana.available = False
    handoff = make_offer(session)
    minutes = [told(session, handoff, NOON + minute * MINUTE) for minute in (5, 8, 10, 12, 15)]
    # At 15 minutes the assignment itself is late.
    assert minutes == [[], [], ["handoff.breached"], ["tell_manager"], ["handoff.breached", "tell_manager"]]
