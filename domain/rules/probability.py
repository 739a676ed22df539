"""The chance beside a score: which share of the leads with so many points became an SQL, or a customer.

It stands in the model's own file, measured beforehand, so that reading it needs a straight line and no library.
"""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from domain.rules.model_table import ModelError, Table, number_at

MOST_POINTS_OF_A_LINE = 101
"""One for each score there is."""


class Outcome(StrEnum):
    """What became of a lead that sales had."""

    SQL = "sql"
    WON = "won"

    @property
    def words(self) -> str:
        return {"sql": "become an SQL", "won": "are won"}[self.value]


class Direction(StrEnum):
    """What more of something may do to the points, if a model is learnt."""

    UP = "up"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class Chance:
    """`share`, within its 95% interval from `low` to `high`, of those with this score; each from 0 to 1."""

    share: float
    low: float
    high: float
    of: Outcome


class Point(NamedTuple):
    score: float
    share: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Probability:
    """Straight lines between points; beyond the first and the last it stays as it is there."""

    of: Outcome
    outcomes: int
    """On how many leads it was measured of which one knew what became."""
    at: tuple[Point, ...]

    def chance(self, total: float) -> Chance:
        after = bisect_right(self.at, total, key=lambda point: point.score)
        if after in {0, len(self.at)}:
            _, share, low, high = self.at[0 if after == 0 else -1]
            return Chance(share, low, high, self.of)
        left, right = self.at[after - 1], self.at[after]
        part = (total - left.score) / (right.score - left.score)
        low, share, high = (_between(a, b, part) for a, b in zip(_rising(left), _rising(right), strict=True))
        # Rounding may not put a share outside of its own interval.
        return Chance(share, min(low, share), max(high, share), self.of)


def _rising(point: Point) -> tuple[float, float, float]:
    return point.low, point.share, point.high


def _between(left: float, right: float, part: float) -> float:
    return min(max(left + (right - left) * part, min(left, right)), max(left, right))


def read_probability(table: Table) -> Probability | None:
    """None: the model has none. Raises ModelError."""
    if not table.data:
        return None
    table.only("of", "outcomes", "at")
    return Probability(_outcome(table), table.whole("outcomes", at_least=1, at_most=10**9), _line(table))


def _outcome(table: Table) -> Outcome:
    word = table.text("of")
    if word not in set(Outcome):
        raise table.wrong("of", f"must be one of {', '.join(Outcome)}")
    return Outcome(word)


def _line(table: Table) -> tuple[Point, ...]:
    given = table.some("at")
    if len(given) > MOST_POINTS_OF_A_LINE:
        raise table.wrong("at", f"must hold at most {MOST_POINTS_OF_A_LINE} points")
    points = [_point(f"{table.at('at')}[{place}]", one) for place, one in enumerate(given)]
    for place in range(1, len(points)):
        before, point, path = points[place - 1], points[place], f"{table.at('at')}[{place}]"
        if point.score <= before.score:
            raise ModelError(
                f"{path}[0]", point.score, f"must be a higher score than the one before ({before.score:g})"
            )
        if point.share < before.share:
            raise ModelError(f"{path}[1]", point.share, f"must not be less than at a lower score ({before.share:g})")
    return tuple(points)


def _point(path: str, given: object) -> Point:
    if not isinstance(given, list | tuple) or len(given) != len(Point._fields):
        raise ModelError(path, given, "must be a list of four numbers: score, chance, low, high")
    score, share, low, high = (number_at(f"{path}[{place}]", one) for place, one in enumerate(given))
    for place, (one, most) in enumerate(((score, 100), (share, 1), (low, 1), (high, 1))):
        if not 0 <= one <= most:
            raise ModelError(f"{path}[{place}]", one, f"must lie within 0 to {most}")
    if not low <= share <= high:
        raise ModelError(path, None, f"the chance ({share:g}) must lie within low and high ({low:g} to {high:g})")
    return Point(score, share, low, high)


def read_monotone(table: Table) -> Mapping[str, Direction]:
    """Which attributes may only raise, or only lower, the points of a learnt model. Raises ModelError."""
    table.only("monotone")
    said = table.table("monotone")
    for name in said.data:
        if said.text(name) not in set(Direction):
            raise said.wrong(name, f"must be one of {', '.join(Direction)}")
    return {name: Direction(said.text(name)) for name in said.data}
