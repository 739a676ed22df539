"""Several sources speak about one person, and contradict each other; field by field, the most trusted one is believed.

Merging takes, for each field, the greatest statement in a fixed order. So the order in which statements arrive does not
matter, and hearing one twice changes nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

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
