"""The state machine is a table, and the table holds together."""

import pytest

from domain.rules.lifecycle import (
    GONE,
    HANDOFF_MOVES,
    LEAD_MOVES,
    LIVE,
    TAKEN,
    HandoffMove,
    HandoffStatus,
    LeadMove,
    Stage,
    Who,
    handoff_step,
    lead_step,
    sources_of,
)

ENDS = {HandoffStatus.CONVERTED, HandoffStatus.REJECTED, HandoffStatus.EXPIRED, HandoffStatus.WITHDRAWN}


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
def test_nothing_happens_to_a_handoff_that_has_ended(status: HandoffStatus) -> None:
    assert [move for move in HandoffMove if handoff_step(status, move)] == []


def test_a_lead_is_taken_from_acceptance_on() -> None:
    assert {to for (_, move), step in HANDOFF_MOVES.items() if move is HandoffMove.ACCEPT for to in [step.to]} <= TAKEN
    assert HandoffStatus.OFFERED not in TAKEN


def test_only_the_system_offers_and_withdraws_and_only_people_decide() -> None:
    for (_, move), step in HANDOFF_MOVES.items():
        if move in {HandoffMove.OFFER, HandoffMove.WITHDRAW}:
            assert step.who == {Who.SYSTEM}
        else:
            assert step.who == {Who.ADDRESSED_REP, Who.MANAGER}


def test_a_lead_is_accepted_only_while_it_is_offered() -> None:
    assert sources_of(HandoffMove.ACCEPT) == {HandoffStatus.OFFERED}


def test_a_lead_may_be_given_back_until_it_is_qualified() -> None:
    assert sources_of(HandoffMove.REJECT) == {HandoffStatus.OFFERED, HandoffStatus.ACCEPTED, HandoffStatus.CONTACTED}


def test_a_contact_is_logged_only_for_a_lead_that_was_accepted() -> None:
    assert sources_of(HandoffMove.LOG_CONTACT) == {HandoffStatus.ACCEPTED, HandoffStatus.CONTACTED}


@pytest.mark.parametrize("stage", [Stage.OPPORTUNITY, Stage.WON, Stage.LOST, Stage.DISQUALIFIED, Stage.ERASED])
def test_a_lead_beyond_the_handoff_is_not_handed_over(stage: Stage) -> None:
    assert lead_step(stage, LeadMove.HAND_OVER) is None


def test_every_status_but_those_that_end_early_can_be_reached_or_belongs_to_a_later_stretch_of_the_road() -> None:
    reached = {HandoffStatus.OPEN} | {step.to for step in HANDOFF_MOVES.values()}
    assert set(HandoffStatus) - reached == {
        HandoffStatus.QUALIFIED,
        HandoffStatus.CONVERTED,
        HandoffStatus.EXPIRED,
    }


@pytest.mark.parametrize("stage", [stage for stage in Stage if stage not in GONE])
def test_a_late_answer_of_a_provider_moves_only_a_lead_that_was_just_captured(stage: Stage) -> None:
    expected = Stage.ENRICHED if stage is Stage.CAPTURED else stage
    assert lead_step(stage, LeadMove.LEARN) is expected


@pytest.mark.parametrize("gone", sorted(GONE))
def test_nothing_is_done_about_a_lead_that_is_gone(gone: Stage) -> None:
    assert [move for move in LeadMove if lead_step(gone, move)] == []
