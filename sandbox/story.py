"""Plays the people of one story, through public doors alone: the website's posts, clicks on the Slack page, what the CRM shows.

It asserts what it sees, says so line by line, and exits 0 only if all of it came true. SANDBOX_URL, HANDOFF_URL,
CAPTURE_KEY, SLA_FILE.
"""

import os
import sys
import time

from sandbox.story_deal import credited, handed_over
from sandbox.story_hubspot import heard
from sandbox.story_learning import learnt, reviewed
from sandbox.story_model import another_model
from sandbox.story_qualification import qualified
from sandbox.story_revenue import won
from sandbox.story_team import handed_on, on_leave
from sandbox.story_world import (
    ADA,
    ALEX,
    EMEA,
    GALE,
    HQL,
    JSON,
    MORGAN,
    MQL,
    SAM,
    Card,
    NotSo,
    World,
    chapter,
    expect,
    if_so,
    until,
    warm_up,
)


def accepted(world: World) -> None:
    chapter("An MQL is captured, scored, offered to an SDR, accepted and called")
    person = {
        "email": "vera.example@alder-cloud.example.com",
        "first_name": "Vera",
        "last_name": "Example",
        "company": "Alder Cloud",
        **MQL,
    }
    arrival = warm_up(world, person, "vera")
    lead = until(
        "the lead is in a handoff", lambda: if_so(world.lead(arrival), lambda one: one["handoff"] == "offered")
    )
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
    expect("the same deliveries once more change nothing", warm_up(world, person, "vera") == arrival)


def rejected(world: World) -> None:
    chapter("Another MQL is rejected with a reason, and goes back to nurture")
    person = {
        "email": "udo.example@birch-cloud.example.com",
        "first_name": "Udo",
        "last_name": "Example",
        "company": "Birch Cloud",
        **MQL,
    }
    arrival = warm_up(world, person, "udo")
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
    lead = until("the lead in nurture", lambda: if_so(world.lead(arrival), lambda one: one["stage"] == "nurturing"))
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
    lead = until("the lead in nurture", lambda: if_so(world.lead(arrival), lambda one: one["stage"] == "nurturing"))
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
    lead = until("the lead in nurture", lambda: if_so(world.lead(arrival), lambda one: one["stage"] == "nurturing"))
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
        for scene in (
            accepted,
            qualified,
            handed_over,
            won,
            credited,
            rejected,
            hot,
            cold,
            warmed,
            numbers,
            another_model,
            on_leave,
            handed_on,
            heard,
            reviewed,
            learnt,
        ):
            scene(world)
    except NotSo as no:
        sys.stdout.write(f"  ✗ {no}\n")
        raise SystemExit(1) from None
    sys.stdout.write("\nThe whole road, once: all of it came true.\n")


if __name__ == "__main__":
    main()
