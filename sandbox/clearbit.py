"""Clearbit's combined look-up. It answers for any e-mail; nomatch..., pending... and slow... behave as they say."""

import asyncio
import secrets
import time
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from sandbox.invented import Invented, invent, local_part
from sandbox.twin import Pace, Twin, bearer

SLOW = 12.0
ERRORS = {
    400: ("params_invalid", "Invalid params."),
    401: ("auth_required", "Invalid API key provided."),
    404: ("unknown_record", "Unknown record."),
    402: ("over_quota", "You are over your plan's quota."),
    422: ("email_invalid", "Email is invalid."),
    429: ("rate_limit", "Rate limit exceeded."),
    500: ("internal_error", "Something went wrong on our side."),
}


class ClearbitTwin(Twin):
    name = "clearbit"
    faults_known = Twin.faults_known | {"402", "422"}

    def __init__(self) -> None:
        self.key = f"sk_{secrets.token_hex(16)}"
        self._asked: set[str] = set()
        super().__init__(Pace(600, 60))

    def routes(self, router: APIRouter) -> None:
        router.add_api_route("/v2/combined/find", self.find, methods=["GET"])

    def credentials(self, base_url: str) -> dict[str, str]:
        return {"CLEARBIT_API_KEY": self.key, "CLEARBIT_URL": base_url + self.prefix}

    def state(self) -> dict[str, Any]:
        return {"asked": sorted(self._asked)}

    def refusal(self, status: int, kind: str = "") -> Response:  # noqa: ARG002  (each status has one answer here)
        error_type, message = ERRORS[status]
        headers = {"x-ratelimit-limit": "600", "x-ratelimit-reset": str(int(time.time()) + 20)} if status == 429 else {}
        return JSONResponse({"error": {"type": error_type, "message": message}}, status, headers)

    async def find(self, request: Request) -> Response:
        email = request.query_params.get("email", "")
        if not secrets.compare_digest((bearer(request) or "").encode(), self.key.encode()):
            return self.refusal(401)
        if set(request.query_params) != {"email"} or "@" not in email:
            return self.refusal(400)
        if fault := self.fault_for(request.url.path, kinds=frozenset({"402", "422"})):
            return self.refusal(int(fault.kind))
        seen = email in self._asked
        self._asked.add(email)
        local = local_part(email)
        if local.startswith("nomatch"):
            return self.refusal(404)
        if local.startswith("pending") and not seen:
            return Response(status_code=202)
        if local.startswith("slow"):
            await asyncio.sleep(SLOW)
        known = invent(email)
        person = None if local.startswith("nobody") else _person(email, known)
        return JSONResponse({"person": person, "company": _company(known)})


def _person(email: str, known: Invented) -> dict[str, Any]:
    return {
        "name": {
            "fullName": f"{known.first_name} {known.last_name}",
            "givenName": known.first_name,
            "familyName": known.last_name,
        },
        "email": email,
        "geo": {"country": known.country[1], "countryCode": known.country[0]},
        "employment": {
            "name": known.company,
            "title": known.title,
            "domain": known.domain,
            "seniority": known.seniority,
        },
    }


def _company(known: Invented) -> dict[str, Any]:
    return {
        "name": known.company,
        "legalName": f"{known.company}, Inc.",
        "domain": known.domain,
        "category": {"sector": known.industry, "industry": known.industry},
        "geo": {"country": known.country[1], "countryCode": known.country[0]},
        "metrics": {"employees": known.employees},
        "phone": known.phone,
    }
