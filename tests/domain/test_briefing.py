"""What the brief beside a card reads of a lead: what it did, grouped; its company; its past with us."""

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from domain.briefing import READ_TOUCHES, brief_view, standing_brief
from domain.rules.lifecycle import HandoffStatus
from domain.rules.scoring_model import Group
from domain.tables import AttemptOutcome, CardPlace, Content, Handoff, LeadEvent, TouchRow
from domain.verbs import placing
from domain.verbs.deciding import accept, log_attempt, reject
from domain.verbs.offering import hand_over
from domain.verbs.snoozing import snooze
from domain.views import Step
from tests.conftest import NOON
from tests.domain.making import HQL, Team, make_offer, take

LATER = NOON + timedelta(hours=1)


@pytest.fixture
def offer(session: Session, team: Team) -> Handoff:
    """An MQL that is offered to Sam."""
    return make_offer(session)


def did(session: Session, offer: Handoff, kind: str, days: int = 0, content: str | None = None, **more: str) -> None:
    at = NOON - timedelta(days=days)
    session.add(TouchRow(lead_id=offer.lead_id, kind=kind, occurred_at=at, content=content, **more))
    session.flush()


def test_what_was_done_again_and_again_is_one_line_the_newest_first(session: Session, offer: Handoff) -> None:
    for days in (3, 2, 9):
        did(session, offer, "page_view", days, page="/pricing")
    did(session, offer, "webinar", 1, campaign="spring")
    shown = brief_view(session, offer.id, NOON).activities
    assert [(one.kind, one.what, one.times) for one in shown] == [
        ("demo_request", None, 1),
        ("webinar", None, 1),
        ("page_view", "/pricing", 3),
    ]
    assert shown[-1].newest == NOON - timedelta(days=2)


def test_a_content_is_called_what_the_catalogue_calls_it(session: Session, offer: Handoff) -> None:
    session.add(Content(key="sla-guide", title="The guide to SLAs", url=None, position=1))
    did(session, offer, "content_download", content="sla-guide", campaign="spring")
    did(session, offer, "content_download", 2, content="not-in-the-catalogue", campaign="spring")
    view = brief_view(session, offer.id, NOON)
    assert {"The guide to SLAs", "not-in-the-catalogue"} < {one.what for one in view.activities}
    assert view.campaigns == ["spring"]


def test_the_brief_names_what_the_lead_asked_for_to_begin_with(session: Session, offer: Handoff) -> None:
    assert brief_view(session, offer.id, NOON).opener == (
        "You just asked us for a demo. What would it have to do for you to call it worth the money?"
    )


def test_the_score_in_the_brief_is_explained_by_its_ledger(session: Session, offer: Handoff) -> None:
    view = brief_view(session, offer.id, NOON)
    assert (view.score, view.fit, view.intent, view.negative) == (77, 45, 32, 0)
    assert sum(row.points for row in view.ledger) == view.score
    assert {row.group for row in view.ledger} == {Group.FIT, Group.INTENT}


def test_the_company_and_who_talks_to_it_stand_in_the_brief(session: Session, team: Team) -> None:
    make_offer(session, HQL, "ann@sample-buyer.com")
    kim = make_offer(session, email="kim@sample-buyer.com")
    for n in range(6):
        take(session, f"colleague{n}@sample-buyer.com")
    view = brief_view(session, kim.id, NOON)
    facts = dict(view.company)
    assert (facts["Domain"], facts["Industry"], facts["Country"]) == ("sample-buyer.com", "software", "DE")
    assert view.colleagues[0].rep in {team.ada.name, team.alex.name}
    assert (len(view.colleagues), view.more_colleagues) == (5, 2)


def test_what_was_done_in_this_attempt_is_told_the_newest_first(session: Session, team: Team, offer: Handoff) -> None:
    until = NOON + timedelta(days=2)
    snooze(session, offer.id, version=2, by=team.sam, until=until, now=NOON)
    accept(session, offer.id, version=offer.version, by=team.sam, now=LATER)
    log_attempt(session, offer.id, by=team.sam, outcome=AttemptOutcome.VOICEMAIL, note="Call before ten", now=LATER)
    session.flush()
    steps = brief_view(session, offer.id, LATER).steps
    assert [(one.step, one.by, one.words, one.note) for one in steps] == [
        (Step.TRIED, "Sam Sample", "Left a voicemail", "Call before ten"),
        (Step.SNOOZED, "Sam Sample", "", None),
    ]


def test_an_earlier_attempt_says_how_it_ended_and_where_its_card_is(
    session: Session, team: Team, offer: Handoff
) -> None:
    placing.claim(session, offer.id, "C0SDREMEA01", NOON)
    placing.note_drawn(session, offer.id, "1.2", "x", NOON)
    accept(session, offer.id, version=2, by=team.sam, now=NOON)
    log_attempt(session, offer.id, by=team.sam, outcome=AttemptOutcome.NO_ANSWER, note=None, now=NOON)
    reject(session, offer.id, version=offer.version, by=team.sam, reason="no_capacity", note=None, now=LATER)
    after = hand_over(session, offer.lead_id, LATER)
    assert after is not None
    (earlier,) = brief_view(session, after.id, LATER).earlier
    assert (earlier.status, earlier.reason, earlier.rep) == (HandoffStatus.REJECTED, "no_capacity", "Sam Sample")
    assert (earlier.attempts, earlier.card, earlier.at) == (1, ("C0SDREMEA01", "1.2"), LATER)
    assert brief_view(session, offer.id, LATER).earlier == []


def test_only_a_live_handoff_has_a_brief_that_is_redrawn(session: Session, team: Team, offer: Handoff) -> None:
    assert standing_brief(session, offer.lead_id) is None
    placing.claim(session, offer.id, "C0SDREMEA01", NOON)
    placing.note_drawn(session, offer.id, "1.2", "x", NOON)
    assert standing_brief(session, offer.lead_id) is None
    placing.note_brief(session, offer.id, "1.2", "1.3", "y")
    assert standing_brief(session, offer.lead_id) == (offer.id, offer.place)
    reject(session, offer.id, version=2, by=team.sam, reason="competitor", note=None, now=NOON)
    session.flush()
    assert standing_brief(session, offer.lead_id) is None


def test_the_brief_beside_a_card_that_was_deleted_is_gone_with_it(session: Session, offer: Handoff) -> None:
    placing.claim(session, offer.id, "C0SDREMEA01", NOON)
    placing.note_drawn(session, offer.id, "1.2", "x", NOON)
    first = placing.claim_brief(session, offer.id, NOON)
    assert placing.claim_brief(session, offer.id, LATER) == first == NOON
    placing.note_brief(session, offer.id, "1.2", "1.3", "y")
    placing.note_drawn(session, offer.id, "2.1", "x", LATER)
    placing.note_brief(session, offer.id, "1.2", "1.3", "y")
    place = session.get_one(CardPlace, offer.id, populate_existing=True)
    assert (place.ts, place.brief_ts, place.brief_claimed_at) == ("2.1", None, None)


def test_a_long_history_is_read_in_part(session: Session, offer: Handoff) -> None:
    for minute in range(READ_TOUCHES + 20):
        at = NOON + timedelta(minutes=minute)
        session.add(TouchRow(lead_id=offer.lead_id, kind="page_view", occurred_at=at, page=f"/{minute}"))
    session.add(LeadEvent(kind="lead.rescored", at=NOON, lead_id=offer.lead_id, handoff_id=offer.id, data={}))
    session.flush()
    assert sum(one.times for one in brief_view(session, offer.id, NOON).activities) == READ_TOUCHES
