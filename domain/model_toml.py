"""A scoring model's file, changed where something changed: its order, its comments and the words of its rules stay."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import tomlkit
from tomlkit.items import AoT, Array, InlineTable, Table

from domain.rules.scoring import Group
from domain.rules.tiers import Thresholds, Tier


@dataclass(frozen=True, slots=True)
class Found:
    """A rule that stands in no file yet."""

    group: Group
    id: str
    label: str
    points: int
    when: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Changes:
    """`points` of a rule: None takes it out. What is not named stays as it is."""

    name: str
    points: Mapping[str, float | None] = field(default_factory=dict)
    rule_caps: Mapping[str, int] = field(default_factory=dict)
    found: Sequence[Found] = ()
    caps: Mapping[str, int] = field(default_factory=dict)
    per_kind_per_day: Mapping[str, float] = field(default_factory=dict)
    thresholds: Thresholds | None = None
    hysteresis: int | None = None
    expected_conversion: Mapping[Tier, float] = field(default_factory=dict)
    probability: Mapping[str, Any] | None = None


def rewritten(toml: str, changes: Changes) -> str:
    """`toml` is a model that could be read."""
    document = tomlkit.parse(toml)
    document["name"] = changes.name
    for group in (Group.FIT, Group.INTENT, Group.NEGATIVE):
        _rules(document, group, changes)
    _put(document, "caps", changes.caps)
    if changes.per_kind_per_day:
        _put(_table(document, "caps"), "per_kind_per_day", changes.per_kind_per_day)
    if changes.thresholds is not None:
        tiers = (Tier.MEL, Tier.MQL, Tier.HQL)
        _put(document, "thresholds", {tier.value: changes.thresholds.of(tier) for tier in tiers})
    if changes.hysteresis is not None:
        _put(document, "movement", {"hysteresis": changes.hysteresis})
    _put(document, "expected_conversion", {tier.value: share for tier, share in changes.expected_conversion.items()})
    if changes.probability is not None:
        document.pop("probability", None)
        document["probability"] = changes.probability
    return tomlkit.dumps(document)


def _put(into: Any, key: str, values: Mapping[str, Any]) -> None:
    """Into the table under the key, which may have to be made; a value that is there already keeps its words."""
    for name, value in values.items():
        table = _table(into, key)
        if table.get(name) != value:
            table[name] = value


def _table(into: Any, key: str) -> Any:
    if key not in into:
        # Within braces there are only braces.
        into[key] = tomlkit.inline_table() if isinstance(into, InlineTable) else tomlkit.table()
    return into[key]


def _rules(document: Any, group: Group, changes: Changes) -> None:
    found = [rule for rule in changes.found if rule.group is group]
    if group.value not in document and not found:
        return
    section = _table(document, group.value)
    if "rules" not in section:
        section["rules"] = tomlkit.aot() if isinstance(section, Table) else tomlkit.array()
    rules = section["rules"]
    for place in reversed(range(len(rules))):
        _rule(rules, place, changes)
    for rule in found:
        _append(rules, rule)
    if not len(rules):
        del section["rules"]


def _rule(rules: Any, place: int, changes: Changes) -> None:
    rule = rules[place]
    points = changes.points.get(rule["id"], rule.get("points"))
    if rule["id"] in changes.points and points is None:
        del rules[place]
        return
    if points != rule.get("points"):
        rule["points"] = points
    if rule["id"] in changes.rule_caps and rule["cap"] != changes.rule_caps[rule["id"]]:
        rule["cap"] = changes.rule_caps[rule["id"]]


def _append(rules: AoT | Array, found: Found) -> None:
    inline = not isinstance(rules, AoT)
    rule: Table | InlineTable = tomlkit.inline_table() if inline else tomlkit.table()
    for key, value in (("id", found.id), ("label", found.label), ("points", found.points)):
        rule.append(key, value)
    rule.append("when", _inline(found.when))
    if not inline:
        rule.add(tomlkit.nl())
    rules.append(rule)


def _inline(value: Any) -> Any:
    if isinstance(value, Mapping):
        table = tomlkit.inline_table()
        for key, one in value.items():
            table.append(key, _inline(one))
        return table
    if isinstance(value, list | tuple):
        array = tomlkit.array()
        array.extend([_inline(one) for one in value])
        return array
    return value
