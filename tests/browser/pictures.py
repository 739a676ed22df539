"""`make screenshots`: plays fixed sample leads on the demo's system and takes the pictures of docs/screenshots."""

import io
import sys
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from handlers.demo import running
from sandbox.story_world import EMEA, HQL, MANAGERS, MORGAN, MQL, SAM, World, until
from tests.browser.conftest import NO_CHROMIUM, Town, started
from tests.browser.playing import (
    a_deal,
    ask,
    ask_sam,
    choose,
    from_menu,
    message_with,
    operate,
    press,
    see,
    submit,
    the_worker_asleep,
)

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "screenshots"
DESK, PHONE = (1180, 800), (390, 844)
COLOURS = 256
BANT = {"q.budget": "partly", "q.authority": "yes", "q.need": "yes", "q.timeline": "yes"}

PLAYED = (
    ("Anna", "Aspen Analytics", "Marketing Manager", "DE", "qualified"),
    ("Bela", "Birch Software", "Operations Manager", "FR", "rejected"),
    ("Carl", "Cedar Systems", "Sales Manager", "GB", "qualified"),
    ("Dora", "Dogwood Data", "Product Manager", "NL", "contacted"),
    ("Emil", "Elm Energy", "Marketing Manager", "SE", "qualified"),
    ("Fred", "Fir Finance", "Operations Manager", "DE", "contacted"),
    ("Gina", "Ginkgo Games", "Product Manager", "FR", "rejected"),
    ("Hana", "Hazel Health", "Sales Manager", "GB", "accepted"),
    ("Ivan", "Ivy Insurance", "Marketing Manager", "NL", "contacted"),
    ("Jana", "Juniper Jobs", "Operations Manager", "SE", "accepted"),
    ("Kira", "Katsura Cloud", "Operations Manager", "NL", "offered"),
)
"""Who is there before the first picture: first name, company, title, country, how far they came."""


@dataclass
class Camera:
    """One person's browser."""

    page: Page

    def take(self, name: str) -> None:
        """Save what is on the screen, in few colours so that the repository stays small."""
        self.page.mouse.move(0, 0)
        shot = Image.open(io.BytesIO(self.page.screenshot(animations="disabled"))).convert("RGB")
        FOLDER.mkdir(exist_ok=True)
        path = FOLDER / f"{name}.png"
        shot.quantize(COLOURS, kmeans=2, dither=Image.Dither.NONE).save(path, optimize=True)
        sys.stdout.write(f"  {path.relative_to(FOLDER.parents[1])}  {path.stat().st_size // 1024} KB\n")


# --- what happened before -------------------------------------------------------------------------------------------


def arrive(world: World, name: str, company: str, title: str, country: str) -> None:
    email = f"{name.lower()}@{company.split(maxsplit=1)[0].lower()}.example.com"
    person = {**MQL, "first_name": name, "last_name": "Sample", "company": company, "email": email}
    person |= {"title": title, "country": country}
    world.post(f"{name}-1", **person, kind="content_download", content="ROI calculator", channel="organic_search")
    world.post(f"{name}-2", **person, kind="webinar", content="Handing leads over in minutes", campaign="spring-launch")


def play(world: World, name: str, company: str, title: str, country: str, how_far: str) -> None:
    """Through public doors, as people would."""
    arrive(world, name, company, title, country)
    rep = offered_to(world, name)
    if how_far != "offered":
        act(world, rep, name, "handoff.reject" if how_far == "rejected" else "handoff.accept")
    if how_far == "rejected":
        answer(world, rep, reason="bad_timing", note="Their budget comes in autumn.")
    if how_far in {"contacted", "qualified"}:
        act(world, rep, name, "handoff.log_contact")
        answer(world, rep, outcome="spoke", note="Was glad that we called.", next_step="Send the case study")
    if how_far == "qualified":
        act(world, rep, name, "handoff.qualify")
        answer(world, rep, **BANT)
        until(f"{name} as an SQL", lambda: world.card(rep, EMEA, name, "SQL"))


def offered_to(world: World, name: str) -> str:
    """The rep to whom `name` is offered."""
    return until(f"{name}'s card", lambda: world.card(MORGAN, EMEA, f"{name} Sample", "handoff.accept")).addressed_to


def act(world: World, rep: str, name: str, button: str) -> None:
    card = until(f"{button} of {name}", lambda: world.card(rep, EMEA, f"{name} Sample", button))
    world.press(rep, card, button)


def answer(world: World, rep: str, **chosen: str) -> None:
    """Fill in the window that opened, once it is more than the words that we are reading."""
    view = until("the window", lambda: next((one for one in [world.view(rep)] if one and one["submit"]), None))
    world.submit(rep, view, **chosen)


def a_hot_lead(world: World) -> None:
    person = {**HQL, "first_name": "Hugo", "last_name": "Sample", "company": "Hornbeam Holding"}
    email = "hugo@hornbeam.example.com"
    world.post("hugo-1", email=email, **person, kind="content_download", content="Buyer's guide")
    world.post("hugo-2", email=email, **person, kind="demo_request", campaign="spring-launch", page="/demo")


# --- the pictures ---------------------------------------------------------------------------------------------------


def looking_at(camera: Camera, town: Town, user: str, name: str) -> Locator:
    camera.page.goto("about:blank")
    with camera.page.expect_response("**/read"):  # what the page asks once it has shown everything
        card = see(camera.page, town, user, f"{name} Sample").last
    # At once: what waits for the card to rest may find it drawn anew meanwhile, and gone.
    card.evaluate("card => card.scrollIntoView({block: 'nearest'})")
    return card


def of_a_lead(camera: Camera, town: Town, rep: str) -> None:
    """From the offer to the SQL."""
    card = looking_at(camera, town, rep, "Vera")
    camera.take("card-offered")
    press(card, "accept")
    expect(card).to_contain_text("Accepted by")
    camera.take("card-accepted")
    card.get_by_role("button", name="repl").click()
    expect(camera.page.get_by_role("complementary", name="Thread").locator(".message").nth(1)).to_be_visible()
    camera.take("thread-brief")
    camera.page.get_by_test_id("thread-close").click()
    press(card, "log_contact")
    choose(camera.page, "outcome", "spoke")
    camera.page.get_by_test_id("field-note").fill("Their team grows; they lose track of who called whom.")
    camera.page.get_by_test_id("field-next_step").fill("Show the numbers to their CFO")
    soon = datetime.now() + timedelta(days=2)  # noqa: DTZ005  (what the browser's own field takes is local time)
    camera.page.get_by_test_id("field-next_at").fill(soon.strftime("%Y-%m-%dT10:00"))
    camera.take("log-call")
    submit(camera.page)
    press(card, "qualify")
    for question, choice in BANT.items():
        choose(camera.page, question, choice)
    camera.page.get_by_test_id("field-q.notes").fill("Wants to start in January.")
    camera.take("bant")
    submit(camera.page)
    expect(card).to_contain_text("SQL: qualified by")
    camera.take("card-qualified")


def of_windows(camera: Camera, town: Town, rep: str) -> None:
    """What else one can decide, each window left without an answer."""
    card = looking_at(camera, town, rep, "Kira")
    press(card, "reject")
    choose(camera.page, "reason", "other")
    camera.page.get_by_test_id("modal-submit").click()
    expect(camera.page.get_by_test_id("field-error-note")).to_be_visible()
    camera.take("reject-error")
    camera.page.get_by_test_id("modal-cancel").click()
    for choice, field, user in (("snooze", "span", rep), ("reassign", "rep", MORGAN)):
        card = looking_at(camera, town, user, "Kira")
        from_menu(camera.page, card, choice)
        camera.page.get_by_test_id(f"field-{field}").click()
        camera.take(choice)
        camera.page.keyboard.press("Escape")
        camera.page.get_by_test_id("modal-cancel").click()
        expect(camera.page.get_by_test_id("modal")).to_have_count(0)


def of_a_stale_card(camera: Camera, other: Camera, town: Town, rep: str) -> None:
    card, same = looking_at(other, town, MORGAN, "Lena"), looking_at(camera, town, rep, "Lena")
    with the_worker_asleep(town):
        press(card, "accept")
        expect(card.get_by_test_id("button-handoff.accept")).not_to_have_attribute("aria-busy", "true")
        press(same, "accept")
        expect(same.get_by_test_id("button-handoff.accept")).not_to_have_attribute("aria-busy", "true")
    expect(camera.page.locator("#scroller")).to_contain_text("Morgan Manager accepted this lead at")
    expect(same).to_contain_text("Accepted by Morgan Manager")
    camera.page.locator("#scroller .ephemeral").last.scroll_into_view_if_needed()
    camera.take("stale-card")


def of_homes(camera: Camera, town: Town, rep: str) -> None:
    for name, user, words in (
        ("home-rep", rep, "My queue"),
        ("home-manager", MORGAN, "My team"),
        ("home-admin", town.user("Mika Marketing"), "MELs"),
    ):
        camera.page.goto(town.page_of(user, "home"))
        expect(camera.page.get_by_test_id("home")).to_contain_text(words)
        camera.take(name)


def of_numbers(camera: Camera, town: Town, name: str, *, anew: bool) -> None:
    camera.page.goto(town.page_of(MORGAN, "C0MANAGERS1"))
    if anew:
        ask(camera.page, "/leadstats team 30d")
    chart = camera.page.locator("#scroller img.wide").last
    expect(chart).to_have_js_property("complete", value=True)
    expect(camera.page.locator("#scroller table").last).to_be_visible()
    chart.scroll_into_view_if_needed()
    camera.take(name)


def of_what_comes_after_the_sql(camera: Camera, town: Town) -> None:
    """The AE's deal, the month, what was learnt, the trend, and the question to sales."""
    ae, dm = a_deal(town, "Dela")
    message(camera, town, ae, dm, "Dela Example")
    camera.take("deal")
    operate(town, "feedback", "monthly", "--now")
    operate(town, "learn", "--now")
    whole(message(camera, town, MORGAN, MANAGERS, "Quality review").locator("img.wide"))
    camera.take("monthly")
    proposal = message(camera, town, MORGAN, MANAGERS, "Proposal: a newly learnt scoring model")
    camera.take("proposal")
    proposal.get_by_test_id("button-proposal.details").click()
    expect(camera.page.get_by_test_id("modal")).to_contain_text("Every change")
    camera.take("proposal-details")
    camera.page.get_by_test_id("modal-cancel").click()
    for asked, name in (("trend team", "trend"), ("revenue by campaign 180d", "revenue")):
        ask(camera.page, f"/leadstats {asked}")
        said = message_with(camera.page, "lead quality by quarter" if name == "trend" else "Model: ")
        expect(said).to_be_visible()
        if name == "trend":
            whole(said.locator("img.wide"))
        said.scroll_into_view_if_needed()
        camera.take(name)
    ask_sam()
    message(camera, town, SAM, town.world.direct_messages(SAM), "How good were the leads")
    camera.take("pulse")


def message(camera: Camera, town: Town, user: str, place: str, words: str) -> Locator:
    camera.page.goto("about:blank")
    camera.page.goto(town.page_of(user, place))
    found = message_with(camera.page, words)
    expect(found).to_be_visible()
    found.scroll_into_view_if_needed()
    return found


def whole(chart: Locator) -> None:
    expect(chart).to_have_js_property("complete", value=True)
    chart.scroll_into_view_if_needed()


def all_pictures(town: Town, browser: Browser) -> None:
    def camera(size: tuple[int, int] = DESK, scale: float = 1, *, dark: bool = False) -> Camera:
        page = browser.new_page(viewport={"width": size[0], "height": size[1]}, device_scale_factor=scale)
        page.emulate_media(reduced_motion="reduce", color_scheme="dark" if dark else "light")
        return Camera(page)

    desk, phone, dark = camera(), camera(PHONE), camera(dark=True)
    rep = offered_to(town.world, "Vera")
    keen = camera((980, 580), 2)
    looking_at(keen, town, rep, "Vera")
    keen.take("handoff")
    for one, name in ((phone, "phone"), (dark, "dark")):
        looking_at(one, town, rep, "Vera")
        one.take(name)
    of_a_lead(desk, town, rep)
    of_windows(desk, town, offered_to(town.world, "Kira"))
    of_what_comes_after_the_sql(desk, town)
    of_homes(desk, town, rep)
    of_numbers(desk, town, "leadstats", anew=True)
    of_numbers(dark, town, "leadstats-dark", anew=False)
    of_numbers(phone, town, "leadstats-phone", anew=False)
    arrive(town.world, "Lena", "Larch Logistics", "Sales Manager", "DE")
    of_a_stale_card(desk, camera(), town, offered_to(town.world, "Lena"))


def main() -> int:
    with sync_playwright() as playwright, running() as system:
        browser = started(playwright)
        if browser is None:
            sys.stderr.write(f"{NO_CHROMIUM}\n")
            return 1
        world = World(system.sandbox_url, system.url, system.capture_key)
        with world.sandbox, world.handoff, browser:
            # Slack's pace is for people; here it would only make the pictures take minutes.
            world.sandbox.post("/_api/pace", json={"on": False}).raise_for_status()
            for one in PLAYED:
                play(world, *one)
            a_hot_lead(world)
            arrive(world, "Vera", "Alder Cloud", "Marketing Manager", "DE")
            all_pictures(Town(system, world), browser)
    return 0


if __name__ == "__main__":
    sys.exit(main())
