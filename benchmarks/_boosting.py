"""What learning is measured beside: scikit-learn's gradient boosting and plain logistic regression on the same columns."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

from benchmarks._lessons import FLAG, NUMBERS, WORDS
from domain.rules.learning import Example
from domain.science import calibrating
from domain.science.calibrating import Vector

FOLDS = 5
SIZES: list[dict[str, Any]] = [
    {"learning_rate": rate, "max_leaf_nodes": leaves, "max_iter": rounds}
    for rate in (0.03, 0.1)
    for leaves in (4, 8, 16)
    for rounds in (80, 200)
]
FEWEST_OF_A_WORD = 5
"""Rarer words are one word to both."""

Table = npt.NDArray[np.object_]


def table_of(examples: Sequence[Example]) -> Table:
    """A row a lead: the numbers, then the words; blank is a word of its own, and no number."""
    rows = []
    for example in examples:
        said = example.facts.attributes
        numbers = [said.get(name, np.nan) for name in NUMBERS.values()]
        rows.append([*numbers, *(str(said.get(name, "")) for name in (*WORDS.values(), FLAG[1]))])
    return np.array(rows, dtype=object)


def outcomes_of(examples: Sequence[Example]) -> Vector:
    return np.array([example.outcome for example in examples], dtype=float)


def boosting(size: dict[str, Any]) -> Any:
    numbers, words = len(NUMBERS), len(WORDS) + 1
    codes = OrdinalEncoder(
        handle_unknown="use_encoded_value", unknown_value=np.nan, min_frequency=FEWEST_OF_A_WORD, max_categories=200
    )
    columns = make_column_transformer(
        ("passthrough", list(range(numbers))), (codes, list(range(numbers, numbers + words))), sparse_threshold=0
    )
    kinds = [False] * numbers + [True] * words
    return make_pipeline(columns, HistGradientBoostingClassifier(categorical_features=kinds, random_state=0, **size))


def plain_regression() -> Any:
    numbers, words = len(NUMBERS), len(WORDS) + 1
    columns = make_column_transformer(
        (StandardScaler(), list(range(numbers))),
        (
            OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=FEWEST_OF_A_WORD),
            list(range(numbers, numbers + words)),
        ),
    )
    return make_pipeline(columns, LogisticRegression(max_iter=2000))


class Boosted:
    """Gradient boosting, its size chosen on later parts of the same leads; its chances as they are, and recalibrated."""

    def __init__(self, examples: Sequence[Example], sizes: Sequence[dict[str, Any]]) -> None:
        table, outcomes = table_of(examples), outcomes_of(examples)
        foreseen = {place: _foreseen(size, table, outcomes) for place, size in enumerate(sizes)}
        known = outcomes[_first(len(outcomes)) :]
        best = min(foreseen, key=lambda place: float(np.sum(calibrating.log_losses(foreseen[place], known))))
        self.size = sizes[best]
        self.model = boosting(self.size).fit(table, outcomes)
        # Platt's way: a slope and a level, measured on the later leads.
        self._platt = LogisticRegression().fit(calibrating.logits_of(foreseen[best])[:, None], known)

    def chances(self, examples: Sequence[Example]) -> Vector:
        return np.asarray(self.model.predict_proba(table_of(examples))[:, 1])

    def recalibrated(self, examples: Sequence[Example]) -> Vector:
        logits = calibrating.logits_of(self.chances(examples))
        return np.asarray(self._platt.predict_proba(logits[:, None])[:, 1])


def _first(size: int) -> int:
    return size - (FOLDS - 2) * (size // FOLDS)


def _foreseen(size: dict[str, Any], table: Table, outcomes: Vector) -> Vector:
    """Of the last three fifths: each fifth as it is foreseen with all before it."""
    step, told = len(outcomes) // FOLDS, []
    for start in range(_first(len(outcomes)), len(outcomes), step):
        model = boosting(size).fit(table[:start], outcomes[:start])
        told.append(model.predict_proba(table[start : start + step])[:, 1])
    return np.concatenate(told)


def regressed(examples: Sequence[Example], later: Sequence[Example]) -> Vector:
    """Plain logistic regression; a number that is not known is its mean."""
    table, other = table_of(examples), table_of(later)
    numbers = len(NUMBERS)
    means = np.nanmean(table[:, :numbers].astype(float), axis=0)
    for one in (table, other):
        known = one[:, :numbers].astype(float)
        one[:, :numbers] = np.where(np.isnan(known), means, known)
    return np.asarray(plain_regression().fit(table, outcomes_of(examples)).predict_proba(other)[:, 1])
