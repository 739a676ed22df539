"""A lead is put aside for a span or to a moment, never for ever."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.limits import TEXTS, WORDS
from domain.rules.refusals import NoSuchSnooze
from domain.rules.snoozing import LONGEST, SPANS, snooze_until
from tests.conftest import HEAVY_LAW, NOON

NOW = int(NOON.timestamp())


@pytest.mark.parametrize("span", SPANS)
def test_each_span_ends_when_it_says(span: str) -> None:
    assert snooze_until(span, "", NOON) == NOON + SPANS[span][1]


def test_a_moment_that_was_chosen_counts_more_than_a_span() -> None:
    assert snooze_until("1h", str(NOW + 7200), NOON) == NOON + timedelta(hours=2)


@pytest.mark.parametrize(
    "until", [str(NOW), str(NOW - 1), str(NOW + 31 * 86400), "tomorrow", "٣", "9" * 30, "-1", "1.5"]
)
def test_a_moment_that_has_passed_or_is_far_or_none_is_refused(until: str) -> None:
    with pytest.raises(NoSuchSnooze):
        snooze_until("1h", until, NOON)


@HEAVY_LAW
@given(st.text(max_size=12), st.text(max_size=12))
def test_whatever_comes_back_from_slack_a_snooze_ends_within_thirty_days(span: str, until: str) -> None:
    try:
        assert NOON < snooze_until(span, until, NOON) <= NOON + LONGEST
    except NoSuchSnooze:
        assert span not in SPANS or until


def test_the_spans_fit_into_slacks_menu() -> None:
    assert all(len(words) <= TEXTS["option.text"] for words, _ in SPANS.values())
    assert all(len(key) <= WORDS["option.value"] for key in SPANS)
