"""Models change by other ways than a manager's answer: what a proposal says then is still true, and its model is watched."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from domain import calibrating, watching
from domain.proposals import proposal_view
from domain.rules.preferences import Alert
from domain.rules.proposals import ProposalKind, ProposalStatus
from domain.rules.refusal import Refusal
from domain.rules.refusals_proposals import ProposalDecided
from domain.tables import Happened, ModelStatus, Notice, Proposal, ScoringModel
from domain.verbs import modelling, proposing
from handlers.jobs import reading, transaction
from tests.domain.making import events
from tests.domain.test_concurrency import THREADS, all_at_once
from tests.domain.test_proposing import AT_ONCE, LATER, STRICTER, WEEK, active, ask, manager, state, status_of_model


def test_a_trial_that_was_ended_by_hand_is_a_question_again_that_nobody_has_answered(session: Session) -> None:
    row, by = ask(session), manager(session)
    proposing.approve(session, row.id, version=1, by=by, now=LATER, shadow=WEEK)
    modelling.end_shadow(session, session.get_one(ScoringModel, row.model_id), LATER)
    assert (state(session, row), row.version, row.shadow_until) == (ProposalStatus.OPEN, 3, None)
    assert (row.decided_by, row.decided_at) == (None, None)
    assert events(session)[-1] is Happened.PROPOSAL_UNSHADOWED
    with pytest.raises(ProposalDecided) as refused:
        proposing.activate(session, row.id, version=2, by=by, now=LATER)
    assert refused.value.sentence({by.id: by.name}) == "Nothing was changed: it has changed since it was drawn."
    proposing.approve(session, row.id, version=3, by=by, now=LATER + WEEK, shadow=WEEK)
    assert (row.status, row.shadow_since) == (ProposalStatus.SHADOW, LATER + WEEK)


def test_who_declines_after_a_trial_leaves_alone_what_was_put_in_shadow_by_hand_since(session: Session) -> None:
    row, by = ask(session), manager(session)
    draft = session.get_one(ScoringModel, row.model_id)
    proposing.approve(session, row.id, version=1, by=by, now=LATER, shadow=WEEK)
    modelling.end_shadow(session, draft, LATER)
    modelling.start_shadow(session, draft, LATER)
    proposing.decline(session, row.id, version=3, by=by, now=LATER, note="")
    assert status_of_model(session, draft.id) is ModelStatus.SHADOW


def test_after_a_second_trial_managers_are_asked_again_soon_after_the_first(session: Session) -> None:
    row = ask(session)
    proposing.approve(session, row.id, version=1, by=None, now=LATER, shadow=WEEK)
    (first,) = watching.shadows_over(session, LATER + WEEK)
    notice(session, first, watching.SHADOW_OVER, LATER + WEEK)
    assert watching.shadows_over(session, LATER + WEEK) == []
    modelling.end_shadow(session, session.get_one(ScoringModel, row.model_id), LATER + WEEK)
    proposing.approve(session, row.id, version=3, by=None, now=LATER + WEEK, shadow=WEEK)
    assert watching.shadows_over(session, LATER + WEEK + timedelta(hours=1)) == []
    assert watching.shadows_over(session, LATER + 2 * WEEK) == [row]


def notice(session: Session, row: Proposal, why: str, now: datetime) -> None:
    """Somebody was told."""
    data = {"proposal_id": row.id, "why": why}
    session.add(Notice(rep_id=manager(session).id, kind=Alert.PROPOSAL, at=now, data=data, direct=True))
    session.flush()


def test_who_takes_back_a_later_model_has_the_earlier_one_in_force_and_watched_again(session: Session) -> None:
    first, by, before = ask(session), manager(session), active(session)
    proposing.approve(session, first.id, version=1, by=by, now=LATER, shadow=AT_ONCE)
    later = ask(session, STRICTER)
    proposing.approve(session, later.id, version=1, by=by, now=LATER, shadow=AT_ONCE)
    assert state(session, first) is ProposalStatus.SUPERSEDED
    proposing.roll_back(session, later.id, version=2, by=by, now=LATER + WEEK)
    assert (state(session, later), state(session, first)) == (ProposalStatus.ROLLED_BACK, ProposalStatus.ACTIVE)
    assert first.activated_at == LATER + WEEK
    watched = watching.in_force(session, modelling.active_model(session)[0])
    assert watched is not None
    assert watched.id == first.id
    proposing.roll_back(session, first.id, version=4, by=by, now=LATER + WEEK)
    assert active(session) == before


@pytest.mark.parametrize("answer", ["decline", "roll_back", "supersede"])
def test_whatever_was_said_of_it_a_model_that_is_put_in_force_by_hand_is_watched(session: Session, answer: str) -> None:
    row, by = ask(session), manager(session)
    if answer == "decline":
        proposing.decline(session, row.id, version=1, by=by, now=LATER, note="")
    elif answer == "roll_back":
        proposing.approve(session, row.id, version=1, by=by, now=LATER, shadow=AT_ONCE)
        proposing.roll_back(session, row.id, version=2, by=by, now=LATER)
    else:
        ask(session, STRICTER)
    modelling.activate(session, session.get_one(ScoringModel, row.model_id), LATER + WEEK)
    view = proposal_view(session, row.id)
    assert (view.status, view.activated_at) == (ProposalStatus.ACTIVE, LATER + WEEK)
    assert (view.decided_by, view.rolled_back_by, view.rolled_back_at) == (None, None, None)
    assert watching.in_force(session, modelling.active_model(session)[0]) is not None
    assert calibrating.asked_again_from(session, ProposalKind.MODEL) is None


def test_of_two_proposals_of_one_draft_the_newest_is_in_force_with_it(session: Session) -> None:
    older, by = ask(session), manager(session)
    proposing.decline(session, older.id, version=1, by=by, now=LATER, note="")
    newer = ask(session)
    proposing.decline(session, newer.id, version=1, by=by, now=LATER, note="")
    assert older.model_id == newer.model_id
    modelling.activate(session, session.get_one(ScoringModel, newer.model_id), LATER)
    assert (state(session, older), state(session, newer)) == (ProposalStatus.DECLINED, ProposalStatus.ACTIVE)


def test_a_click_and_the_command_line_that_end_a_trial_at_once_leave_a_proposal_that_is_true(committed: Engine) -> None:
    with transaction() as session:
        row = ask(session)
        proposal_id, model_id = row.id, row.model_id
        proposing.approve(session, proposal_id, version=1, by=None, now=LATER, shadow=WEEK)

    def by_click() -> None:
        with transaction() as session:
            proposing.activate(session, proposal_id, version=2, by=None, now=LATER)

    def by_hand() -> None:
        with transaction() as session:
            modelling.end_shadow(session, session.get_one(ScoringModel, model_id), LATER)

    answers = all_at_once([by_click, by_hand] * (THREADS // 2))
    assert len([one for one in answers if not isinstance(one, Refusal)]) == 1
    with reading() as session:
        status = proposing.find_proposal(session, proposal_id).status
        so = {ModelStatus.ACTIVE: ProposalStatus.ACTIVE, ModelStatus.DRAFT: ProposalStatus.OPEN}
        assert status is so[status_of_model(session, model_id)]
