"""What comes after the SQL, on the Slack page: the AE's deal, the month, what was learnt, and what sales felt.

The demo's past is there, so that there is something to learn. Each test takes seconds: learning does, and Slack's pace is on.
"""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from sandbox.story_world import MANAGERS, MORGAN, SAM
from tests.browser.conftest import Town
from tests.browser.playing import a_deal, ask, ask_sam, message_with, operate

pytestmark = pytest.mark.browser


def test_an_ae_accepts_a_deal_with_the_keyboard_alone(page: Page, town: Town) -> None:
    ae, dm = a_deal(town, "Dela")
    page.goto(town.page_of(ae, dm))
    deal = message_with(page, "Dela Example")
    expect(deal).to_contain_text("A deal for")
    deal.focus()
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.dataset.testid") == "button-deal.accept":
            break
    page.keyboard.press("Enter")
    expect(deal).to_contain_text("Accepted by")
    expect(deal.get_by_test_id("button-deal.accept")).to_have_count(0)


def test_a_manager_looks_at_a_proposal_approves_it_puts_it_in_force_and_takes_it_back(page: Page, town: Town) -> None:
    operate(town, "learn", "--now")
    page.goto(town.page_of(MORGAN, MANAGERS))
    proposal = message_with(page, "Proposal: a newly learnt scoring model")
    expect(proposal).to_contain_text("What it would have done")
    proposal.get_by_test_id("button-proposal.details").click()
    expect(page.get_by_test_id("modal")).to_contain_text("Every change")
    page.get_by_test_id("modal-cancel").click()
    page.goto(town.page_of(MORGAN, "home"))
    expect(page.get_by_test_id("home")).to_contain_text("A proposal waits for you")
    page.goto(town.page_of(MORGAN, MANAGERS))
    for button, then in (("approve", "Tried in shadow"), ("activate", "In force"), ("roll_back", "Rolled back")):
        proposal.get_by_test_id(f"button-proposal.{button}").click()
        if page.get_by_test_id("confirm-yes").is_visible():
            page.get_by_test_id("confirm-yes").click()
        expect(proposal).to_contain_text(then)
    expect(proposal.get_by_test_id(re.compile("button-proposal.(approve|activate|roll_back)"))).to_have_count(0)


def test_the_month_stands_with_the_managers_as_a_picture_and_a_file(page: Page, town: Town) -> None:
    operate(town, "feedback", "monthly", "--now")
    page.goto(town.page_of(MORGAN, MANAGERS))
    month = message_with(page, "Quality review")
    seen_whole(month.locator("img.wide"))
    month.get_by_role("button", name=re.compile("repl")).click()
    expect(page.get_by_role("complementary", name="Thread")).to_contain_text(".html")


def test_a_trend_comes_with_a_chart_of_the_quarters(page: Page, town: Town) -> None:
    operate(town, "learn")
    page.goto(town.page_of(MORGAN, MANAGERS))
    ask(page, "/leadstats trend team")
    seen_whole(message_with(page, "lead quality by quarter").locator("img.wide"))


def seen_whole(chart: Locator) -> None:
    expect(chart).to_have_attribute("alt", re.compile("[a-z]"))
    expect(chart).to_have_js_property("complete", value=True)
    assert chart.evaluate("node => node.naturalWidth") > 400


def test_sales_says_in_two_taps_how_good_its_leads_were(page: Page, town: Town) -> None:
    ask_sam()
    page.goto(town.page_of(SAM, town.world.direct_messages(SAM)))
    pulse = message_with(page, "How good were the leads")
    pulse.get_by_test_id("button-pulse.feeling.4").click()
    expect(pulse).to_contain_text("What was best?")
    pulse.get_by_test_id("button-pulse.why.fit").click()
    expect(pulse).to_contain_text("Thank you!")
