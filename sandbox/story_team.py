"""Two chapters about the team: somebody is on leave, and a lead that nobody calls goes to the next."""

import os
import time
from collections.abc import Callable

from sandbox.story_world import (
    ELI,
    EMEA,
    JSON,
    MORGAN,
    MQL,
    SAM,
    Card,
    World,
    chapter,
    expect,
    if_so,
    until,
    warm_up,
)

DAY = 86_400


def on_leave(world: World) -> None:
    chapter("An SDR goes on leave and comes back; the rotation goes on without a run of leads")
    home = until("Sam's Home", lambda: world.home(SAM, "Leads are offered to you"))
    shown = str(home["blocks"])
    expect("App Home shows one's queue and one's settings", "My queue" in shown and "My settings" in shown)
    world.press_home(SAM, home, "home.absence")
    modal = until("the window for an absence", lambda: world.view(SAM))
    now = int(time.time())
    cover = _option(modal, "cover", "Eli Example")
    sent = world.submit(SAM, modal, since=str(now), until=str(now + DAY), cover=cover)
    expect("Sam sets an absence there, and who covers", sent["ok"] and not sent["errors"])
    home = until("Sam's Home once more", lambda: world.home(SAM, "You are away until"))
    expect(
        "/leadnext shows who is next, and that Sam is passed over: on leave",
        _next(world, lambda answer: "is on leave" in answer),
    )
    card = _fresh(world, "lena", "Lena Example", "elm-cloud")
    expect("the next lead goes to somebody else", card.addressed_to == ELI)
    world.press_home(SAM, home, "home.back")
    until("Sam's Home at last", lambda: world.home(SAM, "Leads are offered to you"))
    expect(
        "Sam is back before the time, and takes turns again",
        _next(world, lambda answer: "Sam Sample" in answer and "is on leave" not in answer),
    )


def handed_on(world: World) -> None:
    chapter("Nobody calls: a reminder, word to the manager, and the next rep is asked")
    said = world.operate("sla", "import", os.environ["SLA_FILE"])
    expect("a policy of ten seconds is put in force, for what begins from now on", "is in force" in said)
    card = _fresh(world, "wim", "Wim Example", "fir-cloud")
    first = card.addressed_to
    expect("after half of the time the rep is reminded", until("the reminder", lambda: _reminded(world, card)))
    told = world.direct_messages(MORGAN)
    expect(
        "when it has passed the manager hears of it",
        until("word to the manager", lambda: world.card(MORGAN, told, "Wim Example", "SLA missed")),
    )
    until("the card that says so", lambda: world.card(MORGAN, EMEA, "Wim Example", "Handed on"))
    following = until("the next card", lambda: world.card(MORGAN, EMEA, "Wim Example", "handoff.accept"))
    rep = following.addressed_to
    expect("five seconds later the next rep has the lead, with a card of their own", rep != first)
    world.press(rep, following, "handoff.accept")
    until("the accepted card", lambda: world.card(rep, EMEA, "Wim Example", "Accepted by"))
    said = world.operate("route", "explain", "wim.example@fir-cloud.example.com")
    expect("`handoff route explain` says who was passed over, and why", "did not act on this lead in time" in said)


def _next(world: World, so: Callable[[str], bool]) -> str:
    """What /leadnext answers the manager, once it is `so`."""
    world.command(MORGAN, EMEA, "/leadnext", "SDR EMEA")
    return until("the answer to /leadnext", lambda: if_so(world.answered(MORGAN, EMEA), so))


def _fresh(world: World, key: str, name: str, company: str) -> Card:
    """The card of somebody new in EMEA, as it is offered."""
    first, last = name.split()
    person: JSON = {
        "email": f"{first}.{last}@{company}.example.com".lower(),
        "first_name": first,
        "last_name": last,
        "company": company.replace("-", " ").title(),
        **MQL,
    }
    warm_up(world, person, key)
    return until(f"{first}'s card", lambda: world.card(MORGAN, EMEA, name, "handoff.accept"))


def _reminded(world: World, card: Card) -> bool:
    return "is due by" in world.thread(MORGAN, card)


def _option(view: JSON, block_id: str, text: str) -> str:
    element = next(block["element"] for block in view["blocks"] if block.get("block_id") == block_id)
    return str(next(one["value"] for one in element["options"] if one["text"]["text"] == text))
