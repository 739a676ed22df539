"""The bands of a number: where a model's rules part it already, and where its values part into like many leads."""

import itertools
import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from domain.rules.facts import Value
from domain.rules.learning import LEARNT_PREFIX
from domain.rules.scoring import Model, Rule
from domain.rules.value_tests import is_number

PARTS = 10
"""A number is parted into so many at most, besides where rules part it."""

MOST_DIGITS = 6
"""After the point: a number between two bands that is finer than any that was seen lies in none."""


@dataclass(frozen=True, slots=True)
class Band:
    """From `low`, included, to `high`, excluded; within the file the end is `last`, included."""

    attribute: str
    low: float | None  # None: the lowest band
    high: float | None  # None: the highest
    last: float | None
    given: float  # the points that the rules in force bring here
    begins_rule: bool  # a rule in force begins or ends where this band begins
    replaces: tuple[str, ...]  # the rules of the attribute that all its bands together stand for

    def holds(self, attributes: Mapping[str, Value]) -> bool:
        value = attributes.get(self.attribute)
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        return (self.low is None or value >= self.low) and (self.high is None or value < self.high)


def bands_of(name: str, base: Model, known: Sequence[Mapping[str, Value]], fewest: int) -> tuple[Band, ...]:
    """Empty if it is no number, or the same for nearly all."""
    values = sorted(float(value) for each in known if is_number(value := each.get(name)))  # type: ignore[arg-type]  # a number, as asked
    if len(values) < 2 * fewest:
        return ()
    ranges = [(rule, *bounds) for rule in base.rules if (bounds := bounds_of(rule, name)) is not None]
    borders = [edge for _, low, high in ranges for edge in (low, _above(values, high))]
    given = {edge for edge in borders if edge is not None and values[0] < edge <= values[-1]}
    edges = _edges(values, sorted(given), fewest)
    if not edges:
        return ()
    # Rules of other numbers than were seen stay as they are.
    lows = [None, *edges]
    met = [one for one in ranges if any(_within(values, low, *one[1:]) for low in lows)] if _apart(ranges) else []
    return tuple(
        Band(
            name,
            low,
            high,
            None if high is None else _last(values, high, ranges),
            sum(rule.points for rule, *ends in met if _within(values, low, *ends)),
            low in given,
            tuple(rule.id for rule, *_ in met),
        )
        for low, high in zip(lows, [*edges, None], strict=True)
    )


def bounds_of(rule: Rule, name: str) -> tuple[float | None, float | None] | None:
    """The range that a rule asks of this one number, and of nothing else; None if it is another rule."""
    if rule.when.touch is not None or len(rule.when.parts) != 1 or rule.disqualify or rule.id.startswith(LEARNT_PREFIX):
        return None
    part = rule.when.parts[0]
    tests = {test.how: test.values[0] for test in part.tests}
    if part.name != name or not tests or not tests.keys() <= {"at_least", "at_most"}:
        return None
    low, high = tests.get("at_least"), tests.get("at_most")
    return None if low is None else float(low), None if high is None else float(high)


def _apart(ranges: Sequence[tuple[Rule, float | None, float | None]]) -> bool:
    """Whether no two rules hold of one number: then each band has the points of one rule, and may take its place."""
    ordered = sorted((-math.inf if low is None else low, math.inf if high is None else high) for _, low, high in ranges)
    return all(high < low for (_, high), (low, _) in itertools.pairwise(ordered))


def _above(values: Sequence[float], high: float | None) -> float | None:
    """Where what follows a rule's range begins, among the values that were seen."""
    if high is None:
        return None
    after = bisect_right(values, high)
    return values[after] if after < len(values) else None


def _edges(values: Sequence[float], given: Sequence[float], fewest: int) -> list[float]:
    """The begins of all bands but the lowest. Those of rules stay; between them, what keeps `fewest` leads in each band."""
    # Lower quantiles are values that were seen: an edge never lies where no rule could be told from another.
    seen = np.quantile(np.array(values), [part / PARTS for part in range(1, PARTS)], method="higher")
    edges = sorted(given)
    for edge in sorted({float(one) for one in seen if one > values[0]}):
        place = bisect_right(edges, edge)
        low = edges[place - 1] if place else -math.inf
        high = edges[place] if place < len(edges) else math.inf
        counts = [_count(values, low, edge), _count(values, edge, high)]
        if edge not in edges and min(counts) >= fewest:
            edges.insert(place, edge)
    return edges


def _count(values: Sequence[float], low: float, high: float) -> int:
    """How many lie from `low` on and below `high`."""
    array = np.array(values)
    return int(np.sum((array >= low) & (array < high)))


def _within(values: Sequence[float], low: float | None, start: float | None, end: float | None) -> bool:
    """Whether a band that begins at `low` lies within a rule's range; rules begin and end at bands' begins."""
    first = values[0] if low is None else low
    return (start is None or start <= first) and (end is None or first <= end)


def _last(values: Sequence[float], high: float, ranges: Sequence[tuple[Rule, float | None, float | None]]) -> float:
    """The end of a band as the file writes it: as a rule in force has it, else just below the next band."""
    for _, _, end in ranges:
        if end is not None and _above(values, end) == high:
            return end
    digits = next(
        (digits for digits in range(MOST_DIGITS) if all(round(one, digits) == one for one in values)), MOST_DIGITS
    )
    return round(high - 10.0**-digits, digits)
