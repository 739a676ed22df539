"""A rep's and a manager's day on the Slack page, in a real browser on the whole system.

Each test takes seconds: Slack's pace of one post a second and channel is on, as for people.
"""

import re
from datetime import datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from sandbox.story_world import EMEA, MORGAN, SAM
from tests.browser.conftest import Town
from tests.browser.playing import accept, an_mql, ask, become_the_rep, choose, from_menu, press, see, submit

pytestmark = pytest.mark.browser


def test_a_talk_is_logged_with_its_next_step_and_bant_makes_an_sql(page: Page, town: Town) -> None:
    an_mql(town, "Nora")
    card = accept(page, town, "Nora Example")
    press(card, "log_contact")
    choose(page, "outcome", "spoke")
    page.get_by_test_id("field-next_step").fill("Show the numbers to their CFO")
    soon = datetime.now() + timedelta(days=2)  # noqa: DTZ005  (what the browser's own field takes is local time)
    page.get_by_test_id("field-next_at").fill(soon.strftime("%Y-%m-%dT%H:%M"))
    submit(page)
    expect(card).to_contain_text("Show the numbers to their CFO")
    press(card, "qualify")
    page.get_by_test_id("modal-submit").click()
    expect(page.get_by_test_id("modal")).to_be_visible()
    for question in ("budget", "authority", "need", "timeline"):
        choose(page, f"q.{question}", "yes")
    page.get_by_test_id("field-q.notes").fill("Wants to start in January.")
    submit(page)
    expect(card).to_contain_text("SQL: qualified by")
    expect(card).to_contain_text("it waits for its opportunity in the CRM")


def test_a_double_click_accepts_once_and_says_nothing(page: Page, town: Town) -> None:
    an_mql(town, "Dora")
    card = see(page, town, MORGAN, "Dora Example").first
    rep = become_the_rep(page, town, card)
    card.get_by_test_id("button-handoff.accept").dblclick()
    expect(card).to_contain_text(f"Accepted by {rep}")
    expect(page.get_by_text("Only visible to you")).to_have_count(0)


def test_a_lead_is_put_aside_and_comes_back_when_its_rep_wants_it(page: Page, town: Town) -> None:
    an_mql(town, "Susi")
    card = accept(page, town, "Susi Example")
    from_menu(page, card, "snooze")
    page.get_by_test_id("modal-submit").click()
    expect(page.get_by_role("dialog").locator(".field-error:visible")).not_to_have_count(0)
    choose(page, "span", "4h")
    submit(page)
    expect(card).to_contain_text("nooze")


def test_a_manager_passes_a_lead_to_another_rep(page: Page, town: Town) -> None:
    an_mql(town, "Paul")
    card = see(page, town, MORGAN, "Paul Example").first
    from_menu(page, card, "reassign")
    other = "Eli Example" if "For @Sam Sample" in card.inner_text() else "Sam Sample"
    page.get_by_test_id("field-rep").click()
    page.get_by_role("option", name=re.compile(f"^{other}")).click()
    submit(page)
    expect(page.locator("#scroller")).to_contain_text("Reassigned")
    expect(page.locator("#scroller").filter(has_text=f"For @{other}")).to_be_visible()


def test_a_lead_is_accepted_with_the_keyboard_alone(page: Page, town: Town) -> None:
    an_mql(town, "Kora")
    card = see(page, town, MORGAN, "Kora Example").first
    rep = become_the_rep(page, town, card)
    # The brief in its thread is the last that is drawn of a new card: no key is lost to a drawing.
    expect(card).to_contain_text("1 reply")
    card.focus()
    for _ in range(8):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.dataset.testid") == "button-handoff.accept":
            break
    page.keyboard.press("Enter")
    expect(card).to_contain_text(f"Accepted by {rep}")
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_be_visible()


def test_everybody_has_the_home_of_their_role(page: Page, town: Town) -> None:
    an_mql(town, "Hugo")
    card = accept(page, town, "Hugo Example")
    expect(card).to_be_visible()
    page.get_by_test_id("conversation-home").click()
    home = page.get_by_test_id("home")
    expect(home).to_contain_text("My queue")
    expect(home).to_contain_text("Hugo Example")
    expect(home).to_contain_text("My settings")
    expect(home).not_to_contain_text("My team")
    page.goto(town.page_of(MORGAN, "home"))
    expect(home).to_contain_text("My team")
    home.get_by_text("Hugo Example").locator("..").get_by_role("link", name="Open the card").click()
    expect(page.locator("#scroller")).to_be_visible()
    expect(card).to_be_focused()
    page.goto(town.page_of(town.user("Mika Marketing"), "home"))
    expect(home).to_contain_text("MELs")
    expect(home).not_to_contain_text("My team")


def test_the_numbers_come_with_a_chart_that_only_who_asked_sees(page: Page, town: Town) -> None:
    an_mql(town, "Cora")
    see(page, town, MORGAN, "Cora Example")
    page.goto(town.page_of(MORGAN, "C0MANAGERS1"))
    ask(page, "/leadstats team 7d")
    messages = page.locator("#scroller")
    expect(messages).to_contain_text("The whole team")
    expect(messages).to_contain_text("MQL acceptance")
    chart = messages.locator("img.wide")
    expect(chart).to_have_attribute("alt", re.compile("[a-z]"))
    expect(chart).to_have_js_property("complete", value=True)
    assert chart.evaluate("node => node.naturalWidth") > 400
    expect(messages.get_by_text("Only visible to you").last).to_be_visible()


def test_an_sdr_gets_only_their_own_numbers(page: Page, town: Town) -> None:
    page.goto(town.page_of(SAM, EMEA))
    ask(page, "/leadstats team")
    expect(page.locator("#scroller")).to_contain_text("The team's numbers are for managers.")
    ask(page, "/leadstats")
    expect(page.locator("#scroller")).to_contain_text("Sam Sample")
