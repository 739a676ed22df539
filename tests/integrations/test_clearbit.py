from collections.abc import Iterator

import pytest

from domain.rules.waterfall import Outcome
from integrations.clearbit import Clearbit, Settings
from integrations.ports import PROFILE_FIELDS, Person
from kit.outside import Refused, TryLater
from tests.integrations.conftest import Sandbox


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
    assert raised.value.why == "Clearbit refused the request with status 400"
