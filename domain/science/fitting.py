"""Penalised logistic regression: points that follow the outcomes as far as there are enough of them.

Each column's weight is held near where the model in force has it (`prior`), the more so the greater its penalty; between the
bands of a number it is the step from band to band that is held. Signs and directions are bounds. The log-likelihood is
concave and the penalty strictly so: there is one answer, and it does not depend on where the search begins.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import expit

from domain.rules.scoring import Group
from domain.science.calibrating import smoothed
from domain.science.features import Features, Matrix

Vector: TypeAlias = npt.NDArray[np.float64]


class Hold(NamedTuple):
    """How strongly weights are held where they were: 1 / variance, in squared logits. Infinite: they stay."""

    rules: float
    found: float  # what no rule says yet


HOLDS = tuple(Hold(rules, found) for rules in (1.0, 8.0, 64.0, math.inf) for found in (1.0, 3.0, 10.0, 30.0, math.inf))
"""What is tried, from hardly held to not moved at all."""
STAY = Hold(math.inf, math.inf)


@dataclass(frozen=True, slots=True)
class Weights:
    """In logits: the chance of a lead is `expit(intercept + row of the matrix @ of)`."""

    intercept: float
    of: Vector

    def logits(self, matrix: Matrix) -> Vector:
        return np.asarray(self.intercept + matrix @ self.of, dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Problem:
    """Columns as they are fitted: bands as steps. `back` makes the weights of the columns of them."""

    prior: Vector
    is_rule: npt.NDArray[np.bool_]
    lower: Vector
    upper: Vector
    back: Matrix


def problem(features: Features, slope: float, monotone: Mapping[str, str]) -> Problem:
    """`slope`: logits for a point of the model in force."""
    rules, levels = len(features.rules), len(features.levels)
    size = rules + levels + sum(map(len, features.bands))
    prior, lower, upper = np.zeros(size), np.full(size, -np.inf), np.full(size, np.inf)
    is_rule, back = np.zeros(size, dtype=bool), np.eye(size)
    for place, rule in enumerate(features.rules):
        prior[place], is_rule[place] = slope * rule.points, True
        (upper if rule.group is Group.NEGATIVE else lower)[place] = 0.0
    place = rules + levels
    for family in features.bands:
        part = slice(place, place + len(family))
        given = np.array([band.given for band in family])
        prior[part] = slope * np.diff(given, prepend=0.0)
        is_rule[part] = [band.begins_rule for band in family]
        # The lowest band stands beside leads of whom the number is not known: more or less is nothing between these.
        way = monotone.get(family[0].attribute)
        lower[place + 1 : part.stop] = 0.0 if way == "up" else -np.inf
        upper[place + 1 : part.stop] = 0.0 if way == "down" else np.inf
        back[part, part] = np.tril(np.ones((len(family), len(family))))
        place = part.stop
    return Problem(np.clip(prior, lower, upper), is_rule, lower, upper, back)


def fit(problem: Problem, matrix: Matrix, outcomes: Vector, hold: Hold) -> Weights:
    penalty = np.where(problem.is_rule, hold.rules, hold.found)
    free = np.isfinite(penalty)
    steps = matrix @ problem.back
    offset = steps[:, ~free] @ problem.prior[~free]
    found, intercept = _fitted(
        steps[:, free],
        outcomes,
        offset,
        (problem.prior[free], penalty[free], problem.lower[free], problem.upper[free]),
    )
    theta = problem.prior.copy()
    theta[free] = found
    return Weights(intercept, problem.back @ theta)


def _fitted(
    columns: Matrix, outcomes: Vector, offset: Vector, held: tuple[Vector, Vector, Vector, Vector]
) -> tuple[Vector, float]:
    prior, penalty, lower, upper = held
    rate = smoothed(outcomes)
    # In units in which every weight is known about as well as any other: the search then goes straight.
    unit = 1.0 / np.sqrt(rate * (1 - rate) * np.sum(columns**2, axis=0) + penalty)
    scaled, stiff = columns * unit, penalty * unit**2
    level = math.log(rate / (1 - rate)) - float(np.mean(columns @ prior + offset))
    base = columns @ prior + offset + level

    def loss(theta: Vector) -> tuple[float, Vector]:
        logits = base + theta[0] + scaled @ theta[1:]
        value = np.sum(np.logaddexp(0.0, logits) - outcomes * logits) + 0.5 * np.sum(stiff * theta[1:] ** 2)
        wrong = expit(logits) - outcomes
        return float(value), np.concatenate([[np.sum(wrong)], wrong @ scaled + stiff * theta[1:]])

    bounds = [(None, None), *zip((lower - prior) / unit, (upper - prior) / unit, strict=True)]
    options = {"maxiter": 1000, "maxfun": 2000, "ftol": 1e-11, "gtol": 1e-5, "maxcor": 20}
    answer = minimize(loss, np.zeros(len(bounds)), jac=True, method="L-BFGS-B", bounds=bounds, options=options)
    found = np.clip(prior + answer.x[1:] * unit, lower, upper)
    return np.asarray(found, dtype=np.float64), float(level + answer.x[0])
