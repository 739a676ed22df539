"""What sales decides acts once, is open to those whom it concerns, and is refused to others in a sentence."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from domain import cards
from domain.rules.deadlines import ClockKind
from domain.rules.lifecycle import HandoffMove, HandoffStatus, Stage
from domain.rules.reasons import NOTE_LIMIT, REASONS, Then
from domain.rules.refusal import Refusal
from domain.rules.refusals import (
    AlreadyDecided,
    CannotMerge,
    DetailMissing,
    NoLongerOffered,
    NoSuchLead,
    NoteMissing,
    NotFound,
    NotYours,
    TooFewAttempts,
    UnknownReason,
)
from domain.tables import (
    AttemptOutcome,
    ClockOutcome,
    ContactAttempt,
    Handoff,
    Happened,
    Lead,
    Rep,
    SlaClock,
    Turn,
    TurnKind,
)
from domain.verbs.deciding import accept, log_attempt, reject
from domain.verbs.moving import may_move
from domain.verbs.offering import hand_over
from tests.conftest import NOON
from tests.domain.making import Team, events, make_absence, make_offer, take

SOON = NOON + timedelta(minutes=42)
LATER = NOON + timedelta(hours=2)


@pytest.fixture
def offer(session: Session, team: Team) -> Handoff:
    """An MQL that is offered to Sam."""
    handoff = make_offer(session)
    assert handoff.rep_id == team.sam.id
    return handoff


def clock(session: Session, handoff: Handoff, kind: ClockKind) -> SlaClock:
    return session.scalars(select(SlaClock).where(SlaClock.handoff_id == handoff.id, SlaClock.kind == kind)).one()


def said(refusal: Refusal, *reps: Rep) -> str:
    return refusal.sentence({rep.id: rep.name for rep in reps})


# ---- accept -----------------------------------------------------------------------------------------------------------


def test_the_rep_accepts_and_owns_the_lead(session: Session, team: Team, offer: Handoff) -> None:
    accept(session, offer.id, version=2, by=team.sam, now=SOON)
    assert (offer.status, offer.accepted_at, offer.accepted_by) == (HandoffStatus.ACCEPTED, SOON, team.sam.id)
    assert offer.version == 3
    assert session.get_one(Lead, offer.lead_id).owner_id == team.sam.id
    assert events(session, offer.lead_id)[-1] is Happened.HANDOFF_ACCEPTED


def test_a_manager_accepts_on_behalf_of_the_rep_who_stays_the_owner(
    session: Session, team: Team, offer: Handoff
) -> None:
    accept(session, offer.id, version=2, by=team.morgan, now=SOON)
    assert (offer.accepted_by, offer.rep_id) == (team.morgan.id, team.sam.id)
    assert session.get_one(Lead, offer.lead_id).owner_id == team.sam.id


def test_nobody_else_may_accept_and_the_sentence_names_the_addressee(
    session: Session, team: Team, offer: Handoff
) -> None:
    for stranger in (team.dana, team.ada):
        with pytest.raises(NotYours) as refusal:
            accept(session, offer.id, version=2, by=stranger, now=SOON)
        assert (
            said(refusal.value, team.sam)
            == "This lead is addressed to Sam Sample. Only Sam Sample, who covers for them, or a manager may decide on it."
        )
    assert (offer.status, offer.version) == (HandoffStatus.OFFERED, 2)


def test_who_comes_second_is_told_who_came_first_and_when(session: Session, team: Team, offer: Handoff) -> None:
    accept(session, offer.id, version=2, by=team.sam, now=SOON)
    with pytest.raises(AlreadyDecided) as refusal:
        accept(session, offer.id, version=2, by=team.morgan, now=LATER)
    assert said(refusal.value, team.sam) == "Sam Sample accepted this lead at 12:42 UTC."
    assert (offer.accepted_by, offer.accepted_at) == (team.sam.id, SOON)
    assert events(session, offer.lead_id).count(Happened.HANDOFF_ACCEPTED) == 1


def test_a_click_on_an_old_drawing_is_refused(session: Session, team: Team, offer: Handoff) -> None:
    with pytest.raises(NoLongerOffered):
        accept(session, offer.id, version=1, by=team.sam, now=SOON)
    assert offer.status is HandoffStatus.OFFERED


def test_a_lead_that_waits_for_somebody_cannot_be_accepted(session: Session, team: Team, offer: Handoff) -> None:
    offer.status = HandoffStatus.OPEN
    session.flush()
    with pytest.raises(NoLongerOffered) as refusal:
        accept(session, offer.id, version=2, by=team.morgan, now=SOON)
    assert "nobody has the lead now" in said(refusal.value)


@pytest.mark.parametrize(
    "decide",
    [
        lambda session, by: accept(session, 999, version=1, by=by, now=SOON),
        lambda session, by: reject(session, 999, version=1, by=by, reason="competitor", note=None, now=SOON),
        lambda session, by: log_attempt(session, 999, by=by, outcome=AttemptOutcome.SPOKE, note=None, now=SOON),
        lambda session, by: may_move(session, 999, version=1, by=by, move=HandoffMove.ACCEPT, now=SOON),
    ],
)
def test_a_handoff_that_is_not_there_is_not_found(
    session: Session, team: Team, decide: Callable[[Session, Rep], Handoff]
) -> None:
    with pytest.raises(NotFound):
        decide(session, team.morgan)


def tried(session: Session, team: Team, offer: Handoff, times: int) -> int:
    """Sam has accepted the lead and tried to reach it so often; returns the version of the handoff then."""
    if times:
        accept(session, offer.id, version=offer.version, by=team.sam, now=NOON)
    for _ in range(times):
        log_attempt(session, offer.id, by=team.sam, outcome=AttemptOutcome.NO_ANSWER, note=None, now=NOON)
    return offer.version


# ---- reject -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reason", REASONS)
def test_the_reason_decides_what_follows(session: Session, team: Team, offer: Handoff, reason: str) -> None:
    detail = "role" if reason == "no_fit" else None
    version = tried(session, team, offer, REASONS[reason].attempts)
    reject(session, offer.id, version=version, by=team.sam, reason=reason, note="A note", now=SOON, detail=detail)
    lead = session.get_one(Lead, offer.lead_id)
    stage, event = {
        Then.RECYCLE: (Stage.NURTURING, Happened.HANDOFF_RECYCLED),
        Then.PASS_ON: (Stage.IN_HANDOFF, Happened.HANDOFF_PASSED_ON),
        Then.DISQUALIFY: (Stage.DISQUALIFIED, Happened.LEAD_DISQUALIFIED),
    }[REASONS[reason].then]
    assert (lead.stage, events(session, lead)[-1]) == (stage, event)
    assert (offer.status, offer.reason, offer.note) == (HandoffStatus.REJECTED, reason, "A note")
    assert (offer.rejected_by, offer.rejected_at, offer.version) == (team.sam.id, SOON, version + 1)


def test_a_recycled_lead_rests_for_as_long_as_the_reason_says(session: Session, team: Team, offer: Handoff) -> None:
    reject(session, offer.id, version=2, by=team.sam, reason="bad_timing", note=None, now=SOON)
    assert session.get_one(Lead, offer.lead_id).rests_until == SOON + REASONS["bad_timing"].cooldown


def test_an_accepted_lead_may_be_given_back_and_has_no_owner_then(session: Session, team: Team, offer: Handoff) -> None:
    accept(session, offer.id, version=2, by=team.sam, now=SOON)
    reject(session, offer.id, version=3, by=team.sam, reason="competitor", note=None, now=LATER)
    assert session.get_one(Lead, offer.lead_id).owner_id is None
    assert (offer.accepted_at, offer.rejected_at) == (SOON, LATER)


@pytest.mark.parametrize("reason", ["", "nonsense", "NO_FIT", "<!channel>"])
def test_a_reason_that_does_not_stand_in_the_table_is_refused(
    session: Session, team: Team, offer: Handoff, reason: str
) -> None:
    with pytest.raises(UnknownReason):
        reject(session, offer.id, version=2, by=team.sam, reason=reason, note=None, now=SOON)


@pytest.mark.parametrize("note", [None, "", "  \n "])
def test_something_else_needs_a_note(session: Session, team: Team, offer: Handoff, note: str | None) -> None:
    with pytest.raises(NoteMissing):
        reject(session, offer.id, version=2, by=team.sam, reason="other", note=note, now=SOON)
    assert offer.status is HandoffStatus.OFFERED


def test_a_note_is_kept_up_to_its_limit(session: Session, team: Team, offer: Handoff) -> None:
    reject(session, offer.id, version=2, by=team.sam, reason="other", note="x" * 3000, now=SOON)
    assert offer.note is not None
    assert len(offer.note) == NOTE_LIMIT


@pytest.mark.parametrize(("tries", "missing"), [(0, 3), (1, 2), (2, 1)])
def test_a_lead_cannot_be_reached_only_after_the_agreed_attempts(
    session: Session, team: Team, offer: Handoff, tries: int, missing: int
) -> None:
    version = tried(session, team, offer, tries)
    with pytest.raises(TooFewAttempts) as refusal:
        reject(session, offer.id, version=version, by=team.sam, reason="unreachable", note=None, now=SOON)
    # What is only offered has no button to log an attempt with.
    begins = f"Log {missing} more attempt" if tries else f"Accept the lead, and log {missing} more attempt"
    assert said(refusal.value).startswith(begins)
    assert offer.rejected_at is None


@pytest.mark.parametrize("detail", [None, "", "nonsense", "<!channel>"])
def test_no_fit_says_what_does_not_fit(session: Session, team: Team, offer: Handoff, detail: str | None) -> None:
    with pytest.raises(DetailMissing):
        reject(session, offer.id, version=2, by=team.sam, reason="no_fit", note=None, now=SOON, detail=detail)
    assert offer.status is HandoffStatus.OFFERED
    reject(session, offer.id, version=2, by=team.sam, reason="no_fit", note=None, now=SOON, detail="industry")
    assert offer.detail == "industry"


def test_of_a_duplicate_the_other_lead_is_kept_by_its_id(session: Session, team: Team, offer: Handoff) -> None:
    other = take(session, "kim.buyer@gmail.com")
    detail = " Kim.Buyer+x@gmail.com "
    reject(session, offer.id, version=2, by=team.sam, reason="duplicate", note=None, now=SOON, detail=detail)
    assert offer.detail == str(other.id)
    assert cards.card_view(session, offer.id).detail == "kim.buyer@gmail.com"


def test_a_duplicate_of_nobody_or_of_itself_is_refused(session: Session, team: Team, offer: Handoff) -> None:
    for detail, kind in (("nobody@example.com", NoSuchLead), ("kim@buyer.example.com", CannotMerge)):
        with pytest.raises(kind):
            reject(session, offer.id, version=2, by=team.sam, reason="duplicate", note=None, now=SOON, detail=detail)
    assert offer.status is HandoffStatus.OFFERED


@pytest.mark.parametrize(("reason", "given"), [("bad_data", 1), ("competitor", 0), ("bad_timing", 0)])
def test_a_lead_that_was_none_costs_no_turn(
    session: Session, team: Team, offer: Handoff, reason: str, given: int
) -> None:
    reject(session, offer.id, version=2, by=team.sam, reason=reason, note=None, now=SOON)
    assert len(session.scalars(select(Turn).where(Turn.kind == TurnKind.CREDIT)).all()) == given


def test_who_covers_for_the_rep_decides_like_them_while_they_are_away(
    session: Session, team: Team, offer: Handoff
) -> None:
    make_absence(session, team.sam, cover=team.dana, since=SOON, until=LATER)
    with pytest.raises(NotYours):
        accept(session, offer.id, version=2, by=team.dana, now=NOON)
    accept(session, offer.id, version=2, by=team.dana, now=SOON)
    assert (offer.accepted_by, offer.rep_id) == (team.dana.id, team.sam.id)
    assert session.get_one(Lead, offer.lead_id).owner_id == team.sam.id
    with pytest.raises(NotYours):
        reject(session, offer.id, version=3, by=team.dana, reason="bad_timing", note=None, now=LATER)


def test_who_rejects_second_is_told_who_rejected_first(session: Session, team: Team, offer: Handoff) -> None:
    reject(session, offer.id, version=2, by=team.morgan, reason="competitor", note=None, now=SOON)
    with pytest.raises(AlreadyDecided) as refusal:
        reject(session, offer.id, version=2, by=team.sam, reason="competitor", note=None, now=LATER)
    assert said(refusal.value, team.morgan) == "Morgan Manager rejected this lead at 12:42 UTC."


# ---- contact ----------------------------------------------------------------------------------------------------------


def test_the_first_attempt_is_the_first_contact_and_stops_its_clock(
    session: Session, team: Team, offer: Handoff
) -> None:
    accept(session, offer.id, version=2, by=team.sam, now=SOON)
    log_attempt(session, offer.id, by=team.sam, outcome=AttemptOutcome.NO_ANSWER, note=" tried ", now=LATER)
    assert (offer.status, offer.contacted_at) == (HandoffStatus.CONTACTED, LATER)
    contact = clock(session, offer, ClockKind.FIRST_CONTACT)
    assert (contact.outcome, contact.stopped_at, contact.next_at) == (ClockOutcome.MET, LATER, None)
    attempt = session.scalars(select(ContactAttempt)).one()
    assert (attempt.rep_id, attempt.at, attempt.note) == (team.sam.id, LATER, "tried")
    assert events(session, offer.lead_id)[-1] is Happened.HANDOFF_CONTACTED


def test_further_attempts_are_logged_and_change_no_date(session: Session, team: Team, offer: Handoff) -> None:
    accept(session, offer.id, version=2, by=team.sam, now=SOON)
    for at in (SOON, LATER):
        log_attempt(session, offer.id, by=team.sam, outcome=AttemptOutcome.SPOKE, note=None, now=at)
    assert offer.contacted_at == SOON
    assert len(session.scalars(select(ContactAttempt)).all()) == 2
    assert events(session, offer.lead_id)[-1] is Happened.CONTACT_LOGGED


def test_a_contact_after_the_deadline_is_missed_even_if_no_clock_process_looked(
    session: Session, team: Team, offer: Handoff
) -> None:
    accept(session, offer.id, version=2, by=team.sam, now=SOON)
    late = NOON + timedelta(hours=4, seconds=1)
    log_attempt(session, offer.id, by=team.sam, outcome=AttemptOutcome.SPOKE, note=None, now=late)
    assert clock(session, offer, ClockKind.FIRST_CONTACT).outcome is ClockOutcome.MISSED


def test_a_contact_at_the_very_deadline_is_in_time(session: Session, team: Team, offer: Handoff) -> None:
    accept(session, offer.id, version=2, by=team.sam, now=SOON)
    log_attempt(session, offer.id, by=team.sam, outcome=AttemptOutcome.SPOKE, note=None, now=NOON + timedelta(hours=4))
    assert clock(session, offer, ClockKind.FIRST_CONTACT).outcome is ClockOutcome.MET


def test_nobody_logs_a_contact_with_a_lead_that_was_not_accepted(session: Session, team: Team, offer: Handoff) -> None:
    with pytest.raises(NoLongerOffered):
        log_attempt(session, offer.id, by=team.sam, outcome=AttemptOutcome.SPOKE, note=None, now=SOON)
    assert session.scalars(select(ContactAttempt)).all() == []


def test_nobody_logs_a_contact_with_somebody_elses_lead(session: Session, team: Team, offer: Handoff) -> None:
    accept(session, offer.id, version=2, by=team.sam, now=SOON)
    with pytest.raises(NotYours):
        log_attempt(session, offer.id, by=team.dana, outcome=AttemptOutcome.SPOKE, note=None, now=SOON)


# ---- clocks, and asking beforehand ------------------------------------------------------------------------------------


def test_a_rejection_cancels_what_runs_and_leaves_missed_what_was_missed(
    session: Session, team: Team, offer: Handoff
) -> None:
    after_first_contact = NOON + timedelta(hours=5)
    reject(session, offer.id, version=2, by=team.sam, reason="competitor", note=None, now=after_first_contact)
    assert clock(session, offer, ClockKind.ASSIGNMENT).outcome is ClockOutcome.MET
    assert clock(session, offer, ClockKind.FIRST_CONTACT).outcome is ClockOutcome.MISSED
    assert clock(session, offer, ClockKind.QUALIFICATION).outcome is ClockOutcome.CANCELLED
    assert session.scalars(select(SlaClock.id).where(SlaClock.next_at.is_not(None))).all() == []


@pytest.mark.parametrize("move", [HandoffMove.ACCEPT, HandoffMove.REJECT, HandoffMove.LOG_CONTACT])
def test_asking_beforehand_says_what_the_move_itself_would_say_and_changes_nothing(
    session: Session, team: Team, offer: Handoff, move: HandoffMove
) -> None:
    if move is not HandoffMove.LOG_CONTACT:
        assert may_move(session, offer.id, version=2, by=team.sam, move=move, now=SOON) is offer
    with pytest.raises(NotYours):
        may_move(session, offer.id, version=2, by=team.dana, move=move, now=SOON)
    with pytest.raises(NoLongerOffered):
        may_move(session, offer.id, version=1, by=team.sam, move=move, now=SOON)
    reject(session, offer.id, version=2, by=team.sam, reason="competitor", note=None, now=SOON)
    with pytest.raises(AlreadyDecided):
        may_move(session, offer.id, version=3, by=team.sam, move=move, now=SOON)


def test_what_cannot_be_stored_or_seen_is_left_out_of_a_note(session: Session, team: Team, offer: Handoff) -> None:
    accept(session, offer.id, version=2, by=team.sam, now=NOON)
    log_attempt(session, offer.id, by=team.sam, outcome=AttemptOutcome.SPOKE, note="Busy\x00\u202e until May", now=SOON)
    assert session.scalars(select(ContactAttempt.note)).one() == "Busy until May"
    reject(session, offer.id, version=3, by=team.sam, reason="other", note="No\x00 need", now=SOON)
    assert offer.note == "No need"


def test_what_is_passed_on_after_a_contact_gives_the_next_rep_the_whole_time(
    session: Session, team: Team, offer: Handoff
) -> None:
    accept(session, offer.id, version=2, by=team.sam, now=NOON)
    log_attempt(session, offer.id, by=team.sam, outcome=AttemptOutcome.SPOKE, note=None, now=SOON)
    tomorrow = NOON + timedelta(days=1)
    reject(session, offer.id, version=3, by=team.sam, reason="wrong_territory", note=None, now=tomorrow)
    after = hand_over(session, offer.lead_id, tomorrow)
    assert after is not None
    due = select(SlaClock.due_at).where(SlaClock.handoff_id == after.id, SlaClock.kind == ClockKind.FIRST_CONTACT)
    assert (after.rep_id, session.scalars(due).one()) == (team.dana.id, tomorrow + timedelta(hours=4))
