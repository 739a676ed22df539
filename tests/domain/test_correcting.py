"""A colleague's correction is believed before all others, is seen as theirs, and can be taken back."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.datasheet import datasheet
from domain.rules.corrections import NotReadable
from domain.rules.facts import Attribute
from domain.rules.merging import FORM, REP
from domain.rules.notes import Note
from domain.rules.refusals import NoLongerOffered, NotFound, NotYours
from domain.tables import AttributesRow, Handoff, Happened, Lead, LeadEvent, Rep, Role, SystemLink
from domain.verbs import deciding
from domain.verbs.correcting import correct, may_correct
from domain.verbs.enriching import Said
from tests.conftest import NOON
from tests.domain.making import Team, events, learn, make_absence, make_offer, make_rep, take

SOON = NOON + timedelta(minutes=20)
KIM = "kim@buyer.example.com"


@pytest.fixture
def offer(session: Session, team: Team) -> Handoff:
    """An MQL that is offered to Sam: VP Sales of Sample Software in Germany, with 300 employees."""
    return make_offer(session)


def lead_of(session: Session, offer: Handoff) -> Lead:
    return session.get_one(Lead, offer.lead_id)


def told(session: Session, offer: Handoff) -> dict[str, int]:
    """How often each system was to be told of the lead."""
    links = select(SystemLink.system, SystemLink.dirty).where(SystemLink.lead_id == offer.lead_id)
    return dict(session.execute(links.execution_options(populate_existing=True)).all())


def put_right(
    session: Session, offer: Handoff, by: Rep, key: str | None = None, now: datetime = SOON, **said: str
) -> Lead:
    """What Slack sends: every field of the window, with these changed."""
    shown = datasheet(session, offer.id).shown
    return correct(session, offer.id, said={**shown, **said}, shown=shown, by=by, now=now, key=key)


def test_what_was_changed_is_written_and_nothing_else(session: Session, team: Team, offer: Handoff) -> None:
    lead = put_right(session, offer, team.sam, title="CFO", country="Austria", employees="51-200")
    assert (lead.title, lead.fields["country"]["value"], lead.fields["employees"]["value"]) == ("CFO", "AT", 200)
    assert {name for name, field in lead.fields.items() if field["source"] == REP} == {"title", "country", "employees"}
    assert lead.fields["company"]["source"] == FORM


def test_rules_read_the_corrected_record_at_once(session: Session, team: Team, offer: Handoff) -> None:
    lead = put_right(session, offer, team.sam, title="Head of IT", country="Brazil", employees="30", industry="retail")
    known = lead.attributes
    assert (known["seniority"], known["function"], known["company_size"]) == ("director", "it", "11-50")
    assert (known["country"], known["region"], known["sub_region"], known["industry"]) == (
        "BR",
        "americas",
        "latin_america",
        "retail",
    )
    rows = session.scalars(select(AttributesRow).where(AttributesRow.lead_id == lead.id).order_by(AttributesRow.id))
    assert [*rows][-1].attributes == known


def test_crm_and_marketing_are_told_and_the_event_names_fields_and_who_but_no_value(
    session: Session, team: Team, offer: Handoff
) -> None:
    before = told(session, offer)
    lead = put_right(session, offer, team.sam, company="Secret Ltd", phone="+4930901820")
    assert told(session, offer) == {"crm": before.get("crm", 0) + 1, "marketing": before.get("marketing", 0) + 1}
    assert events(session, lead)[-1] is Happened.LEAD_CORRECTED
    event = session.scalars(select(LeadEvent).order_by(LeadEvent.id.desc()).limit(1)).one()
    assert (event.handoff_id, event.rep_id, event.data["fields"]) == (offer.id, team.sam.id, ["company", "phone"])
    assert "Secret" not in str(event.data)


def test_a_correction_stands_against_what_others_say_later(session: Session, team: Team, offer: Handoff) -> None:
    put_right(session, offer, team.sam, title="CFO", employees="30")
    take(session, KIM, person={"title": "CEO"}, at=SOON + timedelta(days=1))
    lead = learn(
        session,
        offer.lead_id,
        Said("zoominfo", "matched", {"employees": 900, "title": "Boss"}, 0),
        SOON + timedelta(days=2),
    )
    assert (lead.title, lead.attributes["employees"]) == ("CFO", 30)


def test_who_clears_a_corrected_field_gets_what_would_be_believed_without_the_correction(
    session: Session, team: Team, offer: Handoff
) -> None:
    put_right(session, offer, team.sam, title="CFO")
    take(session, KIM, person={"title": "CEO"}, at=SOON + timedelta(days=1))
    lead = put_right(session, offer, team.morgan, title="")
    assert (lead.title, lead.fields["title"]["source"]) == ("CEO", FORM)
    assert "below" not in lead.fields["title"]


def test_who_clears_what_nobody_corrected_takes_it_away_with_what_followed_from_it(
    session: Session, team: Team, offer: Handoff
) -> None:
    lead = put_right(session, offer, team.sam, country="")
    assert "country" not in lead.fields
    assert {Attribute.COUNTRY, Attribute.REGION, Attribute.SUB_REGION}.isdisjoint(lead.attributes)


def test_who_clears_the_company_or_the_country_takes_the_match_by_name_away(session: Session, team: Team) -> None:
    handoffs = [make_offer(session, ("demo_request", "pricing_view"), f"kim{n}@gmail.com") for n in (1, 2)]
    assert lead_of(session, handoffs[0]).company_id is not None
    cleared = (
        put_right(session, handoffs[0], team.morgan, company=""),
        put_right(session, handoffs[1], team.morgan, country=""),
    )
    for lead in cleared:
        assert (lead.company_id, lead.company_match) == (None, None)


def test_the_same_window_sent_twice_is_one_correction(session: Session, team: Team, offer: Handoff) -> None:
    for _ in range(2):
        put_right(session, offer, team.sam, key="V1", title="CFO")
    shown = datasheet(session, offer.id).shown
    put_right(session, offer, team.morgan, key="V2", now=SOON + timedelta(minutes=1), title="CEO")
    correct(
        session,
        offer.id,
        said={**shown, "title": "CFO"},
        shown={},
        by=team.sam,
        now=SOON + timedelta(hours=1),
        key="V1",
    )
    assert lead_of(session, offer).title == "CEO"
    assert events(session, offer.lead_id).count(Happened.LEAD_CORRECTED) == 2


def test_a_window_in_which_nothing_was_changed_changes_nothing_however_old_it_is(
    session: Session, team: Team, offer: Handoff
) -> None:
    shown = datasheet(session, offer.id).shown
    take(session, KIM, person={"title": "CEO"}, at=SOON)
    lead = correct(session, offer.id, said=shown, shown=shown, by=team.sam, now=SOON)
    assert lead.title == "CEO"
    assert Happened.LEAD_CORRECTED not in events(session, lead)


def test_what_cannot_be_read_changes_nothing(session: Session, team: Team, offer: Handoff) -> None:
    with pytest.raises(NotReadable):
        put_right(session, offer, team.sam, title="CFO", phone="call me")
    assert lead_of(session, offer).title == "VP Sales"


def test_a_correction_ends_the_note_about_its_field_and_mends_the_grade(session: Session, team: Team) -> None:
    take(session, KIM, person={"phone": "call me", "country": "Utopia", "company": "n/a"})
    offer = make_offer(session)
    lead = lead_of(session, offer)
    assert lead.attributes["quality_notes"] == ["phone_unreadable"]
    assert lead.grade == "B"
    lead = put_right(session, offer, team.morgan, phone="+4930901820", first_name="Kim", last_name="Buyer")
    assert (lead.notes, lead.attributes["quality_notes"], lead.grade) == ([], [], "A")
    assert lead.attributes["data_quality"] == "A"


def test_what_looks_like_a_test_is_right_if_a_colleague_says_so(session: Session, team: Team, offer: Handoff) -> None:
    take(session, KIM, person={"company": "asdf"}, at=SOON)
    lead = lead_of(session, offer)
    assert lead.attributes["quality_notes"] == [Note.LOOKS_LIKE_A_TEST]
    put_right(session, offer, team.sam, company="ASDF Ltd")
    assert lead.attributes["quality_notes"] == []


def test_rep_manager_and_marketing_may_correct_and_others_are_told_why_not(
    session: Session, team: Team, offer: Handoff
) -> None:
    mika = make_rep(session, "Mika Marketing", Role.MARKETING)
    for by in (team.sam, team.morgan, mika):
        assert may_correct(session, offer.id, by, NOON) is offer
    for by in (team.dana, team.ada):
        with pytest.raises(NotYours):
            may_correct(session, offer.id, by, NOON)
        with pytest.raises(NotYours):
            put_right(session, offer, by, title="CFO")
    with pytest.raises(NotFound):
        may_correct(session, 4711, team.morgan, NOON)


def test_who_covers_a_colleague_may_correct_for_as_long(session: Session, team: Team, offer: Handoff) -> None:
    make_absence(session, team.sam, cover=team.dana, since=NOON, until=NOON + timedelta(days=1))
    assert may_correct(session, offer.id, team.dana, NOON) is offer
    with pytest.raises(NotYours):
        may_correct(session, offer.id, team.dana, NOON + timedelta(days=1))


def test_a_lead_that_was_given_back_is_not_corrected_any_more(session: Session, team: Team, offer: Handoff) -> None:
    deciding.reject(session, offer.id, version=2, by=team.sam, reason="no_budget", note=None, now=SOON)
    with pytest.raises(NoLongerOffered):
        put_right(session, offer, team.sam, title="CFO")


def test_the_sheet_says_who_says_so_and_what_is_wrong(session: Session, team: Team, offer: Handoff) -> None:
    take(session, KIM, person={"phone": "call me"}, at=SOON)
    learn(session, offer.lead_id, Said("zoominfo", "matched", {"industry": "Banking"}, 0), SOON)
    put_right(session, offer, team.sam, country="Austria")
    sheet = datasheet(session, offer.id)
    assert sheet.hints["title"] == "As they wrote it."
    assert sheet.hints["country"] == "Corrected by Sam Sample."
    assert sheet.hints["industry"] == "Zoominfo says so."
    assert sheet.hints["phone"] == "“call me” could not be read as a telephone number."
    assert (sheet.shown["country"], sheet.shown["phone"], sheet.shown["industry"]) == ("Austria", "", "finance")
