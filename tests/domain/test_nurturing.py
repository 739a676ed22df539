"""Leads below MQL are in the programme that fits them, and what marketing automation has is a state that catches up."""

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.rules.lifecycle import Stage
from domain.rules.programmes import NurtureProgramme
from domain.rules.tiers import Tier
from domain.tables import Happened, Lead, LeadEvent, SystemLink
from domain.verbs import deciding, enrolling, nurturing, telling
from domain.verbs.scoring import score_lead
from domain.verbs.telling import Told
from tests.conftest import NOON
from tests.domain.making import Team, events, make_lead, make_offer, take

GERMANY = NurtureProgramme("Germany", {"country": ["DE"]}, "201")
NEARLY = NurtureProgramme("Nearly", {"tier": ["mel"]}, "202")
LATER = NurtureProgramme("Later", {"rejection": ["bad_timing"]}, "203")
REST = NurtureProgramme("Everybody else", {}, "204")
COLD = {"country": "DE"}


def nurtured(session: Session, email: str = "kim@buyer.example.com", **person: object) -> Lead:
    lead = make_lead(session, ("page_view",), email, person=person or COLD)
    return nurturing.enrol(session, lead.id, NOON)


def known_there(session: Session, lead: Lead, contact_id: str = "101") -> None:
    """Marketing automation has the contact."""
    session.flush()
    link = session.get_one(SystemLink, (lead.id, telling.MARKETING))
    telling.note_told(session, telling.MARKETING, [Told(lead.id, link.dirty, "x", contact_id)], NOON)


def test_who_is_enrolled_is_in_the_first_programme_that_fits_since_then(session: Session) -> None:
    nurturing.set_programmes(session, [GERMANY, REST], NOON)
    lead = nurtured(session)
    assert (lead.programme, lead.programme_since) == ("Germany", NOON)
    (changed,) = session.scalars(select(LeadEvent).where(LeadEvent.kind == Happened.LEAD_PROGRAMME_CHANGED))
    assert changed.data == {"before": None, "programme": "Germany"}
    assert events(session, lead)[-1] is Happened.LEAD_NURTURED


def test_who_fits_no_programme_is_in_none_and_the_event_says_so(session: Session) -> None:
    nurturing.set_programmes(session, [NEARLY], NOON)
    lead = nurtured(session)
    assert lead.programme is None
    nurtured_event = session.scalars(select(LeadEvent).where(LeadEvent.kind == Happened.LEAD_NURTURED)).one()
    assert nurtured_event.data == {"tier": "cold", "programme": None}


def test_to_look_again_changes_nothing_if_nothing_changed(session: Session) -> None:
    nurturing.set_programmes(session, [GERMANY, REST], NOON)
    lead = nurtured(session)
    before = events(session, lead)
    nurturing.look_after(session, lead, NOON + timedelta(days=1))
    assert (events(session, lead), lead.programme_since) == (before, NOON)


def test_a_lead_whose_tier_changes_moves_on(session: Session) -> None:
    nurturing.set_programmes(session, [NEARLY, REST], NOON)
    lead = nurtured(session)
    assert lead.programme == "Everybody else"
    take(session, kind="page_view")  # this time they say who they are
    score_lead(session, lead.id, NOON + timedelta(hours=1))
    nurturing.look_after(session, lead, NOON + timedelta(hours=1))
    assert (lead.tier, lead.programme) == (Tier.MEL, "Nearly")


def test_a_lead_that_sales_gave_back_goes_where_its_reason_says(session: Session, team: Team) -> None:
    nurturing.set_programmes(session, [LATER, REST], NOON)
    handoff = make_offer(session)
    rejected = {"by": team.sam if handoff.rep_id == team.sam.id else team.dana, "note": None, "now": NOON}
    deciding.reject(session, handoff.id, version=handoff.version, reason="bad_timing", **rejected)  # type: ignore[arg-type]  # spelt once
    lead = nurturing.enrol(session, handoff.lead_id, NOON)
    assert (lead.stage, lead.programme) == (Stage.NURTURING, "Later")


def test_outside_nurture_a_lead_is_in_no_programme(session: Session, team: Team) -> None:
    nurturing.set_programmes(session, [REST], NOON)
    lead = nurtured(session)
    take(session, kind="demo_request")
    lead.stage = Stage.IN_HANDOFF
    nurturing.look_after(session, lead, NOON)
    assert (lead.programme, lead.programme_since) == (None, None)
    assert events(session, lead)[-1] is Happened.LEAD_PROGRAMME_CHANGED


def test_a_programme_that_is_dropped_or_renamed_outside_is_told_again(session: Session) -> None:
    nurturing.set_programmes(session, [GERMANY, REST], NOON)
    lead = nurtured(session)
    known_there(session, lead)
    (move,) = enrolling.moves(session, 10)
    assert (move.is_in, move.wanted, move.contact_id) == (None, "201", "101")
    enrolling.note(session, move, "201", None, NOON)
    assert enrolling.moves(session, 10) == []
    nurturing.set_programmes(session, [NurtureProgramme("Germany", GERMANY.when, "301"), REST], NOON)
    (move,) = enrolling.moves(session, 10)
    assert (move.is_in, move.wanted) == ("201", "301")
    nurturing.set_programmes(session, [REST], NOON)
    (move,) = enrolling.moves(session, 10)
    assert (move.is_in, move.wanted) == ("201", None)
    assert nurturing.choose_again(session, 0, 100, NOON) == (lead.id, 1)
    assert lead.programme == "Everybody else"
    assert nurturing.choose_again(session, lead.id, 100, NOON) == (None, 0)


def test_the_same_programmes_again_tell_nobody_but_those_who_were_refused(session: Session) -> None:
    nurturing.set_programmes(session, [GERMANY, REST], NOON)
    for number, email in enumerate(("kim@buyer.example.com", "lee@buyer.example.com")):
        known_there(session, nurtured(session, email), str(number))
    fine, refused = enrolling.moves(session, 10)
    enrolling.note(session, fine, "201", None, NOON)
    enrolling.note(session, refused, None, "HubSpot has no list 201", NOON)
    assert enrolling.moves(session, 10) == []
    nurturing.set_programmes(session, [GERMANY, REST], NOON)
    assert [move.lead_id for move in enrolling.moves(session, 10)] == [refused.lead_id]


def test_who_moved_on_while_the_outside_was_told_stays_to_be_told(session: Session) -> None:
    nurturing.set_programmes(session, [GERMANY, REST], NOON)
    lead = nurtured(session)
    known_there(session, lead)
    (move,) = enrolling.moves(session, 10)
    nurturing.leave_programme(session, lead, NOON)
    enrolling.note(session, move, "201", None, NOON)
    session.flush()
    (again,) = enrolling.moves(session, 10)
    assert (again.is_in, again.wanted) == ("201", None)


def test_who_is_no_contact_yet_waits(session: Session) -> None:
    nurturing.set_programmes(session, [REST], NOON)
    lead = nurtured(session)
    assert enrolling.moves(session, 10) == []
    known_there(session, lead)
    assert len(enrolling.moves(session, 10)) == 1
