"""What HubSpot is read for and set up with: contacts that changed, logs of what people did, properties, lifecycle, associations."""

import base64
import hmac
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.rules.field_maps import FieldType, Theirs, what_is_wrong
from integrations.hubspot import FORWARD, HubSpot, Settings
from integrations.hubspot_webhooks import NoEventsError, contact_events, is_signed
from integrations.marketing_ports import Contact
from kit.outside import Refused, TryLater
from kit.quota import Account
from sandbox.hubspot import HubSpotTwin
from tests.conftest import TEXT_LAW
from tests.integrations.conftest import Sandbox

READ = "batch/read"
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def twin(configured: Sandbox) -> HubSpotTwin:
    found = configured.twins["hubspot"]
    assert isinstance(found, HubSpotTwin)
    found.lag = 0
    return found


@pytest.fixture
def hubspot(twin: HubSpotTwin) -> Iterator[HubSpot]:
    client = HubSpot(Settings())
    yield client
    client.close()


def play(sandbox: Sandbox, what: str, **how: Any) -> dict[str, Any]:
    answer = httpx.post(f"{sandbox.url}/hubspot/_play/{what}", json=how, headers={"X-Sandbox": "page"})
    done: dict[str, Any] = answer.raise_for_status().json()
    return done


def stage_of(twin: HubSpotTwin, email: str) -> str | None:
    found: str | None = twin.contacts[email]["properties"].get("lifecyclestage")
    return found


# ---- lifecycle --------------------------------------------------------------------------------------------------------


def moved(hubspot: HubSpot, email: str, lifecycle: str) -> None:
    mapped = hubspot.default_map.outward({"lifecycle": lifecycle})
    (answer,) = hubspot.upsert_contacts([Contact(email, mapped)])
    assert answer.problem is None


def test_a_lifecycle_stage_goes_forward(twin: HubSpotTwin, hubspot: HubSpot) -> None:
    for ours, theirs in (("mql", "marketingqualifiedlead"), ("sql", "salesqualifiedlead"), ("customer", "customer")):
        moved(hubspot, "ada@example.com", ours)
        assert stage_of(twin, "ada@example.com") == theirs


def test_a_step_back_is_never_sent(configured: Sandbox, twin: HubSpotTwin, hubspot: HubSpot) -> None:
    twin.save("Ada@Example.com", {"lifecyclestage": "customer"})
    moved(hubspot, "ada@example.com", "sql")
    (sent,) = [call["body"] for call in configured.calls("hubspot", "upsert")]
    assert "lifecyclestage" not in sent
    assert stage_of(twin, "ada@example.com") == "customer"


def test_whoever_stands_in_a_stage_of_the_accounts_own_is_left_there(twin: HubSpotTwin, hubspot: HubSpot) -> None:
    twin.properties["lifecyclestage"]["options"].append({"label": "Partner", "value": "4711"})
    twin.save("ada@example.com", {"lifecyclestage": "4711"})
    moved(hubspot, "ada@example.com", "customer")
    assert stage_of(twin, "ada@example.com") == "4711"


def test_leads_that_are_no_mql_cost_no_reading(configured: Sandbox, hubspot: HubSpot) -> None:
    hubspot.upsert_contacts([Contact(f"person{at}@example.com", {"handoff_score": "1"}) for at in range(100)])
    assert len(configured.calls("hubspot")) == 1


def test_of_a_batch_the_stages_are_asked_for_at_once(configured: Sandbox, twin: HubSpotTwin, hubspot: HubSpot) -> None:
    people = [Contact(f"person{at}@example.com", {"lifecyclestage": FORWARD[2]}) for at in range(100)]
    assert all(answer.external_id for answer in hubspot.upsert_contacts([*people[:99], Contact("nobody", {})])[:99])
    assert len(configured.calls("hubspot", READ)) == 1
    assert {stage_of(twin, one.email) for one in people[:99]} == {FORWARD[2]}


def test_the_twin_passes_over_a_step_back_without_a_word_as_hubspot_does(twin: HubSpotTwin) -> None:
    twin.save("ada@example.com", {"lifecyclestage": "customer"})
    twin.save("ada@example.com", {"lifecyclestage": "lead"})
    assert stage_of(twin, "ada@example.com") == "customer"


# ---- reading ----------------------------------------------------------------------------------------------------------


def test_contacts_are_read_by_their_ids_and_who_is_gone_is_left_out(twin: HubSpotTwin, hubspot: HubSpot) -> None:
    ada, _ = twin.save("Ada@Example.com", {"jobtitle": "CTO"})
    (found,) = hubspot.contacts([ada["id"], "999999", "no id"], ["jobtitle", "phone"])
    assert (found.external_id, found.email, found.properties) == (ada["id"], "ada@example.com", {"jobtitle": "CTO"})
    assert found.did == ()
    assert hubspot.read_back(["999999"], ["jobtitle"]) == {}
    assert hubspot.contacts([], ["jobtitle"]) == []


def test_the_form_that_a_contact_sent_last_comes_with_it(configured: Sandbox, hubspot: HubSpot) -> None:
    made = play(configured, "contact", email="ada@example.com", form="Demo request")
    (found,) = hubspot.contacts([made["id"]], [])
    (did,) = found.did
    assert (did.kind, did.content, did.email) == ("form_submission", "Demo request", "ada@example.com")
    assert hubspot.contacts([made["id"]], [])[0].did[0].external_id == did.external_id


def test_what_was_written_is_read_back_as_it_stands(twin: HubSpotTwin, hubspot: HubSpot) -> None:
    contact = Contact("ada@example.com", {"handoff_score": "71", "lifecyclestage": FORWARD[2]})
    (saved,) = hubspot.upsert_contacts([contact])
    twin.save("ada@example.com", {"lifecyclestage": "customer", "handoff_score": "3"})
    there = hubspot.read_back([str(saved.external_id)], [*contact.properties])[str(saved.external_id)]
    assert there["handoff_score"] == "3"
    assert hubspot.as_sent(contact) == {"handoff_score": "71"}, "a person may have come further there"


def all_changed(hubspot: HubSpot, cursor: str | None = None) -> tuple[list[str], str]:
    emails = list[str]()
    for _ in range(100):
        page = hubspot.changed_contacts(cursor, ["jobtitle"])
        emails += [one.email for one in page.items]
        cursor = page.cursor
        if not page.more:
            return emails, cursor
    raise AssertionError("it does not end")


def test_changed_contacts_are_read_page_by_page_and_the_next_time_only_what_changed_since(
    twin: HubSpotTwin, hubspot: HubSpot
) -> None:
    twin.pace.on = False
    long_ago = time.time() - 3600
    for at in range(450):
        contact, _ = twin.save(f"person{at}@example.com", {"jobtitle": "CTO"})
        # Three hundred of them changed in the same millisecond, by an import.
        contact["changed"] = long_ago if 100 <= at < 400 else long_ago + (at - 250) * 10
    emails, cursor = all_changed(hubspot)
    assert {*emails} == {f"person{at}@example.com" for at in range(450)}
    twin.save("person7@example.com", {"jobtitle": "CEO"})
    again, _ = all_changed(hubspot, cursor)
    # With those of the last three minutes, which the search might not have known yet.
    assert {*again} == {"person7@example.com", *(f"person{at}@example.com" for at in range(431, 450))}


def test_what_the_search_does_not_find_yet_is_found_the_next_time(twin: HubSpotTwin, hubspot: HubSpot) -> None:
    twin.save("early@example.com", {})
    _, cursor = all_changed(hubspot)
    twin.lag = 60
    twin.save("late@example.com", {})
    hidden, cursor = all_changed(hubspot, cursor)
    assert "late@example.com" not in hidden
    twin.lag = 0
    assert "late@example.com" in all_changed(hubspot, cursor)[0]


def test_searches_keep_to_five_in_a_second(configured: Sandbox, twin: HubSpotTwin, hubspot: HubSpot) -> None:
    for _ in range(5):
        hubspot.changed_contacts(None, [])
    with pytest.raises(TryLater) as raised:
        hubspot.changed_contacts(None, [])
    assert raised.value.after == 1


def test_a_search_is_counted_among_all_calls_and_among_searches(twin: HubSpotTwin) -> None:
    class Counting:
        def __init__(self) -> None:
            self.seen: list[Account] = []

        def call(self, account: Account, what: Any) -> Any:
            self.seen.append(account)
            return what()

        def note(self, account: Account, used: int, of: int) -> None:
            assert (used, of) == (1, 650_000) if len(self.seen) == 1 else used > 1

    gate = Counting()
    client = HubSpot(Settings(), gate)
    client.upsert_contacts([Contact("ada@example.com", {})])
    client.changed_contacts(None, [])
    client.close()
    assert [[limit.name for limit in account.limits] for account in gate.seen] == [["10s"], ["10s", "search"]]
    assert len({account.name for account in gate.seen}) == 1


def read_all(hubspot: HubSpot, cursor: str | None) -> tuple[list[tuple[str, str]], str]:
    did = list[tuple[str, str]]()
    for _ in range(100):
        page = hubspot.activities(cursor)
        did += [(one.kind, one.email) for one in page.items]
        cursor = page.cursor
        if not page.more:
            return did, cursor
    raise AssertionError("it does not end")


def test_mails_opened_and_clicked_are_read_from_now_on_and_across_pages(
    configured: Sandbox, twin: HubSpotTwin, hubspot: HubSpot
) -> None:
    began = hubspot.activities(None)
    assert (began.items, began.more) == ([], False)
    opened = play(configured, "mail", email="person0@example.com", type="OPEN")
    twin.events.mail += [opened | {"id": str(at), "recipient": f"person{at}@example.com"} for at in range(1, 130)]
    play(configured, "mail", email="ada@example.com", type="CLICK", url="https://example.com/pricing")
    play(configured, "mail", email="ada@example.com", type="STATUSCHANGE")
    play(configured, "mail", email="bob@example.com", type="STATUSCHANGE", unsubscribed=False)
    did, cursor = read_all(hubspot, began.cursor)
    assert len({one for one in did if one[0] == "email_open"}) == 130
    assert {one for one in did if one[0] != "email_open"} == {
        ("email_click", "ada@example.com"),
        ("unsubscribe", "ada@example.com"),
    }
    assert cursor.isdecimal()


def test_an_activity_has_the_same_id_however_often_it_is_read(configured: Sandbox, hubspot: HubSpot) -> None:
    began = hubspot.activities(None).cursor
    play(configured, "mail", email="ada@example.com", type="CLICK", campaign=7, url="https://example.com/pricing")
    (first,), (second,) = hubspot.activities(began).items, hubspot.activities(began).items
    assert first.external_id == second.external_id
    assert (first.campaign, first.channel, first.page) == ("7", "email", "https://example.com/pricing")


def test_page_views_are_read_where_the_plan_has_them(
    configured: Sandbox, twin: HubSpotTwin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUBSPOT_WEB_EVENTS", "e_visited_page, e_custom_demo")
    client = HubSpot(Settings())
    began = client.activities(None).cursor
    play(configured, "visit", email="ada@example.com", url="https://example.com/pricing")
    play(configured, "visit", email="ada@example.com", type="e_custom_demo", url="https://example.com/")
    assert read_all(client, began)[0] == [], "another plan: the mails are read all the same"
    twin.enterprise = True
    assert read_all(client, began)[0] == [("page_view", "ada@example.com"), ("custom_demo", "ada@example.com")]
    client.close()


# ---- associations -----------------------------------------------------------------------------------------------------


def test_a_contact_is_tied_to_its_company_and_to_the_deal_of_the_crms_opportunity(
    configured: Sandbox, twin: HubSpotTwin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUBSPOT_DEAL_KEY", "crm_opportunity_id")
    twin.pace.on = False
    client = HubSpot(Settings())
    (ada,) = client.upsert_contacts([Contact("ada@acme.example.com", {})])
    older = twin.add_other("companies", {"domain": "acme.example.com"})
    twin.add_other("companies", {"domain": "acme.example.com"})
    deal = twin.add_other("deals", {"crm_opportunity_id": "006000000000001AAA"})
    for _ in range(2):
        assert client.associate(str(ada.external_id), "Acme.example.com", ["006000000000001AAA"]) == [older, deal]
    assert twin.tied == [[ada.external_id, "companies", older], [ada.external_id, "deals", deal]]
    assert client.associate(str(ada.external_id), "unknown.example.com", ["006-other"]) == []
    client.close()


def test_without_a_property_for_deals_nothing_is_searched_among_them(configured: Sandbox, hubspot: HubSpot) -> None:
    assert hubspot.associate("101", None, ["006000000000001AAA"]) == []
    assert configured.calls("hubspot") == []


# ---- setting up -------------------------------------------------------------------------------------------------------


def test_the_check_says_for_whom_we_speak_and_when_the_day_of_calls_ends(hubspot: HubSpot) -> None:
    assert hubspot.check() == (
        "This is HubSpot's account 24680135, in US/Eastern. Set HUBSPOT_TIME_ZONE=US/Eastern: the day of calls ends there."
    )


def test_a_token_that_lacks_a_right_is_refused_with_the_name_of_the_right(twin: HubSpotTwin, hubspot: HubSpot) -> None:
    twin.scopes.remove("crm.lists.write")
    with pytest.raises(Refused, match=r"lacks the scopes crm\.lists\.write"):
        hubspot.check()
    twin.scopes.remove("crm.objects.contacts.write")
    with pytest.raises(Refused, match=r"it needs crm\.objects\.contacts\.write"):
        hubspot.upsert_contacts([Contact("ada@example.com", {})])


def test_the_default_map_has_its_place_in_the_account(hubspot: HubSpot) -> None:
    assert what_is_wrong(hubspot.default_map, hubspot.fields()) == []


@pytest.mark.parametrize("kind", FieldType)
def test_a_property_is_made_once_in_a_group_of_ours(twin: HubSpotTwin, hubspot: HubSpot, kind: FieldType) -> None:
    options = ("a", "b") if kind is FieldType.CHOICE else ()
    for _ in range(2):
        hubspot.create_field(Theirs("handoff_sample", kind, "A sample", options=options))
    (made,) = [one for one in hubspot.fields() if one.name == "handoff_sample"]
    assert (made.type, made.label, made.writable, made.options) == (kind, "A sample", True, options)
    assert twin.properties["handoff_sample"]["groupName"] == "handoff"


def test_a_name_that_hubspot_does_not_take_is_for_an_admin(hubspot: HubSpot) -> None:
    with pytest.raises(Refused, match="does not make Handoff Sample: Handoff Sample is not a valid name"):
        hubspot.create_field(Theirs("Handoff Sample"))


def test_properties_that_hubspot_works_out_itself_cannot_be_written(hubspot: HubSpot) -> None:
    (there,) = [one for one in hubspot.fields() if one.name == "lastmodifieddate"]
    assert (there.writable, there.type) == (False, FieldType.DATE)


def test_the_limit_of_the_day_is_waited_for_until_midnight_in_the_accounts_zone(
    configured: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUBSPOT_TIME_ZONE", "Europe/Berlin")
    client = HubSpot(Settings())
    configured.fault("hubspot", "daily")
    with pytest.raises(TryLater) as raised:
        client.changed_contacts(None, [])
    client.close()
    assert raised.value.after is not None
    ends = datetime.now(ZoneInfo("Europe/Berlin")) + timedelta(seconds=raised.value.after)
    assert abs((ends - ends.replace(hour=0, minute=0, second=0)).total_seconds()) < 60 or ends.hour == 23


def test_a_zone_that_is_none_is_said_at_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUBSPOT_TIME_ZONE", "Atlantis")
    with pytest.raises(ValueError, match="Atlantis is no time zone"):
        Settings()


# ---- signatures -------------------------------------------------------------------------------------------------------


def signed(uri: str, body: bytes, at: str, secret: str = "secret") -> str:
    return base64.b64encode(
        hmac.digest(secret.encode(), b"POST" + uri.encode() + body + at.encode(), "sha256")
    ).decode()


AT = str(int(NOW.timestamp() * 1000))


def test_only_the_documented_codes_of_an_address_are_decoded_before_it_is_signed() -> None:
    configured = "https://handoff.example.com/webhooks/hubspot?next=%2Fa%3Fb%3D1%20c%26d%40e"
    as_hubspot_signs = "https://handoff.example.com/webhooks/hubspot?next=/a?b%3D1%20c%26d@e"
    assert is_signed("secret", configured, b"[]", signed(as_hubspot_signs, b"[]", AT), AT, NOW)
    assert not is_signed("secret", configured, b"[]", signed(configured, b"[]", AT), AT, NOW)


URI = "https://handoff.example.com/webhooks/hubspot"


@TEXT_LAW
@given(body=st.binary(max_size=200), changed=st.binary(max_size=200), late=st.integers(-300_000, 300_000))
def test_whatever_the_body_only_the_one_that_was_signed_passes(body: bytes, changed: bytes, late: int) -> None:
    at = str(int(NOW.timestamp() * 1000) + late)
    assert is_signed("secret", URI, body, signed(URI, body, at), at, NOW)
    assert is_signed("secret", URI, changed, signed(URI, body, at), at, NOW) is (changed == body)
    assert not is_signed("another", URI, body, signed(URI, body, at), at, NOW)
    assert not is_signed("", URI, body, signed(URI, body, at, ""), at, NOW)


@TEXT_LAW
@given(body=st.binary(max_size=200) | st.text(alphabet='[]{}"objectIdnull1,: ', max_size=60).map(str.encode))
def test_no_body_breaks_the_reading_of_events(body: bytes) -> None:
    with suppress(NoEventsError):
        assert contact_events(body, None) == []


# ---- the stand-in's own page ------------------------------------------------------------------------------------------


def test_on_the_stand_ins_page_somebody_saves_a_contact_and_foreign_pages_cannot(
    sandbox: Sandbox, twin: HubSpotTwin
) -> None:
    page = f"{sandbox.url}/hubspot/_page"
    form = {"email": "kim@example.com", "firstname": "<b>Kim</b>", "form": "Newsletter", "how": "twice"}
    assert httpx.post(page, data=form).status_code == 403
    assert httpx.post(page, data=form, headers={"Origin": "http://elsewhere.example.com"}).status_code == 403
    saved = httpx.post(page, data=form, headers={"Origin": sandbox.url})
    assert "was saved. 4 events were told: no answer, no answer." in saved.text
    assert twin.contacts["kim@example.com"]["properties"]["firstname"] == "<b>Kim</b>"
    assert "<b>Kim" not in saved.text
    assert httpx.post(page, data=form | {"how": "sideways"}, headers={"Origin": sandbox.url}).status_code == 422


def test_webhooks_go_to_this_machine_only(sandbox: Sandbox) -> None:
    target = f"{sandbox.url}/hubspot/_play/target"
    for url, headers, status in (
        ("https://handoff.example.com/", {"X-Sandbox": "page"}, 422),
        ("http://127.0.0.1:9/", {}, 403),
        ("http://127.0.0.1:9/", {"X-Sandbox": "page"}, 200),
    ):
        assert httpx.post(target, json={"url": url}, headers=headers).status_code == status
