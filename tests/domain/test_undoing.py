"""A decision is taken back: for a few minutes, by who made it or a manager, while nothing has followed that stands."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from domain import cards, finding
from domain.rules.deadlines import ClockKind
from domain.rules.lifecycle import UNDO_WINDOW, HandoffStatus, Stage
from domain.rules.reasons import REASONS, Then
from domain.rules.refusals import CannotUndo, NoLongerOffered, NotYours
from domain.tables import AttemptOutcome, Handoff, Happened, Lead, Rep, SlaClock, Turn, TurnKind
from domain.verbs.deciding import accept, log_attempt, reject
from domain.verbs.escalating import hand_on
from domain.verbs.nurturing import enrol
from domain.verbs.offering import hand_over
from domain.verbs.passing import reassign, release
from domain.verbs.snoozing import snooze
from domain.verbs.undoing import undo
from tests.conftest import NOON
from tests.domain.making import Team, events, make_absence, make_offer

SOON = NOON + timedelta(minutes=2)
BY_THEMSELVES = [key for key, one in REASONS.items() if not one.asks and not one.attempts]


@pytest.fixture
def offer(session: Session, team: Team) -> Handoff:
    """An MQL that is offered to Sam."""
    return make_offer(session)


def said_no(session: Session, offer: Handoff, by: Rep, reason: str = "bad_timing") -> None:
    reject(session, offer.id, version=offer.version, by=by, reason=reason, note="A note", now=NOON)


def refused(session: Session, offer: Handoff, by: Rep, now: object = SOON) -> str:
    """Why undoing it is refused."""
    with pytest.raises(CannotUndo) as refusal:
        undo(session, offer.id, version=offer.version, by=by, now=now)  # type: ignore[arg-type]  # a time of these tests
    return str(refusal.value.facts["why"])


def test_an_acceptance_that_is_taken_back_leaves_an_offer(session: Session, team: Team, offer: Handoff) -> None:
    accept(session, offer.id, version=2, by=team.sam, now=NOON)
    undo(session, offer.id, version=3, by=team.sam, now=SOON)
    assert (offer.status, offer.accepted_at, offer.accepted_by) == (HandoffStatus.OFFERED, None, None)
    assert session.get_one(Lead, offer.lead_id).owner_id is None
    assert events(session, offer.lead_id)[-1] is Happened.HANDOFF_UNDONE
    accept(session, offer.id, version=4, by=team.sam, now=SOON)
    assert session.get_one(Lead, offer.lead_id).owner_id == team.sam.id


@pytest.mark.parametrize("reason", BY_THEMSELVES)
def test_a_rejection_that_is_taken_back_leaves_nothing_of_it(
    session: Session, team: Team, offer: Handoff, reason: str
) -> None:
    said_no(session, offer, team.sam, reason)
    if REASONS[reason].then is Then.PASS_ON:
        hand_over(session, offer.lead_id, NOON)
    enrol(session, offer.lead_id, NOON)
    undo(session, offer.id, version=3, by=team.sam, now=SOON)
    lead = session.get_one(Lead, offer.lead_id)
    assert (offer.status, offer.version) == (HandoffStatus.OFFERED, 4)
    assert (offer.rejected_at, offer.rejected_by, offer.reason, offer.note) == (None, None, None, None)
    assert (lead.stage, lead.rests_until, lead.programme) == (Stage.IN_HANDOFF, None, None)
    # A job that was sent before changes nothing any more.
    assert hand_over(session, lead.id, SOON) is offer
    assert enrol(session, lead.id, SOON).stage is Stage.IN_HANDOFF


def test_its_clocks_run_as_if_nothing_had_been(session: Session, team: Team, offer: Handoff) -> None:
    before = {clock.kind: (clock.due_at, clock.next_at) for clock in clocks(session, offer)}
    reject(session, offer.id, version=2, by=team.sam, reason="bad_timing", note=None, now=SOON)
    undo(session, offer.id, version=3, by=team.sam, now=SOON + timedelta(minutes=1))
    assert {clock.kind: (clock.due_at, clock.next_at) for clock in clocks(session, offer)} == before
    assert [clock.kind for clock in clocks(session, offer) if clock.stopped_at] == [ClockKind.ASSIGNMENT]


def clocks(session: Session, offer: Handoff) -> list[SlaClock]:
    session.expire_all()
    return list(session.scalars(select(SlaClock).where(SlaClock.handoff_id == offer.id)))


def test_what_was_given_back_after_acceptance_is_accepted_again(session: Session, team: Team, offer: Handoff) -> None:
    accept(session, offer.id, version=2, by=team.sam, now=NOON)
    said_no(session, offer, team.sam)
    undo(session, offer.id, version=4, by=team.sam, now=SOON)
    assert (offer.status, offer.accepted_by) == (HandoffStatus.ACCEPTED, team.sam.id)
    assert session.get_one(Lead, offer.lead_id).owner_id == team.sam.id


def test_the_offer_to_the_next_rep_is_withdrawn(session: Session, team: Team, offer: Handoff) -> None:
    said_no(session, offer, team.sam, "no_capacity")
    after = hand_over(session, offer.lead_id, NOON)
    assert after is not None
    undo(session, offer.id, version=3, by=team.sam, now=SOON)
    assert (after.rep_id, after.status, after.reason) == (team.dana.id, HandoffStatus.WITHDRAWN, "undone")
    assert offer.status is HandoffStatus.OFFERED


def test_what_the_next_rep_has_decided_stands(session: Session, team: Team, offer: Handoff) -> None:
    said_no(session, offer, team.sam, "no_capacity")
    after = hand_over(session, offer.lead_id, NOON)
    assert after is not None
    accept(session, after.id, version=2, by=team.dana, now=NOON)
    assert refused(session, offer, team.sam) == "taken"
    reject(session, after.id, version=3, by=team.dana, reason="bad_timing", note=None, now=NOON)
    assert refused(session, offer, team.sam) == "news"
    assert offer.status is HandoffStatus.REJECTED


def test_a_turn_that_was_given_back_is_charged_again(session: Session, team: Team, offer: Handoff) -> None:
    said_no(session, offer, team.sam, "bad_data")
    undo(session, offer.id, version=3, by=team.sam, now=SOON)
    turns = session.scalars(select(Turn).where(Turn.handoff_id == offer.id).order_by(Turn.id)).all()
    assert [turn.kind for turn in turns] == [TurnKind.TURN, TurnKind.CREDIT, TurnKind.TURN]
    assert sum(turn.moved for turn in turns) == turns[0].moved


@pytest.mark.parametrize("decide", ["accept", "reject"])
def test_it_is_too_late_after_five_minutes(session: Session, team: Team, offer: Handoff, decide: str) -> None:
    if decide == "accept":
        accept(session, offer.id, version=2, by=team.sam, now=NOON)
    else:
        said_no(session, offer, team.sam)
    assert refused(session, offer, team.sam, NOON + UNDO_WINDOW + timedelta(seconds=1)) == "late"
    undo(session, offer.id, version=3, by=team.sam, now=NOON + UNDO_WINDOW)
    assert offer.status is HandoffStatus.OFFERED


def test_what_was_said_to_a_lead_cannot_be_unsaid(session: Session, team: Team, offer: Handoff) -> None:
    accept(session, offer.id, version=2, by=team.sam, now=NOON)
    log_attempt(session, offer.id, by=team.sam, outcome=AttemptOutcome.SPOKE, note=None, now=NOON)
    assert refused(session, offer, team.sam) == "contacted"


def test_only_who_decided_or_a_manager_takes_it_back(session: Session, team: Team, offer: Handoff) -> None:
    make_absence(session, team.sam, cover=team.dana, since=NOON, until=NOON + timedelta(hours=1))
    accept(session, offer.id, version=2, by=team.dana, now=NOON)
    assert refused(session, offer, team.sam) == "another"
    with pytest.raises(NotYours):
        undo(session, offer.id, version=3, by=team.ada, now=SOON)
    undo(session, offer.id, version=3, by=team.morgan, now=SOON)
    assert offer.status is HandoffStatus.OFFERED


def test_there_is_nothing_to_undo_twice(session: Session, team: Team, offer: Handoff) -> None:
    said_no(session, offer, team.sam)
    undo(session, offer.id, version=3, by=team.sam, now=SOON)
    for version in (3, 4):
        with pytest.raises(NoLongerOffered):
            undo(session, offer.id, version=version, by=team.sam, now=SOON)
    assert events(session, offer.lead_id).count(Happened.HANDOFF_UNDONE) == 1


def taken_back_from_the_next(session: Session, team: Team, offer: Handoff) -> Handoff:
    """Sam has passed the lead on, it was offered to Dana, and Sam has taken that back; returns Dana's offer."""
    said_no(session, offer, team.sam, "no_capacity")
    after = hand_over(session, offer.lead_id, NOON)
    assert after is not None
    undo(session, offer.id, version=offer.version, by=team.sam, now=SOON)
    return after


def test_the_clocks_of_a_snoozed_lead_go_on_once_its_rejection_is_taken_back(
    session: Session, team: Team, offer: Handoff
) -> None:
    until = NOON + timedelta(days=3)
    snooze(session, offer.id, version=2, by=team.sam, until=until, now=NOON + timedelta(minutes=30))
    reject(session, offer.id, version=3, by=team.sam, reason="bad_timing", note=None, now=NOON + timedelta(hours=1))
    undo(session, offer.id, version=4, by=team.sam, now=NOON + timedelta(minutes=62))
    clock = next(one for one in clocks(session, offer) if one.kind is ClockKind.FIRST_CONTACT)
    # Four hours, and the half hour for which it stood still.
    assert (offer.snoozed_until, clock.due_at) == (None, NOON + timedelta(hours=4, minutes=30))
    assert clock.next_at is not None


def test_who_takes_a_rejection_back_gains_no_time_by_it(session: Session, team: Team, offer: Handoff) -> None:
    said_no(session, offer, team.sam)
    undo(session, offer.id, version=3, by=team.sam, now=SOON)
    release(session, offer.id, version=4, by=team.sam, now=SOON)
    after = hand_over(session, offer.lead_id, SOON)
    assert after is not None
    assert (after.rep_id, after.became_at) == (team.dana.id, NOON)


def test_a_second_rejection_can_be_taken_back_like_the_first(session: Session, team: Team, offer: Handoff) -> None:
    taken_back_from_the_next(session, team, offer)
    said_no(session, offer, team.sam)
    undo(session, offer.id, version=offer.version, by=team.sam, now=SOON)
    assert offer.status is HandoffStatus.OFFERED


def test_the_crm_hears_of_who_has_the_lead_and_not_of_the_offer_that_was_withdrawn(
    session: Session, team: Team, offer: Handoff
) -> None:
    accept(session, offer.id, version=2, by=team.sam, now=NOON)
    taken_back_from_the_next(session, team, offer)
    ((lead, handoff, rep),) = finding.leads_with_handoffs(session, [offer.lead_id])
    assert (lead.owner_id, handoff, rep) == (team.sam.id, offer, team.sam)


def test_the_card_names_who_has_the_lead_next_and_not_whose_offer_was_withdrawn(
    session: Session, team: Team, offer: Handoff
) -> None:
    after = taken_back_from_the_next(session, team, offer)
    reassign(session, offer.id, version=offer.version, by=team.morgan, to=team.ada, now=SOON)
    went_to = cards.card_view(session, offer.id).went_to
    assert went_to is not None
    assert (after.rep_id, went_to.rep_id) == (team.dana.id, team.ada.id)


def test_a_lead_that_runs_out_of_time_after_that_counts_as_handed_on(
    session: Session, team: Team, offer: Handoff
) -> None:
    taken_back_from_the_next(session, team, offer)
    late = NOON + timedelta(hours=5)
    assert hand_on(session, offer.id, ClockKind.FIRST_CONTACT, late)
    after = hand_over(session, offer.lead_id, late)
    assert after is not None
    assert (after.rep_id, after.handed_on) == (team.dana.id, 1)
    clock = next(one for one in clocks(session, after) if one.kind is ClockKind.FIRST_CONTACT)
    assert clock.due_at == late + timedelta(hours=4)
