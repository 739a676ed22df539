"""Salesforce's REST API: sign-in by client credentials or JWT bearer, records and collections, SOQL, one Apex class."""

import base64
import json
import re
import secrets
import time
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import parse_qs, unquote

import jwt
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from sandbox.salesforce_data import Records, Result, failed
from sandbox.salesforce_fields import KEY, OBJECTS, WrongRequestError, describe, error
from sandbox.salesforce_page import ByHand
from sandbox.twin import Handler, Pace, Twin, bearer, json_body

DOMAIN = "handoff-sandbox.my"
AUDIENCES = ["https://login.salesforce.com", "https://test.salesforce.com"]
INTEGRATION_USER = "integration@handoff-sandbox.example.com"
LONGEST_JWT = 300
"""Seconds."""
BATCH = 200
DAILY = 15_000
LONGEST_ADDRESS = 16_384
DATA = "/services/data/v{version}"
VERSIONS = re.compile(r"(4[6-9]|5\d|6[0-8])\.0")
NO_SESSION = ("INVALID_SESSION_ID", "Session expired or invalid")
ERRORS = {
    401: NO_SESSION,
    404: ("NOT_FOUND", "The requested resource does not exist"),
    429: ("REQUEST_LIMIT_EXCEEDED", "Too many requests"),
    500: ("UNKNOWN_EXCEPTION", "An unexpected error occurred"),
    503: ("SERVER_UNAVAILABLE", "The server is busy"),
}
OF_RECORDS = {
    "lock": ("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record"),
    "duplicate": ("DUPLICATES_DETECTED", "Use one of these records?"),
    "partial": ("FIELD_CUSTOM_VALIDATION_EXCEPTION", "A lead needs a budget before it is touched again."),
    "rule": ("FIELD_CUSTOM_VALIDATION_EXCEPTION", "An opportunity needs a next step."),
}
Write = Callable[[], Result]
PLURALS = {"Opportunity": "opportunities", "OpportunityContactRole": "roles", "CampaignMember": "members"}


class SalesforceTwin(Twin):
    name = "salesforce"
    in_demo = True
    faults_known = Twin.faults_known | {"503", "limit", *OF_RECORDS}

    def __init__(self) -> None:
        self.client_id, self.client_secret = f"3MVG9{secrets.token_urlsafe(40)}", secrets.token_hex(32)
        self.records = Records()
        self.by_hand = ByHand(self.records)
        self._sessions: set[str] = set()
        self._requests = 0
        super().__init__(Pace(500, 20))

    def routes(self, router: APIRouter) -> None:
        router.add_api_route("/services/oauth2/token", self.sign_in, methods=["POST"])
        router.add_api_route(DATA + "/composite/sobjects/{sobject}/{field}", self.upsert_many, methods=["PATCH"])
        router.add_api_route(DATA + "/composite/sobjects", self.write_many, methods=["POST", "PATCH"])
        router.add_api_route(DATA + "/sobjects/{sobject}/describe", self.describe, methods=["GET"])
        router.add_api_route(DATA + "/sobjects/{sobject}", self.create, methods=["POST"])
        router.add_api_route(DATA + "/sobjects/{sobject}/{rest:path}", self.change, methods=["PATCH"])
        router.add_api_route(DATA + "/query/", self.query, methods=["GET"])
        router.add_api_route(DATA + "/queryAll/", self.query, methods=["GET"])
        router.add_api_route(DATA + "/limits/", self.limits, methods=["GET"])
        router.add_api_route("/services/apexrest/handoff/convert", self.convert, methods=["POST"])
        self.by_hand.add_to(router)

    def credentials(self, base_url: str) -> dict[str, str]:
        return {
            "SALESFORCE_DOMAIN": f"{DOMAIN}.salesforce.com",
            "SALESFORCE_CLIENT_ID": self.client_id,
            "SALESFORCE_CLIENT_SECRET": self.client_secret,
            "SALESFORCE_URL": base_url + self.prefix,
            "SALESFORCE_WEBHOOK_SECRET": self.by_hand.secret,
            "SALESFORCE_STATUSES": json.dumps({"qualified": "Qualified"}),
        }

    def state(self) -> dict[str, Any]:
        """Everything by our key; what has none (entered by hand) by its id. Opportunities with all that can be read of them."""
        state: dict[str, Any] = {
            PLURALS.get(kind, f"{kind.lower()}s"): {
                record.get(KEY) or record["Id"]: record for record in records.values()
            }
            for kind, records in self.records.of.items()
        }
        opportunities = (self.records.row("Opportunity", which) for which in self.records.of["Opportunity"])
        return state | {"opportunities": {one[KEY] or one["Id"]: one for one in opportunities}}

    def expire(self) -> Response | None:
        self._sessions.clear()
        return None

    def refusal(self, status: int, kind: str = "") -> Response:  # noqa: ARG002  (each status has one answer here)
        return _errors(status, *ERRORS[status])

    async def answer(self, request: Request, handler: Handler) -> Response:
        path = request.url.path
        if self.fault_for(path, kinds=frozenset({"503"})):
            return self.refusal(503)
        counted = "/services/data/" in path or "/apexrest/" in path  # signing in costs nothing
        self._requests += counted
        used_up = counted and self.fault_for(path, kinds=frozenset({"limit"}))
        if used_up or self._requests > DAILY:
            return _errors(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
        try:
            answered = await super().answer(request, handler)
        except WrongRequestError as refused:
            return _errors(refused.status, refused.code, refused.message)
        answered.headers["Sforce-Limit-Info"] = f"api-usage={self._requests}/{DAILY}"
        return answered

    # ---- signing in --------------------------------------------------------------------------------------------------

    async def sign_in(self, request: Request) -> Response:
        form = {name: values[0] for name, values in parse_qs((await request.body()).decode(errors="replace")).items()}
        if form == {"grant_type": "client_credentials"}:
            refused = self._wrong_pair(request)
        elif form.keys() == {"grant_type", "assertion"} and form["grant_type"].endswith(":jwt-bearer"):
            refused = self._wrong_assertion(form["assertion"])
        else:
            refused = ("unsupported_grant_type", "grant type not supported")
        if refused:
            return JSONResponse({"error": refused[0], "error_description": refused[1]}, 400)
        token = f"00DHd0000000001!{secrets.token_urlsafe(48)}"
        self._sessions.add(token)
        instance = f"https://{DOMAIN}.salesforce.com"
        return JSONResponse({"access_token": token, "instance_url": instance, "token_type": "Bearer"})

    def _wrong_pair(self, request: Request) -> tuple[str, str] | None:
        pair = base64.b64encode(f"{self.client_id}:{self.client_secret}".encode()).decode()
        given = request.headers.get("authorization", "").encode()
        right = secrets.compare_digest(given, f"Basic {pair}".encode())
        return None if right else ("invalid_client", "invalid client credentials")

    def _wrong_assertion(self, assertion: str) -> tuple[str, str] | None:
        """Signed with the key that was deposited, for us, by our client, for a user, and not for long."""
        if not self.by_hand.setup.public_key:
            return "invalid_client_id", "client identifier invalid"
        key, must = self.by_hand.setup.public_key, jwt.types.Options(require=["exp", "iss", "sub", "aud"])
        try:
            said = jwt.decode(assertion, key, ["RS256"], audience=AUDIENCES, issuer=self.client_id, options=must)
        except jwt.PyJWTError:
            return "invalid_grant", "invalid assertion"
        if int(said["exp"]) - time.time() > LONGEST_JWT:
            return "invalid_grant", "expiration is too far in the future"
        if said.get("sub") != INTEGRATION_USER:
            return "invalid_grant", "user hasn't approved this consumer"
        return None

    def _admit(self, request: Request, version: str, sobject: str = "", field: str = KEY) -> None:
        if bearer(request) not in self._sessions:
            raise WrongRequestError(401, *NO_SESSION)
        if not VERSIONS.fullmatch(version) or (sobject and sobject not in OBJECTS):
            raise WrongRequestError(404, "NOT_FOUND", "The requested resource does not exist")
        if field != KEY or (sobject and KEY not in OBJECTS[sobject] and field == KEY and request.method == "PATCH"):
            raise WrongRequestError(404, "NOT_FOUND", f"Provided external ID field does not exist: {field}")

    # ---- records -----------------------------------------------------------------------------------------------------

    async def upsert_many(self, request: Request, version: str, sobject: str, field: str) -> Response:
        self._admit(request, version, sobject, field)
        given = [self._typed(record, sobject) for record in await _collection(request)]
        keys = [fields.get(field) for fields in given]
        pairs = zip(keys, given, strict=True)
        return self._each(request, [partial(self.records.upsert, sobject, key, fields, keys) for key, fields in pairs])

    async def write_many(self, request: Request, version: str) -> Response:
        self._admit(request, version)
        writes: list[Write] = []
        for record in await _collection(request):
            sobject = str((record.get("attributes") or {}).get("type")) if isinstance(record, dict) else ""
            if sobject not in OBJECTS:
                raise WrongRequestError(400, "INVALID_INPUT", "each record needs attributes with its type")
            which = record.pop("Id", None)
            fields = self._typed(record, sobject)
            if request.method == "PATCH" and which not in self.records.of[sobject]:
                raise WrongRequestError(400, "MALFORMED_ID", "an update needs the record's id")
            writes.append(partial(self._write, sobject, which, fields))
        return self._each(request, writes)

    def _write(self, sobject: str, which: str | None, fields: dict[str, Any]) -> Result:
        if which is None:
            return self.records.insert(sobject, fields)
        return self.records.update(sobject, which, fields) or {"id": which, "success": True, "errors": []}

    def _each(self, request: Request, writes: list[Write]) -> Response:
        """A fault that is of one record hits the first."""
        fault = self.fault_for(request.url.path, kinds=frozenset(OF_RECORDS))
        first = [failed(error(*OF_RECORDS[fault.kind]))] if fault else []
        return JSONResponse([*first, *(write() for write in writes[len(first) :])])

    def _typed(self, record: Any, sobject: str) -> dict[str, Any]:
        if not isinstance(record, dict) or record.get("attributes") != {"type": sobject}:
            raise WrongRequestError(400, "INVALID_INPUT", f"each record needs attributes with type {sobject}")
        return self.records.read(sobject, {name: value for name, value in record.items() if name != "attributes"})

    async def create(self, request: Request, version: str, sobject: str) -> Response:
        self._admit(request, version, sobject)
        fields = self.records.read(sobject, await json_body(request))
        return self._one(request, lambda: self.records.insert(sobject, fields))

    async def change(self, request: Request, version: str, sobject: str) -> Response:
        """`{field}/{value}` upserts, `{id}` updates. The path is read as it was sent: slashes in a value are quoted."""
        self._admit(request, version, sobject)
        sent = request.scope["raw_path"].decode().partition(f"/sobjects/{sobject}/")[2].split("/")
        fields = self.records.read(sobject, await json_body(request))
        if len(sent) == 2 and unquote(sent[0]) == KEY and KEY not in fields:
            return self._one(request, lambda: self.records.upsert(sobject, unquote(sent[1]), fields, []))
        if len(sent) == 1 and unquote(sent[0]) in self.records.of[sobject]:
            answered = self._one(request, lambda: self._write(sobject, unquote(sent[0]), fields))
            return Response(status_code=204) if answered.status_code < 300 else answered
        raise WrongRequestError(404, "NOT_FOUND", "The requested resource does not exist")

    def _one(self, request: Request, write: Write) -> Response:
        """A single record's answer: its error is the answer to the whole request."""
        fault = self.fault_for(request.url.path, kinds=frozenset(OF_RECORDS))
        result = failed(error(*OF_RECORDS[fault.kind])) if fault else write()
        if result["success"]:
            return JSONResponse(result, 201 if result.get("created") else 200)
        wrong = result["errors"][0]
        return _errors(400, wrong["statusCode"], wrong["message"])

    # ---- questions ---------------------------------------------------------------------------------------------------

    async def query(self, request: Request, version: str) -> Response:
        self._admit(request, version)
        if len(request.url.query) > LONGEST_ADDRESS:
            return _errors(414, "URI_TOO_LONG", "URI Too Long")
        soql = request.query_params.get("q", "")
        found = self.records.answer(soql, deleted=request.url.path.endswith("/queryAll/"))
        return JSONResponse({"totalSize": len(found), "done": True, "records": found})

    async def describe(self, request: Request, version: str, sobject: str) -> Response:
        self._admit(request, version, sobject)
        return JSONResponse(describe(sobject, self.records.fields_of(sobject)))

    async def limits(self, request: Request, version: str) -> Response:
        self._admit(request, version)
        return JSONResponse({"DailyApiRequests": {"Max": DAILY, "Remaining": DAILY - self._requests}})

    async def convert(self, request: Request) -> Response:
        self._admit(request, "59.0")
        if not self.by_hand.setup.apex:
            raise WrongRequestError(404, "NOT_FOUND", "Could not find a match for URL")
        body = await json_body(request)
        if not isinstance(body, dict) or not set(body) <= {
            "leadId",
            "contactId",
            "accountId",
            "ownerId",
            "opportunity",
        }:
            raise WrongRequestError(400, "JSON_PARSER_ERROR", "Unrecognized or missing field")
        fault = self.fault_for(request.url.path, kinds=frozenset(OF_RECORDS))
        if fault:
            raise WrongRequestError(400, *OF_RECORDS[fault.kind])
        return JSONResponse(self.records.convert(body))


async def _collection(request: Request) -> list[Any]:
    body = await json_body(request)
    if not isinstance(body, dict) or not {"records"} <= set(body) <= {"records", "allOrNone"}:
        raise WrongRequestError(400, "JSON_PARSER_ERROR", "Unrecognized or missing field")
    records, stop = body["records"], body.get("allOrNone", False)
    if not isinstance(records, list) or not records or stop is not False:
        raise WrongRequestError(400, "INVALID_INPUT", "records must be a list; this sandbox knows allOrNone false")
    if len(records) > BATCH:
        raise WrongRequestError(400, "EXCEEDED_ID_LIMIT", f"record limit reached. cannot submit more than {BATCH}")
    return records


def _errors(status: int, code: str, message: str) -> Response:
    return JSONResponse([{"message": message, "errorCode": code}], status)
