"""What is to be done next: a step, and perhaps when."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.rules.next_steps import FARTHEST, LONGEST_STEP, NextStep, read_next_step
from domain.rules.refusals import NoSuchNextStep
from tests.conftest import LAW, NOON

TOMORROW = NOON + timedelta(days=1)


def seconds(days: float) -> str:
    return str(int((NOON + timedelta(days=days)).timestamp()))


@pytest.mark.parametrize(
    ("step", "at", "expected"),
    [
        ("", "", None),
        (" \u200b ", "", None),
        ("Send\nthe offer", "", NextStep("Send the offer")),
        ("Call again", seconds(1), NextStep("Call again", TOMORROW)),
        ("Call again", seconds(365), NextStep("Call again", NOON + FARTHEST)),
    ],
)
def test_a_step_may_have_a_time(step: str, at: str, expected: NextStep | None) -> None:
    assert read_next_step(step, at, NOON) == expected


@pytest.mark.parametrize(
    ("step", "at", "why"),
    [
        ("", seconds(1), "what"),
        ("Call", seconds(0), "when"),
        ("Call", seconds(-1), "when"),
        ("Call", seconds(366), "when"),
        ("Call", "tomorrow", "when"),
        ("Call", "9" * 11, "when"),
        ("Call", "\u0661", "when"),
    ],
)
def test_a_time_without_a_step_or_out_of_reach_is_refused(step: str, at: str, why: str) -> None:
    with pytest.raises(NoSuchNextStep) as refusal:
        read_next_step(step, at, NOON)
    assert refusal.value.facts["why"] == why


@LAW
@given(st.text(max_size=400))
def test_whatever_was_typed_fits_into_one_line(step: str) -> None:
    read = read_next_step(step, "", NOON)
    assert read is None or (0 < len(read.what) <= LONGEST_STEP and "\n" not in read.what)
