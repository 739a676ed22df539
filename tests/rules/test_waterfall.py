"""Who is asked next, told by the rule alone."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.rules.merging import FORM, REP, Sourced
from domain.rules.waterfall import (
    NO_ANSWER_KEPT_FOR,
    WANTED,
    Answer,
    Ask,
    Done,
    Outcome,
    Provider,
    Wait,
    Why,
    is_fresh,
    is_settled,
    missing_of,
    next_day,
    next_question,
)
from tests.conftest import NOON

QUARTER, MONTH = timedelta(days=90), timedelta(days=30)
CHEAP = Provider("cheap", frozenset({"title", "phone"}), QUARTER, MONTH, cost_cents=5)
DEAR = Provider("dear", frozenset({"title", "industry"}), QUARTER, MONTH, cost_cents=50, daily_cap_cents=100)
BOTH = (DEAR, CHEAP)
"""The dear one is trusted more."""


def provider(name: str, cost: int = 0, cap: int | None = None) -> Provider:
    return Provider(name, frozenset({"title"}), QUARTER, MONTH, cost, cap)


def test_the_cheapest_of_those_who_know_something_missing_is_asked_although_another_is_trusted_more() -> None:
    assert next_question(frozenset({"title"}), BOTH, {}, {}, NOON) == Ask("cheap")
    assert next_question(frozenset({"industry"}), BOTH, {}, {}, NOON) == Ask("dear")


def test_of_equally_cheap_providers_the_more_trusted_one_is_asked() -> None:
    assert next_question(frozenset({"title"}), [provider("a", 7), provider("b", 7)], {}, {}, NOON) == Ask("a")


def test_nobody_is_asked_for_what_is_known_or_for_what_nobody_provides() -> None:
    assert next_question(frozenset(), BOTH, {}, {}, NOON) == Done(Why.NOTHING_MISSING)
    assert next_question(frozenset({"country"}), BOTH, {}, {}, NOON) == Done(Why.NOBODY_LEFT)


@pytest.mark.parametrize(
    ("outcome", "kept"),
    [(Outcome.MATCHED, QUARTER), (Outcome.NO_MATCH, MONTH), (Outcome.NO_ANSWER, NO_ANSWER_KEPT_FOR)],
)
def test_an_answer_is_not_asked_for_again_before_it_is_old(outcome: Outcome, kept: timedelta) -> None:
    answers = {"dear": Answer(outcome.value, NOON)}
    almost = NOON + kept - timedelta(seconds=1)
    assert next_question(frozenset({"industry"}), BOTH, answers, {}, almost) == Done(Why.NOBODY_LEFT)
    assert next_question(frozenset({"industry"}), BOTH, answers, {}, NOON + kept) == Ask("dear")


def test_a_provider_that_is_still_searching_holds_up_nobody_and_is_waited_for_in_the_end() -> None:
    again = NOON + timedelta(seconds=30)
    searching = {"cheap": Answer(Outcome.PENDING, NOON, again)}
    assert next_question(frozenset({"title"}), BOTH, searching, {}, NOON) == Ask("dear")
    answers = searching | {"dear": Answer(Outcome.NO_MATCH, NOON)}
    assert next_question(frozenset({"title"}), BOTH, answers, {}, NOON) == Wait(again, Why.SEARCHING)


def test_a_cap_is_never_passed_and_ends_with_the_day() -> None:
    wanted = frozenset({"industry"})
    assert next_question(wanted, BOTH, {}, {"dear": 50}, NOON) == Ask("dear")
    midnight = datetime(2026, 3, 4, tzinfo=UTC)
    assert next_question(wanted, BOTH, {}, {"dear": 51}, NOON) == Wait(midnight, Why.CAP)


def test_a_provider_that_costs_more_than_its_whole_cap_is_waited_for_no_day() -> None:
    assert next_question(frozenset({"title"}), [provider("p", 9, 8)], {}, {}, NOON) == Done(Why.NOBODY_LEFT)


def test_the_next_day_begins_at_midnight_utc_wherever_the_clock_stands() -> None:
    late_in_new_york = datetime(2026, 3, 3, 22, 0, tzinfo=UTC).astimezone(tz=None)
    assert next_day(late_in_new_york) == datetime(2026, 3, 4, tzinfo=UTC)
    assert next_day(datetime(2026, 3, 4, tzinfo=UTC)) == datetime(2026, 3, 5, tzinfo=UTC)


def test_what_a_form_said_of_the_company_is_missing_and_what_it_said_of_the_person_is_not() -> None:
    known = {name: Sourced("x", FORM, NOON) for name in ("title", "company", "country", "industry", "employees")}
    assert missing_of(known, BOTH, NOON, throwaway=False) == WANTED - {"title", "company", "country"}


def test_a_colleagues_word_is_known_for_ever_and_a_providers_until_it_is_old() -> None:
    known = {"industry": Sourced("x", REP, NOON), "title": Sourced("y", "cheap", NOON)}
    assert missing_of(known, BOTH, NOON + MONTH, throwaway=False) == WANTED - {"industry", "title"}
    assert missing_of(known, BOTH, NOON + QUARTER, throwaway=False) == WANTED - {"industry"}


def test_the_word_of_a_provider_that_is_no_longer_trusted_does_not_count_as_known() -> None:
    known = {"title": Sourced("y", "a-former-one", NOON)}
    assert "title" in missing_of(known, BOTH, NOON, throwaway=False)


def test_nobody_is_paid_for_a_throw_away_address_or_for_one_whose_domain_does_not_exist() -> None:
    assert missing_of({}, BOTH, NOON, throwaway=True) == {"mail_domain"}
    dns = Provider("dns", frozenset({"mail_domain"}), MONTH, MONTH)
    gone = {"mail_domain": Sourced("gone", "dns", NOON)}
    assert missing_of(gone, [dns, *BOTH], NOON, throwaway=False) == frozenset()
    assert missing_of(gone, [dns, *BOTH], NOON + MONTH, throwaway=False) == {"mail_domain"} | WANTED


names = st.sampled_from(["a", "b", "c"])
providers = st.lists(
    st.builds(
        Provider,
        name=names,
        provides=st.frozensets(st.sampled_from(sorted(WANTED))),
        keeps_for=st.just(QUARTER),
        keeps_no_match_for=st.just(MONTH),
        cost_cents=st.integers(0, 100),
        daily_cap_cents=st.none() | st.integers(0, 300),
    ),
    unique_by=lambda one: one.name,
)
moments = st.integers(-90, 90).map(lambda days: NOON + timedelta(days=days))
answers = st.dictionaries(names, st.builds(Answer, outcome=st.sampled_from(list(Outcome)), at=moments))


@given(st.frozensets(st.sampled_from(sorted(WANTED))), providers, answers, st.dictionaries(names, st.integers(0, 400)))
def test_whoever_is_asked_knows_something_missing_has_not_answered_and_can_be_paid(
    missing: frozenset[str], providers: list[Provider], answers: dict[str, Answer], spent: dict[str, int]
) -> None:
    step = next_question(missing, providers, answers, spent, NOON)
    possible = [
        one
        for one in providers
        if one.provides & missing
        and not is_fresh(answers.get(one.name), one, NOON)
        and one.affords(spent.get(one.name, 0))
    ]
    assert isinstance(step, Ask) == bool(possible)
    if isinstance(step, Ask):
        (asked,) = [one for one in possible if one.name == step.provider]
        assert asked.cost_cents == min(one.cost_cents for one in possible)
        assert not is_settled(answers.get(asked.name), asked, NOON)


@given(providers)
def test_asking_comes_to_an_end_when_each_answers_that_it_knows_nobody(providers: list[Provider]) -> None:
    answered: dict[str, Answer] = {}
    for _ in range(len(providers) + 1):
        step = next_question(WANTED, providers, answered, {}, NOON)
        if not isinstance(step, Ask):
            return
        answered[step.provider] = Answer(Outcome.NO_MATCH, NOON)
    raise AssertionError("somebody was asked twice")
