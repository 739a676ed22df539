"""What is allowed in a scoring model but probably not meant. A remark refuses nothing."""

import difflib
import math
from collections.abc import Iterator, Mapping

from domain.rules.conditions import ANY_KIND, spoken
from domain.rules.facts import Attribute, TouchKind
from domain.rules.industries import Industry
from domain.rules.personas import CompanySize, Function, Persona, Seniority
from domain.rules.probability import Outcome
from domain.rules.scoring_model import Group, Model, Rule
from domain.rules.tiers import Tier
from domain.rules.value_tests import in_words

ALWAYS_KNOWN = frozenset({*Attribute, "source", "company_domain"})
"""What a model may read without anybody importing it."""
FEW_OUTCOMES = 100
"""Of so few the interval is wider than what one wants to know."""
WORDS: Mapping[str, tuple[str, ...]] = {
    Attribute.PERSONA.value: tuple(Persona),
    Attribute.SENIORITY.value: tuple(Seniority),
    Attribute.FUNCTION.value: tuple(Function),
    Attribute.INDUSTRY.value: tuple(Industry),
    Attribute.COMPANY_SIZE.value: tuple(CompanySize),
    Attribute.DATA_QUALITY.value: ("a", "b", "c", "d"),
}
"""The values of the attributes that we work out ourselves."""


def remarks(model: Model) -> list[str]:
    """Sentences, each beginning with the place; may hold what stands in the file."""
    return [
        *_tiers(model),
        *_expectations(model),
        *_kinds(model),
        *_attributes(model),
        *_values(model),
        *_ranges(model),
        *_points(model),
        *_probability(model),
        *_monotone(model),
    ]


def _tiers(model: Model) -> Iterator[str]:
    """A tier that lies above everything that the rules can bring together."""
    most = _most(model)
    for tier in Tier:
        if model.thresholds.of(tier) > most:
            yield (
                f"thresholds.{tier}: no lead can reach {tier.label()} ({model.thresholds.of(tier)} points): the rules and "
                f"their caps bring {most} at most"
            )


def _most(model: Model) -> int:
    """What fit and intent may bring at most; an upper bound, for some rules exclude each other."""
    most = 0.0
    for group in (Group.FIT, Group.INTENT):
        brought = sum(_most_of(rule) for rule in model.rules if rule.group is group)
        most += min(brought, model.caps.of_groups()[group])
    return int(min(most, model.caps.total))


def _most_of(rule: Rule) -> float:
    """A rule about touches without a cap has no most: it counts each."""
    if rule.when.touch is None:
        return rule.points + 0.5  # as it is rounded
    return float("inf") if rule.cap is None else rule.cap


def _expectations(model: Model) -> Iterator[str]:
    for tier in (Tier.MQL, Tier.HQL):
        if tier not in model.expected_conversion:
            yield f"expected_conversion.{tier}: is missing, so no statistic can say whether {tier.label()}s do as expected"
    mql, hql = (model.expected_conversion.get(tier) for tier in (Tier.MQL, Tier.HQL))
    if mql is not None and hql is not None and hql < mql:
        yield f"expected_conversion.hql: {hql:g} is less than you expect of an MQL ({mql:g})"


def _kinds(model: Model) -> Iterator[str]:
    """Kinds are open words: an unknown one may be meant, or misspelt."""
    ruled: set[str] = set()
    for rule in model.rules:
        if rule.when.touch:
            ruled |= rule.when.touch.kinds or {ANY_KIND}
            for kind in sorted(rule.when.touch.kinds - set(TouchKind)):
                yield f"{_place(rule)}: {kind} is no kind of touch that we have a word for; your own?"
    for kind in model.caps.per_kind_per_day:
        if kind not in ruled and ANY_KIND not in {kind, *ruled}:
            yield f"caps.per_kind_per_day.{kind}: no rule counts touches of this kind"


def _attributes(model: Model) -> Iterator[str]:
    """One remark for each attribute, at the first rule that reads it."""
    said: set[str] = set()
    for rule in model.rules:
        for name in rule.when.names:
            if name not in ALWAYS_KNOWN | said:
                said.add(name)
                near = difflib.get_close_matches(name, sorted(ALWAYS_KNOWN), 1, cutoff=0.8)
                hint = f"did you mean {near[0]}?" if near else "do you import it?"
                yield f"{_place(rule)}: {name} is none of the attributes that every lead has; {hint}"


def _values(model: Model) -> Iterator[str]:
    """Of what we work out ourselves we know every word there is: another one never fires."""
    for rule in model.rules:
        for part in rule.when.parts:
            words = WORDS.get(part.name, ())
            asked = [value for test in part.tests if test.how in {"equals", "in", "not_in"} for value in test.values]
            for value in asked if words else ():
                if not isinstance(value, str) or value.casefold() not in words:
                    near = difflib.get_close_matches(str(value).casefold(), words, 1, cutoff=0.6)
                    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(words)}"
                    yield f"{_place(rule)}: {spoken(part.name)} is never {in_words(value)}; {hint}"


def _ranges(model: Model) -> Iterator[str]:
    for rule in model.rules:
        for part in rule.when.parts:
            bounds = {test.how: test.values[0] for test in part.tests if test.how in {"at_least", "at_most"}}
            low, high = bounds.get("at_least", -math.inf), bounds.get("at_most", math.inf)
            if isinstance(low, int | float) and isinstance(high, int | float) and low > high:
                yield f"{_place(rule)}: {spoken(part.name)} is never both at least {low:g} and at most {high:g}"


def _points(model: Model) -> Iterator[str]:
    for rule in model.rules:
        size = abs(rule.points)
        if rule.cap is not None and rule.cap < size:
            yield f"{_place(rule)}: the cap ({rule.cap}) is less than one touch brings ({size:g})"
        if rule.half_life_days is not None and rule.within_days is not None and rule.half_life_days > rule.within_days:
            yield f"{_place(rule)}: touches leave the window ({rule.within_days:g} days) before half of their points faded"
    for group, cap in model.caps.of_groups().items():
        largest = max((abs(rule.points) for rule in model.rules if rule.group is group), default=0)
        if cap < largest:
            yield f"caps.{group}: {cap} is less than one of its rules brings ({largest:g})"


def _probability(model: Model) -> Iterator[str]:
    probability = model.probability
    if probability is None:
        return
    if probability.outcomes < FEW_OUTCOMES:
        yield f"probability.outcomes: {probability.outcomes} are few to speak of a chance; people will take it for certain"
    last = probability.at[-1].score
    if last < model.thresholds.mql:
        yield f"probability.at: ends at {last:g}, so every MQL ({model.thresholds.mql} points) has the same chance"
    expected = model.expected_conversion.get(Tier.MQL)
    if probability.of is Outcome.SQL and expected is not None:
        least, most = (probability.chance(score) for score in (model.thresholds.mql, model.thresholds.hql))
        if not least.low <= expected <= most.high:
            yield (
                f"expected_conversion.mql: you expect {expected:g}, but the chance beside the scores of an MQL is "
                f"{least.share:.2f} to {most.share:.2f}"
            )


def _monotone(model: Model) -> Iterator[str]:
    for name in model.monotone:
        if name in WORDS:
            yield f"learning.monotone.{name}: {spoken(name)} is a word, which neither rises nor falls"
        elif all(name not in rule.when.names for rule in model.rules):
            yield f"learning.monotone.{name}: no rule reads {spoken(name)}"


def _place(rule: Rule) -> str:
    return f"{rule.group}.{rule.id}"
