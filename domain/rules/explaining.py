"""Why a lead has its score: what lifts it, what holds it down, what caps took away, and why other rules say nothing.

Every number comes from the ledger. Words may quote what a lead typed: they are plain text, no markup.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from domain.rules.conditions import AttributePart, Attributes, is_known, spoken
from domain.rules.facts import Attribute, LeadFacts, Touch
from domain.rules.scoring import Contribution, Score, day_in_words, in_order
from domain.rules.scoring_model import Group, Model, Rule
from domain.rules.tiers import Tier, tier_of
from domain.rules.value_tests import in_words

LONGEST_WHY = 300
SMALLEST_CUT = 0.05
"""What is less is nothing when it is shown with one digit."""
UNKNOWN = "unknown"
"""Of seniority, industry and company size: we have looked, and cannot tell."""
FROM_TITLE = frozenset({Attribute.PERSONA, Attribute.FUNCTION})


class Subtotal(NamedTuple):
    group: Group
    points: int
    cap: int

    @property
    def full(self) -> bool:
        """More of this kind brings (or takes) nothing."""
        return abs(self.points) == self.cap


class Cut(NamedTuple):
    """What a cap took from a row of the ledger."""

    rule: str
    label: str
    points: float  # above 0
    why: str


class Silent(NamedTuple):
    """A rule without points in this score."""

    group: Group
    rule: str
    label: str
    points: float  # what it would bring, or take if below 0: once, or for each touch
    why: str


@dataclass(frozen=True, slots=True)
class Explanation:
    total: int
    tier: Tier  # the one in which the score lies; a lead that fell may still hold a higher one
    fit: Subtotal
    intent: Subtotal
    negative: Subtotal
    lifts: tuple[Contribution, ...]  # the biggest first
    holds_down: tuple[Contribution, ...]  # what disqualifies first, then the worst
    clamp: Contribution | None  # what kept the sum within 0 to 100
    cuts: tuple[Cut, ...]
    silent: tuple[Silent, ...]  # in the order of the model


def explain(model: Model, facts: LeadFacts, score: Score, as_of: datetime) -> Explanation:
    """Of a score that the model gave to these facts at `as_of`."""
    rows = [row for row in score.ledger if row.group is not Group.CLAMP]
    against = [row for row in rows if row.points < 0 or row.rule == score.disqualified_by]
    worst = sorted(against, key=lambda row: (row.rule != score.disqualified_by, row.points))
    return Explanation(
        total=score.total,
        tier=tier_of(score.total, model.thresholds),
        fit=Subtotal(Group.FIT, score.fit, model.caps.fit),
        intent=Subtotal(Group.INTENT, score.intent, model.caps.intent),
        negative=Subtotal(Group.NEGATIVE, score.negative, model.caps.negative),
        lifts=tuple(sorted((row for row in rows if row.points > 0), key=lambda row: -row.points)),
        holds_down=tuple(worst),
        clamp=next((row for row in score.ledger if row.group is Group.CLAMP), None),
        cuts=tuple(_cuts(model, rows)),
        silent=tuple(_silent(model, facts, rows, as_of)),
    )


def is_open(name: str, attributes: Attributes) -> bool:
    """Whether nobody knows this of the lead yet, so that it may still be learnt."""
    value = attributes.get(name)
    if not is_known(value) or value == UNKNOWN:
        return True
    # Who has no title that tells anything is "other" in what follows from the title.
    return value == "other" and name in FROM_TITLE and attributes.get(Attribute.SENIORITY, UNKNOWN) == UNKNOWN


def _cuts(model: Model, rows: Iterable[Contribution]) -> Iterator[Cut]:
    rules = {rule.id: rule for rule in model.rules}
    left = model.caps.of_groups()
    for row in rows:
        if abs(row.cap_cut) >= SMALLEST_CUT:
            yield Cut(row.rule, row.label, abs(row.cap_cut), _why_cut(rules[row.rule], row, left[row.group], model))
        left[row.group] -= abs(row.points)


def _why_cut(rule: Rule, row: Contribution, room: int, model: Model) -> str:
    """Which cap took most: the one that leaves least."""
    kept = abs(row.raw * row.decay) - abs(row.cap_cut)
    own = float("inf") if rule.cap is None else rule.cap
    if kept < min(own, room) - SMALLEST_CUT:
        return "one kind of touch earns no more on one day"
    if room <= own:
        return f"{row.group} counts {model.caps.of_groups()[row.group]} points at most"
    return f"this rule counts {rule.cap} points at most"


def _silent(model: Model, facts: LeadFacts, rows: Iterable[Contribution], as_of: datetime) -> Iterator[Silent]:
    found = {row.rule: row for row in rows}
    known = [touch for touch in in_order(facts.touches) if touch.occurred_at <= as_of]
    for rule in model.rules:
        row = found.get(rule.id)
        if row is None:
            why = _why_not(rule, facts, known, as_of)
        elif row.points or rule.disqualify:
            continue
        else:
            why = "nothing is left of it" if abs(row.raw * row.decay) < 0.5 else "the caps leave nothing of it"
        yield Silent(rule.group, rule.id, rule.label, rule.points, why[:LONGEST_WHY])


def _why_not(rule: Rule, facts: LeadFacts, known: list[Touch], as_of: datetime) -> str:
    when = rule.when
    failing = [part for part in when.parts if not part.holds(facts.attributes)]
    if failing and (not when.any_part or len(failing) == len(when.parts)):
        return "; ".join(_why_part_fails(part, facts.attributes) for part in failing)
    return _why_no_touch(rule, known, as_of)


def _why_part_fails(part: AttributePart, attributes: Attributes) -> str:
    name, value = spoken(part.name), attributes.get(part.name)
    if not part.tests:
        return f"{name} is {'not known' if part.known else 'known'}"
    if not is_known(value) or value == UNKNOWN:
        return f"{name} is not known"
    return f"{name}: {in_words(value)} (counts if it {' and '.join(test.words for test in part.tests)})"


def _why_no_touch(rule: Rule, known: list[Touch], as_of: datetime) -> str:
    asked = rule.when.touch
    if asked is None:
        return ""
    of_kind = [touch for touch in known if not asked.kinds or touch.kind in asked.kinds]
    matching = [touch for touch in of_kind if asked.matches is None or asked.matches(touch)]
    if not matching:
        return f"no {asked.words} yet"
    within = [touch for touch in matching if _is_within(rule, touch, as_of)]
    if not within:
        return f"last on {day_in_words(matching[-1].occurred_at)}, more than {rule.within_days:g} days ago"
    return f"{len(within)} of the {rule.at_least_times} times that it takes"


def _is_within(rule: Rule, touch: Touch, as_of: datetime) -> bool:
    return rule.within_days is None or as_of - touch.occurred_at <= timedelta(days=rule.within_days)
