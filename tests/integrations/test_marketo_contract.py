"""What we send to Marketo, held to Marketo's own description of its interface."""

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from domain.rules.field_maps import FieldType, Theirs
from integrations.marketing_ports import Contact, Member
from integrations.marketo import build
from integrations.marketo_wire import Settings
from kit.outside import Refused
from kit.quota import OPEN
from tests.integrations.conftest import Sandbox

PREFIX = "/marketo"


@pytest.fixture(scope="session")
def described(shared_folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((shared_folder / "contracts" / "marketo" / "swagger-mapi.json").read_text())
    return found


def say_everything() -> None:
    """Each question that the client has."""
    client = build(Settings(), OPEN)
    known = client.default_map.outward({"score": "71", "tier": "MQL", "first_name": "Ada", "sql_at": "2026-03-03"})
    saved = client.upsert_contacts([Contact("ada@example.com", known), Contact("bob@example.com", {"handoff_fit": ""})])
    members = [Member(str(one.external_id), one.key) for one in saved]
    for programme in ("1001", "campaign:77"):
        client.enrol(programme, members)
        client.withdraw(programme, members)
    client.create_field(Theirs("handoff_grade", FieldType.TEXT, "Grade (A-D)"))
    cursor = client.activities(None).cursor
    client.activities(cursor)
    client.changed_contacts(None, ["title"])
    client.read_back([one.contact_id for one in members], ["title"])
    client.check()
    client.quota()
    client.close()


def operation_of(described: dict[str, Any], call: dict[str, Any]) -> dict[str, Any]:
    """Marketo's own description of what was called. Raises LookupError if it knows no such thing."""
    steps = call["path"].removeprefix(PREFIX).split("/")
    for path, operations in described["paths"].items():
        pattern = path.split("/")
        fits = len(pattern) == len(steps) and all(_same(one, step) for one, step in zip(pattern, steps, strict=True))
        if fits and call["method"].lower() in operations:
            found: dict[str, Any] = operations[call["method"].lower()]
            return found
    raise LookupError(f"{call['method']} {call['path']}")


def _same(pattern: str, step: str) -> bool:
    start, brace, rest = pattern.partition("{")
    return pattern == step if not brace else step.startswith(start) and step.endswith(rest.partition("}")[2])


def test_every_call_is_one_that_marketo_describes_and_every_body_is_valid(
    configured: Sandbox, described: dict[str, Any]
) -> None:
    say_everything()
    calls = [call for call in configured.calls("marketo") if "/identity/" not in call["path"]]
    bodies = 0
    for call in calls:
        parameters = operation_of(described, call)["parameters"] if call["body"] else []
        for parameter in [one for one in parameters if one["in"] == "body"]:
            schema = parameter["schema"] | {"definitions": described["definitions"]}
            body = json.loads(call["body"])
            jsonschema_rs.Draft4Validator(schema).validate(body)
            named = described["definitions"][parameter["schema"]["$ref"].rpartition("/")[2]]
            assert set(body) <= set(named["properties"]), call["path"]
            bodies += 1
    assert len({call["path"] for call in calls}) >= 10
    assert bodies == 3  # leads, a campaign, a field


@pytest.mark.parametrize(
    "wrong", [{}, {"input": {}}, {"input": [], "action": "upsert"}, {"input": [{"id": "no number"}]}]
)
def test_the_description_refuses_what_is_wrong(described: dict[str, Any], wrong: dict[str, Any]) -> None:
    schema = {"$ref": "#/definitions/SyncLeadRequest", "definitions": described["definitions"]}
    assert not jsonschema_rs.Draft4Validator(schema).is_valid(wrong)


def test_what_marketo_refuses_at_the_door_has_a_sentence_and_no_secret(
    configured: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MARKETO_CLIENT_SECRET", "a-wrong-secret-value")
    client = build(Settings(), OPEN)
    with pytest.raises(Refused, match="does not accept the client id and secret") as raised:
        client.check()
    client.close()
    assert "a-wrong-secret" not in repr(raised.value)
