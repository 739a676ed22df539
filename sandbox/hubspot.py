"""HubSpot in small, on its paths of 2026-03: contacts, lists, properties, associations and search, with the real one's refusals.
What it tells by itself (webhooks, what people did) is in `hubspot_events.py`.
"""

import secrets
import time
import uuid
from datetime import UTC, datetime
from itertools import count
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from starlette.background import BackgroundTask

from sandbox.hubspot_events import Events
from sandbox.hubspot_search import Asked, wrong_search
from sandbox.hubspot_words import (
    FORWARD,
    all_properties,
    described,
    invalid,
    iso,
    lacking,
    now,
    over_limit,
    refused,
    some_missing,
    wrong_property,
    wrong_shape,
    wrong_values,
)
from sandbox.twin import Handler, Pace, Twin, bearer, json_body

VERSION = "2026-03"
LISTS = {
    "201": ("Nurture: decision makers", "MANUAL"),
    "202": ("Nurture: not now", "MANUAL"),
    "203": ("Nurture: influencers", "MANUAL"),
    "204": ("Nurture: everybody else", "MANUAL"),
    "299": ("Opened an e-mail this month", "DYNAMIC"),
}
"""The lists of this account: id -> name and how it is filled. HubSpot fills a dynamic one by itself."""
MEMBERSHIPS = 100_000
"""Records in one request to a list."""
BATCH = 100
SCOPES = (
    "crm.objects.contacts.read",
    "crm.objects.contacts.write",
    "crm.objects.companies.read",
    "crm.objects.deals.read",
    "crm.schemas.contacts.read",
    "crm.schemas.contacts.write",
    "crm.lists.read",
    "crm.lists.write",
    "content",
)
DAILY = 650_000
LAG = 2.0
"""Seconds until the search finds what was written."""


class HubSpotTwin(Twin):
    name = "hubspot"
    in_demo = True
    faults_known = Twin.faults_known | {"partial", "daily"}

    def __init__(self) -> None:
        self.token = f"pat-na1-{uuid.uuid4()}"
        self.scopes = [*SCOPES]
        self.lag = LAG
        self.enterprise = False
        self.contacts: dict[str, dict[str, Any]] = {}
        self.emails: dict[str, str] = {}
        """Id of a contact -> the key under which it stands in `contacts`."""
        self.others: dict[str, dict[str, dict[str, Any]]] = {"companies": {}, "deals": {}}
        self.tied: list[list[str]] = []
        self.properties = all_properties()
        self.groups = {"contactinformation"}
        self.lists: dict[str, dict[str, Any]] = {
            key: {"name": name, "processingType": how, "members": []} for key, (name, how) in LISTS.items()
        }
        self.searches = Pace(5, 1)
        self.events = Events(self)
        self._ids = count(101)
        # HubSpot calls its window fixed in one place and rolling in another; ours slides: who keeps to it keeps to both.
        super().__init__(Pace(190, 10))

    def routes(self, router: APIRouter) -> None:
        objects = f"/crm/objects/{VERSION}"
        tie = objects + "/contacts/{contact}/associations/default/{kind}/{id}"
        for method, path, scope, what in (
            ("POST", f"{objects}/contacts/batch/upsert", "crm.objects.contacts.write", self.upsert),
            ("POST", f"{objects}/contacts/batch/read", "crm.objects.contacts.read", self.read),
            ("POST", objects + "/{kind}/search", "crm.objects.{kind}.read", self.search),
            ("PUT", tie, "crm.objects.contacts.write", self.tie),
            ("PUT", f"/crm/lists/{VERSION}" + "/{list_id}/memberships/{how}", "crm.lists.write", self.change_members),
            ("GET", f"/crm/properties/{VERSION}/contacts", "crm.schemas.contacts.read", self.list_properties),
            ("POST", f"/crm/properties/{VERSION}/contacts", "crm.schemas.contacts.write", self.make_property),
            ("POST", f"/crm/properties/{VERSION}/contacts/groups", "crm.schemas.contacts.write", self.make_group),
            ("GET", f"/account-info/{VERSION}/details", "", self.account),
            ("POST", "/oauth/v2/private-apps/get/access-token-info", "", self.token_info),
            ("GET", "/email/public/v1/events", "content", self.events.mails),
            ("GET", f"/events/event-occurrences/{VERSION}", "", self.events.occurrences),
        ):
            router.add_api_route(path, self._guarded(scope, what), methods=[method])
        self.events.routes(router)

    def credentials(self, base_url: str) -> dict[str, str]:
        return {
            "HUBSPOT_ACCESS_TOKEN": self.token,
            "HUBSPOT_CLIENT_SECRET": self.events.client_secret,
            "HUBSPOT_URL": base_url + self.prefix,
        }

    def state(self) -> dict[str, Any]:
        held = {
            "contacts": self.contacts,
            "lists": self.lists,
            "tied": self.tied,
            "properties": sorted(self.properties),
        }
        return held | {"webhooks": [*self.events.sent]}

    def refusal(self, status: int, kind: str = "") -> Response:
        if status == 429:
            return over_limit("TEN_SECONDLY_ROLLING")
        if kind == "expired_token":
            return refused(401, "EXPIRED_AUTHENTICATION", "The OAuth token used to make this call expired.")
        if status == 401:
            return refused(401, "INVALID_AUTHENTICATION", "Authentication credentials not found.")
        if status == 404:
            return refused(404, "OBJECT_NOT_FOUND", "resource not found")
        return refused(status, "INTERNAL_ERROR", "internal error")

    async def answer(self, request: Request, handler: Handler) -> Response:
        answered = await super().answer(request, handler)
        answered.headers["X-HubSpot-RateLimit-Daily"] = str(DAILY)
        answered.headers["X-HubSpot-RateLimit-Daily-Remaining"] = str(DAILY - self.pace.passed)
        return answered

    def _guarded(self, scope: str, what: Handler) -> Handler:
        """The token, its rights and the day's limit come before the vendor's own code."""

        async def guarded(request: Request) -> Response:
            if not secrets.compare_digest((bearer(request) or "").encode(), self.token.encode()):
                return self.refusal(401)
            if self.fault_for(request.url.path, kinds=frozenset({"daily"})):
                return over_limit("DAILY")
            wanted = scope.format(**request.path_params)
            if wanted and wanted not in self.scopes:
                return lacking(wanted)
            return await what(request)

        return guarded

    # ---- contacts ----------------------------------------------------------------------------------------------------

    async def upsert(self, request: Request) -> Response:
        body = await json_body(request)
        inputs = body.get("inputs") if isinstance(body, dict) and set(body) == {"inputs"} else None
        if (wrong := wrong_shape(inputs)) is not None:
            return refused(400, "VALIDATION_ERROR", wrong)
        assert isinstance(inputs, list)  # noqa: S101  (what wrong_shape has just seen, said to the type checker)
        problems = [problem for one in inputs if (problem := wrong_values(one, self.properties))]
        if problems:
            return invalid(problems)
        partly = self.fault_for(request.url.path, kinds=frozenset({"partial"})) is not None
        before = now()
        # 207: the first record fails, the others are saved, and come back in another order.
        saved = [self._upsert(one) for one in (reversed(inputs[1:]) if partly else inputs)]
        answer = {"status": "COMPLETE", "results": [one for one, _ in saved], "startedAt": before, "completedAt": now()}
        echo = BackgroundTask(self.events.by_integration, [changed for _, changed in saved if changed])
        if not partly:
            return JSONResponse(answer, background=echo)
        context = {"objectWriteTraceId": [inputs[0].get("objectWriteTraceId")]}
        error = {"status": "error", "category": "VALIDATION_ERROR", "message": "This contact is being merged."}
        return JSONResponse(answer | {"numErrors": 1, "errors": [error | {"context": context}]}, 207, background=echo)

    def _upsert(self, one: dict[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        contact, events = self.save(one["id"], one["properties"])
        saved = self.shown(contact, one["properties"]) | {"new": any("propertyName" not in event for event in events)}
        return saved | {"objectWriteTraceId": one.get("objectWriteTraceId")}, events

    def save(self, email: str, properties: dict[str, str]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """Write a contact; returns it, and what of it is new: its creation, and each value that is another one now."""
        key = email.casefold()
        contact, events = self.contacts.get(key), list[dict[str, Any]]()
        if contact is None:
            contact = {"id": str(next(self._ids)), "properties": {"email": key}, "created": time.time()}
            self.contacts[key], self.emails[contact["id"]] = contact, key
            events.append({"objectId": int(contact["id"])})
        held = contact["properties"]
        for name, value in properties.items():
            if held.get(name, "") == value or (name == "lifecyclestage" and _is_back(held.get(name), value)):
                continue
            held[name] = value
            events.append({"objectId": int(contact["id"]), "propertyName": name, "propertyValue": value})
        if events:
            contact["changed"] = time.time()
        return contact, events

    def shown(self, contact: dict[str, Any], names: Any) -> dict[str, Any]:
        """A contact as an answer has it, with the properties asked for and those that always come."""
        created, changed = (iso(datetime.fromtimestamp(contact[at], UTC)) for at in ("created", "changed"))
        own = {"hs_object_id": contact["id"], "createdate": created, "lastmodifieddate": changed}
        everything = contact["properties"] | own
        wanted = {name: everything.get(name) for name in [*names, *own] if name in self.properties}
        times = {"createdAt": created, "updatedAt": changed}
        email = {"email": contact["properties"]["email"]}
        return {"id": contact["id"], "properties": email | wanted, "archived": False} | times

    async def read(self, request: Request) -> Response:
        body = await json_body(request)
        known = {"inputs", "properties", "propertiesWithHistory", "idProperty"}
        if not isinstance(body, dict) or not {"inputs", "properties", "propertiesWithHistory"} <= set(body) <= known:
            return refused(400, "VALIDATION_ERROR", "Invalid input JSON: not of the form of BatchReadInput")
        ids = [one.get("id") for one in body["inputs"]]
        if not ids or len(ids) > BATCH or not all(isinstance(one, str) for one in ids):
            return refused(400, "VALIDATION_ERROR", f"A batch has 1 to {BATCH} ids")
        by_email = body.get("idProperty") == "email"
        keys = {one: one.casefold() if by_email else self.emails.get(one, "") for one in ids}
        found = [self.contacts[key] for key in keys.values() if key in self.contacts]
        missing = [one for one, key in keys.items() if key not in self.contacts]
        answer = {"status": "COMPLETE", "results": [self.shown(one, body["properties"]) for one in reversed(found)]}
        times = {"startedAt": now(), "completedAt": now()}
        return JSONResponse(answer | times | (some_missing(missing) if missing else {}), 207 if missing else 200)

    async def search(self, request: Request) -> Response:
        self.searches.on = self.pace.on
        if self.searches.wait() is not None:
            return over_limit("SECONDLY")
        kind, body = request.path_params["kind"], await json_body(request)
        if (wrong := wrong_search(body)) is not None:
            return refused(400, "VALIDATION_ERROR", wrong)
        seen = time.time() - self.lag
        records = [one for one in self._records(kind) if one["changed"] <= seen]
        found, after = Asked(body).of([self._flat(one) for one in records])
        by_id = {one["id"]: one for one in records}
        results = [self._found(kind, by_id[one], body.get("properties", ())) for one in found]
        paging = {"paging": {"next": {"after": after}}} if after else {}
        return JSONResponse({"total": len(records), "results": results} | paging)

    def _records(self, kind: str) -> list[dict[str, Any]]:
        return [*(self.contacts if kind == "contacts" else self.others.get(kind, {})).values()]

    def _flat(self, one: dict[str, Any]) -> dict[str, str]:
        created, changed = (str(int(one[at] * 1000)) for at in ("created", "changed"))
        return {**one["properties"], "createdate": created, "lastmodifieddate": changed, "hs_object_id": one["id"]}

    def _found(self, kind: str, one: dict[str, Any], names: Any) -> dict[str, Any]:
        if kind == "contacts":
            return self.shown(one, names)
        return {"id": one["id"], "properties": {name: one["properties"].get(name) for name in names}}

    def add_other(self, kind: str, properties: dict[str, str]) -> str:
        """A company or a deal that is there."""
        key = str(next(self._ids))
        self.others[kind][key] = {"id": key, "properties": properties, "created": time.time(), "changed": time.time()}
        return key

    async def tie(self, request: Request) -> Response:
        contact, kind, other = (request.path_params[name] for name in ("contact", "kind", "id"))
        if contact not in self.emails or other not in self.others.get(kind, {}):
            return self.refusal(404)
        if [contact, kind, other] not in self.tied:
            self.tied.append([contact, kind, other])
        return JSONResponse({"status": "COMPLETE", "results": [{"from": {"id": contact}, "to": {"id": other}}]})

    # ---- lists -------------------------------------------------------------------------------------------------------

    async def change_members(self, request: Request) -> Response:
        """Records that do not exist are named; those that are in the list already, or not in it, are passed over."""
        list_id, how = request.path_params["list_id"], request.path_params["how"]
        found = self.lists.get(list_id)
        if found is None or how not in {"add", "remove"}:
            return refused(404, "OBJECT_NOT_FOUND", f"List does not exist with ID {list_id}.")
        if found["processingType"] == "DYNAMIC":
            return refused(400, "VALIDATION_ERROR", "Memberships of a DYNAMIC list cannot be changed by hand.")
        ids = await json_body(request)
        if not isinstance(ids, list) or not ids or not all(isinstance(one, str) and one.isdecimal() for one in ids):
            return refused(400, "VALIDATION_ERROR", "Invalid input JSON: a list of record IDs is required")
        if len(ids) > MEMBERSHIPS:
            return refused(400, "VALIDATION_ERROR", f"At most {MEMBERSHIPS} records can be changed in one request.")
        members: list[str] = found["members"]
        changed = [one for one in dict.fromkeys(ids) if one in self.emails and (one in members) is (how == "remove")]
        kept = [member for member in members if member not in changed]
        found["members"] = members + changed if how == "add" else kept
        answer = {
            "recordsIdsAdded": changed if how == "add" else [],
            "recordIdsMissing": sorted({*ids} - {*self.emails}),
        }
        return JSONResponse(answer | {"recordIdsRemoved": changed if how == "remove" else []})

    # ---- the account -------------------------------------------------------------------------------------------------

    async def list_properties(self, _request: Request) -> Response:
        return JSONResponse({"results": [*self.properties.values()]})

    async def make_property(self, request: Request) -> Response:
        body = await json_body(request)
        if (wrong := wrong_property(body, self.groups)) is not None:
            return refused(400, "VALIDATION_ERROR", wrong)
        if body["name"] in self.properties:
            return refused(409, "CONFLICT", f"A property named '{body['name']}' already exists.")
        self.properties[body["name"]] = described(body["name"], body["type"], group=body["groupName"]) | body
        return JSONResponse(self.properties[body["name"]], 201)

    async def make_group(self, request: Request) -> Response:
        body = await json_body(request)
        if not isinstance(body, dict) or set(body) != {"name", "label"}:
            return refused(400, "VALIDATION_ERROR", "Invalid input JSON: not of the form of PropertyGroupCreate")
        if body["name"] in self.groups:
            return refused(409, "CONFLICT", f"A group named '{body['name']}' already exists.")
        self.groups.add(body["name"])
        return JSONResponse(body | {"archived": False}, 201)

    async def account(self, _request: Request) -> Response:
        details = {"portalId": self.events.portal_id, "timeZone": "US/Eastern", "accountType": "DEVELOPER_TEST"}
        return JSONResponse(details | {"companyCurrency": "USD", "uiDomain": "app.hubspot.com", "utcOffset": "-05:00"})

    async def token_info(self, request: Request) -> Response:
        body = await json_body(request)
        if body != {"tokenKey": self.token}:
            return refused(400, "VALIDATION_ERROR", "The token is not that of a private app.")
        whose = {"userId": 1, "hubId": self.events.portal_id, "appId": self.events.app_id}
        return JSONResponse(whose | {"scopes": self.scopes})


def _is_back(there: str | None, wanted: str) -> bool:
    if not there or not wanted:
        return False
    return there in FORWARD and wanted in FORWARD and FORWARD.index(wanted) < FORWARD.index(there)
