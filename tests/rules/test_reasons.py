"""The reasons for which sales rejects a lead are one table."""

from datetime import timedelta

import pytest

from bot.limits import TEXTS, WORDS
from domain.rules.reasons import NOTE_LIMIT, REASONS, UNFIT, Asks, Reason, Then

ALL = list(REASONS.values())


@pytest.mark.parametrize("reason", ALL, ids=lambda reason: reason.key)
def test_a_reason_fits_into_an_option_of_slack(reason: Reason) -> None:
    assert 0 < len(reason.label) <= TEXTS["option.text"]
    assert 0 < len(reason.help) <= TEXTS["option.description"]
    assert 0 < len(reason.key) <= WORDS["option.value"]


def test_the_reasons_fit_into_one_menu_and_differ() -> None:
    assert len(ALL) <= 100
    assert len({reason.label for reason in ALL}) == len(ALL)
    assert all(REASONS[reason.key] is reason for reason in ALL)


def test_every_consequence_has_a_reason_that_leads_to_it() -> None:
    assert {reason.then for reason in ALL} == set(Then)


@pytest.mark.parametrize("reason", ALL, ids=lambda reason: reason.key)
def test_only_a_recycled_lead_rests_and_it_always_does(reason: Reason) -> None:
    assert (reason.cooldown > timedelta(0)) == (reason.then is Then.RECYCLE)


def test_a_note_is_asked_for_where_the_reason_says_nothing_by_itself() -> None:
    assert [reason.key for reason in ALL if reason.needs_note] == ["other"]


def test_the_turn_is_given_back_for_what_was_no_lead() -> None:
    assert {reason.key for reason in ALL if reason.credits} == {"bad_data", "duplicate", "no_fit"}


def test_what_is_asked_for_besides_fits_into_slacks_menu() -> None:
    assert {reason.key: reason.asks for reason in ALL if reason.asks} == {
        "no_fit": Asks.WHAT_DOES_NOT_FIT,
        "duplicate": Asks.DUPLICATE_OF,
    }
    assert all(0 < len(words) <= TEXTS["option.text"] for words in UNFIT.values())


def test_a_note_fits_into_slacks_input() -> None:
    assert NOTE_LIMIT <= 3000
