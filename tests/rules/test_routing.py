"""Which pool a lead goes to, and who of it may be asked."""

import pytest

from domain.rules.routing import SKIPPED, Candidate, Rule, Territory, choose_pool, skip_reason

EMEA = Territory(1, {"country": ["DE", "FR"]})
BIG_SOFTWARE = Territory(2, {"industry": ["software"], "company_size": ["5000+"]})
ANYBODY = Territory(3, {})


def test_the_first_territory_that_fits_wins() -> None:
    assert choose_pool([EMEA, BIG_SOFTWARE, ANYBODY], {"country": "DE", "industry": "software"}) == 1


def test_all_conditions_of_a_territory_must_hold() -> None:
    software = {"industry": "software", "company_size": "11-50"}
    assert choose_pool([BIG_SOFTWARE, ANYBODY], software) == 3
    assert choose_pool([BIG_SOFTWARE, ANYBODY], software | {"company_size": "5000+"}) == 2


def test_a_territory_without_conditions_takes_everybody() -> None:
    assert choose_pool([EMEA, ANYBODY], {}) == 3


def test_a_lead_that_fits_nowhere_has_no_pool() -> None:
    assert choose_pool([EMEA], {"country": "US"}) is None
    assert choose_pool([], {"country": "US"}) is None


def test_what_is_not_known_fits_no_condition() -> None:
    assert choose_pool([EMEA], {"industry": "software"}) is None


@pytest.mark.parametrize("value", ["de", "De", "DE"])
def test_values_are_compared_without_regard_to_case(value: str) -> None:
    assert choose_pool([EMEA], {"country": value}) == 1


def test_one_of_several_values_is_enough() -> None:
    crm_users = Territory(4, {"technologies": ["Salesforce"]})
    assert choose_pool([crm_users], {"technologies": frozenset({"salesforce", "slack"})}) == 4
    assert choose_pool([crm_users], {"technologies": frozenset({"slack"})}) is None


def test_numbers_and_flags_are_compared_as_they_are_written() -> None:
    assert choose_pool([Territory(5, {"employees": ["51"]})], {"employees": 51}) == 5
    assert choose_pool([Territory(6, {"free_mail": ["true"]})], {"free_mail": True}) == 6


def candidate(*, available: bool = True, reachable: bool = True, rejected_before: bool = False) -> Candidate:
    return Candidate(7, available=available, reachable=reachable, rejected_before=rejected_before)


def test_who_is_there_and_has_not_said_no_may_be_asked() -> None:
    assert skip_reason(candidate()) is None


@pytest.mark.parametrize(
    ("skipped", "why"),
    [
        (candidate(rejected_before=True), "rejected_this_lead"),
        (candidate(available=False), "away"),
        (candidate(reachable=False), "no_slack_identity"),
        (candidate(rejected_before=True, available=False, reachable=False), "rejected_this_lead"),
        (Candidate(7, available=True, reachable=True, rejected_before=False, handed_on=True), "handed_on"),
        (Candidate(7, available=True, reachable=True, rejected_before=False, gave_back=True), "gave_it_back"),
        (Candidate(7, available=True, reachable=True, rejected_before=False, on_leave=True), "on_leave"),
        (Candidate(7, available=True, reachable=True, rejected_before=False, open=3, most_open=3), "full"),
        (Candidate(7, available=True, reachable=True, rejected_before=False, most_open=0), "full"),
        (Candidate(7, available=True, reachable=True, rejected_before=False, today=8, most_a_day=8), "full_today"),
    ],
)
def test_who_is_not_asked_is_not_asked_for_a_reason(skipped: Candidate, why: str) -> None:
    assert skip_reason(skipped) == why
    assert why in SKIPPED


def test_who_has_less_than_they_may_is_asked() -> None:
    assert skip_reason(Candidate(7, True, True, False, open=2, most_open=3, today=7, most_a_day=8)) is None


def test_every_rule_that_decides_has_words_for_it() -> None:
    assert all(rule.words for rule in Rule)
