"""A lead that is put aside: its clocks stand still, and it wakes once, when its time has come or its score jumps."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.rules.deadlines import ClockKind
from domain.rules.lifecycle import HandoffStatus
from domain.rules.refusals import NotYours
from domain.tables import AttemptOutcome, Handoff, Happened, SlaClock
from domain.verbs.deciding import accept, log_attempt, reject
from domain.verbs.offering import hand_over
from domain.verbs.passing import release
from domain.verbs.scoring import score_lead
from domain.verbs.snoozing import snooze, wake_due
from tests.conftest import NOON
from tests.domain.making import Team, events, make_lead, make_offer, take

HOUR = timedelta(hours=1)


@pytest.fixture
def offer(session: Session, team: Team) -> Handoff:
    """An MQL that is offered to Sam; its first contact is due in four hours."""
    return make_offer(session)


def put_aside(session: Session, team: Team, offer: Handoff, until: datetime) -> None:
    snooze(session, offer.id, version=offer.version, by=team.sam, until=until, now=NOON + HOUR)


def contact_clock(session: Session, offer: Handoff) -> SlaClock:
    return session.scalars(
        select(SlaClock).where(SlaClock.handoff_id == offer.id, SlaClock.kind == ClockKind.FIRST_CONTACT)
    ).one()


@pytest.mark.parametrize("accepted", [False, True])
def test_the_clocks_of_a_snoozed_lead_stand_still_and_go_on_with_what_is_left(
    session: Session, team: Team, offer: Handoff, accepted: bool
) -> None:
    if accepted:
        accept(session, offer.id, version=2, by=team.sam, now=NOON)
    status = offer.status
    put_aside(session, team, offer, NOON + 10 * HOUR)
    assert (offer.snoozed_until, offer.status) == (NOON + 10 * HOUR, status)
    assert contact_clock(session, offer).next_at is None
    assert wake_due(session, NOON + 10 * HOUR - timedelta(seconds=1), 10) == 0
    assert wake_due(session, NOON + 10 * HOUR, 10) == 1
    assert (offer.snoozed_until, offer.snooze_score) == (None, None)
    # One of the four hours had gone.
    assert contact_clock(session, offer).due_at == NOON + 13 * HOUR
    assert events(session, offer.lead_id)[-2:] == [Happened.HANDOFF_SNOOZED, Happened.HANDOFF_WOKEN]


def test_it_wakes_once(session: Session, team: Team, offer: Handoff) -> None:
    put_aside(session, team, offer, NOON + 2 * HOUR)
    assert [wake_due(session, NOON + 3 * HOUR, 10) for _ in range(3)] == [1, 0, 0]
    assert events(session, offer.lead_id).count(Happened.HANDOFF_WOKEN) == 1


def test_a_jump_of_the_score_wakes_it_before_its_time(session: Session, team: Team, offer: Handoff) -> None:
    accept(session, offer.id, version=2, by=team.sam, now=NOON)
    put_aside(session, team, offer, NOON + 10 * HOUR)
    now = NOON + 2 * HOUR
    for kind in ("webinar", "pricing_view", "event_attendance"):
        take(session, kind=kind, now=now)
    lead = score_lead(session, offer.lead_id, now)
    assert (lead.score or 0) - 77 >= 20
    assert offer.snoozed_until is None
    assert Happened.HANDOFF_WOKEN in events(session, lead)


def test_the_jump_that_wakes_a_lead_is_told_once(session: Session, team: Team) -> None:
    lead = make_lead(session, ("form_submission",))
    take(session, kind="demo_request", now=NOON + HOUR)
    take(session, kind="pricing_view", now=NOON + HOUR)
    score_lead(session, lead.id, NOON + HOUR)
    offer = hand_over(session, lead.id, NOON + HOUR)
    assert offer is not None
    lead.alerted_at = None
    snooze(session, offer.id, version=2, by=team.morgan, until=NOON + 10 * HOUR, now=NOON + HOUR)
    for kind in ("webinar", "event_attendance"):
        take(session, kind=kind, now=NOON + 2 * HOUR)
    score_lead(session, lead.id, NOON + 2 * HOUR)
    happened = events(session, lead)
    assert (happened.count(Happened.HANDOFF_WOKEN), happened.count(Happened.LEAD_JUMPED)) == (1, 0)


def test_a_score_that_hardly_moves_wakes_nobody(session: Session, team: Team, offer: Handoff) -> None:
    put_aside(session, team, offer, NOON + 10 * HOUR)
    score_lead(session, offer.lead_id, NOON + 2 * HOUR)
    assert offer.snoozed_until is not None


def test_who_acts_on_a_snoozed_lead_takes_it_up_again(session: Session, team: Team, offer: Handoff) -> None:
    put_aside(session, team, offer, NOON + 10 * HOUR)
    accept(session, offer.id, version=offer.version, by=team.sam, now=NOON + 2 * HOUR)
    assert offer.snoozed_until is None
    assert contact_clock(session, offer).due_at == NOON + 5 * HOUR
    put_aside(session, team, offer, NOON + 10 * HOUR)
    contact = {"by": team.sam, "outcome": AttemptOutcome.SPOKE, "note": None}
    log_attempt(session, offer.id, now=NOON + 4 * HOUR, **contact)  # type: ignore[arg-type]  # spelt once
    assert (offer.snoozed_until, offer.status) == (None, HandoffStatus.CONTACTED)
    assert wake_due(session, NOON + 20 * HOUR, 10) == 0


def test_what_ends_while_it_is_snoozed_does_not_wake(session: Session, team: Team, offer: Handoff) -> None:
    put_aside(session, team, offer, NOON + 10 * HOUR)
    release(session, offer.id, version=offer.version, by=team.sam, now=NOON + 2 * HOUR)
    second = session.scalars(select(Handoff).where(Handoff.status == HandoffStatus.OFFERED)).one()
    snooze(session, second.id, version=2, by=team.dana, until=NOON + 9 * HOUR, now=NOON + 2 * HOUR)
    reject(session, second.id, version=3, by=team.dana, reason="bad_timing", note=None, now=NOON + 3 * HOUR)
    assert wake_due(session, NOON + 20 * HOUR, 10) == 0
    assert Happened.HANDOFF_WOKEN not in events(session, offer.lead_id)


def test_snoozing_again_moves_the_end(session: Session, team: Team, offer: Handoff) -> None:
    put_aside(session, team, offer, NOON + 10 * HOUR)
    put_aside(session, team, offer, NOON + 3 * HOUR)
    assert wake_due(session, NOON + 3 * HOUR, 10) == 1
    assert contact_clock(session, offer).due_at == NOON + 6 * HOUR


def test_nobody_puts_somebody_elses_lead_aside(session: Session, team: Team, offer: Handoff) -> None:
    with pytest.raises(NotYours):
        snooze(session, offer.id, version=2, by=team.dana, until=NOON + HOUR, now=NOON)
    assert offer.snoozed_until is None


def test_who_snoozes_it_once_more_moves_what_is_shown_as_due(session: Session, team: Team, offer: Handoff) -> None:
    put_aside(session, team, offer, NOON + 10 * HOUR)
    put_aside(session, team, offer, NOON + 20 * HOUR)
    clock = contact_clock(session, offer)
    assert (clock.due_at, clock.next_at, clock.spent_seconds) == (NOON + 23 * HOUR, None, HOUR.total_seconds())
