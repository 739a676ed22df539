"""One person, one lead: also for the leads that were there before we looked at mailboxes."""

import importlib

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from domain import duplicates, finding
from domain.rules.mailboxes import read_mailbox
from domain.tables import Lead, TouchRow
from domain.verbs.merging import merge_leads
from tests.conftest import NOON
from tests.domain.making import take

ADDRESSES = (
    "kim@example.com",
    "kim+news@example.com",
    "kim+a+b@example.com",
    "+kim@example.com",
    "+k.im@gmail.com",
    "k.i.m+x@gmail.com",
    "k.i.m@googlemail.com",
    "kim@xn--bcher-kva.example.com",
    "k.im@mail.gmail.com.example.com",
)


@pytest.mark.parametrize("again", ["kim+news@example.com", "KIM+a+b@Example.com", "kim+@example.com"])
def test_a_note_behind_the_plus_makes_nobody_new_and_mail_goes_where_it_was_written_first(
    session: Session, again: str
) -> None:
    first = take(session, "kim+first@example.com")
    assert take(session, again).id == first.id
    assert (first.email, first.identity) == ("kim+first@example.com", "kim@example.com")
    assert session.scalar(select(func.count()).select_from(TouchRow)) == 2


def test_the_migration_reads_the_mailbox_as_the_rule_does(session: Session) -> None:
    migration = importlib.import_module("migrations.versions.0002_the_score_explained")
    rows = session.execute(
        text(f"select email, {migration.IDENTITY} from unnest(cast(:emails as text[])) email"),  # noqa: S608  (our own)
        {"emails": list(ADDRESSES)},
    )
    assert {row.email: row[1] for row in rows} == {email: read_mailbox(email).identity for email in ADDRESSES}


def known_before(session: Session, *emails: str) -> None:
    """Leads of the time before mailboxes, and what the migration makes of them."""
    migration = importlib.import_module("migrations.versions.0002_the_score_explained")
    for email in emails:
        lead = take(session, f"before{email}")
        lead.email = lead.identity = email
        session.flush()
    session.execute(text(migration._IDENTITIES))
    session.expire_all()


def test_of_leads_that_share_a_mailbox_already_one_has_its_name_and_gets_what_arrives(session: Session) -> None:
    known_before(session, "kim+a@example.com", "kim@example.com", "kim+b@example.com")
    found = {lead.email: lead.identity for lead in session.scalars(select(Lead))}
    assert found == {email: email for email in found}
    assert take(session, "kim+b@example.com").email == "kim@example.com"


def test_leads_that_share_a_mailbox_already_are_listed_found_each_by_its_address_and_merged(session: Session) -> None:
    known_before(session, "k.im@gmail.com", "kim@gmail.com", "lee+x@example.com", "lee.demo@example.com")
    pairs = duplicates.likely(session, 10)
    assert [(pair.one, pair.other, pair.why) for pair in pairs][:1] == [
        ("k.im@gmail.com", "kim@gmail.com", "one mailbox")
    ]
    assert "one mailbox" not in {pair.why for pair in pairs[1:]}
    kept, other = (finding.lead_by_email(session, email) for email in ("kim@gmail.com", "k.im@gmail.com"))
    merge_leads(session, kept.id, other.id, by=None, now=NOON)
    assert finding.lead_by_email(session, "k.im@gmail.com").id == kept.id


def test_no_form_says_whose_the_address_of_a_merged_lead_is(session: Session) -> None:
    kept, other = take(session, "kim@buyer-company.com"), take(session, "kim@second-company.com")
    merge_leads(session, kept.id, other.id, by=None, now=NOON)
    company_id = kept.company_id
    take(session, "kim@second-company.com", person={"company_domain": "rival-company.com"})
    assert (kept.attributes["company_domain"], kept.company_id) == ("buyer-company.com", company_id)
