"""Pardot's ways: one call a prospect, errors by a number in the body, and readings that lag behind what was written."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from domain.rules.field_maps import FieldType, Theirs, what_is_wrong
from integrations.marketing_ports import Activity, Contact, Member, NoSuchProgramme
from integrations.midnight import seconds_to_midnight
from integrations.pardot import Pardot, build
from integrations.pardot_wire import Settings
from kit.outside import Refused, TryLater
from kit.quota import OPEN
from sandbox.pardot import PardotTwin
from tests.integrations.conftest import Sandbox

ADA = "ada.lovelace@acme.example.com"
LIST, OTHER, DYNAMIC = "501", "502", "599"
OPENED, SENT_A_FORM = 11, 4


@pytest.fixture
def twin(sandbox: Sandbox) -> PardotTwin:
    found = sandbox.twins["pardot"]
    assert isinstance(found, PardotTwin)
    return found


@pytest.fixture
def pardot(configured: Sandbox) -> Iterator[Pardot]:
    client = build(Settings(), OPEN)
    yield client
    client.close()


@pytest.fixture
def up_to_date(twin: PardotTwin) -> PardotTwin:
    """A minute later: what was written is read."""
    twin.lag = 0
    return twin


def people(number: int) -> list[Contact]:
    return [Contact(f"person{at}@example.com", {"handoff_score__c": str(at)}) for at in range(number)]


def members(pardot: Pardot, number: int) -> list[Member]:
    return [Member(str(one.external_id), one.key) for one in pardot.upsert_contacts(people(number))]


def read_all(pardot: Pardot, cursor: str) -> tuple[list[Activity], str]:
    found: list[Activity] = []
    while True:
        page = pardot.activities(cursor)
        found, cursor = [*found, *page.items], page.cursor
        if not page.more:
            return found, cursor


# ---- prospects --------------------------------------------------------------------------------------------------------


def test_what_we_found_out_is_written_into_custom_fields_and_names_into_pardots(
    twin: PardotTwin, pardot: Pardot
) -> None:
    ours = {"score": "83", "tier": "HQL", "stage": "in_handoff", "sql_at": "2026-03-03"}
    known = pardot.default_map.outward(ours | {"first_name": "Ada", "title": "CTO", "company": "Acme"})
    pardot.upsert_contacts([Contact(ADA, known)])
    (prospect,) = twin.by_email(ADA)
    assert {name: prospect[f"handoff_{name}__c"] for name in ours} == ours
    assert (prospect["firstName"], prospect["jobTitle"], prospect["company"]) == ("Ada", "CTO", "Acme")


def test_of_several_prospects_with_one_address_the_latest_is_written(twin: PardotTwin, pardot: Pardot) -> None:
    twin.did(ADA, OPENED)
    older = twin.by_email(ADA)[0]
    latest = twin.objects["prospects"]
    latest.write(older["id"] + 10**6, older | {"id": older["id"] + 10**6, "updatedAt": "2099-01-01T00:00:00+00:00"})
    (saved,) = pardot.upsert_contacts([Contact(ADA, {"handoff_tier__c": "MQL"})])
    assert saved.external_id == str(older["id"] + 10**6)
    assert "handoff_tier__c" not in latest.now[older["id"]]


def test_each_prospect_costs_a_call_and_what_is_done_before_one_that_waits_stays_done(
    configured: Sandbox, twin: PardotTwin, pardot: Pardot
) -> None:
    assert not [one for one in pardot.upsert_contacts(people(3)) if one.problem or one.later]
    twin.daily = twin.used + 2
    answers = pardot.upsert_contacts(people(4))
    assert [one.later for one in answers] == [False, False, True, True]
    with pytest.raises(TryLater):
        pardot.upsert_contacts(people(1))
    assert len(configured.calls("pardot", "upsertLatestByEmail")) == 7


def test_one_bad_prospect_does_not_hold_up_the_others(pardot: Pardot) -> None:
    wrong = [Contact("no address", {}), Contact(ADA, {"handoff_score__c": "many"})]
    bad, many, fine = pardot.upsert_contacts([*wrong, *people(1)])
    assert (bad.problem, many.problem) == ("Invalid prospect email address", "Invalid number entered for field")
    assert fine.external_id is not None


def test_a_field_that_pardot_lacks_is_a_matter_for_an_admin(pardot: Pardot) -> None:
    with pytest.raises(Refused, match="handoff setup pardot"):
        pardot.upsert_contacts([Contact(ADA, {"favourite_colour__c": "red"})])


def test_what_is_empty_takes_away_what_stood_there(up_to_date: PardotTwin, pardot: Pardot) -> None:
    pardot.upsert_contacts([Contact(ADA, {"handoff_tier__c": "MQL"})])
    (saved,) = pardot.upsert_contacts([Contact(ADA, {"handoff_tier__c": ""})])
    assert up_to_date.by_email(ADA)[0]["handoff_tier__c"] is None
    assert pardot.read_back([str(saved.external_id)], ["handoff_tier__c"]) == {
        str(saved.external_id): {"handoff_tier__c": ""}
    }


def test_what_stands_close_together_is_read_back_by_one_call(
    configured: Sandbox, up_to_date: PardotTwin, pardot: Pardot
) -> None:
    ids = [str(one.external_id) for one in pardot.upsert_contacts(people(5))]
    found = pardot.read_back([*ids, "1", "no id"], ["handoff_score__c"])
    assert found == {which: {"handoff_score__c": str(at)} for at, which in enumerate(ids)}
    assert len([call for call in configured.calls("pardot", "prospects") if call["method"] == "GET"]) == 1
    (contact,) = pardot.contacts(ids[:1], ["handoff_score__c"])
    assert (contact.email, contact.properties) == ("person0@example.com", {"handoff_score__c": "0"})


def test_what_stands_far_apart_costs_no_more_calls_than_there_are_prospects(
    configured: Sandbox, up_to_date: PardotTwin, pardot: Pardot
) -> None:
    (first,) = pardot.upsert_contacts(people(1))
    for at in range(1_100):
        up_to_date.did(f"other{at}@example.com", OPENED)
    (last,) = pardot.upsert_contacts([Contact(ADA, {})])
    assert set(pardot.read_back([str(first.external_id), str(last.external_id)], ["firstName"])) == {
        str(first.external_id),
        str(last.external_id),
    }
    assert len([call for call in configured.calls("pardot", "prospects") if call["method"] == "GET"]) == 2


# ---- what Pardot answers ----------------------------------------------------------------------------------------------


def test_a_token_that_is_refused_is_fetched_once_more_and_no_more(configured: Sandbox, pardot: Pardot) -> None:
    pardot.check()
    configured.fault("pardot", "184")
    pardot.check()
    assert len(configured.calls("pardot", "token")) == 2
    configured.fault("pardot", "184", count=2)
    with pytest.raises(Refused, match="scope pardot_api"):
        pardot.check()


@pytest.mark.parametrize(("code", "after"), [("66", 1), ("202", 60), ("183", None), ("214", None), ("62", None)])
def test_what_passes_is_waited_for(configured: Sandbox, pardot: Pardot, code: str, after: float | None) -> None:
    configured.fault("pardot", code)
    with pytest.raises(TryLater) as raised:
        pardot.check()
    assert raised.value.after == after
    assert "Sample Software" in pardot.check()


def test_a_day_that_is_used_up_is_waited_for_until_midnight_in_the_accounts_zone(
    configured: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PARDOT_TIME_ZONE", "Asia/Kathmandu")
    client = build(Settings(), OPEN)
    configured.fault("pardot", "122")
    with pytest.raises(TryLater) as raised:
        client.check()
    client.close()
    wanted = seconds_to_midnight("Asia/Kathmandu", datetime.now(UTC))
    assert raised.value.after == pytest.approx(wanted, abs=60) or wanted > 86_000


@pytest.mark.parametrize(
    ("unit", "said"),
    [("0Uv000000000000000", "does not know this business unit"), ("0Uv1", "has 18 characters and begins with 0Uv")],
)
def test_a_wrong_business_unit_is_said(
    configured: Sandbox, monkeypatch: pytest.MonkeyPatch, unit: str, said: str
) -> None:
    monkeypatch.setenv("PARDOT_BUSINESS_UNIT_ID", unit)
    client = build(Settings(), OPEN)
    with pytest.raises(Refused, match=said):
        client.check()
    client.close()


def test_five_calls_at_once_are_let_through_and_the_sixth_is_not(
    configured: Sandbox, twin: PardotTwin, pardot: Pardot
) -> None:
    pardot.check()
    configured.fault("pardot", "slow", count=7, seconds=1.5)  # long enough for all seven to be there at once

    def refused(_: int) -> bool:
        try:
            return not pardot.check()
        except TryLater as later:
            return later.after == 1

    with ThreadPoolExecutor(7) as pool:
        assert sum(pool.map(refused, range(7))) == 2
    assert twin.most_at_once > 5


def test_how_much_of_the_day_is_used_is_what_pardot_says_itself(twin: PardotTwin, pardot: Pardot) -> None:
    pardot.check()
    assert (pardot.quota().used, pardot.quota().of) == (2, 25_000)
    assert twin.used == 3


def test_the_twin_wants_fields_with_every_reading_and_nothing_else_beside_a_token(
    configured: Sandbox, twin: PardotTwin, pardot: Pardot
) -> None:
    settings = Settings()
    form = {
        "grant_type": "client_credentials",
        "client_id": settings.client_id.get_secret_value(),
        "client_secret": settings.client_secret.get_secret_value(),
    }
    token = httpx.post(settings.token_url, data=form).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}", "Pardot-Business-Unit-Id": twin.business_unit}
    url = f"{settings.url}/api/v5/objects"
    asked = [
        (f"{url}/prospects", 13),
        (f"{url}/prospects?fields=id,shoeSize", 224),
        (f"{url}/prospects?fields=id&nextPageToken=x&limit=5", 211),
        (f"{url}/prospects?fields=id&limit=1001", 23),
        (f"{url}/prospects?fields=id&colour=red", 154),
        (f"{url}/shoes?fields=id", 198),
    ]
    assert [httpx.get(address, headers=headers).json()["code"] for address, _ in asked] == [code for _, code in asked]
    del headers["Pardot-Business-Unit-Id"]
    assert httpx.get(f"{url}/prospects?fields=id", headers=headers).json()["code"] == 181


# ---- nurture programmes -----------------------------------------------------------------------------------------------


def test_whom_we_enrol_is_in_the_list_once_and_whom_we_withdraw_is_out(up_to_date: PardotTwin, pardot: Pardot) -> None:
    ada, bob = members(pardot, 2)
    pardot.enrol(LIST, [ada])
    assert [(one.key, one.problem) for one in pardot.enrol(LIST, [bob, ada])] == [(bob.email, None), (ada.email, None)]
    assert up_to_date.members(LIST) == [int(ada.contact_id), int(bob.contact_id)]
    assert [(one.problem, one.later) for one in pardot.withdraw(LIST, [ada])] == [(None, False)]
    assert up_to_date.members(LIST) == [int(bob.contact_id)]


def test_a_membership_too_young_to_be_read_is_ended_as_soon_as_it_is_read(twin: PardotTwin, pardot: Pardot) -> None:
    (ada,) = members(pardot, 1)
    pardot.enrol(LIST, [ada])
    assert [one.later for one in pardot.withdraw(LIST, [ada])] == [True]
    twin.lag = 0
    assert [one.later for one in pardot.withdraw(LIST, [ada])] == [False]
    assert twin.members(LIST) == []


def test_who_was_in_no_list_is_not_looked_for_for_ever(configured: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARDOT_READ_LAG", "0")
    client = build(Settings(), OPEN)
    (ada,) = members(client, 1)
    assert [(one.problem, one.later) for one in client.withdraw(LIST, [ada])] == [(None, False)]
    client.close()


def test_a_membership_that_was_ended_a_moment_ago_and_is_still_read_is_no_error(
    twin: PardotTwin, pardot: Pardot
) -> None:
    twin.lag = 0
    (ada,) = members(pardot, 1)
    pardot.enrol(LIST, [ada])
    memberships = twin.objects["list-memberships"]
    memberships.now.clear()  # ended, but for the readers
    assert [(one.problem, one.later) for one in pardot.withdraw(LIST, [ada])] == [(None, False)]


def test_who_is_gone_holds_up_nobody(twin: PardotTwin, pardot: Pardot) -> None:
    (fine,) = members(pardot, 1)
    gone = Member("999", "gone@example.com")
    assert [bool(one.problem) for one in pardot.enrol(LIST, [gone, fine, Member("", "new@example.com")])] == [
        True,
        False,
        True,
    ]
    assert twin.members(LIST) == [int(fine.contact_id)]


@pytest.mark.parametrize("programme", ["777", DYNAMIC, "../prospects", "", "5 0 1"])
def test_a_list_that_is_not_there_or_fills_itself_is_named(pardot: Pardot, programme: str) -> None:
    with pytest.raises(NoSuchProgramme, match="Pardot has no"):
        pardot.enrol(programme, members(pardot, 1))


# ---- what people do ---------------------------------------------------------------------------------------------------


def test_activities_come_with_the_address_and_our_words(up_to_date: PardotTwin, pardot: Pardot) -> None:
    cursor = pardot.activities(None).cursor
    up_to_date.did(ADA, OPENED, details="Spring mail")
    up_to_date.did(ADA, 1, "Email", "https://www.example.com/guide")
    up_to_date.did(ADA, 1, "File", "guide.pdf")
    up_to_date.did("bob@example.com", SENT_A_FORM, "Form", "Contact us")
    up_to_date.did(ADA, 2, "Landing Page", "Pricing")
    up_to_date.did(ADA, 6, "Email", "Summer mail was sent")
    up_to_date.did("", 20, "Visit")
    found, _ = read_all(pardot, cursor)
    assert [(one.email, one.kind, one.campaign, one.content, one.page) for one in found] == [
        (ADA, "email_open", "Spring", None, None),
        (ADA, "email_click", "Spring", None, None),
        (ADA, "content_download", "Spring", "guide.pdf", None),
        ("bob@example.com", "form_submission", "Spring", "Contact us", None),
        (ADA, "page_view", "Spring", None, "Pricing"),
    ]


def test_what_comes_late_is_not_missed_and_what_comes_twice_has_one_number(twin: PardotTwin, pardot: Pardot) -> None:
    cursor = pardot.activities(None).cursor
    twin.did(ADA, OPENED, details="too young to be read")
    found, cursor = read_all(pardot, cursor)
    assert found == []
    twin.lag = 0
    found, cursor = read_all(pardot, cursor)
    again, _ = read_all(pardot, cursor)
    assert [one.external_id for one in found] == [one.external_id for one in again]
    assert len(found) == 1


def test_many_activities_are_read_page_by_page_each_once(up_to_date: PardotTwin, pardot: Pardot) -> None:
    cursor = pardot.activities(None).cursor
    for at in range(450):
        up_to_date.did(f"person{at}@example.com", OPENED)
    found, _ = read_all(pardot, cursor)
    assert len(found) == len({one.external_id for one in found}) == 450


@pytest.mark.parametrize("code", ["210", "gone"])
def test_a_page_that_pardot_does_not_know_any_more_is_asked_for_by_its_time(
    configured: Sandbox, up_to_date: PardotTwin, pardot: Pardot, code: str
) -> None:
    cursor = pardot.activities(None).cursor
    for at in range(250):
        up_to_date.did(f"person{at}@example.com", OPENED)
    page = pardot.activities(cursor)
    if code == "gone":
        since, seen, _ = json.loads(page.cursor)
        found, _ = read_all(pardot, json.dumps([since, seen, "a token of somebody else"]))
    else:
        configured.fault("pardot", code)
        found, _ = read_all(pardot, page.cursor)
    assert len({one.external_id for one in found} | {one.external_id for one in page.items}) == 250


def test_changed_prospects_come_with_what_is_asked_for(up_to_date: PardotTwin, pardot: Pardot) -> None:
    pardot.upsert_contacts([Contact(ADA, {"jobTitle": "CTO"})])
    page = pardot.changed_contacts(None, ["jobTitle"])
    assert [(one.email, one.properties) for one in page.items] == [(ADA, {"jobTitle": "CTO"})]
    assert abs(page.items[0].changed_at - datetime.now(UTC)) < timedelta(minutes=1)
    up_to_date.did("new@example.com", OPENED)
    assert [one.email for one in pardot.changed_contacts(page.cursor, []).items] == [ADA, "new@example.com"]


# ---- the business unit ------------------------------------------------------------------------------------------------


def test_the_usual_map_has_its_place_and_what_lacks_is_made(up_to_date: PardotTwin, pardot: Pardot) -> None:
    assert what_is_wrong(pardot.default_map, pardot.fields()) == []
    for wanted in (Theirs("handoff_grade__c", FieldType.TEXT, "Grade"), Theirs("handoff_x__c", FieldType.NUMBER, "X")):
        pardot.create_field(wanted)
        pardot.create_field(wanted)
    made = {one["fieldId"]: one["type"] for one in up_to_date.objects["custom-fields"].now.values()}
    assert (made["handoff_grade"], made["handoff_x"]) == ("Text", "Number")
    with pytest.raises(Refused, match="__c"):
        pardot.create_field(Theirs("handoff_y"))


@pytest.mark.parametrize(("headers", "status"), [({}, 404), ({"X-Sandbox": "page"}, 201)])
def test_the_sandboxs_page_may_let_somebody_do_something(
    sandbox: Sandbox, headers: dict[str, str], status: int
) -> None:
    body = {"email": ADA, "number": OPENED}
    assert httpx.post(f"{sandbox.url}/pardot/_did", json=body, headers=headers).status_code == status
    assert sandbox.calls("pardot") == []
    assert len(sandbox.state("pardot")["visitor-activities"]) == (status == 201)
