"""Pardot (Account Engagement) v5 as far as prospects, static lists and visitor activities go: the business unit in a header, `fields`
with every reading, errors by a number in the body, neither 429 nor Retry-After, five calls at once, and readings that lag a
minute behind. It stands in for the Salesforce organisation's sign-in, too. `POST /_did` lets a person do something there.
"""

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

from sandbox.pardot_records import CUSTOM, LISTS, PROSPECT, READABLE, Records, picked
from sandbox.twin import Handler, Pace, Twin, bearer, json_body

AT_ONCE = 5
DAILY = 25_000
LAG = 60.0
TOKEN_LIVES, PAGE_LIVES = 7_200, 4 * 3_600
DEFAULT_PAGE, LARGEST_PAGE = 200, 1_000
OBJECTS = "/api/v5/objects"
FILTERS = {
    "prospects": re.compile(r"(id|updatedAt|createdAt)(GreaterThan|LessThan|After|Before)(OrEqualTo)?|email"),
    "visitor-activities": re.compile(
        r"(id|updatedAt|createdAt|prospectId)(GreaterThan|After)(OrEqualTo)?|type|prospectId"
    ),
    "list-memberships": re.compile(r"listId|prospectId"),
    "custom-fields": re.compile(r"id"),
}
FILTERED = re.compile(r"(\w+?)(GreaterThan|LessThan|After|Before)(OrEqualTo)?")
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
MESSAGES = {
    3: "Invalid prospect ID",
    4: "Invalid prospect email address",
    13: "One or more required parameters are missing",
    23: "Invalid value specified for limit",
    46: "This API user lacks sufficient permissions for the requested operation",
    55: "Invalid list ID",
    56: "Invalid number entered for field",
    57: "Invalid date entered for field",
    58: "That prospect is already a member of that list. Update the membership instead.",
    62: "Conflicting Update",
    66: "You have exceeded your concurrent request limit. Please wait, before trying again",
    85: "Unable to save the prospect",
    109: "The requested record was not found.",
    122: "Daily API rate limit met",
    150: "Input needs to be valid JSON",
    153: "Missing required property in request",
    154: "Invalid property in request",
    180: "One or more of the specified fields are invalid",
    181: "A required header is missing",
    182: "Invalid header value",
    183: "An internal error occurred, please try your request again",
    184: "access_token is invalid, unknown, or malformed",
    198: "Endpoint not found",
    201: "Business Unit specified in Pardot-Business-Unit-Id header not found or inactive.",
    202: "Minute rate limit met",
    210: "Page token has expired.",
    211: "Page token is invalid.",
    214: "API request timed out.",
    224: "Invalid fields for request type",
}
CODES = frozenset({"46", "62", "66", "85", "122", "183", "184", "202", "210", "214"})
STATUSES = {109: 404, 198: 404, 183: 500, 184: 401, 46: 405}


class SaidNoError(Exception):
    def __init__(self, code: int) -> None:
        super().__init__(MESSAGES[code])
        self.code = code


class PardotTwin(Twin):
    name = "pardot"
    faults_known = Twin.faults_known | CODES

    def __init__(self) -> None:
        self.client_id, self.client_secret = f"3MVG9{secrets.token_urlsafe(40)}", secrets.token_hex(32)
        self.business_unit = f"0Uv{secrets.token_hex(7)}A"
        self.objects = {kind: Records() for kind in FILTERS}
        self.lag = LAG
        self.daily = DAILY
        self.used = self.under_way = self.most_at_once = 0
        self._tokens: dict[str, float] = {}
        self._pages: dict[str, tuple[float, str, list[int], int]] = {}
        """Token -> until when, of what, which records are left, and how many a page has."""
        self._ids = count(565_722)
        super().__init__(Pace(10_000, 60))
        for name, (label, kind) in CUSTOM.items():
            self._add("custom-fields", {"name": label, "fieldId": name, "type": kind}, at=-LAG)

    def routes(self, router: APIRouter) -> None:
        router.add_api_route("/_did", self.somebody_did, methods=["POST"], route_class_override=APIRoute)
        router.add_api_route("/services/oauth2/token", self.sign_in, methods=["POST"])
        router.add_api_route(f"{OBJECTS}/prospects/do/upsertLatestByEmail", self.upsert, methods=["POST"])
        router.add_api_route(f"{OBJECTS}/list-memberships", self.join, methods=["POST"])
        router.add_api_route(f"{OBJECTS}/list-memberships/{{which}}", self.leave, methods=["DELETE"])
        router.add_api_route(f"{OBJECTS}/custom-fields", self.make_field, methods=["POST"])
        router.add_api_route(f"{OBJECTS}/account", self.account, methods=["GET"])
        router.add_api_route(f"{OBJECTS}/{{kind}}", self.query, methods=["GET"])

    def credentials(self, base_url: str) -> dict[str, str]:
        return {
            "PARDOT_CLIENT_ID": self.client_id,
            "PARDOT_CLIENT_SECRET": self.client_secret,
            "PARDOT_BUSINESS_UNIT_ID": self.business_unit,
            "PARDOT_URL": base_url + self.prefix,
            "PARDOT_TOKEN_URL": f"{base_url}{self.prefix}/services/oauth2/token",
        }

    def state(self) -> dict[str, Any]:
        counted = {"used": self.used, "most_at_once": self.most_at_once}
        return {
            kind: {str(key): one for key, one in records.now.items()} for kind, records in self.objects.items()
        } | counted

    def by_email(self, email: str) -> list[dict[str, Any]]:
        """The one that changed last is the last."""
        found = [one for one in self.objects["prospects"].now.values() if one["email"].casefold() == email.casefold()]
        return sorted(found, key=lambda one: (one["updatedAt"], one["id"]))

    def members(self, list_id: str) -> list[int]:
        memberships = self.objects["list-memberships"].now.values()
        return [one["prospectId"] for one in memberships if one["listId"] == int(list_id)]

    def expire(self) -> Response | None:
        self._tokens.clear()
        return None

    def refusal(self, status: int, kind: str = "") -> Response:  # noqa: ARG002  (each status has one answer here)
        return _no({429: 66, 404: 198}.get(status, 183), status={429: 400}.get(status, status))

    async def answer(self, request: Request, handler: Handler) -> Response:
        if "/oauth2/" in request.url.path and self.fault_for(request.url.path, kinds=frozenset({"429"})):
            return JSONResponse({"error": "server_error", "error_description": "the server is busy"}, 503)
        if "/api/" not in request.url.path:
            return await super().answer(request, handler)
        self.under_way += 1
        self.most_at_once = max(self.most_at_once, self.under_way)
        try:
            if self.under_way > AT_ONCE:
                return _no(66)
            if self.used >= self.daily:
                return _no(122)
            self.used += 1
            answered = await super().answer(request, self._checked(handler))
        finally:
            self.under_way -= 1
        if request.headers.get("x-return-api-usage"):
            answered.headers["X-Api-Usage"] = f"{self.used}/{self.daily}"
        return answered

    def _checked(self, handler: Handler) -> Handler:
        async def answer(request: Request) -> Response:
            try:
                self._admit(request)
                return await handler(request)
            except SaidNoError as no:
                return _no(no.code)

        return answer

    def _admit(self, request: Request) -> None:
        unit = request.headers.get("pardot-business-unit-id")
        if unit is None:
            raise SaidNoError(181)
        if not re.fullmatch(r"0Uv\w{15}", unit):
            raise SaidNoError(182)
        if self._tokens.get(bearer(request) or "", 0.0) <= time.monotonic():
            raise SaidNoError(184)
        if unit != self.business_unit:
            raise SaidNoError(201)
        if fault := self.fault_for(request.url.path, kinds=CODES):
            raise SaidNoError(int(fault.kind))

    async def sign_in(self, request: Request) -> Response:
        """As the Salesforce organisation's does."""
        form = parse_qs((await request.body()).decode(errors="replace"))
        pair = (form.get("client_id", [""])[0], form.get("client_secret", [""])[0])
        if form.get("grant_type") != ["client_credentials"]:
            return JSONResponse(
                {"error": "unsupported_grant_type", "error_description": "grant type not supported"}, 400
            )
        if not all(map(secrets.compare_digest, pair, (self.client_id, self.client_secret))):
            return JSONResponse({"error": "invalid_client", "error_description": "invalid client credentials"}, 400)
        token = f"00DHd0000000001!{secrets.token_urlsafe(48)}"
        self._tokens[token] = time.monotonic() + TOKEN_LIVES
        where = {"instance_url": "https://handoff-sandbox.my.salesforce.com", "scope": "pardot_api"}
        return JSONResponse({"access_token": token, "token_type": "Bearer"} | where)

    # ---- writing

    async def upsert(self, request: Request) -> Response:
        body = await _object(request)
        if (
            not {"matchEmail", "prospect"}
            <= set(body)
            <= {"matchEmail", "prospect", "fields", "secondaryDeletedSearch"}
        ):
            raise SaidNoError(153)
        given, fields = body["prospect"], body.get("fields", [])
        if not isinstance(given, dict) or not isinstance(body["matchEmail"], str):
            raise SaidNoError(154)
        self._check_values(given)
        if not EMAIL.fullmatch(body["matchEmail"]) or not EMAIL.fullmatch(str(given.get("email", body["matchEmail"]))):
            raise SaidNoError(4)
        there = self.by_email(body["matchEmail"])
        if there:
            saved = there[-1] | given | {"updatedAt": _now()}
            self.objects["prospects"].write(saved["id"], saved)
        else:
            saved = self._add("prospects", {"email": body["matchEmail"]} | given)
        return JSONResponse(picked(saved, fields), 200 if there else 201) if fields else Response(status_code=204)

    def _check_values(self, given: dict[str, Any]) -> None:
        custom = {f"{one['fieldId']}__c": one["type"] for one in self.objects["custom-fields"].now.values()}
        if set(given) - PROSPECT - set(custom):
            raise SaidNoError(180)
        for name, value in given.items():
            if value is None:
                continue
            if not isinstance(value, str):
                raise SaidNoError(154)
            if custom.get(name) == "Number" and not re.fullmatch(r"-?\d+(\.\d+)?", value):
                raise SaidNoError(56)
            if custom.get(name) == "Date" and not re.fullmatch(r"\d{4}-\d\d-\d\d", value):
                raise SaidNoError(57)

    async def join(self, request: Request) -> Response:
        body = await _object(request)
        if set(body) != {"listId", "prospectId"}:
            raise SaidNoError(153)
        if LISTS.get(str(body["listId"]), ("", True))[1]:
            raise SaidNoError(55)
        if body["prospectId"] not in self.objects["prospects"].now:
            raise SaidNoError(3)
        if body["prospectId"] in self.members(str(body["listId"])):
            raise SaidNoError(58)
        return JSONResponse({"id": self._add("list-memberships", body)["id"]}, 201)

    async def leave(self, which: str) -> Response:
        if not which.isdecimal() or int(which) not in self.objects["list-memberships"].now:
            raise SaidNoError(109)
        self.objects["list-memberships"].write(int(which), None)
        return Response(status_code=204)

    async def make_field(self, request: Request) -> Response:
        body = await _object(request)
        if set(body) != {"name", "fieldId", "type"} or not re.fullmatch(r"\w+", str(body["fieldId"])):
            raise SaidNoError(154)
        if body["type"] not in {"Text", "Number", "Date", "Checkbox", "Dropdown"}:
            raise SaidNoError(154)
        if body["fieldId"] in {one["fieldId"] for one in self.objects["custom-fields"].now.values()}:
            raise SaidNoError(154)
        return JSONResponse({"id": self._add("custom-fields", body)["id"]}, 201)

    def _add(self, kind: str, record: dict[str, Any], at: float = 0.0) -> dict[str, Any]:
        """`at`: seconds from now. What was always there is read at once."""
        number = next(self._ids)
        made = {"id": number, "createdAt": _now(), "updatedAt": _now()} | record
        self.objects[kind].write(number, made, at)
        return made

    # ---- reading

    async def account(self, request: Request) -> Response:
        return JSONResponse(picked({"id": 1, "company": "Sample Software"}, self._fields(request, "account")))

    async def query(self, request: Request, kind: str) -> Response:
        if kind not in FILTERS:
            raise SaidNoError(198)
        fields, asked = self._fields(request, kind), dict(request.query_params)
        del asked["fields"]
        there = {one["id"]: one for one in self.objects[kind].seen(self.lag)}
        if token := asked.pop("nextPageToken", None):
            # Nothing but the fields may come with it.
            until, of, left, size = self._pages.get(token, (0.0, "", [], 0))
            if asked or of != kind:
                raise SaidNoError(211)
            if until < time.monotonic():
                raise SaidNoError(210)
        else:
            size = int(asked.pop("limit", DEFAULT_PAGE))
            if not 0 < size <= LARGEST_PAGE:
                raise SaidNoError(23)
            left = _found(there, kind, asked)
        body: dict[str, Any] = {"values": [picked(there[one], fields) for one in left[:size] if one in there]}
        body["nextPageToken"] = self._page_of(kind, left[size:], size) if left[size:] else None
        return JSONResponse(body)

    def _page_of(self, kind: str, left: list[int], size: int) -> str:
        token = secrets.token_hex(12)
        self._pages[token] = (time.monotonic() + PAGE_LIVES, kind, left, size)
        return token

    def _fields(self, request: Request, kind: str) -> list[str]:
        fields = [one for one in request.query_params.get("fields", "").split(",") if one]
        if not fields:
            raise SaidNoError(13)
        custom = {f"{one['fieldId']}__c" for one in self.objects["custom-fields"].now.values()}
        if set(fields) - READABLE[kind] - (PROSPECT | custom if kind == "prospects" else set()):
            raise SaidNoError(224)
        return fields

    # ---- what people do

    async def somebody_did(self, request: Request) -> Response:
        """`{"email", "number", "of", "details"}`: the person is a prospect of this business unit from then on."""
        if request.headers.get("x-sandbox") != "page":
            return self.refusal(404)
        return JSONResponse(self.did(**json.loads(await request.body())), 201)

    def did(self, email: str, number: int, of: str = "Email", details: str = "") -> dict[str, Any]:
        """`number` is Pardot's of what people do: 11 opens a mail, 4 sends a form. Nobody in particular: an empty e-mail."""
        prospect = None
        if email:
            there = self.by_email(email)
            prospect = there[-1] if there else self._add("prospects", {"email": email})
        whose = {"prospect": prospect, "prospectId": prospect["id"] if prospect else None}
        what = {"type": number, "typeName": of, "details": details, "campaign": {"id": 9, "name": "Spring"}}
        return self._add("visitor-activities", what | whose)


def _found(there: dict[int, dict[str, Any]], kind: str, asked: dict[str, str]) -> list[int]:
    order = asked.pop("orderBy", "id").removesuffix(" ASC")
    if any(FILTERS[kind].fullmatch(name) is None for name in asked) or order not in READABLE[kind]:
        raise SaidNoError(154)
    found = [one for one in there.values() if all(_fits(one, name, value) for name, value in asked.items())]
    return [one["id"] for one in sorted(found, key=lambda one: (one[order], one["id"]))]


def _fits(record: dict[str, Any], name: str, value: str) -> bool:
    condition = FILTERED.fullmatch(name)
    field = condition[1] if condition else name
    here: Any = record.get(field)
    if here is None:
        return False
    wanted: Any = value
    if field.endswith("At"):
        here, wanted = datetime.fromisoformat(here), datetime.fromisoformat(value)
    elif isinstance(here, int):
        wanted = int(value)
    if condition is None:
        return bool(here == wanted)
    above = condition[2] in {"GreaterThan", "After"}
    return bool((here > wanted if above else here < wanted) or (condition[3] and here == wanted))


async def _object(request: Request) -> dict[str, Any]:
    body = await json_body(request)
    if not isinstance(body, dict):
        raise SaidNoError(150)
    return body


def _no(code: int, status: int | None = None) -> Response:
    return JSONResponse({"code": code, "message": MESSAGES[code]}, status or STATUSES.get(code, 400))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
