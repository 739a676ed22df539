"""Whether what is learnt from outcomes holds for leads that come later, on three real streams, beside what one would use instead.

`python -m benchmarks.learning --data FOLDER`: the folder holds xeducation/, olist/ and maven_crm/. No database, no network.
"""

import argparse
import sys
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # it ships no types

from benchmarks import _boosting as boosting
from benchmarks import _lessons as lessons
from benchmarks._boosting import outcomes_of
from benchmarks._ground import NotMeasured
from benchmarks._report import Figures, machine, say, show
from domain.learning import learn, measure_again
from domain.rules.learning import Example, Goal, Learnt, NotYet
from domain.rules.scoring import Model, read_model, score
from domain.science import calibrating, judging
from domain.science.calibrating import Vector

HAND_SET = Path(__file__).resolve().parent.parent / "docs" / "examples" / "xeducation" / "model.toml"
A_WEEK = timedelta(days=7)
FEWEST_WINS = 25
"""On Olist learning begins with fewer wins than it does in earnest: what too few would do is asked as well."""
LEAST_AUC, AUC_WITHIN, BRIER_WITHIN, ECE_WITHIN = 0.80, 0.01, 0.003, 0.01
QUICK = 2
REMARKS = [
    "Every chance was given by what was known before the leads that it is judged on. Each score is the live scorer's, by the",
    "draft's file as it was read back. ECE: the mean distance of chance and share over ten groups of like many leads.",
]


def main(given: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.learning", description=(__doc__ or "").split("\n", 1)[0]
    )
    parser.add_argument(
        "--data", type=Path, required=True, help="the folder that holds xeducation, olist and maven_crm"
    )
    parser.add_argument(
        "--quick", action="store_true", help="boosting in one size, every second closed deal of maven_crm"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object instead of tables")
    arguments = parser.parse_args(given)
    try:
        # Small matrices: more threads than one wait for each other.
        with threadpool_limits(1):
            figures = measure(arguments.data, quick=arguments.quick)
    except NotMeasured as why:
        sys.stderr.write(f"{why}\n")
        return 2
    show(figures, as_json=arguments.json)
    return 0 if all(figures["targets"].values()) else 1


def measure(data: Path, *, quick: bool = False) -> Figures:
    """Raises NotMeasured without the files."""
    parts = [_x_education(data, quick=quick), _olist(data), _maven(data, quick=quick)]
    figures: Figures = {"benchmark": "learning", "machine": machine(), "settings": {"quick": quick}}
    targets: dict[str, bool] = {}
    for part in parts:
        targets |= part.pop("targets")
        figures |= part
    return figures | {"targets": targets, "remarks": REMARKS}


def _x_education(data: Path, *, quick: bool) -> Figures:
    say("X Education: learning on the oldest 70 % of the file")
    known, later = lessons.x_education(data)
    outcomes = outcomes_of(later)
    guess, hand_set = lessons.X_EDUCATION_GUESS, HAND_SET.read_text("utf-8")
    started = monotonic()
    learnt = _learn(guess, known)
    seconds = monotonic() - started
    counted = _learn(hand_set, known)
    if isinstance(learnt, NotYet):
        raise NotMeasured(learnt.said)
    boosted = boosting.Boosted(known, boosting.SIZES[:1] if quick else boosting.SIZES)
    say("X Education: opening the newest 30 %")
    rows = {
        "learnt_from_guessed_points": _by_model(read_model(learnt.toml), later, outcomes),
        "hand_set": _by_scores(hand_set, known, later, outcomes),
        "guessed": _by_scores(guess, known, later, outcomes),
        "gradient_boosting": judging.measures(boosted.chances(later), outcomes),
        "gradient_boosting_recalibrated": judging.measures(boosted.recalibrated(later), outcomes),
        "logistic_regression": judging.measures(boosting.regressed(known, later), outcomes),
    }
    if isinstance(counted, Learnt):
        rows["learnt_from_hand_set"] = _by_model(read_model(counted.toml), later, outcomes)
    return {
        "x_education": rows,
        "x_education_said": {
            "leads": f"{len(known)} to learn from, {len(later)} later",
            "seconds_to_learn": round(seconds, 1),
            "boosting_chosen": str(boosted.size),
            "to_the_hand_set_points": counted.said if isinstance(counted, NotYet) else "a draft",
        },
        "targets": _beside_boosting(rows),
    }


def _beside_boosting(rows: dict[str, Any]) -> dict[str, bool]:
    """Against the better of boosting's two rows, figure by figure."""
    ours, theirs = (
        rows["learnt_from_guessed_points"],
        [rows[f"gradient_boosting{one}"] for one in ("", "_recalibrated")],
    )
    return {
        f"auc_at_least_{LEAST_AUC:.2f}": ours["auc"] >= LEAST_AUC,
        "auc_near_boosting": ours["auc"] >= max(one["auc"] for one in theirs) - AUC_WITHIN,
        "brier_near_boosting": ours["brier"] <= min(one["brier"] for one in theirs) + BRIER_WITHIN,
        "ece_near_boosting": ours["ece"] <= min(one["ece"] for one in theirs) + ECE_WITHIN,
    }


def _learn(toml: str, known: Sequence[Example], **others: Any) -> Learnt | NotYet:
    return learn(read_model(toml), toml, known, now=known[-1].at, name="learnt", goal=Goal.WON, **others)


def _scores(model: Model, examples: Sequence[Example]) -> Vector:
    return np.array([score(model, one.facts, one.at).total for one in examples], dtype=float)


def _chances(model: Model, examples: Sequence[Example]) -> Vector:
    """As the card says them."""
    probability = model.probability
    if probability is None:
        raise NotMeasured("The draft has no table of chances.")
    return np.array([probability.chance(total).share for total in _scores(model, examples)])


def _by_model(model: Model, later: Sequence[Example], outcomes: Vector) -> Figures:
    return judging.measures(_chances(model, later), outcomes, _scores(model, later))


def _by_scores(toml: str, known: Sequence[Example], later: Sequence[Example], outcomes: Vector) -> Figures:
    """A score without chances gets those of the leads before, by a curve of two numbers."""
    model = read_model(toml)
    curve = calibrating.platt(_scores(model, known), outcomes_of(known), np.log(2) / 10)
    scores = _scores(model, later)
    return judging.measures(curve.chance(scores), outcomes, scores)


def _olist(data: Path) -> Figures:
    say("Olist: learning every week, of what is known by then")
    leads, end = lessons.olist(data)
    static: str | None = None
    told: dict[str, list[Vector]] = {"relearnt": [], "static": [], "bare_share": [], "outcomes": []}
    enough_said = []
    for monday in _mondays(leads, end):
        known = [one for one in leads if one.at + lessons.OLIST_HORIZON <= monday]
        week = [one for one in leads if monday <= one.at < monday + A_WEEK and one.at + lessons.OLIST_HORIZON <= end]
        if min(sum(one.outcome for one in known), len(week)) < FEWEST_WINS:
            continue
        enough_said.append(isinstance(_learn(lessons.OLIST_GUESS, known), Learnt))
        toml = _relearnt(known)
        static = static or toml
        told["relearnt"].append(_chances(read_model(toml), week))
        told["static"].append(_chances(read_model(static), week))
        told["bare_share"].append(np.full(len(week), calibrating.smoothed(outcomes_of(known))))
        told["outcomes"].append(outcomes_of(week))
    return _olist_figures(told, enough_said)


def _mondays(leads: Sequence[Example], end: datetime) -> list[datetime]:
    first = leads[0].at - timedelta(days=leads[0].at.weekday())
    return [first + number * A_WEEK for number in range((end - first) // A_WEEK + 1)]


def _relearnt(known: Sequence[Example]) -> str:
    """A draft if one is better; else the same points with their chances measured again."""
    guess = lessons.OLIST_GUESS
    answer = _learn(guess, known, enough=FEWEST_WINS)
    if isinstance(answer, NotYet):
        answer = measure_again(read_model(guess), guess, known, name="measured", goal=Goal.WON, enough=FEWEST_WINS)
    if isinstance(answer, NotYet):
        raise NotMeasured(answer.said)
    return answer.toml


def _olist_figures(told: dict[str, list[Vector]], enough_said: Sequence[bool]) -> Figures:
    outcomes = np.concatenate(told["outcomes"])
    chances = {name: np.concatenate(told[name]) for name in ("relearnt", "static", "bare_share")}
    rows = {name: judging.measures(one, outcomes) for name, one in chances.items()}
    # The first week is the same to both: they part from the second on.
    gain = judging.better_by(chances["relearnt"], chances["static"], outcomes)
    beside_share = judging.better_by(chances["relearnt"], chances["bare_share"], outcomes)
    return {
        "olist": rows,
        "olist_said": {
            "leads": f"{len(outcomes)} in {len(enough_said)} weeks, {int(np.sum(outcomes))} won within 14 days",
            "log_loss_better_than_static": gain,
            "log_loss_better_than_bare_share": beside_share,
            "weeks_with_a_draft_in_earnest": sum(enough_said),
        },
        "targets": {
            "olist_log_loss_below_static": rows["relearnt"]["log_loss"] < rows["static"]["log_loss"],
            "olist_brier_not_above_static": rows["relearnt"]["brier"] <= rows["static"]["brier"],
            "olist_ece_below_static": rows["relearnt"]["ece"] < rows["static"]["ece"],
            "olist_no_worse_than_bare_share": beside_share["high"] >= 0,
        },
    }


def _maven(data: Path, *, quick: bool) -> Figures:
    say("maven_crm: deals without a signal")
    deals = lessons.maven(data)[:: QUICK if quick else 1]
    answer = _learn(lessons.MAVEN_GUESS, deals)
    judged = (answer.data if isinstance(answer, NotYet) else answer.evidence)["judged"]
    return {
        "maven_crm": {name: judged[name] for name in ("draft", "in_force", "bare_share")},
        "maven_crm_said": {
            "deals": len(deals),
            "answer": answer.said if isinstance(answer, NotYet) else "a draft",
            "log_loss_better_than_bare_share": judged["better_than_share"],
        },
        "targets": {"maven_crm_proposes_nothing": isinstance(answer, NotYet)},
    }


if __name__ == "__main__":
    sys.exit(main())
