"""The SLA policy: how long each clock has, in whose time, who is told when; and the file in which it is written."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from domain.rules.deadlines import TARGETS, ClockKind, Do, Step, ladder, steps_from_json, steps_to_json
from domain.rules.model_table import ModelError, Table, number_at
from domain.rules.tiers import Tier

SHORTEST, LONGEST = timedelta(seconds=1), timedelta(days=90)
LAST_SHARE = 10
MOST_REMINDERS, MOST_AFTER, MOST_HAND_ONS = 5, 10, 10
HAND_ONS = 2
"""How often a lead is handed on if the file does not say."""
REMINDERS = (0.5,)
AFTER = (Step(Do.TELL_MANAGER, 1.0),)

_AFTER = (Do.TELL_REP, Do.TELL_MANAGER, Do.HAND_ON)
_SPAN = re.compile(r"(?:(\d{1,5}) ?h)? ?(?:(\d{1,5}) ?m(?:in)?)? ?(?:(\d{1,6}) ?s)?")


@dataclass(frozen=True, slots=True)
class ClockPolicy:
    """`working`: counted in the working time of whoever has the lead; else in wall time."""

    target: timedelta
    working: bool
    steps: Sequence[Step]


TierPolicy = Mapping[ClockKind, ClockPolicy]
Policy = Mapping[Tier, TierPolicy]


def _default(tier: Tier, kind: ClockKind) -> ClockPolicy:
    # Nobody is assigned yet who could be reminded of an assignment.
    reminders = () if kind is ClockKind.ASSIGNMENT else REMINDERS
    return ClockPolicy(
        TARGETS[tier][kind], working=False, steps=ladder([*(Step(Do.REMIND, at) for at in reminders), *AFTER])
    )


DEFAULT: Policy = {tier: {kind: _default(tier, kind) for kind in ClockKind} for tier in TARGETS}


def read_policy(toml: str) -> Policy:
    """The policy of an `sla.toml`; what it does not say is as in DEFAULT. Raises ModelError with the key's path, the value
    and the reason.
    """
    try:
        data = tomllib.loads(toml)
    except (tomllib.TOMLDecodeError, RecursionError) as wrong:
        raise ModelError("file", None, f"is no TOML: {wrong}") from None
    whole = Table(data)
    whole.only(*(tier.value for tier in TARGETS))
    return {tier: _tier(whole.table(tier.value), tier) for tier in TARGETS}


def _tier(table: Table, tier: Tier) -> TierPolicy:
    table.only(*ClockKind)
    return {
        kind: _clock(table.table(kind), kind, DEFAULT[tier][kind]) if kind in table else DEFAULT[tier][kind]
        for kind in ClockKind
    }


def _clock(table: Table, kind: ClockKind, default: ClockPolicy) -> ClockPolicy:
    table.only("target", "time", "reminders", "after", "hand_ons")
    target = _span(table, "target") if "target" in table else default.target
    reminders = _reminders(table, kind) if "reminders" in table else _of(default, Do.REMIND)
    after = _afters(table, kind) if "after" in table else list(AFTER)
    if "hand_ons" in table and not any(step.do is Do.HAND_ON for step in after):
        raise table.wrong("hand_ons", f"means nothing here: no step of {table.at('after')} does 'hand_on'")
    return ClockPolicy(target, _working(table, kind), ladder([*reminders, *after]))


def _of(policy: ClockPolicy, do: Do) -> list[Step]:
    return [step for step in policy.steps if step.do is do]


def _working(table: Table, kind: ClockKind) -> bool:
    if "time" not in table:
        return False
    word = table.text("time")
    if word not in {"working", "wall"}:
        raise table.wrong("time", "must be 'working' or 'wall'")
    if word == "working" and kind is ClockKind.ASSIGNMENT:
        raise table.wrong("time", "must be 'wall': nobody has the lead yet whose working time could be counted")
    return word == "working"


def _span(table: Table, key: str) -> timedelta:
    found = _SPAN.fullmatch(table.text(key).strip())
    if found is None or not any(found.groups()):
        raise table.wrong(key, "must be a time such as '20s', '15m', '4h' or '1h 30m'")
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    span = timedelta(hours=hours, minutes=minutes, seconds=seconds)
    if not SHORTEST <= span <= LONGEST:
        raise table.wrong(key, "must be at least one second, and at most 90 days (2160h)")
    return span


def _reminders(table: Table, kind: ClockKind) -> list[Step]:
    values = table.read("reminders")
    if not isinstance(values, list):
        raise table.wrong("reminders", "must be a list of numbers such as [0.5, 0.8]")
    if values and kind is ClockKind.ASSIGNMENT:
        raise table.wrong("reminders", "must be empty: nobody has the lead yet who could be reminded")
    if len(values) > MOST_REMINDERS:
        raise table.wrong("reminders", f"must hold at most {MOST_REMINDERS}")
    shares = [number_at(f"{table.at('reminders')}[{place}]", value) for place, value in enumerate(values)]
    for place, share in enumerate(shares):
        path = f"{table.at('reminders')}[{place}]"
        if not 0 < share < 1:
            raise ModelError(path, share, "must be between 0 and 1: a share of the target, before the deadline")
        if share in shares[:place]:
            raise ModelError(path, share, "stands there twice")
    return [Step(Do.REMIND, float(share)) for share in shares]


def _afters(table: Table, kind: ClockKind) -> list[Step]:
    tables = table.tables("after")
    if len(tables) > MOST_AFTER:
        raise table.wrong("after", f"must hold at most {MOST_AFTER} steps")
    hand_ons = table.whole("hand_ons", HAND_ONS, at_least=1, at_most=MOST_HAND_ONS)
    steps: list[Step] = []
    for one in tables:
        step = _after(one, kind, hand_ons)
        if step in steps or (step.do is Do.HAND_ON and any(known.do is Do.HAND_ON for known in steps)):
            raise one.wrong("do", "stands there twice")
        steps.append(step)
    return steps


def _after(table: Table, kind: ClockKind, hand_ons: int) -> Step:
    table.only("at", "do")
    share = table.number("at", at_least=1, at_most=LAST_SHARE)
    word = table.text("do")
    if word not in _AFTER:
        raise table.wrong("do", f"must be one of {', '.join(_AFTER)}")
    do = Do(word)
    if do is Do.HAND_ON and kind is not ClockKind.FIRST_CONTACT:
        raise table.wrong("do", "is only possible for first_contact: who has spoken with the lead keeps it")
    if do is Do.TELL_REP and kind is ClockKind.ASSIGNMENT:
        raise table.wrong("do", "is not possible for assignment: nobody has the lead yet")
    return Step(do, float(share), hand_ons if do is Do.HAND_ON else 0)


def to_json(policy: TierPolicy) -> dict[str, Any]:
    """What a handoff keeps of the policy that it began with."""
    return {
        kind.value: {
            "target_seconds": clock.target.total_seconds(),
            "working": clock.working,
            "steps": steps_to_json(clock.steps),
        }
        for kind, clock in policy.items()
    }


def from_json(stored: Mapping[str, Any]) -> TierPolicy:
    return {
        kind: ClockPolicy(
            timedelta(seconds=stored[kind]["target_seconds"]),
            bool(stored[kind]["working"]),
            steps_from_json(stored[kind]["steps"]),
        )
        for kind in ClockKind
    }
