"""The answers of a call are kept, and with a yes the lead is an SQL: once, whoever answers how often."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain import cards
from domain.rules.deadlines import ClockKind
from domain.rules.lifecycle import HandoffStatus
from domain.rules.model_table import ModelError
from domain.rules.next_steps import NextStep
from domain.rules.qualification import BANT, Verdict
from domain.rules.refusals import AlreadyDecided, NoLongerOffered, NothingAnswered, NotYours, QuestionsChanged
from domain.tables import (
    AttemptOutcome,
    ClockOutcome,
    ContactAttempt,
    Handoff,
    Happened,
    Qualification,
    QualificationFile,
    Rep,
    SlaClock,
    SystemLink,
)
from domain.verbs import qualifying
from domain.verbs.deciding import accept, log_attempt, reject
from domain.verbs.snoozing import snooze
from domain.verbs.undoing import undo
from tests.conftest import NOON
from tests.domain.making import Team, events, make_offer

SOON, LATER, LATE = NOON + timedelta(minutes=42), NOON + timedelta(hours=2), NOON + timedelta(hours=30)
YES = {"budget": "yes", "authority": "yes", "need": "yes", "timeline": "unknown", "notes": "Wants it by May."}
NOT_YET = {**YES, "budget": "unknown"}
NO = {**YES, "need": "no"}
OTHERS = """
key = "short"
name = "Short"
[[questions]]
key = "pain"
label = "Pain"
[verdict]
must = ["pain"]
"""


@pytest.fixture
def accepted(session: Session, team: Team) -> Handoff:
    """A lead that Sam has accepted, and not called yet."""
    return accept(session, make_offer(session).id, version=2, by=team.sam, now=NOON)


def answer(
    session: Session, handoff: Handoff, by: Rep, said: dict[str, str], key: str | None = None, now: object = SOON
) -> Qualification:
    return qualifying.qualify(
        session,
        handoff.id,
        version=handoff.version,
        by=by,
        said=said,
        now=now,  # type: ignore[arg-type]  # a time of these tests
        key=key,
    )


def clock(session: Session, handoff: Handoff, kind: ClockKind) -> SlaClock:
    return session.scalars(select(SlaClock).where(SlaClock.handoff_id == handoff.id, SlaClock.kind == kind)).one()


def dirty(session: Session, handoff: Handoff) -> dict[str, int]:
    marked = select(SystemLink.system, SystemLink.dirty).where(SystemLink.lead_id == handoff.lead_id)
    return dict(session.execute(marked).all())


def test_a_yes_makes_an_sql_and_both_systems_are_told(session: Session, team: Team, accepted: Handoff) -> None:
    before = dirty(session, accepted)
    assert answer(session, accepted, team.sam, YES).verdict is Verdict.QUALIFIED
    assert (accepted.status, accepted.version) == (HandoffStatus.QUALIFIED, 4)
    assert (accepted.qualified_at, accepted.qualified_by) == (SOON, team.sam.id)
    assert events(session, accepted.lead_id)[-1] is Happened.HANDOFF_QUALIFIED
    assert all(dirty(session, accepted)[system] > before.get(system, 0) for system in ("crm", "marketing"))
    qualification = clock(session, accepted, ClockKind.QUALIFICATION)
    assert (qualification.stopped_at, qualification.outcome) == (SOON, ClockOutcome.MET)


def test_who_has_answers_has_spoken_with_the_lead(session: Session, team: Team, accepted: Handoff) -> None:
    answer(session, accepted, team.sam, NOT_YET)
    assert (accepted.status, accepted.contacted_at) == (HandoffStatus.CONTACTED, SOON)
    assert clock(session, accepted, ClockKind.FIRST_CONTACT).outcome is ClockOutcome.MET
    assert session.scalar(select(func.count(ContactAttempt.id))) == 1
    answer(session, accepted, team.sam, YES, now=LATER)
    assert session.scalar(select(func.count(ContactAttempt.id))) == 1
    assert accepted.contacted_at == SOON


@pytest.mark.parametrize("said", [NOT_YET, NO])
def test_without_a_yes_the_answers_are_kept_and_sales_stays_with_the_lead(
    session: Session, team: Team, accepted: Handoff, said: dict[str, str]
) -> None:
    row = answer(session, accepted, team.sam, said)
    assert row.verdict is (Verdict.NOT_QUALIFIED if said is NO else Verdict.NOT_YET)
    assert (accepted.status, accepted.version, accepted.qualified_at) == (HandoffStatus.CONTACTED, 3, None)
    assert clock(session, accepted, ClockKind.QUALIFICATION).stopped_at is None
    assert events(session, accepted.lead_id)[-1] is Happened.HANDOFF_ANSWERED


def test_a_yes_after_the_deadline_leaves_the_clock_missed(session: Session, team: Team, accepted: Handoff) -> None:
    answer(session, accepted, team.sam, YES, now=LATE)
    assert clock(session, accepted, ClockKind.QUALIFICATION).outcome is ClockOutcome.MISSED


def test_later_answers_hold_and_the_first_yes_counts(session: Session, team: Team, accepted: Handoff) -> None:
    answer(session, accepted, team.sam, YES)
    answer(session, accepted, team.morgan, {**YES, "timeline": "yes"}, now=LATER)
    answer(session, accepted, team.morgan, NOT_YET, now=LATE)
    assert (accepted.status, accepted.qualified_at, accepted.qualified_by) == (
        HandoffStatus.QUALIFIED,
        SOON,
        team.sam.id,
    )
    assert accepted.version == 4
    shown = cards.card_view(session, accepted.id)
    assert shown.qualified_by is not None
    assert shown.qualified_by.rep_id == team.sam.id
    view = shown.qualification
    assert view is not None
    newest = {one.key: one.choice or one.words for one in view.answers}
    assert newest == NOT_YET
    assert list(newest) == [question.key for question in BANT.questions]


def test_the_same_window_sent_twice_is_one_answer(session: Session, team: Team, accepted: Handoff) -> None:
    first = answer(session, accepted, team.sam, YES, key="V1")
    again = qualifying.qualify(session, accepted.id, version=3, by=team.sam, said=NO, now=LATER, key="V1")
    assert again is first
    assert session.scalar(select(func.count(Qualification.id))) == 1
    assert events(session, accepted.lead_id).count(Happened.HANDOFF_QUALIFIED) == 1


def test_a_window_that_was_opened_before_somebody_qualified_the_lead_says_who_did(
    session: Session, team: Team, accepted: Handoff
) -> None:
    answer(session, accepted, team.sam, YES)
    with pytest.raises(AlreadyDecided) as refusal:
        qualifying.qualify(session, accepted.id, version=3, by=team.morgan, said=YES, now=LATER)
    assert refusal.value.sentence({team.sam.id: "Sam Sample"}) == "Sam Sample qualified this lead at 12:42 UTC."


def test_only_what_was_accepted_can_be_qualified_and_only_by_whom_it_concerns(session: Session, team: Team) -> None:
    offer = make_offer(session)
    with pytest.raises(NoLongerOffered):
        answer(session, offer, team.sam, YES)
    accept(session, offer.id, version=2, by=team.sam, now=NOON)
    with pytest.raises(NotYours):
        answer(session, offer, team.dana, YES)
    assert session.scalar(select(func.count(Qualification.id))) == 0


@pytest.mark.parametrize("nothing", [dict.fromkeys(YES, ""), dict.fromkeys(YES, "unknown") | {"notes": " \n"}])
def test_a_window_without_an_answer_is_no_contact(
    session: Session, team: Team, accepted: Handoff, nothing: dict[str, str]
) -> None:
    with pytest.raises(NothingAnswered):
        answer(session, accepted, team.sam, nothing)
    assert accepted.contacted_at is None


@pytest.mark.parametrize("said", [{}, {"pain": "yes"}, {**YES, "need": "nonsense"}, {**YES, "more": "yes"}])
def test_the_answers_to_other_questions_are_refused(
    session: Session, team: Team, accepted: Handoff, said: dict[str, str]
) -> None:
    with pytest.raises(QuestionsChanged):
        answer(session, accepted, team.sam, said)
    assert accepted.status is HandoffStatus.ACCEPTED


def test_answering_takes_up_a_lead_that_was_put_aside(session: Session, team: Team, accepted: Handoff) -> None:
    snooze(session, accepted.id, version=3, by=team.sam, until=LATE, now=NOON)
    answer(session, accepted, team.sam, NOT_YET)
    assert accepted.snoozed_until is None
    assert clock(session, accepted, ClockKind.QUALIFICATION).running_since is not None


def test_an_sql_may_be_called_again_and_stays_one(session: Session, team: Team, accepted: Handoff) -> None:
    answer(session, accepted, team.sam, YES)
    log_attempt(
        session,
        accepted.id,
        by=team.sam,
        outcome=AttemptOutcome.EMAIL_SENT,
        note=None,
        now=LATER,
        then=NextStep("Send the offer", LATE),
    )
    last = session.scalars(select(ContactAttempt).order_by(ContactAttempt.id.desc()).limit(1)).one()
    assert (last.next_step, last.next_at, accepted.status) == ("Send the offer", LATE, HandoffStatus.QUALIFIED)


def test_an_sql_that_was_given_back_by_mistake_is_one_again(session: Session, team: Team, accepted: Handoff) -> None:
    answer(session, accepted, team.sam, YES)
    reject(session, accepted.id, version=4, by=team.sam, reason="bad_timing", note=None, now=LATER)
    undo(session, accepted.id, version=5, by=team.sam, now=LATER + timedelta(minutes=1))
    assert (accepted.status, accepted.qualified_at) == (HandoffStatus.QUALIFIED, SOON)
    assert clock(session, accepted, ClockKind.QUALIFICATION).outcome is ClockOutcome.MET


def test_questions_of_ones_own_count_from_their_import_on_and_old_answers_stay_readable(
    session: Session, team: Team, accepted: Handoff
) -> None:
    assert qualifying.in_force(session) == (None, BANT)
    answer(session, accepted, team.sam, NOT_YET)
    row, new = qualifying.put_in_force(session, OTHERS, NOON)
    assert new
    assert not qualifying.put_in_force(session, OTHERS, LATER)[1]
    assert qualifying.in_force(session).version == row.id
    with pytest.raises(QuestionsChanged):
        answer(session, accepted, team.sam, YES)
    old = cards.card_view(session, accepted.id).qualification
    assert old is not None
    assert old.answers[0].question == "Budget"
    assert answer(session, accepted, team.sam, {"pain": "yes"}).framework == "short"
    assert accepted.status is HandoffStatus.QUALIFIED


def test_a_bad_file_changes_nothing(session: Session) -> None:
    with pytest.raises(ModelError):
        qualifying.put_in_force(session, OTHERS.replace("pain", "Pain!"), NOON)
    assert session.scalars(select(QualificationFile)).all() == []


def test_marketing_is_told_the_day_on_which_a_lead_became_an_sql(
    session: Session, team: Team, accepted: Handoff
) -> None:
    assert qualifying.sql_dates(session, [accepted.lead_id]) == {}
    answer(session, accepted, team.sam, YES)
    assert qualifying.sql_dates(session, [accepted.lead_id]) == {accepted.lead_id: SOON.date()}
