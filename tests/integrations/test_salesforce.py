from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import httpx
import pytest

from integrations.crm_ports import CrmLead, CrmTask, LeadStatus
from integrations.salesforce import Salesforce, Settings
from kit.outside import Refused, TryLater
from tests.integrations.conftest import Sandbox

LEAD = CrmLead(
    "lead-1",
    "ada@example.com",
    first_name="Ada",
    last_name="Lovelace",
    company="Acme Pumps",
    title="CTO",
    phone="+12025550123",
    country="GB",
    status=LeadStatus.WORKING,
    score=83,
    tier="HQL",
    source="Webinar",
)


@pytest.fixture
def salesforce(configured: Sandbox) -> Iterator[Salesforce]:
    client = Salesforce(Settings())
    yield client
    client.close()


def leads_in(sandbox: Sandbox) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = sandbox.state("salesforce")["leads"]
    return found


def entered_by_hand(sandbox: Sandbox, sobject: str = "Lead", **fields: str) -> str:
    """What somebody at the customer's typed into Salesforce."""
    twin = sandbox.twins["salesforce"]
    values = twin.credentials(sandbox.url)
    pair = (values["SALESFORCE_CLIENT_ID"], values["SALESFORCE_CLIENT_SECRET"])
    at = f"{sandbox.url}/salesforce/services"
    token = httpx.post(f"{at}/oauth2/token", data={"grant_type": "client_credentials"}, auth=pair).json()[
        "access_token"
    ]
    made = httpx.post(f"{at}/data/v59.0/sobjects/{sobject}", json=fields, headers={"Authorization": f"Bearer {token}"})
    return str(made.json()["id"])


def test_a_lead_arrives_with_owner_status_and_our_fields(configured: Sandbox, salesforce: Salesforce) -> None:
    owner = salesforce.find_owner("rep@example.com")
    (made,) = salesforce.upsert_leads([replace(LEAD, owner_id=owner)])
    assert leads_in(configured)["lead-1"] == {
        "Id": made.external_id,
        "Email": "ada@example.com",
        "FirstName": "Ada",
        "LastName": "Lovelace",
        "Company": "Acme Pumps",
        "Title": "CTO",
        "Phone": "+12025550123",
        "Country": "GB",
        "LeadSource": "Webinar",
        "Status": "Working - Contacted",
        "OwnerId": owner,
        "Handoff_Score__c": 83,
        "Handoff_Tier__c": "HQL",
        "Handoff_Key__c": "lead-1",
    }


def test_a_lead_sent_twice_is_one_lead(configured: Sandbox, salesforce: Salesforce) -> None:
    (first,) = salesforce.upsert_leads([LEAD])
    (second,) = salesforce.upsert_leads([replace(LEAD, score=12)])
    assert first.external_id == second.external_id
    assert leads_in(configured)["lead-1"]["Handoff_Score__c"] == 12


def test_a_lead_without_name_and_company_gets_the_words_that_salesforce_uses_itself(
    configured: Sandbox, salesforce: Salesforce
) -> None:
    salesforce.upsert_leads([CrmLead("lead-2", "nameless@example.com")])
    assert leads_in(configured)["lead-2"]["LastName"] == "[unknown]"
    assert leads_in(configured)["lead-2"]["Company"] == "[unknown]"


def test_what_a_rep_found_out_is_not_overwritten_by_our_not_knowing(
    configured: Sandbox, salesforce: Salesforce
) -> None:
    nameless = CrmLead("lead-2", "grace@example.com")
    salesforce.upsert_leads([nameless, LEAD])
    salesforce.upsert_leads([replace(nameless, last_name="Hopper", company="Navy")])  # as if typed in by the rep
    assert not salesforce.upsert_leads([nameless])[0].problem
    assert leads_in(configured)["lead-2"]["LastName"] == "Hopper"
    assert leads_in(configured)["lead-2"]["Company"] == "Navy"


def test_text_that_is_too_long_is_cut_and_control_characters_go(configured: Sandbox, salesforce: Salesforce) -> None:
    hostile = replace(LEAD, last_name="x" * 500, company="Acme\x00\u202e\nPumps", title="t" * 9_000)
    (answer,) = salesforce.upsert_leads([hostile])
    assert answer.problem is None
    assert leads_in(configured)["lead-1"]["Company"] == "Acme Pumps"
    assert len(leads_in(configured)["lead-1"]["LastName"]) == 80


def test_more_than_two_hundred_leads_go_in_several_batches_and_come_back_in_order(
    configured: Sandbox, salesforce: Salesforce
) -> None:
    leads = [replace(LEAD, key=f"lead-{at}", email=f"person{at}@example.com") for at in range(450)]
    assert [answer.key for answer in salesforce.upsert_leads(leads)] == [lead.key for lead in leads]
    assert len(configured.calls("salesforce", "composite")) == 3
    assert len(leads_in(configured)) == 450


def test_a_lead_that_a_rule_refuses_says_so_in_salesforces_words_and_the_others_pass(
    configured: Sandbox, salesforce: Salesforce
) -> None:
    configured.fault("salesforce", "partial")
    refused, passed = salesforce.upsert_leads([LEAD, CrmLead("lead-2", "grace@example.com")])
    assert refused.problem == "A lead needs a budget before it is touched again."
    assert passed.external_id == leads_in(configured)["lead-2"]["Id"]
    assert "lead-1" not in leads_in(configured)


def test_a_bad_address_is_the_problem_of_its_lead_alone(configured: Sandbox, salesforce: Salesforce) -> None:
    refused, passed = salesforce.upsert_leads([replace(LEAD, email="nowhere"), CrmLead("lead-2", "grace@example.com")])
    assert "invalid email address" in str(refused.problem)
    assert passed.problem is None


def test_a_locked_lead_may_be_sent_again(configured: Sandbox, salesforce: Salesforce) -> None:
    configured.fault("salesforce", "lock")
    locked, passed = salesforce.upsert_leads([LEAD, CrmLead("lead-2", "grace@example.com")])
    assert (locked.later, locked.problem) == (True, None)
    assert not passed.later


def test_a_lead_that_sales_entered_by_hand_is_adopted(configured: Sandbox, salesforce: Salesforce) -> None:
    by_hand = entered_by_hand(configured, LastName="Lovelace", Company="Acme", Email="Ada@example.com")
    (answer,) = salesforce.upsert_leads([LEAD])
    assert answer.external_id == by_hand
    assert leads_in(configured)["lead-1"]["Company"] == "Acme Pumps"
    assert len(leads_in(configured)) == 1


def test_a_duplicate_that_cannot_be_found_by_its_address_is_a_problem(
    configured: Sandbox, salesforce: Salesforce
) -> None:
    configured.fault("salesforce", "duplicate")
    (answer,) = salesforce.upsert_leads([LEAD])
    assert answer.problem == "Use one of these records?"


def test_a_quote_in_an_address_does_not_change_the_question(configured: Sandbox, salesforce: Salesforce) -> None:
    made = entered_by_hand(configured, LastName="O'Hara", Company="Acme", Email="o'hara@example.com")
    assert salesforce.find_lead_by_email("o'hara@example.com") == made
    assert salesforce.find_lead_by_email("x' OR Email != '") is None


def test_the_used_up_daily_limit_is_waited_for(configured: Sandbox, salesforce: Salesforce) -> None:
    configured.fault("salesforce", "limit")
    with pytest.raises(TryLater) as raised:
        salesforce.upsert_leads([LEAD])
    assert raised.value.after == 900


def test_a_busy_salesforce_is_tried_later_even_while_signing_in(configured: Sandbox, salesforce: Salesforce) -> None:
    configured.fault("salesforce", "503", path="token")
    with pytest.raises(TryLater, match="503"):
        salesforce.upsert_leads([LEAD])
    assert salesforce.upsert_leads([LEAD])[0].external_id


def test_a_status_may_have_another_name_in_this_organisation(
    configured: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SALESFORCE_STATUSES", '{"new": "Fresh"}')
    client = Salesforce(Settings())
    (refused,) = client.upsert_leads([replace(LEAD, status=LeadStatus.NEW)])
    client.close()
    assert "bad value for restricted picklist field: Fresh" in str(refused.problem)


def test_missing_custom_fields_are_a_matter_for_an_admin(configured: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SALESFORCE_PREFIX", "Elsewhere")
    client = Salesforce(Settings())
    with pytest.raises(Refused, match="external ID field does not exist: Elsewhere_Key__c"):
        client.upsert_leads([LEAD])
    client.close()


def test_a_task_exists_once_however_often_it_is_logged(configured: Sandbox, salesforce: Salesforce) -> None:
    (lead,) = salesforce.upsert_leads([LEAD])
    task = CrmTask("task/1?#ü", str(lead.external_id), None, "Call Ada", due=date(2026, 11, 30), description="Today")
    first = salesforce.log_task(task)
    assert salesforce.log_task(replace(task, subject="Call Ada again")) == first
    assert configured.state("salesforce")["tasks"] == {
        "task/1?#ü": {
            "Id": first,
            "WhoId": lead.external_id,
            "Subject": "Call Ada again",
            "ActivityDate": "2026-11-30",
            "Description": "Today",
            "Status": "Not Started",
            "Priority": "Normal",
            "Handoff_Key__c": "task/1?#ü",
        }
    }


def test_a_task_for_a_locked_lead_is_tried_later(configured: Sandbox, salesforce: Salesforce) -> None:
    (lead,) = salesforce.upsert_leads([LEAD])
    configured.fault("salesforce", "lock")
    with pytest.raises(TryLater, match="changing the same record"):
        salesforce.log_task(CrmTask("task-1", str(lead.external_id), None, "Call"))


def test_a_task_for_a_lead_that_is_gone_is_refused(configured: Sandbox, salesforce: Salesforce) -> None:
    with pytest.raises(Refused, match="INVALID_CROSS_REFERENCE_KEY"):
        salesforce.log_task(CrmTask("task-1", "00QHd00000000010AA", None, "Call"))


def test_who_is_no_user_owns_nothing(configured: Sandbox, salesforce: Salesforce) -> None:
    assert salesforce.find_owner("nobody@example.com") is None
    assert str(salesforce.find_owner("rep@example.com")).startswith("005")


OWNER, OTHER = "005Hd0000000007", "005Hd0000000008"
QUEUE = "00GHd0000000001"


@pytest.mark.parametrize(
    "website", ["acme-pumps.example", "https://www.acme-pumps.example/", "HTTP://ACME-PUMPS.example"]
)
def test_an_accounts_owner_is_found_however_its_website_is_written(
    configured: Sandbox, salesforce: Salesforce, website: str
) -> None:
    entered_by_hand(configured, "Account", Name="Acme Pumps", Website=website, OwnerId=OWNER)
    assert salesforce.find_account_owner("ada@example.com", "acme-pumps.example", None) == OWNER


def test_a_company_whose_domain_is_a_part_of_anothers_is_not_that_one(
    configured: Sandbox, salesforce: Salesforce
) -> None:
    entered_by_hand(configured, "Account", Name="Not Acme", Website="not-acme-pumps.example", OwnerId=OWNER)
    assert salesforce.find_account_owner("ada@example.com", "acme-pumps.example", "Not Acme") is None


def test_a_company_without_a_domain_is_found_by_its_name(configured: Sandbox, salesforce: Salesforce) -> None:
    entered_by_hand(configured, "Account", Name="O'Hara \\ Sons", OwnerId=OWNER)
    assert salesforce.find_account_owner("ada@example.com", None, "O'Hara \\ Sons") == OWNER
    assert salesforce.find_account_owner("ada@example.com", None, "' OR Name LIKE '%") is None


def test_without_an_account_whoever_has_the_person_is_their_owner(configured: Sandbox, salesforce: Salesforce) -> None:
    entered_by_hand(configured, LastName="Lovelace", Company="Acme", Email="ada@example.com", OwnerId=OTHER)
    assert salesforce.find_account_owner("ADA@example.com", "acme.example", "Acme") == OTHER
    entered_by_hand(configured, "Contact", LastName="Lovelace", Email="ada@example.com", OwnerId=OWNER)
    assert salesforce.find_account_owner("ada@example.com", None, None) == OWNER


def test_the_owner_whom_we_gave_a_lead_ourselves_is_no_answer(configured: Sandbox, salesforce: Salesforce) -> None:
    salesforce.upsert_leads([replace(LEAD, owner_id=OWNER)])
    assert salesforce.find_account_owner("ada@example.com", "acme.example", None) is None


def test_a_queue_owns_nothing(configured: Sandbox, salesforce: Salesforce) -> None:
    entered_by_hand(configured, LastName="Lovelace", Company="Acme", Email="ada@example.com", OwnerId=QUEUE)
    assert salesforce.find_account_owner("ada@example.com", None, None) is None


def test_a_session_that_ended_is_renewed_once(configured: Sandbox, salesforce: Salesforce) -> None:
    salesforce.upsert_leads([LEAD])
    configured.fault("salesforce", "expired_token")
    assert salesforce.upsert_leads([LEAD])[0].external_id
    assert len(configured.calls("salesforce", "token")) == 2


def test_the_body_of_a_sign_in_is_not_shown(configured: Sandbox, salesforce: Salesforce) -> None:
    salesforce.upsert_leads([LEAD])
    assert [call["body"] for call in configured.calls("salesforce", "token")] == ["(secret)"]


@pytest.mark.parametrize(
    "domain", ["handoff-sandbox.my", "handoff-sandbox.my.salesforce.com", "https://handoff-sandbox.my.salesforce.com/"]
)
def test_the_domain_may_be_written_as_it_stands_in_the_browser(
    configured: Sandbox, monkeypatch: pytest.MonkeyPatch, domain: str
) -> None:
    monkeypatch.setenv("SALESFORCE_DOMAIN", domain)
    client = Salesforce(Settings())
    assert client.upsert_leads([LEAD])[0].external_id
    client.close()
