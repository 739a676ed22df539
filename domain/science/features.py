"""What a lead's facts are to the fit: a matrix with a column for each thing that may bring points.

First come the rules of the model in force, each with the strength that the live scorer would give it. Then what its attributes
say besides: levels of a text, bands of a number. Each column is also a rule as the model's file writes it, and whether it holds
is asked of that rule: so nothing is learnt that the live scorer would see otherwise.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from domain.rules.conditions import is_known, parse_condition, spoken
from domain.rules.facts import LeadFacts, Value
from domain.rules.learning import LEARNT_PREFIX, Example
from domain.rules.model_table import ModelError, Table
from domain.rules.scoring import Group, Model, Rule, score
from domain.rules.scoring_model import Caps, build_model
from domain.rules.value_tests import in_words, is_number
from domain.science.bands import Band, bands_of

Matrix: TypeAlias = npt.NDArray[np.float64]

FEWEST = 25
"""Cases of a level, or a band, below which nothing is learnt of it alone."""
MOST_LEVELS = 12
IDENTIFYING = frozenset({"company_domain"})
"""Who somebody is, not what they are like."""
_NO_CAP = 10**6


@dataclass(frozen=True, slots=True)
class Level:
    """A thing that an attribute may say, as a rule would ask for it."""

    attribute: str
    when: Mapping[str, Any]
    words: str
    holds: Callable[[Mapping[str, Value]], bool] = field(compare=False)


@dataclass(frozen=True, slots=True)
class Features:
    """The columns: `rules`, then `levels`, then the bands of each number, which lie side by side and exclude each other."""

    rules: tuple[Rule, ...]
    levels: tuple[Level, ...]
    bands: tuple[tuple[Band, ...], ...]
    model: Model  # the rules with nothing that cuts them

    def matrix(self, facts: Sequence[LeadFacts], at: Sequence[Any]) -> Matrix:
        """A row for each lead as it was known at its moment."""
        rules = _strengths(self.model, self.rules, facts, at)
        tests = [level.holds for level in self.levels] + [band.holds for family in self.bands for band in family]
        said = np.array([[test(one.attributes) for test in tests] for one in facts], dtype=float)
        return np.hstack([rules, said.reshape(len(facts), len(tests))])


def features(base: Model, examples: Sequence[Example]) -> Features:
    """The columns that the examples have enough cases of."""
    known = [example.facts.attributes for example in examples]
    names = sorted({name for attributes in known for name in attributes} - IDENTIFYING)
    families = {name: bands_of(name, base, known, FEWEST) for name in names}
    banded = {rule_id for family in families.values() for band in family for rule_id in band.replaces}
    rules = tuple(
        rule
        for rule in base.rules
        if not rule.disqualify and not rule.id.startswith(LEARNT_PREFIX) and rule.id not in banded
    )
    plain = build_model(
        name=base.name,
        version=base.version,
        thresholds=base.thresholds,
        expected_conversion={},
        caps=Caps(_NO_CAP, _NO_CAP, _NO_CAP, _NO_CAP, base.caps.per_kind_per_day),
        rules=rules,
    )
    kept = tuple(family for family in families.values() if family)
    levels = [level for name in names for level in _levels(name, known)]
    return Features(rules, _telling(levels, rules, known), kept, plain)


def _strengths(model: Model, rules: Sequence[Rule], facts: Sequence[LeadFacts], at: Sequence[Any]) -> Matrix:
    """How often each rule counts: 1 for an attribute, for touches what is left of them after decay and caps."""
    place = {rule.id: number for number, rule in enumerate(rules)}
    size = {rule.id: abs(rule.points) or 1.0 for rule in rules}
    found = np.zeros((len(facts), len(rules)))
    for number, (known, moment) in enumerate(zip(facts, at, strict=True)):
        for row in score(model, known, moment).ledger:
            if row.group is not Group.CLAMP:
                found[number, place[row.rule]] = abs(row.raw * row.decay - row.cap_cut) / size[row.rule]
    return found


def _levels(name: str, known: Sequence[Mapping[str, Value]]) -> list[Level]:
    """The words, flags and entries of sets that enough leads have; and that nothing is known, if it is so of some only."""
    counted: Counter[Value] = Counter()
    for attributes in known:
        counted.update(_words(attributes.get(name)))
    # Those of as many leads by their name: the order of the leads decides nothing.
    ordered = sorted(counted.items(), key=lambda item: (-item[1], str(item[0])))[:MOST_LEVELS]
    common = [value for value, cases in ordered if FEWEST <= cases <= len(known) - FEWEST]
    levels = [_level(name, {_how(name, value, known): value}, in_words(value)) for value in common]
    blank = sum(not is_known(attributes.get(name)) for attributes in known)
    if min(blank, len(known) - blank) >= FEWEST:
        levels.append(_level(name, {"exists": False}, "not known"))
    return [level for level in levels if level is not None]


def _words(value: Value | None) -> Iterable[Value]:
    match value:
        case bool():
            return [value]
        case str():
            return [value.casefold()] if value else []
        case frozenset():
            return {entry.casefold() for entry in value}
    return []  # a number: it has bands


def _how(name: str, value: Value, known: Sequence[Mapping[str, Value]]) -> str:
    in_sets = isinstance(value, str) and any(isinstance(attributes.get(name), frozenset) for attributes in known)
    return "contains" if in_sets else "equals"


def _level(name: str, test: Mapping[str, Any], words: str) -> Level | None:
    """None: what stands there could not stand in a model's file."""
    when = {"attribute": name, **test}
    try:
        holds = parse_condition(Table(when)).holds
    except ModelError:
        return None
    return Level(name, when, f"{spoken(name)}: {words}", holds) if holds else None


def _telling(levels: Sequence[Level], rules: Sequence[Rule], known: Sequence[Mapping[str, Value]]) -> tuple[Level, ...]:
    """Without those that say of every lead the same as one before them, or as a rule that is there."""
    said = {
        bytes(rule.when.holds(attributes) for attributes in known)
        for rule in rules
        if rule.when.holds is not None and rule.when.touch is None
    }
    kept = []
    for level in levels:
        pattern = bytes(level.holds(attributes) for attributes in known)
        # What holds of all but these says the same, too.
        if not said & {pattern, bytes(not one for one in pattern)} and FEWEST <= sum(pattern) <= len(known) - FEWEST:
            said.add(pattern)
            kept.append(level)
    return tuple(kept)


__all__ = ["FEWEST", "Features", "Level", "Matrix", "features", "is_number"]
