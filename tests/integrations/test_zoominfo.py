import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from domain.rules.waterfall import Outcome
from integrations.ports import PROFILE_FIELDS, Person
from integrations.terms import PERSON_AND_COMPANY
from integrations.zoominfo import ENRICH, Settings, ZoomInfo
from kit.outside import TryLater
from tests.integrations.conftest import Sandbox

ADA = Person("ada.lovelace@acme-pumps.example.com", first_name="Ada", company="Acme Pumps")


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
    answer = httpx.post(settings.url + ENRICH, json=wrong, headers=headers)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "PFAPI0001")
