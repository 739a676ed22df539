"""ZoomInfo's GTM API: a token, and contacts/enrich. It answers for any e-mail; nomatch... and slow... as they say."""

import asyncio
import base64
import secrets
import time
from typing import Any
from urllib.parse import parse_qs

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from sandbox.invented import Invented, invent, local_part, number_of
from sandbox.twin import Pace, Twin, bearer, json_body

LIFE = 3600
SLOW = 12.0
JSON_API = "application/vnd.api+json"
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
TITLES = {400: "Bad Request", 401: "Unauthorized", 404: "Not Found", 415: "Unsupported Media Type"}


class ZoomInfoTwin(Twin):
    name = "zoominfo"
    faults_known = Twin.faults_known | {"credits", "limit_exceeded"}

    def __init__(self) -> None:
        self.client_id, self.client_secret = secrets.token_hex(10), secrets.token_urlsafe(24)
        self._tokens: dict[str, float] = {}
        self._credits_used = 0
        super().__init__(Pace(25, 1))

    def routes(self, router: APIRouter) -> None:
        router.add_api_route("/oauth2/default/v1/token", self.token, methods=["POST"])
        router.add_api_route("/gtm/data/v1/contacts/enrich", self.enrich, methods=["POST"])

    def credentials(self, base_url: str) -> dict[str, str]:
        return {
            "ZOOMINFO_CLIENT_ID": self.client_id,
            "ZOOMINFO_CLIENT_SECRET": self.client_secret,
            "ZOOMINFO_URL": f"{base_url}{self.prefix}/gtm",
            "ZOOMINFO_TOKEN_URL": f"{base_url}{self.prefix}/oauth2/default/v1/token",
        }

    def state(self) -> dict[str, Any]:
        return {"credits_used": self._credits_used, "tokens": len(self._tokens)}

    def expire(self) -> Response | None:
        self._tokens.clear()
        return None

    def refusal(self, status: int, kind: str = "") -> Response:
        if status in {429, 500}:  # the envelope of ZoomInfo's error page
            code, message = ("ZI0004", "Rate limit exceeded") if status == 429 else ("ZI0001", "Internal error")
            wait = kind.removeprefix("pace ") if kind.startswith("pace ") else "2"
            error = {"code": code, "message": message, "status": status, "requestId": "sandbox", "retryable": True}
            headers = {"Retry-After": str(max(1, int(wait)))} if status == 429 else {}
            return JSONResponse({"error": error}, status, headers)
        return _refused(status, "PFAPI0001" if status == 400 else f"PFAPI{status}", TITLES.get(status, "Error"))

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
        if self.fault_for(request.url.path, kinds=frozenset({"credits"})):
            return _refused(400, "PFAPI0011", "You have used up your credits")
        asked = _attributes(await json_body(request))
        if asked is None:
            return self.refusal(400)
        if any(local_part(str(one.get("emailAddress", ""))).startswith("slow") for one in asked["matchPersonInput"]):
            await asyncio.sleep(SLOW)
        limited = self.fault_for(request.url.path, kinds=frozenset({"limit_exceeded"})) is not None
        records = [_record(one, set(asked["outputFields"]), limited=limited) for one in asked["matchPersonInput"]]
        self._credits_used += sum(record["type"] == "Contact" for record in records)
        return JSONResponse({"data": records}, media_type=JSON_API)


def _refused(status: int, code: str, detail: str) -> Response:
    """The envelope of the API's own description."""
    error = {"id": "sandbox", "code": code, "detail": detail, "status": str(status), "source": {}}
    body = {"title": TITLES.get(status, "Error"), "detail": detail, "errors": [error]}
    return JSONResponse(body, status, media_type=JSON_API)


def _attributes(body: Any) -> dict[str, Any] | None:
    """The attributes of a well-formed request; None if anything is missing, unknown or of the wrong type."""
    data = body.get("data") if isinstance(body, dict) and set(body) == {"data"} else None
    if not isinstance(data, dict) or set(data) != {"type", "attributes"} or data["type"] != "ContactEnrich":
        return None
    attributes = data["attributes"]
    if not isinstance(attributes, dict) or set(attributes) != {"matchPersonInput", "outputFields"}:
        return None
    inputs, fields = attributes["matchPersonInput"], attributes["outputFields"]
    if not isinstance(inputs, list) or not 1 <= len(inputs) <= 25 or not all(_sound(one) for one in inputs):
        return None
    known = OF_PERSON | set(OF_COMPANY)
    return attributes if isinstance(fields, list) and fields and set(fields) <= known else None


def _sound(criteria: Any) -> bool:
    if not isinstance(criteria, dict) or not criteria or not set(criteria) <= INPUTS:
        return False
    return all(isinstance(value, str) and value for value in criteria.values())


def _record(criteria: dict[str, str], fields: set[str], *, limited: bool) -> dict[str, Any]:
    email = criteria.get("emailAddress", "")
    status = "FULL_MATCH"
    if "@" not in email or local_part(email).startswith("nomatch"):
        status = "NO_MATCH"
    elif local_part(email).startswith("optout"):
        status = "OPT_OUT"
    elif local_part(email).startswith("nobody"):
        status = "COMPANY_ONLY_MATCH"
    meta = {"matchStatus": "LIMIT_EXCEEDED" if limited else status, "input": criteria}
    if limited or status in {"NO_MATCH", "OPT_OUT"}:
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
