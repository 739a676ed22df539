"""From a score to a chance: a curve of two numbers (Platt), a rising staircase (isotonic) or what lies between, whichever did
best on later leads.
"""

import itertools
import math
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from scipy.optimize import isotonic_regression, minimize
from scipy.special import expit, logit

Vector: TypeAlias = npt.NDArray[np.float64]

PSEUDO = 4.0
"""So many leads of the usual kind stand in each tread of the staircase besides: none is sure to win or to lose."""
SHIFT_DEVIATION = 0.3
"""In logits: how far the rate of the last leads is believed to move away from the years before, until they are many."""
SLOPE_DEVIATION = 0.3
"""How far the slope of chances is believed to be from true, until the leads are many."""
WAYS = ("platt", "isotonic", "between")
RESAMPLES = 200
SEED = 20261123
STEP = 5
"""A curve is written at every fifth point."""
LEAST, MOST = 0.001, 0.999


@dataclass(frozen=True, slots=True)
class Curve:
    """Straight lines, in logits, between knots."""

    scores: Vector
    logits: Vector

    def chance(self, scores: Vector) -> Vector:
        return np.asarray(expit(np.interp(scores, self.scores, self.logits)), dtype=np.float64)

    def shifted(self, by: float) -> "Curve":
        return Curve(self.scores, self.logits + by)


def platt(scores: Vector, outcomes: Vector, slope: float) -> Curve:
    """`slope` in logits for a point: where it is held until the outcomes say otherwise. Never falls."""
    told, which = np.unique(scores, return_inverse=True)
    leads, hits = np.bincount(which), np.bincount(which, weights=outcomes)
    steps = slope * (told - np.mean(scores))

    def loss(theta: Vector) -> tuple[float, Vector]:
        logits = theta[0] + theta[1] * steps
        value = np.sum(leads * np.logaddexp(0.0, logits) - hits * logits) + 2.0 * (theta[1] - 1.0) ** 2
        wrong = leads * expit(logits) - hits
        return float(value), np.array([np.sum(wrong), wrong @ steps + 4.0 * (theta[1] - 1.0)])

    begin = np.array([logit(smoothed(outcomes)), 1.0])
    level, steep = minimize(loss, begin, jac=True, method="L-BFGS-B", bounds=[(None, None), (0.0, None)]).x
    knots = np.arange(0.0, 101.0, STEP)
    return _curve(knots, expit(level + steep * slope * (knots - np.mean(scores))))


def staircase(scores: Vector, outcomes: Vector) -> Curve:
    """Each tread stands at the mean of its scores."""
    order = np.argsort(scores, kind="stable")
    ordered, known, base = scores[order], outcomes[order], smoothed(outcomes)
    # Leads of one score have one chance.
    _, first, counts = np.unique(ordered, return_index=True, return_counts=True)
    means = np.add.reduceat(known, first) / counts
    treads = isotonic_regression(means, weights=counts).blocks
    knots, chances = [], []
    for start, stop in itertools.pairwise(treads):
        part = slice(first[start], first[stop] if stop < len(first) else len(ordered))
        knots.append(float(np.mean(ordered[part])))
        chances.append((float(np.sum(known[part])) + PSEUDO * base) / (len(known[part]) + PSEUDO))
    return _curve(np.array(knots), np.maximum.accumulate(np.array(chances)))


def _curve(knots: Vector, chances: Vector) -> Curve:
    return Curve(knots, logits_of(chances))


def smoothed(outcomes: Vector) -> float:
    """The share, with a lead of each kind besides."""
    return float((np.sum(outcomes) + 1.0) / (len(outcomes) + 2.0))


def logits_of(chances: Vector) -> Vector:
    return np.asarray(logit(np.clip(chances, LEAST, MOST)), dtype=np.float64)


def shift(logits: Vector, outcomes: Vector) -> float:
    """By how many logits the last leads lie above what they were given, held near 0 while they are few."""

    def loss(theta: Vector) -> tuple[float, Vector]:
        moved = logits + theta[0]
        held = theta[0] / SHIFT_DEVIATION**2
        value = np.sum(np.logaddexp(0.0, moved) - outcomes * moved) + 0.5 * theta[0] * held
        return float(value), np.array([np.sum(expit(moved) - outcomes) + held])

    return float(minimize(loss, np.zeros(1), jac=True, method="L-BFGS-B").x[0])


def between(scores: Vector, outcomes: Vector, slope: float) -> Curve:
    """Half way, in logits, between the two: where the staircase is rough the curve smooths it, where the curve is stiff it bends."""
    one, other = platt(scores, outcomes, slope), staircase(scores, outcomes)
    knots = np.union1d(one.scores, np.round(other.scores))
    return Curve(knots, (logits_of(one.chance(knots)) + logits_of(other.chance(knots))) / 2)


def curve_of(way: str, scores: Vector, outcomes: Vector, slope: float) -> Curve:
    match way:
        case "platt":
            return platt(scores, outcomes, slope)
        case "isotonic":
            return staircase(scores, outcomes)
    return between(scores, outcomes, slope)


def steadied(curve: Curve, by: tuple[float, float]) -> Curve:
    return Curve(curve.scores, by[0] + by[1] * curve.logits)


def overconfidence(chances: Vector, outcomes: Vector) -> tuple[float, float]:
    """Level and slope, in logits, that draw chances together where later leads showed that they were too sure. A slope of 1:
    they were not. Never more than 1: those were given by drafts of fewer leads, which are less sure than the last one may be.
    """
    logits = logits_of(chances)
    middle = float(np.mean(logits))

    def loss(theta: Vector) -> tuple[float, Vector]:
        moved = middle + theta[0] + theta[1] * (logits - middle)
        away = (theta[1] - 1.0) / SLOPE_DEVIATION
        value = np.sum(np.logaddexp(0.0, moved) - outcomes * moved) + 0.5 * away**2
        wrong = expit(moved) - outcomes
        return float(value), np.array([np.sum(wrong), wrong @ (logits - middle) + away / SLOPE_DEVIATION])

    slope = float(
        minimize(loss, np.array([0.0, 1.0]), jac=True, method="L-BFGS-B", bounds=[(None, None), (0.0, 1.0)]).x[1]
    )
    return middle * (1 - slope), slope


def log_losses(chances: Vector, outcomes: Vector) -> Vector:
    return np.asarray(-np.where(outcomes > 0, np.log(chances), np.log1p(-chances)), dtype=np.float64)


def table(
    way: str, scores: Vector, outcomes: Vector, slope: float, steady: tuple[float, float], moved: float
) -> list[list[float]]:
    """[score, chance, low, high] for the model's file; the interval holds 95 % of what resampled leads would have said."""
    draw = np.random.default_rng(SEED)
    curve = steadied(curve_of(way, scores, outcomes, slope), steady).shifted(moved)
    knots = np.unique(np.round(curve.scores))
    said = []
    for _ in range(RESAMPLES):
        chosen = draw.integers(0, len(scores), len(scores))
        again = curve_of(way, scores[chosen], outcomes[chosen], slope)
        said.append(steadied(again, steady).shifted(moved).chance(knots))
    low, high = np.quantile(np.array(said), [0.025, 0.975], axis=0)
    return [_point(*four) for four in zip(knots, curve.chance(knots), low, high, strict=True)]


def _point(score: float, chance: float, low: float, high: float) -> list[float]:
    share = round(float(chance), 4)
    # A resampled curve may lie aside of the measured one as a whole, where leads are few.
    return [int(score), share, min(share, math.floor(low * 1e4) / 1e4), max(share, math.ceil(high * 1e4) / 1e4)]
