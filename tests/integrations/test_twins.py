"""The twins' own promises: credentials of their own, faults only for our page, and a record of what arrived."""

import httpx
import pytest

from sandbox.twins import Twin, all_twins
from tests.integrations.conftest import Sandbox


def test_credentials_are_new_at_every_start() -> None:
    first, second = ([twin.credentials("") for twin in all_twins()] for _ in range(2))
    secrets = {name for names in first for name in names if not name.endswith(("URL", "DOMAIN", "STATUSES", "PLAN"))}
    assert {"CLEARBIT_API_KEY", "HUBSPOT_ACCESS_TOKEN", "SALESFORCE_CLIENT_SECRET", "ZOOMINFO_CLIENT_SECRET"} <= secrets
    assert not [
        name
        for one, other in zip(first, second, strict=True)
        for name in secrets & set(one)
        if one[name] == other[name]
    ]


def test_the_demo_plugs_in_hubspot_and_salesforce_only() -> None:
    assert [twin.name for twin in all_twins() if twin.in_demo] == ["hubspot", "salesforce"]


@pytest.mark.parametrize(
    ("system", "fault", "headers", "status"),
    [
        ("hubspot", {"kind": "500"}, {}, 403),
        ("hubspot", {"kind": "earthquake"}, {"X-Sandbox": "page"}, 422),
        ("hubspot", {"kind": "500", "count": 0}, {"X-Sandbox": "page"}, 422),
        ("hubspot", {"kind": "500", "colour": "red"}, {"X-Sandbox": "page"}, 422),
        ("pipedrive", {"kind": "500"}, {"X-Sandbox": "page"}, 404),
    ],
)
def test_a_fault_is_refused_to_foreign_pages_and_if_nobody_knows_it(
    sandbox: Sandbox, system: str, fault: dict[str, str], headers: dict[str, str], status: int
) -> None:
    assert httpx.post(f"{sandbox.url}/_faults/{system}", json=fault, headers=headers).status_code == status


@pytest.mark.parametrize("system", [twin.name for twin in all_twins()])
def test_what_arrives_is_remembered_but_not_questions_for_the_state(sandbox: Sandbox, system: str) -> None:
    httpx.get(f"{sandbox.url}/{system}/nothing/here")
    assert isinstance(sandbox.state(system), dict)
    (call,) = sandbox.calls(system)
    assert (call["method"], call["path"], call["status"]) == ("GET", f"/{system}/nothing/here", 404)


def test_a_fault_happens_as_often_as_asked_and_only_on_its_path(sandbox: Sandbox) -> None:
    sandbox.fault("clearbit", "500", count=2, path="/v2/")
    statuses = [httpx.get(f"{sandbox.url}/clearbit{path}").status_code for path in ("/x", "/v2/x", "/v2/x", "/v2/x")]
    assert statuses == [404, 500, 500, 404]


def test_a_pace_that_is_switched_off_lets_everything_pass(sandbox: Sandbox) -> None:
    twin: Twin = sandbox.twins["zoominfo"]
    twin.pace.seconds = 60  # so that a slow machine does not take longer for them
    twin.pace.on = False
    assert {httpx.get(f"{sandbox.url}/zoominfo/x").status_code for _ in range(30)} == {404}
    twin.pace.on = True
    assert httpx.get(f"{sandbox.url}/zoominfo/x").status_code == 429
