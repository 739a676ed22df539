"""Which company a lead is of: by domain, then by name within a country; and what is written down of why."""

import itertools
from collections.abc import Mapping

import pytest
from sqlalchemy import Connection, event, func, select
from sqlalchemy.orm import Session

from domain.rules.refusals import CompanyUnclear
from domain.rules.validation import check
from domain.tables import Company, Happened, Lead
from domain.verbs.capturing import Delivery, Kept, keep_all, receive_all
from domain.verbs.companies import set_company
from tests.conftest import NOON
from tests.domain.making import events, make_source, take

_numbers = itertools.count(1)


def free(session: Session, company: str, country: str | None = "DE") -> Lead:
    """Somebody who writes from free mail."""
    person = {"company": company} | ({"country": country} if country else {})
    return take(session, f"sample{next(_numbers)}@gmail.com", person=person)


def owned(session: Session, domain: str, company: str = "", country: str = "DE") -> Lead:
    return take(session, f"sample{next(_numbers)}@{domain}", person={"company": company, "country": country})


def match(lead: Lead) -> Mapping[str, object]:
    assert lead.company_match is not None
    return lead.company_match


def companies(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(Company)) or 0


def test_the_domain_decides_before_any_name(session: Session) -> None:
    acme = owned(session, "acme-sample.com", "Acme GmbH")
    other = owned(session, "other-sample.com", "Acme GmbH")
    mine = owned(session, "mail.acme-sample.com", "Quite Another Ltd")
    assert mine.company_id == acme.company_id != other.company_id
    assert match(mine) == {"by": "domain", "likeness": None, "runner_up": None, "tiebreak": None}


def test_the_same_name_in_the_same_country_is_the_company(session: Session) -> None:
    acme = owned(session, "acme-sample.com", "Acme Robotics GmbH")
    lead = free(session, "ACME Robotics")
    assert lead.company_id == acme.company_id
    assert (match(lead)["by"], match(lead)["likeness"]) == ("name", 100)


def test_a_name_much_like_it_in_the_same_country_is_the_company_and_says_how_much(session: Session) -> None:
    acme = owned(session, "acme-sample.com", "Accenture GmbH")
    lead = free(session, "Acenture")
    assert lead.company_id == acme.company_id
    assert (match(lead)["by"], match(lead)["likeness"]) == ("likeness", 94.1)


@pytest.mark.parametrize("country", ["AT", None])
def test_another_country_or_an_unknown_one_is_no_match(session: Session, country: str | None) -> None:
    acme = owned(session, "acme-sample.com", "Acme Robotics GmbH")
    assert free(session, "Acme Robotics", country).company_id != acme.company_id


def test_people_with_free_mail_and_one_company_share_it_and_have_no_domain(session: Session) -> None:
    one, two, abroad = (free(session, "Acme Robotics", country) for country in ("DE", "DE", "FR"))
    assert one.company_id == two.company_id != abroad.company_id
    assert (match(one)["by"], match(two)["by"]) == ("new", "name")
    assert session.get_one(Company, one.company_id).domain is None


def test_what_names_nobody_makes_no_company(session: Session) -> None:
    assert [free(session, name).company_id for name in ("n/a", "Freelancer", "-")] == [None] * 3
    assert companies(session) == 0


def test_a_company_that_was_known_by_name_gets_its_domain_later(session: Session) -> None:
    before = free(session, "Acme Robotics")
    later = owned(session, "acme-sample.com", "Acme Robotics GmbH")
    assert before.company_id == later.company_id
    assert session.get_one(Company, before.company_id).domain == "acme-sample.com"
    assert owned(session, "acme-other.com", "Acme Robotics GmbH").company_id != before.company_id


def test_a_company_without_a_name_learns_it_from_the_next_of_its_people(session: Session) -> None:
    owned(session, "acme-sample.com")
    owned(session, "acme-sample.com", "Acme Robotics GmbH")
    assert free(session, "Acme Robotics").company_id == session.scalars(select(Company.id)).one()


def test_of_two_of_one_name_the_tiebreak_is_written_down(session: Session) -> None:
    small, big = owned(session, "first-sample.com", "Acme AG"), owned(session, "second-sample.com", "Acme AG")
    owned(session, "second-sample.com", "Acme AG")
    lead = free(session, "Acme")
    assert lead.company_id == big.company_id
    assert match(lead)["tiebreak"] == "people"
    assert match(lead)["runner_up"] == {"company": small.company_id, "likeness": 100}


def test_a_tie_that_nothing_breaks_is_no_match_and_is_looked_at_again(session: Session) -> None:
    owned(session, "first-sample.com", "Acme AG")
    second = owned(session, "second-sample.com", "Acme AG")
    lead = free(session, "Acme")
    assert (lead.company_id, match(lead)["by"]) == (None, "tie")
    owned(session, "second-sample.com", "Acme AG")
    assert take(session, lead.email, person={}).company_id == second.company_id


def test_who_changes_the_company_is_of_the_new_one(session: Session) -> None:
    lead = free(session, "Acme Robotics")
    before = lead.company_id
    take(session, lead.email, person={"company": "Quite Another Ltd", "country": "DE"})
    assert lead.company_id not in {before, None}


def test_what_a_person_said_of_the_company_stands(session: Session) -> None:
    lead = owned(session, "acme-sample.com", "Acme AG")
    assert set_company(session, lead.id, None, by=None, now=NOON) is None
    take(session, lead.email)
    assert (lead.company_id, match(lead)["by"]) == (None, "person")
    meant = set_company(session, lead.id, "ACME ag", by=None, now=NOON)
    assert meant is not None
    assert meant.domain == "acme-sample.com"
    assert events(session, lead).count(Happened.LEAD_COMPANY_SET) == 2


def test_a_name_that_several_have_is_not_enough_to_put_it_right(session: Session) -> None:
    lead = free(session, "Other Sample Ltd")
    for domain in ("first-sample.com", "second-sample.com"):
        owned(session, domain, "Acme AG")
    with pytest.raises(CompanyUnclear):
        set_company(session, lead.id, "Acme", by=None, now=NOON)
    meant = set_company(session, lead.id, "second-sample.com", by=None, now=NOON)
    assert meant is not None
    assert meant.domain == "second-sample.com"


def statements(session: Session, count: int) -> int:
    """How many statements it takes to receive `count` people of as many companies."""
    seen: list[str] = []

    def note(_connection: Connection, _cursor: object, statement: str, *_: object) -> None:
        if "companies" in statement:
            seen.append(statement)

    connection = session.connection()
    source = make_source(session)
    names = [f"{letter}{letter.upper()}corp {word}" for letter, word in itertools.product("abcdefghij", WORDS)][:count]
    bodies = {f"batch-{count}-{n}": b"{}" for n in range(count)}
    arrivals = keep_all(session, source.id, bodies, NOON)
    kept = []
    for n, (name, key) in enumerate(zip(names, bodies, strict=True)):
        person = {"email": f"batch{count}x{n}@gmail.com", "company": name, "country": "DE"}
        kept.append(Kept(arrivals[key][0], Delivery(person, "webinar", NOON), check(person)))
    event.listen(connection, "before_cursor_execute", note)
    receive_all(session, "website", kept, NOON, bulk=True)
    session.flush()
    event.remove(connection, "before_cursor_execute", note)
    return len(seen)


WORDS = ("tools", "foods", "metal", "paper", "glass", "stone", "cloud", "trade", "water", "light")


def test_a_batch_takes_no_more_queries_for_its_companies_than_a_few(session: Session) -> None:
    assert statements(session, 10) == statements(session, 100) <= 4


def test_spellings_of_one_new_name_that_come_together_are_one_company(session: Session) -> None:
    source = make_source(session)
    arrivals = keep_all(session, source.id, {"a": b"{}", "b": b"{}"}, NOON)
    people = [
        {"email": f"{name.lower()}@gmail.com", "company": name, "country": "DE"}
        for name in ("Rheinmetall", "Rheinmetal")
    ]
    kept = [
        Kept(arrivals[key][0], Delivery(person, "webinar", NOON), check(person))
        for key, person in zip("ab", people, strict=True)
    ]
    (one, _), (two, _) = receive_all(session, "website", kept, NOON)
    assert one.company_id == two.company_id is not None
    assert (match(one)["by"], match(two)["by"]) == ("new", "likeness")
