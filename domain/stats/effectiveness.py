"""Whether a higher score means a better lead: among those that were handed to sales, as of now.

Only leads of which it is known whether they became an SQL are asked, and all of them were good enough to be handed over: the
score is judged where it is hardest, and the numbers are lower than they would be over all leads.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from domain.rules.feedback import band_of, band_words
from domain.rules.periods import Period
from domain.stats import chance
from domain.stats.funnel import Group, Leads, leads
from domain.stats.maturity import patience
from domain.stats.ranking import Ranking, ranking
from domain.stats.scope import EVERYTHING, Scope, prepare
from domain.stats.share import Share


@dataclass(frozen=True, slots=True)
class Band:
    """The leads with a score from `low` on, ten wide."""

    low: int
    leads: Leads

    @property
    def words(self) -> str:
        return band_words(self.low)

    @property
    def to_sql(self) -> Share:
        return Share(self.leads.qualified, self.leads.due, self.leads.waiting)

    @property
    def to_won(self) -> Share:
        """Of the leads whose way is at its end: won, lost, or never an opportunity."""
        ended = self.leads.due - self.leads.fresh - self.leads.open_deals
        return Share(self.leads.won, ended, self.leads.handed - ended)


@dataclass(frozen=True, slots=True)
class Effectiveness:
    bands: Sequence[Band]
    """The highest first."""
    auc: float | None
    """The chance that of two leads, one of which became an SQL, that one had the higher score; a half is a coin. None: fewer
    than two became one, or fewer than two did not.
    """
    auc_interval: tuple[float, float] | None
    """95 %, by DeLong."""
    mean_sql: float | None
    """The mean score of the leads that became an SQL, and below, of those that did not."""
    mean_other: float | None

    @property
    def to_sql(self) -> Share:
        return sum((band.to_sql for band in self.bands), Share(0, 0))

    @property
    def lift(self) -> float | None:
        """How many times as often a lead of the highest band that has due leads became an SQL as one of all."""
        top, usual = self._top, self.to_sql.rate
        return top.rate / usual if top is not None and top.rate is not None and usual else None

    @property
    def lift_is_sure(self) -> bool:
        """Whether the highest band differs from the others by more than chance."""
        if self._top is None:
            return False
        top, every = self._top, self.to_sql
        low, high = chance.difference(top, Share(every.hit - top.hit, every.of - top.of))
        return low > 0 or high < 0

    @property
    def _top(self) -> Share | None:
        return next((band.to_sql for band in self.bands if band.to_sql.of), None)


def effectiveness(session: Session, period: Period, now: datetime, scope: Scope = EVERYTHING) -> Effectiveness:
    prepare(session)
    groups, _, _ = leads(session, scope, period, now, patience(session, now))
    return effectiveness_of(groups)


def effectiveness_of(groups: Sequence[Group]) -> Effectiveness:
    bands: dict[int, Leads] = {}
    sql: dict[int, int] = {}
    other: dict[int, int] = {}
    for group in groups:
        band = band_of(group.score)
        bands[band] = bands.get(band, Leads()) + group.leads
        sql[group.score] = sql.get(group.score, 0) + group.leads.qualified
        other[group.score] = other.get(group.score, 0) + group.leads.due - group.leads.qualified
    order = _order(sql, other)
    return Effectiveness(
        [Band(low, bands[low]) for low in sorted(bands, reverse=True)],
        order.auc if order else None,
        order.interval if order else None,
        _mean(sql),
        _mean(other),
    )


def _order(sql: dict[int, int], other: dict[int, int]) -> Ranking | None:
    above, below = _each(sql), _each(other)
    if min(len(above), len(below)) < 2:
        return None
    return ranking(above + below, [True] * len(above) + [False] * len(below))


def _each(counts: dict[int, int]) -> list[int]:
    return [score for score, count in counts.items() for _ in range(count)]


def _mean(counts: dict[int, int]) -> float | None:
    many = sum(counts.values())
    return sum(score * count for score, count in counts.items()) / many if many else None
