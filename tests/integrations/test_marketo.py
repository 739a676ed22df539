"""Marketo's ways: errors inside an HTTP 200, one token until it ends, pages that are empty though there is more."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from domain.rules.field_maps import FieldType, Theirs, what_is_wrong
from integrations.marketing_ports import Activity, Contact, Member, NoSuchProgramme
from integrations.marketo import Marketo, build
from integrations.marketo_wire import Settings
from integrations.midnight import seconds_to_midnight
from integrations.ports import Upserted
from kit.outside import Refused, TryLater
from kit.quota import OPEN
from sandbox.marketo import MarketoTwin
from tests.integrations.conftest import Sandbox

ADA = "ada.lovelace@acme.example.com"
LIST, CAMPAIGN = "1001", "campaign:77"


@pytest.fixture
def twin(sandbox: Sandbox) -> MarketoTwin:
    found = sandbox.twins["marketo"]
    assert isinstance(found, MarketoTwin)
    return found


@pytest.fixture
def settings(configured: Sandbox) -> Settings:
    return Settings()


@pytest.fixture
def marketo(settings: Settings) -> Iterator[Marketo]:
    client = build(settings, OPEN)
    yield client
    client.close()


def people(number: int) -> list[Contact]:
    return [Contact(f"person{at}@example.com", {"handoff_score": str(at)}) for at in range(number)]


def members(marketo: Marketo, number: int) -> list[Member]:
    return [Member(str(one.external_id), one.key) for one in marketo.upsert_contacts(people(number))]


def read_all(marketo: Marketo, cursor: str) -> tuple[list[Activity], str]:
    """All pages from `cursor` on."""
    found: list[Activity] = []
    while True:
        page = marketo.activities(cursor)
        found, cursor = [*found, *page.items], page.cursor
        if not page.more:
            return found, cursor


# ---- leads ------------------------------------------------------------------------------------------------------------


def test_what_we_found_out_is_written_into_fields_of_ours_in_the_kind_that_each_field_has(
    twin: MarketoTwin, marketo: Marketo
) -> None:
    ours = {"score": "83", "fit": "50", "intent": "33", "tier": "HQL", "stage": "in_handoff", "sql_at": "2026-03-03"}
    known = marketo.default_map.outward(ours | {"first_name": "Ada", "title": "CTO", "company": "Acme"})
    marketo.upsert_contacts([Contact(ADA, known)])
    (lead,) = twin.by_email(ADA)
    assert (lead["handoff_score"], lead["handoff_tier"], lead["handoff_sql_at"]) == (83, "HQL", "2026-03-03")
    assert (lead["firstName"], lead["title"]) == ("Ada", "CTO")
    assert "company" not in lead


def test_what_is_empty_takes_away_what_stood_there(twin: MarketoTwin, marketo: Marketo) -> None:
    marketo.upsert_contacts([Contact(ADA, {"handoff_score": "5", "handoff_tier": "MQL"})])
    marketo.upsert_contacts([Contact(ADA, {"handoff_score": "", "handoff_tier": ""})])
    (lead,) = twin.by_email(ADA)
    assert (lead["handoff_score"], lead["handoff_tier"]) == (None, None)


def test_one_person_twice_in_a_batch_is_one_lead_as_it_was_said_last(twin: MarketoTwin, marketo: Marketo) -> None:
    contacts = [Contact("Ada@Example.com", {"handoff_score": "1"}), Contact("ada@example.com", {"handoff_score": "2"})]
    first, second = marketo.upsert_contacts(contacts)
    (lead,) = twin.by_email("ada@example.com")
    assert first.external_id == second.external_id == str(lead["id"])
    assert lead["handoff_score"] == 2


def test_upserts_of_one_person_from_many_threads_make_one_lead(twin: MarketoTwin, marketo: Marketo) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda at: marketo.upsert_contacts([Contact(ADA, {"handoff_score": str(at)})]), range(16)))
    assert len(twin.by_email(ADA)) == 1


def test_two_clients_that_upsert_one_person_at_once_make_two_leads_of_it(twin: MarketoTwin, settings: Settings) -> None:
    """Marketo's own way, of which the twin takes half a second: why nothing of ours may do that."""
    twin.saving = 0.5
    clients = [build(settings, OPEN) for _ in range(2)]
    for client in clients:
        client.fields()
    with ThreadPoolExecutor(2) as pool:
        saved = list(pool.map(lambda client: client.upsert_contacts([Contact(ADA, {})]), clients))
    for client in clients:
        client.close()
    assert len({answer.external_id for (answer,) in saved}) == len(twin.by_email(ADA)) == 2


def test_more_than_three_hundred_go_in_several_requests_and_come_back_in_order(
    configured: Sandbox, twin: MarketoTwin, marketo: Marketo
) -> None:
    contacts = people(320)
    answers = marketo.upsert_contacts(contacts)
    assert [answer.key for answer in answers] == [contact.email for contact in contacts]
    assert [call["method"] for call in configured.calls("marketo", "/leads.json")] == ["POST", "POST"]
    assert len(twin.leads) == 320


def test_of_a_batch_each_lead_has_its_own_answer(configured: Sandbox, marketo: Marketo) -> None:
    configured.fault("marketo", "partial")
    contacts = [*people(2), Contact("grüße@example.com", {}), Contact(ADA, {"handoff_score": "many"})]
    double, fine, foreign, many = marketo.upsert_contacts(contacts)
    assert double == Upserted("person0@example.com", problem="Multiple leads match the lookup criteria")
    assert fine.external_id is not None
    assert foreign.problem == "Value for email field is invalid"
    assert many.problem == "Invalid value 'many'. Required of type 'integer'"


def test_a_field_that_the_instance_lacks_is_a_matter_for_an_admin(marketo: Marketo) -> None:
    with pytest.raises(Refused, match=r"'favourite_colour' not found.*: handoff setup marketo --apply makes it"):
        marketo.upsert_contacts([Contact(ADA, {"favourite_colour": "red"})])


def test_no_contacts_need_no_request(configured: Sandbox, marketo: Marketo) -> None:
    assert marketo.upsert_contacts([]) == []
    assert configured.calls("marketo") == []


def test_what_stands_there_is_read_back_as_text_and_who_is_gone_is_not_in_it(
    twin: MarketoTwin, marketo: Marketo
) -> None:
    (saved,) = marketo.upsert_contacts([Contact(ADA, {"handoff_score": "7", "handoff_tier": ""})])
    lead_id = str(saved.external_id)
    names = ["handoff_score", "handoff_tier"]
    assert marketo.read_back([lead_id, "999"], names) == {lead_id: {"handoff_score": "7", "handoff_tier": ""}}
    (contact,) = marketo.contacts([lead_id, "no id"], ["handoff_score"])
    assert (contact.email, contact.properties) == (ADA, {"handoff_score": "7"})


def test_a_question_too_long_for_an_address_goes_as_a_post_that_says_it_is_a_get(
    configured: Sandbox, marketo: Marketo
) -> None:
    long = [str(10**27 + at) for at in range(300)]
    assert marketo.read_back(long, ["handoff_score"]) == {}
    (call,) = configured.calls("marketo", "/leads.json")
    assert (call["method"], call["status"]) == ("POST", 200)
    assert "filterType=id" in call["body"]


# ---- what Marketo answers ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["601", "602"])
def test_a_token_that_is_refused_is_fetched_once_more_and_no_more(
    configured: Sandbox, marketo: Marketo, code: str
) -> None:
    marketo.quota()
    configured.fault("marketo", code)
    marketo.quota()
    # The same token until it ends: it was fetched once, and is the same.
    assert len(configured.calls("marketo", "/oauth/token")) == 2
    configured.fault("marketo", code, count=2)
    with pytest.raises(Refused if code == "601" else TryLater):
        marketo.quota()
    assert len(configured.calls("marketo", "/oauth/token")) == 3


@pytest.mark.parametrize(("code", "after"), [("606", 5), ("615", 1)])
def test_a_limit_that_is_reached_is_waited_for(configured: Sandbox, marketo: Marketo, code: str, after: float) -> None:
    configured.fault("marketo", code)
    with pytest.raises(TryLater) as raised:
        marketo.quota()
    assert raised.value.after == after


def test_a_quota_that_is_used_up_is_waited_for_until_midnight_in_the_middle_of_the_united_states(
    twin: MarketoTwin, marketo: Marketo
) -> None:
    marketo.quota()
    twin.daily = twin.used
    with pytest.raises(TryLater) as raised:
        marketo.quota()
    wanted = seconds_to_midnight("America/Chicago", datetime.now(UTC))
    assert raised.value.after == pytest.approx(wanted, abs=60) or wanted > 86_000


def test_a_day_that_ends_with_summer_time_has_25_hours() -> None:
    assert seconds_to_midnight("America/Chicago", datetime(2026, 11, 1, 5, 0, tzinfo=UTC)) == 25 * 3600
    assert seconds_to_midnight("America/Chicago", datetime(2026, 7, 1, 4, 59, 30, tzinfo=UTC)) == 30


@pytest.mark.parametrize("code", ["502", "604", "608", "611", "614", "713"])
def test_what_passes_is_tried_again(configured: Sandbox, marketo: Marketo, code: str) -> None:
    configured.fault("marketo", code)
    with pytest.raises(TryLater, match=code) as raised:
        marketo.quota()
    assert raised.value.after is None
    assert marketo.quota().used > 0


def test_a_missing_permission_is_said_in_a_sentence(configured: Sandbox, marketo: Marketo) -> None:
    configured.fault("marketo", "603")
    with pytest.raises(Refused, match="lacks a permission"):
        marketo.quota()


def test_the_token_goes_in_the_header_and_never_in_the_address(
    configured: Sandbox, twin: MarketoTwin, settings: Settings, marketo: Marketo
) -> None:
    marketo.quota()
    params = {
        "grant_type": "client_credentials",
        "client_id": settings.client_id.get_secret_value(),
        "client_secret": settings.client_secret.get_secret_value(),
    }
    token = httpx.get(f"{settings.url}/identity/oauth/token", params=params).json()["access_token"]
    usage = f"{settings.url}/rest/v1/stats/usage.json"
    assert httpx.get(usage, params={"access_token": token}).json()["errors"][0]["code"] == "601"
    assert httpx.get(usage, headers={"Authorization": f"Bearer {token}"}).json()["success"] is True


def test_ten_calls_at_once_are_let_through_and_the_eleventh_is_not(
    configured: Sandbox, twin: MarketoTwin, marketo: Marketo
) -> None:
    marketo.quota()
    configured.fault("marketo", "slow", count=12, seconds=0.5)

    def refused(_: int) -> bool:
        try:
            return not marketo.quota().used
        except TryLater as later:
            return later.after == 1

    with ThreadPoolExecutor(12) as pool:
        assert sum(pool.map(refused, range(12))) == 2
    assert twin.most_at_once > 10


# ---- nurture programmes -----------------------------------------------------------------------------------------------


def test_whom_we_enrol_is_in_the_list_once_and_whom_we_withdraw_is_out(twin: MarketoTwin, marketo: Marketo) -> None:
    ada, bob = members(marketo, 2)
    marketo.enrol(LIST, [ada])
    assert [(one.key, one.problem) for one in marketo.enrol(LIST, [bob, ada])] == [(bob.email, None), (ada.email, None)]
    assert sorted(twin.lists[LIST]) == sorted([int(ada.contact_id), int(bob.contact_id)])
    assert [one.problem for one in marketo.withdraw(LIST, [ada, Member("999", "gone@example.com")])] == [None, None]
    assert twin.lists[LIST] == [int(bob.contact_id)]
    assert [one.problem for one in marketo.withdraw(LIST, [ada])] == [None]


def test_who_is_gone_holds_up_nobody_in_a_list_or_a_campaign(twin: MarketoTwin, marketo: Marketo) -> None:
    fine, gone, odd = members(marketo, 1)[0], Member("999", "gone@example.com"), Member("", "new@example.com")
    for programme in (LIST, CAMPAIGN):
        answers = marketo.enrol(programme, [gone, fine, odd])
        assert [bool(one.problem) for one in answers] == [True, False, True]
        assert answers[0].problem == "Marketo does not have this lead any more"
    assert twin.lists[LIST] == twin.requested["77"] == [int(fine.contact_id)]


def test_a_campaign_is_requested_for_a_hundred_at_a_time_and_left_by_itself(
    configured: Sandbox, twin: MarketoTwin, marketo: Marketo
) -> None:
    everybody = members(marketo, 120)
    assert not [one for one in marketo.enrol(CAMPAIGN, everybody) if one.problem]
    assert len(twin.requested["77"]) == 120
    assert len(configured.calls("marketo", "trigger")) == 2
    assert not [one for one in marketo.withdraw(CAMPAIGN, everybody) if one.problem]
    assert len(configured.calls("marketo", "trigger")) == 2


@pytest.mark.parametrize(
    ("programme", "said"),
    [
        ("777", "Marketo has no list 777"),
        ("campaign:777", "Marketo has no campaign 777"),
        ("campaign:78", "Marketo's campaign 78 takes nobody from us"),
        ("../leads", "Marketo has no list ../leads: write its number"),
        ("smart:7", "Marketo has no list smart:7"),
        ("\uff11\uff10", "Marketo has no list"),
        ("", "Marketo has no list"),
    ],
)
def test_a_programme_that_is_not_there_or_takes_nobody_is_named(marketo: Marketo, programme: str, said: str) -> None:
    with pytest.raises(NoSuchProgramme, match=re.escape(said)):
        marketo.enrol(programme, members(marketo, 1))


# ---- what people do ---------------------------------------------------------------------------------------------------


def test_activities_come_with_the_address_and_our_words_and_each_once(twin: MarketoTwin, marketo: Marketo) -> None:
    twin.did(ADA, "Open Email", "Before we looked")
    cursor = marketo.activities(None).cursor
    _, cursor = read_all(marketo, cursor)
    twin.did(ADA, "Open Email", "Spring mail", Device="Unknown")
    twin.did(ADA, "Click Email", "Spring mail", Link="https://www.example.com/guide")
    twin.did(ADA, "Visit Webpage", "www.example.com/pricing")
    twin.did("bob@example.com", "Fill Out Form", "Contact us", **{"Referrer URL": "https://www.example.com/demo"})
    twin.did(ADA, "Send Email", "Summer mail")
    found, cursor = read_all(marketo, cursor)
    assert [(one.email, one.kind, one.campaign, one.content, one.page) for one in found] == [
        (ADA, "email_open", "Spring mail", None, None),
        (ADA, "email_click", "Spring mail", None, "https://www.example.com/guide"),
        (ADA, "page_view", None, None, "www.example.com/pricing"),
        ("bob@example.com", "form_submission", None, "Contact us", "https://www.example.com/demo"),
    ]
    assert len({one.external_id for one in found}) == 4
    assert abs(found[0].occurred_at - datetime.now(UTC)) < timedelta(minutes=1)
    assert read_all(marketo, cursor)[0] == []


def test_a_page_may_be_empty_though_there_is_more(twin: MarketoTwin, marketo: Marketo) -> None:
    twin.page = 2
    cursor = marketo.activities(None).cursor
    _, cursor = read_all(marketo, cursor)
    for _ in range(4):
        twin.did(ADA, "Send Email", "A mail")
    twin.did(ADA, "Open Email", "A mail")
    page = marketo.activities(cursor)
    assert (page.items, page.more) == ([], True)
    assert [one.kind for one in read_all(marketo, page.cursor)[0]] == ["email_open"]


def test_what_a_machine_opened_is_not_what_a_person_did(twin: MarketoTwin, marketo: Marketo) -> None:
    cursor = marketo.activities(None).cursor
    twin.did(ADA, "Open Email", "A mail", **{"Is Bot Activity": True})
    twin.did(ADA, "Click Email", "A mail", **{"Is Bot Activity": False})
    assert [one.kind for one in read_all(marketo, cursor)[0]] == ["email_click"]


def test_what_a_lead_did_that_is_gone_by_now_is_left_out(twin: MarketoTwin, marketo: Marketo) -> None:
    cursor = marketo.activities(None).cursor
    twin.did(ADA, "Open Email", "A mail")
    twin.leads.clear()
    assert read_all(marketo, cursor)[0] == []


def test_a_place_that_marketo_does_not_know_any_more_is_found_again_by_its_time(
    configured: Sandbox, twin: MarketoTwin, marketo: Marketo
) -> None:
    cursor = marketo.activities(None).cursor
    twin.did(ADA, "Open Email", "A mail")
    configured.fault("marketo", "lost_token")
    assert [one.kind for one in read_all(marketo, cursor)[0]] == ["email_open"]


def test_the_types_of_activities_are_read_once_and_the_settings_may_name_others(
    configured: Sandbox, twin: MarketoTwin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MARKETO_ACTIVITIES", '{"Attend Conference": "event_attendance", "Not there": "chat"}')
    marketo = build(Settings(), OPEN)
    cursor = marketo.activities(None).cursor
    twin.did(ADA, "Attend Conference", "Fair")
    twin.did(ADA, "Open Email", "A mail")
    assert [one.kind for one in read_all(marketo, cursor)[0]] == ["event_attendance"]
    assert len(configured.calls("marketo", "types.json")) == 1
    marketo.close()


def test_changed_leads_come_with_what_is_asked_for(twin: MarketoTwin, marketo: Marketo) -> None:
    marketo.upsert_contacts([Contact(ADA, {"title": "CTO", "handoff_score": "5"})])
    page = marketo.changed_contacts(None, ["title"])
    assert [(one.email, one.properties) for one in page.items] == [(ADA, {"title": "CTO"})]
    marketo.upsert_contacts([Contact(ADA, {"handoff_score": "6"})])
    assert marketo.changed_contacts(page.cursor, ["title"]).items == []
    twin.make_lead("new@example.com")
    assert [one.email for one in marketo.changed_contacts(page.cursor, []).items] == ["new@example.com"]


# ---- the instance -----------------------------------------------------------------------------------------------------


def test_the_usual_map_has_its_place_and_what_lacks_is_made(twin: MarketoTwin, marketo: Marketo) -> None:
    assert what_is_wrong(marketo.default_map, marketo.fields()) == []
    del twin.fields["handoff_score"]
    (wrong,) = what_is_wrong(marketo.default_map, marketo.fields())
    assert wrong.create is not None
    marketo.create_field(wrong.create)
    marketo.create_field(wrong.create)
    assert twin.fields["handoff_score"] == ("Handoff score", "integer")
    marketo.create_field(Theirs("handoff_next", FieldType.TEXT, "Handoff next content's address"))
    assert twin.fields["handoff_next"] == ("Handoff next content s address", "string")


def test_a_field_made_meanwhile_is_written_in_its_kind(twin: MarketoTwin, marketo: Marketo) -> None:
    marketo.upsert_contacts([Contact(ADA, {})])
    marketo.create_field(Theirs("handoff_employees", FieldType.NUMBER, "Employees"))
    marketo.upsert_contacts([Contact(ADA, {"handoff_employees": "40"})])
    assert twin.by_email(ADA)[0]["handoff_employees"] == 40


def test_who_may_not_make_fields_is_told_which_permission_lacks(configured: Sandbox, marketo: Marketo) -> None:
    configured.fault("marketo", "603", path="schema")
    with pytest.raises(Refused, match="Read-Write Schema Custom Field"):
        marketo.create_field(Theirs("handoff_x"))


def test_a_check_and_the_quota_speak_for_the_instance(twin: MarketoTwin, marketo: Marketo) -> None:
    assert re.fullmatch(r"Marketo answers at 127\.0\.0\.1, and knows \d+ fields of a lead\.", marketo.check())
    assert (marketo.quota().used, marketo.quota().of) == (2, 50_000)


# ---- the twin's page --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({}, {"email": ADA, "type": "Open Email"}, 404),
        ({"X-Sandbox": "page"}, {"email": ADA, "type": "Sleep"}, 422),
        ({"X-Sandbox": "page"}, {"email": ADA, "type": "Open Email", "what": "Spring mail"}, 201),
    ],
)
def test_the_sandboxs_page_may_let_somebody_do_something(
    sandbox: Sandbox, headers: dict[str, str], body: dict[str, Any], status: int
) -> None:
    assert httpx.post(f"{sandbox.url}/marketo/_did", json=body, headers=headers).status_code == status
    assert sandbox.calls("marketo") == []
    assert len(sandbox.state("marketo")["leads"]) == (status == 201)
