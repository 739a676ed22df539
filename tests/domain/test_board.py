"""The SLA board: at risk first, one's own and what one covers, the team's for who manages its pool."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.rules.deadlines import ClockKind
from domain.rules.lifecycle import HandoffStatus
from domain.stats.board import board
from domain.tables import Absence, AttemptOutcome, Handoff, Rep, SlaClock
from domain.verbs import staffing
from domain.verbs.deciding import accept, log_attempt, reject
from tests.conftest import NOON
from tests.domain.making import HQL, MQL, Team, make_offer

SOON = NOON + timedelta(minutes=30)


def offers(session: Session, how_many: int) -> list[Handoff]:
    """Half an hour apart, the newest first: the last one is due first. Sam and Dana get them in turns."""
    return [
        make_offer(session, MQL, f"lead-{n}@buyer.example.com", now=NOON - timedelta(minutes=30 * n))
        for n in range(how_many)
    ]


def mine(session: Session, rep: Rep, *, hours: float = 0) -> list[tuple[int, bool]]:
    """The handoffs of the board in its order, and whether each is late."""
    return [(row.handoff_id, row.late) for row in board(session, rep, NOON + timedelta(hours=hours)).mine.running]


def theirs(handoffs: list[Handoff], rep: Rep) -> list[int]:
    return [handoff.id for handoff in handoffs if handoff.rep_id == rep.id]


def test_what_is_due_first_stands_first_and_what_is_overdue_is_late(session: Session, team: Team) -> None:
    made = theirs(offers(session, 6), team.sam)
    in_order = list(reversed(made))
    assert mine(session, team.sam) == [(one, False) for one in in_order]
    assert mine(session, team.sam, hours=2.2) == [(in_order[0], True), (in_order[1], False), (in_order[2], False)]


def test_a_row_says_who_it_is_where_it_stands_and_what_is_due(session: Session, team: Team) -> None:
    handoff = make_offer(session)
    (row,) = board(session, team.sam, NOON + timedelta(hours=1)).mine.running
    assert (row.handoff_id, row.lead, row.company) == (handoff.id, "kim@buyer.example.com", "Sample Software")
    assert (row.tier, row.score, row.status) == (handoff.tier, handoff.score, HandoffStatus.OFFERED)
    assert (row.clock, row.due_at) == (ClockKind.FIRST_CONTACT, NOON + timedelta(hours=4))
    assert row.left == pytest.approx(0.75)


def test_the_part_of_the_time_that_is_left_counts_and_not_the_minutes(session: Session, team: Team) -> None:
    """Four hours of a day are more at risk than three of three."""
    called, fresh = make_offer(session), make_offer(session, MQL, "fresh@buyer.example.com")
    accept(session, called.id, version=called.version, by=team.sam, now=NOON)
    log_attempt(session, called.id, by=team.sam, outcome=AttemptOutcome.SPOKE, note=None, now=NOON)
    fresh.rep_id = team.sam.id
    set_due(session, called, ClockKind.QUALIFICATION, hours=4, of=24)
    set_due(session, fresh, ClockKind.FIRST_CONTACT, hours=3, of=3)
    rows = board(session, team.sam, NOON).mine.running
    assert [(row.handoff_id, row.clock) for row in rows] == [
        (called.id, ClockKind.QUALIFICATION),
        (fresh.id, ClockKind.FIRST_CONTACT),
    ]


def set_due(session: Session, handoff: Handoff, kind: ClockKind, *, hours: int, of: int) -> None:
    clock = session.scalars(select(SlaClock).where(SlaClock.handoff_id == handoff.id, SlaClock.kind == kind)).one()
    clock.due_at, clock.target_seconds = NOON + timedelta(hours=hours), of * 3600.0
    session.flush()


def test_in_working_time_a_night_takes_nothing_away(session: Session, team: Team) -> None:
    handoff = make_offer(session, now=NOON + timedelta(hours=4))
    rep = session.get_one(Rep, handoff.rep_id)
    rep.hours = {str(day): [[9 * 60, 17 * 60]] for day in range(5)}
    for clock in session.scalars(select(SlaClock).where(SlaClock.handoff_id == handoff.id)):
        clock.working, clock.target_seconds, clock.due_at = True, 4 * 3600.0, NOON + timedelta(hours=24)
    session.flush()
    (evening,) = board(session, rep, NOON + timedelta(hours=6)).mine.running
    (morning,) = board(session, rep, NOON + timedelta(hours=21)).mine.running
    assert evening.left == morning.left == pytest.approx(0.75)
    (late,) = board(session, rep, NOON + timedelta(hours=25)).mine.running
    assert late.late
    assert late.left == pytest.approx(-0.25)


def test_what_is_done_is_on_no_board(session: Session, team: Team) -> None:
    handoff = make_offer(session)
    reject(session, handoff.id, version=handoff.version, by=team.sam, reason="competitor", note=None, now=SOON)
    assert mine(session, team.sam) == []


def test_who_covers_somebody_sees_their_leads_while_they_are_away(session: Session, team: Team) -> None:
    first, second = reversed(offers(session, 2))
    session.add(
        Absence(rep_id=team.sam.id, since=NOON, until=NOON + timedelta(days=1), cover_id=team.dana.id, created_at=NOON)
    )
    session.flush()
    assert [one for one, _ in mine(session, team.dana)] == [first.id, second.id]
    assert [one for one, _ in mine(session, team.sam)] == theirs([first, second], team.sam)
    assert [one for one, _ in mine(session, team.dana, hours=25)] == theirs([first, second], team.dana)


def test_who_manages_a_pool_sees_the_leads_of_its_reps_and_those_for_whom_nobody_is_there(
    session: Session, team: Team
) -> None:
    made = [*offers(session, 2), make_offer(session, HQL, "hot@buyer.example.com")]
    for email in ("sam.sample@example.com", "dana.demo@example.com"):
        staffing.step_away(session, email, NOON)
    waiting = make_offer(session, MQL, "waits@buyer.example.com")
    team_board = board(session, team.morgan, SOON).team
    assert team_board is not None
    rows = {row.handoff_id: row.rep for row in team_board.running}
    assert set(rows) == {one.id for one in made} | {waiting.id}
    assert rows[waiting.id] is None
    assert board(session, team.sam, SOON).team is None


def test_what_is_snoozed_stands_apart(session: Session, team: Team) -> None:
    handoff = make_offer(session)
    handoff.snoozed_until = NOON + timedelta(days=3)
    session.flush()
    part = board(session, team.sam, SOON).mine
    assert list(part.running) == []
    assert [(row.handoff_id, row.snoozed_until) for row in part.snoozed] == [(handoff.id, NOON + timedelta(days=3))]
