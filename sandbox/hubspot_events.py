"""What HubSpot tells by itself: signed webhooks about contacts, and its logs of what people did. All of it is played on request."""

import base64
import hmac
import json
import secrets
import time
from collections import deque
from datetime import UTC, datetime
from itertools import count
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

import httpx
from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from pydantic import Field, field_validator

from sandbox.guard import is_loopback
from sandbox.hubspot_page import add_page
from sandbox.hubspot_words import Change, Played, Strict, iso, lacking, refused

if TYPE_CHECKING:
    from sandbox.hubspot import HubSpotTwin

EVENTS_IN_A_BODY = 100
ATTEMPT_SECONDS = 5.0
REMEMBERED = 200
MAIL_TYPES = {"OPEN", "CLICK", "STATUSCHANGE", "SENT", "DELIVERED", "BOUNCE"}
MAIL_QUERY = {"eventType", "startTimestamp", "endTimestamp", "excludeFilteredEvents", "limit", "offset"}
WEB_QUERY = {"objectType", "eventType", "occurredAfter", "occurredBefore", "limit", "after"}


class Target(Strict):
    """Where webhooks go: an address on this machine. None: nowhere."""

    url: str | None

    @field_validator("url")
    @classmethod
    def stays_here(cls, url: str | None) -> str | None:
        if url and not is_loopback(urlsplit(url).netloc):
            raise ValueError("the address must be on this machine")
        return url


class Lag(Strict):
    """How long the search does not know what was written."""

    seconds: float = Field(ge=0, le=600)


class Mail(Strict):
    email: str
    type: str
    campaign: int = 4711
    subject: str = "A sample"
    url: str | None = None
    unsubscribed: bool = True


class Visit(Strict):
    email: str
    type: str = "e_visited_page"
    url: str


class Other(Strict):
    kind: Literal["companies", "deals"]
    properties: dict[str, str]


class Events:
    def __init__(self, twin: "HubSpotTwin") -> None:
        self.twin = twin
        self.client_secret = secrets.token_hex(16)
        self.app_id, self.portal_id = 9876543, 24680135
        self.target: str | None = None
        self.sent: deque[dict[str, Any]] = deque(maxlen=REMEMBERED)
        self.mail: list[dict[str, Any]] = []
        self.web: list[dict[str, Any]] = []
        self._ids = count(1)

    def routes(self, router: APIRouter) -> None:
        add_page(router, self.changed)
        # What people do there is played: neither recorded as a request to HubSpot nor made to fail.
        for path, play in (
            ("target", self.play_target),
            ("lag", self.play_lag),
            ("contact", self.play_contact),
            ("mail", self.play_mail),
            ("visit", self.play_visit),
            ("record", self.play_record),
        ):
            router.add_api_route(f"/_play/{path}", play, methods=["POST"], route_class_override=APIRoute)

    # ---- webhooks ----------------------------------------------------------------------------------------------------

    async def by_integration(self, changed: list[list[dict[str, Any]]]) -> None:
        """Our own writes are told of as well, with the app that made them."""
        if self.target is None:
            return
        by_us = {"changeSource": "INTEGRATION", "sourceId": str(self.app_id)}
        events = [self._event(one, "contact") | by_us for of_one in changed for one in of_one]
        for at in range(0, len(events), EVENTS_IN_A_BODY):
            await self._send(events[at : at + EVENTS_IN_A_BODY])

    def _event(self, about: dict[str, Any], style: str) -> dict[str, Any]:
        what = "propertyChange" if "propertyName" in about else "creation"
        event = {
            "eventId": next(self._ids),
            "subscriptionId": 77,
            "portalId": self.portal_id,
            "appId": self.app_id,
            "occurredAt": int(time.time() * 1000),
            "subscriptionType": f"{style}.{what}",
            "attemptNumber": 0,
            "changeSource": "CRM_UI",
            "sourceId": "userId:12",
            **about,
        }
        return event | ({"objectTypeId": "0-1"} if style == "object" else {})

    async def _send(self, events: list[dict[str, Any]], *, forged: bool = False, late: bool = False) -> int:
        """The status of the answer; 0 where there is none within five seconds."""
        if self.target is None:
            return 0
        body = json.dumps(events).encode()
        at = str(int((time.time() - (400 if late else 0)) * 1000))
        secret = "not-the-secret" if forged else self.client_secret
        signed = hmac.digest(secret.encode(), b"POST" + self.target.encode() + body + at.encode(), "sha256")
        headers = {
            "Content-Type": "application/json",
            "X-HubSpot-Signature-v3": base64.b64encode(signed).decode(),
            "X-HubSpot-Request-Timestamp": at,
        }
        try:
            async with httpx.AsyncClient(trust_env=False, timeout=ATTEMPT_SECONDS) as client:
                status = (await client.post(self.target, content=body, headers=headers)).status_code
        except httpx.HTTPError:
            status = 0
        self.sent.append({"at": time.time(), "events": len(events), "status": status})
        return status

    # ---- what is played ----------------------------------------------------------------------------------------------

    async def play_target(self, request: Request, target: Target) -> Response:
        _by_page(request)
        self.target = target.url
        return JSONResponse({"url": self.target})

    async def play_lag(self, request: Request, lag: Lag) -> Response:
        _by_page(request)
        self.twin.lag = lag.seconds
        return JSONResponse({"seconds": self.twin.lag})

    async def play_contact(self, request: Request, change: Change) -> Response:
        _by_page(request)
        return JSONResponse(await self.changed(change))

    async def changed(self, change: Change) -> Played:
        """Make or change the contact, and tell of it as `how` says."""
        properties = dict(change.properties)
        if change.form is not None:
            at = str(int(time.time() * 1000))
            properties |= {"recent_conversion_event_name": change.form, "recent_conversion_date": at}
        contact, changed = self.twin.save(change.email, properties)
        events = [self._event(one, change.style) for one in changed]
        if change.portal_id is not None:
            events = [event | {"portalId": change.portal_id} for event in events]
        events = [*reversed(events)] if "backwards" in change.how else events
        bodies = [events, events] if "twice" in change.how else [events]
        if "retried" in change.how:
            bodies.append([event | {"attemptNumber": 1} for event in events])
        forged, late = "forged" in change.how, "late" in change.how
        statuses = [await self._send(body, forged=forged, late=late) for body in bodies]
        return {"id": contact["id"], "events": len(events), "statuses": statuses}

    async def play_mail(self, request: Request, mail: Mail) -> Response:
        _by_page(request)
        status = {"portalSubscriptionStatus": "UNSUBSCRIBED" if mail.unsubscribed else "SUBSCRIBED"}
        event = {
            "id": secrets.token_hex(8),
            "created": int(time.time() * 1000),
            "type": mail.type,
            "recipient": mail.email,
            "emailCampaignId": mail.campaign,
            "portalId": self.portal_id,
            "subject": mail.subject,
            **({"url": mail.url} if mail.url else {}),
            **(status if mail.type == "STATUSCHANGE" else {}),
        }
        self.mail.append(event)
        return JSONResponse(event)

    async def play_visit(self, request: Request, visit: Visit) -> Response:
        _by_page(request)
        contact, _ = self.twin.save(visit.email, {})
        event = {
            "id": secrets.token_hex(8),
            "eventType": visit.type,
            "objectType": "CONTACT",
            "objectId": contact["id"],
            "occurredAt": iso_of(time.time()),
            "properties": {"hs_url": visit.url},
        }
        self.web.append(event)
        return JSONResponse(event)

    async def play_record(self, request: Request, other: Other) -> Response:
        _by_page(request)
        return JSONResponse({"id": self.twin.add_other(other.kind, other.properties)})

    # ---- the logs ----------------------------------------------------------------------------------------------------

    async def mails(self, request: Request) -> Response:
        """Newest first. The offset is a token of its own kind."""
        asked = dict(request.query_params)
        if not set(asked) <= MAIL_QUERY or asked.get("eventType") not in MAIL_TYPES:
            return refused(400, "VALIDATION_ERROR", "Unknown parameters")
        limit = int(asked.get("limit", "10"))
        if not 1 <= limit <= 1000:
            return refused(400, "VALIDATION_ERROR", "limit must be from 1 to 1000")
        start, end = int(asked.get("startTimestamp", "0")), int(asked.get("endTimestamp", str(2**62)))
        of_type = [one for one in self.mail if one["type"] == asked["eventType"] and start <= one["created"] <= end]
        at = int.from_bytes(base64.urlsafe_b64decode(asked["offset"])) if asked.get("offset") else 0
        page = sorted(of_type, key=lambda one: -one["created"])[at : at + limit]
        more = at + limit < len(of_type)
        offset = base64.urlsafe_b64encode((at + limit).to_bytes(8)).decode()
        return JSONResponse({"events": page, "hasMore": more, "offset": offset})

    async def occurrences(self, request: Request) -> Response:
        """Enterprise accounts alone have these."""
        if not self.twin.enterprise:
            return lacking("business-intelligence")
        asked = dict(request.query_params)
        if not set(asked) <= WEB_QUERY or asked.get("objectType") != "contact" or "eventType" not in asked:
            return refused(400, "VALIDATION_ERROR", "Unknown parameters")
        after, before = asked.get("occurredAfter", ""), asked.get("occurredBefore", "9999")
        found = [
            one for one in self.web if one["eventType"] == asked["eventType"] and after <= one["occurredAt"] <= before
        ]
        at, limit = int(asked.get("after", "0")), int(asked.get("limit", "20"))
        paging = {"paging": {"next": {"after": str(at + limit)}}} if at + limit < len(found) else {}
        return JSONResponse({"results": found[at : at + limit]} | paging)


def iso_of(at: float) -> str:
    return iso(datetime.fromtimestamp(at, UTC))


def _by_page(request: Request) -> None:
    """The header keeps foreign pages out."""
    if request.headers.get("x-sandbox") != "page":
        raise HTTPException(403, "the header X-Sandbox: page is missing")
