"""Shapley values of channels: exact, over the coalitions that journeys have made, as every other is worth nothing by itself."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import comb

import numpy as np
from numpy.typing import NDArray

from domain.rules.attribution import Path, Worth
from domain.science.journeys import Floats, named

Coalition = frozenset[str]


@dataclass(slots=True)
class Made:
    """What the journeys of exactly these channels came to."""

    value: float = 0.0
    won: int = 0
    journeys: int = 0

    @property
    def rate(self) -> float:
        return self.won / self.journeys


def shapley_values(paths: Sequence[Path], worth: Worth) -> dict[str, float]:
    """`fit_shapley` of `domain/attributing.py` says what they are. They sum to the value of the paths."""
    made = _made(paths)
    credited = dict.fromkeys(sorted(set[str]().union(*made)), 0.0)
    shared = _by_rate({coalition: one for coalition, one in made.items() if one.won}) if worth == Worth.RATE else {}
    for coalition, one in made.items():
        evenly = one.value / len(coalition)
        for channel in coalition:
            credited[channel] += shared[coalition][channel] if coalition in shared else evenly
    return credited


def _made(paths: Sequence[Path]) -> Mapping[Coalition, Made]:
    made = defaultdict[Coalition, Made](Made)
    for path in paths:
        one = made[frozenset(path.channels)]
        one.value += path.value
        one.won += path.won
        one.journeys += path.won + path.lost
    return made


def _by_rate(made: Mapping[Coalition, Made]) -> dict[Coalition, dict[str, float]]:
    """Of each coalition, its value among its channels by the game in which a coalition is worth its rate."""
    channels = sorted(set[str]().union(*made))
    members = np.array([[channel in coalition for channel in channels] for coalition in made])
    rates = np.fromiter((one.rate for one in made.values()), np.float64, len(made))
    shared = {}
    for (coalition, one), inside in zip(made.items(), members, strict=True):
        within = ~members[:, ~inside].any(axis=1)
        values = shapley(members[np.ix_(within, inside)], rates[within])
        shared[coalition] = named(sorted(coalition), values * one.value / one.rate)
    return shared


def shapley(members: NDArray[np.bool_], worth: Floats) -> Floats:
    """Of a game of the players in the columns. A row says who is in a coalition; one that has no row is worth nothing.

    What a player adds, as the mean over all orders in which they may come. Of n players, a coalition of t counts 1 / (t C(n, t)) of its
    worth for each one in it, and 1 / ((n - t) C(n, t)) against each other one.
    """
    players, sizes = members.shape[1], members.sum(axis=1).tolist()
    gained = worth * [1 / (size * comb(players, size)) for size in sizes]
    missed = worth * [1 / ((players - size) * comb(players, size)) if size < players else 0.0 for size in sizes]
    values: Floats = members.T @ (gained + missed) - missed.sum()
    return values
