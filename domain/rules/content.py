"""Which content to recommend next: what moved similar leads up, with small numbers kept small. No chance in it.

How likely a content is to move a lead is the mean of a Beta distribution whose prior has the weight of STRENGTH
meetings. It backs off in steps: what is known of one tier and persona leans on what is known of the tier.

Contents are ranked by a cautious estimate, the lower end of an interval (Wilson's, at CAUTION), not by the mean: where
most leads move anyway, the mean of a content met once can lie above that of one met sixty times. Wilson's bound rises
with every lead that moved, which the bound of a normal interval does not do near zero.
"""

import zlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import sqrt

from domain.rules.tiers import Tier

STRENGTH = 20.0
"""How many meetings the prior counts for."""
CAUTION = 1.28
"""Standard deviations: nine times in ten the truth lies above the cautious estimate."""
ENOUGH = 30
"""Below so many meetings in a tier there is no ranking: the catalogue's own order holds."""
NEW = 10
"""A content that fewer leads of the tier have met is new."""
EXPLORING = 10
"""Of a hundred recommendations so many are given to new contents, or they would stay unknown."""


@dataclass(frozen=True, slots=True)
class Item:
    """A content of the catalogue."""

    key: str
    title: str
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """Of the leads of one tier and persona that met a content: how many moved. An empty persona is not known."""

    content: str
    tier: Tier
    persona: str
    seen: int
    moved: int


@dataclass(frozen=True, slots=True)
class Reader:
    """For whom. `used`: contents that the lead has met, or that were recommended to it before."""

    lead_id: int
    tier: Tier
    persona: str
    used: Collection[str] = ()
    turn: int = 0
    """How many recommendations it has had."""


class Why(StrEnum):
    MEASURED = "measured"
    NEW = "new"
    CATALOGUE = "catalogue"


@dataclass(frozen=True, slots=True)
class Choice:
    """`seen` and `moved` are those of the whole tier; `usual` is the share of the tier that moves, 0 to 1."""

    item: Item
    why: Why
    seen: int
    moved: int
    usual: float

    def in_words(self, tier: Tier) -> str:
        """Why this one."""
        if self.why is Why.CATALOGUE:
            return "not enough is measured yet, so it is the next of the catalogue"
        if self.why is Why.NEW:
            return f"new: {self.seen} {tier.label()} leads have met it, and it gets its chance"
        share = f"{self.moved} of {self.seen} {tier.label()} leads that met it moved up within 30 days"
        return f"{share}; of all contents, {self.usual:.0%}"


class Measured:
    """The results of one tier, as they look to one persona. The order of the results plays no part."""

    def __init__(self, results: Iterable[Result], tier: Tier, persona: str) -> None:
        self._seen: dict[str, int] = {}
        self._moved: dict[str, int] = {}
        self._here: dict[str, tuple[int, int]] = {}
        for result in results:
            if result.tier is not tier:
                continue
            self._seen[result.content] = self._seen.get(result.content, 0) + result.seen
            self._moved[result.content] = self._moved.get(result.content, 0) + result.moved
            if result.persona == persona:
                seen, moved = self._here.get(result.content, (0, 0))
                self._here[result.content] = (seen + result.seen, moved + result.moved)
        self.seen, moved = sum(self._seen.values()), sum(self._moved.values())
        # One lead of two, before anything is known: so the share is never 0, and never 1.
        self.usual = (moved + 1) / (self.seen + 2)
        here_seen, here_moved = (sum(numbers) for numbers in zip((0, 0), *self._here.values(), strict=True))
        self._usual_here = shrunk(here_moved, here_seen, self.usual)

    def of(self, content: str) -> tuple[int, int]:
        """How many of the tier met it, and how many of those moved."""
        return self._seen.get(content, 0), self._moved.get(content, 0)

    def worth(self, content: str) -> float:
        """The cautious estimate for this persona, 0 to 1."""
        seen, moved = self.of(content)
        # How much better or worse than usual it is in the whole tier, carried over to what is usual for the persona.
        expected = min(self._usual_here * shrunk(moved, seen, self.usual) / self.usual, 0.99)
        here_seen, here_moved = self._here.get(content, (0, 0))
        return cautious(shrunk(here_moved, here_seen, expected), seen + STRENGTH)


def shrunk(moved: int, seen: int, expected: float) -> float:
    """The mean of the Beta distribution: what was seen, drawn towards what was expected."""
    return (moved + STRENGTH * expected) / (seen + STRENGTH)


def cautious(rate: float, weight: float) -> float:
    """The lower end of Wilson's interval round a rate that `weight` meetings stand behind."""
    square = CAUTION * CAUTION
    spread = CAUTION * sqrt(rate * (1 - rate) / weight + square / (4 * weight * weight))
    return (rate + square / (2 * weight) - spread) / (1 + square / weight)


def choose_content(
    reader: Reader, catalogue: Sequence[Item], results: Iterable[Result], first: Collection[str] = ()
) -> Choice | None:
    """What to recommend, never anything used; None if nothing is left. `first`: keys that go before the others."""
    left = [item for item in catalogue if item.key not in reader.used]
    left = [item for item in left if item.key in first] or left
    if not left:
        return None
    measured = Measured(results, reader.tier, reader.persona)
    item, why = _chosen(reader, left, measured)
    return Choice(item, why, *measured.of(item.key), usual=measured.usual)


def best_content(catalogue: Sequence[Item], results: Iterable[Result], tier: Tier) -> Choice | None:
    """What moves the leads of a tier most, whoever they are; None if not enough is measured."""
    measured = Measured(results, tier, "")
    if measured.seen < ENOUGH or not catalogue:
        return None
    item = max(catalogue, key=lambda item: measured.worth(item.key))
    return Choice(item, Why.MEASURED, *measured.of(item.key), usual=measured.usual)


def _chosen(reader: Reader, left: Sequence[Item], measured: Measured) -> tuple[Item, Why]:
    if measured.seen < ENOUGH:
        return left[0], Why.CATALOGUE
    new = [item for item in left if measured.of(item.key)[0] < NEW]
    if new and _explores(reader):
        return min(new, key=lambda item: measured.of(item.key)[0]), Why.NEW
    # Of equals the first of the catalogue.
    return max(left, key=lambda item: measured.worth(item.key)), Why.MEASURED


def _explores(reader: Reader) -> bool:
    """Whether this recommendation is one of the share for new contents: a draw that falls the same way every time."""
    return zlib.crc32(f"{reader.lead_id}.{reader.turn}".encode()) % 100 < EXPLORING
