"""How the value of a deal is shared among the touches that led to it. Every model's shares sum to one."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple


class AttributionModel(StrEnum):
    """A way to share. The last two are learnt from the journeys of many leads, those that led to nothing included."""

    FIRST = "first"
    LAST = "last"
    LINEAR = "linear"
    U_SHAPED = "u_shaped"
    W_SHAPED = "w_shaped"
    FULL_PATH = "full_path"
    TIME_DECAY = "time_decay"
    MARKOV = "markov"
    SHAPLEY = "shapley"

    @property
    def words(self) -> str:
        return {
            "first": "First touch",
            "last": "Last touch",
            "linear": "Linear",
            "u_shaped": "U-shaped",
            "w_shaped": "W-shaped",
            "full_path": "Full path",
            "time_decay": "Time decay",
            "markov": "Markov",
            "shapley": "Shapley",
        }[self]


LEARNT = frozenset({AttributionModel.MARKOV, AttributionModel.SHAPLEY})
"""These ask for a fit to many journeys."""


class Worth(StrEnum):
    """What a coalition of channels is worth to Shapley (its characteristic function)."""

    VALUE = "value"
    """The value of the journeys that needed no channel but these. Journeys that were lost play no part."""
    RATE = "rate"
    """The part that was won of the journeys of exactly these channels, so that those that were lost count."""


@dataclass(frozen=True, slots=True)
class Touchpoint:
    """One touch on the way to a deal, as attribution sees it."""

    channel: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Marks:
    """What happened on the way; None: it is not known when, or did not happen."""

    created: datetime | None = None
    """The lead was captured."""
    opened: datetime | None = None
    """The opportunity was opened."""


class Path(NamedTuple):
    """One distinct order of channels, and how the journeys that took it ended."""

    channels: tuple[str, ...]
    won: int
    value: float
    """Of all that were won, together."""
    lost: int
    """Journeys that ended without a deal (null journeys)."""


UNMARKED = Marks()

# What each position weighs, and what all touches that hold none weigh together.
U_POSITIONS = (0.4, 0.2)
_ALL, _W, _FULL_PATH = (1.0, 0.0), (0.3, 0.1), (0.225, 0.1)


def shares(
    model: AttributionModel,
    touches: Sequence[Touchpoint],
    *,
    half_life: timedelta,
    closed_at: datetime,
    marks: Marks = UNMARKED,
    effects: Mapping[str, float] | None = None,
) -> list[float]:
    """The part of each touch, none below 0, together 1; empty without touches. The touches come in order of time.

    First touch, last touch, linear: the whole to the first, to the last, evenly to all.

    U-shaped: 40 % to the first, 40 % to the last, 20 % evenly to the others.
    W-shaped: 30 % each to the first touch, to the one that was newest when the lead was created, and to the one that was newest when
    the opportunity was opened; 10 % evenly to the others.
    Full path: 22.5 % each to these three and to the newest at closing; 10 % evenly to the others.
    In these three a touch that holds several positions gets the sum of them; if no touch is left over, or the time of a mark is not
    known, the parts that are held grow in proportion (so U-shaped gives two touches a half each). If the lead was created or the
    opportunity opened before any touch, the first one holds the position.

    Time decay: 2^(-age / half_life), the age counted back from closing; a touch after it has the age 0.

    Markov, Shapley: in proportion to `effects`, what the fit found of each channel. Several touches of a channel share its part evenly;
    a channel that the fit has not seen weighs as much as the mean of those that it has; if nothing of it weighs anything: linear.

    Raises ValueError for a half-life that is not above 0, and for a learnt model without `effects`.
    """
    if not touches:
        return []
    at = [touch.at for touch in touches]
    match model:
        case AttributionModel.FIRST:
            weights = _positions(at, [0], _ALL)
        case AttributionModel.LAST:
            weights = _positions(at, [-1], _ALL)
        case AttributionModel.LINEAR:
            weights = [1.0] * len(at)
        case AttributionModel.U_SHAPED:
            weights = _positions(at, [0, len(at) - 1], U_POSITIONS)
        case AttributionModel.W_SHAPED:
            weights = _positions(at, _newest_at(at, marks.created, marks.opened), _W)
        case AttributionModel.FULL_PATH:
            weights = _positions(at, _newest_at(at, marks.created, marks.opened, closed_at), _FULL_PATH)
        case AttributionModel.TIME_DECAY:
            weights = _decayed(at, half_life, closed_at)
        case AttributionModel.MARKOV | AttributionModel.SHAPLEY:
            weights = _learnt([touch.channel for touch in touches], effects)
    whole = sum(weights)
    return [weight / whole for weight in weights]


def _newest_at(at: Sequence[datetime], *marks: datetime | None) -> list[int]:
    """The first touch, and for each mark that is known the newest touch that is not younger."""
    return [0, *(max(0, bisect_right(at, mark) - 1) for mark in marks if mark is not None)]


def _positions(at: Sequence[datetime], held: Sequence[int], weigh: tuple[float, float]) -> list[float]:
    """What a touch weighs by the positions that it holds; those that hold none share theirs evenly."""
    each, others = weigh
    weights = [0.0] * len(at)
    for position in held:
        weights[position] += each
    left = [position for position, weight in enumerate(weights) if not weight]
    for position in left:
        weights[position] = others / len(left)
    return weights


def _decayed(at: Sequence[datetime], half_life: timedelta, closed_at: datetime) -> list[float]:
    if half_life <= timedelta(0):
        raise ValueError(f"a half-life must be above 0, not {half_life}")
    ages = [max(closed_at - one, timedelta(0)) / half_life for one in at]
    newest = min(ages)  # which weighs 1: a journey long ago must not vanish in rounding
    return [2.0 ** (newest - age) for age in ages]


def _learnt(channels: Sequence[str], effects: Mapping[str, float] | None) -> list[float]:
    if effects is None:
        raise ValueError("Markov and Shapley share by what was learnt: give the effects of a fit")
    known = {channel: max(effect, 0.0) for channel, effect in effects.items()}
    unknown = sum(known.values()) / len(known) if known else 0.0
    times = Counter(channels)
    weights = [known.get(channel, unknown) / times[channel] for channel in channels]
    return weights if sum(weights) > 0 else [1.0] * len(channels)


_FINE = 1 << 53
"""Of a share that is no decimal number: as many steps as a float has between 1 and 2."""


def split(value: int, parts: Sequence[float]) -> list[int]:
    """Whole minor units in proportion to `parts`, which sum exactly to `value` (largest remainder; of equal ones the first).

    A value below 0 is split as its opposite. Empty for no parts. Raises ValueError if they are all 0.
    """
    if value < 0:
        return [-unit for unit in split(-value, parts)]
    # In whole numbers, so that no rounding can make or lose a cent.
    fine = [round(part * _FINE) for part in parts]
    whole = sum(fine)
    if parts and whole <= 0:
        raise ValueError("there is nobody to give it to: all shares are 0")
    units = [value * part // whole for part in fine]
    by_remainder = sorted(range(len(fine)), key=lambda one: value * fine[one] % whole, reverse=True)
    for one in by_remainder[: value - sum(units)]:
        units[one] += 1
    return units
