"""What holds for every provider of people's data: how each question ends under every fault, and what is in an answer."""

import pytest

from domain.rules.waterfall import Outcome
from integrations import registry
from integrations.ports import PROFILE_FIELDS, Enricher, Person, Profile
from tests.integrations.conftest import Sandbox
from tests.integrations.faulty import DOMAIN, EMAIL, LAST, Question, check

NAMES = [plug.name for plug in registry.ENRICHERS]
OVER_HTTP = [name for name in NAMES if name != "dns"]
QUESTIONS = ("look_up", "look_up_many")
ADA = Person(EMAIL, "Ada", LAST.title(), "Acme Pumps", DOMAIN)


def enricher(name: str) -> Enricher:
    (found,) = [one for one in registry.enrichers() if one.name == name]
    return found


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("name", OVER_HTTP)
def test_each_question_ends_as_it_must_under_every_fault(configured: Sandbox, name: str, question: str) -> None:
    asks = {"look_up": lambda: enricher(name).look_up(ADA), "look_up_many": lambda: enricher(name).look_up_many([ADA])}
    check(configured, name, Question(question, asks[question]))


@pytest.mark.parametrize("name", NAMES)
def test_an_answer_has_only_what_the_provider_says_that_it_provides(configured: Sandbox, name: str) -> None:
    provider = enricher(name)
    profile = provider.look_up(ADA)
    assert profile.outcome is Outcome.MATCHED
    assert set(profile.fields) <= provider.terms.provides <= set(PROFILE_FIELDS)
    assert profile.provider == name


@pytest.mark.parametrize("name", NAMES)
def test_as_many_as_it_takes_are_answered_one_by_one_and_in_order(configured: Sandbox, name: str) -> None:
    provider = enricher(name)
    persons = [Person(f"kim{number}.sample@firm{number}.example.com") for number in range(min(provider.batch_size, 5))]
    together = provider.look_up_many(persons)
    assert together == [provider.look_up(person) for person in persons]
    assert all(isinstance(one, Profile) for one in together)


@pytest.mark.parametrize("name", OVER_HTTP)
def test_that_nobody_is_known_is_an_answer_and_costs_nothing(
    configured: Sandbox, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(f"{name.upper()}_COST_CENTS", "40")
    found, missed = (enricher(name).look_up(Person(f"{local}@{DOMAIN}")) for local in ("ada", "nomatch"))
    assert (found.outcome, found.cost_cents) == (Outcome.MATCHED, 40)
    assert (missed.outcome, missed.cost_cents, dict(missed.fields)) == (Outcome.NO_MATCH, 0, {})
