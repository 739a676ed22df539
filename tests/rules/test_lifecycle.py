"""The state machine is a table, and the table holds together."""

from datetime import datetime, timedelta

import pytest

from domain.rules.lifecycle import (
    GONE,
    HANDOFF_MOVES,
    LEAD_MOVES,
    LIVE,
    TAKEN,
    UNDO_WINDOW,
    HandoffMove,
    HandoffStatus,
    LeadMove,
    Stage,
    Who,
    before_rejection,
    handoff_step,
    lead_step,
    undo_until,
)
from tests.conftest import NOON

ENDS = {HandoffStatus.CONVERTED, HandoffStatus.REJECTED, HandoffStatus.EXPIRED, HandoffStatus.WITHDRAWN}


def sources_of(move: HandoffMove) -> frozenset[HandoffStatus]:
    """The statuses from which `move` is allowed."""
    return frozenset(status for (status, candidate) in HANDOFF_MOVES if candidate is move)


def test_every_move_of_a_handoff_leads_to_a_status_and_names_who_may_make_it() -> None:
    for (status, move), step in HANDOFF_MOVES.items():
        assert isinstance(status, HandoffStatus)
        assert isinstance(move, HandoffMove)
        assert isinstance(step.to, HandoffStatus)
        assert step.who


def test_every_move_of_a_lead_leads_to_a_stage() -> None:
    assert all(isinstance(to, Stage) for to in LEAD_MOVES.values())
    assert {move for _, move in LEAD_MOVES} == set(LeadMove)


def test_a_live_handoff_is_one_that_has_not_ended() -> None:
    assert set(HandoffStatus) == LIVE | ENDS
    assert not LIVE & ENDS


@pytest.mark.parametrize("status", sorted(ENDS))
def test_nothing_happens_to_a_handoff_that_has_ended_but_that_a_rejection_is_taken_back(status: HandoffStatus) -> None:
    left = [HandoffMove.UNDO] if status is HandoffStatus.REJECTED else []
    assert [move for move in HandoffMove if handoff_step(status, move)] == left


def test_a_lead_is_taken_from_acceptance_on() -> None:
    assert {to for (_, move), step in HANDOFF_MOVES.items() if move is HandoffMove.ACCEPT for to in [step.to]} <= TAKEN
    assert HandoffStatus.OFFERED not in TAKEN


BY_THE_SYSTEM = {
    HandoffMove.OFFER,
    HandoffMove.CONVERT,
    HandoffMove.WITHDRAW,
    HandoffMove.HAND_ON,
    HandoffMove.ERASE,
}
BY_OVERSEERS = {HandoffMove.REASSIGN, HandoffMove.TAKE_OVER}


def test_who_may_make_a_move_does_not_depend_on_how_far_the_handoff_has_come() -> None:
    for (_, move), step in HANDOFF_MOVES.items():
        if move in BY_THE_SYSTEM:
            assert step.who == {Who.SYSTEM}
        elif move in BY_OVERSEERS:
            assert step.who == {Who.COVER, Who.MANAGER}
        elif move is HandoffMove.CLAIM:
            assert step.who == {Who.POOL_MATE, Who.MANAGER}
        else:
            assert step.who == {Who.ADDRESSED_REP, Who.COVER, Who.MANAGER}


@pytest.mark.parametrize("move", [HandoffMove.RELEASE, HandoffMove.REASSIGN, HandoffMove.TAKE_OVER, HandoffMove.SNOOZE])
def test_what_is_with_somebody_may_be_put_aside_or_go_to_somebody_else(move: HandoffMove) -> None:
    assert sources_of(move) == {HandoffStatus.OFFERED, HandoffStatus.ACCEPTED, HandoffStatus.CONTACTED}


def test_who_has_spoken_with_the_lead_keeps_it_when_time_runs_out() -> None:
    assert sources_of(HandoffMove.HAND_ON) == {HandoffStatus.OFFERED, HandoffStatus.ACCEPTED}


def test_what_was_accepted_is_not_for_the_taking() -> None:
    assert sources_of(HandoffMove.CLAIM) == {HandoffStatus.OPEN, HandoffStatus.OFFERED}


LATE = NOON + timedelta(hours=1)


@pytest.mark.parametrize(
    ("status", "accepted_at", "contacted_at", "rejected_at", "until"),
    [
        (HandoffStatus.OFFERED, None, None, None, None),
        (HandoffStatus.ACCEPTED, NOON, None, None, NOON + UNDO_WINDOW),
        (HandoffStatus.CONTACTED, NOON, LATE, None, None),
        (HandoffStatus.QUALIFIED, NOON, LATE, None, None),
        (HandoffStatus.REJECTED, None, None, LATE, LATE + UNDO_WINDOW),
        (HandoffStatus.REJECTED, NOON, NOON, LATE, LATE + UNDO_WINDOW),
        (HandoffStatus.WITHDRAWN, NOON, None, None, None),
    ],
)
def test_only_the_last_decision_can_be_taken_back_and_only_for_a_while(
    status: HandoffStatus,
    accepted_at: datetime | None,
    contacted_at: datetime | None,
    rejected_at: datetime | None,
    until: datetime | None,
) -> None:
    assert undo_until(status, accepted_at, contacted_at, rejected_at) == until


@pytest.mark.parametrize(
    ("accepted_at", "contacted_at", "qualified_at", "status"),
    [
        (None, None, None, HandoffStatus.OFFERED),
        (NOON, None, None, HandoffStatus.ACCEPTED),
        (NOON, LATE, None, HandoffStatus.CONTACTED),
        (NOON, LATE, LATE, HandoffStatus.QUALIFIED),
    ],
)
def test_a_rejection_that_is_taken_back_leaves_what_was_before(
    accepted_at: datetime | None, contacted_at: datetime | None, qualified_at: datetime | None, status: HandoffStatus
) -> None:
    assert before_rejection(accepted_at, contacted_at, qualified_at) is status
    assert handoff_step(status, HandoffMove.REJECT) is not None


def test_a_lead_is_accepted_only_while_it_is_offered() -> None:
    assert sources_of(HandoffMove.ACCEPT) == {HandoffStatus.OFFERED}


IN_HAND = {HandoffStatus.ACCEPTED, HandoffStatus.CONTACTED, HandoffStatus.QUALIFIED}


def test_a_lead_may_be_given_back_until_there_is_an_opportunity() -> None:
    assert sources_of(HandoffMove.REJECT) == {HandoffStatus.OFFERED} | IN_HAND


@pytest.mark.parametrize("move", [HandoffMove.LOG_CONTACT, HandoffMove.QUALIFY])
def test_a_call_is_noted_only_for_a_lead_that_was_accepted_and_is_no_opportunity_yet(move: HandoffMove) -> None:
    assert sources_of(move) == IN_HAND


def test_an_opportunity_that_is_opened_ends_whatever_was_live() -> None:
    assert sources_of(HandoffMove.CONVERT) == LIVE


@pytest.mark.parametrize("stage", [Stage.OPPORTUNITY, Stage.WON, Stage.LOST, Stage.DISQUALIFIED, Stage.ERASED])
def test_a_lead_beyond_the_handoff_is_not_handed_over(stage: Stage) -> None:
    assert lead_step(stage, LeadMove.HAND_OVER) is None


def test_every_status_can_be_reached() -> None:
    assert {HandoffStatus.OPEN} | {step.to for step in HANDOFF_MOVES.values()} == set(HandoffStatus)


@pytest.mark.parametrize("stage", [stage for stage in Stage if stage not in GONE])
def test_a_late_answer_of_a_provider_moves_only_a_lead_that_was_just_captured(stage: Stage) -> None:
    expected = Stage.ENRICHED if stage is Stage.CAPTURED else stage
    assert lead_step(stage, LeadMove.LEARN) is expected


@pytest.mark.parametrize("gone", sorted(GONE))
def test_nothing_is_done_about_a_lead_that_is_gone(gone: Stage) -> None:
    assert [move for move in LeadMove if lead_step(gone, move)] == []
