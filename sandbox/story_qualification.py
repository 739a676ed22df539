"""A chapter about the SQL: the call brings answers, and what they come to stands on the card, in Salesforce and in HubSpot."""

from sandbox.story_world import EMEA, JSON, MORGAN, World, chapter, expect, if_so, until

EMAIL, NAME = "vera.example@alder-cloud.example.com", "Vera Example"


def qualified(world: World) -> None:
    chapter("The call brings the answers: BANT makes an SQL of it")
    rep = MORGAN
    card = until("Vera's card", lambda: world.card(rep, EMEA, NAME, "handoff.qualify"))
    world.press(rep, card, "handoff.qualify")
    view = until("the window", lambda: world.view(rep))
    asked = [block["label"]["text"] for block in view["blocks"] if block["type"] == "input"]
    expect(f"the window asks for {', '.join(asked[:4])}", asked[:4] == ["Budget", "Authority", "Need", "Timeline"])
    known = {"q.authority": "yes", "q.need": "yes", "q.timeline": "unknown"}
    open_ = world.submit(rep, view, **known, **{"q.budget": "unknown"})
    expect("with the budget still open the answers are kept", open_["ok"] and not open_["errors"])
    card = until("the card that asks on", lambda: world.card(rep, EMEA, NAME, "clear up *Budget*"))
    expect("and the card says what to find out next", "handoff.qualify" in card.buttons)
    world.press(rep, card, "handoff.qualify")
    view = until("the window once more", lambda: world.view(rep))
    world.submit(rep, view, **known, **{"q.budget": "yes"})
    until("the SQL's card", lambda: world.card(rep, EMEA, NAME, "Update answers"))
    expect("with the budget it is an SQL", True)
    lead = until("the SQL in Salesforce", lambda: if_so(_salesforce(world), lambda one: one["Status"] == "Qualified"))
    expect(f"Salesforce says: {lead['Status']}", True)
    until("the SQL in HubSpot", lambda: _hubspot(world).get("handoff_sql_at"))
    expect("and HubSpot has the day", True)


def _salesforce(world: World) -> JSON:
    leads = world.state("salesforce")["leads"].values()
    return next(lead for lead in leads if lead.get("Email") == EMAIL)


def _hubspot(world: World) -> JSON:
    contact: JSON = world.state("hubspot")["contacts"].get(EMAIL, {})
    properties: JSON = contact.get("properties", contact)
    return properties
