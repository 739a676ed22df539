"""`sla.toml`: what it may say, and that a mistake is named with its place, its value and the reason."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.rules.deadlines import TARGETS, ClockKind, Do, Step
from domain.rules.model_table import ModelError
from domain.rules.sla_policy import DEFAULT, ClockPolicy, from_json, read_policy, to_json
from domain.rules.tiers import Tier
from tests.conftest import LAW, TEXT_LAW

EXAMPLES = Path(__file__).resolve().parents[2] / "docs" / "examples"
WHOLE = """
[mql.first_contact]
target = "1h 30m"
time = "working"
reminders = [0.8, 0.5]
after = [{ at = 1.5, do = "hand_on" }, { at = 1, do = "tell_rep" }, { at = 1.0, do = "tell_manager" }]
hand_ons = 3
"""


def first_contact(toml: str) -> ClockPolicy:
    return read_policy(toml)[Tier.MQL][ClockKind.FIRST_CONTACT]


def test_without_a_word_there_is_one_reminder_and_the_manager_hears_of_a_breach() -> None:
    assert read_policy("") == DEFAULT
    for tier, clocks in DEFAULT.items():
        assert {kind: clock.target for kind, clock in clocks.items()} == TARGETS[tier]
        assert not any(clock.working for clock in clocks.values())
        assert [step.do for step in clocks[ClockKind.ASSIGNMENT].steps] == [Do.BREACH, Do.TELL_MANAGER]
        assert clocks[ClockKind.FIRST_CONTACT].steps == [
            Step(Do.REMIND, 0.5),
            Step(Do.BREACH, 1.0),
            Step(Do.TELL_MANAGER, 1.0),
        ]


def test_a_clock_is_what_the_file_says() -> None:
    clock = first_contact(WHOLE)
    assert (clock.target, clock.working) == (timedelta(hours=1, minutes=30), True)
    assert clock.steps == [
        Step(Do.REMIND, 0.5),
        Step(Do.REMIND, 0.8),
        Step(Do.BREACH, 1.0),
        Step(Do.TELL_REP, 1.0),
        Step(Do.TELL_MANAGER, 1.0),
        Step(Do.HAND_ON, 1.5, most=3),
    ]


def test_what_the_file_does_not_say_is_as_it_was() -> None:
    policy = read_policy('[mql.first_contact]\ntarget = "20s"')
    assert policy[Tier.HQL] == DEFAULT[Tier.HQL]
    changed = policy[Tier.MQL][ClockKind.FIRST_CONTACT]
    assert changed.target == timedelta(seconds=20)
    assert changed.steps == DEFAULT[Tier.MQL][ClockKind.FIRST_CONTACT].steps


def test_one_may_want_no_reminder_and_nobody_told() -> None:
    assert [step.do for step in first_contact("[mql.first_contact]\nreminders = []\nafter = []").steps] == [Do.BREACH]


@pytest.mark.parametrize("name", ["sla.toml"])
def test_the_examples_read_well_and_promise_what_the_process_promises(name: str) -> None:
    policy = read_policy((EXAMPLES / name).read_text(encoding="utf-8"))
    targets = {tier: {kind: clock.target for kind, clock in clocks.items()} for tier, clocks in policy.items()}
    assert targets == TARGETS


@pytest.mark.parametrize("tier", TARGETS)
def test_a_handoff_reads_back_the_policy_that_it_kept(tier: Tier) -> None:
    policy = read_policy(WHOLE)[tier]
    assert from_json(json.loads(json.dumps(to_json(policy)))) == policy


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ("[mql", "file: is no TOML"),
        ("[sql.first_contact]", "sql: a table stands under an unknown key; did you mean 'mql'?"),
        ("[mql.first_contct]", "mql.first_contct: a table stands under an unknown key; did you mean 'first_contact'?"),
        ("mql = 4", "mql: 4 must be a table"),
        ("[mql.first_contact]\nremind = 1", "mql.first_contact.remind: 1 stands under an unknown key"),
        ("[mql.first_contact]\ntarget = 4", "mql.first_contact.target: 4 must be text"),
        ('[mql.first_contact]\ntarget = "soon"', "mql.first_contact.target: 'soon' must be a time such as"),
        ('[mql.first_contact]\ntarget = "4d"', "mql.first_contact.target: '4d' must be a time such as"),
        ('[mql.first_contact]\ntarget = "0s"', "mql.first_contact.target: '0s' must be at least one second"),
        ('[mql.first_contact]\ntarget = "2161h"', "at most 90 days"),
        ('[mql.first_contact]\ntime = "office"', "mql.first_contact.time: 'office' must be 'working' or 'wall'"),
        ('[mql.assignment]\ntime = "working"', "mql.assignment.time: 'working' must be 'wall'"),
        ("[mql.assignment]\nreminders = [0.5]", "mql.assignment.reminders: a list must be empty"),
        ("[mql.first_contact]\nreminders = 0.5", "mql.first_contact.reminders: 0.5 must be a list"),
        ("[mql.first_contact]\nreminders = [0.5, 1]", "mql.first_contact.reminders[1]: 1 must be between 0 and 1"),
        ("[mql.first_contact]\nreminders = [0.5, 0.5]", "mql.first_contact.reminders[1]: 0.5 stands there twice"),
        ("[mql.first_contact]\nreminders = [nan]", "mql.first_contact.reminders[0]: nan must be a number"),
        ("[mql.first_contact]\nreminders = [.1]", "file: is no TOML"),
        (
            '[mql.first_contact]\nafter = [{ at = 1, do = "call" }]',
            "mql.first_contact.after[0].do: 'call' must be one of",
        ),
        ('[mql.first_contact]\nafter = [{ at = 0.9, do = "tell_rep" }]', "after[0].at: 0.9 must be at least 1"),
        ('[mql.first_contact]\nafter = [{ do = "tell_rep" }]', "mql.first_contact.after[0].at: is missing"),
        (
            '[mql.first_contact]\nafter = [{ at = 1, do = "tell_rep" }, { at = 1, do = "tell_rep" }]',
            "mql.first_contact.after[1].do: 'tell_rep' stands there twice",
        ),
        (
            '[mql.first_contact]\nafter = [{ at = 1, do = "hand_on" }, { at = 2, do = "hand_on" }]',
            "mql.first_contact.after[1].do: 'hand_on' stands there twice",
        ),
        (
            '[hql.qualification]\nafter = [{ at = 1, do = "hand_on" }]',
            "hql.qualification.after[0].do: 'hand_on' is only",
        ),
        ('[hql.assignment]\nafter = [{ at = 1, do = "tell_rep" }]', "hql.assignment.after[0].do: 'tell_rep' is not"),
        ("[mql.first_contact]\nhand_ons = 2", "mql.first_contact.hand_ons: 2 means nothing here"),
        (WHOLE.replace("= 3", "= 0"), "mql.first_contact.hand_ons: 0 must be at least 1"),
    ],
)
def test_a_mistake_is_named_with_its_place_its_value_and_the_reason(toml: str, said: str) -> None:
    with pytest.raises(ModelError) as refused:
        read_policy(toml)
    assert said in str(refused.value)


@LAW
@given(st.integers(1, 2160 * 3600))
def test_every_time_that_can_be_written_is_read_as_it_is(seconds: int) -> None:
    hours, minutes = seconds // 3600, seconds % 3600 // 60
    written = " ".join(
        f"{number}{unit}" for number, unit in ((hours, "h"), (minutes, "m"), (seconds % 60, "s")) if number
    )
    assert first_contact(f'[mql.first_contact]\ntarget = "{written}"').target == timedelta(seconds=seconds)


@TEXT_LAW
@given(st.text(max_size=200))
def test_any_text_is_a_policy_or_is_refused(toml: str) -> None:
    try:
        policy = read_policy(toml)
    except ModelError:
        return
    assert set(policy) == set(TARGETS)
