"""The capture door, through our real server: every answer is clear, and nothing that was let in is lost."""

import json
import socket
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from sqlalchemy import func, select

from domain.tables import Arrival, ArrivalState, Lead, TouchRow
from domain.verbs import capturing
from handlers import capture
from handlers.jobs import reading, transaction
from kit.settings import settings
from tests.handlers.making import KEY, door, door_url, jobs, sandbox_process, slack, work_off

__all__ = ["door", "door_url", "sandbox_process", "slack"]  # fixtures

KIM = {"email": "kim@buyer.example.com", "first_name": "Kim", "kind": "demo_request", "page": "/demo"}


def arrivals() -> list[Arrival]:
    with reading() as session:
        return list(session.scalars(select(Arrival).order_by(Arrival.id)))


def leads() -> int:
    with reading() as session:
        return session.scalar(select(func.count()).select_from(Lead)) or 0


def is_problem(answer: httpx.Response, status: int, kind: str) -> dict[str, Any]:
    """The problem document, after a look whether it is one."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = answer.json()
    assert document["type"] == f"urn:handoff:problem:{kind}"
    assert document["status"] == status
    assert document["title"]
    assert document["detail"].endswith(".")
    return document


# ---- what is taken ----------------------------------------------------------------------------------------------------


def test_a_delivery_is_taken_and_its_jobs_are_sent(door: httpx.Client) -> None:
    answer = door.post("/capture/website", json=KIM)
    assert answer.status_code == 202
    said = answer.json()
    assert (said["state"], said["new"], said["lead"]["stage"]) == ("taken", True, "captured")
    assert {job.name for job in jobs()} == {"enrich", "score"}


def test_a_second_delivery_with_the_same_key_changes_nothing(door: httpx.Client) -> None:
    first, second = (door.post("/capture/website", json=KIM, headers={"Idempotency-Key": "k1"}) for _ in range(2))
    assert (first.status_code, second.status_code) == (202, 200)
    assert second.json() == first.json() | {"new": False}
    with reading() as session:
        assert session.scalar(select(func.count()).select_from(TouchRow)) == 1
    assert len(jobs()) == 2


def test_without_a_key_each_delivery_is_a_touch(door: httpx.Client) -> None:
    answers = [door.post("/capture/website", json=KIM) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [202, 202]
    assert leads() == 1
    with reading() as session:
        assert session.scalar(select(func.count()).select_from(TouchRow)) == 2


def test_the_same_key_with_another_body_is_a_conflict(door: httpx.Client) -> None:
    door.post("/capture/website", json=KIM, headers={"Idempotency-Key": "k1"})
    answer = door.post("/capture/website", json=KIM | {"page": "/other"}, headers={"Idempotency-Key": "k1"})
    is_problem(answer, 409, "delivery_conflict")
    assert len(arrivals()) == 1


def test_what_arrived_is_kept_byte_for_byte(door: httpx.Client) -> None:
    raw = b'{ "email":"kim@buyer.example.com" ,\n "note": "\xc3\xa9" }'
    assert door.post("/capture/website", content=raw).status_code == 202
    assert arrivals()[0].body == raw


def test_other_fields_become_attributes_that_a_model_may_read(door: httpx.Client) -> None:
    door.post(
        "/capture/website", json=KIM | {"plan": "team", "attributes": {"seats": 12, "tools": ["crm"], "vip": True}}
    )
    with reading() as session:
        known = session.scalars(select(Lead.attributes)).one()
    assert (known["plan"], known["seats"], known["tools"], known["vip"]) == ("team", 12, ["crm"], True)


def test_whoever_sent_it_can_ask_what_became_of_it(door: httpx.Client) -> None:
    arrival = door.post("/capture/website", json=KIM).json()["arrival"]
    work_off("enrich", "score", "nurture")
    said = door.get(f"/capture/website/{arrival}").json()
    assert (said["state"], said["lead"]["stage"], said["lead"]["tier"]) == ("taken", "nurturing", "cold")
    assert KIM["email"] not in json.dumps(said)


# ---- what is refused and kept -----------------------------------------------------------------------------------------

REFUSED = [
    (b"", 400, "not_json"),
    (b"{", 400, "not_json"),
    (b"not json at all", 400, "not_json"),
    (b'{"email": "kim@example.com"', 400, "not_json"),
    (b'\xff\xfe{"email": "kim@example.com"}', 400, "not_json"),
    (b'{"email": "\xe9@example.com"}', 400, "not_json"),
    (b'{"email": "kim@example.com", "score": NaN}', 400, "not_json"),
    (b'{"email": "kim@example.com", "score": -Infinity}', 400, "not_json"),
    (b"[" * 100_000, 400, "not_json"),
    (b'{"a":' * 20_000 + b"1" + b"}" * 20_000, 400, "not_json"),
    (b'{"email": "kim@example.com", "n": ' + b"9" * 5_000 + b"}", 400, "not_json"),
    (b"[]", 422, "not_an_object"),
    (b'"kim@example.com"', 422, "not_an_object"),
    (b"null", 422, "not_an_object"),
    (b"{}", 422, "bad_fields"),
    (b'{"email": null}', 422, "bad_fields"),
    (b'{"email": 5}', 422, "bad_fields"),
    (b'{"email": ["kim@example.com"]}', 422, "bad_fields"),
    (b'{"email": "\\ud800@example.com"}', 422, "bad_fields"),
    (b'{"email": "kim@example.com", "kind": "Demo Request!"}', 422, "bad_fields"),
    (b'{"email": "kim@example.com", "kind": 7}', 422, "bad_fields"),
    (b'{"email": "kim@example.com", "campaign": {"a": 1}}', 422, "bad_fields"),
    (b'{"email": "kim@example.com", "occurred_at": "yesterday"}', 422, "bad_fields"),
    (b'{"email": "kim@example.com", "attributes": {"n": 1e999}}', 422, "bad_fields"),
    (b'{"email": "kim@example.com", "attributes": {"n": ' + b"9" * 400 + b"}}", 422, "bad_fields"),
    (b'{"email": "kim@example.com", "attributes": {"a": {"b": 1}}}', 422, "bad_fields"),
    (b'{"email": "kim@example.com", "occurred_at": "2099-01-01T00:00:00Z"}', 422, "in_the_future"),
    (b'{"email": "kim@example.com", "occurred_at": "0001-01-01T00:00:00+14:00"}', 422, "too_long_ago"),
    (b'{"email": ""}', 422, "bad_lead"),
    (b'{"email": "kim"}', 422, "bad_lead"),
    (b'{"email": "kim@"}', 422, "bad_lead"),
    (b'{"email": "kim\\u0000@example.com@example.com"}', 422, "bad_lead"),
]


@pytest.mark.parametrize(
    ("body", "status", "kind"), REFUSED, ids=[f"{kind}-{n}" for n, (_, _, kind) in enumerate(REFUSED)]
)
def test_what_cannot_be_used_is_refused_in_a_sentence_and_kept(
    door: httpx.Client, body: bytes, status: int, kind: str
) -> None:
    document = is_problem(door.post("/capture/website", content=body), status, kind)
    assert "kim@example" not in document["detail"]
    (arrival,) = arrivals()
    assert (arrival.id, arrival.state, arrival.body) == (document["arrival"], ArrivalState.REFUSED, body)
    assert leads() == 0
    assert jobs() == []


@pytest.mark.parametrize(
    "extra",
    [
        {"attributes": {"a": "nul \x00 in it", "b": ["\x00"]}},
        {"campaign": "\x00", "content": "\ud800 half a character"},
        {"first_name": "\x00\x01", "message": "\x00" * 50},
        {"a\x00b": "c\x00d"},
        {"n": 9 * 10**17, "employees": 10**400},
    ],
)
def test_what_postgres_cannot_hold_is_left_out_and_the_lead_is_taken(door: httpx.Client, extra: dict[str, Any]) -> None:
    answer = door.post("/capture/website", content=json.dumps(KIM | extra))
    if "content" in extra:
        is_problem(answer, 422, "bad_fields")
    else:
        assert answer.status_code == 202


def test_the_same_unusable_delivery_again_is_refused_again_and_kept_once(door: httpx.Client) -> None:
    answers = [door.post("/capture/website", content=b"{}", headers={"Idempotency-Key": "k"}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [422, 422]
    assert len(arrivals()) == 1


def test_a_refused_arrival_is_taken_when_it_is_replayed_after_the_cause_is_gone(door: httpx.Client) -> None:
    answer = door.post(
        "/capture/website", content=b'{"email": "kim@buyer.example.com", "occurred_at": "2099-01-01T00:00:00Z"}'
    )
    arrival_id = answer.json()["arrival"]
    assert capture.replay(arrival_id) is None
    with transaction() as session:
        session.get_one(Arrival, arrival_id).body = json.dumps(KIM).encode()
    lead_id = capture.replay(arrival_id)
    assert lead_id is not None
    (arrival,) = arrivals()
    assert (arrival.state, arrival.refusal, arrival.lead_id) == (ArrivalState.TAKEN, None, lead_id)
    assert {job.name for job in jobs()} == {"enrich", "score"}
    assert capture.replay(arrival_id) is None


# ---- who is not let in ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("source", ["website", "nowhere", "no%00where", "%ff%fe", "x" * 3000])
@pytest.mark.parametrize("key", ["", "Bearer x", "Bearer wrong", f"Basic {KEY}x", "Bearer caf\u00e9"])
def test_a_wrong_key_and_an_unknown_source_sound_the_same(door: httpx.Client, source: str, key: str) -> None:
    answer = door.post(f"/capture/{source}", json=KIM, headers={b"Authorization": key.encode("latin-1")})
    document = is_problem(answer, 401, "wrong_key")
    assert document["detail"] == "Send the source's key as `Authorization: Bearer KEY`."
    assert arrivals() == []


def test_one_source_cannot_ask_about_the_deliveries_of_another(door: httpx.Client) -> None:
    arrival = door.post("/capture/website", json=KIM).json()["arrival"]
    with transaction() as session:
        capturing.add_source(session, "events", arrivals()[0].body_hash)
    assert is_problem(door.get(f"/capture/events/{arrival}"), 401, "wrong_key")
    assert is_problem(door.get("/capture/website/4711"), 404, "not_found")


@pytest.mark.parametrize(
    "path", ["/capture/website/0", "/capture/website/x", f"/capture/website/{10**30}", "/nowhere", "/capture"]
)
def test_there_is_nothing_at_other_addresses(door: httpx.Client, path: str) -> None:
    is_problem(door.get(path), 404, "not_found")


def test_another_method_is_not_allowed(door: httpx.Client) -> None:
    answer = door.delete("/capture/website")
    is_problem(answer, 405, "method_not_allowed")
    assert answer.headers["allow"] == "POST"


@pytest.mark.parametrize("key", ["", "x" * 201])
def test_an_idempotency_key_that_is_none_is_refused(door: httpx.Client, key: str) -> None:
    is_problem(door.post("/capture/website", json=KIM, headers={"Idempotency-Key": key}), 400, "bad_idempotency_key")


# ---- how much is let in -----------------------------------------------------------------------------------------------


def pieces(total: int) -> Iterator[bytes]:
    for _ in range(0, total, 4096):
        yield b"x" * 4096


def test_a_body_at_the_limit_is_let_in_and_one_byte_more_is_not(door: httpx.Client) -> None:
    limit = settings().body_limit
    is_problem(door.post("/capture/website", content=b" " * limit), 400, "not_json")
    is_problem(door.post("/capture/website", content=b" " * (limit + 1)), 413, "too_large")
    assert len(arrivals()) == 1


def test_a_body_that_declares_too_much_is_refused_before_it_is_sent(door: httpx.Client) -> None:
    at = urlsplit(str(door.base_url))
    with socket.create_connection((at.hostname or "", at.port or 0), timeout=5) as wire:
        head = f"POST /capture/website HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {KEY}\r\nContent-Length: 99999999\r\n\r\n"
        wire.sendall(head.encode())
        assert b" 413 " in wire.recv(4096).split(b"\r\n", 1)[0]
    assert arrivals() == []


def test_a_body_that_comes_in_pieces_is_read_no_further_than_the_limit(door: httpx.Client) -> None:
    answer = door.post("/capture/website", content=pieces(settings().body_limit * 2))
    is_problem(answer, 413, "too_large")
    assert arrivals() == []


def test_a_body_in_pieces_within_the_limit_is_taken(door: httpx.Client) -> None:
    assert door.post("/capture/website", content=iter([b'{"email": ', b'"kim@buyer.example.com"}'])).status_code == 202


def test_the_door_says_that_it_is_well_and_nothing_of_what_it_runs_on(door: httpx.Client) -> None:
    answer = door.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"ok": True})
    assert "server" not in answer.headers
