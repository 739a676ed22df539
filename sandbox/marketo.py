"""Marketo's REST API as far as leads, static lists, requested campaigns and activities go, with its limits and its ways:
errors inside an HTTP 200, one token until it ends, pages that may be empty though there is more, and two leads of one e-mail
for who upserts it twice at once. `POST /_did` lets a person do something there.
"""

import asyncio
import json
import re
import secrets
import time
from datetime import UTC, datetime
from itertools import count
from typing import Any
from urllib.parse import parse_qs

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute

from sandbox import marketo_fields as known
from sandbox.marketo_fields import CAMPAIGNS, CHANGED, LISTS, NEW_LEAD, TYPES
from sandbox.twin import Handler, Pace, Twin, bearer, json_body

LIFE = 3600
AT_ONCE = 10
DAILY = 50_000
BATCH = 300
CAMPAIGN_BATCH = 100
BODY_LIMIT = 1_000_000
URL_LIMIT = 8_192
MESSAGES = {
    "502": "Bad Gateway",
    "601": "Access token invalid",
    "602": "Access token expired",
    "603": "Access denied",
    "604": "Request timed out",
    "606": "Max rate limit '100' exceeded with in '20' secs",
    "607": "Daily quota reached",
    "608": "API Temporarily Unavailable",
    "609": "Invalid JSON",
    "610": "Requested resource not found",
    "611": "System error",
    "614": "Invalid Subscription",
    "615": "Concurrent access limit reached",
    "713": "Transient Error",
    "1003": "Invalid data",
    "1004": "Lead not found",
    "1013": "Object not found",
}
CODES = frozenset(set(MESSAGES) - {"610", "609", "1003", "1004", "1013"})


class MarketoTwin(Twin):
    name = "marketo"
    faults_known = Twin.faults_known | CODES | {"partial", "lost_token"}

    def __init__(self) -> None:
        self.client_id, self.client_secret = secrets.token_hex(18), secrets.token_urlsafe(24)
        self.fields = known.STANDARD | known.CUSTOM
        self.leads: dict[int, dict[str, Any]] = {}
        self.lists: dict[str, list[int]] = {key: [] for key in LISTS}
        self.requested: dict[str, list[int]] = {key: [] for key in CAMPAIGNS}
        self.log: list[dict[str, Any]] = []
        """All that happened, in its order; a paging token is a place in it."""
        self.page = 300
        self.saving = 0.005
        """Seconds between looking for a lead and saving it."""
        self.daily = DAILY
        self.used = self.under_way = self.most_at_once = 0
        self._token, self._ends = "", 0.0
        self._ids, self._activities = count(318_581), count(102_988)
        super().__init__(Pace(100, 20))

    def routes(self, router: APIRouter) -> None:
        router.add_api_route("/_did", self.somebody_did, methods=["POST"], route_class_override=APIRoute)
        router.add_api_route("/identity/oauth/token", self.sign_in, methods=["GET", "POST"])
        rest = "/rest/v1"
        router.add_api_route(f"{rest}/leads.json", self.read_leads, methods=["GET"])
        router.add_api_route(f"{rest}/leads.json", self.sync_leads, methods=["POST"])
        router.add_api_route(f"{rest}/leads/describe2.json", self.describe, methods=["GET"])
        router.add_api_route(f"{rest}/leads/schema/fields.json", self.make_fields, methods=["POST"])
        router.add_api_route(f"{rest}/lists/{{which}}/leads.json", self.change_list, methods=["POST", "DELETE"])
        router.add_api_route(f"{rest}/campaigns/{{which}}/trigger.json", self.request_campaign, methods=["POST"])
        router.add_api_route(f"{rest}/activities/types.json", self.types, methods=["GET"])
        router.add_api_route(f"{rest}/activities/pagingtoken.json", self.paging_token, methods=["GET"])
        router.add_api_route(f"{rest}/activities.json", self.activities, methods=["GET"])
        router.add_api_route(f"{rest}/activities/leadchanges.json", self.changes, methods=["GET"])
        router.add_api_route(f"{rest}/stats/usage.json", self.usage, methods=["GET"])

    def credentials(self, base_url: str) -> dict[str, str]:
        return {
            "MARKETO_CLIENT_ID": self.client_id,
            "MARKETO_CLIENT_SECRET": self.client_secret,
            "MARKETO_URL": base_url + self.prefix,
        }

    def state(self) -> dict[str, Any]:
        counted = {"used": self.used, "most_at_once": self.most_at_once, "activities": len(self.log)}
        leads = {str(lead["id"]): lead for lead in self.leads.values()}
        return {"leads": leads, "lists": self.lists, "requested": self.requested, **counted}

    def by_email(self, email: str) -> list[dict[str, Any]]:
        return [lead for lead in self.leads.values() if str(lead.get("email", "")).casefold() == email.casefold()]

    def expire(self) -> Response | None:
        self._token = ""
        return None

    def refusal(self, status: int, kind: str = "") -> Response:  # noqa: ARG002  (each status has one answer here)
        if status == 429:
            return _no("606")
        return _no("610", status=404) if status == 404 else _no("611", status=status)

    def counts(self, request: Request) -> bool:
        return "/rest/" in request.url.path

    async def answer(self, request: Request, handler: Handler) -> Response:
        """Marketo counts every call but signing in: so many a day, and so many at once."""
        if not self.counts(request):
            return await super().answer(request, handler)
        if self.used >= self.daily:
            return _no("607")
        self.under_way += 1
        self.most_at_once = max(self.most_at_once, self.under_way)
        try:
            if self.under_way > AT_ONCE:
                return _no("615")
            self.used += 1
            return await super().answer(request, self._checked(handler))
        finally:
            self.under_way -= 1

    def _checked(self, handler: Handler) -> Handler:
        async def answer(request: Request) -> Response:
            if len(str(request.url)) > URL_LIMIT:
                return Response(status_code=414)
            if len(await request.body()) > BODY_LIMIT:
                return Response(status_code=413)
            if "access_token" in request.query_params or not self._known(request):
                return _no("601")
            if fault := self.fault_for(request.url.path, kinds=CODES):
                return _no(fault.kind)
            return await handler(request)

        return answer

    def _known(self, request: Request) -> bool:
        given = (bearer(request) or "").encode()
        return (
            bool(self._token) and time.monotonic() < self._ends and secrets.compare_digest(given, self._token.encode())
        )

    # ---- signing in

    async def sign_in(self, request: Request) -> Response:
        """The same token until it ends."""
        asked = request.query_params
        pair = (asked.get("client_id", ""), asked.get("client_secret", ""))
        ours = (self.client_id, self.client_secret)
        if asked.get("grant_type") != "client_credentials" or not all(map(secrets.compare_digest, pair, ours)):
            error = {"error": "unauthorized", "error_description": "Bad client credentials"}
            return JSONResponse(error, 401)
        if not self._token or time.monotonic() >= self._ends:
            self._token, self._ends = f"{secrets.token_hex(16)}:ab", time.monotonic() + LIFE
        left = int(self._ends - time.monotonic())
        who = {"token_type": "bearer", "scope": "handoff-api@example.com"}
        return JSONResponse({"access_token": self._token, "expires_in": left, **who})

    # ---- leads

    async def sync_leads(self, request: Request) -> Response:
        if request.query_params.get("_method") == "GET":
            form = parse_qs((await request.body()).decode(errors="replace"))
            return self._found({name: values[0] for name, values in form.items()})
        body = await json_body(request)
        if not isinstance(body, dict):
            return _no("609")
        given = body.get("input")
        if set(body) - {"action", "lookupField", "input"} or not isinstance(given, list) or not 0 < len(given) <= BATCH:
            return _no("1003", f"Invalid data: between 1 and {BATCH} records are needed")
        if (body.get("action", "createOrUpdate"), body.get("lookupField", "email")) != ("createOrUpdate", "email"):
            return _no("1003", "Invalid data: this sandbox knows createOrUpdate by email")
        if unknown := sorted({name for one in given for name in one} - set(self.fields)):
            return _no("1006", f"Field '{unknown[0]}' not found")
        partial = self.fault_for(request.url.path, kinds=frozenset({"partial"})) is not None
        found = [self.by_email(str(one.get("email"))) for one in given]
        await asyncio.sleep(self.saving)
        results = [self._save(one, there) for one, there in zip(given, found, strict=True)]
        return _yes(
            [_skipped("1007", "Multiple leads match the lookup criteria"), *results[1:]] if partial else results
        )

    def _save(self, given: dict[str, Any], there: list[dict[str, Any]]) -> dict[str, Any]:
        """`there`: the leads that were found when the request came."""
        email = given.get("email")
        if not isinstance(email, str) or "@" not in email or not email.isascii():
            return _skipped("1003", "Value for email field is invalid")
        for name, value in given.items():
            if problem := known.wrong_value(self.fields[name][1], value):
                return _skipped("1001", problem)
        if len(there) > 1:
            return _skipped("1007", "Multiple leads match the lookup criteria")
        lead = there[0] if there else self.make_lead(email)
        self._change(lead, given)
        return {"id": lead["id"], "status": "updated" if there else "created"}

    def make_lead(self, email: str) -> dict[str, Any]:
        lead: dict[str, Any] = {"id": next(self._ids), "email": email, "createdAt": _now(), "updatedAt": _now()}
        self.leads[lead["id"]] = lead
        self._note(lead["id"], NEW_LEAD, email)
        return lead

    def _change(self, lead: dict[str, Any], given: dict[str, Any]) -> None:
        news = {name: value for name, value in given.items() if lead.get(name) != value}
        changes = [
            {"id": at, "name": name, "newValue": str(value), "oldValue": str(lead.get(name))}
            for at, (name, value) in enumerate(news.items())
        ]
        lead.update(news, updatedAt=_now())
        if changes:
            self._note(lead["id"], CHANGED, next(iter(news)), fields=changes)

    async def read_leads(self, request: Request) -> Response:
        return self._found(dict(request.query_params))

    def _found(self, asked: dict[str, str]) -> Response:
        values = asked.get("filterValues", "").split(",")
        fields = asked.get("fields", "id,email,firstName,lastName,createdAt,updatedAt").split(",")
        if asked.get("filterType") != "id" or set(asked) - {"filterType", "filterValues", "fields", "_method"}:
            return _no("1003", "Invalid data: this sandbox filters by id")
        if not 0 < len(values) <= BATCH or not all(value.isdecimal() for value in values):
            return _no("1003", f"Invalid filterValues: at most {BATCH}")
        if unknown := sorted(set(fields) - set(self.fields) - set(known.READ_ONLY)):
            return _no("1006", f"Field '{unknown[0]}' not found")
        found = [self.leads[int(value)] for value in values if int(value) in self.leads]
        return _yes([{name: lead.get(name) for name in {"id", *fields}} for lead in found])

    async def describe(self) -> Response:
        searchable = [["id"], ["email"]]
        return _yes([{"name": "API Lead", "searchableFields": searchable, "fields": known.described(self.fields)}])

    async def make_fields(self, request: Request) -> Response:
        body = await json_body(request)
        wanted = body.get("input") if isinstance(body, dict) else None
        if not isinstance(wanted, list) or not wanted:
            return _no("609")
        for one in wanted:
            sound = isinstance(one, dict) and set(one) == {"name", "displayName", "dataType"}
            if not sound or not re.fullmatch(r"[A-Za-z]\w*", one["name"]) or one["dataType"] not in known.NEW_TYPES:
                return _no("1003")
            if not re.fullmatch(r"[A-Za-z0-9 ]+", one["displayName"]):
                return _no("1003", "Invalid data: displayName has special characters")
            if one["name"] in self.fields or one["name"] in known.READ_ONLY:
                return _no("1017", "Object already exists")
            self.fields[one["name"]] = (one["displayName"], one["dataType"])
        return _yes([{"name": one["name"], "status": "created"} for one in wanted])

    # ---- lists and campaigns

    async def change_list(self, request: Request, which: str) -> Response:
        ids = [one for given in request.query_params.getlist("id") for one in given.split(",")]
        if which not in self.lists:
            return _no("1013", f"List id '{which}' not found")
        if not 0 < len(ids) <= BATCH or not all(one.isdecimal() for one in ids):
            return _no("1003")
        members, results = self.lists[which], list[dict[str, Any]]()
        for lead_id in map(int, ids):
            if lead_id not in self.leads:
                results.append({"id": lead_id} | _skipped("1004", "Lead not found"))
            elif request.method == "POST":
                members.extend([] if lead_id in members else [lead_id])
                results.append({"id": lead_id, "status": "added"})
            elif lead_id in members:
                members.remove(lead_id)
                results.append({"id": lead_id, "status": "removed"})
            else:
                results.append({"id": lead_id} | _skipped("1015", "Lead not in list"))
        return _yes(results)

    async def request_campaign(self, request: Request, which: str) -> Response:
        body = await json_body(request)
        given = body.get("input") if isinstance(body, dict) and set(body) == {"input"} else None
        leads = given.get("leads") if isinstance(given, dict) and set(given) <= {"leads", "tokens"} else None
        if not isinstance(leads, list) or not 0 < len(leads) <= CAMPAIGN_BATCH:
            return _no("1003")
        if which not in CAMPAIGNS:
            return _no("1013", f"Campaign '{which}' not found")
        if not CAMPAIGNS[which][2]:
            return _no("1003", "Invalid data: a batch campaign cannot be requested")
        ids = [one["id"] for one in leads if isinstance(one, dict) and isinstance(one.get("id"), int)]
        if len(ids) != len(leads) or not set(ids) <= set(self.leads):
            return _no("1004")
        self.requested[which].extend(ids)
        return _yes([{"id": int(which)}])

    # ---- activities

    async def types(self) -> Response:
        attribute = {"name": "Asset", "dataType": "integer"}
        more = {"primaryAttribute": attribute, "attributes": list[Any]()}
        return _yes([{"id": number, "name": name, "description": name} | more for number, name in TYPES.items()])

    async def paging_token(self, request: Request) -> Response:
        try:
            since = datetime.fromisoformat(request.query_params.get("sinceDatetime", ""))
        except ValueError:
            return _no("704", "Invalid date format")
        if since.tzinfo is None:
            return _no("704", "Invalid date format")
        # To the second: who asks from "now" on may get what happened within this second.
        after = [at for at, one in enumerate(self.log) if datetime.fromisoformat(one["activityDate"]) >= since]
        return _yes(None, nextPageToken=_place(after[0] if after else len(self.log)))

    async def activities(self, request: Request) -> Response:
        types = request.query_params.get("activityTypeIds", "").split(",")
        if not 0 < len(types) <= 10 or not all(one.isdecimal() and int(one) in TYPES for one in types):
            return _no("1003", "Invalid activityTypeIds: between 1 and 10")
        wanted = set(map(int, types))
        return self._read_log(request, lambda one: one["activityTypeId"] in wanted)

    async def changes(self, request: Request) -> Response:
        fields = set(filter(None, request.query_params.get("fields", "").split(",")))
        if not fields:
            return _no("1002", "Missing value for the required parameter 'fields'")
        if unknown := sorted(fields - set(self.fields) - set(known.READ_ONLY)):
            return _no("1006", f"Field '{unknown[0]}' not found")

        def is_wanted(one: dict[str, Any]) -> bool:
            return one["activityTypeId"] == NEW_LEAD or any(each["name"] in fields for each in one["fields"])

        return self._read_log(request, is_wanted)

    def _read_log(self, request: Request, is_wanted: Any) -> Response:
        """One page is so many things of any kind: of those that are wanted it may hold none, though there is more."""
        token = re.fullmatch(r"PLACE(\d+)=+", request.query_params.get("nextPageToken", ""))
        if token is None or self.fault_for(request.url.path, kinds=frozenset({"lost_token"})):
            return _no("1003", "Invalid nextPageToken")
        at = int(token[1])
        end = min(at + self.page, len(self.log))
        found = [one for one in self.log[at:end] if is_wanted(one)]
        return _yes(found or None, nextPageToken=_place(end), moreResult=end < len(self.log))

    async def usage(self) -> Response:
        users = [{"userId": "handoff-api@example.com", "count": self.used}]
        return _yes([{"date": _now()[:10], "total": self.used, "users": users}])

    # ---- what people do

    async def somebody_did(self, request: Request) -> Response:
        """`{"email", "type", "what", "attributes"}`: the person is a lead of this instance from then on."""
        if request.headers.get("x-sandbox") != "page":
            return self.refusal(404)
        body = json.loads(await request.body())
        if body.get("type") not in TYPES.values():
            return JSONResponse({"types": [*TYPES.values()]}, 422)
        return JSONResponse(self.did(**body), 201)

    def did(self, email: str, type: str, what: str = "", **attributes: Any) -> dict[str, Any]:  # noqa: A002  (Marketo's word)
        there = self.by_email(email)
        lead = there[0] if there else self.make_lead(email)
        number = next(number for number, name in TYPES.items() if name == type)
        listed = [{"name": name, "value": value} for name, value in attributes.items()]
        return self._note(lead["id"], number, what, attributes=listed)

    def _note(self, lead_id: int, number: int, what: str, **more: Any) -> dict[str, Any]:
        activity_id = next(self._activities)
        noted: dict[str, Any] = {"id": activity_id, "marketoGUID": str(activity_id), "leadId": lead_id}
        noted |= {"activityDate": _now(), "activityTypeId": number, "primaryAttributeValue": what}
        self.log.append(noted | {"fields": [], "attributes": []} | more)
        return self.log[-1]


def _yes(result: list[Any] | None, **more: Any) -> Response:
    body: dict[str, Any] = {"requestId": secrets.token_hex(6), "success": True} | more
    return JSONResponse(body if result is None else body | {"result": result})


def _no(code: str, message: str = "", status: int = 200) -> Response:
    error = {"code": code, "message": message or MESSAGES[code]}
    return JSONResponse({"requestId": secrets.token_hex(6), "success": False, "errors": [error]}, status)


def _skipped(code: str, message: str) -> dict[str, Any]:
    return {"status": "skipped", "reasons": [{"code": code, "message": message}]}


def _place(at: int) -> str:
    return f"PLACE{at}===="


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
