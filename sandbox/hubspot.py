"""HubSpot's contacts, as far as batch upsert by e-mail goes, and its lists, with the refusals of the real one."""

import json
import secrets
import uuid
from datetime import UTC, datetime
from itertools import count
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from sandbox.twin import Pace, Twin, bearer, json_body

BATCH = 100
TEXT_LIMIT = 65_536
TEXTS = {"firstname", "lastname", "company", "jobtitle", "phone", "country", "email", "website", "industry"}
CUSTOM_TEXTS = {
    "handoff_tier",
    "handoff_stage",
    "handoff_sql_at",
    "handoff_reasons",
    "handoff_programme",
    "handoff_next_content_title",
    "handoff_next_content_url",
}
CUSTOM_NUMBERS = {"handoff_score", "handoff_fit", "handoff_intent"}
LISTS = {
    "201": ("Nurture: decision makers", "MANUAL"),
    "202": ("Nurture: not now", "MANUAL"),
    "203": ("Nurture: influencers", "MANUAL"),
    "204": ("Nurture: everybody else", "MANUAL"),
    "299": ("Opened an e-mail this month", "DYNAMIC"),
}
"""The lists of this portal: id -> name and how it is filled. HubSpot fills a dynamic one by itself."""
MEMBERSHIPS = 100_000
"""Records in one request to a list."""
INPUT_FIELDS = {"id", "idProperty", "objectWriteTraceId", "properties"}


class HubSpotTwin(Twin):
    name = "hubspot"
    in_demo = True
    faults_known = Twin.faults_known | {"partial", "daily"}

    def __init__(self) -> None:
        self.token = f"pat-na1-{uuid.uuid4()}"
        self.contacts: dict[str, dict[str, Any]] = {}
        self.lists: dict[str, dict[str, Any]] = {
            key: {"name": name, "processingType": how, "members": []} for key, (name, how) in LISTS.items()
        }
        self._ids = count(101)
        super().__init__(Pace(190, 10))

    def routes(self, router: APIRouter) -> None:
        router.add_api_route("/crm/v3/objects/contacts/batch/upsert", self.upsert, methods=["POST"])
        path = "/crm/v3/lists/{list_id}/memberships/{how}"
        router.add_api_route(path, self.change_members, methods=["PUT"])

    def credentials(self, base_url: str) -> dict[str, str]:
        return {"HUBSPOT_ACCESS_TOKEN": self.token, "HUBSPOT_URL": base_url + self.prefix}

    def state(self) -> dict[str, Any]:
        return {"contacts": self.contacts, "lists": self.lists}

    def refusal(self, status: int, kind: str = "") -> Response:
        if status == 429:
            return _limit("TEN_SECONDLY_ROLLING", "You have reached your ten_secondly_rolling limit.")
        if kind == "expired_token":
            return _error(401, "EXPIRED_AUTHENTICATION", "The OAuth token used to make this call expired.")
        if status == 401:
            return _error(401, "INVALID_AUTHENTICATION", "Authentication credentials not found.")
        if status == 404:
            return _error(404, "OBJECT_NOT_FOUND", "resource not found")
        return _error(status, "INTERNAL_ERROR", "internal error")

    async def upsert(self, request: Request) -> Response:
        if not self._known(request):
            return self.refusal(401)
        if self.fault_for(request.url.path, kinds=frozenset({"daily"})):
            return _limit("DAILY", "You have reached your daily limit.")
        body = await json_body(request)
        inputs = body.get("inputs") if isinstance(body, dict) and set(body) == {"inputs"} else None
        if (wrong := _wrong_shape(inputs)) is not None:
            return _error(400, "VALIDATION_ERROR", wrong)
        assert isinstance(inputs, list)  # noqa: S101  (what _wrong_shape has just seen, said to the type checker)
        problems = [problem for one in inputs if (problem := _wrong_values(one))]
        if problems:
            return _error(400, "VALIDATION_ERROR", f"Property values were not valid: {json.dumps(problems[:1])}")
        if self.fault_for(request.url.path, kinds=frozenset({"partial"})):
            return self._partly(inputs)
        now = _now()
        results = [self._save(one) for one in inputs]
        return JSONResponse({"status": "COMPLETE", "results": results, "startedAt": now, "completedAt": _now()})

    async def change_members(self, request: Request) -> Response:
        """Records that do not exist are named; those that are in the list already, or not in it, are passed over."""
        if not self._known(request):
            return self.refusal(401)
        list_id, how = request.path_params["list_id"], request.path_params["how"]
        found = self.lists.get(list_id)
        if found is None or how not in {"add", "remove"}:
            return _error(404, "OBJECT_NOT_FOUND", f"List does not exist with ID {list_id}.")
        if found["processingType"] == "DYNAMIC":
            return _error(400, "VALIDATION_ERROR", "Memberships of a DYNAMIC list cannot be changed by hand.")
        ids = await json_body(request)
        if not isinstance(ids, list) or not ids or not all(isinstance(one, str) and one.isdecimal() for one in ids):
            return _error(400, "VALIDATION_ERROR", "Invalid input JSON: a list of record IDs is required")
        if len(ids) > MEMBERSHIPS:
            return _error(400, "VALIDATION_ERROR", f"At most {MEMBERSHIPS} records can be changed in one request.")
        existing = {contact["id"] for contact in self.contacts.values()}
        members: list[str] = found["members"]
        changed = [one for one in dict.fromkeys(ids) if one in existing and (one in members) is (how == "remove")]
        kept = [member for member in members if member not in changed]
        found["members"] = members + changed if how == "add" else kept
        answer = {"recordsIdsAdded": changed if how == "add" else [], "recordIdsMissing": sorted(set(ids) - existing)}
        return JSONResponse(answer | {"recordIdsRemoved": changed if how == "remove" else []})

    def _known(self, request: Request) -> bool:
        return secrets.compare_digest((bearer(request) or "").encode(), self.token.encode())

    def _partly(self, inputs: list[dict[str, Any]]) -> Response:
        """207: the first record fails, the others are saved, and come back in another order."""
        context = {"objectWriteTraceId": [inputs[0].get("objectWriteTraceId")]}
        refused = {
            "status": "error",
            "category": "VALIDATION_ERROR",
            "message": "This contact is being merged.",
            "context": context,
        }
        now, results = _now(), [self._save(one) for one in reversed(inputs[1:])]
        times = {"startedAt": now, "completedAt": _now()}
        return JSONResponse(
            {"status": "COMPLETE", "results": results, "numErrors": 1, "errors": [refused]} | times, 207
        )

    def _save(self, one: dict[str, Any]) -> dict[str, Any]:
        email = one["id"].casefold()
        new = email not in self.contacts
        contact = self.contacts.setdefault(email, {"id": str(next(self._ids)), "properties": {"email": email}})
        contact["properties"].update(one["properties"])
        saved = {"id": contact["id"], "properties": contact["properties"], "new": new, "archived": False}
        return saved | {"objectWriteTraceId": one.get("objectWriteTraceId"), "createdAt": _now(), "updatedAt": _now()}


def _wrong_shape(inputs: Any) -> str | None:
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


def _wrong_values(one: dict[str, Any]) -> dict[str, Any] | None:
    local, at, domain = one["id"].partition("@")
    if not (local and at and "." in domain) or " " in one["id"]:
        return _problem("email", "INVALID_EMAIL", f"Email address {one['id']} is invalid")
    for name, value in one["properties"].items():
        if name not in TEXTS | CUSTOM_TEXTS | CUSTOM_NUMBERS:
            return _problem(name, "PROPERTY_DOESNT_EXIST", f'Property "{name}" does not exist')
        if name in CUSTOM_NUMBERS and value and not value.lstrip("-").replace(".", "", 1).isdecimal():
            return _problem(name, "INVALID_INTEGER", f"{value} was not a valid number.")
        if len(value) > TEXT_LIMIT:
            return _problem(name, "VALUE_TOO_LONG", f'Property "{name}" is too long')
    return None


def _problem(name: str, error: str, message: str) -> dict[str, Any]:
    return {"isValid": False, "message": message, "error": error, "name": name}


def _error(status: int, category: str, message: str) -> Response:
    body = {"status": "error", "message": message, "correlationId": str(uuid.uuid4()), "category": category}
    return JSONResponse(body, status)


def _limit(policy: str, message: str) -> Response:
    body = {"status": "error", "message": message, "errorType": "RATE_LIMIT", "correlationId": str(uuid.uuid4())}
    return JSONResponse(body | {"policyName": policy}, 429)


def _now() -> str:
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")
