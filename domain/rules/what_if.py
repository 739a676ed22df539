"""What would make of a lead more than it is, and what becomes of it if nothing happens: answered by scoring it so."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from heapq import nlargest
from itertools import combinations_with_replacement
from typing import NamedTuple

from domain.rules.conditions import AttributePart, TouchCondition, TouchField, spoken
from domain.rules.explaining import is_open
from domain.rules.facts import Attribute, LeadFacts, Touch, TouchKind, Value
from domain.rules.scoring import Score, score
from domain.rules.scoring_model import Group, Model, Rule
from domain.rules.tiers import Tier, is_above, settled_tier, tier_of
from domain.rules.value_tests import Wanted

MOST_TRIED = 200
"""Of a model with more rules, those that bring most: a score with thousands of rules takes milliseconds, and somebody waits."""
MOST_PAIRED = 20
"""Of how many steps pairs are tried: those that bring most. Each pair costs one scoring."""
HORIZON = timedelta(days=366)
OURS_TO_SAY = frozenset(
    {
        Attribute.COMPETITOR,
        Attribute.UNSUBSCRIBED,
        Attribute.FREE_MAIL,
        Attribute.DISPOSABLE_MAIL,
        Attribute.ROLE_INBOX,
        Attribute.QUALITY_NOTES,
        Attribute.DATA_QUALITY,
        Attribute.MAIL_DOMAIN,
    }
)
"""What our own checks or the lead's own will decide: nothing that one could go and learn."""


class Step(NamedTuple):
    """One thing that may happen: a touch at this moment, or something that we learn. `words` is plain text, no markup."""

    words: str
    rule: str
    touch: Touch | None = None
    learnt: tuple[str, Value] | None = None


class Path(NamedTuple):
    """Steps, not one of them needless, and the score that the lead would have right after them."""

    steps: tuple[Step, ...]
    total: int


class Outlook(NamedTuple):
    """What comes if nothing happens."""

    in_7_days: int
    in_30_days: int
    falls_at: datetime | None  # when the lead loses its tier, to the minute; None: not within a year


def what_would_make(
    model: Model, facts: LeadFacts, given: Score, as_of: datetime, tier: Tier, most: int = 3
) -> list[Path]:
    """The ways to a tier: at most so many single steps, then as many pairs; those that ask least first."""
    if given.disqualified_by or not is_above(tier, tier_of(given.total, model.thresholds)):
        return []
    wanted = model.thresholds.of(tier)
    tried = [(step, score(model, after(facts, [step]), as_of).total) for step in _steps(model, facts, as_of)]
    singles = [Path((step,), total) for step, total in tried if total >= wanted]
    short = sorted((one for one in tried if one[1] < wanted), key=lambda one: -one[1])[:MOST_PAIRED]
    pairs = _pairs(model, facts, as_of, [step for step, _ in short], wanted)
    return [*_cheapest(singles)[:most], *_cheapest(pairs)[:most]]


def after(facts: LeadFacts, steps: Sequence[Step]) -> LeadFacts:
    """The lead as it would be."""
    return LeadFacts(
        {**facts.attributes, **dict(step.learnt for step in steps if step.learnt)},
        [*facts.touches, *(step.touch for step in steps if step.touch)],
    )


def outlook(model: Model, facts: LeadFacts, as_of: datetime, tier: Tier) -> Outlook:
    """Of a lead that is in `tier`, which it may hold although its score lies a little lower."""
    quiet = _quiet(facts, as_of)
    week, month = (score(model, quiet, as_of + timedelta(days=days)).total for days in (7, 30))
    return Outlook(week, month, falls_at(model, quiet, as_of, tier))


def falls_at(model: Model, facts: LeadFacts, as_of: datetime, tier: Tier) -> datetime | None:
    """When a lead to which nothing happens loses its tier; to the minute, within a year."""
    if tier is Tier.COLD:
        return None  # there is no tier below
    quiet = _quiet(facts, as_of)

    def holds(later: timedelta) -> bool:
        total = score(model, quiet, as_of + later).total
        return not is_above(tier, settled_tier(total, model.thresholds, tier, model.movement.hysteresis))

    start, end = timedelta(0), HORIZON
    if not holds(start):
        return as_of
    if _may_rise(model, quiet):
        # What speaks against the lead fades as well: its score may fall and rise again, so each day is looked at.
        end = next((day for day in map(timedelta, range(1, HORIZON.days + 1)) if not holds(day)), HORIZON)
        start = end - timedelta(days=1)
    if holds(end):
        return None
    while end - start > timedelta(minutes=1):
        middle = start + (end - start) / 2
        start, end = (middle, end) if holds(middle) else (start, middle)
    return as_of + end


def _quiet(facts: LeadFacts, as_of: datetime) -> LeadFacts:
    """As the lead is known now: later touches, which a replay of the past may hold, do not happen."""
    return replace(facts, touches=[touch for touch in facts.touches if touch.occurred_at <= as_of])


def _may_rise(model: Model, facts: LeadFacts) -> bool:
    against = [rule.when.touch for rule in model.rules if rule.group is Group.NEGATIVE and rule.when.touch]
    kinds = {touch.kind for touch in facts.touches}
    return any(not asked.kinds or not asked.kinds.isdisjoint(kinds) for asked in against)


def _pairs(model: Model, facts: LeadFacts, as_of: datetime, steps: Sequence[Step], wanted: int) -> Iterator[Path]:
    for first, second in combinations_with_replacement(steps, 2):
        if first.learnt and second.learnt and first.learnt[0] == second.learnt[0]:
            continue
        total = score(model, after(facts, [first, second]), as_of).total
        if total >= wanted:
            yield Path((first, second), total)


def _cheapest(paths: Iterable[Path]) -> list[Path]:
    """What brings least and still suffices asks least: a webinar sooner than a demo."""
    return sorted(paths, key=lambda path: (path.total, [step.words for step in path.steps]))


def _steps(model: Model, facts: LeadFacts, as_of: datetime) -> list[Step]:
    """Each thing once that a rule of fit or intent waits for, and that can still happen."""
    found: dict[object, Step] = {}
    rules = [rule for rule in model.rules if rule.group is not Group.NEGATIVE]
    if len(rules) > MOST_TRIED:
        rules = nlargest(MOST_TRIED, rules, key=lambda rule: rule.points)
    for rule in rules:
        for step in (*_touches(rule, as_of), *_lessons(rule, facts)):
            found.setdefault((step.touch, step.learnt), step)
    return list(found.values())


def _touches(rule: Rule, as_of: datetime) -> Iterator[Step]:
    asked = rule.when.touch
    details = None if asked is None else _details(asked)
    if asked is None or details is None:
        return
    for kind in sorted(asked.kinds) or [TouchKind.OTHER.value]:
        touch = Touch(
            kind, as_of, details.get("campaign"), details.get("channel"), details.get("content"), details.get("page")
        )
        which = f": {spoken(kind)}" if len(asked.kinds) > 1 else ""
        yield Step(f"today: {rule.label}{which}", rule.id, touch=touch)


def _details(asked: TouchCondition) -> dict[str, str] | None:
    """Fields with which a touch matches; None if no text can."""
    found = {}
    for one in asked.fields:
        value = _sample(one)
        if not isinstance(value, str):
            return None
        found[one.name] = value
    return found


def _lessons(rule: Rule, facts: LeadFacts) -> Iterator[Step]:
    """Only what is not known yet: what is known can be wrong, but it is not for a score to wish it otherwise."""
    for part in rule.when.parts:
        if part.name in OURS_TO_SAY or not part.known or not is_open(part.name, facts.attributes):
            continue
        value = _sample(part)
        if value is not None:
            yield Step(f"we learn that {part.words}", rule.id, learnt=(part.name, value))


def _sample(asked: AttributePart | TouchField) -> Value | None:
    """A value that passes all tests, if one is easily found."""
    return next((value for value in _guesses(asked.tests) if all(test.passes(value) for test in asked.tests)), None)


def _guesses(tests: Sequence[Wanted]) -> Iterator[Value]:
    for test in tests:
        if test.how != "not_in":
            yield from test.values
    yield "something else"
