"""Why sales rejects leads, by where they came from and what they scored; and what of that is more than chance."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from domain.rules.feedback import band_of
from domain.rules.periods import Period
from domain.rules.standing_out import Beside, stand_out
from domain.tables import Handoff, Lead

T = TypeVar("T", str, int)

NAMED = 4
"""So many cells are named at most: more is a table, and nobody reads it."""


@dataclass(frozen=True, slots=True)
class Reason:
    """`source` and `band`: where most of them came from, and what most of them scored."""

    reason: str
    count: int
    source: str
    of_source: int
    band: int
    of_band: int


@dataclass(frozen=True, slots=True)
class Rejected:
    """A cell: leads of this source, of this band or of both (None: of all) that were rejected for this reason, beside the rest."""

    reason: str
    source: str | None
    band: int | None
    hit: int
    of: int
    rest_hit: int
    rest_of: int

    @property
    def beside(self) -> Beside:
        return Beside(self.hit, self.of, self.rest_hit, self.rest_of)


class Case(NamedTuple):
    """`reason` None: it was accepted, and not rejected later."""

    reason: str | None
    source: str
    band: int


@dataclass(frozen=True, slots=True)
class Reasons:
    decided: int
    reasons: Sequence[Reason]


def reasons_of(session: Session, period: Period) -> Reasons:
    cases = cases_of(session, period)
    return Reasons(cases.total(), _reasons(cases))


def rejected_of(session: Session, period: Period) -> tuple[Sequence[Reason], Sequence[Rejected]]:
    """The reasons of the leads that came in the period, and the cells that stand out."""
    cases = cases_of(session, period)
    return _reasons(cases), standing_out(cases)


def cases_of(session: Session, period: Period) -> Counter[Case]:
    """The handoffs that sales has decided on, by reason, source and band."""
    rows = session.execute(
        select(Handoff.rejected_at.is_not(None), Handoff.reason, Lead.source, Handoff.score, func.count())
        .join(Lead, Lead.id == Handoff.lead_id)
        .where(Handoff.became_at >= period.since, Handoff.became_at < period.until)
        .where(or_(Handoff.accepted_at.is_not(None), Handoff.rejected_at.is_not(None)))
        .group_by(Handoff.rejected_at.is_not(None), Handoff.reason, Lead.source, Handoff.score)
    )
    cases = Counter[Case]()
    for rejected, reason, source, score, count in rows:
        cases[Case((reason or "other") if rejected else None, source, band_of(score))] += count
    return cases


def _reasons(cases: Counter[Case]) -> list[Reason]:
    found = []
    for reason in {case.reason for case in cases if case.reason is not None}:
        sources, bands = Counter[str](), Counter[int]()
        for case, count in cases.items():
            if case.reason == reason:
                sources[case.source] += count
                bands[case.band] += count
        (source, of_source), (band, of_band) = _most(sources), _most(bands)
        found.append(Reason(reason, sources.total(), source, of_source, band, of_band))
    return sorted(found, key=lambda one: (-one.count, one.reason))


def _most(counts: Counter[T]) -> tuple[T, int]:
    return min(counts.items(), key=lambda one: (-one[1], one[0]))


def standing_out(cases: Counter[Case]) -> Sequence[Rejected]:
    """The cells whose share of a reason is above that of the rest by more than chance, the surest first. Of cells that say the
    same of the same leads only the surest is named.
    """
    groups = {(source, band) for case in cases for source in (case.source, None) for band in (case.band, None)}
    reasons = sorted({case.reason for case in cases if case.reason is not None})
    cells = [
        _cell(cases, reason, source, band)
        for reason in reasons
        for source, band in sorted(groups - {(None, None)}, key=_simplest)
    ]
    named: list[Rejected] = []
    for cell in stand_out(cells, lambda one: one.beside):
        if not any(_same(cell, other) for other in named):
            named.append(cell)
    return named[:NAMED]


def _simplest(group: tuple[str | None, int | None]) -> tuple[bool, str]:
    """Of cells that are the same leads the one is named that says it in fewer words."""
    return None not in group, str(group)


def _cell(cases: Counter[Case], reason: str, source: str | None, band: int | None) -> Rejected:
    counts = [0, 0, 0, 0]
    for case, count in cases.items():
        rest = 0 if source in {None, case.source} and band in {None, case.band} else 2
        counts[rest + 1] += count
        counts[rest] += count if case.reason == reason else 0
    return Rejected(reason, source, band, *counts)


def _same(one: Rejected, other: Rejected) -> bool:
    shared = (one.source is not None and one.source == other.source) or (
        one.band is not None and one.band == other.band
    )
    return one.reason == other.reason and shared
