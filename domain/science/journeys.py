"""Journeys as arrays, and the heuristics summed over them."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from domain.rules.attribution import U_POSITIONS, AttributionModel, Path

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


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
    channels = tuple(sorted(set(chain.from_iterable(path.channels for path in paths))))
    place = {channel: code for code, channel in enumerate(channels)}
    lengths = np.fromiter((len(path.channels) for path in paths), np.int64, len(paths))
    after = np.cumsum(lengths)
    flat = chain.from_iterable(path.channels for path in paths)
    codes = np.fromiter(map(place.__getitem__, flat), np.int64, int(lengths.sum()))
    return Touches(channels, codes, np.repeat(np.arange(len(paths)), lengths), after - lengths, after - 1, lengths)


def totals(model: AttributionModel, paths: Sequence[Path]) -> dict[str, float]:
    touches = touches_of(paths)
    value = np.fromiter((path.value for path in paths), np.float64, len(paths))
    match model:
        case AttributionModel.FIRST:
            return _summed(touches, touches.codes[touches.first], value)
        case AttributionModel.LAST:
            return _summed(touches, touches.codes[touches.last], value)
        case AttributionModel.LINEAR:
            return _summed(touches, touches.codes, (value / touches.lengths)[touches.path])
        case AttributionModel.U_SHAPED:
            weights = _u_shaped(touches)
            return _summed(touches, touches.codes, weights * value[touches.path])
        case _:
            raise ValueError(f"{model.words} asks for more than the order of the touches")


def _u_shaped(touches: Touches) -> Floats:
    """As `shares` says it of one journey."""
    ends, others = U_POSITIONS
    weights = np.zeros(len(touches.codes))
    weights[touches.first] += ends
    weights[touches.last] += ends
    middle = weights == 0
    weights[middle] = (others / np.maximum(touches.lengths - 2, 1))[touches.path[middle]]
    whole = np.where(touches.lengths > 2, 2 * ends + others, 2 * ends)
    return weights / whole[touches.path]


def _summed(touches: Touches, codes: Ints, values: Floats) -> dict[str, float]:
    return named(touches.channels, np.bincount(codes, values, len(touches.channels)).astype(np.float64))


def named(channels: Sequence[str], values: Floats) -> dict[str, float]:
    return dict(zip(channels, values.tolist(), strict=True))
