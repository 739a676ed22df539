"""Journeys as arrays, and the heuristics summed over them."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from operator import attrgetter

import numpy as np
from numpy.typing import NDArray

from domain.rules.attribution import U_POSITIONS, AttributionModel, Path

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_CHANNELS, _VALUE = attrgetter("channels"), attrgetter("value")


@dataclass(frozen=True)
class Touches:
    """All touches of some journeys one after the other."""

    channels: tuple[str, ...]
    codes: Ints
    """Of each touch, the place of its channel in `channels`."""
    path: Ints
    """Of each touch, the number of its path."""
    first: Ints
    """Of each path, the place of its first touch."""
    last: Ints
    lengths: Ints


def touches_of(paths: Sequence[Path]) -> Touches:
    """Of paths that have touches."""
    channels = _channels(paths)
    place = {channel: code for code, channel in enumerate(channels)}
    lengths = np.fromiter(map(len, map(_CHANNELS, paths)), np.int64, len(paths))
    after = np.cumsum(lengths)
    flat = chain.from_iterable(map(_CHANNELS, paths))
    codes = np.fromiter(map(place.__getitem__, flat), np.int64, int(lengths.sum()))
    return Touches(channels, codes, np.repeat(np.arange(len(paths)), lengths), after - lengths, after - 1, lengths)


def totals(model: AttributionModel, paths: Sequence[Path]) -> dict[str, float]:
    """Every channel has its sum, 0 if it got nothing."""
    match model:
        case AttributionModel.FIRST:
            return _of_one_touch(paths, 0)
        case AttributionModel.LAST:
            return _of_one_touch(paths, -1)
        case AttributionModel.LINEAR:
            touches = touches_of(paths)
            weights = np.repeat(1 / touches.lengths, touches.lengths)
        case AttributionModel.U_SHAPED:
            touches = touches_of(paths)
            weights = _u_shaped(touches)
        case _:
            raise ValueError(f"{model.words} asks for more than the order of the touches")
    value = np.fromiter(map(_VALUE, paths), np.float64, len(paths))
    sums = np.bincount(touches.codes, weights * np.repeat(value, touches.lengths), len(touches.channels))
    return named(touches.channels, sums.astype(np.float64))


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
    weights[middle] = (others / np.maximum(touches.lengths - 2, 1))[touches.path[middle]]
    whole = np.where(touches.lengths > 2, 2 * ends + others, 2 * ends)
    shares: Floats = weights / np.repeat(whole, touches.lengths)
    return shares


def named(channels: Sequence[str], values: Floats) -> dict[str, float]:
    return dict(zip(channels, values.tolist(), strict=True))
