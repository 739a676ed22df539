"""What holds for every CRM: how each question ends under every fault, and that what is said twice is so once."""

from collections.abc import Callable
from typing import Any

import pytest

from integrations import registry
from integrations.crm_ports import Crm, CrmLead, CrmTask, Deal
from tests.integrations.conftest import Sandbox
from tests.integrations.faulty import DOMAIN, EMAIL, LAST, Question, check

NAMES = [plug.name for plug in registry.CRMS]
QUESTIONS = (
    "upsert_leads",
    "log_task",
    "close_task",
    "find_owner",
    "find_account_owner",
    "check",
    "quota",
    "fields",
    "open_opportunity",
    "set_opportunity_owner",
    "opportunities",
    "some_opportunities",
    "join_campaigns",
    "read_back",
)


BY_STATUS = {"set_opportunity_owner": frozenset({"salesforce"})}
"""A change of a record is answered with a status and nothing else."""


def crm(name: str) -> Crm:
    found = registry.crm()
    assert found is not None
    assert found.name == name
    return found


def a_lead(number: int = 0) -> CrmLead:
    email = EMAIL if not number else f"person{number}@{DOMAIN}"
    return CrmLead(f"sample-{number}", email, "Ada", LAST.title(), "Acme Pumps", score=71, tier="MQL")


def asks(name: str) -> dict[str, Callable[[], Any]]:
    one = crm(name)
    (lead,) = one.upsert_leads([a_lead()])
    assert lead.external_id is not None
    lead_id = lead.external_id
    deal = Deal("sample-deal", lead_id, "Acme Pumps", company="Acme Pumps", domain=DOMAIN)
    opened = one.open_opportunity(deal)
    return {
        "upsert_leads": lambda: one.upsert_leads([a_lead()]),
        "log_task": lambda: one.log_task(CrmTask("sample-task", lead_id, None, "Call")),
        "close_task": lambda: one.close_task("sample-task"),
        "find_owner": lambda: one.find_owner("sam.sdr@example.com"),
        "find_account_owner": lambda: one.find_account_owner(EMAIL, DOMAIN, "Acme Pumps"),
        "check": one.check,
        "quota": one.quota,
        "fields": one.fields,
        "open_opportunity": lambda: one.open_opportunity(deal),
        "set_opportunity_owner": lambda: one.set_opportunity_owner(opened.external_id, "005Hd0000000009"),
        "opportunities": lambda: one.opportunities("2026-01-01T00:00:00+00:00"),
        "some_opportunities": lambda: one.some_opportunities([opened.external_id]),
        "join_campaigns": lambda: one.join_campaigns(lead_id, ["Spring"]),
        "read_back": lambda: one.read_back([lead_id], list(one.as_sent(a_lead()))),
    }


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("name", NAMES)
def test_each_question_ends_as_it_must_under_every_fault(configured: Sandbox, name: str, question: str) -> None:
    check(configured, name, Question(question, asks(name)[question], BY_STATUS.get(question, frozenset())))


@pytest.mark.parametrize("name", NAMES)
def test_what_is_said_twice_is_so_once(configured: Sandbox, name: str) -> None:
    one = crm(name)
    (first,), (again,) = one.upsert_leads([a_lead()]), one.upsert_leads([a_lead()])
    assert first == again
    lead_id = str(first.external_id)
    task = CrmTask("sample-task", lead_id, None, "Call")
    assert one.log_task(task) == one.log_task(task)
    one.close_task("sample-task")
    one.close_task("sample-task")
    one.close_task("of nobody")
    deal = Deal("sample-deal", lead_id, "Acme Pumps", company="Acme Pumps", domain=DOMAIN)
    assert one.open_opportunity(deal) == one.open_opportunity(deal)


@pytest.mark.parametrize("name", NAMES)
def test_what_was_written_is_read_back_as_it_was_sent(configured: Sandbox, name: str) -> None:
    one = crm(name)
    answers = one.upsert_leads([a_lead(number) for number in range(3)])
    assert [answer.key for answer in answers] == ["sample-0", "sample-1", "sample-2"]
    sent = one.as_sent(a_lead(2))
    there = one.read_back([str(answer.external_id) for answer in answers], list(sent))
    found = there[str(answers[2].external_id)]
    assert {field: found[field] for field in sent if _is_number(sent[field]) is False} == {
        field: value for field, value in sent.items() if _is_number(value) is False
    }


def _is_number(value: str) -> bool:
    return value.replace(".", "", 1).isdecimal()
