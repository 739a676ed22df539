"""What nobody has, or what its rep has left too long, is taken by one of its pool: once, and by nobody else."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.rules.deadlines import ClockKind
from domain.rules.lifecycle import LIVE, HandoffStatus
from domain.rules.refusals import AlreadyDecided, NoLongerOffered, NotForTheTaking, NotOfThePool, NotThere
from domain.tables import Handoff, Happened, Lead, Rep, SlaClock
from domain.verbs.claiming import claim
from domain.verbs.deciding import accept
from domain.verbs.escalating import take_steps
from domain.verbs.passing import release
from domain.verbs.snoozing import snooze
from tests.conftest import NOON
from tests.domain.making import HQL, Team, events, make_absence, make_offer

TOO_LATE = NOON + timedelta(hours=4, seconds=1)
"""The first contact of an MQL has four hours."""


@pytest.fixture
def waiting(session: Session, team: Team) -> Handoff:
    """An HQL for which nobody could be asked; both AEs are there again."""
    team.ada.available = team.alex.available = False
    handoff = make_offer(session, HQL, "hot@buyer.example.com")
    team.ada.available = team.alex.available = True
    return handoff


@pytest.fixture
def missed(session: Session, team: Team) -> Handoff:
    """An MQL that was offered to Sam, who has missed the first contact."""
    offer = make_offer(session)
    take_steps(session, TOO_LATE, 100)
    return offer


def live(session: Session, handoff: Handoff) -> Handoff:
    return session.scalars(select(Handoff).where(Handoff.lead_id == handoff.lead_id, Handoff.status.in_(LIVE))).one()


def test_what_waits_is_taken_by_one_of_its_pool(session: Session, team: Team, waiting: Handoff) -> None:
    assert waiting.status is HandoffStatus.OPEN
    taken = claim(session, waiting.id, version=waiting.version, by=team.alex, now=NOON)
    assert taken.id == waiting.id
    assert (taken.status, taken.rep_id, taken.accepted_by) == (HandoffStatus.ACCEPTED, team.alex.id, team.alex.id)
    assert session.get_one(Lead, taken.lead_id).owner_id == team.alex.id
    assert events(session, taken.lead_id)[-2:] == [Happened.HANDOFF_OFFERED, Happened.HANDOFF_ACCEPTED]


def test_what_its_rep_has_left_too_long_is_taken_by_a_colleague(session: Session, team: Team, missed: Handoff) -> None:
    assert missed.rep_id == team.sam.id
    taken = claim(session, missed.id, version=missed.version, by=team.dana, now=TOO_LATE)
    assert (missed.status, missed.reason, missed.moved_by) == (HandoffStatus.WITHDRAWN, "claimed", team.dana.id)
    assert (taken.cycle, taken.status, taken.rep_id) == (2, HandoffStatus.ACCEPTED, team.dana.id)
    assert live(session, missed).id == taken.id
    happened = events(session, missed.lead_id)
    assert happened[-3:] == [Happened.HANDOFF_MOVED, Happened.HANDOFF_OFFERED, Happened.HANDOFF_ACCEPTED]


def test_a_manager_may_take_it_too(session: Session, team: Team, missed: Handoff) -> None:
    assert claim(session, missed.id, version=missed.version, by=team.morgan, now=TOO_LATE).rep_id == team.morgan.id


def test_whose_it_is_accepts_it_by_taking_it(session: Session, team: Team, missed: Handoff) -> None:
    taken = claim(session, missed.id, version=missed.version, by=team.sam, now=TOO_LATE)
    assert (taken.id, taken.status) == (missed.id, HandoffStatus.ACCEPTED)


def test_who_is_in_time_keeps_the_lead(session: Session, team: Team) -> None:
    offer = make_offer(session)
    with pytest.raises(NotForTheTaking) as refused:
        claim(session, offer.id, version=offer.version, by=team.dana, now=NOON)
    assert refused.value.facts == {"rep_id": team.sam.id}


def test_a_lead_that_was_put_aside_is_not_for_the_taking(session: Session, team: Team, missed: Handoff) -> None:
    snooze(session, missed.id, version=missed.version, by=team.sam, until=TOO_LATE + timedelta(days=1), now=TOO_LATE)
    with pytest.raises(NotForTheTaking):
        claim(session, missed.id, version=missed.version, by=team.dana, now=TOO_LATE)


def test_of_two_who_take_it_the_second_is_told_who_was_first(session: Session, team: Team, waiting: Handoff) -> None:
    version = waiting.version
    claim(session, waiting.id, version=version, by=team.alex, now=NOON)
    with pytest.raises(AlreadyDecided) as refused:
        claim(session, waiting.id, version=version, by=team.ada, now=NOON)
    assert refused.value.facts["rep_id"] == team.alex.id


def test_what_a_colleague_took_first_is_not_taken_from_them(session: Session, team: Team, missed: Handoff) -> None:
    version = missed.version
    claim(session, missed.id, version=version, by=team.dana, now=TOO_LATE)
    with pytest.raises(NoLongerOffered):
        claim(session, missed.id, version=version, by=team.sam, now=TOO_LATE)


def test_what_was_accepted_after_the_deadline_is_not_for_the_taking(
    session: Session, team: Team, missed: Handoff
) -> None:
    version = missed.version
    accept(session, missed.id, version=version, by=team.sam, now=TOO_LATE)
    with pytest.raises(AlreadyDecided):
        claim(session, missed.id, version=version, by=team.dana, now=TOO_LATE)


def test_nobody_takes_a_lead_of_another_pool(session: Session, team: Team, missed: Handoff, waiting: Handoff) -> None:
    for handoff, stranger in ((missed, team.ada), (waiting, team.sam)):
        with pytest.raises(NotOfThePool):
            claim(session, handoff.id, version=handoff.version, by=stranger, now=TOO_LATE)


def paused(_session: Session, rep: Rep) -> None:
    rep.available = False


def on_leave(session: Session, rep: Rep) -> None:
    make_absence(session, rep, cover=None, since=NOON, until=NOON + timedelta(days=3))


@pytest.mark.parametrize("gone", [paused, on_leave])
def test_who_is_not_there_takes_nothing(
    session: Session, team: Team, missed: Handoff, gone: Callable[[Session, Rep], None]
) -> None:
    gone(session, team.dana)
    with pytest.raises(NotThere):
        claim(session, missed.id, version=missed.version, by=team.dana, now=TOO_LATE)


def test_who_takes_what_was_left_too_long_has_the_whole_time_and_is_not_late_at_once(
    session: Session, team: Team, missed: Handoff
) -> None:
    taken = claim(session, missed.id, version=missed.version, by=team.dana, now=TOO_LATE)
    due = select(SlaClock.due_at).where(SlaClock.handoff_id == taken.id, SlaClock.kind == ClockKind.FIRST_CONTACT)
    assert session.scalars(due).one() == TOO_LATE + timedelta(hours=4)
    take_steps(session, TOO_LATE + timedelta(seconds=1), 100)
    assert events(session, missed.lead_id).count(Happened.HANDOFF_BREACHED) == 1
    # When it became one for sales stays as it was: so long it has waited.
    assert (taken.became_at, taken.handed_on) == (missed.became_at, 1)


def test_who_let_it_be_taken_is_not_asked_again_while_it_goes_from_one_to_the_next(
    session: Session, team: Team, missed: Handoff
) -> None:
    taken = claim(session, missed.id, version=missed.version, by=team.dana, now=TOO_LATE)
    release(session, taken.id, version=taken.version, by=team.dana, now=TOO_LATE)
    assert (live(session, missed).status, live(session, missed).rep_id) == (HandoffStatus.OPEN, None)


def test_who_comes_second_is_told_in_a_sentence_who_took_it(session: Session, team: Team, missed: Handoff) -> None:
    version = missed.version
    claim(session, missed.id, version=version, by=team.dana, now=TOO_LATE)
    with pytest.raises(NoLongerOffered) as refused:
        claim(session, missed.id, version=version, by=team.morgan, now=TOO_LATE)
    said = refused.value.sentence({team.dana.id: "Dana Demo"})
    assert said == "This card was out of date: Dana Demo has taken the lead. It has been redrawn."
