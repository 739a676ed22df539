"""From weights to points: the draft as the changes of a model's file, on the scale of the model in force.

A point is worth what a point of the model in force is worth, so what nothing speaks against keeps its points. Only where many
leads would be pressed against 0 or 100 all begin some points higher (a rule of its own says so), or a point is worth more.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np

from domain.model_toml import Changes, Found
from domain.rules.conditions import spoken
from domain.rules.learning import LEARNT_PREFIX
from domain.rules.scoring import Group, Model, Rule
from domain.rules.scoring_model import MOST_POINTS
from domain.science.bands import Band, bounds_of
from domain.science.features import Features, Matrix
from domain.science.fitting import Vector, Weights

CLAMPED = 0.01
"""So many leads may be pressed against 0, and against 100."""
SMALL = 5
"""Points of a touch below this are written with a decimal: there are many of them."""
LEAST = 2
"""Points of a word below which it is not worth a rule."""
START_ID = f"{LEARNT_PREFIX}start"
LONGEST = 120


@dataclass(frozen=True, slots=True)
class Run:
    """Neighbouring bands with the same points."""

    low: float | None
    last: float | None
    points: int

    def when(self, name: str) -> dict[str, object]:
        ends = {"at_least": _plain(self.low), "at_most": _plain(self.last)}
        known = {key: value for key, value in ends.items() if value is not None}
        return {"attribute": name, **(known or {"exists": True})}


def draft(base: Model, features: Features, weights: Weights, matrix: Matrix, slope: float, name: str) -> Changes:
    """`matrix`: the leads on whom the scale is set; `slope`: logits for a point of the model in force."""
    now = _given(features)
    points, start = _scaled(weights.of / slope, matrix, matrix @ now)
    rules = {rule.id: _written(rule, one) for rule, one in zip(features.rules, points, strict=False)}
    changed: dict[str, float | None] = {rule.id: None for rule in base.rules if rule.id.startswith(LEARNT_PREFIX)}
    changed |= {rule_id: one or None for rule_id, one in rules.items()}
    found = list(_levels(base, features, points))
    whole = points.copy()
    for family, part in _families(features):
        whole[part] = np.round(points[part])
        kept, new = _band_rules(base, family, whole[part])
        changed |= {rule_id: kept.get(rule_id) for rule_id in family[0].replaces}
        found += new
    if start:
        found.append(Found(Group.FIT, START_ID, "Where every lead begins", start, _ALWAYS))
    changes = Changes(
        name=name,
        points=changed,
        rule_caps=_rule_caps(base, changed),
        found=_named_apart(base, found),
        per_kind_per_day=_a_day(base, rules),
    )
    return replace(changes, caps=_caps(base, features, whole, matrix, start))


_ALWAYS = {"any": [{"attribute": "source", "exists": True}, {"attribute": "source", "exists": False}]}


def _given(features: Features) -> Vector:
    rules = [rule.points for rule in features.rules]
    return np.array(
        [*rules, *(0.0 for _ in features.levels), *(band.given for family in features.bands for band in family)]
    )


def _families(features: Features) -> Iterator[tuple[tuple[Band, ...], slice]]:
    place = len(features.rules) + len(features.levels)
    for family in features.bands:
        yield family, slice(place, place + len(family))
        place += len(family)


def _scaled(points: Vector, matrix: Matrix, before: Vector) -> tuple[Vector, int]:
    """The points, and with how many every lead begins."""
    most = max(float(np.max(np.abs(points), initial=0.0)), 1.0)
    points = points * min(1.0, MOST_POINTS / most)
    allowed = max(CLAMPED, float(np.mean(before > MOST_POINTS)))
    for _ in range(20):
        sums = matrix @ points
        start = _start(sums)
        if float(np.mean(sums + start > MOST_POINTS)) <= allowed:
            return points, start
        high = float(np.quantile(sums, 1 - allowed)) + start
        points = points * min(0.98, MOST_POINTS / high)
    return points, _start(matrix @ points)


def _start(sums: Vector) -> int:
    if float(np.mean(sums < 0)) <= CLAMPED:
        return 0
    return max(0, -int(np.floor(np.quantile(sums, CLAMPED))))


def _written(rule: Rule, points: float) -> float:
    """In whole points; 0 if nothing is left."""
    if abs(points - rule.points) < 0.05:
        return rule.points
    tenths = rule.when.touch is not None and abs(rule.points) < SMALL
    written = round(float(points), 1) if tenths else round(float(points))
    return min(max(written, -MOST_POINTS), MOST_POINTS)


def _levels(base: Model, features: Features, points: Vector) -> Iterator[Found]:
    for place, level in enumerate(features.levels, start=len(features.rules)):
        whole = round(float(points[place]))
        if abs(whole) >= LEAST:
            group = _group(base, level.attribute, whole)
            yield Found(group, _id(level.words), _label(level.words), whole, level.when)


def _band_rules(base: Model, family: Sequence[Band], whole: Vector) -> tuple[dict[str, float], list[Found]]:
    """What becomes of the rules that the bands stand for, and the rules that are new."""
    name = family[0].attribute
    there = {bounds_of(rule, name): rule for rule in base.rules if rule.id in family[0].replaces}
    kept, found = {}, []
    for run in _runs(family, whole):
        rule = there.get((run.low, run.last))
        if rule is not None and (rule.points < 0) == (run.points < 0):
            # Within a model written by hand points may be halves; what did not move stays one.
            kept[rule.id] = rule.points if abs(rule.points - run.points) <= 0.5 else float(run.points)
        else:
            words = _range_words(name, run)
            group = _group(base, name, run.points)
            found.append(Found(group, _id(words), _label(words), run.points, run.when(name)))
    return kept, found


def _runs(family: Sequence[Band], whole: Vector) -> Iterator[Run]:
    for points, pairs in groupby(zip(family, whole, strict=True), key=lambda pair: int(pair[1])):
        bands = [band for band, _ in pairs]
        if points:
            yield Run(bands[0].low, bands[-1].last, points)


def _group(base: Model, attribute: str, points: int) -> Group:
    """Where the model speaks of this attribute already; of what it says nothing yet is who they are."""
    if points < 0:
        return Group.NEGATIVE
    groups = [rule.group for rule in base.rules if attribute in rule.when.names and rule.group is not Group.NEGATIVE]
    return groups[0] if groups else Group.FIT


def _rule_caps(base: Model, changed: Mapping[str, float | None]) -> dict[str, int]:
    """A cap grows and shrinks with the points, so that as many touches count as before."""
    caps = {}
    for rule in base.rules:
        points = changed.get(rule.id)
        if rule.cap is not None and points and points != rule.points:
            caps[rule.id] = min(max(round(rule.cap * points / rule.points), 1), MOST_POINTS)
    return caps


def _a_day(base: Model, rules: Mapping[str, float]) -> dict[str, float]:
    """So does what touches of a kind may earn on a day: by the mean of the rules that count them."""
    caps = {}
    for kind, cap in base.caps.per_kind_per_day.items():
        counting = [
            rule
            for rule in base.rules
            if rule.group is Group.INTENT and rule.when.touch and (kind in rule.when.touch.kinds or kind == "*")
        ]
        before = sum(abs(rule.points) for rule in counting)
        after = sum(abs(rules.get(rule.id, 0)) for rule in counting)
        if before and after and after != before:
            caps[kind] = round(cap * after / before, 1)
    return caps


def _caps(base: Model, features: Features, points: Vector, matrix: Matrix, start: int) -> dict[str, int]:
    """A group's cap is raised where the draft's rules would meet it, and never lowered: what was learnt is not cut."""
    groups = [rule.group for rule in features.rules]
    groups += [_group(base, level.attribute, -1 if points[len(groups)] < 0 else 1) for level in features.levels]
    names = [band.attribute for family in features.bands for band in family]
    groups += [_group(base, name, -1 if one < 0 else 1) for name, one in zip(names, points[len(groups) :], strict=True)]
    raised = {}
    for group, cap in base.caps.of_groups().items():
        mine = np.array([one is group for one in groups])
        sums = np.abs(matrix[:, mine] @ points[mine]) + (start if group is Group.FIT else 0)
        most = min(int(np.ceil(np.max(sums, initial=0.0))), MOST_POINTS)
        if most > cap:
            raised[group.value] = most
    return raised


def _named_apart(base: Model, found: Sequence[Found]) -> list[Found]:
    taken = {rule.id for rule in base.rules if not rule.id.startswith(LEARNT_PREFIX)}
    named = []
    for rule in found:
        rule_id, number = rule.id, 2
        while rule_id in taken:
            rule_id, number = f"{rule.id}-{number}", number + 1
        taken.add(rule_id)
        named.append(replace(rule, id=rule_id))
    return named


def _id(words: str) -> str:
    slug = re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")[:50].strip("-")
    return f"{LEARNT_PREFIX}{slug or 'rule'}"


def _label(words: str) -> str:
    return (words[:1].upper() + words[1:])[:LONGEST]


def _range_words(name: str, run: Run) -> str:
    low, last = _plain(run.low), _plain(run.last)
    if low is None and last is None:
        return f"{spoken(name)} known"
    if low is None:
        return f"{spoken(name)} up to {last}"
    if last is None:
        return f"{spoken(name)} {low} or more"
    return f"{spoken(name)} {low}" if low == last else f"{spoken(name)} {low} to {last}"


def _plain(number: float | None) -> float | int | None:
    return int(number) if number is not None and number.is_integer() else number
