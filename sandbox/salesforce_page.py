"""What people at the customer's do in Salesforce themselves: on a small page, and by the same addresses from tests.

`GET /salesforce/_page` shows the opportunities and moves their stages. `POST /salesforce/_by_hand/{sobject}` enters a record,
`POST .../{id}` changes it, `DELETE .../{id}` deletes it. `POST /salesforce/_org` says how the organisation is set up.
"""

import secrets
from contextlib import suppress
from html import escape
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, field_validator
from starlette.background import BackgroundTask

from sandbox.guard import is_loopback
from sandbox.salesforce_data import Records
from sandbox.salesforce_fields import KEY, OBJECTS, STAGES, WrongRequestError
from sandbox.twin import json_body

FORM = "application/x-www-form-urlencoded"


class Setup(BaseModel):
    """How the organisation is set up."""

    model_config = ConfigDict(extra="forbid")

    apex: bool = True
    """Whether our Apex class is installed."""
    multi_currency: bool = False
    public_key: str = ""
    """Of the certificate with which assertions are checked: PEM."""
    empty: bool = False
    """Forget every record."""
    flow: str = ""
    """Whom a Flow tells of opportunities that people have changed: an address on this machine."""

    @field_validator("flow")
    @classmethod
    def stays_here(cls, flow: str) -> str:
        if flow and not is_loopback(urlsplit(flow).netloc):
            raise ValueError("the address must be on this machine")
        return flow


class ByHand:
    """These addresses are not Salesforce's: what is asked here is neither recorded nor made to fail."""

    def __init__(self, records: Records) -> None:
        self.records = records
        self.setup = Setup()
        self.secret = secrets.token_urlsafe(32)
        """With which the Flow knocks."""

    def add_to(self, router: APIRouter) -> None:
        for path, endpoint, method in (
            ("/_page", self.page, "GET"),
            ("/_org", self.set_up, "POST"),
            ("/_by_hand/{sobject}", self.enter, "POST"),
            ("/_by_hand/{sobject}/{which}", self.change, "POST"),
            ("/_by_hand/{sobject}/{which}", self.delete, "DELETE"),
        ):
            router.add_api_route(path, endpoint, methods=[method], route_class_override=APIRoute)

    def set_up(self, request: Request, setup: Setup) -> Response:
        if not _is_ours(request):
            return _refused("The header X-Sandbox: page is missing.", 403)
        self.setup = setup
        self.records.multi_currency = setup.multi_currency
        if setup.empty:
            self.records.empty()
        return JSONResponse(setup.model_dump(exclude={"public_key"}))

    async def enter(self, request: Request, sobject: str) -> Response:
        return await self._write(request, sobject, None)

    async def change(self, request: Request, sobject: str, which: str) -> Response:
        return await self._write(request, sobject, which)

    async def _write(self, request: Request, sobject: str, which: str | None) -> Response:
        if not _is_ours(request):
            return _refused("The header X-Sandbox: page is missing.", 403)
        if sobject not in OBJECTS or (which is not None and which not in self.records.of[sobject]):
            return _refused("There is no such record.", 404)
        by_form = request.headers.get("content-type", "").startswith(FORM)
        given = dict(parse_qsl((await request.body()).decode())) if by_form else await json_body(request)
        try:
            fields = self.records.read(sobject, _numbers(given) if by_form else given)
        except WrongRequestError as wrong:
            return _refused(wrong.message, 422)
        done = self.records.insert(sobject, fields) if which is None else self.records.update(sobject, which, fields)
        if done is not None and not done["success"]:
            return _refused(done["errors"][0]["message"], 422)
        told = self._flow(sobject, which or str((done or {})["id"]))
        if by_form:
            return RedirectResponse("../../_page", 303, background=told)
        return JSONResponse(done or {"id": which}, background=told)

    async def delete(self, request: Request, sobject: str, which: str) -> Response:
        if not _is_ours(request):
            return _refused("The header X-Sandbox: page is missing.", 403)
        if which not in self.records.of.get(sobject, {}):
            return _refused("There is no such record.", 404)
        self.records.delete(sobject, which)
        return JSONResponse({"id": which}, background=self._flow(sobject, which))

    def _flow(self, sobject: str, which: str) -> BackgroundTask | None:
        wanted = self.setup.flow and sobject == "Opportunity"
        return BackgroundTask(_knock, self.setup.flow, self.secret, which) if wanted else None

    def page(self) -> Response:
        rows = [self.records.row("Opportunity", which) for which in self.records.of["Opportunity"]]
        body = (
            "".join(_opportunity(row) for row in rows if not row["IsDeleted"]) or "<p>There is no opportunity yet.</p>"
        )
        return HTMLResponse(PAGE.format(body=body))


PAGE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Salesforce in small</title><link rel="stylesheet" href="/static/theme.css"></head>
<body><main><h1>Opportunities</h1>{body}<p><a href="/outside">What the outside received</a></p></main></body>
</html>
"""
ROW = """<form method="post" action="_by_hand/Opportunity/{id}">
<h2>{name}</h2><p>{key}</p>
<label>Stage <select name="StageName">{stages}</select></label>
<label>Amount <input name="Amount" type="number" step="0.01" min="0" value="{amount}"></label>
<label>Why it was lost <input name="Loss_Reason__c" value="{reason}"></label>
<button>Save</button>
</form>
"""


def _opportunity(row: dict[str, Any]) -> str:
    stages = "".join(
        f"<option{' selected' if stage == row['StageName'] else ''}>{escape(stage)}</option>" for stage in STAGES
    )
    return ROW.format(
        id=row["Id"],
        name=escape(str(row["Name"])),
        key=escape(str(row[KEY] or "")),
        stages=stages,
        amount="" if row["Amount"] is None else row["Amount"],
        reason=escape(str(row["Loss_Reason__c"] or "")),
    )


def _numbers(given: dict[str, str]) -> dict[str, Any]:
    return {name: float(value) if name == "Amount" else value for name, value in given.items() if value}


def _knock(address: str, secret: str, which: str) -> None:
    """As a Flow does: nobody waits for it, and what becomes of it is in Salesforce's logs alone."""
    with suppress(httpx.HTTPError):
        httpx.post(address, json={"ids": [which]}, headers={"X-Handoff-Secret": secret}, timeout=10.0, trust_env=False)


def _is_ours(request: Request) -> bool:
    """Asked by a test or by our own page: not by a page from elsewhere in the same browser."""
    own = f"http://{request.headers.get('host', '')}"
    return request.headers.get("x-sandbox") == "page" or request.headers.get("origin") == own


def _refused(why: str, status: int) -> Response:
    return JSONResponse({"error": why}, status)
