"""A lead changes hands without a verdict: one offer ends, one begins, and only those whom it concerns may do it."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from domain import cards
from domain.rules.deadlines import ClockKind
from domain.rules.lifecycle import LIVE, HandoffStatus
from domain.rules.refusals import AlreadyDecided, CannotBeGiven, NoLongerOffered, NotForItsOwner, NotYours, YoursAlready
from domain.succession import others_for
from domain.tables import AttemptOutcome, Handoff, Happened, Lead, Rep, Role, SlaClock
from domain.verbs import staffing
from domain.verbs.deciding import accept, log_attempt, reject
from domain.verbs.passing import reassign, release, take_over
from tests.conftest import NOON
from tests.domain.making import HQL, Team, events, make_absence, make_offer, make_rep

SOON = NOON + timedelta(minutes=42)
LATER = NOON + timedelta(hours=2)


@pytest.fixture
def offer(session: Session, team: Team) -> Handoff:
    """An MQL that is offered to Sam."""
    return make_offer(session)


def live(session: Session, offer: Handoff) -> Handoff:
    """Where the lead is now."""
    return session.scalars(select(Handoff).where(Handoff.lead_id == offer.lead_id, Handoff.status.in_(LIVE))).one()


def owner(session: Session, offer: Handoff) -> int | None:
    return session.get_one(Lead, offer.lead_id).owner_id


# ---- release ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("accepted", [False, True])
def test_a_lead_that_is_released_goes_to_the_next_of_the_pool(
    session: Session, team: Team, offer: Handoff, accepted: bool
) -> None:
    if accepted:
        accept(session, offer.id, version=2, by=team.sam, now=NOON)
    release(session, offer.id, version=offer.version, by=team.sam, now=SOON)
    assert (offer.status, offer.reason, offer.moved_by) == (HandoffStatus.WITHDRAWN, "released", team.sam.id)
    after = live(session, offer)
    assert (after.rep_id, after.status, after.cycle) == (team.dana.id, HandoffStatus.OFFERED, 2)
    assert owner(session, offer) is None
    happened = events(session, offer.lead_id)
    assert happened[-2:] == [Happened.HANDOFF_MOVED, Happened.HANDOFF_OFFERED]
    assert happened.count(Happened.HANDOFF_MOVED) == 1


def test_the_clocks_of_what_was_released_stand_still(session: Session, team: Team, offer: Handoff) -> None:
    release(session, offer.id, version=2, by=team.sam, now=SOON)
    clocks = session.scalars(select(SlaClock).where(SlaClock.handoff_id == offer.id)).all()
    assert [clock for clock in clocks if clock.stopped_at is None or clock.next_at is not None] == []


def test_a_lead_that_everybody_has_released_waits_and_comes_back_to_nobody_by_itself(
    session: Session, team: Team, offer: Handoff
) -> None:
    staffing.step_away(session, team.dana.email, NOON)
    release(session, offer.id, version=2, by=team.sam, now=SOON)
    assert (live(session, offer).status, live(session, offer).rep_id) == (HandoffStatus.OPEN, None)
    assert cards.card_view(session, offer.id).went_to is None


def test_whoever_has_the_lead_next_has_the_time_that_is_left_of_the_first_contact(
    session: Session, team: Team, offer: Handoff
) -> None:
    release(session, offer.id, version=2, by=team.sam, now=SOON)
    assert live(session, offer).became_at == NOON


def test_the_time_begins_anew_once_the_lead_has_been_contacted(session: Session, team: Team, offer: Handoff) -> None:
    accept(session, offer.id, version=2, by=team.sam, now=NOON)
    log_attempt(session, offer.id, by=team.sam, outcome=AttemptOutcome.SPOKE, note=None, now=SOON)
    release(session, offer.id, version=3, by=team.sam, now=LATER)
    after = live(session, offer)
    due = session.scalars(
        select(SlaClock.due_at).where(SlaClock.handoff_id == after.id, SlaClock.kind == ClockKind.FIRST_CONTACT)
    ).one()
    assert due == LATER + timedelta(hours=4)


def test_nobody_releases_somebody_elses_lead(session: Session, team: Team, offer: Handoff) -> None:
    with pytest.raises(NotYours):
        release(session, offer.id, version=2, by=team.dana, now=SOON)
    assert offer.status is HandoffStatus.OFFERED


def test_who_releases_twice_is_told_that_the_card_is_out_of_date(session: Session, team: Team, offer: Handoff) -> None:
    release(session, offer.id, version=2, by=team.sam, now=SOON)
    with pytest.raises(NoLongerOffered):
        release(session, offer.id, version=2, by=team.sam, now=SOON)
    assert events(session, offer.lead_id).count(Happened.HANDOFF_OFFERED) == 2


# ---- reassign ---------------------------------------------------------------------------------------------------------


def test_a_manager_gives_the_lead_to_a_person(session: Session, team: Team, offer: Handoff) -> None:
    third = make_rep(session, "Robin Third", Role.SDR)
    staffing.set_members(session, team.sdrs, {team.sam.id: 1, team.dana.id: 1, third.id: 1})
    reassign(session, offer.id, version=2, by=team.morgan, to=third, now=SOON)
    assert (offer.status, offer.reason, offer.moved_by) == (HandoffStatus.WITHDRAWN, "reassigned", team.morgan.id)
    assert (live(session, offer).rep_id, live(session, offer).status) == (third.id, HandoffStatus.OFFERED)
    view = cards.card_view(session, offer.id)
    assert view.went_to is not None
    assert (view.went_to.name, view.moved_by and view.moved_by.name) == ("Robin Third", "Morgan Manager")


def test_a_manager_gives_the_lead_back_to_its_pool(session: Session, team: Team, offer: Handoff) -> None:
    reassign(session, offer.id, version=2, by=team.morgan, to=None, now=SOON)
    assert live(session, offer).rep_id == team.dana.id


def test_the_owner_may_not_choose_who_gets_it_and_is_told_what_they_can_do(
    session: Session, team: Team, offer: Handoff
) -> None:
    with pytest.raises(NotForItsOwner) as refusal:
        reassign(session, offer.id, version=2, by=team.sam, to=team.dana, now=SOON)
    assert "release it to the pool" in refusal.value.sentence({})
    assert offer.status is HandoffStatus.OFFERED


def test_a_lead_is_not_given_to_who_has_it_nor_to_who_has_left(session: Session, team: Team, offer: Handoff) -> None:
    left = make_rep(session, "Lou Left", Role.SDR)
    left.active = False
    for to in (team.sam, left):
        with pytest.raises(CannotBeGiven):
            reassign(session, offer.id, version=2, by=team.morgan, to=to, now=SOON)
    assert offer.status is HandoffStatus.OFFERED


def test_who_could_take_it_is_who_sells_the_same_and_is_there(session: Session, team: Team, offer: Handoff) -> None:
    outside = make_rep(session, "Alba Outside", Role.SDR)
    away = make_rep(session, "Ali Away", Role.SDR)
    make_rep(session, "Nele Notinslack", Role.SDR, slack=False)
    make_absence(session, away, cover=None, since=NOON, until=LATER)
    assert [rep.id for rep in others_for(session, offer, SOON)] == [team.dana.id, outside.id]


# ---- take over --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("accepted", [False, True])
def test_a_manager_takes_a_lead_over_and_owns_it(session: Session, team: Team, offer: Handoff, accepted: bool) -> None:
    if accepted:
        accept(session, offer.id, version=2, by=team.sam, now=NOON)
    taken = take_over(session, offer.id, version=offer.version, by=team.morgan, now=SOON)
    assert (offer.status, offer.reason) == (HandoffStatus.WITHDRAWN, "taken_over")
    assert (taken.rep_id, taken.accepted_by, taken.status) == (team.morgan.id, team.morgan.id, HandoffStatus.ACCEPTED)
    assert live(session, offer).id == taken.id
    assert owner(session, offer) == team.morgan.id


def test_who_covers_takes_over_and_the_rep_in_the_next_seat_does_not(
    session: Session, team: Team, offer: Handoff
) -> None:
    with pytest.raises(NotYours):
        take_over(session, offer.id, version=2, by=team.dana, now=SOON)
    make_absence(session, team.sam, cover=team.dana, since=SOON, until=LATER)
    assert take_over(session, offer.id, version=2, by=team.dana, now=SOON).rep_id == team.dana.id


def test_nobody_takes_over_what_is_theirs(session: Session, team: Team, offer: Handoff) -> None:
    with pytest.raises(NotForItsOwner):
        take_over(session, offer.id, version=2, by=team.sam, now=SOON)
    taken = take_over(session, offer.id, version=2, by=team.morgan, now=SOON)
    with pytest.raises(YoursAlready):
        take_over(session, taken.id, version=taken.version, by=team.morgan, now=LATER)


def test_an_hql_stays_an_hql_when_it_changes_hands(session: Session, team: Team) -> None:
    offer = make_offer(session, HQL)
    release(session, offer.id, version=2, by=session.get_one(Rep, offer.rep_id), now=SOON)
    after = live(session, offer)
    assert (after.tier, after.rep_id) == (offer.tier, team.alex.id)


def test_what_was_rejected_cannot_be_moved_any_more(session: Session, team: Team, offer: Handoff) -> None:
    reject(session, offer.id, version=2, by=team.sam, reason="bad_timing", note=None, now=SOON)
    for move in (release, take_over):
        with pytest.raises(AlreadyDecided):
            move(session, offer.id, version=3, by=team.morgan, now=LATER)
    with pytest.raises(AlreadyDecided):
        reassign(session, offer.id, version=3, by=team.morgan, to=team.dana, now=LATER)
