"""A scoring model: rules as data. Read from TOML, checked key by key, compiled for scoring."""

import math
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from importlib import resources

from domain.rules.conditions import ANY_KIND, Attributes, Condition, Holds, TouchTest, parse_condition, spoken
from domain.rules.model_table import ModelError, Table
from domain.rules.probability import Direction, Probability, read_monotone, read_probability
from domain.rules.tiers import Thresholds, Tier

SECONDS_A_DAY = 86_400
MOST_POINTS = 100
_ABOUT_TOUCHES = ("cap", "half_life_days", "within_days", "at_least_times")
_KEYS = ("name", "version", "thresholds", "expected_conversion", "caps", "movement", "probability", "learning")
_SYNTAX_PLACE = re.compile(r"^(?P<why>.*) \(at (?P<place>line \d+, column \d+|end of document)\)$", re.DOTALL)


class Group(StrEnum):
    FIT = "fit"  # who they are
    INTENT = "intent"  # what they did
    NEGATIVE = "negative"  # what speaks against them
    CLAMP = "clamp"  # what keeps the sum within 0 to 100; a row of the ledger, never a group of rules


@dataclass(frozen=True, slots=True)
class Rule:
    id: str
    group: Group
    label: str  # words for a salesperson
    points: float  # for each touch, or once for attributes; below 0 in the negative group
    when: Condition
    cap: int | None = None  # the most that all touches together bring (or take)
    half_life_days: float | None = None
    within_days: float | None = None  # older touches do not count at all
    at_least_times: int = 1  # fewer touches than this bring nothing
    disqualify: bool = False

    @property
    def reads(self) -> tuple[tuple[str, str], ...]:
        """The attributes it reads, each with its spoken name."""
        return tuple((name, spoken(name)) for name in self.when.names)


@dataclass(frozen=True, slots=True)
class Caps:
    """The most points of each group (of negative: the most taken), in total, and of one touch kind on one UTC day."""

    fit: int = 100
    intent: int = 100
    negative: int = 100
    total: int = 100
    per_kind_per_day: Mapping[str, float] = field(default_factory=dict)

    def of_groups(self) -> dict[Group, int]:
        return {Group.FIT: self.fit, Group.INTENT: self.intent, Group.NEGATIVE: self.negative}


@dataclass(frozen=True, slots=True)
class Movement:
    """How a lead moves between tiers: `hysteresis` points below a threshold it still holds its tier; a rise of
    `jump_points` within `jump_days` is told to people.
    """

    hysteresis: int = 3
    jump_points: int = 20
    jump_days: float = 7


@dataclass(frozen=True, slots=True)
class TouchRule:
    """A rule about touches with everything that the inner loop of scoring needs, worked out beforehand."""

    id: str
    size: float  # the points without their sign
    decay_per_second: float
    oldest_seconds: float
    a_day: float | None  # the most that touches of this kind earn on one day
    holds: Holds | None  # None: for every lead
    matches: TouchTest | None  # None: every touch of the kind


@dataclass(frozen=True, slots=True)
class Line:
    """One rule as a section goes through it: `counts` says whether it counts touches, else it asks `holds`."""

    rule: Rule
    size: float
    counts: bool
    holds: Holds
    reads: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Section:
    group: Group
    cap: int
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Model:
    name: str
    version: int
    thresholds: Thresholds
    expected_conversion: Mapping[Tier, float]  # the predicted share of MQL that become SQL, per tier
    caps: Caps
    movement: Movement
    sections: tuple[Section, ...]  # fit, intent, negative; within each the rules in the order of the file
    by_kind: Mapping[str, tuple[TouchRule, ...]]  # the rules that a touch of this kind may meet
    any_kind: tuple[TouchRule, ...]  # those that a touch of any other kind may meet
    disqualifiers: frozenset[str]  # the ids of the rules that disqualify
    probability: Probability | None = None  # the chance beside the score; nothing follows from it
    monotone: Mapping[str, Direction] = field(default_factory=dict)  # for whoever learns the next model from this one

    @property
    def rules(self) -> tuple[Rule, ...]:
        return tuple(line.rule for section in self.sections for line in section.lines)


def default_model_toml() -> str:
    return resources.files("domain.rules").joinpath("default_model.toml").read_text("utf-8")


def read_model(toml_text: str) -> Model:
    """Raises ModelError; for a mistake of syntax its path is the line and column."""
    try:
        data = tomllib.loads(toml_text)
    except tomllib.TOMLDecodeError as error:
        found = _SYNTAX_PLACE.match(str(error))
        place, why = (found["place"], found["why"]) if found else ("model", str(error))
        raise ModelError(place, None, why) from error
    except (ValueError, RecursionError) as error:  # a number of thousands of digits; brackets nested by the thousand
        raise ModelError("model", None, "holds a number too long or tables nested too deep to be read") from error
    return parse_model(data)


def parse_model(data: Mapping[str, object]) -> Model:
    """Raises ModelError."""
    top = Table(data)
    top.only(*_KEYS, Group.FIT, Group.INTENT, Group.NEGATIVE)
    rules = _all_rules(top)
    if not rules:
        raise ModelError("fit.rules", None, "is missing, and so are intent.rules and negative.rules")
    thresholds = _thresholds(top.table("thresholds"))
    made = build_model(
        name=top.text("name"),
        version=top.whole("version", at_least=1, at_most=10**6),
        thresholds=thresholds,
        expected_conversion=_conversion(top.table("expected_conversion")),
        caps=_caps(top.table("caps")),
        movement=_movement(top.table("movement"), thresholds),
        rules=rules,
    )
    beside = read_probability(top.table("probability"))
    return replace(made, probability=beside, monotone=read_monotone(top.table("learning")))


def build_model(
    *,
    name: str,
    version: int,
    thresholds: Thresholds,
    expected_conversion: Mapping[Tier, float],
    caps: Caps,
    rules: Sequence[Rule],
    movement: Movement = Movement(),
) -> Model:
    """Of rules whose ids differ; what scoring asks again and again is worked out here, once."""
    kinds = {kind for rule in rules if rule.when.touch for kind in rule.when.touch.kinds}
    return Model(
        name=name,
        version=version,
        thresholds=thresholds,
        expected_conversion=expected_conversion,
        caps=caps,
        movement=movement,
        sections=tuple(_section(rules, group, cap) for group, cap in caps.of_groups().items()),
        by_kind={kind: _meeting(rules, kind, caps) for kind in kinds | caps.per_kind_per_day.keys()},
        any_kind=_meeting(rules, ANY_KIND, caps),
        disqualifiers=frozenset(rule.id for rule in rules if rule.disqualify),
    )


def _section(rules: Sequence[Rule], group: Group, cap: int) -> Section:
    return Section(
        group,
        cap,
        tuple(
            Line(rule, abs(rule.points), rule.when.touch is not None, rule.when.holds or _always, rule.reads)
            for rule in rules
            if rule.group is group
        ),
    )


def _always(_: Attributes) -> bool:
    return True


def _meeting(rules: Sequence[Rule], kind: str, caps: Caps) -> tuple[TouchRule, ...]:
    a_day = caps.per_kind_per_day.get(kind, caps.per_kind_per_day.get(ANY_KIND))
    return tuple(
        TouchRule(
            id=rule.id,
            size=abs(rule.points),
            decay_per_second=math.log(2) / (rule.half_life_days * SECONDS_A_DAY) if rule.half_life_days else 0.0,
            oldest_seconds=math.inf if rule.within_days is None else rule.within_days * SECONDS_A_DAY,
            a_day=a_day if rule.group is Group.INTENT else None,
            holds=rule.when.holds,
            matches=rule.when.touch.matches,
        )
        for rule in rules
        if rule.when.touch and (not rule.when.touch.kinds or kind in rule.when.touch.kinds)
    )


def _thresholds(table: Table) -> Thresholds:
    table.only("mel", "mql", "hql")
    usual = Thresholds()
    mel = table.whole("mel", usual.mel, at_least=1, at_most=100)
    mql = table.whole("mql", usual.mql, at_least=1, at_most=100)
    hql = table.whole("hql", usual.hql, at_least=1, at_most=100)
    if mql <= mel:
        raise ModelError(table.at("mql"), mql, f"must be greater than mel ({mel}), or the tiers overlap")
    if hql <= mql:
        raise ModelError(table.at("hql"), hql, f"must be greater than mql ({mql}), or the tiers overlap")
    return Thresholds(mel, mql, hql)


def _conversion(table: Table) -> dict[Tier, float]:
    table.only(*Tier)
    return {tier: float(table.number(tier, at_least=0, at_most=1)) for tier in Tier if tier in table}


def _caps(table: Table) -> Caps:
    table.only("fit", "intent", "negative", "total", "per_kind_per_day")
    days = table.table("per_kind_per_day")
    return Caps(
        fit=table.whole("fit", 100, at_least=0, at_most=100),
        intent=table.whole("intent", 100, at_least=0, at_most=100),
        negative=table.whole("negative", 100, at_least=0, at_most=100),
        total=table.whole("total", 100, at_least=1, at_most=100),
        per_kind_per_day={kind: days.number(kind, at_least=0) for kind in days.data},
    )


def _movement(table: Table, thresholds: Thresholds) -> Movement:
    table.only("hysteresis", "jump_points", "jump_days")
    usual = Movement()
    hysteresis = table.whole("hysteresis", usual.hysteresis, at_least=0, at_most=50)
    narrowest = min(thresholds.mel, thresholds.mql - thresholds.mel, thresholds.hql - thresholds.mql)
    if hysteresis >= narrowest and "hysteresis" in table:
        raise table.wrong("hysteresis", f"must be less than the narrowest tier is wide ({narrowest} points)")
    return Movement(
        hysteresis=min(hysteresis, narrowest - 1),
        jump_points=table.whole("jump_points", usual.jump_points, at_least=1, at_most=100),
        jump_days=_days(table, "jump_days") if "jump_days" in table else usual.jump_days,
    )


def _all_rules(top: Table) -> tuple[Rule, ...]:
    found: dict[str, Rule] = {}
    for group in (Group.FIT, Group.INTENT, Group.NEGATIVE):
        section = top.table(group)
        section.only("rules")
        for table in section.tables("rules"):
            rule = _rule(table, group)
            if rule.id in found:
                raise table.wrong("id", "is already the id of an earlier rule")
            found[rule.id] = rule
    return tuple(found.values())


def _rule(table: Table, group: Group) -> Rule:
    table.only("id", "label", "points", "when", *_ABOUT_TOUCHES, "disqualify")
    table.read("when")
    when = parse_condition(table.table("when"))
    if not when.touch:
        for key in _ABOUT_TOUCHES:
            if key in table:
                raise table.wrong(key, "has no meaning for a rule that counts no touches")
    return Rule(
        id=table.text("id"),
        group=group,
        label=table.text("label"),
        points=_points(table, group),
        when=when,
        cap=table.whole("cap", at_least=1, at_most=MOST_POINTS) if "cap" in table else None,
        half_life_days=_days(table, "half_life_days") if "half_life_days" in table else None,
        within_days=_days(table, "within_days") if "within_days" in table else None,
        at_least_times=table.whole("at_least_times", 1, at_least=1, at_most=1000),
        disqualify=_disqualify(table, group),
    )


def _days(table: Table, key: str) -> float:
    return table.number(key, above=0, at_least=0.001, at_most=36_500)


def _points(table: Table, group: Group) -> float:
    if group is not Group.NEGATIVE:
        return table.number("points", above=0, at_most=MOST_POINTS)
    if "points" not in table and _disqualify(table, group):
        return 0
    points = table.number("points", at_least=-MOST_POINTS)
    if points >= 0 and not table.flag("disqualify", default=False):
        raise table.wrong("points", "must be less than 0 in a negative rule")
    if points > 0:
        raise table.wrong("points", "must be 0 or less in a disqualifying rule")
    return points


def _disqualify(table: Table, group: Group) -> bool:
    disqualify = table.flag("disqualify", default=False)
    if disqualify and group is not Group.NEGATIVE:
        raise table.wrong("disqualify", "may stand only in a negative rule")
    return disqualify


__all__ = [
    "Caps",
    "Group",
    "Model",
    "ModelError",
    "Movement",
    "Rule",
    "default_model_toml",
    "parse_model",
    "read_model",
]
