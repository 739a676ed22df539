"""A chapter about the deal: the SQL has its opportunity in Salesforce, sales moves it there and wins it, and everybody hears of it."""

from sandbox.story_world import EMEA, JSON, MORGAN, World, chapter, expect, until

EMAIL, NAME = "vera.example@alder-cloud.example.com", "Vera Example"


def won(world: World) -> None:
    chapter("The SQL becomes an opportunity in Salesforce, and is won there")
    opportunity = until(
        "the opportunity", lambda: next(iter(world.state("salesforce")["opportunities"].values()), None)
    )
    contact = next(iter(world.state("salesforce")["contacts"].values()))
    same = opportunity["AccountId"] == contact["AccountId"] and contact["Email"] == EMAIL
    expect(f"Salesforce has {opportunity['Name']}, with its account and its contact", same)
    until("the card of an opportunity", lambda: world.card(MORGAN, EMEA, NAME, "Opportunity"))
    _move(world, opportunity, StageName="Negotiation/Review", Amount=24000)
    until("the stage on the card", lambda: world.card(MORGAN, EMEA, NAME, "Negotiation/Review"))
    expect("sales moves it on in Salesforce, and the card in Slack says where it stands", True)
    _move(world, opportunity, StageName="Closed Won")
    until("the won card", lambda: world.card(MORGAN, EMEA, NAME, "Won"))
    expect("it is won: the card says so", True)
    until("the customer in HubSpot", lambda: _hubspot(world).get("handoff_stage") == "won")
    expect("and HubSpot has the stage, and a customer", _hubspot(world).get("lifecyclestage") == "customer")


def _move(world: World, opportunity: JSON, **fields: object) -> None:
    """As somebody in sales does in Salesforce."""
    path = f"/salesforce/_by_hand/Opportunity/{opportunity['Id']}"
    world.sandbox.post(path, json=fields).raise_for_status()


def _hubspot(world: World) -> JSON:
    contact: JSON = world.state("hubspot")["contacts"][EMAIL]
    properties: JSON = contact.get("properties", contact)
    return properties
