"""Notes and grade speak of the merged record: what was wrong is mended by a later, better word, whoever says it."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from domain.rules.notes import HONEYPOT_FIELD, Note
from domain.rules.quality import NOTED
from domain.tables import Lead
from domain.verbs.enriching import Said
from domain.verbs.scoring import score_lead
from tests.conftest import NOON
from tests.domain.making import DIRECTOR, learn, take

BAD = {"first_name": "n/a", "phone": "call me", "country": "Utopia", "company": "asdf", "title": "CFO"}
LATER = NOON + timedelta(days=1)


def notes(lead: Lead) -> set[str]:
    return {code for code, *_ in lead.notes}


def test_a_later_good_form_mends_notes_and_grade(session: Session) -> None:
    lead = take(session, person=BAD)
    assert notes(lead) == {"placeholder", "phone_unreadable", "country_unknown", "looks_like_a_test"}
    assert (lead.grade, lead.attributes["data_quality"]) == ("D", "D")
    good = {"name": "Kim Buyer", "phone": "+4930901820", "country": "DE", "company": "Buyer Ltd"}
    lead = take(session, person=good, at=LATER)
    assert (notes(lead), lead.grade) == (set(), "A")
    assert lead.attributes["quality_notes"] == []


def test_a_later_page_view_mends_nothing(session: Session) -> None:
    before = notes(take(session, person=BAD))
    assert notes(take(session, person={}, kind="page_view", at=LATER)) == before


def test_a_bad_form_spoils_no_field_that_is_known_already(session: Session) -> None:
    take(session, person={**DIRECTOR, "phone": "+4930901820"})
    lead = take(session, person={"phone": "call me", "country": "Utopia", "company": "n/a"}, at=LATER)
    assert notes(lead) == set()
    assert (lead.company_name, lead.attributes["country"]) == ("Sample Software", "DE")


def test_a_provider_mends_what_it_knows(session: Session) -> None:
    lead = take(session, person=BAD)
    said = Said("zoominfo", "matched", {"phone": "+4930901820", "country": "AT"}, 0)
    lead = learn(session, lead.id, said, LATER)
    assert notes(lead) == {"placeholder", "looks_like_a_test"}
    assert (lead.attributes["region"], lead.attributes["sub_region"]) == ("emea", "dach")


def test_what_a_machine_sent_is_kept_and_scores_nothing_until_a_person_writes(session: Session) -> None:
    lead = take(session, kind="demo_request", person={**DIRECTOR, HONEYPOT_FIELD: "http://spam.example"})
    assert (lead.grade, notes(lead)) == ("D", {Note.HONEYPOT})
    assert score_lead(session, lead.id, NOON).score == 0
    lead = take(session, kind="form_submission", person=DIRECTOR, at=LATER)
    assert (lead.grade, notes(lead)) == ("A", set())
    scored = score_lead(session, lead.id, LATER).score
    assert scored is not None
    assert scored > 60


def test_a_machine_spoils_no_lead_that_is_known(session: Session) -> None:
    take(session, person=DIRECTOR)
    machine = {"title": "Winner", "phone": "call me", "casino": "yes", HONEYPOT_FIELD: "http://spam.example"}
    lead = take(session, person=machine, at=LATER)
    assert (notes(lead), lead.grade) == (set(), "A")
    assert lead.title == DIRECTOR["title"]
    assert "casino" not in lead.attributes


def test_a_machine_spoils_no_lead_of_whom_only_the_address_is_known(session: Session) -> None:
    take(session, "kim@buyer-company.com", person={})
    lead = take(session, "kim@buyer-company.com", person={HONEYPOT_FIELD: "x"}, at=LATER)
    assert Note.HONEYPOT not in notes(lead)


def test_who_unsubscribes_has_even_if_their_browser_filled_the_hidden_field(session: Session) -> None:
    take(session, person=DIRECTOR)
    lead = take(session, kind="unsubscribe", person={HONEYPOT_FIELD: "x"}, at=LATER)
    assert lead.attributes["unsubscribed"] is True


def test_a_domain_that_takes_no_mail_is_read_by_rules_and_grade(session: Session) -> None:
    lead = take(session, person=DIRECTOR)
    lead = learn(session, lead.id, Said("dns", "matched", {"mail_domain": "gone"}, 0), LATER)
    assert (lead.attributes["mail_domain"], lead.grade) == ("gone", "D")
    ledger = score_lead(session, lead.id, LATER)
    assert ledger.negative is not None
    assert ledger.negative <= -40


@pytest.mark.parametrize(("person", "grade"), [(DIRECTOR, "A"), ({}, "B"), ({"company": "none"}, "C")])
def test_every_lead_has_a_grade(session: Session, person: dict[str, object], grade: str) -> None:
    assert take(session, person=person).grade == grade


def test_the_page_on_data_quality_names_every_note_with_its_cost() -> None:
    page = (Path(__file__).parents[2] / "docs" / "data-quality.md").read_text("utf-8")
    assert {*NOTED} == {*Note}
    assert [code for code, reason in NOTED.items() if f"| `{code}` | {reason.points} |" not in page] == []
