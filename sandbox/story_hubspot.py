"""A chapter that begins at HubSpot: somebody fills in a form there, a webhook tells us, and score and tier go back."""

from sandbox.story_world import JSON, World, chapter, expect, until

EMAIL = "mia.example@maple-cloud.example.com"


def heard(world: World) -> None:
    chapter("Somebody fills in a form at HubSpot; its webhook brings the lead, and the score goes back")
    person = {"firstname": "Mia", "lastname": "Example", "company": "Maple Cloud", "jobtitle": "Marketing Manager"}
    form = {"email": EMAIL, "properties": person, "form": "Newsletter"}
    forged = _play(world, form | {"email": "nobody@maple-cloud.example.com", "how": ["forged"]})
    expect("a delivery with a forged signature is refused", forged["statuses"] == [401])
    told = _play(world, form | {"how": ["twice", "backwards"]})
    expect("the webhook is answered, however often it comes", told["statuses"] == [200, 200])
    until("the score in HubSpot", lambda: _properties(world).get("handoff_score"))
    known = _properties(world)
    expect(f"HubSpot has score {known['handoff_score']} and tier {known['handoff_tier']}", known["handoff_tier"])


def _play(world: World, change: JSON) -> JSON:
    """As somebody does at HubSpot."""
    done: JSON = world.sandbox.post("/hubspot/_play/contact", json=change).raise_for_status().json()
    return done


def _properties(world: World) -> JSON:
    known: JSON = world.state("hubspot")["contacts"][EMAIL]["properties"]
    return known
