"""Chapters about what is learnt: the month in a pack, a proposal, and one tap for each way it may go."""

import json

from sandbox.story_world import MANAGERS, MORGAN, Card, World, chapter, expect, until

PROPOSAL = "Proposal: a newly learnt scoring model"


def reviewed(world: World) -> None:
    chapter("Once a month marketing and sales look at what became of the leads")
    world.operate("feedback", "monthly", "--now")
    card = until("the pack", lambda: world.card(MORGAN, MANAGERS, "Quality review"))
    expect("the month's quality review stands with the managers, with a chart", '"image"' in card.text)
    until("the file", lambda: ".html" in world.thread(MORGAN, card))
    expect("the whole pack is a file in its thread", True)


def learnt(world: World) -> None:
    chapter("What became of nine months of leads makes a proposal; a manager decides, and takes it back")
    # The past is laid beside the story: on a busy machine it may take as long.
    until("enough outcomes", lambda: "model: proposed" in world.operate("learn", "--now"))
    expect("`handoff learn` has enough outcomes for a model", True)
    card = until("the proposal", lambda: _proposal(world, "proposal.approve"))
    expect("it says what changes, and what it would have done", "What it would have done" in card.text)
    world.press(MORGAN, card, "proposal.details")
    details = until("the details", lambda: _details(world))
    expect(
        "the details name every change and how well it foresees", "Every change" in details and "foresees" in details
    )
    world.press(MORGAN, card, "proposal.approve")
    card = until("the trial", lambda: _proposal(world, "proposal.activate", "Tried in shadow"))
    expect("approved, it is tried in shadow: nothing follows", _in_force(world) == "default")
    world.press(MORGAN, card, "proposal.activate")
    card = until("the model in force", lambda: _proposal(world, "proposal.roll_back", "In force"))
    expect("one tap later it scores the leads", _in_force(world) == "learnt")
    world.press(MORGAN, card, "proposal.roll_back")
    until("the way back", lambda: _proposal(world, "", "Rolled back"))
    expect("and one more tap takes it back: the model of before scores again", _in_force(world) == "default")


def _proposal(world: World, button: str, says: str = "") -> Card | None:
    """Its message, once it stands as said."""
    card = world.card(MORGAN, MANAGERS, PROPOSAL, says)
    return card if card and (not button or button in card.buttons) else None


def _details(world: World) -> str | None:
    views = world.sandbox.get(f"/_api/as/{MORGAN}/views").raise_for_status().json()["views"]
    text = json.dumps(views[-1], ensure_ascii=False) if views else ""
    return text if "Every change" in text else None


def _in_force(world: World) -> str:
    """The name of the model that scores."""
    line = next(one for one in world.operate("model", "show", "active").splitlines() if one.startswith("name"))
    return line.split('"')[1]
