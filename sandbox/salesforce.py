"""Salesforce's REST API as far as leads and tasks go: sign-in by client credentials, upserts, two queries."""

import base64
import json
import re
import secrets
from itertools import count
from typing import Any
from urllib.parse import parse_qs, unquote

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from sandbox.salesforce_fields import OBJECTS, WrongRequestError, error, read, sobject_id, wrong
from sandbox.twin import Handler, Pace, Twin, bearer, json_body

DOMAIN = "handoff-sandbox.my"
KEY = "Handoff_Key__c"
BATCH = 200
DAILY = 15_000
PREFIXES = {"Lead": "00Q", "Task": "00T", "User": "005", "Account": "001", "Contact": "003"}
DATA = "/services/data/v{version}"
VERSIONS = re.compile(r"(4[6-9]|5\d|6[0-8])\.0")
LEAD_QUERY = re.compile(
    r"SELECT Id FROM Lead WHERE Email = '((?:[^'\\]|\\.)*)' AND IsConverted = false ORDER BY CreatedDate DESC LIMIT 1"
)
USER_QUERY = re.compile(r"SELECT Id FROM User WHERE Email = '((?:[^'\\]|\\.)*)' AND IsActive = true LIMIT 1")
LITERAL = r"'((?:[^'\\]|\\.)*)'"
OWNER_QUERIES = [
    re.compile(asked.replace("...", rf"({LITERAL})").replace("___", rf"\(({LITERAL}(?:,{LITERAL})*)\)"))
    for asked in (
        "SELECT OwnerId FROM (Account) WHERE (Website) IN ___ ORDER BY LastModifiedDate DESC LIMIT 1",
        "SELECT OwnerId FROM (Account) WHERE (Name) = ... ORDER BY LastModifiedDate DESC LIMIT 1",
        "SELECT OwnerId FROM (Contact) WHERE (Email) = ... ORDER BY LastModifiedDate DESC LIMIT 1",
        (
            "SELECT OwnerId FROM (Lead) WHERE (Email) = ... AND IsConverted = false AND Handoff_Key__c = null "
            "ORDER BY CreatedDate DESC LIMIT 1"
        ),
    )
]
NO_SESSION = ("INVALID_SESSION_ID", "Session expired or invalid")
ERRORS = {
    401: NO_SESSION,
    404: ("NOT_FOUND", "The requested resource does not exist"),
    429: ("REQUEST_LIMIT_EXCEEDED", "Too many requests"),
    500: ("UNKNOWN_EXCEPTION", "An unexpected error occurred"),
    503: ("SERVER_UNAVAILABLE", "The server is busy"),
}


class SalesforceTwin(Twin):
    name = "salesforce"
    in_demo = True
    faults_known = Twin.faults_known | {"503", "partial", "lock", "limit", "duplicate"}

    def __init__(self) -> None:
        self.client_id, self.client_secret = f"3MVG9{secrets.token_urlsafe(40)}", secrets.token_hex(32)
        self.records: dict[str, dict[str, dict[str, Any]]] = {"Lead": {}, "Task": {}, "Account": {}, "Contact": {}}
        self._users: dict[str, str] = {}
        self._sessions: set[str] = set()
        self._ids, self._requests = count(1), 0
        super().__init__(Pace(500, 20))

    def routes(self, router: APIRouter) -> None:
        router.add_api_route("/services/oauth2/token", self.sign_in, methods=["POST"])
        router.add_api_route(DATA + "/composite/sobjects/{sobject}/{field}", self.upsert_many, methods=["PATCH"])
        router.add_api_route(DATA + "/sobjects/{sobject}", self.create, methods=["POST"])
        router.add_api_route(DATA + "/sobjects/{sobject}/{rest:path}", self.change, methods=["PATCH"])
        router.add_api_route(DATA + "/query/", self.query, methods=["GET"])

    def credentials(self, base_url: str) -> dict[str, str]:
        return {
            "SALESFORCE_DOMAIN": f"{DOMAIN}.salesforce.com",
            "SALESFORCE_CLIENT_ID": self.client_id,
            "SALESFORCE_CLIENT_SECRET": self.client_secret,
            "SALESFORCE_URL": base_url + self.prefix,
            "SALESFORCE_STATUSES": json.dumps({"qualified": "Qualified"}),
        }

    def state(self) -> dict[str, Any]:
        """Leads and tasks by our key; those without one (entered by hand) by their id."""
        return {
            kind.lower() + "s": {record.get(KEY) or record["Id"]: record for record in records.values()}
            for kind, records in self.records.items()
        }

    def expire(self) -> Response | None:
        self._sessions.clear()
        return None

    def refusal(self, status: int, kind: str = "") -> Response:  # noqa: ARG002  (each status has one answer here)
        return _errors(status, *ERRORS[status])

    async def answer(self, request: Request, handler: Handler) -> Response:
        path = request.url.path
        if self.fault_for(path, kinds=frozenset({"503"})):
            return self.refusal(503)
        self._requests += "/services/data/" in path  # signing in costs nothing
        used_up = "/services/data/" in path and self.fault_for(path, kinds=frozenset({"limit"}))
        if used_up or self._requests > DAILY:
            return _errors(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
        try:
            answered = await super().answer(request, handler)
        except WrongRequestError as refused:
            return _errors(refused.status, refused.code, refused.message)
        answered.headers["Sforce-Limit-Info"] = f"api-usage={self._requests}/{DAILY}"
        return answered

    async def sign_in(self, request: Request) -> Response:
        form = parse_qs((await request.body()).decode(errors="replace"))
        if form != {"grant_type": ["client_credentials"]}:
            return _oauth_error("unsupported_grant_type", "grant type not supported")
        pair = base64.b64encode(f"{self.client_id}:{self.client_secret}".encode()).decode()
        if not secrets.compare_digest(request.headers.get("authorization", "").encode(), f"Basic {pair}".encode()):
            return _oauth_error("invalid_client", "invalid client credentials")
        token = f"00DHd0000000001!{secrets.token_urlsafe(48)}"
        self._sessions.add(token)
        instance = f"https://{DOMAIN}.salesforce.com"
        return JSONResponse({"access_token": token, "instance_url": instance, "token_type": "Bearer"})

    async def upsert_many(self, request: Request, version: str, sobject: str, field: str) -> Response:
        self._admit(request, version, sobject, field)
        body = await json_body(request)
        if not isinstance(body, dict) or not {"records"} <= set(body) <= {"records", "allOrNone"}:
            raise WrongRequestError(400, "JSON_PARSER_ERROR", "Unrecognized or missing field")
        records, stop = body["records"], body.get("allOrNone", False)
        if not isinstance(records, list) or not records or stop is not False:
            raise WrongRequestError(400, "INVALID_INPUT", "records must be a list; this sandbox knows allOrNone false")
        if len(records) > BATCH:
            raise WrongRequestError(400, "EXCEEDED_ID_LIMIT", f"record limit reached. cannot submit more than {BATCH}")
        given = [_typed(record, sobject) for record in records]
        keys = [fields.get(field) for fields in given]
        fault = self.fault_for(request.url.path, kinds=frozenset({"partial", "lock", "duplicate"}))
        first = [_failed(fault.kind)] if fault else []
        rest = zip(keys[len(first) :], given[len(first) :], strict=True)
        return JSONResponse([*first, *(self._upsert(sobject, key, fields, keys) for key, fields in rest)])

    async def create(self, request: Request, version: str, sobject: str) -> Response:
        self._admit(request, version, sobject, KEY)
        made = self._insert(sobject, read(sobject, await json_body(request)))
        return _one(made, 201)

    async def change(self, request: Request, version: str, sobject: str) -> Response:
        """`{field}/{value}` upserts, `{id}` updates. The path is read as it was sent: slashes in a value are quoted."""
        self._admit(request, version, sobject, KEY)
        sent = request.scope["raw_path"].decode().partition(f"/sobjects/{sobject}/")[2].split("/")
        fields = read(sobject, await json_body(request))
        if self.fault_for(request.url.path, kinds=frozenset({"lock"})):
            return _one(_failed("lock"), 200)
        if len(sent) == 2 and unquote(sent[0]) == KEY and KEY not in fields:
            made = self._upsert(sobject, unquote(sent[1]), fields, [])
            return _one(made, 201 if made.get("created") else 200)
        if len(sent) == 1 and unquote(sent[0]) in self.records[sobject]:
            failed = self._update(sobject, unquote(sent[0]), fields)
            return _one(failed, 400) if failed else Response(status_code=204)
        raise WrongRequestError(404, "NOT_FOUND", "The requested resource does not exist")

    async def query(self, request: Request, version: str) -> Response:
        self._admit(request, version, "Lead", KEY)
        soql = request.query_params.get("q", "")
        if asked := LEAD_QUERY.fullmatch(soql):
            email = _unescaped(asked[1]).casefold()
            found = [one["Id"] for one in self.records["Lead"].values() if one.get("Email", "").casefold() == email]
        elif asked := USER_QUERY.fullmatch(soql):
            found = self._user(_unescaped(asked[1]).casefold())
        elif asked := next(filter(None, (query.fullmatch(soql) for query in OWNER_QUERIES)), None):
            return _records("OwnerId", self._owners(*asked.groups()[:3]))
        else:
            raise WrongRequestError(400, "MALFORMED_QUERY", "unexpected token, or a query this sandbox does not know")
        return _records("Id", found)

    def _owners(self, sobject: str, field: str, wanted: str) -> list[str]:
        """Of the records whose field is one of the quoted values. Who gave no owner made it themselves, which is no user here."""
        values = {_unescaped(one).casefold() for one in re.findall(LITERAL, wanted)}
        found = [one for one in self.records[sobject].values() if str(one.get(field, "")).casefold() in values]
        return [one["OwnerId"] for one in found if one.get("OwnerId") and not one.get(KEY)]

    def _admit(self, request: Request, version: str, sobject: str, field: str) -> None:
        if bearer(request) not in self._sessions:
            raise WrongRequestError(401, *NO_SESSION)
        if not VERSIONS.fullmatch(version) or sobject not in OBJECTS:
            raise WrongRequestError(404, "NOT_FOUND", "The requested resource does not exist")
        if field != KEY:
            raise WrongRequestError(404, "NOT_FOUND", f"Provided external ID field does not exist: {field}")

    def _upsert(self, sobject: str, key: Any, fields: dict[str, Any], among: list[Any]) -> dict[str, Any]:
        if not key:
            return _result(error("MISSING_ARGUMENT", f"{KEY} not specified"))
        if among.count(key) > 1:
            return _result(error("DUPLICATE_VALUE", f"Duplicate external id specified: {key}", [KEY]))
        mine = [one["Id"] for one in self.records[sobject].values() if one.get(KEY) == key]
        if not mine:
            return self._insert(sobject, fields | {KEY: key})
        failed = self._update(sobject, mine[0], fields)
        return failed or {"id": mine[0], "success": True, "errors": [], "created": False}

    def _insert(self, sobject: str, fields: dict[str, Any]) -> dict[str, Any]:
        if failed := wrong(sobject, fields, self.records["Lead"], new=True):
            return _result(failed)
        email = str(fields.get("Email", "")).casefold()
        if email and any(one.get("Email", "").casefold() == email for one in self.records[sobject].values()):
            return _result(error("DUPLICATES_DETECTED", "Use one of these records?"))
        made = sobject_id(PREFIXES[sobject], next(self._ids))
        self.records[sobject][made] = {"Id": made} | fields
        return {"id": made, "success": True, "errors": [], "created": True}

    def _update(self, sobject: str, which: str, fields: dict[str, Any]) -> dict[str, Any] | None:
        if failed := wrong(sobject, fields, self.records["Lead"], new=False):
            return _result(failed)
        self.records[sobject][which].update(fields)
        return None

    def _user(self, email: str) -> list[str]:
        """Everybody at example.com is a user, but for those called nobody..."""
        if not email.endswith("@example.com") or email.startswith("nobody"):
            return []
        return [self._users.setdefault(email, sobject_id(PREFIXES["User"], next(self._ids)))]


def _records(field: str, values: list[str]) -> Response:
    """The newest of them, as the answer to a query with LIMIT 1."""
    records = [{"attributes": {"type": "Record"}, field: one} for one in values[-1:]]
    return JSONResponse({"totalSize": len(records), "done": True, "records": records})


def _typed(record: Any, sobject: str) -> dict[str, Any]:
    if not isinstance(record, dict) or record.get("attributes") != {"type": sobject}:
        raise WrongRequestError(400, "INVALID_INPUT", f"each record needs attributes with type {sobject}")
    return read(sobject, {name: value for name, value in record.items() if name != "attributes"})


def _failed(fault: str) -> dict[str, Any]:
    if fault == "lock":
        return _result(error("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record"))
    if fault == "duplicate":
        return _result(error("DUPLICATES_DETECTED", "Use one of these records?"))
    return _result(error("FIELD_CUSTOM_VALIDATION_EXCEPTION", "A lead needs a budget before it is touched again."))


def _result(failed: dict[str, Any]) -> dict[str, Any]:
    return {"success": False, "errors": [failed]}


def _one(result: dict[str, Any], status: int) -> Response:
    """A single record's answer: its error is the answer to the whole request."""
    if result["success"]:
        return JSONResponse(result, status)
    failed = result["errors"][0]
    return _errors(400, failed["statusCode"], failed["message"])


def _errors(status: int, code: str, message: str) -> Response:
    return JSONResponse([{"message": message, "errorCode": code}], status)


def _oauth_error(code: str, description: str) -> Response:
    return JSONResponse({"error": code, "error_description": description}, 400)


def _unescaped(literal: str) -> str:
    return re.sub(r"\\(.)", r"\1", literal)
