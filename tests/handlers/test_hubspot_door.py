"""HubSpot's webhooks as HubSpot sends them: signed by the stand-in, heard by our server, and what becomes of the contacts."""

import base64
import hmac
import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from domain import finding
from domain.rules.lifecycle import Stage
from domain.tables import Arrival, ArrivalState, Lead, SystemLink, TouchRow
from domain.verbs import erasing
from handlers import sync_turns
from handlers.contacts_in import SYNCED
from handlers.jobs import reading, send, transaction
from handlers.sending import Job, Sending
from integrations.hubspot_settings import WEBHOOKS, hubspot_settings
from kit.clock import utcnow
from tests.handlers.making import (
    Outside,
    door_to_everything,
    door_url,
    everything,
    jobs,
    make_staff,
    sandbox_process,
    work_off,
)

__all__ = ["door_to_everything", "door_url", "everything", "sandbox_process"]  # fixtures

EMAIL = "ada.webhook@acme-pumps.example.com"
SECRET, URI, PORTAL = "a-sample-secret", "https://handoff.example.com/webhooks/hubspot", 62515


# ---- what HubSpot's own stand-in sends --------------------------------------------------------------------------------


@pytest.fixture
def told(
    door_url: str, door_to_everything: httpx.Client, everything: Outside, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Outside]:
    """HubSpot is told where we listen, and under which address."""
    monkeypatch.setenv("HUBSPOT_WEBHOOK_URI", f"{door_url}{WEBHOOKS}")
    hubspot_settings.cache_clear()
    play(everything, "target", url=f"{door_url}{WEBHOOKS}")
    make_staff(everything.new_channel())
    yield everything
    play(everything, "target", url=None)
    hubspot_settings.cache_clear()


def play(outside: Outside, what: str, **how: Any) -> dict[str, Any]:
    done: dict[str, Any] = outside.page.post(f"/hubspot/_play/{what}", json=how).raise_for_status().json()
    return done


def read_activities() -> None:
    with transaction() as session:
        send(session, sync_turns.read_activities_of("hubspot"))
    work_off(Job.READ_ACTIVITIES)


def lead_of(email: str = EMAIL) -> Lead:
    with reading() as session:
        return finding.lead_by_email(session, email)


def touches(email: str = EMAIL) -> list[tuple[str, str | None]]:
    with reading() as session:
        lead = finding.lead_by_email(session, email)
        rows = session.scalars(select(TouchRow).where(TouchRow.lead_id == lead.id).order_by(TouchRow.id))
        return [(row.kind, row.content) for row in rows]


def arrivals(state: ArrivalState | None = None) -> list[Arrival]:
    with reading() as session:
        wanted = select(Arrival).order_by(Arrival.id)
        return list(session.scalars(wanted if state is None else wanted.where(Arrival.state == state)))


def known_there(outside: Outside, email: str = EMAIL) -> dict[str, str]:
    properties: dict[str, str] = outside.state("hubspot")["contacts"][email]["properties"]
    return properties


def test_a_contact_made_at_hubspot_is_a_lead_here_and_its_score_goes_back(told: Outside) -> None:
    email = "round.trip@acme-pumps.example.com"
    made = play(told, "contact", email=email, properties={"firstname": "Ada", "jobtitle": "CTO"}, form="Demo request")
    assert made["statuses"] == [200]
    work_off()
    lead = lead_of(email)
    assert (lead.source, lead.first_name, lead.title, lead.automation) == ("hubspot", "Ada", "CTO", None)
    assert touches(email) == [("form_submission", "Demo request")]
    there = known_there(told, email)
    assert (there["handoff_score"], there["handoff_stage"]) == (str(lead.score), lead.stage)


def test_what_changes_there_later_is_taken_in_and_asks_for_a_new_score(told: Outside) -> None:
    email = "later@acme-pumps.example.com"
    play(told, "contact", email=email, properties={"jobtitle": "Intern"})
    work_off()
    play(told, "contact", email=email, properties={"jobtitle": "Chief Technology Officer"}, style="object")
    work_off()
    assert lead_of(email).title == "Chief Technology Officer"
    assert touches(email) == [(SYNCED, None), (SYNCED, None)]


def test_what_we_wrote_ourselves_is_heard_back_and_passed_over(told: Outside) -> None:
    email = "echo@acme-pumps.example.com"
    play(told, "contact", email=email, properties={"jobtitle": "CTO"})
    work_off()
    kept = len(arrivals())
    play(told, "contact", email=email, properties={"jobtitle": "CIO"})
    work_off()
    echoes = [one for one in told.state("hubspot")["webhooks"] if one["status"] == 200]
    assert len(echoes) > 2, "HubSpot tells of our own writes as well"
    # One event and what it brought: of our score that came back nothing was kept.
    assert len(arrivals()) == kept + 2
    assert touches(email) == [(SYNCED, None), (SYNCED, None)]


def test_what_comes_twice_and_out_of_order_is_one_lead_with_its_newest_values(told: Outside) -> None:
    email = "twice@acme-pumps.example.com"
    play(told, "contact", email=email, properties={"jobtitle": "CTO"}, how=["twice", "backwards", "retried"])
    assert len([job for job in jobs() if job.name == Job.READ_HUBSPOT_CONTACTS]) == 1
    play(told, "contact", email=email, properties={"jobtitle": "CEO"}, form="Newsletter", how=["backwards"])
    work_off()
    assert lead_of(email).title == "CEO"
    assert touches(email) == [("form_submission", "Newsletter")]


@pytest.mark.parametrize("how", ["forged", "late"])
def test_a_delivery_that_is_not_hubspots_or_is_old_leaves_nothing(told: Outside, how: str) -> None:
    made = play(told, "contact", email=f"{how}@acme-pumps.example.com", how=[how])
    assert made["statuses"] == [401]
    assert (arrivals(), jobs()) == ([], [])


def test_what_happened_in_another_account_is_answered_and_passed_over(
    told: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUBSPOT_PORTAL_ID", "24680135")
    hubspot_settings.cache_clear()
    email = "elsewhere@acme-pumps.example.com"
    assert play(told, "contact", email=email, portal_id=11)["statuses"] == [200]
    assert arrivals() == []
    assert play(told, "contact", email=email, properties={"jobtitle": "CTO"})["statuses"] == [200]
    assert len(arrivals()) == 1


def test_hubspot_being_down_when_its_contacts_are_read_loses_nothing(told: Outside) -> None:
    email = "down@acme-pumps.example.com"
    play(told, "contact", email=email, properties={"jobtitle": "CTO"})
    told.page.post("/_faults/hubspot", json={"kind": "500", "path": "batch/read"}).raise_for_status()
    work_off()
    assert lead_of(email).title == "CTO"


def test_who_asked_to_be_forgotten_is_not_brought_back_by_a_webhook(told: Outside) -> None:
    email = "forgotten@acme-pumps.example.com"
    play(told, "contact", email=email, properties={"jobtitle": "CTO"})
    work_off()
    with transaction() as session:
        erasing.erase(session, lead_of(email).id, None, utcnow())
    work_off()
    play(told, "contact", email=email, properties={"jobtitle": "CEO"})
    work_off()
    with reading() as session:
        assert session.scalars(select(Lead.stage)).all() == [Stage.ERASED]
    assert not [one for one in arrivals() if b"CEO" in one.body or email.encode() in one.body]


def test_an_accepted_lead_is_tied_to_its_company_there(told: Outside) -> None:
    email = "tied@acme-pumps.example.com"
    company = play(told, "record", kind="companies", properties={"domain": "acme-pumps.example.com"})["id"]
    contact = play(told, "contact", email=email, properties={"jobtitle": "CTO"})["id"]
    work_off()
    play(told, "lag", seconds=0)
    with transaction() as session:
        send(session, Sending(Job.ASSOCIATE_CONTACT, {"lead_id": lead_of(email).id}))
    work_off(Job.ASSOCIATE_CONTACT)
    assert [contact, "companies", company] in told.state("hubspot")["tied"]


def test_what_people_did_comes_in_as_touches_once_however_often_it_is_read(told: Outside) -> None:
    email = "opened@acme-pumps.example.com"
    read_activities()
    play(told, "mail", email=email, type="OPEN", subject="Spring news")
    play(told, "mail", email=email, type="CLICK", url="https://example.com/pricing")
    play(told, "mail", email=email, type="SENT")
    read_activities()
    read_activities()
    assert sorted(touches(email)) == [("email_click", "A sample"), ("email_open", "Spring news")]
    assert lead_of(email).source == "hubspot"
    play(told, "mail", email=email, type="STATUSCHANGE")
    read_activities()
    assert lead_of(email).attributes["unsubscribed"] is True


# ---- the door itself --------------------------------------------------------------------------------------------------


@pytest.fixture
def hearing(door_to_everything: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> Iterator[httpx.Client]:
    """Our door, with a secret and an address that is not the one it listens at: a proxy stands before it."""
    for name, value in (("CLIENT_SECRET", SECRET), ("WEBHOOK_URI", URI)):
        monkeypatch.setenv(f"HUBSPOT_{name}", value)
    hubspot_settings.cache_clear()
    yield door_to_everything
    hubspot_settings.cache_clear()


def event(**more: Any) -> dict[str, Any]:
    return {
        "eventId": 1,
        "subscriptionId": 2,
        "portalId": PORTAL,
        "appId": 3,
        "occurredAt": 1_800_000_000_000,
        "subscriptionType": "contact.creation",
        "attemptNumber": 0,
        "objectId": 101,
        **more,
    }


def deliver(
    door: httpx.Client, body: bytes | list[dict[str, Any]], *, uri: str = URI, at: str | None = None, **headers: str
) -> httpx.Response:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    at = at or str(int(time.time() * 1000))
    signed = base64.b64encode(hmac.digest(SECRET.encode(), b"POST" + uri.encode() + raw + at.encode(), "sha256"))
    sent = {"X-HubSpot-Signature-v3": signed.decode(), "X-HubSpot-Request-Timestamp": at} | headers
    return door.post(WEBHOOKS, content=raw, headers=httpx.Headers(sent, encoding="latin-1"))


def test_a_hundred_events_are_kept_as_they_came_and_are_one_job(hearing: httpx.Client) -> None:
    events = [event(objectId=number, eventId=number) for number in range(100)]
    assert deliver(hearing, events).status_code == 200
    assert {json.loads(one.body)["objectId"] for one in arrivals()} == {*range(100)}
    assert len(jobs()) == 1


def test_a_delivery_that_comes_again_leaves_nothing_new_even_at_the_same_moment(hearing: httpx.Client) -> None:
    with ThreadPoolExecutor(8) as pool:
        bodies = [[event(attemptNumber=number)] for number in range(8)]
        statuses = {one.status_code for one in pool.map(lambda body: deliver(hearing, body), bodies)}
    assert statuses == {200}
    assert (len(arrivals()), len(jobs())) == (1, 1)


@pytest.mark.parametrize(
    "passed_over",
    [
        {"subscriptionType": "contact.deletion"},
        {"subscriptionType": "contact.privacyDeletion"},
        {"subscriptionType": "company.creation"},
        {"subscriptionType": "object.creation", "objectTypeId": "0-2"},
        {"subscriptionType": "contact.propertyChange", "changeSource": "INTEGRATION", "sourceId": "3"},
        {"objectId": "101; drop table leads"},
        {"objectId": None},
    ],
)
def test_what_is_no_matter_of_ours_is_answered_and_not_kept(hearing: httpx.Client, passed_over: dict[str, Any]) -> None:
    assert deliver(hearing, [event(**passed_over)]).status_code == 200
    assert (arrivals(), jobs()) == ([], [])


def test_what_another_app_wrote_is_news(hearing: httpx.Client) -> None:
    assert deliver(hearing, [event(changeSource="INTEGRATION", sourceId="4")]).status_code == 200
    assert len(arrivals()) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"X-HubSpot-Signature-v3": ""},
        {"X-HubSpot-Signature-v3": "AAAA"},
        {"X-HubSpot-Signature-v3": "\u00e4\u00f6"},
        {"X-HubSpot-Request-Timestamp": ""},
        {"X-HubSpot-Request-Timestamp": "nan"},
        {"X-HubSpot-Request-Timestamp": "-1"},
        {"X-HubSpot-Request-Timestamp": "9" * 400},
    ],
)
def test_headers_that_are_no_signature_are_refused(hearing: httpx.Client, wrong: dict[str, str]) -> None:
    assert deliver(hearing, [event()], **wrong).status_code == 401
    assert arrivals() == []


def test_a_signature_over_another_address_than_the_configured_one_is_refused(hearing: httpx.Client) -> None:
    assert deliver(hearing, [event()], uri=f"{hearing.base_url}{WEBHOOKS}").status_code == 401
    assert deliver(hearing, [event()], uri="http://handoff.example.com/webhooks/hubspot").status_code == 401


@pytest.mark.parametrize("seconds", [-301, 301])
def test_a_signature_of_more_than_five_minutes_ago_or_ahead_is_refused(hearing: httpx.Client, seconds: int) -> None:
    assert deliver(hearing, [event()], at=str(int((time.time() + seconds) * 1000))).status_code == 401


@pytest.mark.parametrize("body", [b"{}", b"[1]", b"not json", b"[" * 100_000, json.dumps([event()] * 101).encode()])
def test_a_signed_body_that_is_no_list_of_events_is_said_to_be_none(hearing: httpx.Client, body: bytes) -> None:
    assert deliver(hearing, body).status_code == 400
    assert arrivals() == []


def test_a_body_beyond_the_limit_is_refused_before_it_is_read(hearing: httpx.Client) -> None:
    assert deliver(hearing, b" " * (256 * 1024 + 1)).status_code == 413


def test_without_a_secret_there_is_no_such_door(
    door_to_everything: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUBSPOT_CLIENT_SECRET", "")
    hubspot_settings.cache_clear()
    answer = deliver(door_to_everything, [event()])
    hubspot_settings.cache_clear()
    assert answer.status_code == 404
    assert "HUBSPOT_CLIENT_SECRET" in answer.json()["detail"]


def test_the_link_to_the_contact_is_that_of_marketing_automation(told: Outside) -> None:
    email = "linked@acme-pumps.example.com"
    contact = play(told, "contact", email=email)["id"]
    work_off()
    with reading() as session:
        wanted = select(SystemLink.external_id).where(SystemLink.lead_id == lead_of(email).id)
        assert session.scalars(wanted.where(SystemLink.system == "marketing")).one() == contact
