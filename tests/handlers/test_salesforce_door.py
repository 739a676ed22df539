"""The door on which Salesforce knocks: only who has the secret is let in, and nothing that is said there is believed."""

from collections.abc import Iterator

import httpx
import pytest
from sqlalchemy import select

from domain.tables import Arrival, ArrivalState, CaptureSource
from handlers import salesforce_door
from handlers.jobs import reading
from handlers.sending import Job
from sandbox.story_world import until
from tests.domain.making import Team
from tests.handlers.making import (
    clear_jobs,
    door_to_everything,
    door_url,
    everything,
    jobs,
    sandbox_process,
    work_off,
)
from tests.handlers.test_opportunity import TELLING, Org, an_sql, here, org, team

__all__ = ["door_to_everything", "door_url", "everything", "org", "sandbox_process", "team"]  # fixtures

SECRET = "a long random word for tests"
AT = "/webhooks/salesforce"
OUTBOUND = """<?xml version="1.0" encoding="UTF-8"?>
<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>
<notifications xmlns="http://soap.sforce.com/2005/09/outbound"><OrganizationId>00DHd0000000001</OrganizationId>
<Notification><Id>04lHd0000000001</Id><sObject><sf:Id xmlns:sf="urn:sobject">{}</sf:Id></sObject></Notification>
</notifications></soapenv:Body></soapenv:Envelope>"""


@pytest.fixture
def door(door_to_everything: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> Iterator[httpx.Client]:
    monkeypatch.setenv("SALESFORCE_WEBHOOK_SECRET", SECRET)
    salesforce_door.settings.cache_clear()
    yield door_to_everything
    salesforce_door.settings.cache_clear()


def kept() -> list[bytes]:
    wanted = select(Arrival).join(CaptureSource).where(CaptureSource.name == "salesforce")
    with reading() as session:
        arrivals = session.scalars(wanted.order_by(Arrival.id)).all()
    assert {arrival.state for arrival in arrivals} <= {ArrivalState.TAKEN}
    return [bytes(arrival.body) for arrival in arrivals]


def named(*names: str) -> list[str]:
    return [job.name for job in jobs() if job.name in names]


def test_a_change_that_is_announced_is_read_at_once(door: httpx.Client, org: Org, team: Team) -> None:
    an_sql()
    work_off(*TELLING)
    clear_jobs()
    which = org.the("opportunities")["Id"]
    org.change(which, StageName="Closed Won")
    body = f'{{"ids": ["{which}"]}}'
    for _ in range(3):
        answer = door.post(AT, content=body, headers={"X-Handoff-Secret": SECRET})
        assert (answer.status_code, answer.json()) == (200, {"ok": True})
    assert kept() == [body.encode()] * 3
    assert named(Job.READ_SOME_OPPORTUNITIES) == [Job.READ_SOME_OPPORTUNITIES]
    work_off(Job.READ_SOME_OPPORTUNITIES)
    assert here()[2].won is True


def test_what_the_delivery_says_of_a_deal_is_not_believed(door: httpx.Client, org: Org, team: Team) -> None:
    an_sql()
    work_off(*TELLING)
    which = org.the("opportunities")["Id"]
    door.post(AT, json={"ids": [which], "StageName": "Closed Won"}, headers={"X-Handoff-Secret": SECRET})
    work_off(Job.READ_SOME_OPPORTUNITIES)
    assert (here()[2].stage, here()[2].won) == ("Prospecting", None)


def test_an_outbound_message_is_acknowledged_as_it_wants(door: httpx.Client, org: Org) -> None:
    answer = door.post(f"{AT}?secret={SECRET}", content=OUTBOUND.format("006Hd00000000010AA"))
    assert (answer.status_code, answer.headers["content-type"].split(";")[0]) == (200, "text/xml")
    assert "<Ack>true</Ack>" in answer.text
    (job,) = [job for job in jobs() if job.name == Job.READ_SOME_OPPORTUNITIES]
    assert job.args == {"external_ids": "006Hd00000000010AA"}
    # It is about nobody of ours.
    work_off(Job.READ_SOME_OPPORTUNITIES)
    assert jobs() == []


@pytest.mark.parametrize("secret", ["", "wrong", SECRET[:-1], SECRET + "x", "ü"])
def test_without_the_secret_nothing_is_kept(door: httpx.Client, org: Org, secret: str) -> None:
    answer = door.post(AT, content=b'{"ids": ["006Hd00000000010AA"]}', headers=[(b"X-Handoff-Secret", secret.encode())])
    assert answer.status_code == 401
    assert (kept(), named(Job.READ_SOME_OPPORTUNITIES)) == ([], [])
    assert SECRET not in answer.text


def test_a_door_that_nobody_has_set_up_is_shut(door: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SALESFORCE_WEBHOOK_SECRET")
    salesforce_door.settings.cache_clear()
    assert door.post(AT, content=b"{}", headers={"X-Handoff-Secret": ""}).status_code == 404


@pytest.mark.parametrize("body", [b"", b"\x00\xff", b"{", b'{"ids": "003Hd00000000010AA"}', b"x006Hd00000000010AAx"])
def test_what_names_no_opportunity_is_kept_and_asks_for_nothing(door: httpx.Client, org: Org, body: bytes) -> None:
    assert door.post(AT, content=body, headers={"X-Handoff-Secret": SECRET}).status_code == 200
    assert (kept(), named(Job.READ_SOME_OPPORTUNITIES)) == ([body], [])


def test_very_many_at_once_are_read_as_what_has_changed(door: httpx.Client, org: Org) -> None:
    ids = [f"006Hd{number:010d}AAA" for number in range(201)]
    assert door.post(AT, json={"ids": ids}, headers={"X-Handoff-Secret": SECRET}).status_code == 200
    assert named(Job.READ_SOME_OPPORTUNITIES, Job.READ_OPPORTUNITIES) == [Job.READ_OPPORTUNITIES]


def test_what_is_too_large_is_refused_before_it_is_read(door: httpx.Client, org: Org) -> None:
    answer = door.post(AT, content=b"6" * 300_000, headers={"X-Handoff-Secret": SECRET})
    assert (answer.status_code, kept()) == (413, [])


def test_whoever_moves_a_deal_in_salesforce_has_its_flow_knock_here(
    door: httpx.Client, org: Org, team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SALESFORCE_WEBHOOK_SECRET", org.outside.environment["SALESFORCE_WEBHOOK_SECRET"])
    salesforce_door.settings.cache_clear()
    an_sql()
    work_off(*TELLING)
    org.set_up(flow=f"{door.base_url}/webhooks/salesforce")
    org.change(org.the("opportunities")["Id"], StageName="Closed Won")
    until("the knock", kept)
    work_off(Job.READ_SOME_OPPORTUNITIES)
    assert here()[2].won is True


def test_a_flow_calls_nobody_but_this_machine(org: Org) -> None:
    refused = org.outside.page.post("/salesforce/_org", json={"flow": "https://example.com/webhooks"})
    assert refused.status_code == 422
