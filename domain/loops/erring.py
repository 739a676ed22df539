"""Where the score errs: bands that sell worse than the band beneath, and rules that speak for leads which do not fit."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import Session

from domain.loops.rejecting import cases_of
from domain.rules.periods import Period
from domain.rules.standing_out import Beside, stand_out
from domain.stats.effectiveness import effectiveness
from domain.tables import Handoff, ScoreRow

NO_FIT = "no_fit"
NOT_ABOUT_THE_LEAD = ("wrong_territory", "no_capacity", "duplicate")
"""Rejections that say nothing against what the lead scored."""
LEDGERS = 2_000
"""So many of the newest scores are read for each side: more say the same."""
SHOWN = 5


@dataclass(frozen=True, slots=True)
class Band:
    """Leads that scored within one ten when they were handed over: `sql` of `of` that are due became an SQL, `opportunities` of
    them an opportunity. `rejected` of the `decided` offers were rejected because of the lead itself.
    """

    band: int
    of: int
    sql: int
    opportunities: int
    decided: int
    rejected: int

    def beside(self, other: "Band") -> Beside:
        """How often its leads become SQLs, against those of the other band."""
        return Beside(self.sql, self.of, other.sql, other.of)


@dataclass(frozen=True, slots=True)
class Firing:
    """A rule that gave points to `hit` of `of` leads which sales called no fit, and to `rest_hit` of `rest_of` that it accepted."""

    rule: str
    label: str
    hit: int
    of: int
    rest_hit: int
    rest_of: int

    @property
    def beside(self) -> Beside:
        return Beside(self.hit, self.of, self.rest_hit, self.rest_of)


def bands_of(session: Session, period: Period, now: datetime) -> Sequence[Band]:
    """The lowest first. What sales is still at counts neither way."""
    decided, rejected = Counter[int](), Counter[int]()
    for case, count in cases_of(session, period).items():
        decided[case.band] += count
        rejected[case.band] += count if case.reason is not None and case.reason not in NOT_ABOUT_THE_LEAD else 0
    return [
        Band(one.low, one.to_sql.of, one.to_sql.hit, one.leads.converted, decided[one.low], rejected[one.low])
        for one in reversed(effectiveness(session, period, now).bands)
    ]


def firings_of(session: Session, period: Period) -> Sequence[Firing]:
    """The rules that speak for leads of no fit far more than for accepted ones, the surest first."""
    unfit = _ledgers(session, period, and_(Handoff.rejected_at.is_not(None), Handoff.reason == NO_FIT))
    fit = _ledgers(session, period, and_(Handoff.accepted_at.is_not(None), Handoff.rejected_at.is_(None)))
    against, for_it, labels = _fires(unfit), _fires(fit), _labels([*unfit, *fit])
    firings = [
        Firing(rule, labels[rule], count, len(unfit), for_it[rule], len(fit)) for rule, count in sorted(against.items())
    ]
    return stand_out(firings, lambda one: one.beside)[:SHOWN]


_Ledger = list[dict[str, Any]]


def _ledgers(session: Session, period: Period, which: ColumnElement[bool]) -> Sequence[_Ledger]:
    return session.scalars(
        select(ScoreRow.ledger)
        .join(Handoff, Handoff.score_id == ScoreRow.id)
        .where(Handoff.became_at >= period.since, Handoff.became_at < period.until, which)
        .order_by(Handoff.became_at.desc())
        .limit(LEDGERS)
    ).all()


def _fires(ledgers: Iterable[_Ledger]) -> Counter[str]:
    """How many leads each rule gave points to, each lead once."""
    return Counter(rule for ledger in ledgers for rule in {row["rule"] for row in ledger if row["points"] > 0})


def _labels(ledgers: Iterable[_Ledger]) -> dict[str, str]:
    return {row["rule"]: row["label"] for ledger in ledgers for row in ledger}
