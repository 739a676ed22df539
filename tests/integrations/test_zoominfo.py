import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from domain.rules.waterfall import Outcome
from integrations.ports import PROFILE_FIELDS, Person, Profile
from integrations.terms import PERSON_AND_COMPANY
from integrations.zoominfo import Settings, ZoomInfo
from integrations.zoominfo_wire import GTM, fields_of, records_of
from kit.outside import Refused, TryLater
from kit.quota import Account, Open
from tests.integrations.conftest import Sandbox

ADA = Person("ada.lovelace@acme-pumps.example.com", first_name="Ada", company="Acme Pumps")


def profiles(answers: Sequence[Profile | TryLater]) -> list[Profile]:
    found = [one for one in answers if isinstance(one, Profile)]
    assert len(found) == len(answers)
    return found


@pytest.fixture
def zoominfo(configured: Sandbox) -> Iterator[ZoomInfo]:
    client = ZoomInfo(Settings())
    yield client
    client.close()


def test_a_match_speaks_our_words(zoominfo: ZoomInfo) -> None:
    profile = zoominfo.look_up(ADA)
    assert profile.outcome is Outcome.MATCHED
    assert set(profile.fields) == PERSON_AND_COMPANY <= set(PROFILE_FIELDS)
    assert (profile.fields["first_name"], profile.fields["domain"]) == ("Ada", "acme-pumps.example.com")
    assert isinstance(profile.fields["employees"], int)
    assert len(str(profile.fields["country"])) == 2
    assert profile.fields["seniority"] in {"c_level", "vp", "director", "manager", "individual"}


def test_a_match_of_the_company_alone_tells_nothing_of_a_person(zoominfo: ZoomInfo) -> None:
    profile = zoominfo.look_up(Person("nobody@acme.example.com"))
    assert profile.outcome is Outcome.MATCHED
    assert "industry" in profile.fields
    assert not {"first_name", "title", "phone"} & set(profile.fields)


@pytest.mark.parametrize("local", ["nomatch", "optout"])
def test_nothing_found_and_nothing_told_are_the_same_answer(zoominfo: ZoomInfo, local: str) -> None:
    profile = zoominfo.look_up(Person(f"{local}@acme.example.com"))
    assert (profile.outcome, profile.fields) == (Outcome.NO_MATCH, {})


@pytest.mark.parametrize("fault", ["credits", "limit_exceeded"])
def test_used_up_credits_are_waited_for_in_either_form(configured: Sandbox, zoominfo: ZoomInfo, fault: str) -> None:
    configured.fault("zoominfo", fault)
    with pytest.raises(TryLater) as raised:
        zoominfo.look_up(ADA)
    assert raised.value.after == 3600


def test_a_limit_is_waited_for_as_long_as_zoominfo_says(configured: Sandbox, zoominfo: ZoomInfo) -> None:
    zoominfo.look_up(ADA)
    configured.fault("zoominfo", "429")
    with pytest.raises(TryLater) as raised:
        zoominfo.look_up(ADA)
    assert raised.value.after == 2


def test_a_limit_of_which_only_the_window_is_named_is_waited_for(configured: Sandbox, zoominfo: ZoomInfo) -> None:
    configured.fault("zoominfo", "hour")
    with pytest.raises(TryLater) as raised:
        zoominfo.look_up(ADA)
    assert raised.value.after == 3600


def test_what_the_key_may_not_ask_is_refused_with_a_reason(configured: Sandbox, zoominfo: ZoomInfo) -> None:
    configured.fault("zoominfo", "forbidden")
    with pytest.raises(Refused, match="scope or its package"):
        zoominfo.look_up(ADA)


# ---- several at once ----------------------------------------------------------------------------------------------------


def test_twenty_five_are_looked_up_by_one_call_and_each_gets_their_own(configured: Sandbox, zoominfo: ZoomInfo) -> None:
    persons = [Person(f"kim{number}.sample@firm{number}.example.com") for number in range(25)]
    answers = zoominfo.look_up_many(persons)
    assert len(configured.calls("zoominfo", "enrich")) == 1
    assert [profiles(answers)[place].fields["domain"] for place in range(25)] == [
        f"firm{number}.example.com" for number in range(25)
    ]


def test_each_of_several_ends_in_a_way_of_its_own(zoominfo: ZoomInfo) -> None:
    locals_ = ("ada", "nomatch", "optout", "invalid", "nobody")
    answers = profiles(zoominfo.look_up_many([Person(f"{local}@acme.example.com") for local in locals_]))
    matched = [one.outcome is Outcome.MATCHED for one in answers]
    assert matched == [True, False, False, False, True]


def test_who_zoominfo_could_not_look_up_is_asked_for_again_and_the_others_are_not(zoominfo: ZoomInfo) -> None:
    answers = zoominfo.look_up_many([Person(f"{local}@acme.example.com") for local in ("ada", "broken")])
    assert isinstance(answers[0], Profile)
    assert isinstance(answers[1], TryLater)
    assert answers[1].after is None


def test_what_was_paid_before_the_credits_ended_is_kept(configured: Sandbox, zoominfo: ZoomInfo) -> None:
    configured.fault("zoominfo", "partial")
    first, second, third = zoominfo.look_up_many([Person(f"kim{n}@acme.example.com") for n in range(3)])
    assert isinstance(first, Profile)
    assert [one.after for one in (second, third) if isinstance(one, TryLater)] == [3600, 3600]


def test_what_zoominfo_says_of_its_quota_is_noted(configured: Sandbox) -> None:
    noted: list[tuple[int, int]] = []

    class Noting(Open):
        def note(self, account: Account, used: int, of: int) -> None:
            noted.append((used, of))

    client = ZoomInfo(Settings(), Noting())
    client.look_up(ADA)
    client.close()
    assert noted == [(2, 648_000)]


def test_answers_that_name_their_question_are_told_apart_in_any_order() -> None:
    ada, kim = Person("ada@acme.example.com"), Person("Kim@acme.example.com")
    told = [
        {"meta": {"matchStatus": "FULL_MATCH", "input": {"emailAddress": email}}, "attributes": {"firstName": email}}
        for email in ("kim@acme.example.com", "ada@acme.example.com")
    ]
    records = records_of(GTM, {"data": told}, [ada, kim])
    assert records is not None
    assert [fields_of(record.attributes)["first_name"] for record in records] == [
        "ada@acme.example.com",
        "kim@acme.example.com",
    ]


@pytest.mark.parametrize("emails", [["ada@acme.example.com"], ["ada@acme.example.com", "lee@acme.example.com"], []])
def test_an_answer_for_other_people_is_none(emails: list[str]) -> None:
    told = [{"meta": {"matchStatus": "FULL_MATCH", "input": {"emailAddress": email}}} for email in emails]
    assert records_of(GTM, {"data": told}, [Person("ada@acme.example.com"), Person("kim@acme.example.com")]) is None


# ---- tokens -------------------------------------------------------------------------------------------------------------


def test_one_token_serves_many_questions(configured: Sandbox, zoominfo: ZoomInfo) -> None:
    for _ in range(3):
        zoominfo.look_up(ADA)
    assert len(configured.calls("zoominfo", "token")) == 1


def test_a_token_that_ended_early_is_renewed_once(configured: Sandbox, zoominfo: ZoomInfo) -> None:
    zoominfo.look_up(ADA)
    configured.fault("zoominfo", "expired_token", path="enrich")
    assert zoominfo.look_up(ADA).outcome is Outcome.MATCHED
    assert len(configured.calls("zoominfo", "token")) == 2


def test_of_many_threads_whose_token_ended_one_renews_it(configured: Sandbox, zoominfo: ZoomInfo) -> None:
    zoominfo.look_up(ADA)
    configured.fault("zoominfo", "expired_token", path="enrich")
    together = threading.Barrier(8)

    def ask(_: int) -> Outcome:
        together.wait()
        return zoominfo.look_up(ADA).outcome

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(ask, range(8))) == {Outcome.MATCHED}
    assert len(configured.calls("zoominfo", "token")) == 2


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"data": {"type": "ContactEnrich", "attributes": {"matchPersonInput": [], "outputFields": ["phone"]}}},
        {
            "data": {
                "type": "ContactEnrich",
                "attributes": {"matchPersonInput": [{"email": "a"}], "outputFields": ["phone"]},
            }
        },
        {
            "data": {
                "type": "ContactEnrich",
                "attributes": {"matchPersonInput": [{"emailAddress": "a@example.com"}] * 26, "outputFields": ["phone"]},
            }
        },
        {
            "data": {
                "type": "ContactEnrich",
                "attributes": {"matchPersonInput": [{"emailAddress": "a@example.com"}], "outputFields": ["shoeSize"]},
            }
        },
    ],
)
def test_the_twin_refuses_what_zoominfo_would_refuse(
    configured: Sandbox, zoominfo: ZoomInfo, wrong: dict[str, Any]
) -> None:
    zoominfo.look_up(ADA)
    settings = Settings()
    pair = (settings.client_id.get_secret_value(), settings.client_secret.get_secret_value())
    form = {"grant_type": "client_credentials", "scope": "api:data:contact"}
    token = httpx.post(settings.token_url, data=form, auth=pair).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/vnd.api+json"}
    answer = httpx.post(settings.url + GTM.path, json=wrong, headers=headers)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "PFAPI0003")
