"""The SLA clocks of a handoff, how long each has by default, and the ladder of what is done as its time goes and has gone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from domain.rules.tiers import Tier


class ClockKind(StrEnum):
    ASSIGNMENT = "assignment"
    FIRST_CONTACT = "first_contact"
    QUALIFICATION = "qualification"

    @property
    def words(self) -> str:
        return self.value.replace("_", " ")


# HQLs are assigned "at once": a minute is what a restart of the worker may take before that promise is broken.
TARGETS: Mapping[Tier, Mapping[ClockKind, timedelta]] = {
    Tier.MQL: {
        ClockKind.ASSIGNMENT: timedelta(minutes=15),
        ClockKind.FIRST_CONTACT: timedelta(hours=4),
        ClockKind.QUALIFICATION: timedelta(hours=24),
    },
    Tier.HQL: {
        ClockKind.ASSIGNMENT: timedelta(minutes=1),
        ClockKind.FIRST_CONTACT: timedelta(hours=1),
        ClockKind.QUALIFICATION: timedelta(hours=4),
    },
}


class Do(StrEnum):
    """What a step of the ladder does, the least grave first."""

    REMIND = "remind"
    BREACH = "breach"
    TELL_REP = "tell_rep"
    TELL_MANAGER = "tell_manager"
    HAND_ON = "hand_on"


_GRAVITY = {do: place for place, do in enumerate(Do)}


@dataclass(frozen=True, slots=True)
class Step:
    """`share` of the target after which it is due: 0.5 is half-time, 1 the deadline, above 1 is after it."""

    do: Do
    share: float
    most: int = 0
    """Of HAND_ON: how often one lead goes to somebody else."""

    def __lt__(self, other: "Step") -> bool:
        return (self.share, _GRAVITY[self.do]) < (other.share, _GRAVITY[other.do])


def ladder(steps: Sequence[Step]) -> list[Step]:
    """The steps in the order in which they are due, with the deadline itself among them."""
    return sorted([*steps, Step(Do.BREACH, 1.0)])


def said(steps: Sequence[Step]) -> list[Do]:
    """What is said when all of these turn out to be due at once. In the normal course that is one step, or those of one
    moment. After an outage it may be many: a reminder of what is too late already is no help, and of the rest only the
    gravest is said.
    """
    late = any(step.share >= 1 for step in steps)
    spoken = [step for step in steps if step.do is not Do.BREACH and not (late and step.do is Do.REMIND)]
    if len({step.share for step in spoken}) > 1:
        return [max((step.do for step in spoken), key=_GRAVITY.__getitem__)]
    return [step.do for step in spoken]


def steps_to_json(steps: Sequence[Step]) -> list[dict[str, str | float | int]]:
    return [
        {"do": step.do.value, "share": step.share} | ({"most": step.most} if step.do is Do.HAND_ON else {})
        for step in steps
    ]


def steps_from_json(stored: Sequence[Mapping[str, str | float]]) -> list[Step]:
    return [Step(Do(str(one["do"])), float(one["share"]), int(one.get("most", 0))) for one in stored]
