"""The SLA clocks of a handoff, counted from the moment the lead became MQL or HQL."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.rules.deadlines import TARGETS, ClockKind, deadlines, policy
from domain.rules.tiers import Tier

NOON = datetime(2026, 3, 3, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("tier", "kind", "target"),
    [
        (Tier.MQL, ClockKind.ASSIGNMENT, timedelta(minutes=15)),
        (Tier.MQL, ClockKind.FIRST_CONTACT, timedelta(hours=4)),
        (Tier.MQL, ClockKind.QUALIFICATION, timedelta(hours=24)),
        (Tier.HQL, ClockKind.FIRST_CONTACT, timedelta(hours=1)),
        (Tier.HQL, ClockKind.QUALIFICATION, timedelta(hours=4)),
    ],
)
def test_the_targets_are_those_that_were_promised(tier: Tier, kind: ClockKind, target: timedelta) -> None:
    due = {deadline.kind: deadline.due_at for deadline in deadlines(policy(tier), NOON)}
    assert due[kind] == NOON + target


def test_an_hql_is_assigned_at_once() -> None:
    assert TARGETS[Tier.HQL][ClockKind.ASSIGNMENT] <= timedelta(minutes=1)


@pytest.mark.parametrize("tier", TARGETS)
def test_there_is_one_clock_of_each_kind(tier: Tier) -> None:
    assert [deadline.kind for deadline in deadlines(policy(tier), NOON)] == list(ClockKind)


@pytest.mark.parametrize("tier", TARGETS)
def test_a_reminder_comes_after_the_start_and_before_the_deadline(tier: Tier) -> None:
    for deadline in deadlines(policy(tier), NOON):
        if deadline.remind_at is not None:
            assert NOON < deadline.remind_at < deadline.due_at


def test_nobody_is_reminded_of_an_assignment_since_nobody_is_assigned_yet() -> None:
    reminders = {deadline.kind: deadline.remind_at for deadline in deadlines(policy(Tier.MQL), NOON)}
    assert reminders[ClockKind.ASSIGNMENT] is None
    assert reminders[ClockKind.FIRST_CONTACT] == NOON + timedelta(hours=2)


def test_clocks_in_flight_keep_the_policy_with_which_they_started() -> None:
    stricter = policy(Tier.MQL) | {"first_contact": 60.0}
    due = {deadline.kind: deadline.due_at for deadline in deadlines(stricter, NOON)}
    assert due[ClockKind.FIRST_CONTACT] == NOON + timedelta(minutes=1)
