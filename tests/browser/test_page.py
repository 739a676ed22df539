"""The Slack page by itself, with a tiny app behind it: pictures, tables, searches, windows, the keyboard, small screens."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.sandbox.conftest import EMEA, SAM, App, Sandbox
from tests.sandbox.slack_samples import CARD, FILLED, MODAL, REASONS, Block, plain

pytestmark = pytest.mark.browser

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
    "0000000c4944415478da63f8cfc0000003010100f7036f430000000049454e44ae426082"
)
SEARCH: Block = {
    "type": "modal",
    "title": plain("Pass on"),
    "submit": plain("Pass on"),
    "blocks": [
        {
            "type": "input",
            "block_id": "rep",
            "label": plain("To whom"),
            "element": {"type": "external_select", "action_id": "who", "min_query_length": 2},
        }
    ],
}


def post(sandbox: Sandbox, *blocks: Block, **more: Any) -> str:
    return str(sandbox.client.chat_postMessage(channel=EMEA, text="a lead", blocks=list(blocks), **more)["ts"])


def see(page: Page, sandbox: Sandbox, ts: str | None = None) -> None:
    page.goto(f"{sandbox.url}/#as={SAM}&in={EMEA}")
    expect(page.get_by_test_id(f"message-{ts}") if ts else page.get_by_role("heading", name="sdr-emea")).to_be_visible()


def open_window(page: Page, sandbox: Sandbox, app: App, view: Block) -> None:
    """As an app does it: when somebody presses Accept."""

    def answer(said: dict[str, Any]) -> None:
        if said["type"] == "block_actions":
            sandbox.client.views_open(trigger_id=said["trigger_id"], view=view)

    app.answer = answer
    see(page, sandbox, post(sandbox, *CARD))
    page.get_by_test_id("button-accept").click()
    expect(page.get_by_role("dialog", name=view["title"]["text"])).to_be_visible()


def has_keyboard(page: Page, testid: str) -> None:
    expect(page.get_by_test_id(testid)).to_be_focused()


def test_a_picture_opens_in_full_and_escape_gives_the_keyboard_back(page: Page, sandbox: Sandbox) -> None:
    file_id = sandbox.client.files_upload_v2(content=PNG, filename="funnel.png")["file"]["id"]
    sandbox.clock.moved += 1
    picture = {"type": "image", "slack_file": {"id": file_id}, "alt_text": "The funnel of 30 days"}
    see(page, sandbox, post(sandbox, picture))
    page.get_by_role("button", name="The funnel of 30 days").press("Enter")
    expect(page.get_by_role("dialog", name="The funnel of 30 days")).to_be_visible()
    has_keyboard(page, "enlarged-close")
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("enlarged")).to_have_count(0)
    has_keyboard(page, "enlarge")


def test_a_picture_of_another_host_is_told_and_not_loaded(page: Page, sandbox: Sandbox) -> None:
    picture = {"type": "image", "image_url": "https://example.com/funnel.png", "alt_text": "The funnel"}
    see(page, sandbox, post(sandbox, picture))
    expect(page.get_by_role("img", name="The funnel")).to_contain_text("The funnel")


def test_a_table_has_named_columns(page: Page, sandbox: Sandbox) -> None:
    rows = [[{"type": "raw_text", "text": text} for text in row] for row in (("Tier", "Won"), ("MQL", "12"))]
    see(page, sandbox, post(sandbox, {"type": "table", "rows": rows}))
    expect(page.get_by_role("columnheader")).to_have_text(["Tier", "Won"])
    expect(page.get_by_role("cell")).to_have_text(["MQL", "12"])


def test_a_search_is_typed_chosen_and_sent_with_the_keyboard_alone(page: Page, sandbox: Sandbox, app: App) -> None:
    open_window(page, sandbox, app, SEARCH)
    app.answer = lambda said: (
        {"options": [{"text": plain(name), "value": name.lower()} for name in ("Dana", "Daniel")]}
        if said["type"] == "block_suggestion"
        else None
    )
    has_keyboard(page, "field-rep")
    page.keyboard.press("Enter")
    expect(page.get_by_role("combobox", name="Search")).to_be_focused()
    expect(page.get_by_role("listbox")).to_contain_text("Type at least 2 letters")
    page.keyboard.type("dan")
    expect(page.get_by_role("option")).to_have_text(["Dana", "Daniel"])
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="To whom Daniel")).to_be_focused()
    page.keyboard.press("Control+Enter")
    expect(page.get_by_test_id("modal")).to_have_count(0)
    chosen = app.received[-1]["view"]["state"]["values"]["rep"]["who"]["selected_option"]
    assert chosen["value"] == "daniel"


def test_a_window_says_under_each_field_what_is_wrong_and_leads_to_the_first(
    page: Page, sandbox: Sandbox, app: App
) -> None:
    open_window(page, sandbox, app, MODAL)
    page.get_by_test_id("modal-submit").click()
    expect(page.get_by_test_id("field-error-why")).to_have_text("Please complete this required field.")
    expect(page.get_by_test_id("field-error-note")).to_be_hidden()
    has_keyboard(page, "field-why")
    app.answer = lambda said: {"response_action": "errors", "errors": {"note": "Say a little more."}}
    page.keyboard.press("Enter")
    page.get_by_test_id(f"option-{FILLED['why']['reason']['selected_option']['value']}").click()
    expect(page.get_by_test_id("field-error-why")).to_be_hidden()
    page.get_by_test_id("modal-submit").click()
    expect(page.get_by_test_id("field-error-note")).to_have_text("Say a little more.")
    expect(page.get_by_role("textbox", name="Note")).to_have_attribute("aria-invalid", "true")
    has_keyboard(page, "field-note")


def test_a_pushed_window_goes_away_with_escape_and_the_one_below_stays(page: Page, sandbox: Sandbox, app: App) -> None:
    open_window(page, sandbox, app, {**MODAL, "blocks": [MODAL["blocks"][1]], "notify_on_close": False})
    page.get_by_test_id("field-note").fill("wait")
    app.answer = lambda said: {"response_action": "push", "view": {**SEARCH, "title": plain("Sure?")}}
    page.get_by_test_id("modal-submit").click()
    expect(page.get_by_role("dialog", name="Sure?")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Reject")).to_be_visible()
    expect(page.get_by_test_id("field-note")).to_have_value("wait")
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("modal")).to_have_count(0)
    has_keyboard(page, "button-accept")


def test_a_slash_lists_the_commands_and_the_arrow_keys_choose_one(page: Page, sandbox: Sandbox, app: App) -> None:
    app.answer = lambda said: {"text": f"You asked {said['command']} {said['text']}"}
    see(page, sandbox)
    commands = [one["command"] for one in sandbox.page.get("/_api/workspace").json()["commands"]]
    field = page.get_by_test_id("composer")
    field.press_sequentially("/")
    expect(page.get_by_role("option")).to_have_count(len(commands))
    field.press("ArrowDown")
    field.press("Tab")
    expect(field).to_have_value(f"{commands[1]} ")
    field.press_sequentially("30d")
    field.press("Enter")
    expect(page.locator("#scroller")).to_contain_text("Only visible to you")
    expect(page.locator("#scroller")).to_contain_text(f"You asked {commands[1]} 30d")


def test_what_arrives_is_said_to_a_screen_reader(page: Page, sandbox: Sandbox) -> None:
    see(page, sandbox)
    post(sandbox, *CARD)
    expect(page.get_by_role("log", name="New messages")).to_contain_text("Handoff: a lead")


def test_a_thread_opens_beside_and_says_how_many_replies_it_has(page: Page, sandbox: Sandbox) -> None:
    ts = post(sandbox, *CARD)
    sandbox.clock.moved += 1.1
    post(sandbox, {"type": "section", "text": plain("What is known of Ida Sample")}, thread_ts=ts)
    see(page, sandbox, ts)
    page.get_by_role("button", name="1 reply").press("Enter")
    has_keyboard(page, "thread-close")
    thread = page.get_by_role("complementary", name="Thread")
    expect(thread).to_contain_text("What is known of Ida Sample")
    expect(thread.get_by_role("separator").last).to_have_text("1 reply")
    page.keyboard.press("Escape")
    expect(thread).to_be_hidden()
    has_keyboard(page, f"replies-{ts}")


def test_an_archived_channel_and_a_deactivated_person_show(page: Page, sandbox: Sandbox) -> None:
    sandbox.page.post("/_api/users/U0DANASDR01", json={"deleted": True}).raise_for_status()
    see(page, sandbox)
    page.get_by_test_id("as-switch").click()
    expect(page.get_by_test_id("option-U0ELISDR001")).to_be_visible()
    expect(page.get_by_test_id("option-U0DANASDR01")).to_have_count(0)
    page.keyboard.press("Escape")
    sandbox.page.post(f"/_api/channels/{EMEA}", json={"archived": True}).raise_for_status()
    expect(page.get_by_role("status").filter(has_text="This channel is archived")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone_nothing_sticks_out(page: Page, sandbox: Sandbox, scheme: Any) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.emulate_media(color_scheme=scheme)
    wide = [[{"type": "raw_text", "text": "A column with long words"}] * 6] * 2
    long: Block = {
        "type": "section",
        "text": plain("Sample" * 200),
        "accessory": {"type": "overflow", "options": REASONS},
    }
    see(page, sandbox, post(sandbox, *CARD, long, {"type": "table", "rows": wide}))
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert page.locator("#scroller").evaluate("node => node.scrollWidth - node.clientWidth") == 0
    page.get_by_test_id("menu").click()
    has_keyboard(page, "as-switch")


def test_a_link_to_a_message_leads_to_it_without_leaving_the_page(page: Page, sandbox: Sandbox) -> None:
    ts = post(sandbox, *CARD)
    for number in range(30):
        sandbox.clock.moved += 1.1
        post(sandbox, {"type": "section", "text": plain(f"Line {number}\n" * 3)})
    address = sandbox.client.chat_getPermalink(channel=EMEA, message_ts=ts)["permalink"]
    home: Block = {
        "type": "home",
        "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": f"<{address}|Open>"}}],
    }
    sandbox.client.views_publish(user_id=SAM, view=home)
    page.goto(f"{sandbox.url}/#as={SAM}&in=home")
    page.get_by_role("link", name="Open").click()
    has_keyboard(page, f"message-{ts}")
    expect(page.get_by_test_id(f"message-{ts}")).to_be_in_viewport()
    page.goto(str(address))
    has_keyboard(page, f"message-{ts}")
