"""What one scoring model has that another has not, in words for who sets the points."""

from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple

from domain.rules.conditions import ANY_KIND
from domain.rules.probability import Probability
from domain.rules.scoring_model import Group, Model, Rule
from domain.rules.tiers import Tier


class Kind(StrEnum):
    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


class Change(NamedTuple):
    """One difference; `words` may hold what stands in a model's file and is no markup."""

    place: str  # where it stands: thresholds.mql, or the group and id of a rule, such as intent.webinar
    kind: Kind
    words: str


def diff(old: Model, new: Model) -> list[Change]:
    """Thresholds, expectations, caps and movement first, then rules in the order of the new file, then those gone; then
    what stands beside the score.
    """
    return [*_numbers(old, new), *_rules(old, new), *_probability(old, new), *_monotone(old, new)]


def _numbers(old: Model, new: Model) -> Iterator[Change]:
    before, after = _named_numbers(old), _named_numbers(new)
    for place in dict.fromkeys([*before, *after]):
        if before.get(place) != after.get(place):
            yield _change(place, before.get(place), after.get(place))


def _named_numbers(model: Model) -> dict[str, float]:
    """Every number that is no rule's, by its place in the file."""
    caps, movement = model.caps, model.movement
    return {
        **{f"thresholds.{tier}": model.thresholds.of(tier) for tier in Tier if tier is not Tier.COLD},
        **{f"expected_conversion.{tier}": share for tier, share in model.expected_conversion.items()},
        **{f"caps.{group}": cap for group, cap in caps.of_groups().items()},
        "caps.total": caps.total,
        **{f"caps.per_kind_per_day.{kind}": cap for kind, cap in caps.per_kind_per_day.items()},
        "movement.hysteresis": movement.hysteresis,
        "movement.jump_points": movement.jump_points,
        "movement.jump_days": movement.jump_days,
    }


def _change(place: str, before: float | None, after: float | None) -> Change:
    name = place.replace(ANY_KIND, "any other kind")
    if before is None:
        return Change(place, Kind.ADDED, f"{name} is {after:g}, there was none")
    if after is None:
        return Change(place, Kind.REMOVED, f"{name} was {before:g}, there is none any more")
    return Change(place, Kind.CHANGED, f"{name} {before:g} -> {after:g}")


def _probability(old: Model, new: Model) -> Iterator[Change]:
    """The chances at the new model's thresholds, for these are what people know."""
    was, now = old.probability, new.probability
    if was == now:
        return
    if now is None:
        yield Change("probability", Kind.REMOVED, "no chance stands beside the score any more")
        return
    if was is None:
        yield Change("probability", Kind.ADDED, f"a chance stands beside the score: {_measured(now)}; {_at(now, new)}")
        return
    words = f"{_measured(was)}; {_at(was, new)} -> {_measured(now)}; {_at(now, new)}"
    yield Change("probability", Kind.CHANGED, f"the chance beside the score: {words}")


def _measured(probability: Probability) -> str:
    return f"how many {probability.of.words}, measured on {probability.outcomes:,}"


def _at(probability: Probability, model: Model) -> str:
    scores = [model.thresholds.of(tier) for tier in Tier]
    return ", ".join(f"{probability.chance(score).share:.1%} at {score}" for score in scores)


def _monotone(old: Model, new: Model) -> Iterator[Change]:
    for name in dict.fromkeys([*old.monotone, *new.monotone]):
        was, now = old.monotone.get(name), new.monotone.get(name)
        if was == now:
            continue
        kind = Kind.ADDED if was is None else Kind.REMOVED if now is None else Kind.CHANGED
        yield Change(f"learning.monotone.{name}", kind, f"learning.monotone.{name} {was or 'none'} -> {now or 'none'}")


def _rules(old: Model, new: Model) -> Iterator[Change]:
    before, after = ({rule.id: rule for rule in model.rules} for model in (old, new))
    for rule in after.values():
        was = before.get(rule.id)
        if was is None:
            yield Change(_place(rule), Kind.ADDED, f"new rule {_whole(rule)}")
        elif changed := list(_within(was, rule)):
            yield Change(_place(rule), Kind.CHANGED, f"{_named(rule)}: {'; '.join(changed)}")
    for rule in before.values():
        if rule.id not in after:
            yield Change(_place(rule), Kind.REMOVED, f"no rule any more {_whole(rule)}")
    if _order(old) != _order(new) and before.keys() == after.keys():
        yield Change("rules", Kind.CHANGED, "the rules stand in another order: the cap of a group cuts the last first")


def _within(was: Rule, rule: Rule) -> Iterator[str]:
    """What changed of a rule that both models have."""
    for name, before, after in zip(_ASPECTS, _aspects(was), _aspects(rule), strict=True):
        if before != after:
            yield f"{name} {before} -> {after}"
    # The words of two conditions may be the same although the file means text in one and a number in the other.
    if was.when != rule.when and was.when.words == rule.when.words:
        yield "when: text, number or flag is meant otherwise"


_ASPECTS = ("group", "label", "points", "when", "cap", "half-life", "window", "least times", "disqualifies")


def _aspects(rule: Rule) -> tuple[str, ...]:
    return (
        rule.group.value,
        repr(rule.label),
        f"{rule.points:g}",
        f"({rule.when.words})",
        "none" if rule.cap is None else str(rule.cap),
        _days(rule.half_life_days),
        _days(rule.within_days),
        str(rule.at_least_times),
        "yes" if rule.disqualify else "no",
    )


def _days(days: float | None) -> str:
    return "none" if days is None else f"{days:g} days"


def _whole(rule: Rule) -> str:
    worth = "disqualifies" if rule.disqualify else f"{rule.points:+g} points"
    return f"{_named(rule)}: {worth} when {rule.when.words}"


def _named(rule: Rule) -> str:
    return f"{rule.id} ({rule.label})"


def _place(rule: Rule) -> str:
    return f"{rule.group}.{rule.id}"


def _order(model: Model) -> list[tuple[Group, str]]:
    return [(rule.group, rule.id) for rule in model.rules]
