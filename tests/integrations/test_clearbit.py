import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.rules.waterfall import Outcome
from integrations.clearbit import Clearbit, Settings, fields_of
from integrations.ports import PROFILE_FIELDS, Person
from kit.outside import Refused, TryLater
from tests.integrations.conftest import Sandbox

WRONG: tuple[object, ...] = (None, 17, [], {}, [{}], "text")


@pytest.fixture
def clearbit(configured: Sandbox) -> Iterator[Clearbit]:
    client = Clearbit(Settings())
    yield client
    client.close()


def test_a_match_speaks_our_words(clearbit: Clearbit) -> None:
    profile = clearbit.look_up(Person("ada.lovelace@acme-pumps.example.com"))
    assert profile.outcome is Outcome.MATCHED
    assert set(profile.fields) <= set(PROFILE_FIELDS)
    assert (profile.fields["first_name"], profile.fields["company"]) == ("Ada", "Acme Pumps")
    assert isinstance(profile.fields["employees"], int)
    assert len(str(profile.fields["country"])) == 2


def test_the_same_person_has_the_same_profile_at_every_look(clearbit: Clearbit) -> None:
    person = Person("grace.hopper@navy.example.com")
    assert clearbit.look_up(person) == clearbit.look_up(person)


def test_a_company_without_its_person_is_a_match_of_the_company(clearbit: Clearbit) -> None:
    profile = clearbit.look_up(Person("nobody@acme.example.com"))
    assert profile.outcome is Outcome.MATCHED
    assert "industry" in profile.fields
    assert not {"first_name", "title", "seniority"} & set(profile.fields)


def test_nothing_found_is_an_answer_and_costs_nothing(configured: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLEARBIT_COST_CENTS", "25")
    client = Clearbit(Settings())
    found, missed = client.look_up(Person("ada@acme.example.com")), client.look_up(Person("nomatch@acme.example.com"))
    client.close()
    assert (found.cost_cents, missed.cost_cents, missed.outcome, missed.fields) == (25, 0, Outcome.NO_MATCH, {})


def test_a_search_that_takes_longer_is_pending_and_then_answered(clearbit: Clearbit) -> None:
    person = Person("pending.pia@acme.example.com")
    first = clearbit.look_up(person)
    assert (first.outcome, first.again_after) == (Outcome.PENDING, 30.0)
    assert clearbit.look_up(person).outcome is Outcome.MATCHED


def test_a_limit_is_waited_for_until_the_moment_that_clearbit_names(configured: Sandbox, clearbit: Clearbit) -> None:
    configured.fault("clearbit", "429")
    with pytest.raises(TryLater) as raised:
        clearbit.look_up(Person("ada@acme.example.com"))
    assert raised.value.after == pytest.approx(20, abs=2)


def test_a_question_that_makes_no_sense_is_refused_without_its_address(configured: Sandbox, clearbit: Clearbit) -> None:
    with pytest.raises(Refused) as raised:
        clearbit.look_up(Person("no-address-at-all"))
    assert raised.value.why == "Clearbit refused the request with status 400 (params_invalid)"


@pytest.mark.parametrize(("status", "said"), [("402", "over_quota"), ("422", "email_invalid")])
def test_what_nobody_could_confirm_is_taken_for_a_no(
    configured: Sandbox, clearbit: Clearbit, status: str, said: str
) -> None:
    configured.fault("clearbit", status)
    with pytest.raises(Refused) as raised:
        clearbit.look_up(Person("ada@acme.example.com"))
    assert raised.value.why == f"Clearbit refused the request with status {status} ({said})"


def test_the_shapes_that_clearbit_published_are_read(shared_folder: Path) -> None:
    published = shared_folder / "contracts" / "clearbit"
    person, company = (json.loads((published / f"{name}.json").read_text()) for name in ("person", "company"))
    assert fields_of({"person": person, "company": company}) == {
        "first_name": "Alex",
        "last_name": "MacCaw",
        "title": "CEO",
        "company": "Uber",
        "domain": "uber.com",
        "industry": "Transportation",
        "employees": 200,
    }
    assert fields_of({"person": person, "company": None})["domain"] == "clearbit.com"
    assert fields_of({"person": None, "company": None}) == {}


def test_no_person_whose_answer_is_torn_apart_in_any_place_breaks_us(shared_folder: Path) -> None:
    """Every value of the published shapes once replaced by another type: what is left is read, and nothing raised."""
    published = shared_folder / "contracts" / "clearbit"
    whole = {name: json.loads((published / f"{name}.json").read_text()) for name in ("person", "company")}
    for half, fields in whole.items():
        for name in fields:
            for wrong in WRONG:
                known = fields_of(whole | {half: fields | {name: wrong}})
                assert set(known) <= set(PROFILE_FIELDS)
