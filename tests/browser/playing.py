"""What a person does on the page, in words: shared by the tests and by the pictures of the handbook."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from playwright.sync_api import Locator, Page, expect

from domain import finding
from domain.verbs import pulsing
from handlers.demo import PAST
from handlers.jobs import transaction
from kit.clock import utcnow
from sandbox.story_world import ADA, ALEX, EMEA, MQL, SAM, Card, until
from tests.browser.conftest import Town


def an_mql(town: Town, name: str, **more: str) -> str:
    """Two visits make an MQL of EMEA; returns the lead's e-mail."""
    person = {**MQL, "first_name": name, "last_name": "Example", "company": f"{name} Analytics", **more}
    email = f"{name.lower()}@{name.lower()}-analytics.example.com"
    town.world.post(f"{name}-1", email=email, **person, kind="content_download", content="ROI calculator")
    town.world.post(f"{name}-2", email=email, **person, kind="webinar", content="Handing leads over in minutes")
    return email


def card_of(page: Page, name: str) -> Locator:
    return page.locator("#scroller [data-testid^='message-']").filter(has_text=f"· {name}")


def see(page: Page, town: Town, user: str, name: str, place: str = EMEA) -> Locator:
    """Open a conversation and wait for the card of `name`."""
    page.goto(town.page_of(user, place))
    card = card_of(page, name)
    expect(card).to_be_visible()
    return card


def rep_of(card: Locator) -> str:
    """The name of the rep whom the card is for."""
    said = re.search(r"For @?(\w+ \w+)", card.inner_text())
    assert said, card.inner_text()
    return said[1]


def become_the_rep(page: Page, town: Town, card: Locator) -> str:
    """Use the switch to look with the eyes of the rep whom the card is for; returns their name."""
    rep = rep_of(card)
    page.get_by_test_id("as-switch").click()
    page.get_by_test_id(f"option-{town.user(rep)}").click()
    expect(page.get_by_test_id("as-switch")).to_contain_text(rep)
    return rep


def press(card: Locator, button: str) -> None:
    card.get_by_test_id(f"button-handoff.{button}").click()


def accept(page: Page, town: Town, name: str) -> Locator:
    """The card of an MQL, accepted by the rep whom it is for."""
    card = see(page, town, town.user("Morgan Manager"), name).first
    rep = become_the_rep(page, town, card)
    press(card, "accept")
    expect(card).to_contain_text(f"Accepted by {rep}")
    return card


def from_menu(page: Page, card: Locator, choice: str) -> None:
    """Choose `choice` (the id of its button without "handoff.") in the three dots of a card."""
    press(card, "more")
    page.get_by_test_id(re.compile(f"^option-handoff.{choice} ")).click()


def choose(page: Page, field: str, option: str | re.Pattern[str]) -> None:
    page.get_by_test_id(f"field-{field}").click()
    page.get_by_test_id(option if isinstance(option, re.Pattern) else f"option-{option}").click()


def submit(page: Page) -> None:
    """Send a window that closes by it."""
    page.get_by_test_id("modal-submit").click()
    expect(page.get_by_test_id("modal")).to_have_count(0)


def ask(page: Page, command: str) -> None:
    page.get_by_test_id("composer").fill(command)
    page.get_by_test_id("composer-run").click()


def operate(town: Town, *words: str) -> None:
    """`handoff WORDS`, once the demo's past is laid, as an operator types it beside the running system."""
    # Nine months of leads: ten seconds of work, and much longer where other tests want the processors too.
    until("the past", lambda: town.system.ended(PAST), patience=120)
    command = [sys.executable, "-m", "handlers", *words]
    subprocess.run(command, env=town.system.environment, check=True, capture_output=True, timeout=60)


def a_deal(town: Town, name: str) -> tuple[str, str]:
    """An MQL becomes an SQL, and its opportunity is offered to an AE: who they are, and their direct messages."""
    world, email = town.world, an_mql(town, name)
    rep = until("the card", lambda: world.card(town.user("Morgan Manager"), EMEA, email, "handoff.accept")).addressed_to
    answers = {f"q.{question}": "yes" for question in ("budget", "authority", "need", "timeline")}
    for button, filled in (("accept", {}), ("log_contact", {"outcome": "spoke"}), ("qualify", answers)):
        world.press(rep, until(button, partial(world.card, rep, EMEA, email, f"handoff.{button}")), f"handoff.{button}")
        if filled:
            world.submit(rep, until("the window", partial(world.view, rep)), **filled)
    places = {ae: world.direct_messages(ae) for ae in (ADA, ALEX)}
    return until("the deal", lambda: next(((ae, dm) for ae, dm in places.items() if _deal(town, ae, dm, name)), None))


def message_with(page: Page, words: str) -> Locator:
    return page.locator("#scroller [data-testid^='message-']").filter(has_text=words).last


def ask_sam() -> None:
    """How good his leads are this month: he is asked now, not on its last day."""
    with transaction() as session:
        sam = finding.rep_by_slack(session, SAM)
        pulsing.ask(session, sam, f"{utcnow():%Y-%m}", 12, utcnow())


def _deal(town: Town, ae: str, dm: str, name: str) -> Card | None:
    return town.world.card(ae, dm, f"{name} Example", "deal.accept")


@contextmanager
def the_worker_asleep(town: Town) -> Iterator[None]:
    """Nothing is redrawn meanwhile, as when two people click in the same second."""
    worker = town.system.pid("worker")
    os.kill(worker, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(worker, signal.SIGCONT)
