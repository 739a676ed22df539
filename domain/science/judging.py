"""How good chances are, and whether one set of them is better than another by more than chance."""

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from domain.backtest.intervals import Z95
from domain.science.calibrating import log_losses
from domain.stats.ranking import difference, ranking

Vector: TypeAlias = npt.NDArray[np.float64]

PARTS = 10
STABILITY_FLOOR = 1e-3
WATCHED = 0.1
"""A population stability index above this is worth a look; above 0.25 the leads are others."""


def brier(chances: Vector, outcomes: Vector) -> float:
    return float(np.mean((chances - outcomes) ** 2))


def calibration_error(chances: Vector, outcomes: Vector) -> float:
    """The mean distance of chance and share over ten groups of like many leads, in the order of their chances."""
    order = np.argsort(chances, kind="stable")
    parts = [part for part in np.array_split(order, PARTS) if len(part)]
    gaps = [abs(float(np.mean(chances[part]) - np.mean(outcomes[part]))) * len(part) for part in parts]
    return sum(gaps) / len(chances)


def measures(chances: Vector, outcomes: Vector, scores: Vector | None = None) -> dict[str, Any]:
    """`scores` order the leads, if it is not the chances that do."""
    won = [bool(one) for one in outcomes]
    both = min(sum(won), len(won) - sum(won)) >= 2
    auc = ranking((chances if scores is None else scores).tolist(), won).auc if both else None
    return {
        "auc": None if auc is None else round(auc, 4),
        "log_loss": round(float(np.mean(log_losses(chances, outcomes))), 4),
        "brier": round(brier(chances, outcomes), 4),
        "ece": round(calibration_error(chances, outcomes), 4),
    }


def better_by(ours: Vector, theirs: Vector, outcomes: Vector) -> dict[str, float]:
    """By how much our log loss is lower, lead by lead, and its 95 % interval: above 0 we are better by more than chance."""
    gains = log_losses(theirs, outcomes) - log_losses(ours, outcomes)
    mean = float(np.mean(gains))
    reach = Z95 * float(np.std(gains, ddof=1)) / len(gains) ** 0.5 if len(gains) > 1 else np.inf
    return {"by": round(mean, 5), "low": round(mean - reach, 5), "high": round(mean + reach, 5)}


def orders_better_by(ours: Vector, theirs: Vector, outcomes: Vector) -> dict[str, float] | None:
    """The same of the ROC-AUC, by DeLong, paired."""
    won = [bool(one) for one in outcomes]
    if min(sum(won), len(won) - sum(won)) < 2:
        return None
    one, other = ranking(ours.tolist(), won), ranking(theirs.tolist(), won)
    low, high = difference(one, other)
    return {"by": round(one.auc - other.auc, 4), "low": round(low, 4), "high": round(high, 4)}


def stability(before: Vector, lately: Vector) -> float:
    """Population stability index: 0 for the same spread, above 0.25 for another one. In ten parts of the earlier leads."""
    distinct = np.unique(before)
    many = len(distinct) > PARTS
    edges = np.unique(np.quantile(before, np.linspace(0, 1, PARTS + 1)[1:-1])) if many else distinct[1:]
    shares = [
        np.bincount(np.searchsorted(edges, values, side="right"), minlength=len(edges) + 1) / len(values)
        for values in (before, lately)
    ]
    was, now = (np.maximum(share, STABILITY_FLOOR) for share in shares)
    return float(np.sum((now - was) * np.log(now / was)))


def drifted(names: list[str], before: npt.NDArray[np.float64], lately: npt.NDArray[np.float64]) -> dict[str, Any]:
    """The columns that are met more or less often than they were, the most changed first."""
    found = {name: stability(before[:, place], lately[:, place]) for place, name in enumerate(names)}
    return {name: round(index, 3) for name, index in sorted(found.items(), key=_most) if index >= WATCHED}


def _most(item: tuple[str, float]) -> tuple[float, str]:
    return -item[1], item[0]
