"""When a handoff's SLA clocks are due. Wall time, counted from the moment the lead became MQL or HQL."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from domain.rules.tiers import Tier


class ClockKind(StrEnum):
    ASSIGNMENT = "assignment"
    FIRST_CONTACT = "first_contact"
    QUALIFICATION = "qualification"

    @property
    def words(self) -> str:
        return self.value.replace("_", " ")


REMIND_AT_SHARE = 0.5
"""A reminder comes when this share of the time has gone."""

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


@dataclass(frozen=True, slots=True)
class Deadline:
    kind: ClockKind
    remind_at: datetime | None
    due_at: datetime


def deadlines(seconds: Mapping[str, float], became_at: datetime) -> list[Deadline]:
    """The deadlines of a policy snapshot (`policy`). Assignment has no reminder: nobody is assigned who could be reminded."""
    due = []
    for kind in ClockKind:
        target = timedelta(seconds=seconds[kind])
        remind_at = None if kind is ClockKind.ASSIGNMENT else became_at + target * REMIND_AT_SHARE
        due.append(Deadline(kind, remind_at, became_at + target))
    return due


def policy(tier: Tier) -> dict[str, float]:
    """The targets of `tier` in seconds per clock, as a handoff keeps them."""
    return {kind.value: target.total_seconds() for kind, target in TARGETS[tier].items()}
