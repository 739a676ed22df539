"""The SLA clocks run in their own time: the wall's, or the working time of whoever has the lead; and they can stand still."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.rules.deadlines import ClockKind
from domain.rules.model_table import ModelError
from domain.rules.periods import Period
from domain.stats.attainment import attainment
from domain.stats.scope import EVERYTHING
from domain.stats.share import Share
from domain.tables import Absence, AttemptOutcome, ClockOutcome, Handoff, Rep, SlaClock, SlaFile
from domain.verbs import clocks, policies
from domain.verbs.absences import cancel_absence, set_absence
from domain.verbs.deciding import accept, log_attempt
from domain.verbs.escalating import take_steps
from domain.verbs.offering import hand_over
from domain.verbs.staffing import Settings, set_settings
from tests.conftest import NOON
from tests.domain.making import MQL, Team, make_lead, make_offer

FOUR_HOURS = timedelta(hours=4)
HOUR = timedelta(hours=1)
TOMORROW_AT_NINE = NOON + timedelta(hours=21)
MORNINGS = {str(day): [[9 * 60, 13 * 60]] for day in range(5)}
"""NOON is a Tuesday: one more hour of work, then four the next day."""
NEVER: dict[str, list[list[int]]] = {}
WORKING = '[mql.first_contact]\ntime = "working"\nreminders = [0.5]'


def kept(session: Session, now: datetime) -> Share:
    """First contacts in time, as the statistics count them at `now`."""
    return attainment(session, EVERYTHING, Period(NOON - HOUR, now, ""), now).of(ClockKind.FIRST_CONTACT)


@pytest.fixture
def mornings(session: Session, team: Team) -> Team:
    """Both SDRs work in the mornings, and the time of MQLs is working time."""
    policies.put_in_force(session, WORKING, NOON)
    team.sam.hours = team.dana.hours = MORNINGS
    return team


def clock(session: Session, handoff: Handoff, kind: ClockKind = ClockKind.FIRST_CONTACT) -> SlaClock:
    return session.scalars(select(SlaClock).where(SlaClock.handoff_id == handoff.id, SlaClock.kind == kind)).one()


def call(session: Session, handoff: Handoff, team: Team, at: timedelta) -> None:
    accept(session, handoff.id, version=handoff.version, by=team.morgan, now=NOON + at)
    log_attempt(session, handoff.id, by=team.morgan, outcome=AttemptOutcome.SPOKE, note=None, now=NOON + at)


# ---- policies ---------------------------------------------------------------------------------------------------------


def test_without_a_file_the_built_in_policy_is_in_force(session: Session) -> None:
    assert policies.in_force(session).version is None


def test_the_newest_file_is_in_force_and_the_same_text_is_no_new_version(session: Session) -> None:
    first, new = policies.put_in_force(session, WORKING, NOON)
    again, newer = policies.put_in_force(session, WORKING, NOON)
    assert (new, newer, again.id) == (True, False, first.id)
    other, _ = policies.put_in_force(session, "", NOON)
    back, new = policies.put_in_force(session, WORKING, NOON)
    assert new
    assert first.id < other.id < back.id == policies.in_force(session).version


def test_a_bad_file_leaves_the_policy_in_force(session: Session) -> None:
    good, _ = policies.put_in_force(session, WORKING, NOON)
    with pytest.raises(ModelError, match=r"mql\.first_contact\.target"):
        policies.put_in_force(session, '[mql.first_contact]\ntarget = "soon"', NOON)
    assert policies.in_force(session).version == good.id
    assert session.scalars(select(SlaFile.id)).all() == [good.id]


def test_what_has_begun_keeps_the_policy_that_it_began_with(session: Session, team: Team) -> None:
    before = make_offer(session)
    row, _ = policies.put_in_force(session, '[mql.first_contact]\ntarget = "20s"', NOON)
    after = make_offer(session, email="other@seller.example.com")
    assert (before.policy["version"], after.policy["version"]) == (None, row.id)
    assert clock(session, before).due_at == NOON + FOUR_HOURS
    assert clock(session, after).due_at == NOON + timedelta(seconds=20)


# ---- working time -----------------------------------------------------------------------------------------------------


def test_working_time_begins_with_the_offer_and_stands_still_while_the_rep_is_not_at_work(
    session: Session, mornings: Team
) -> None:
    handoff = hand_over(session, make_lead(session).id, NOON + timedelta(minutes=5))
    assert handoff is not None
    found = clock(session, handoff)
    assert found.started_at == NOON + timedelta(minutes=5)
    # 55 minutes are left of today: half of the four hours is over 65 minutes into tomorrow's work.
    assert found.next_at == TOMORROW_AT_NINE + timedelta(minutes=65)
    assert found.due_at == TOMORROW_AT_NINE + timedelta(hours=3, minutes=5)
    assert clock(session, handoff, ClockKind.QUALIFICATION).due_at == NOON + timedelta(hours=24)


def test_a_lead_that_waits_for_somebody_has_no_working_time_that_could_run_out(
    session: Session, mornings: Team
) -> None:
    mornings.sam.available = mornings.dana.available = False
    handoff = make_offer(session)
    assert (clock(session, handoff).running_since, clock(session, handoff).next_at) == (None, None)
    assert kept(session, NOON + timedelta(days=9)) == Share(0, 0, waiting=1)
    mornings.sam.available = True
    hand_over(session, handoff.lead_id, TOMORROW_AT_NINE)
    assert clock(session, handoff).due_at == TOMORROW_AT_NINE + FOUR_HOURS


def test_a_first_contact_is_in_time_by_the_calendar_of_the_rep_and_both_times_are_kept(
    session: Session, mornings: Team
) -> None:
    handoff = make_offer(session)
    call(session, handoff, mornings, timedelta(hours=23))
    found = clock(session, handoff)
    assert found.outcome is ClockOutcome.MET
    assert found.worked_seconds == timedelta(hours=3).total_seconds()
    assert found.stopped_at is not None
    assert found.stopped_at - found.started_at == timedelta(hours=23)


def test_of_wall_time_the_working_part_is_kept_as_well(session: Session, team: Team) -> None:
    team.sam.hours = MORNINGS
    handoff = make_offer(session)
    call(session, handoff, team, timedelta(hours=3))
    assert (clock(session, handoff).outcome, clock(session, handoff).worked_seconds) == (ClockOutcome.MET, 3600)


def test_a_rep_who_is_never_at_work_gets_wall_time_and_the_trace_says_so(session: Session, mornings: Team) -> None:
    mornings.sam.hours = mornings.dana.hours = NEVER
    handoff = make_offer(session)
    assert (clock(session, handoff).working, clock(session, handoff).due_at) == (False, NOON + FOUR_HOURS)
    assert handoff.trace["sla"] == clocks.NO_WORKING_TIME


def test_leave_that_is_taken_later_moves_the_deadline(session: Session, mornings: Team) -> None:
    handoff = make_offer(session)
    day = timedelta(days=1)
    assert clock(session, handoff).due_at == TOMORROW_AT_NINE + 3 * HOUR
    assert handoff.rep_id is not None
    rep = session.get_one(Rep, handoff.rep_id)
    absence = set_absence(session, rep, TOMORROW_AT_NINE, TOMORROW_AT_NINE + day, None, rep, NOON + HOUR)
    assert clock(session, handoff).due_at == TOMORROW_AT_NINE + day + 3 * HOUR
    cancel_absence(session, absence.id, rep, NOON + HOUR)
    assert clock(session, handoff).due_at == TOMORROW_AT_NINE + 3 * HOUR


def test_other_hours_move_the_deadline_as_well(session: Session, mornings: Team) -> None:
    handoff = make_offer(session)
    rep = session.get_one(Rep, handoff.rep_id)
    set_settings(session, rep, Settings("UTC", None), NOON + HOUR)
    # Somebody who has said no hours is always at work.
    assert clock(session, handoff).due_at == NOON + FOUR_HOURS


def test_a_sweep_that_meets_a_calendar_which_has_changed_takes_no_step_too_early(
    session: Session, mornings: Team
) -> None:
    handoff = make_offer(session)
    half_time = TOMORROW_AT_NINE + HOUR
    assert handoff.rep_id is not None
    session.add(Absence(rep_id=handoff.rep_id, since=TOMORROW_AT_NINE, until=half_time, created_at=NOON))
    session.flush()
    assert take_steps(session, half_time, 10) == 2  # the reminder of the qualification, in wall time, is the other
    assert clock(session, handoff).reminded_at is None
    assert clock(session, handoff).next_at == half_time + HOUR
    take_steps(session, half_time + HOUR, 10)
    assert clock(session, handoff).reminded_at == half_time + HOUR


# ---- standing still ---------------------------------------------------------------------------------------------------


def test_a_clock_that_was_paused_goes_on_with_the_time_that_it_had_left(session: Session, team: Team) -> None:
    handoff = make_offer(session)
    clocks.pause(session, handoff.id, NOON + HOUR, NOON + timedelta(days=2))
    found = clock(session, handoff)
    assert (found.next_at, found.spent_seconds) == (None, 3600)
    assert found.due_at == NOON + timedelta(days=2) + 3 * HOUR
    assert take_steps(session, NOON + timedelta(days=9), 10) == 0
    clocks.resume(session, handoff.id, NOON + timedelta(days=1))
    assert found.next_at == NOON + timedelta(days=1) + HOUR
    assert found.due_at == NOON + timedelta(days=1) + 3 * HOUR


def test_who_calls_while_the_clock_stands_still_is_in_time(session: Session, team: Team) -> None:
    handoff = make_offer(session)
    clocks.pause(session, handoff.id, NOON + HOUR)
    assert kept(session, NOON + timedelta(days=2)) == Share(0, 0, waiting=1)
    call(session, handoff, team, timedelta(days=1))
    assert clock(session, handoff).outcome is ClockOutcome.MET


def test_a_pause_after_the_deadline_forgives_nothing(session: Session, team: Team) -> None:
    handoff = make_offer(session)
    take_steps(session, NOON + FOUR_HOURS, 10)
    clocks.pause(session, handoff.id, NOON + 5 * HOUR)
    assert kept(session, NOON + timedelta(days=2)) == Share(0, 1)
    clocks.resume(session, handoff.id, NOON + timedelta(days=1))
    assert clock(session, handoff).due_at == NOON + FOUR_HOURS
    call(session, handoff, team, timedelta(days=1, hours=1))
    assert clock(session, handoff).outcome is ClockOutcome.MISSED


def test_working_time_can_be_paused_too(session: Session, mornings: Team) -> None:
    handoff = make_offer(session)
    clocks.pause(session, handoff.id, NOON + timedelta(minutes=30))
    clocks.resume(session, handoff.id, NOON + timedelta(minutes=50))
    # 30 minutes had gone, 10 more go today: 3 h 20 min are left for tomorrow.
    assert clock(session, handoff).due_at == TOMORROW_AT_NINE + timedelta(hours=3, minutes=20)


def test_a_decision_that_is_undone_stops_no_clock(session: Session, team: Team) -> None:
    handoff = make_offer(session, MQL)
    before = {one.kind: (one.due_at, one.next_at) for one in session.scalars(select(SlaClock))}
    clocks.cancel_clocks(session, handoff.id, NOON + HOUR)
    assert clock(session, handoff).outcome is ClockOutcome.CANCELLED
    clocks.reopen(session, handoff.id, NOON + HOUR, NOON + HOUR)
    after = {one.kind: (one.due_at, one.next_at) for one in session.scalars(select(SlaClock))}
    assert after == before
    assert clock(session, handoff).outcome is None
    assert clock(session, handoff, ClockKind.ASSIGNMENT).outcome is ClockOutcome.MET
