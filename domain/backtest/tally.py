"""What two models make of many leads, as sums that stay small: each process makes one, and they are added up."""

import heapq
from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from domain.backtest.history import History, Outcome
from domain.backtest.replay import Course, Handed
from domain.rules.tiers import Tier, is_above

MOST_MOVERS = 10


class Group(StrEnum):
    """What the new model changes about a lead's way to sales."""

    KEPT = "kept"  # both models hand it over
    GAINED = "gained"  # only the new one
    LOST = "lost"  # only the old one


class Mover(NamedTuple):
    """A lead whose tier at the window's end differs. Sorts by how far it moved, the first captured first."""

    points: int
    older_first: int
    email: str
    old_total: int
    old_tier: Tier
    new_total: int
    new_tier: Tier


@dataclass
class Side:
    """What one model would have handed over."""

    handed: list[Handed] = field(default_factory=list)
    earlier: int = 0

    def add(self, other: "Side") -> None:
        self.handed += other.handed
        self.earlier += other.earlier


@dataclass
class Tally:
    leads: int = 0
    scorings: int = 0
    """Per model."""
    guessed: int = 0
    with_sales: int = 0
    old: Side = field(default_factory=Side)
    new: Side = field(default_factory=Side)
    tiers: Counter[tuple[Tier, Tier]] = field(default_factory=Counter)
    """(old, new) at the window's end."""
    groups: Counter[Group] = field(default_factory=Counter)
    outcomes: Counter[tuple[Group, Outcome]] = field(default_factory=Counter)
    at_once: Counter[Tier] = field(default_factory=Counter)
    """Leads that would go to sales in the hour in which the new model becomes the active one."""
    up: list[Mover] = field(default_factory=list)
    down: list[Mover] = field(default_factory=list)

    def count(self, history: History, steps: int, old: Course, new: Course) -> None:
        """Take in what the models make of one lead."""
        self.leads += 1
        self.scorings += steps
        self.guessed += history.guessed
        self.with_sales += history.with_sales
        self.tiers[old.tier, new.tier] += 1
        for side, course in ((self.old, old), (self.new, new)):
            side.earlier += course.earlier
            if course.handed:
                side.handed.append(course.handed)
        if history.free_now and is_above(new.by_score, Tier.MEL) and not is_above(old.by_score, Tier.MEL):
            self.at_once[new.by_score] += 1
        self._count_group(history, old, new)
        self._count_mover(history, old, new)

    def _count_group(self, history: History, old: Course, new: Course) -> None:
        if not (old.handed or new.handed):
            return
        group = Group.LOST if not new.reaches_sales else Group.KEPT if old.reaches_sales else Group.GAINED
        self.groups[group] += 1
        self.outcomes.update((group, outcome) for outcome in history.outcomes)

    def _count_mover(self, history: History, old: Course, new: Course) -> None:
        if old.tier is not new.tier:
            points = new.total - old.total
            movers = self.up if is_above(new.tier, old.tier) else self.down
            mover = Mover(abs(points), -history.lead_id, history.email, old.total, old.tier, new.total, new.tier)
            movers.append(mover)
            if len(movers) > 2 * MOST_MOVERS:
                self._forget_small_movers()

    def _forget_small_movers(self) -> None:
        self.up, self.down = (heapq.nlargest(MOST_MOVERS, movers) for movers in (self.up, self.down))

    def add(self, other: "Tally") -> None:
        """Take in the sums of other leads."""
        self.leads += other.leads
        self.scorings += other.scorings
        self.guessed += other.guessed
        self.with_sales += other.with_sales
        self.old.add(other.old)
        self.new.add(other.new)
        for mine, more in (
            (self.tiers, other.tiers),
            (self.groups, other.groups),
            (self.outcomes, other.outcomes),
            (self.at_once, other.at_once),
        ):
            mine.update(more)  # type: ignore[arg-type]  # pairs of counters of one kind, which a tuple of pairs cannot say
        self.up += other.up
        self.down += other.down
        self._forget_small_movers()
