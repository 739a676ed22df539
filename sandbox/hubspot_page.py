"""`GET /hubspot/_page`: somebody at the customer's makes or changes a contact in HubSpot, and its webhooks go out, well or badly."""

from collections.abc import Awaitable, Callable
from html import escape
from urllib.parse import parse_qsl

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import HTMLResponse
from fastapi.routing import APIRoute
from pydantic import ValidationError

from sandbox.hubspot_words import Change, Played

DELIVERIES = {
    "twice": "twice",
    "retried": "again as a second attempt",
    "backwards": "its events in reverse order",
    "late": "with a signature of seven minutes ago",
    "forged": "with a forged signature",
}
PROPERTIES = {"firstname": "First name", "lastname": "Last name", "jobtitle": "Job title", "company": "Company"}

PAGE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>HubSpot in small</title><link rel="stylesheet" href="/static/theme.css"></head>
<body><main><h1>A contact in HubSpot</h1>{said}
<form method="post" action="_page">
<p><label>E-mail <input name="email" type="email" required value="kim.sample@example.com"></label></p>
{inputs}
<p><label>Form that they sent <input name="form"></label></p>
<fieldset><legend>Tell Handoff</legend>{deliveries}</fieldset>
<p><label><input type="checkbox" name="style" value="object"> in the newer spelling (object.creation)</label></p>
<p><button>Save</button></p>
</form><p><a href="/outside#hubspot">What the outside received</a></p></main></body>
</html>
"""


def add_page(router: APIRouter, changed: Callable[[Change], Awaitable[Played]]) -> None:
    """`changed` makes or changes the contact, and sends what there is to tell."""

    async def save(request: Request) -> Response:
        if request.headers.get("origin") != f"http://{request.headers.get('host', '')}":
            raise HTTPException(403, "only the sandbox's own page may do this")
        given = parse_qsl((await request.body()).decode(errors="replace"))
        fields = dict(given)
        try:
            change = Change.model_validate(
                {
                    "email": fields.get("email", ""),
                    "properties": {name: fields[name] for name in PROPERTIES if name in fields},
                    "form": fields.get("form"),
                    "style": fields.get("style", "contact"),
                    "how": [value for name, value in given if name == "how"],
                }
            )
        except ValidationError as wrong:
            raise HTTPException(422, str(wrong)) from None
        played = await changed(change)
        answers = ", ".join(str(status or "no answer") for status in played["statuses"])
        return _page(f"Contact {played['id']} was saved. {played['events']} events were told: {answers}.")

    for method, endpoint in (("GET", show), ("POST", save)):
        router.add_api_route("/_page", endpoint, methods=[method], route_class_override=APIRoute)


def show() -> Response:
    return _page("")


def _page(said: str) -> Response:
    inputs = "".join(f'<p><label>{label} <input name="{name}"></label></p>' for name, label in PROPERTIES.items())
    deliveries = "".join(
        f'<label><input type="checkbox" name="how" value="{how}"> {words}</label> ' for how, words in DELIVERIES.items()
    )
    result = f'<p role="status">{escape(said)}</p>' if said else ""
    return HTMLResponse(PAGE.format(said=result, inputs=inputs, deliveries=deliveries))
