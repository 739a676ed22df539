"""Several sources speak about one person, and contradict each other; field by field, the most trusted one is believed.

Merging takes, for each field, the greatest statement in a fixed order. So the order in which statements arrive does not
matter, and hearing one twice changes nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from domain.rules.facts import Attribute
from domain.rules.lifecycle import TAKEN, HandoffStatus, Stage

FORM = "form"  # what the person typed, wherever the form stood
REP = "rep"  # what a colleague put right by hand: believed before all others

FIRMOGRAPHIC = frozenset({"industry", "employees"})
"""About these, providers know better than the person in front of a form. About every other field the person knows."""


@dataclass(frozen=True, slots=True)
class Sourced:
    value: str | int
    source: str
    at: datetime  # when the source said so; with a time zone
    below: "Sourced | None" = None  # under a colleague's correction: what would be believed without it


def merge_fields(
    known: Mapping[str, Sourced],
    said: Mapping[str, str | int],
    source: str,
    at: datetime,
    order: Sequence[str],
) -> dict[str, Sourced]:
    """What is known after `source` said this. `order` names the providers, the most trusted first; of sources that
    nobody ranked, the newer is believed. Empty text says nothing: it never takes a known value away.
    """
    merged = dict(known)
    for field, value in said.items():
        if value != "":
            new = Sourced(value, source, at)
            merged[field] = _believed(field, merged[field], new, order) if field in merged else new
    return merged


def _believed(field: str, old: Sourced, new: Sourced, order: Sequence[str]) -> Sourced:
    """The weightier of two statements. A correction can be taken back, so what it stands over is kept below it."""
    kept, lost = (new, old) if _weight(field, new, order) > _weight(field, old, order) else (old, new)
    beaten = lost.below if lost.source == REP else lost
    if kept.source != REP or beaten is None:
        return kept
    return replace(kept, below=_believed(field, kept.below, beaten, order) if kept.below else beaten)


def _weight(field: str, statement: Sourced, order: Sequence[str]) -> tuple[int, datetime, str, str, str]:
    """Trust, then age; the rest only makes the order total, so that two statements of one moment have one winner."""
    value = statement.value
    return _trust(field, statement.source, order), statement.at, statement.source, type(value).__name__, str(value)


def _trust(field: str, source: str, order: Sequence[str]) -> int:
    if source == REP:
        return len(order) + 2
    if source == FORM:
        return -1 if field in FIRMOGRAPHIC else len(order) + 1
    return len(order) - order.index(source) if source in order else 0


@dataclass(frozen=True, slots=True)
class Contest:
    """A field of which two records of one person do not say the same. What only one of them knows was won without a fight."""

    won: Sourced
    lost: Sourced | None


def merge_people(
    one: Mapping[str, Sourced], other: Mapping[str, Sourced], order: Sequence[str] = ()
) -> tuple[dict[str, Sourced], dict[str, Contest]]:
    """What is known of a person who was recorded twice, and what won where the two differ. It does not matter which is which."""
    merged: dict[str, Sourced] = {}
    contests: dict[str, Contest] = {}
    for field in sorted(one.keys() | other.keys()):
        said = [record[field] for record in (one, other) if field in record]
        won = merged[field] = said[0] if len(said) == 1 else _believed(field, said[0], said[1], order)
        if len(said) == 1:
            contests[field] = Contest(won, None)
        elif said[0].value != said[1].value:
            contests[field] = Contest(won, next(each for each in said if each.value != won.value))
    return merged, contests


_SAID = frozenset({Attribute.UNSUBSCRIBED, Attribute.COMPETITOR, Attribute.TECHNOLOGIES})
COMPUTED = frozenset(attribute.value for attribute in Attribute) - {name.value for name in _SAID} | {"company_domain"}
"""Attributes that we work out from the merged fields and from the address that mail goes to; the others were told to us."""


def merge_attributes(kept: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """What was told of the person in either record. Of single values the kept record's stands; who unsubscribed once, has."""
    told = {name: value for name, value in kept.items() if name not in COMPUTED}
    for name, value in other.items():
        mine = told.get(name)
        if name in COMPUTED:
            continue
        if name in {Attribute.UNSUBSCRIBED, Attribute.COMPETITOR}:
            told[name] = mine is True or value is True
        elif isinstance(mine, list) and isinstance(value, list):
            told[name] = sorted({*map(str, mine), *map(str, value)})
        elif mine is None:
            told[name] = value
    return told


_ROAD = (
    Stage.CAPTURED,
    Stage.ENRICHED,
    Stage.NURTURING,
    Stage.LOST,
    Stage.DISQUALIFIED,
    Stage.IN_HANDOFF,
    Stage.OPPORTUNITY,
    Stage.WON,
)
SOLD = frozenset({Stage.OPPORTUNITY, Stage.WON})
_ATTEMPT = (HandoffStatus.OPEN, HandoffStatus.OFFERED, *sorted(TAKEN, key=list(HandoffStatus).index))


def further(one: Stage, other: Stage) -> Stage:
    """The stage of a person whose two records stand at these: what sales is busy with or has decided outweighs marketing."""
    return max(one, other, key=_ROAD.index)


def claim(stage: Stage, live: HandoffStatus | None) -> int:
    """How firmly sales has the lead: 0 not at all. Two leads may not both be taken (`is_taken`)."""
    if stage in SOLD:
        return len(_ATTEMPT) + 1
    return _ATTEMPT.index(live) + 1 if live else 0


def is_taken(claim: int) -> bool:
    return claim > _ATTEMPT.index(HandoffStatus.OFFERED) + 1
