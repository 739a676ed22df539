"""ZoomInfo's GTM API: a token, and contacts/enrich; and beside it the older API (`zoominfo_legacy.py`).

Both answer for any e-mail; nomatch..., optout..., invalid..., broken... and slow... as they say; refused... spoils
the whole request.
"""

import asyncio
import base64
import secrets
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from sandbox.invented import Invented, invent, local_part, number_of
from sandbox.twin import Handler, Pace, Twin, bearer, json_body
from sandbox.zoominfo_legacy import Legacy, said_in_words

LIFE = 3600
SLOW = 12.0
CALLS_A_DAY = 648_000
JSON_API = "application/vnd.api+json"
LEGACY_PATHS = ("/authenticate", "/enrich/contact")
INPUTS = {
    "companyId",
    "companyName",
    "contactAccuracyScoreMin",
    "emailAddress",
    "externalURL",
    "firstName",
    "fullName",
    "hashedEmail",
    "jobTitle",
    "lastName",
    "lastUpdatedDateAfter",
    "personId",
    "phone",
    "validDateAfter",
}
OF_PERSON = {"firstName", "lastName", "email", "jobTitle", "managementLevel", "phone", "mobilePhone", "country"}
OF_COMPANY = {
    "companyName": "name",
    "companyWebsite": "website",
    "companyPrimaryIndustry": "primaryIndustry",
    "companyEmployeeCount": "employeeCount",
    "companyCountry": "country",
}
STATUSES = {
    "nomatch": "NO_MATCH",
    "optout": "OPT_OUT",
    "invalid": "INVALID_INPUT",
    "broken": "SERVICE_ERROR",
    "nobody": "COMPANY_ONLY_MATCH",
}
"""What is said of whom, by how the address begins."""
TITLES = {400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 415: "Unsupported Media Type"}


class ZoomInfoTwin(Twin):
    name = "zoominfo"
    faults_known = Twin.faults_known | {"credits", "forbidden", "hour", "limit_exceeded", "partial"}

    def __init__(self) -> None:
        self.client_id, self.client_secret = secrets.token_hex(10), secrets.token_urlsafe(24)
        self._tokens: dict[str, float] = {}
        self._credits_used = 0
        self.legacy = Legacy(self.client_id)
        super().__init__(Pace(25, 1))

    def routes(self, router: APIRouter) -> None:
        router.add_api_route("/oauth2/default/v1/token", self.token, methods=["POST"])
        router.add_api_route("/gtm/data/v1/contacts/enrich", self.enrich, methods=["POST"])
        router.add_api_route("/authenticate", self.authenticate, methods=["POST"])
        router.add_api_route("/enrich/contact", self.enrich_as_before, methods=["POST"])

    def credentials(self, base_url: str) -> dict[str, str]:
        return {
            "ZOOMINFO_CLIENT_ID": self.client_id,
            "ZOOMINFO_CLIENT_SECRET": self.client_secret,
            "ZOOMINFO_URL": f"{base_url}{self.prefix}/gtm",
            "ZOOMINFO_TOKEN_URL": f"{base_url}{self.prefix}/oauth2/default/v1/token",
            "ZOOMINFO_PLAN": "standard",
        }

    def state(self) -> dict[str, Any]:
        tokens = {"tokens": len(self._tokens), "legacy_tokens": len(self.legacy.tokens)}
        return {"credits_used": self._credits_used} | tokens

    def expire(self) -> Response | None:
        self._tokens.clear()
        self.legacy.tokens.clear()
        return None

    async def answer(self, request: Request, handler: Handler) -> Response:
        """Every answer says what is left of the day."""
        answered = await super().answer(request, handler)
        if "/gtm/" in request.url.path:
            answered.headers["X-RateLimit-Limit-Day"] = str(CALLS_A_DAY)
            answered.headers["X-RateLimit-Remaining-Day"] = str(CALLS_A_DAY - self.pace.passed)
        elif answered.status_code in {429, 500} and request.url.path.endswith(LEGACY_PATHS):
            return said_in_words(answered.status_code)
        return answered

    def refusal(self, status: int, kind: str = "") -> Response:
        if status in {429, 500}:  # the envelope of ZoomInfo's error page
            code, message = (
                ("ZI0004", "Rate limit exceeded") if status == 429 else ("PFAPI0007", "Internal Server Error")
            )
            wait = kind.removeprefix("pace ") if kind.startswith("pace ") else "2"
            error = {"code": code, "message": message, "status": status, "requestId": "sandbox", "retryable": True}
            waits = {"Retry-After": str(max(1, int(wait))), "X-RateLimit-Rejected-Bucket": "second"}
            return JSONResponse({"error": error}, status, waits if status == 429 else {})
        return _refused(status, "PFAPI0003" if status == 400 else f"ZI{status}", TITLES.get(status, "Error"))

    async def token(self, request: Request) -> Response:
        form = parse_qs((await request.body()).decode(errors="replace"))
        pair = base64.b64encode(f"{self.client_id}:{self.client_secret}".encode()).decode()
        if not secrets.compare_digest(request.headers.get("authorization", "").encode(), f"Basic {pair}".encode()):
            return JSONResponse({"error": "invalid_client", "error_description": "No such client."}, 401)
        if form != {"grant_type": ["client_credentials"], "scope": ["api:data:contact"]}:
            return JSONResponse({"error": "invalid_scope", "error_description": "Not granted."}, 400)
        token = secrets.token_urlsafe(32)
        self._tokens[token] = time.monotonic() + LIFE
        return JSONResponse(
            {"token_type": "Bearer", "expires_in": LIFE, "access_token": token, "scope": form["scope"][0]}
        )

    async def enrich(self, request: Request) -> Response:
        if self._tokens.get(bearer(request) or "", 0.0) < time.monotonic():
            return self.refusal(401)
        if request.headers.get("content-type") != JSON_API:
            return self.refusal(415)
        asked = _attributes(await json_body(request))
        if asked is None:
            return self.refusal(400)
        path = request.url.path
        if fault := self.fault_for(path, kinds=frozenset(WRONG)):
            return WRONG[fault.kind]()
        return JSONResponse({"data": await self._records(path, asked)}, media_type=JSON_API)

    async def authenticate(self, request: Request) -> Response:
        return await self.legacy.authenticate(request)

    async def enrich_as_before(self, request: Request) -> Response:
        if not self.legacy.knows(bearer(request)):
            return said_in_words(401)
        asked = await json_body(request)
        if not isinstance(asked, dict) or not _are_attributes(asked):
            return said_in_words(400)
        path = request.url.path
        if fault := self.fault_for(path, kinds=frozenset(WRONG_IN_WORDS)):
            return said_in_words(403, WRONG_IN_WORDS[fault.kind])
        return self.legacy.answer(asked["outputFields"], await self._records(path, asked), self._credits_used)

    async def _records(self, path: str, asked: dict[str, Any]) -> list[dict[str, Any]]:
        """One for each person asked for; with the fault "partial" credits are left for the first alone."""
        persons = asked["matchPersonInput"]
        if any(local_part(str(one.get("emailAddress", ""))).startswith("slow") for one in persons):
            await asyncio.sleep(SLOW)
        fault = self.fault_for(path, kinds=frozenset({"limit_exceeded", "partial"}))
        left = len(persons) if fault is None else int(fault.kind == "partial")
        fields = set(asked["outputFields"])
        records = [_record(one, fields, limited=place >= left) for place, one in enumerate(persons)]
        self._credits_used += sum(record["type"] == "Contact" for record in records)
        return records


def _refused(status: int, code: str, detail: str) -> Response:
    """The envelope of the API's own description."""
    error = {"id": "sandbox", "code": code, "detail": detail, "status": str(status), "source": {}}
    body = {"title": TITLES.get(status, "Error"), "detail": detail, "errors": [error]}
    return JSONResponse(body, status, media_type=JSON_API)


WRONG: dict[str, Callable[[], Response]] = {
    "credits": lambda: _refused(400, "PFAPI0011", "Credit Limit Reached"),
    "forbidden": lambda: _refused(403, "ZI0003", "You do not have access to this endpoint."),
    "hour": lambda: JSONResponse({"error": {"code": "ZI0004"}}, 429, {"X-RateLimit-Rejected-Bucket": "hour"}),
}
WRONG_IN_WORDS = {
    "credits": "You have used up all of your allowed record limit",
    "forbidden": "You do not have access to the enrich endpoint",
}


def _attributes(body: Any) -> dict[str, Any] | None:
    """The attributes of a well-formed request; None if anything is missing, unknown or of the wrong type."""
    data = body.get("data") if isinstance(body, dict) and set(body) == {"data"} else None
    if not isinstance(data, dict) or set(data) != {"type", "attributes"} or data["type"] != "ContactEnrich":
        return None
    attributes = data["attributes"]
    return attributes if isinstance(attributes, dict) and _are_attributes(attributes) else None


def _are_attributes(attributes: dict[str, Any]) -> bool:
    """Both APIs take the same."""
    if set(attributes) != {"matchPersonInput", "outputFields"}:
        return False
    inputs, fields = attributes["matchPersonInput"], attributes["outputFields"]
    if not isinstance(inputs, list) or not 1 <= len(inputs) <= 25 or not all(_sound(one) for one in inputs):
        return False
    return isinstance(fields, list) and bool(fields) and set(fields) <= OF_PERSON | set(OF_COMPANY)


def _sound(criteria: Any) -> bool:
    if not isinstance(criteria, dict) or not criteria or not set(criteria) <= INPUTS:
        return False
    if not all(isinstance(value, str) and value for value in criteria.values()):
        return False
    return not criteria.get("emailAddress", "").startswith("refused")


def _record(criteria: dict[str, str], fields: set[str], *, limited: bool) -> dict[str, Any]:
    email = criteria.get("emailAddress", "")
    local = local_part(email) if "@" in email else "nomatch"
    status = next((said for prefix, said in STATUSES.items() if local.startswith(prefix)), "FULL_MATCH")
    meta = {"matchStatus": "LIMIT_EXCEEDED" if limited else status, "input": criteria}
    if limited or status not in {"FULL_MATCH", "COMPANY_ONLY_MATCH"}:
        return {"id": "0", "type": "NoMatch", "meta": meta}
    person, company = _said(email, invent(email))
    said = {} if status == "COMPANY_ONLY_MATCH" else {name: person[name] for name in person.keys() & fields}
    said["company"] = {OF_COMPANY[name]: company[OF_COMPANY[name]] for name in fields & set(OF_COMPANY)}
    return {"id": str(number_of(email)), "type": "Contact", "attributes": said, "meta": meta}


def _said(email: str, known: Invented) -> tuple[dict[str, Any], dict[str, Any]]:
    person: dict[str, Any] = {
        "firstName": known.first_name,
        "lastName": known.last_name,
        "email": email,
        "jobTitle": known.title,
        "managementLevel": [known.level],
        "phone": known.phone,
        "mobilePhone": known.phone,
        "country": known.country[1],
    }
    company = {
        "name": known.company,
        "website": f"www.{known.domain}",
        "primaryIndustry": [known.industry],
        "employeeCount": known.employees,
        "country": known.country[1],
    }
    return person, company
