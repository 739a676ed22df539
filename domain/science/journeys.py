"""Journeys as arrays, and the heuristics summed over them."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from operator import attrgetter
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from domain.rules.attribution import U_POSITIONS, AttributionModel, Path

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Number = TypeVar("Number", np.int64, np.float64)

_CHANNELS, _VALUE = attrgetter("channels"), attrgetter("value")


@dataclass(frozen=True)
class Touches:
    """All touches of some journeys one after the other."""

    channels: tuple[str, ...]
    codes: Ints
    """Of each touch, the place of its channel in `channels`."""
    lengths: Ints
    """Of each path, how many touches it has: one at least."""

    @property
    def first(self) -> Ints:
        """Of each path, the place of its first touch."""
        return np.cumsum(self.lengths) - self.lengths

    @property
    def last(self) -> Ints:
        return np.cumsum(self.lengths) - 1

    def spread(self, of_paths: NDArray[Number]) -> NDArray[Number]:
        """What is said of each path, said of each of its touches."""
        return np.repeat(of_paths, self.lengths)


def touches_of(paths: Sequence[Path]) -> Touches:
    """Of paths that have touches."""
    lengths = np.fromiter(map(len, map(_CHANNELS, paths)), np.int64, len(paths))
    # In one pass: a channel that is met for the first time takes the next place.
    met: defaultdict[str, int] = defaultdict()
    met.default_factory = met.__len__
    flat = chain.from_iterable(map(_CHANNELS, paths))
    codes = np.fromiter(map(met.__getitem__, flat), np.int64, int(lengths.sum()))
    channels = tuple(sorted(met))
    place = {channel: code for code, channel in enumerate(channels)}
    sorted_place = np.array([place[channel] for channel in met], np.int64)
    return Touches(channels, sorted_place[codes], lengths)


def totals(model: AttributionModel, paths: Sequence[Path]) -> dict[str, float]:
    """Every channel has its sum, 0 if it got nothing."""
    match model:
        case AttributionModel.FIRST:
            return _of_one_touch(paths, 0)
        case AttributionModel.LAST:
            return _of_one_touch(paths, -1)
        case AttributionModel.LINEAR:
            touches = touches_of(paths)
            credited = touches.spread(_values(paths) / touches.lengths)
        case AttributionModel.U_SHAPED:
            touches = touches_of(paths)
            credited = touches.spread(_values(paths)) * _u_shaped(touches)
        case _:
            raise ValueError(f"{model.words} asks for more than the order of the touches")
    sums = np.bincount(touches.codes, credited, len(touches.channels))
    return named(touches.channels, sums.astype(np.float64))


def _values(paths: Sequence[Path]) -> Floats:
    return np.fromiter(map(_VALUE, paths), np.float64, len(paths))


def _of_one_touch(paths: Sequence[Path], place: int) -> dict[str, float]:
    sums = dict.fromkeys(_channels(paths), 0.0)
    for path in paths:
        sums[path.channels[place]] += path.value
    return sums


def _channels(paths: Sequence[Path]) -> tuple[str, ...]:
    return tuple(sorted(set(chain.from_iterable(map(_CHANNELS, paths)))))


def _u_shaped(touches: Touches) -> Floats:
    """As `shares` says it of one journey."""
    ends, others = U_POSITIONS
    weights = np.zeros(len(touches.codes))
    weights[touches.first] += ends
    weights[touches.last] += ends
    middle = weights == 0
    weights[middle] = touches.spread(others / np.maximum(touches.lengths - 2, 1))[middle]
    whole = np.where(touches.lengths > 2, 2 * ends + others, 2 * ends)
    shares: Floats = weights / touches.spread(whole)
    return shares


def named(channels: Sequence[str], values: Floats) -> dict[str, float]:
    return dict(zip(channels, values.tolist(), strict=True))
