"""Nurture programmes in HubSpot: lists to which contacts are added by hand."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from integrations.hubspot import HubSpot, Settings
from integrations.marketing_ports import Contact, Member, NoSuchProgramme
from kit.outside import Refused, TryLater
from sandbox.hubspot import HubSpotTwin
from tests.integrations.conftest import Sandbox

LIST, OTHER, DYNAMIC = "201", "202", "299"


@pytest.fixture
def hubspot(configured: Sandbox) -> Iterator[HubSpot]:
    client = HubSpot(Settings())
    yield client
    client.close()


def contacts(hubspot: HubSpot, number: int) -> list[Member]:
    people = [Contact(f"person{at}@example.com", {}) for at in range(number)]
    return [Member(str(saved.external_id), saved.key) for saved in hubspot.upsert_contacts(people)]


def in_list(sandbox: Sandbox, list_id: str = LIST) -> list[str]:
    return list(sandbox.state("hubspot")["lists"][list_id]["members"])


def test_whom_we_enrol_is_in_the_list_once_however_often_we_say_it(configured: Sandbox, hubspot: HubSpot) -> None:
    ada, bob = contacts(hubspot, 2)
    hubspot.enrol(LIST, [ada])
    answers = hubspot.enrol(LIST, [bob, ada])
    assert [(answer.key, answer.problem, answer.later) for answer in answers] == [
        (bob.email, None, False),
        (ada.email, None, False),
    ]
    assert in_list(configured) == [ada.contact_id, bob.contact_id]
    assert in_list(configured, OTHER) == []


def test_whom_we_withdraw_is_out_and_who_was_not_in_is_none_the_worse(configured: Sandbox, hubspot: HubSpot) -> None:
    ada, bob = contacts(hubspot, 2)
    hubspot.enrol(LIST, [ada])
    answers = hubspot.withdraw(LIST, [ada, bob, Member("999999", "gone@example.com")])
    assert [answer.problem for answer in answers] == [None, None, None]
    assert in_list(configured) == []


def test_a_contact_that_is_gone_does_not_hold_up_the_others(configured: Sandbox, hubspot: HubSpot) -> None:
    (ada,) = contacts(hubspot, 1)
    gone, there = hubspot.enrol(LIST, [Member("999999", "gone@example.com"), ada])
    assert (gone.problem, gone.external_id) == ("HubSpot does not have this contact any more", None)
    assert (there.problem, there.external_id) == (None, ada.contact_id)
    assert in_list(configured) == [ada.contact_id]


def test_more_than_a_hundred_go_in_several_requests(configured: Sandbox, hubspot: HubSpot) -> None:
    people = contacts(hubspot, 230)
    assert len(hubspot.enrol(LIST, people)) == 230
    assert len(configured.calls("hubspot", "memberships")) == 3
    assert len(in_list(configured)) == 230
    assert hubspot.enrol(LIST, []) == []


@pytest.mark.parametrize("list_id", ["777", "../../contacts", "2 0 1", "201/memberships", "🤷"])
def test_a_list_that_is_not_there_is_named(configured: Sandbox, hubspot: HubSpot, list_id: str) -> None:
    people = contacts(hubspot, 1)
    with pytest.raises(NoSuchProgramme) as raised:
        hubspot.enrol(list_id, people)
    assert raised.value.why == f"HubSpot has no list {list_id}"
    with pytest.raises(NoSuchProgramme):
        hubspot.withdraw(list_id, people)


def test_a_list_that_fills_itself_takes_nobody_from_us(configured: Sandbox, hubspot: HubSpot) -> None:
    with pytest.raises(NoSuchProgramme, match="HubSpot's list 299 takes nobody from us: Memberships of a DYNAMIC list"):
        hubspot.enrol(DYNAMIC, contacts(hubspot, 1))


@pytest.mark.parametrize(
    ("fault", "error"), [("429", TryLater), ("500", TryLater), ("torn", TryLater), ("moved", Refused)]
)
def test_a_list_has_the_same_two_errors_as_everything_else(
    configured: Sandbox, hubspot: HubSpot, fault: str, error: type[Exception]
) -> None:
    people = contacts(hubspot, 1)
    configured.fault("hubspot", fault)
    with pytest.raises(error) as raised:
        hubspot.enrol(LIST, people)
    assert not isinstance(raised.value, NoSuchProgramme)
    assert "example.com" not in f"{raised.value} {raised.value!r}"


def test_a_token_that_may_not_write_lists_is_a_matter_for_an_admin(
    configured: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUBSPOT_ACCESS_TOKEN", "wrong")
    with pytest.raises(Refused, match="access token or its scopes"):
        HubSpot(Settings()).enrol(LIST, [Member("101", "ada@example.com")])


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("201/memberships/add", [], 400),
        ("201/memberships/add", [101], 400),
        ("201/memberships/add", {"ids": ["101"]}, 400),
        ("201/memberships/add", ["a@example.com"], 400),
        ("201/memberships/add", ["1"] * 100_001, 400),
        ("201/memberships/replace", ["101"], 404),
        ("777/memberships/add", ["101"], 404),
        ("299/memberships/remove", ["101"], 400),
    ],
)
def test_the_twin_refuses_what_hubspot_would_refuse(sandbox: Sandbox, path: str, body: Any, status: int) -> None:
    twin = sandbox.twins["hubspot"]
    assert isinstance(twin, HubSpotTwin)
    url, headers = f"{sandbox.url}/hubspot/crm/lists/2026-03/{path}", {"Authorization": f"Bearer {twin.token}"}
    answer = httpx.put(url, content=json.dumps(body), headers=headers)
    assert (answer.status_code, answer.json()["status"]) == (status, "error")
