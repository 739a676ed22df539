"""From examples to a draft, or to why there is none.

The examples are parted by time. Each part is foreseen by a draft made of those before it alone, which was written as a file, read
back and asked as the live scorer asks: what is said of a draft is said of the points that leads would get. How strongly points
are held where they are is chosen for each part by how that choice did in the parts before it: nothing is judged on what it was
chosen by.
"""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np

from domain.model_toml import Changes, rewritten
from domain.rules.facts import LeadFacts
from domain.rules.learning import Example, Goal, Learnt, NotYet, same_volume, shrunk, too_few
from domain.rules.scoring import Model, read_model, score
from domain.rules.tiers import Thresholds, Tier, tier_of
from domain.science import calibrating, judging
from domain.science.calibrating import Curve, log_losses, platt
from domain.science.drafting import draft
from domain.science.features import Features, Matrix, features
from domain.science.fitting import HOLDS, STAY, Hold, Problem, Vector, Weights, fit, problem

PARTS = 6
"""Of time; the first two teach only, the others are foreseen too."""
TEACH_ONLY = 2
LATELY = 2
"""The last parts: on them the level of the chances is set."""
SLOPES = (np.log(2) / 25, np.log(2) / 5)
"""A point of the model in force is believed to be worth at least, and at most, so much: twice the odds for 25, or for 5 points."""


@dataclass(frozen=True, slots=True)
class School:
    """Everything that does not change from part to part."""

    base: Model
    base_toml: str
    name: str
    examples: Sequence[Example]
    features: Features
    problem: Problem
    slope: float  # logits for a point of the model in force
    matrix: Matrix
    outcomes: Vector
    before: Vector  # the scores by the model in force
    parts: Sequence[slice]

    def taught_by(self, part: int) -> slice:
        """What was known before a part began."""
        return slice(0, self.parts[part].start)

    def fitted(self, which: slice, hold: Hold) -> Weights:
        return fit(self.problem, self.matrix[which], self.outcomes[which], hold)

    def changes(self, weights: Weights, which: slice) -> Changes:
        return draft(self.base, self.features, weights, self.matrix[which], self.slope, self.name)

    def read(self, changes: Changes) -> Model:
        return read_model(rewritten(self.base_toml, _fitting_hysteresis(self.base, changes)))


@dataclass(frozen=True, slots=True)
class Foreseen:
    """A part of time as it was foreseen with what was known before it."""

    outcomes: Vector
    scores: Vector  # by a draft
    chances: Mapping[str, Vector]  # way -> the draft's chances, read off its scores
    before: Vector  # the scores by the model in force
    before_chances: Vector
    share: Vector  # the bare share of successes until then


def teach(
    base: Model,
    base_toml: str,
    examples: Sequence[Example],
    *,
    name: str,
    goal: Goal,
    population: Sequence[tuple[LeadFacts, datetime]],
    monotone: Mapping[str, str],
    enough: int,
) -> Learnt | NotYet:
    """`examples` in the order of time. Those whom the model in force disqualifies teach nothing: no points decide on them."""
    kept = [example for example in examples if not score(base, example.facts, example.at).disqualified_by]
    few = too_few((example.outcome for example in kept), goal, enough)
    if few is not None:
        return few
    school = _school(base, base_toml, kept, name, monotone)
    losses = _losses(school)
    parts = range(TEACH_ONLY, PARTS)
    foreseen = [_foreseen(school, part, _drafted(school, part, _best(losses, part))) for part in parts]
    hold = _best(losses, PARTS)
    evidence = _said(school, goal) | {
        "hold": {"rules": _finite(hold.rules), "found": _finite(hold.found)},
        "judged": _judged(foreseen),
        "drift": _drift(school, foreseen),
    }
    no = _no_better(evidence["judged"], hold)
    if no is not None:
        return NotYet("no_better", no, evidence)
    return _finished(school, hold, foreseen, evidence, goal, population)


def measure_again(
    base: Model, base_toml: str, examples: Sequence[Example], *, name: str, goal: Goal, enough: int
) -> Learnt | NotYet:
    """The same points, with the chance beside them measured anew."""
    few = too_few((example.outcome for example in examples), goal, enough)
    if few is not None:
        return few
    school = _school(base, base_toml, examples, name, {})
    foreseen = [_foreseen(school, part, base) for part in range(TEACH_ONLY, PARTS)]
    way, curve, table = _probability(school, school.before, foreseen)
    changes = Changes(
        name=name,
        probability={"of": goal.value, "outcomes": len(examples), "at": table},
        expected_conversion=_expected(base, base.thresholds, school.before, curve) if goal is Goal.SQL else {},
    )
    evidence = _said(school, goal) | {
        "judged": _judged(foreseen),
        "drift": _drift(school, foreseen),
        "probability": way,
    }
    return Learnt(rewritten(base_toml, changes), evidence)


def _said(school: School, goal: Goal) -> dict[str, Any]:
    return {
        "goal": goal.value,
        "outcomes": len(school.examples),
        "successes": int(np.sum(school.outcomes)),
        "since": school.examples[0].at.isoformat(),
        "until": school.examples[-1].at.isoformat(),
    }


def _school(base: Model, base_toml: str, examples: Sequence[Example], name: str, monotone: Mapping[str, str]) -> School:
    found = features(base, examples)
    matrix = found.matrix([one.facts for one in examples], [one.at for one in examples])
    outcomes = np.array([one.outcome for one in examples], dtype=float)
    before = _scores(base, [(one.facts, one.at) for one in examples])
    bounds = np.linspace(0, len(examples), PARTS + 1).round().astype(int)
    parts = [slice(int(start), int(stop)) for start, stop in itertools.pairwise(bounds)]
    # What is never judged says what a point is worth.
    early = slice(0, parts[TEACH_ONLY].start)
    slope = float(np.clip(_slope(before[early], outcomes[early]), *SLOPES))
    return School(
        base=base,
        base_toml=base_toml,
        name=name,
        examples=examples,
        features=found,
        problem=problem(found, slope, monotone),
        slope=slope,
        matrix=matrix,
        outcomes=outcomes,
        before=before,
        parts=parts,
    )


def _slope(scores: Vector, outcomes: Vector) -> float:
    """Logits for a point, where a point for ten is held to be twice the odds until the outcomes say otherwise."""
    curve = platt(scores, outcomes, np.log(2) / 10)
    return float((curve.logits[-1] - curve.logits[0]) / (curve.scores[-1] - curve.scores[0]))


def _scores(model: Model, leads: Sequence[tuple[LeadFacts, datetime]]) -> Vector:
    """As the live scorer gives them."""
    return np.array([score(model, facts, at).total for facts, at in leads], dtype=float)


def _losses(school: School) -> dict[Hold, list[float]]:
    """For each way to hold: the log loss of every part from the second on, by weights of the parts before it."""
    return {hold: [_loss(school, hold, part) for part in range(1, PARTS)] for hold in HOLDS}


def _loss(school: School, hold: Hold, part: int) -> float:
    weights, later = school.fitted(school.taught_by(part), hold), school.parts[part]
    logits = weights.logits(school.matrix[later])
    return float(np.sum(np.logaddexp(0.0, logits) - school.outcomes[later] * logits))


def _best(losses: Mapping[Hold, Sequence[float]], until: int) -> Hold:
    """By the parts before `until`; the stronger hold of two that did alike."""
    return min(reversed(HOLDS), key=lambda hold: sum(losses[hold][: until - 1]))


def _drafted(school: School, part: int, hold: Hold) -> Model:
    taught = school.taught_by(part)
    return school.read(school.changes(school.fitted(taught, hold), taught))


def _foreseen(school: School, part: int, model: Model) -> Foreseen:
    taught, later = school.taught_by(part), school.parts[part]
    scores = _scores(model, [(one.facts, one.at) for one in school.examples[: later.stop]])
    known, slope = school.outcomes[taught], school.slope
    return Foreseen(
        outcomes=school.outcomes[later],
        scores=scores[later],
        chances={
            way: calibrating.curve_of(way, scores[taught], known, slope).chance(scores[later])
            for way in calibrating.WAYS
        },
        before=school.before[later],
        before_chances=calibrating.platt(school.before[taught], known, slope).chance(school.before[later]),
        share=np.full(later.stop - later.start, calibrating.smoothed(known)),
    )


def _judged(foreseen: Sequence[Foreseen]) -> dict[str, Any]:
    """The drafts beside the model in force and beside the bare share of successes, each with chances measured earlier."""
    outcomes, scores, before = (_joined(foreseen, what) for what in ("outcomes", "scores", "before"))
    theirs, share = (_joined(foreseen, what) for what in ("before_chances", "share"))
    # By the plainest way for both: which is best for a draft is not known beforehand.
    ours = _told(foreseen, "platt")
    return {
        "outcomes": len(outcomes),
        "successes": int(np.sum(outcomes)),
        "draft": judging.measures(ours, outcomes, scores),
        "in_force": judging.measures(theirs, outcomes, before),
        "bare_share": judging.measures(share, outcomes),
        "better": judging.better_by(ours, theirs, outcomes),
        "better_than_share": judging.better_by(ours, share, outcomes),
        "orders_better": judging.orders_better_by(scores, before, outcomes),
    }


def _told(parts: Sequence[Foreseen], way: str) -> Vector:
    return np.concatenate([part.chances[way] for part in parts])


def _joined(parts: Sequence[Foreseen], what: str) -> Vector:
    return np.concatenate([getattr(part, what) for part in parts])


def _no_better(judged: Mapping[str, Any], hold: Hold) -> str | None:
    """Why nothing is proposed. None: the draft foresees better, by more than chance."""
    seen = f"over {judged['outcomes']:,} later leads"
    if hold == STAY:
        return f"No points to move: {seen} those of the model in force did better than any that were learnt."
    if judged["better_than_share"]["low"] <= 0:
        return (
            f"Nothing found that tells good leads from others: {seen} the points foresee no better than the bare share of "
            "successes, or only by chance."
        )
    if judged["better"]["low"] <= 0:
        ours, theirs = judged["draft"]["log_loss"], judged["in_force"]["log_loss"]
        return (
            f"No better than the model in force: {seen} the log loss is {ours:.3f} instead of {theirs:.3f}, "
            "which may be chance."
        )
    return None


def _drift(school: School, foreseen: Sequence[Foreseen]) -> dict[str, Any]:
    """The last part of time beside all before it, and how true the chances were there."""
    last = foreseen[-1]
    known, lately = school.taught_by(PARTS - 1), school.parts[-1]
    return {
        "since": school.examples[lately.start].at.isoformat(),
        "leads": len(last.outcomes),
        "score": round(judging.stability(school.before[known], school.before[lately]), 3),
        "features": judging.drifted(_names(school.features), school.matrix[known], school.matrix[lately]),
        "expected": round(float(np.mean(last.chances["platt"])), 4),
        "observed": round(float(np.mean(last.outcomes)), 4),
    }


def _names(found: Features) -> list[str]:
    bands = (f"{band.attribute} from {band.low or 0:g}" for family in found.bands for band in family)
    return [*(rule.id for rule in found.rules), *(level.words for level in found.levels), *bands]


def _finished(
    school: School,
    hold: Hold,
    foreseen: Sequence[Foreseen],
    evidence: dict[str, Any],
    goal: Goal,
    population: Sequence[tuple[LeadFacts, datetime]],
) -> Learnt | NotYet:
    everything = slice(0, len(school.examples))
    changes = school.changes(school.fitted(everything, hold), everything)
    model = school.read(changes)
    leads = [(one.facts, one.at) for one in school.examples]
    scores = _scores(model, leads)
    way, curve, table = _probability(school, scores, foreseen)
    people = population or leads
    thresholds = same_volume(
        _whole(_scores(school.base, people)), _whole(_scores(model, people)), school.base.thresholds
    )
    changes = replace(
        changes,
        thresholds=thresholds,
        probability={"of": goal.value, "outcomes": len(school.examples), "at": table},
        expected_conversion=_expected(school.base, thresholds, scores, curve) if goal is Goal.SQL else {},
    )
    toml = rewritten(school.base_toml, _fitting_hysteresis(school.base, changes))
    read_model(toml)
    evidence |= {
        "probability": way,
        "clamped": {"floor": _share(scores == 0), "ceiling": _share(scores == 100)},
        "clamped_in_force": {"floor": _share(school.before == 0), "ceiling": _share(school.before == 100)},
        "population": len(people),
    }
    return Learnt(toml, evidence)


def _probability(
    school: School, scores: Vector, foreseen: Sequence[Foreseen]
) -> tuple[dict[str, Any], Curve, list[list[float]]]:
    """How it was measured, the curve, and its table.

    Which kind of curve, how much too sure it is of leads that it was not made of, and where they lie of late: all three are
    measured on the parts that were foreseen.
    """
    outcomes = _joined(foreseen, "outcomes")
    losses = {way: float(np.sum(log_losses(_told(foreseen, way), outcomes))) for way in calibrating.WAYS}
    way = min(losses, key=lambda one: losses[one])
    steady = calibrating.overconfidence(_told(foreseen, way), outcomes)
    curve = calibrating.steadied(calibrating.curve_of(way, scores, school.outcomes, school.slope), steady)
    last = foreseen[-LATELY:]
    told = calibrating.logits_of(_told(last, way))
    moved = calibrating.shift(steady[0] + steady[1] * told, _joined(last, "outcomes"))
    said = {
        "way": way,
        "slope": round(steady[1], 4),
        "shift": round(moved, 4),
        "share": _share(school.outcomes),
        "share_lately": _share(_joined(last, "outcomes")),
    }
    table = calibrating.table(way, scores, school.outcomes, school.slope, steady, moved)
    return said, curve.shifted(moved), table


def _expected(base: Model, thresholds: Thresholds, scores: Vector, curve: Curve) -> dict[Tier, float]:
    chances: dict[Tier, list[float]] = {tier: [] for tier in Tier}
    for total, chance in zip(scores, curve.chance(scores), strict=True):
        chances[tier_of(int(total), thresholds)].append(float(chance))
    expected, least = {}, 0.0
    for tier in Tier:
        share = shrunk(chances[tier], base.expected_conversion.get(tier))
        if share is not None:
            # Of a tier with few leads mostly the old word speaks, and it may be lower than what was learnt of the one below.
            expected[tier] = least = max(round(share, 3), least)
    return expected


def _fitting_hysteresis(base: Model, changes: Changes) -> Changes:
    """Tiers that are narrower now hold a lead for fewer points."""
    limits = changes.thresholds or base.thresholds
    narrowest = min(limits.mel, limits.mql - limits.mel, limits.hql - limits.mql)
    fits = base.movement.hysteresis < narrowest
    return changes if fits else replace(changes, hysteresis=narrowest - 1)


def _whole(scores: Vector) -> list[int]:
    return [int(one) for one in scores]


def _share(values: Any) -> float:
    return round(float(np.mean(values)), 4)


def _finite(hold: float) -> float | None:
    """None: not moved at all."""
    return hold if np.isfinite(hold) else None


__all__ = ["teach"]
