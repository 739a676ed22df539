"""What holds for every marketing automation: how each question ends under every fault, and that what is said twice is so once."""

from collections.abc import Callable
from typing import Any

import pytest

from domain.rules.field_maps import FieldType, Theirs
from integrations import registry
from integrations.marketing_ports import Contact, MarketingAutomation, Member, NoSuchProgramme
from sandbox.pardot import PardotTwin
from tests.integrations.conftest import Sandbox
from tests.integrations.faulty import DOMAIN, EMAIL, Question, check

NAMES = [plug.name for plug in registry.MARKETING]
PROGRAMMES = {"hubspot": "201", "marketo": "1001", "pardot": "501"}
"""A list of each twin to which people are added by hand."""
NEW = {"pardot": "handoff_sample__c"}
"""How a field is named that is made, where a name is not enough."""
SAID = {"score": "71", "tier": "mql"}
BY_STATUS = {"create_field": frozenset({"hubspot"})}
"""Question -> the systems of whose answer nothing but the status is read."""


def automation(name: str) -> MarketingAutomation:
    found = registry.marketing(name)
    assert found is not None
    return found


def a_contact(name: str, email: str = EMAIL) -> Contact:
    return Contact(email, automation(name).default_map.outward(SAID))


def saved(name: str, email: str = EMAIL) -> Member:
    (answer,) = automation(name).upsert_contacts([a_contact(name, email)])
    assert answer.external_id is not None
    return Member(answer.external_id, email)


def asks(name: str) -> dict[str, Callable[[], Any]]:
    """Every question of the promise."""
    one, programme = automation(name), PROGRAMMES[name]
    properties = list(a_contact(name).properties)
    member = saved(name)
    heard = one.activities(None).cursor
    return {
        "upsert_contacts": lambda: one.upsert_contacts([a_contact(name)]),
        "enrol": lambda: one.enrol(programme, [member]),
        "withdraw": lambda: one.withdraw(programme, [member]),
        "check": one.check,
        "quota": one.quota,
        "fields": one.fields,
        "create_field": lambda: one.create_field(Theirs(NEW.get(name, "handoff_sample"), FieldType.TEXT, "Sample")),
        "activities": lambda: one.activities(heard),
        "changed_contacts": lambda: one.changed_contacts(None, properties),
        "contacts": lambda: one.contacts([member.contact_id], properties),
        "associate": lambda: one.associate(member.contact_id, DOMAIN, []),
        "read_back": lambda: one.read_back([member.contact_id], properties),
    }


QUESTIONS = (
    "upsert_contacts",
    "enrol",
    "withdraw",
    "check",
    "quota",
    "fields",
    "create_field",
    "activities",
    "changed_contacts",
    "contacts",
    "associate",
    "read_back",
)


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("name", NAMES)
def test_each_question_ends_as_it_must_under_every_fault(configured: Sandbox, name: str, question: str) -> None:
    pardot = configured.twins["pardot"]
    assert isinstance(pardot, PardotTwin)
    pardot.lag = 0
    check(configured, name, Question(question, asks(name)[question], BY_STATUS.get(question, frozenset())))


@pytest.mark.parametrize("name", NAMES)
def test_who_is_told_twice_is_one_contact_with_the_newest_word(configured: Sandbox, name: str) -> None:
    first, again = saved(name), saved(name)
    assert first == again
    sent = a_contact(name).properties
    there = automation(name).read_back([first.contact_id], list(sent)).get(first.contact_id, sent)  # readings may lag
    assert {field: there[field] for field in sent} == sent


@pytest.mark.parametrize("name", NAMES)
def test_answers_come_in_the_order_of_the_contacts(configured: Sandbox, name: str) -> None:
    emails = [f"person{number}@{DOMAIN}" for number in range(5)]
    answers = automation(name).upsert_contacts([a_contact(name, email) for email in emails])
    assert [answer.key for answer in answers] == emails
    assert len({answer.external_id for answer in answers}) == 5


@pytest.mark.parametrize("name", NAMES)
def test_whoever_cannot_be_taken_holds_up_nobody(configured: Sandbox, name: str) -> None:
    contacts = [a_contact(name, "no address"), a_contact(name)]
    wrong, right = automation(name).upsert_contacts(contacts)
    assert wrong.problem
    assert (right.problem, bool(right.external_id)) == (None, True)


@pytest.mark.parametrize("name", NAMES)
def test_who_is_enrolled_twice_is_in_once_and_who_is_out_may_be_withdrawn(configured: Sandbox, name: str) -> None:
    one, programme, member = automation(name), PROGRAMMES[name], saved(name)
    for change in (one.enrol, one.enrol, one.withdraw, one.withdraw):
        assert [(answer.key, answer.problem) for answer in change(programme, [member])] == [(EMAIL, None)]


@pytest.mark.parametrize("name", NAMES)
def test_a_programme_that_is_not_there_is_named(configured: Sandbox, name: str) -> None:
    with pytest.raises(NoSuchProgramme, match="987654"):
        automation(name).enrol("987654", [saved(name)])


@pytest.mark.parametrize("name", [name for name in NAMES if name != "pardot"])
def test_a_part_that_fails_is_told_apart(configured: Sandbox, name: str) -> None:
    """Pardot takes one record a call: there are no parts."""
    configured.fault(name, "partial")
    failed, *fine = automation(name).upsert_contacts([a_contact(name, f"person{n}@{DOMAIN}") for n in range(3)])
    assert failed.problem or failed.later
    assert all(answer.external_id and not answer.problem for answer in fine)
