import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from integrations.hubspot import HubSpot, Settings
from integrations.marketing_ports import Contact
from kit.outside import Refused, TryLater
from sandbox.hubspot import HubSpotTwin
from tests.integrations.conftest import Sandbox

UPSERT = "/crm/objects/2026-03/contacts/batch/upsert"


@pytest.fixture
def hubspot(configured: Sandbox) -> Iterator[HubSpot]:
    client = HubSpot(Settings())
    yield client
    client.close()


def people(number: int) -> list[Contact]:
    return [Contact(f"person{at}@example.com", {"handoff_score": str(at)}) for at in range(number)]


def test_what_we_found_out_is_written_into_properties_of_ours_and_names_into_hubspots(
    configured: Sandbox, hubspot: HubSpot
) -> None:
    ours = {"score": "83", "fit": "50", "intent": "33", "tier": "HQL", "stage": "in_handoff"}
    known = hubspot.default_map.outward(ours | {"first_name": "Ada", "title": "CTO", "phone": "+49 1"})
    hubspot.upsert_contacts([Contact("ada@example.com", known)])
    saved = configured.state("hubspot")["contacts"]["ada@example.com"]["properties"]
    assert saved == {f"handoff_{name}": value for name, value in ours.items()} | {
        "email": "ada@example.com",
        "firstname": "Ada",
        "jobtitle": "CTO",
    }


def test_a_contact_sent_twice_is_one_contact(configured: Sandbox, hubspot: HubSpot) -> None:
    (first,) = hubspot.upsert_contacts([Contact("Ada@Example.com", {"handoff_score": "1"})])
    (second,) = hubspot.upsert_contacts([Contact("ada@example.com", {"handoff_score": "2"})])
    assert first.external_id == second.external_id
    assert configured.state("hubspot")["contacts"]["ada@example.com"]["properties"]["handoff_score"] == "2"


def test_no_contacts_need_no_request(configured: Sandbox, hubspot: HubSpot) -> None:
    assert hubspot.upsert_contacts([]) == []
    assert configured.calls("hubspot") == []


def test_more_than_a_hundred_contacts_go_in_several_batches_and_come_back_in_order(
    configured: Sandbox, hubspot: HubSpot
) -> None:
    contacts = people(230)
    answers = hubspot.upsert_contacts(contacts)
    assert [answer.key for answer in answers] == [contact.email for contact in contacts]
    assert len(configured.calls("hubspot")) == 3
    assert len(configured.state("hubspot")["contacts"]) == 230


def test_of_a_batch_that_fails_in_part_each_contact_gets_its_own_answer(configured: Sandbox, hubspot: HubSpot) -> None:
    configured.fault("hubspot", "partial")
    refused, second, third = hubspot.upsert_contacts(people(3))
    saved = configured.state("hubspot")["contacts"]
    assert refused.problem == "This contact is being merged."
    assert refused.external_id is None
    assert (second.external_id, third.external_id) == (
        saved["person1@example.com"]["id"],
        saved["person2@example.com"]["id"],
    )


def test_one_bad_address_does_not_hold_up_the_others(configured: Sandbox, hubspot: HubSpot) -> None:
    contacts = people(40)
    contacts[17] = Contact("not an address", {})
    answers = hubspot.upsert_contacts(contacts)
    assert [answer.key for answer in answers if answer.problem] == ["not an address"]
    assert "is invalid" in str(answers[17].problem)
    assert len(configured.state("hubspot")["contacts"]) == 39


def test_a_property_that_the_portal_lacks_is_a_matter_for_an_admin(configured: Sandbox, hubspot: HubSpot) -> None:
    with pytest.raises(Refused, match="handoff setup hubspot --apply"):
        hubspot.upsert_contacts([*people(9), Contact("ada@example.com", {"favourite_colour": "red"})])
    assert len(configured.calls("hubspot")) == 1


def test_the_limit_of_ten_seconds_is_waited_for_ten_seconds(configured: Sandbox, hubspot: HubSpot) -> None:
    configured.fault("hubspot", "429")
    with pytest.raises(TryLater) as raised:
        hubspot.upsert_contacts(people(1))
    assert raised.value.after == 10


def test_the_limit_of_the_day_is_waited_for_an_hour(configured: Sandbox, hubspot: HubSpot) -> None:
    configured.fault("hubspot", "daily")
    with pytest.raises(TryLater) as raised:
        hubspot.upsert_contacts(people(1))
    assert raised.value.after == 3600


def test_the_twin_lets_190_requests_pass_in_ten_seconds(configured: Sandbox, hubspot: HubSpot) -> None:
    def allowed(_: int) -> bool:
        try:
            return bool(hubspot.upsert_contacts(people(1)))
        except TryLater:
            return False

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(allowed, range(200))) == 190


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({}, "inputs is required"),
        (
            {"inputs": [{"id": f"a{at}@example.com", "idProperty": "email", "properties": {}} for at in range(101)]},
            "100",
        ),
        ({"inputs": [{"id": "a@example.com", "properties": {}}]}, "not of the form"),
        (
            {"inputs": [{"id": "a@example.com", "idProperty": "email", "properties": {"handoff_score": 7}}]},
            "not of the",
        ),
        ({"inputs": [{"id": "a@example.com", "idProperty": "email", "properties": {}, "colour": "red"}]}, "not of the"),
        ({"inputs": [{"id": "a@example.com", "idProperty": "email", "properties": {}}] * 2}, "Duplicate IDs"),
        (
            {"inputs": [{"id": "a@example.com", "idProperty": "email", "properties": {"handoff_score": "many"}}]},
            "not a valid number",
        ),
    ],
)
def test_the_twin_refuses_what_hubspot_would_refuse(sandbox: Sandbox, wrong: dict[str, Any], said: str) -> None:
    twin = sandbox.twins["hubspot"]
    assert isinstance(twin, HubSpotTwin)
    url, headers = f"{sandbox.url}/hubspot{UPSERT}", {"Authorization": f"Bearer {twin.token}"}
    answer = httpx.post(url, content=json.dumps(wrong), headers=headers)
    assert (answer.status_code, answer.json()["category"]) == (400, "VALIDATION_ERROR")
    assert said in answer.json()["message"]


def test_an_unknown_path_is_hubspots_own_404(sandbox: Sandbox) -> None:
    answer = httpx.get(f"{sandbox.url}/hubspot/crm/v9/nothing")
    assert (answer.status_code, answer.json()["status"]) == (404, "error")
