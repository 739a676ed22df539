"""A run of learning: what it asks about where there are no better points, and that its lease outlasts a fault."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy.exc import OperationalError

from domain.calibrating import with_thresholds
from domain.rules.scoring import read_model
from handlers.calibration_settings import LearningSettings
from handlers.learning_run import Past, _of_model, kept
from tests.conftest import NOON
from tests.domain.test_learning import BASE, leads, nothing_matters

MEASURED = (
    BASE
    + """
[probability]
of = "sql"
outcomes = 90
at = [[0, 0.1, 0.0, 0.2], [100, 0.8, 0.7, 0.9]]
"""
)
LATER = NOON + timedelta(days=30)


def past(toml: str) -> Past:
    return Past(1, read_model(toml), toml, (), None, None)


def test_without_better_points_the_chances_of_those_in_force_are_asked_about() -> None:
    found = _of_model(past(BASE), leads(nothing_matters, 400), (), LATER, LearningSettings())
    assert found.verdict == "proposed"
    assert found.said.endswith("But how many leads of a score become one of the SQLs can be said by now.")
    assert found.toml is not None
    draft, base = read_model(found.toml), read_model(BASE)
    assert (draft.name, draft.rules, draft.thresholds) == (base.name, base.rules, base.thresholds)
    assert draft.probability is not None
    assert (found.evidence or {}).keys() == {"chances"}


@pytest.mark.parametrize("toml", [MEASURED, with_thresholds(MEASURED, 41, 61)], ids=["measured", "other thresholds"])
def test_where_chances_are_measured_already_nothing_is_asked(toml: str) -> None:
    found = _of_model(past(toml), leads(nothing_matters, 400), (), LATER, LearningSettings())
    assert (found.verdict, found.toml) == ("no_better", None)


def test_a_database_that_is_away_for_a_moment_does_not_end_the_prolonging_of_a_lease() -> None:
    tries, again = [0], threading.Event()

    def renew() -> None:
        tries[0] += 1
        if tries[0] == 1:
            raise OperationalError("select 1", {}, OSError("gone"))
        again.set()

    with kept(renew, timedelta(milliseconds=1)):
        assert again.wait(10)
