"""Chapters about the deal: an AE gets it with a brief, accepts it, and when it is won, whose work it was is frozen."""

import re
import time

from sandbox.story_world import ADA, ALEX, EMEA, MANAGERS, MORGAN, Card, World, chapter, expect, until

NAME = "Vera Example"


def handed_over(world: World) -> None:
    chapter("An AE gets the deal by direct message, with all that was learnt, and accepts it")
    places = {ae: world.direct_messages(ae) for ae in (ADA, ALEX)}
    ae, card = until("the deal", lambda: _deal(world, places))
    expect("it says what the SDR has learnt", "Authority" in card.text and "has learnt" in card.text)
    expect("and their road: which touches led here", "Handing leads over in minutes" in card.text)
    world.press(ae, card, "deal.accept")
    until("the accepted deal", lambda: world.card(ae, places[ae], NAME, "the deal is"))
    expect("the AE accepts: the deal is theirs", True)
    until("the SDR's card", lambda: world.card(MORGAN, EMEA, NAME, f"with <@{ae}>"))
    expect("the SDR's card in the channel says whose it is now", True)


def _deal(world: World, places: dict[str, str]) -> tuple[str, Card] | None:
    found = ((ae, world.card(ae, dm, NAME, "deal.accept")) for ae, dm in places.items())
    return next(((ae, card) for ae, card in found if card), None)


def _asked_for_revenue(world: World) -> bool:
    """Frozen is a deal a moment after its card says that it is won: who asks before that asks again."""
    world.command(MORGAN, MANAGERS, "/leadstats", "revenue by campaign 7d")
    time.sleep(2)
    return "autumn-series" in world.answered(MORGAN, MANAGERS)


def credited(world: World) -> None:
    chapter("The deal is won: whose work it was is frozen")
    until("the revenue", lambda: _asked_for_revenue(world))
    worth = re.search(r"autumn-series  \*([^*]*[1-9][^*]*)\*", world.answered(MORGAN, MANAGERS))
    expect(f"/leadstats revenue gives the campaign its share of it: {worth and worth[1]}", worth)
