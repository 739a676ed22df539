"""A lead or an activity arrives: one person is one lead, and one delivery acts once."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain.rules.facts import Attribute
from domain.rules.lifecycle import Stage
from domain.rules.refusals import AlreadyThere, DeliveryConflict
from domain.rules.validation import BadLead
from domain.tables import Arrival, ArrivalState, Company, Happened, Lead, ProfileRow, TouchRow
from domain.verbs import capturing
from domain.verbs.capturing import Delivery
from domain.verbs.enriching import Said
from tests.conftest import NOON
from tests.domain.making import events, learn, make_arrival, make_source, take


def count(session: Session, table: type[Lead | Arrival | TouchRow | Company | ProfileRow]) -> int:
    return session.scalar(select(func.count()).select_from(table)) or 0


def test_a_first_delivery_makes_a_lead_with_a_touch_and_an_event(session: Session) -> None:
    lead = take(
        session, "Kim.Buyer@Example.com", kind="demo_request", person={"first_name": "Kim", "company": "Buyer Ltd"}
    )
    assert (lead.email, lead.stage, lead.source) == ("kim.buyer@example.com", Stage.CAPTURED, "website")
    assert (lead.first_name, lead.company_name, lead.captured_at) == ("Kim", "Buyer Ltd", NOON)
    assert session.scalars(select(TouchRow.kind)).all() == ["demo_request"]
    assert events(session, lead) == [Happened.LEAD_CAPTURED]


@pytest.mark.parametrize("again", ["kim@example.com", "KIM@EXAMPLE.COM", "  Kim@Example.Com "])
def test_one_person_is_one_lead_however_the_address_is_written(session: Session, again: str) -> None:
    first, second = take(session, "kim@example.com"), take(session, again)
    assert first.id == second.id
    assert count(session, Lead) == 1
    assert count(session, TouchRow) == 2
    assert events(session, first) == [Happened.LEAD_CAPTURED, Happened.TOUCH_RECORDED]


def test_a_second_delivery_of_the_same_thing_changes_nothing(session: Session) -> None:
    source = make_source(session)
    first, new = capturing.keep(session, source.id, "key-1", b"{}", NOON)
    second, again = capturing.keep(session, source.id, "key-1", b"{}", NOON + timedelta(hours=1))
    assert (first.id, new) == (second.id, True)
    assert not again
    assert count(session, Arrival) == 1


def test_the_same_key_with_another_body_is_a_conflict(session: Session) -> None:
    source = make_source(session)
    capturing.keep(session, source.id, "key-1", b'{"a": 1}', NOON)
    with pytest.raises(DeliveryConflict) as conflict:
        capturing.keep(session, source.id, "key-1", b'{"a": 2}', NOON)
    assert conflict.value.status == 409


def test_two_sources_may_use_the_same_key(session: Session) -> None:
    keys = [capturing.keep(session, make_source(session, name).id, "1", b"{}", NOON)[1] for name in ("web", "events")]
    assert keys == [True, True]


def test_a_source_has_one_name(session: Session) -> None:
    make_source(session, "website")
    with pytest.raises(AlreadyThere):
        capturing.add_source(session, "website", None)


def test_what_is_said_later_fills_the_gaps_and_the_newer_word_of_the_person_counts(session: Session) -> None:
    take(session, "kim@example.com", person={"first_name": "Kim", "title": "Sales Manager"})
    later = NOON + timedelta(days=1)
    lead = take(session, "kim@example.com", person={"title": "VP Sales", "phone": "+4930123456"}, now=later)
    assert (lead.first_name, lead.title) == ("Kim", "VP Sales")
    assert lead.fields["phone"] == {"value": "+4930123456", "source": "form", "at": later.isoformat()}
    assert lead.attributes["seniority"] == "vp"


def test_an_older_activity_that_arrives_late_does_not_overwrite_a_newer_one(session: Session) -> None:
    take(session, "kim@example.com", person={"title": "VP Sales"})
    lead = take(session, "kim@example.com", person={"title": "Trainee"}, at=NOON - timedelta(days=30))
    assert lead.title == "VP Sales"


def test_a_name_in_one_field_is_taken_apart(session: Session) -> None:
    lead = take(session, person={"name": "Kim van der Sample"})
    assert (lead.first_name, lead.last_name) == ("Kim", "van der Sample")


def test_people_of_one_company_share_it_and_users_of_free_mail_do_not(session: Session) -> None:
    kim = take(session, "kim@buyer-company.com", person={"company": "Buyer Ltd"})
    lee = take(session, "lee@mail.buyer-company.com", person={})
    free = take(session, "someone@gmail.com", person={})
    assert kim.company_id == lee.company_id is not None
    assert free.company_id is None
    assert count(session, Company) == 1


def test_a_touch_keeps_what_it_was_about_in_one_short_line(session: Session) -> None:
    delivery = Delivery({"email": "kim@example.com"}, "content_download", NOON, content="White\npaper " + "x" * 400)
    capturing.receive(session, make_arrival(session), "website", delivery, NOON)
    content = session.scalars(select(TouchRow.content)).one()
    assert content is not None
    assert content.startswith("White paper xxx")
    assert len(content) == capturing.TOUCH_TEXT


def test_attributes_are_kept_for_the_model_without_what_postgres_cannot_hold(session: Session) -> None:
    attributes: dict[str, object] = {"plan": "team\x00 plan\ud800", "seats": 12, "tools": ["a\x00b"]}
    delivery = Delivery({"email": "kim@example.com"}, "form_submission", NOON, attributes=attributes)
    lead = capturing.receive(session, make_arrival(session), "website", delivery, NOON)
    session.flush()
    session.refresh(lead)
    assert {name: lead.attributes[name] for name in attributes} == {"plan": "team plan", "seats": 12, "tools": ["ab"]}


def test_what_we_found_out_cannot_be_overwritten_by_an_attribute(session: Session) -> None:
    delivery = Delivery(
        {"email": "kim@gmail.com"},
        "form_submission",
        NOON,
        attributes={"free_mail": False, "persona": "decision_maker"},
    )
    lead = capturing.receive(session, make_arrival(session), "website", delivery, NOON)
    assert lead.attributes["free_mail"] is True
    assert lead.attributes["persona"] != "decision_maker"


def test_who_unsubscribes_is_known_as_unsubscribed_ever_after(session: Session) -> None:
    take(session, kind="unsubscribe")
    lead = take(session, kind="page_view")
    assert lead.attributes["unsubscribed"] is True


def test_a_delivery_without_a_usable_address_is_refused_and_makes_nothing(session: Session) -> None:
    arrival = make_arrival(session)
    with pytest.raises(BadLead):
        capturing.receive(session, arrival, "website", Delivery({"email": "nobody"}, "form_submission", NOON), NOON)
    capturing.refuse(arrival, "This is not a usable e-mail address.")
    session.flush()
    assert arrival.state is ArrivalState.REFUSED
    assert count(session, Lead) == 0


def test_a_refused_arrival_that_is_taken_after_all_says_so(session: Session) -> None:
    arrival = make_arrival(session)
    capturing.refuse(arrival, "No.")
    lead = capturing.receive(session, arrival, "website", Delivery({"email": "kim@example.com"}, "call", NOON), NOON)
    assert (arrival.state, arrival.refusal, arrival.lead_id) == (ArrivalState.TAKEN, None, lead.id)


def test_a_lead_of_an_import_is_no_bulk_any_more_once_it_comes_by_itself(session: Session) -> None:
    def deliver(*, bulk: bool) -> Lead:
        delivery = Delivery({"email": "kim@example.com"}, "form_submission", NOON)
        return capturing.receive(session, make_arrival(session), "import", delivery, NOON, bulk=bulk)

    assert [deliver(bulk=bulk).bulk for bulk in (True, True, False, True)] == [True, True, False, False]


def test_a_provider_fills_in_what_the_person_did_not_say(session: Session) -> None:
    lead = take(session, person={"title": "VP Sales"})
    said = Said("zoominfo", "matched", {"title": "Janitor", "industry": "Software", "employees": 300}, 12)
    learn(session, lead.id, said, NOON + timedelta(seconds=5), ["zoominfo"])
    assert (lead.stage, lead.title) == (Stage.ENRICHED, "VP Sales")
    assert (lead.attributes["industry"], lead.attributes["company_size"]) == ("software", "201-1000")
    assert lead.fields["industry"]["source"] == "zoominfo"
    assert events(session, lead) == [Happened.LEAD_CAPTURED, Happened.LEAD_ENRICHED]


def test_a_provider_that_answers_twice_is_kept_once_with_its_last_word(session: Session) -> None:
    lead = take(session, person={})
    for employees in (100, 300):
        said = Said("zoominfo", "matched", {"employees": employees}, 12)
        learn(session, lead.id, said, NOON + timedelta(seconds=employees))
    profile = session.scalars(select(ProfileRow)).one()
    assert (profile.fields, profile.cost_cents) == ({"employees": 300}, 12)
    assert lead.attributes["employees"] == 300


def test_with_no_provider_the_lead_is_as_enriched_as_it_gets(session: Session) -> None:
    lead = learn(session, take(session).id, None, NOON)
    assert (lead.stage, lead.enriched_at) == (Stage.ENRICHED, NOON)
    assert count(session, ProfileRow) == 0


@pytest.mark.parametrize("stage", [Stage.NURTURING, Stage.IN_HANDOFF, Stage.WON, Stage.DISQUALIFIED])
def test_an_answer_that_comes_late_does_not_move_the_lead(session: Session, stage: Stage) -> None:
    lead = take(session)
    lead.stage = stage
    session.flush()
    assert learn(session, lead.id, Said("zoominfo", "no_match", {}, 0), NOON).stage is stage


def test_nothing_is_learnt_of_an_erased_lead(session: Session) -> None:
    lead = take(session)
    lead.stage = Stage.ERASED
    session.flush()
    learn(session, lead.id, Said("zoominfo", "matched", {"title": "VP"}, 12), NOON)
    assert count(session, ProfileRow) == 0
    assert events(session, lead) == [Happened.LEAD_CAPTURED]


def test_a_forms_hidden_fields_say_nothing_of_what_we_work_out_ourselves(session: Session) -> None:
    source = capturing.add_source(session, "a-form", None)
    arrival, _ = capturing.keep(session, source.id, "hidden", b"{}", NOON)
    person = {"email": "eve@alder.example.com", "unsubscribed": False, "persona": "decision_maker", "budget": 7}
    lead = capturing.receive(session, arrival, "a-form", Delivery(person, "webinar", NOON), NOON)
    assert "unsubscribed" not in lead.attributes
    assert (lead.attributes["persona"], lead.attributes["budget"]) == ("other", 7)


def test_a_form_that_sends_new_names_with_every_post_does_not_fill_the_record(session: Session) -> None:
    for post in range(8):
        lead = take(session, person={f"session {post}-{n}": n for n in range(49)} | {"budget": post})
    assert len(lead.attributes) <= capturing.MOST_ATTRIBUTES + len(Attribute)
    assert lead.attributes["budget"] == 7
    assert "session 7-48" not in lead.attributes
    assert take(session, kind="unsubscribe", person={}).attributes["unsubscribed"] is True
