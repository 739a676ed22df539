"""What people see and do on the Slack page, in a real browser on the whole system, with Slack's pace on."""

import pytest
from playwright.sync_api import APIResponse, BrowserContext, Page, Route, expect

from sandbox.story_world import ADA, ALEX, EMEA, GALE, HQL, MORGAN, until
from tests.browser.conftest import Town
from tests.browser.playing import (
    an_mql,
    become_the_rep,
    card_of,
    choose,
    from_menu,
    rep_of,
    see,
    the_worker_asleep,
)

pytestmark = pytest.mark.browser


def test_a_rep_accepts_a_lead_and_logs_the_first_contact(page: Page, town: Town) -> None:
    an_mql(town, "Vera")
    card = see(page, town, MORGAN, "Vera Example")
    rep = become_the_rep(page, town, card)
    card.get_by_test_id("button-handoff.accept").click()
    expect(card).to_contain_text(f"Accepted by {rep}")
    expect(card.get_by_test_id("button-handoff.accept")).to_have_count(0)
    card.get_by_test_id("button-handoff.log_contact").click()
    choose(page, "outcome", "spoke")
    page.get_by_test_id("field-note").fill("Wants a call on Thursday.")
    page.get_by_test_id("modal-submit").click()
    expect(page.get_by_test_id("modal")).to_have_count(0)
    expect(card).to_contain_text("first contact in time")


def test_a_rejection_needs_a_reason_and_then_changes_the_card(page: Page, town: Town) -> None:
    an_mql(town, "Udo")
    card = see(page, town, MORGAN, "Udo Example")
    become_the_rep(page, town, card)
    card.get_by_test_id("button-handoff.reject").click()
    page.get_by_test_id("modal-submit").click()
    expect(page.get_by_test_id("field-error-reason")).to_contain_text("required")
    choose(page, "reason", "other")
    page.get_by_test_id("modal-submit").click()
    expect(page.get_by_test_id("field-error-note")).to_contain_text("needs a note")
    page.get_by_test_id("field-note").fill("Budget comes in autumn.")
    choose(page, "reason", "no_fit")
    expect(page.get_by_test_id("field-detail")).to_be_visible()
    expect(page.get_by_test_id("field-note")).to_have_value("Budget comes in autumn.")
    choose(page, "reason", "bad_timing")
    expect(page.get_by_test_id("field-detail")).to_have_count(0)
    page.get_by_test_id("modal-submit").click()
    expect(page.get_by_test_id("modal")).to_have_count(0)
    expect(card).to_contain_text("Not now → back to nurture")
    expect(card).to_contain_text("Budget comes in autumn.")
    expect(card.locator("[data-testid^='button-']")).to_have_count(1)
    card.get_by_test_id("button-handoff.undo").click()
    expect(card.get_by_test_id("button-handoff.accept")).to_be_visible()


def test_a_rep_releases_a_lead_from_the_menu_of_its_card(page: Page, town: Town) -> None:
    an_mql(town, "Rolf")
    card = see(page, town, MORGAN, "Rolf Example").first
    rep = become_the_rep(page, town, card)
    from_menu(page, card, "release")
    expect(card).to_contain_text(f"Released to the pool by {rep}")


def test_a_hot_lead_comes_to_one_ae_as_a_direct_message(page: Page, town: Town) -> None:
    person = {**HQL, "first_name": "Hanna", "last_name": "Example", "company": "Cedar Cloud"}
    email = "hanna@cedar-cloud.example.com"
    town.world.post("hanna-1", email=email, **person, kind="content_download", content="Buyer's guide")
    town.world.post("hanna-2", email=email, **person, kind="demo_request", page="/demo")
    ae, messages = until("whose turn it is", lambda: _asked(town, "Hanna Example"))
    card = see(page, town, ae, "Hanna Example", messages)
    expect(card).to_contain_text("HQL")
    expect(card).to_contain_text("First contact by")
    card.get_by_test_id("button-handoff.accept").click()
    expect(card).to_contain_text("Accepted by")


def _asked(town: Town, name: str) -> tuple[str, str] | None:
    """The AE who got the card, and their direct messages."""
    for ae in (ADA, ALEX):
        messages = town.world.direct_messages(ae)
        if town.world.card(ae, messages, name):
            return ae, messages
    return None


def test_a_stranger_is_told_so_in_a_sentence_that_only_they_see(page: Page, town: Town) -> None:
    an_mql(town, "Gus")
    card = see(page, town, GALE, "Gus Example")
    card.get_by_test_id("button-handoff.accept").click()
    expect(page.locator("#scroller")).to_contain_text("Handoff does not know you as a rep yet")
    card = see(page, town, MORGAN, "Gus Example")
    expect(page.locator("#scroller")).not_to_contain_text("does not know you")
    expect(card.get_by_test_id("button-handoff.accept")).to_be_visible()


def test_the_second_of_two_clicks_is_told_who_was_first(context: BrowserContext, town: Town) -> None:
    an_mql(town, "Ida")
    managers, reps = context.new_page(), context.new_page()
    card = see(managers, town, MORGAN, "Ida Example")
    same = see(reps, town, town.user(rep_of(card)), "Ida Example")
    with the_worker_asleep(town):
        card.get_by_test_id("button-handoff.accept").click()
        expect(same.get_by_test_id("button-handoff.accept")).to_be_enabled()
        same.get_by_test_id("button-handoff.accept").click()
        until("the second click", lambda: "already_decided" in (town.system.logs / "web.log").read_text())
    expect(reps.locator("#scroller")).to_contain_text("Morgan Manager accepted this lead at")
    expect(managers.locator("#scroller")).not_to_contain_text("accepted this lead at")
    expect(same).to_contain_text("Accepted by Morgan Manager")


def test_the_record_of_the_crm_stands_on_the_page_of_the_outside(page: Page, town: Town) -> None:
    email = an_mql(town, "Otto")
    see(page, town, MORGAN, "Otto Example")
    page.goto(f"{town.system.sandbox_url}/outside")
    page.get_by_test_id("system-salesforce").click()
    expect(page.get_by_role("main")).to_contain_text(email)


def test_markup_in_a_lead_is_shown_as_text(page: Page, town: Town) -> None:
    hostile = "<img src=x onerror=alert(1)> <!channel> <http://evil.test|x>"
    an_mql(town, "Eve", last_name="Example", title=f"Marketing Manager {hostile}", company=f"Eve {hostile}")
    card = see(page, town, MORGAN, "Eve Example")
    expect(card).to_contain_text(hostile)
    expect(card.locator("img, script, a[href*='evil']")).to_have_count(0)


def test_the_page_of_the_crm_shows_markup_as_text(page: Page, town: Town) -> None:
    hostile = "<img src=x onerror=alert(1)>"
    an_mql(town, "Eva", company=f"Eva {hostile}")
    page.goto(f"{town.system.sandbox_url}/outside")
    page.get_by_test_id("system-salesforce").click()
    expect(page.get_by_role("main")).to_contain_text(hostile)
    expect(page.get_by_role("main").locator("img")).to_have_count(0)


def test_a_card_that_comes_while_the_page_is_still_reading_is_not_lost(page: Page, town: Town) -> None:
    held: list[tuple[Route, APIResponse]] = []
    page.route("**/messages?*", lambda route: held.append((route, route.fetch())), times=1)
    with page.expect_request("**/messages?*"):
        page.goto(town.page_of(MORGAN, EMEA))
    an_mql(town, "Rosa")
    expect(card_of(page, "Rosa Example")).to_be_visible()
    (route, older_than_the_card) = held[0]
    with page.expect_request("**/read"):  # what the page does once it has shown what it read
        route.fulfill(response=older_than_the_card)
    expect(card_of(page, "Rosa Example")).to_be_visible()
