"""Markov chains of journeys: what is lost without a channel, by solving linear equations."""

from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import splu

from domain.rules.attribution import Path
from domain.science.journeys import Floats, Ints, Touches, named, touches_of

START = 0


def removal_effects(paths: Sequence[Path], order: int, *, repeats: bool) -> dict[str, float]:
    """`fit_markov` of `domain/attributing.py` says what they are."""
    if not paths:
        return {}
    touches = touches_of(paths)
    won = np.fromiter(map(attrgetter("won"), paths), np.float64, len(paths))
    lost = np.fromiter(map(attrgetter("lost"), paths), np.float64, len(paths))
    if not repeats:
        touches = _without_repeats(touches)
    states, newest = _states(touches, order)
    size, last = len(newest), states[touches.last]
    came_from = np.concatenate(([START], states[:-1]))
    came_from[touches.first] = START
    steps = sparse.coo_array((touches.spread(won + lost), (came_from, states)), shape=(size, size)).tocsr()
    left = steps.sum(axis=1) + np.bincount(last, won + lost, size)
    onward = sparse.diags_array(1 / left) @ steps
    return named(
        touches.channels, _lost_without(onward, np.bincount(last, won, size) / left, newest, len(touches.channels))
    )


def removal_effects_of(transitions: Mapping[tuple[str, str], float], start: str, won: str) -> dict[str, float]:
    """`domain/attributing.py` says what it is."""
    names = [start, *sorted({came_from for came_from, _ in transitions} - {start})]
    place = {name: number for number, name in enumerate(names)}
    size, wins = len(names), np.zeros(len(names))
    onward = sparse.dok_array((size, size))
    for (came_from, to), probability in transitions.items():
        if to == won:
            wins[place[came_from]] = probability
        elif to in place:
            onward[place[came_from], place[to]] = probability
    return named(names[1:], _lost_without(onward, wins, np.arange(size) - 1, size - 1))


def _without_repeats(touches: Touches) -> Touches:
    kept = np.ones(len(touches.codes), bool)
    kept[1:] = touches.codes[1:] != touches.codes[:-1]
    kept[touches.first] = True
    return Touches(touches.channels, touches.codes[kept], np.add.reduceat(kept, touches.first, dtype=np.int64))


def _states(touches: Touches, order: int) -> tuple[Ints, Ints]:
    """Of each touch the number of its state, from 1: the last `order` touches. And of each state the channel of the newest; of START -1."""
    base = len(touches.channels) + 1
    place = np.arange(len(touches.codes)) - touches.spread(touches.first)
    keys = touches.codes + 1
    for back in range(1, order):
        # No touch before is a 0, so that a journey that begins and one that goes on are two states.
        earlier = np.where(place >= back, np.roll(touches.codes, back) + 1, 0)
        keys = keys + earlier * base**back
    found, states = np.unique(keys, return_inverse=True)
    return states + 1, np.concatenate(([-1], found % base - 1))


def _lost_without(onward: Any, wins: Floats, newest: Ints, channels: int) -> Floats:
    """Per channel, the part of what is won from START that is not, if its states lead to nothing.

    A state that remembers a channel, but not as the newest, is only reached by one that has it as the newest: these are enough.
    """
    equations = (sparse.eye_array(len(wins)) - onward).tocsc()
    everything = np.ones(len(wins), bool)
    won = _won(equations, wins, everything)
    if not won:
        return np.zeros(channels)
    return np.array([1 - _won(equations, wins, newest != channel) / won for channel in range(channels)]).clip(0)


def _won(equations: Any, wins: Floats, kept: NDArray[np.bool_]) -> float:
    """The probability to be won from START, if all states that are not kept lead to nothing."""
    there = np.flatnonzero(kept)
    try:
        return float(splu(equations[there][:, there]).solve(wins[there])[START])
    except RuntimeError as singular:
        raise ValueError("a state never comes to an end") from singular
