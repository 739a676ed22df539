"""What an SLA promises by default, and what is said of several steps that have come due at once."""

from datetime import timedelta

import pytest

from domain.rules.deadlines import TARGETS, ClockKind, Do, Step, ladder, said, steps_from_json, steps_to_json
from domain.rules.tiers import Tier

REMIND, REMIND_AGAIN = Step(Do.REMIND, 0.5), Step(Do.REMIND, 0.8)
BREACH = Step(Do.BREACH, 1.0)
TELL_REP, TELL_MANAGER = Step(Do.TELL_REP, 1.0), Step(Do.TELL_MANAGER, 1.0)
HAND_ON = Step(Do.HAND_ON, 1.5, most=2)


@pytest.mark.parametrize(
    ("tier", "kind", "target"),
    [
        (Tier.MQL, ClockKind.ASSIGNMENT, timedelta(minutes=15)),
        (Tier.MQL, ClockKind.FIRST_CONTACT, timedelta(hours=4)),
        (Tier.MQL, ClockKind.QUALIFICATION, timedelta(hours=24)),
        (Tier.HQL, ClockKind.ASSIGNMENT, timedelta(minutes=1)),
        (Tier.HQL, ClockKind.FIRST_CONTACT, timedelta(hours=1)),
        (Tier.HQL, ClockKind.QUALIFICATION, timedelta(hours=4)),
    ],
)
def test_the_targets_are_those_that_were_promised(tier: Tier, kind: ClockKind, target: timedelta) -> None:
    assert TARGETS[tier][kind] == target


def test_a_ladder_stands_in_the_order_of_its_time_with_the_deadline_before_what_is_said_of_it() -> None:
    steps = [HAND_ON, TELL_MANAGER, REMIND_AGAIN, TELL_REP, REMIND]
    assert ladder(steps) == [REMIND, REMIND_AGAIN, BREACH, TELL_REP, TELL_MANAGER, HAND_ON]


def test_a_ladder_is_read_back_as_it_was_kept() -> None:
    steps = ladder([REMIND, TELL_MANAGER, HAND_ON])
    assert steps_from_json(steps_to_json(steps)) == steps


@pytest.mark.parametrize(
    ("due", "words"),
    [
        ([], []),
        ([REMIND], [Do.REMIND]),
        ([BREACH], []),
        ([BREACH, TELL_REP, TELL_MANAGER], [Do.TELL_REP, Do.TELL_MANAGER]),
        ([HAND_ON], [Do.HAND_ON]),
    ],
)
def test_in_the_normal_course_everything_is_said(due: list[Step], words: list[Do]) -> None:
    assert said(due) == words


def test_two_reminders_that_are_both_late_are_one() -> None:
    assert said([REMIND, REMIND_AGAIN]) == [Do.REMIND]


def test_a_reminder_of_what_is_too_late_already_is_not_sent() -> None:
    assert said([REMIND, REMIND_AGAIN, BREACH]) == []
    assert said([REMIND, BREACH, TELL_REP, TELL_MANAGER]) == [Do.TELL_REP, Do.TELL_MANAGER]


def test_of_a_whole_ladder_that_was_slept_through_only_the_gravest_is_said() -> None:
    assert said([REMIND, BREACH, TELL_REP, TELL_MANAGER, HAND_ON]) == [Do.HAND_ON]
    assert said([BREACH, TELL_MANAGER, Step(Do.TELL_REP, 1.2)]) == [Do.TELL_MANAGER]
