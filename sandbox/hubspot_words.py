"""HubSpot's own words: its errors, its properties, and what it finds wrong with a request."""

import json
import uuid
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any, Literal, TypedDict

from fastapi import Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict

BATCH = 100
TEXT_LIMIT = 65_536
FORWARD = (
    "subscriber",
    "lead",
    "marketingqualifiedlead",
    "salesqualifiedlead",
    "opportunity",
    "customer",
    "evangelist",
    "other",
)
"""Lifecycle stages in their order. A step back is passed over without a word."""
TEXTS = ("firstname", "lastname", "company", "jobtitle", "phone", "country", "email", "website", "industry")
READ_ONLY = {
    "createdate": "datetime",
    "lastmodifieddate": "datetime",
    "hs_object_id": "number",
    "recent_conversion_date": "datetime",
    "recent_conversion_event_name": "string",
}
OURS = {
    "handoff_score": "number",
    "handoff_fit": "number",
    "handoff_intent": "number",
    "handoff_tier": "string",
    "handoff_stage": "string",
    "handoff_owner": "string",
    "handoff_reasons": "string",
    "handoff_programme": "string",
    "handoff_sql_at": "date",
    "handoff_next_content_title": "string",
    "handoff_next_content_url": "string",
}
"""The properties that an admin of this account has made."""
INPUT_FIELDS = {"id", "idProperty", "objectWriteTraceId", "properties"}
NEW_PROPERTY = {"name", "label", "groupName", "type", "fieldType", "options", "description"}
KINDS = {
    "string": {"text", "textarea"},
    "number": {"number"},
    "date": {"date"},
    "bool": {"booleancheckbox"},
    "enumeration": {"select", "radio", "checkbox"},
}


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Change(Strict):
    """Somebody at HubSpot, or a form, makes or changes a contact. `how`: what the delivery of its events is like."""

    email: str
    properties: dict[str, str] = {}
    form: str | None = None
    style: Literal["contact", "object"] = "contact"
    how: list[Literal["twice", "backwards", "forged", "late", "retried"]] = []
    portal_id: int | None = None


class Played(TypedDict):
    """What came of a change: how many events, and how each of their deliveries was answered (0: not at all)."""

    id: str
    events: int
    statuses: list[int]


def all_properties() -> dict[str, dict[str, Any]]:
    """The properties of contacts, by name."""
    known = {name: described(name, "string") for name in TEXTS}
    known |= {name: described(name, kind, read_only=True) for name, kind in READ_ONLY.items()}
    known |= {name: described(name, kind, group="handoff") for name, kind in OURS.items()}
    stages = [{"label": value, "value": value} for value in FORWARD]
    return known | {"lifecyclestage": described("lifecyclestage", "enumeration") | {"options": stages}}


def described(name: str, kind: str, *, group: str = "contactinformation", read_only: bool = False) -> dict[str, Any]:
    return {
        "name": name,
        "label": name,
        "type": kind,
        "fieldType": "text",
        "groupName": group,
        "options": [],
        "calculated": False,
        "hubspotDefined": group != "handoff",
        "modificationMetadata": {"readOnlyValue": read_only, "readOnlyDefinition": read_only, "archivable": True},
    }


def wrong_shape(inputs: Any) -> str | None:
    if not isinstance(inputs, list) or not inputs:
        return "Invalid input JSON: inputs is required"
    if len(inputs) > BATCH:
        return f"The maximum batch size is {BATCH}. Received {len(inputs)} items."
    if not all(_sound(one) for one in inputs):
        return "Invalid input JSON on line 1: an input is not of the form of SimplePublicObjectBatchInputUpsert"
    ids = [one["id"].casefold() for one in inputs]
    return "Duplicate IDs found in batch input. IDs must be unique" if len(set(ids)) < len(ids) else None


def _sound(one: Any) -> bool:
    if not isinstance(one, dict) or not {"id", "idProperty", "properties"} <= set(one) <= INPUT_FIELDS:
        return False
    if one["idProperty"] != "email" or not isinstance(one["properties"], dict):
        return False
    texts = [one["id"], one.get("objectWriteTraceId", ""), *one["properties"].values()]
    return all(isinstance(value, str) for value in texts)


def wrong_values(one: Mapping[str, Any], known: Mapping[str, Mapping[str, Any]]) -> dict[str, Any] | None:
    local, at, domain = one["id"].partition("@")
    if not (local and at and "." in domain) or " " in one["id"]:
        return _problem("email", "INVALID_EMAIL", f"Email address {one['id']} is invalid")
    return next(
        (wrong for name, value in one["properties"].items() if (wrong := _wrong_value(name, value, known))), None
    )


def _wrong_value(name: str, value: str, known: Mapping[str, Mapping[str, Any]]) -> dict[str, Any] | None:
    if name not in known:
        return _problem(name, "PROPERTY_DOESNT_EXIST", f'Property "{name}" does not exist')
    if known[name]["modificationMetadata"]["readOnlyValue"]:
        return _problem(name, "READ_ONLY_VALUE", f'"{name}" is a read only property; its value cannot be set.')
    if len(value) > TEXT_LIMIT:
        return _problem(name, "VALUE_TOO_LONG", f'Property "{name}" is too long')
    return _wrong_for_its_type(name, value, known[name]) if value else None


def _wrong_for_its_type(name: str, value: str, known: Mapping[str, Any]) -> dict[str, Any] | None:
    kind = known["type"]
    if kind == "number" and not value.lstrip("-").replace(".", "", 1).isdecimal():
        return _problem(name, "INVALID_INTEGER", f"{value} was not a valid number.")
    if kind == "date" and not _is_day(value):
        return _problem(name, "INVALID_DATE", f"{value} was not a valid date.")
    if kind == "enumeration" and value not in [option["value"] for option in known["options"]]:
        return _problem(name, "INVALID_OPTION", f"{value} was not one of the allowed options.")
    return None


def _is_day(value: str) -> bool:
    try:
        date.fromisoformat(value)
    except ValueError:
        return value.isdecimal()
    return True


def wrong_property(body: Any, groups: set[str]) -> str | None:
    if (
        not isinstance(body, dict)
        or not {"name", "label", "groupName", "type", "fieldType"} <= set(body) <= NEW_PROPERTY
    ):
        return "Invalid input JSON: not of the form of PropertyCreate"
    name = str(body["name"])
    if not (name.isascii() and name == name.lower() and name.replace("_", "").isalnum() and name[0].isalpha()):
        return f"{name} is not a valid name of a property"
    if body["fieldType"] not in KINDS.get(body["type"], set()):
        return f"A {body['type']} cannot be shown as {body['fieldType']}"
    return None if body["groupName"] in groups else f"There is no group {body['groupName']}"


def _problem(name: str, error: str, message: str) -> dict[str, Any]:
    return {"isValid": False, "message": message, "error": error, "name": name}


def invalid(problems: list[dict[str, Any]]) -> Response:
    return refused(400, "VALIDATION_ERROR", f"Property values were not valid: {json.dumps(problems[:1])}")


def refused(status: int, category: str, message: str) -> Response:
    body = {"status": "error", "message": message, "correlationId": str(uuid.uuid4()), "category": category}
    return JSONResponse(body, status)


def lacking(scope: str) -> Response:
    message = "This app hasn't been granted all required scopes to make this call."
    asked = {"message": "All of the following scopes are required.", "context": {"requiredGranularScopes": [scope]}}
    body = {"status": "error", "message": message, "correlationId": str(uuid.uuid4()), "category": "MISSING_SCOPES"}
    return JSONResponse(body | {"errors": [asked]}, 403)


def over_limit(policy: str) -> Response:
    message = f"You have reached your {policy.lower()} limit."
    body = {"status": "error", "message": message, "errorType": "RATE_LIMIT", "correlationId": str(uuid.uuid4())}
    return JSONResponse(body | {"policyName": policy}, 429)


def some_missing(ids: list[str]) -> dict[str, Any]:
    message = "Could not get some CONTACT objects, they may be deleted or not exist. Check that ids are valid."
    error = {"status": "error", "category": "OBJECT_NOT_FOUND", "message": message, "context": {"ids": ids}}
    return {"numErrors": 1, "errors": [error]}


def now() -> str:
    return iso(datetime.now(UTC))


def iso(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
