"""Attribution learnt from many journeys, and the heuristics summed over them. What counts is in `domain/science/`, for jobs only."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from domain.rules.attribution import AttributionModel, Path, Worth
from kit import heavy


@dataclass(frozen=True)
class Fit:
    """What the journeys say of each channel."""

    effects: Mapping[str, float]
    """Per channel, none below 0: `shares` shares in proportion to them. Markov: removal effects, 0 to 1. Shapley: parts of the credit."""
    credits: Mapping[str, float]
    """Value per channel; they sum to the value of the journeys."""
    journeys: int
    won: int
    order: int
    """Of the chain; 0: Shapley has none."""


def fit_markov(paths: Sequence[Path], *, order: int = 1, repeats: bool = True) -> Fit:
    """The removal effect of each channel in the chain of the journeys, exactly (by linear equations), and the value shared by it.

    The next touch, or the end, depends on the last `order` touches (1 to 3), at the start of a journey on those that there are. The
    removal effect of a channel is the part of the deals that would not have been won if every journey ended in nothing where it comes to
    that channel; that is, of those that are won in the chain, how many came by it. Journeys that were lost count; those without a touch
    do not. The credits are the whole value in proportion to the effects.

    `repeats`: a channel touched again right away is a step of its own. Without, it is none, which is the same at order 1.
    Raises ValueError for another order.
    """
    if order not in (1, 2, 3):
        raise ValueError(f"a chain remembers 1, 2 or 3 touches, not {order}")
    touched = _touched(paths)
    effects: dict[str, float] = heavy.load("domain.science.chains").removal_effects(touched, order, repeats=repeats)
    value, whole = sum(path.value for path in touched), sum(effects.values())
    credited = {channel: value * (effect / whole if whole else 1 / len(effects)) for channel, effect in effects.items()}
    return _fit(touched, effects, credited, order)


def fit_shapley(paths: Sequence[Path], *, worth: Worth = Worth.VALUE) -> Fit:
    """The Shapley value of each channel, exactly by its definition, for any number of channels; it does not see the order of touches.

    VALUE: one game of all channels, in which a coalition is worth the value of the journeys that touched no other channel. Of that game
    the Shapley value has a closed form: the value of each journey goes evenly to the distinct channels in it. Lost journeys change nothing.

    RATE: one game for each set of channels that a won journey touched, among these channels, in which a coalition is worth the part won
    of the journeys that touched exactly its channels (0 if there are none); the value of the set's journeys goes in proportion. So lost
    journeys count. As adding a channel may make the rate fall, a credit may be below 0; its effect is 0 then. (This is what the
    package marketing-attribution-models computes by `conv_rate`, if its `max_size` cuts no set short.)
    """
    touched = _touched(paths)
    credited: dict[str, float] = heavy.load("domain.science.coalitions").shapley_values(touched, worth)
    whole = sum(value for value in credited.values() if value > 0)
    effects = {channel: max(value, 0.0) / whole if whole else 0.0 for channel, value in credited.items()}
    return _fit(touched, effects, credited, 0)


def totals(model: AttributionModel, paths: Sequence[Path]) -> dict[str, float]:
    """The value per channel by first touch, last touch, linear or U-shaped, which need no times.

    As `shares` for each journey, summed. Raises ValueError for another model.
    """
    credited: dict[str, float] = heavy.load("domain.science.journeys").totals(model, _touched(paths))
    return credited


def removal_effects_of(transitions: Mapping[tuple[str, str], float], *, start: str, won: str) -> dict[str, float]:
    """Of a chain given by the probability of each step: the removal effect of each state but `start` and the ends.

    An end is a state from which no step leads on. What the steps from a state lack of 1 ends in nothing. Raises ValueError if
    a state can never come to an end.
    """
    effects: dict[str, float] = heavy.load("domain.science.chains").removal_effects_of(transitions, start, won)
    return effects


def _touched(paths: Iterable[Path]) -> list[Path]:
    """Nobody can be credited for a journey without a touch, and a path that no journey took says nothing."""
    return [path for path in paths if path.channels and path.won + path.lost]


def _fit(paths: Sequence[Path], effects: Mapping[str, float], credited: Mapping[str, float], order: int) -> Fit:
    won = sum(path.won for path in paths)
    return Fit(effects, credited, journeys=won + sum(path.lost for path in paths), won=won, order=order)
