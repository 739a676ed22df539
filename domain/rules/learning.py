"""Learning from what became of leads: what an example is, what may come of it, and when there is enough to learn from."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Literal, TypeAlias

from domain.rules.facts import LeadFacts
from domain.rules.reasons import REASONS, Then
from domain.rules.tiers import Thresholds, Tier


class Goal(StrEnum):
    """What is to be foreseen."""

    SQL = "sql"
    WON = "won"

    @property
    def words(self) -> str:
        """In the plural, as in "34 of about 60 SQLs"."""
        return {"sql": "SQLs", "won": "wins"}[self]


HORIZON: Mapping[Goal, timedelta] = {Goal.SQL: timedelta(days=30), Goal.WON: timedelta(days=120)}
"""How long a lead has, from becoming MQL or HQL. Later is not seen as an outcome; earlier nothing is counted, not even a
success: those come sooner than failures, and a recent month of successes alone would look too good."""
ACCEPTED_WITHIN = timedelta(days=7)
LEARNT_PREFIX = "learnt-"
"""With it begin the ids of rules that were found, not written. The next learning finds them anew."""
ENOUGH = 60
"""Cases of the rarer outcome. With fewer, points that are fitted say more about chance than about leads."""


FEW_OF_A_TIER = 20
"""What was expected of a tier weighs as much as so many leads."""


@dataclass(frozen=True, slots=True)
class Example:
    """A lead as it was known when it was judged, and what became of it."""

    facts: LeadFacts
    at: datetime
    outcome: bool


@dataclass(frozen=True, slots=True)
class Learnt:
    """A draft as TOML, and what speaks for it: numbers and codes only, as JSON has them. docs/learning.md names each."""

    toml: str
    evidence: dict[str, Any]


Verdict: TypeAlias = Literal["not_enough", "no_better", "failed"]


@dataclass(frozen=True, slots=True)
class NotYet:
    """Nothing is proposed, and why."""

    verdict: Verdict
    said: str
    data: dict[str, Any]


def too_few(outcomes: Iterable[bool], goal: Goal, enough: int = ENOUGH) -> NotYet | None:
    """The answer if there are too few cases of either outcome."""
    hits = list(outcomes)
    good, bad = sum(hits), len(hits) - sum(hits)
    if min(good, bad) >= enough:
        return None
    data = {"outcomes": len(hits), "successes": good, "needed": enough, "goal": goal.value}
    what, there = (goal.words, good) if good <= bad else (f"leads without {_one(goal)}", bad)
    return NotYet("not_enough", f"Not enough data yet: {there} of about {enough} {what}.", data)


def _one(goal: Goal) -> str:
    return "an SQL" if goal is Goal.SQL else "a win"


def same_volume(before: Sequence[int], after: Sequence[int], thresholds: Thresholds) -> Thresholds:
    """The thresholds at which as many leads stand in each tier by their scores `after` as by those `before`, or nearly."""
    ordered = sorted(after, reverse=True)
    limits = [thresholds.of(tier) for tier in (Tier.MEL, Tier.MQL, Tier.HQL)]
    mel, mql, hql = (_reached_by(ordered, sum(one >= limit for one in before), limit) for limit in limits)
    # They rise strictly, and leave room for each other within 1 to 100.
    hql = min(max(hql, 3), 100)
    mql = min(max(mql, 2), hql - 1)
    return Thresholds(min(max(mel, 1), mql - 1), mql, hql)


def _reached_by(ordered: Sequence[int], count: int, before: int) -> int:
    """The threshold that about so many of the scores reach, given from the highest down; the one of before if it does."""
    if sum(one >= before for one in ordered) == count:
        return before
    if not ordered or count <= 0:
        return max([100, *(one + 1 for one in ordered[:1])])
    at = ordered[min(count, len(ordered)) - 1]
    # Of one score either all leads reach the threshold or none does: whichever is nearer.
    with_all, without = sum(one >= at for one in ordered), sum(one > at for one in ordered)
    return at + 1 if without and count - without < with_all - count else at


def shrunk(chances: Sequence[float], before: float | None) -> float | None:
    """What is expected of a tier: the mean chance of its leads, drawn to what was expected before while they are few."""
    if before is None:
        return sum(chances) / len(chances) if len(chances) >= FEW_OF_A_TIER else None
    return (sum(chances) + FEW_OF_A_TIER * before) / (len(chances) + FEW_OF_A_TIER)


def says_no(reason: str | None) -> bool | None:
    """Whether a rejection says of the lead that it was none. None: it says nothing of the lead.

    Of our territories, our time and our records it says nothing; nor does "not now", which the next attempt decides.
    """
    known = REASONS.get(reason or "")
    if known is None or known.key in {"bad_timing", "duplicate", "other"} or known.then is Then.PASS_ON:
        return None
    return True


__all__ = [
    "ACCEPTED_WITHIN",
    "ENOUGH",
    "HORIZON",
    "LEARNT_PREFIX",
    "Example",
    "Goal",
    "Learnt",
    "NotYet",
    "Verdict",
    "same_volume",
    "says_no",
    "shrunk",
    "too_few",
]
