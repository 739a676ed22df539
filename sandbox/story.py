"""Plays the people of one story, through public doors alone: the website's posts, clicks on the Slack page, what the CRM shows.

It asserts what it sees, says so line by line, and exits 0 only if all of it came true. SANDBOX_URL, HANDOFF_URL, CAPTURE_KEY.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx

PATIENCE = 30.0
"""Seconds that each expectation has to come true."""
T = TypeVar("T")
JSON = dict[str, Any]

SAM, ADA, ALEX, MORGAN, GALE = "U0SAMSDR001", "U0ADAAE0001", "U0ALEXAE001", "U0MORGAN001", "U0GALEGST01"
EMEA = "C0SDREMEA01"


class NotSo(Exception):
    """Something that the story expects did not happen."""


@dataclass(frozen=True)
class Card:
    """A lead card as somebody sees it."""

    channel: str
    ts: str
    text: str
    buttons: dict[str, JSON]

    @property
    def addressed_to(self) -> str:
        """The Slack user id in "For <@U...>"."""
        return self.text.split("For <@", 1)[1].split(">", 1)[0]


class World:
    """The sandbox and Handoff, seen from outside."""

    def __init__(self, sandbox: str, handoff: str, key: str) -> None:
        self.sandbox = httpx.Client(base_url=sandbox, headers={"X-Sandbox": "page"}, timeout=10.0, trust_env=False)
        self.handoff = httpx.Client(
            base_url=handoff, headers={"Authorization": f"Bearer {key}"}, timeout=10.0, trust_env=False
        )

    def post(self, key: str, **body: Any) -> JSON:
        answer = self.handoff.post("/capture/website", json=body, headers={"Idempotency-Key": key})
        if answer.status_code >= 300:
            raise NotSo(f"the capture door answered {answer.status_code}: {answer.text}")
        found: JSON = answer.json()
        return found

    def lead(self, arrival: int) -> JSON:
        found: JSON = self.handoff.get(f"/capture/website/{arrival}").raise_for_status().json()["lead"]
        return found

    def messages(self, eyes: str, channel: str) -> list[JSON]:
        answer = self.sandbox.get(f"/_api/as/{eyes}/messages", params={"channel": channel, "limit": 200})
        found: list[JSON] = answer.raise_for_status().json()["messages"]
        return found

    def direct_messages(self, eyes: str) -> str:
        conversations = self.sandbox.get(f"/_api/as/{eyes}/conversations").raise_for_status().json()
        return str(next(one["id"] for one in conversations if one["kind"] == "im"))

    def card(self, eyes: str, channel: str, name: str, says: str = "") -> Card | None:
        """The newest card about `name` that says `says`, if it is there."""
        for message in reversed(self.messages(eyes, channel)):
            text = json.dumps(message["blocks"], ensure_ascii=False)
            if name in text and says in text and not message["ephemeral"]:
                buttons = {
                    element["action_id"]: {"block_id": block["block_id"], "value": element["value"]}
                    for block in message["blocks"]
                    if block["type"] == "actions"
                    for element in block["elements"]
                }
                return Card(channel, message["ts"], text, buttons)
        return None

    def press(self, eyes: str, card: Card, action: str) -> JSON:
        body = {"channel": card.channel, "ts": card.ts, "action_id": action, **card.buttons[action]}
        return self._ask(f"/_api/as/{eyes}/press", body)

    def view(self, eyes: str) -> JSON | None:
        views = self.sandbox.get(f"/_api/as/{eyes}/views").raise_for_status().json()["views"]
        return views[-1] if views else None

    def submit(self, eyes: str, view: JSON, **chosen: str) -> JSON:
        values = {
            block["block_id"]: {block["element"]["action_id"]: _input(block["element"], chosen.get(block["block_id"]))}
            for block in view["blocks"]
            if block["type"] == "input"
        }
        return self._ask(f"/_api/as/{eyes}/submit", {"view_id": view["id"], "values": values})

    def command(self, eyes: str, channel: str, command: str, text: str = "") -> JSON:
        return self._ask(f"/_api/as/{eyes}/command", {"channel": channel, "command": command, "text": text})

    def whispered(self, eyes: str, channel: str, words: str) -> str | None:
        for message in reversed(self.messages(eyes, channel)):
            text = message["text"] + json.dumps(message["blocks"] or [], ensure_ascii=False)
            if message["ephemeral"] and words in text:
                return str(message["text"])
        return None

    def state(self, system: str) -> JSON:
        found: JSON = self.sandbox.get(f"/{system}/_state").raise_for_status().json()
        return found

    def _ask(self, path: str, body: JSON) -> JSON:
        answer = self.sandbox.post(path, json=body)
        if answer.status_code >= 300:
            raise NotSo(f"{path} answered {answer.status_code}: {answer.text}")
        found: JSON = answer.json()
        return found


def _input(element: JSON, chosen: str | None) -> JSON:
    if element["type"] == "static_select":
        option = next((one for one in element["options"] if one["value"] == chosen), None)
        return {"type": element["type"], "selected_option": option}
    return {"type": element["type"], "value": chosen}


def until(what: str, look: Callable[[], T | None]) -> T:
    """Look again and again until there is something to see; raises NotSo after PATIENCE."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        seen = look()
        if seen:
            return seen
        time.sleep(0.1)
    raise NotSo(f"not seen within {PATIENCE:.0f} s: {what}")


def expect(what: str, seen: object) -> None:
    """Say what was seen, or raise NotSo."""
    if not seen:
        raise NotSo(what)
    sys.stdout.write(f"  ✓ {what}\n")
    sys.stdout.flush()


def chapter(title: str) -> None:
    sys.stdout.write(f"\n{title}\n")
    sys.stdout.flush()


MQL = {"title": "Marketing Manager", "industry": "Software", "employees": 320, "country": "DE"}
HQL = {"title": "VP Sales", "industry": "Software", "employees": 640, "country": "DE"}


def accepted(world: World) -> None:
    chapter("An MQL is captured, scored, offered to an SDR, accepted and called")
    person = {
        "email": "vera.example@alder-cloud.example.com",
        "first_name": "Vera",
        "last_name": "Example",
        "company": "Alder Cloud",
        **MQL,
    }
    arrival = _warm_up(world, person, "vera")
    lead = until("the lead is in a handoff", lambda: _if(world.lead(arrival), lambda one: one["handoff"] == "offered"))
    expect(f"captured, enriched and scored {lead['score']}: {lead['tier'].upper()}", lead["tier"] == "mql")
    card = until("Vera's card", lambda: world.card(MORGAN, EMEA, "Vera Example", "handoff.accept"))
    rep = card.addressed_to
    expect(
        "the card stands in #sdr-emea, with its score, its reasons and the time left",
        "Why " in card.text and "left)" in card.text,
    )
    world.press(GALE, card, "handoff.accept")
    expect(
        "a stranger's click is answered with a sentence",
        until("the sentence for the stranger", lambda: world.whispered(GALE, EMEA, "does not know you")),
    )
    pressed = world.press(rep, card, "handoff.accept")
    expect(f"the SDR accepts; Slack had its answer after {pressed['took_ms']:.0f} ms", pressed["ok"])
    card = until("the accepted card", lambda: world.card(rep, EMEA, "Vera Example", "Accepted by"))
    expect("the card says so", "handoff.accept" not in card.buttons)
    world.press(rep, card, "handoff.log_contact")
    view = until("the modal", lambda: world.view(rep))
    world.submit(rep, view, outcome="spoke", note="Wants a call on Thursday.")
    expect(
        "the first contact is logged, in time",
        until("the contacted card", lambda: world.card(rep, EMEA, "Vera Example", "first contact in time")),
    )
    known = until("the lead in Salesforce", lambda: _salesforce(world, "vera.example@alder-cloud.example.com"))
    expect("Salesforce has the lead with its owner and status", known["OwnerId"] and known["Status"])
    expect("and one task to call", until("the task", lambda: world.state("salesforce")["tasks"]))
    again = world.post("vera-2", **person, kind="webinar", content="Handing leads over in minutes")
    expect("the same delivery once more changes nothing", again["new"] is False)


def rejected(world: World) -> None:
    chapter("Another MQL is rejected with a reason, and goes back to nurture")
    person = {
        "email": "udo.example@birch-cloud.example.com",
        "first_name": "Udo",
        "last_name": "Example",
        "company": "Birch Cloud",
        **MQL,
    }
    arrival = _warm_up(world, person, "udo")
    card = until("Udo's card", lambda: world.card(MORGAN, EMEA, "Udo Example", "handoff.reject"))
    rep = card.addressed_to
    world.press(rep, card, "handoff.reject")
    view = until("the modal", lambda: world.view(rep))
    without = world.submit(rep, view)
    expect(
        f"without a reason the modal says: {without['errors'].get('reason')}", without["response_action"] == "errors"
    )
    done = world.submit(rep, view, reason="bad_timing", note="Budget comes in autumn.")
    expect("with a reason it closes", done["ok"] and not done["errors"])
    expect(
        "the card shows the reason and what follows",
        until("the rejected card", lambda: world.card(rep, EMEA, "Udo Example", "Not now → back to nurture")),
    )
    lead = until("the lead in nurture", lambda: _if(world.lead(arrival), lambda one: one["stage"] == "nurturing"))
    expect("the lead is in nurture", lead["handoff"] == "rejected")
    expect(
        "and marketing knows through HubSpot",
        until("the contact in HubSpot", lambda: _hubspot(world, "udo.example@birch-cloud.example.com", "nurturing")),
    )


def hot(world: World) -> None:
    chapter("An HQL goes straight to an AE, by direct message")
    person = {
        "email": "hanna.example@cedar-cloud.example.com",
        "first_name": "Hanna",
        "last_name": "Example",
        "company": "Cedar Cloud",
        **HQL,
    }
    # Below MQL until the demo request, so that no SDR is asked first, however fast the worker is.
    world.post("hanna-1", **person, kind="content_download", content="Buyer's guide", channel="organic_search")
    world.post("hanna-demo", **person, kind="demo_request", campaign="spring-launch", page="/demo")
    places = {ae: world.direct_messages(ae) for ae in (ADA, ALEX)}
    ae, card = until(
        "Hanna's card",
        lambda: next(((ae, card) for ae, dm in places.items() if (card := world.card(ae, dm, "Hanna Example"))), None),
    )
    expect("the card is in the AE's direct messages, and in no channel", not world.card(MORGAN, EMEA, "Hanna Example"))
    expect("the AE has an hour to call", "First contact by" in card.text)
    world.press(ae, card, "handoff.accept")
    expect(
        "the AE accepts", until("the accepted card", lambda: world.card(ae, places[ae], "Hanna Example", "Accepted by"))
    )


def cold(world: World) -> None:
    chapter("A reader stays with marketing")
    arrival = world.post(
        "carl-1",
        email="carl.example@gmail.com",
        name="Carl Example",
        title="Student",
        kind="content_download",
        content="Glossary",
    )["arrival"]
    lead = until("the lead in nurture", lambda: _if(world.lead(arrival), lambda one: one["stage"] == "nurturing"))
    expect(f"scored {lead['score']}: {lead['tier']}, and no card", lead["handoff"] is None)


def warmed(world: World) -> None:
    chapter("A reader warms up: from nurture to an SDR, and from there to an AE")
    email = "nina.example@dogwood-cloud.example.com"
    person = {
        "email": email,
        "first_name": "Nina",
        "last_name": "Example",
        "company": "Dogwood Cloud",
        **MQL,
    }
    arrival = world.post("nina-1", **person, kind="content_download", content="Glossary")["arrival"]
    lead = until("the lead in nurture", lambda: _if(world.lead(arrival), lambda one: one["stage"] == "nurturing"))
    expect(f"scored {lead['score']}: {lead['tier'].upper()}, in nurture", lead["tier"] == "mel")
    known = until("the contact in HubSpot", lambda: _hubspot(world, email, "nurturing"))
    expect(f"HubSpot has the programme and what to read next: “{known['handoff_next_content_title']}”", True)
    until("her programme's list in HubSpot", lambda: _is_listed(world, email))
    began = time.monotonic()
    world.post("nina-2", **person, kind="webinar", content="Handing leads over in minutes")
    until("Nina's card", lambda: world.card(MORGAN, EMEA, "Nina Example", "handoff.accept"))
    expect(f"a webinar later an SDR has the card, {time.monotonic() - began:.1f} s after it", True)
    world.post("nina-3", **person, kind="pricing_view", page="/pricing")
    gone = until("the withdrawn card", lambda: world.card(MORGAN, EMEA, "Nina Example", "Withdrawn"))
    expect("a look at the prices makes an HQL of it: the offer is withdrawn", "handoff.accept" not in gone.buttons)
    places = {ae: world.direct_messages(ae) for ae in (ADA, ALEX)}
    until("Nina's card at an AE", lambda: _anywhere(world, places, "Nina Example"))
    expect("and an AE has it", True)
    world.command(SAM, EMEA, "/leadwhy", email)
    until("the answer", lambda: world.whispered(SAM, EMEA, "Looked at the prices"))
    expect("/leadwhy says why, what would change it, and who was next", world.whispered(SAM, EMEA, "Who got it:"))


def _is_listed(world: World, email: str) -> bool:
    hubspot = world.state("hubspot")
    contact = hubspot["contacts"][email]["id"]
    return any(contact in one["members"] for one in hubspot["lists"].values())


def _anywhere(world: World, places: dict[str, str], name: str) -> Card | None:
    return next((card for ae, dm in places.items() if (card := world.card(ae, dm, name))), None)


def numbers(world: World) -> None:
    chapter("The manager asks for the numbers")
    world.command(MORGAN, EMEA, "/leadstats", "team 7d")
    expect(
        "/leadstats shows MQL acceptance 67%: 2 of 3",
        until("the numbers", lambda: world.whispered(MORGAN, EMEA, "67%")),
    )
    world.command(SAM, EMEA, "/leadstats", "team")
    expect(
        "an SDR is told that the team's numbers are for managers",
        until("the refusal", lambda: world.whispered(SAM, EMEA, "for managers")),
    )


def _warm_up(world: World, person: JSON, name: str) -> int:
    """The touches of somebody with a project; returns the last arrival."""
    world.post(f"{name}-1", **person, kind="content_download", content="ROI calculator", channel="organic_search")
    return int(world.post(f"{name}-2", **person, kind="webinar", content="Handing leads over in minutes")["arrival"])


def _if(seen: JSON, so: Callable[[JSON], bool]) -> JSON | None:
    return seen if so(seen) else None


def _salesforce(world: World, email: str) -> JSON | None:
    leads = world.state("salesforce")["leads"].values()
    return next((lead for lead in leads if lead.get("Email") == email and lead.get("OwnerId")), None)


def _hubspot(world: World, email: str, stage: str) -> JSON | None:
    contact = world.state("hubspot")["contacts"].get(email)
    properties: JSON = (contact or {}).get("properties", contact or {})
    return properties if properties.get("handoff_stage") == stage else None


def main() -> None:
    world = World(os.environ["SANDBOX_URL"], os.environ["HANDOFF_URL"], os.environ["CAPTURE_KEY"])
    try:
        for scene in (accepted, rejected, hot, cold, warmed, numbers):
            scene(world)
    except NotSo as no:
        sys.stdout.write(f"  ✗ {no}\n")
        raise SystemExit(1) from None
    sys.stdout.write("\nThe whole road, once: all of it came true.\n")


if __name__ == "__main__":
    main()
