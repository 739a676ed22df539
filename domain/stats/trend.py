"""The five metrics and how content sales is, quarter by quarter: what got better, what got worse, and what is only chance.

A quarter is that in which the leads became MQL or HQL. One of which too much is still open is not mature: it is shown, and never
compared. A change is one only if it is more than chance at 95 %.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from domain.rules.feedback import CONTENT
from domain.rules.periods import Period, months_of
from domain.stats import chance
from domain.stats.maturity import is_mature
from domain.stats.quality import ACCEPTANCE, ACCURACY, FEW, IN_TIME, TO_OPPORTUNITY, TO_SQL, Numbers, numbers
from domain.stats.satisfaction import Satisfaction, satisfaction
from domain.stats.scope import EVERYTHING, Scope
from domain.stats.share import Share

QUARTERS = 6
"""So many are looked at, if nobody says otherwise."""


class Metric(StrEnum):
    ACCEPTANCE = "acceptance"
    TO_SQL = "to_sql"
    TO_OPPORTUNITY = "to_opportunity"
    IN_TIME = "in_time"
    ACCURACY = "accuracy"
    SATISFACTION = "satisfaction"

    @property
    def words(self) -> str:
        return {
            "acceptance": "MQL acceptance",
            "to_sql": "MQL → SQL",
            "to_opportunity": "SQL → opportunity",
            "in_time": "Contact within SLA",
            "accuracy": "Scoring accuracy",
            "satisfaction": "Sales satisfaction",
        }[self]

    @property
    def target(self) -> float | None:
        """Over so much; the accuracy, within so much; None: there is none but to rise."""
        return {
            "acceptance": ACCEPTANCE,
            "to_sql": TO_SQL,
            "to_opportunity": TO_OPPORTUNITY,
            "in_time": IN_TIME,
            "accuracy": ACCURACY,
        }.get(self)

    @property
    def low_is_good(self) -> bool:
        return self is Metric.ACCURACY

    def is_met(self, value: float) -> bool:
        """Over the target, or within it; where there is none nothing is short of it."""
        if self.target is None:
            return True
        return value <= self.target if self.low_is_good else value > self.target


class Change(StrEnum):
    """Against the mature quarter before."""

    BETTER = "better"
    WORSE = "worse"
    UNCLEAR = "no clear change"  # what there is may be chance


@dataclass(frozen=True, slots=True)
class QuarterNumbers:
    """`satisfaction` is None where nobody is asked: of a campaign, or of one rep."""

    period: Period
    numbers: Numbers
    satisfaction: Satisfaction | None
    over: bool

    def share(self, metric: Metric) -> Share:
        """What the metric is a share of; of the accuracy, the leads that were compared; of satisfaction, those with 4 or 5."""
        if metric is Metric.SATISFACTION:
            return content(self.satisfaction)
        return {
            Metric.ACCEPTANCE: self.numbers.acceptance,
            Metric.TO_SQL: self.numbers.to_sql,
            Metric.TO_OPPORTUNITY: self.numbers.to_opportunity,
            Metric.IN_TIME: self.numbers.contact_in_time,
            Metric.ACCURACY: self.numbers.accuracy.share,
        }[metric]

    def value(self, metric: Metric) -> float | None:
        """The share; of the accuracy, the distance; of satisfaction, the mean feeling from 1 to 5."""
        if metric is Metric.ACCURACY:
            return self.numbers.accuracy.distance
        if metric is Metric.SATISFACTION:
            return self.satisfaction.mean if self.satisfaction else None
        return self.share(metric).rate


@dataclass(frozen=True, slots=True)
class Point:
    """One metric in one quarter. `change` is None if there is nothing to compare with."""

    quarter: str
    value: float | None
    share: Share
    mature: bool
    change: Change | None


@dataclass(frozen=True, slots=True)
class Line:
    metric: Metric
    points: Sequence[Point]

    @property
    def newest(self) -> Point | None:
        """The newest that is final."""
        return next((one for one in reversed(self.points) if one.mature and one.value is not None), None)


def trend(
    session: Session, quarters: Sequence[Period], now: datetime, scope: Scope = EVERYTHING
) -> Sequence[QuarterNumbers]:
    """As many statements as `numbers()` has, and one more, for each quarter."""
    return [_quarter(session, one, now, scope) for one in quarters]


def _quarter(session: Session, period: Period, now: datetime, scope: Scope) -> QuarterNumbers:
    of_a_pool = scope == Scope(pool_id=scope.pool_id)
    feelings = satisfaction(session, months_of(period), scope.pool_id) if of_a_pool else None
    return QuarterNumbers(period, numbers(session, period, now, scope), feelings, period.until < now)


def content(found: Satisfaction | None) -> Share:
    feelings = found.feelings if found is not None else {}
    return Share(sum(count for one, count in feelings.items() if one >= CONTENT), sum(feelings.values()))


def lines(quarters: Sequence[QuarterNumbers], now: datetime) -> list[Line]:
    """Each metric over all quarters, satisfaction only where somebody has answered."""
    found = [Line(metric, _points(metric, quarters, now)) for metric in Metric]
    return [
        line for line in found if line.metric is not Metric.SATISFACTION or any(one.share.of for one in line.points)
    ]


def _points(metric: Metric, quarters: Iterable[QuarterNumbers], now: datetime) -> list[Point]:
    before: QuarterNumbers | None = None
    found = []
    for one in quarters:
        share, value = one.share(metric), one.value(metric)
        mature = is_mature(one.period, now, share) and value is not None
        change = compared(metric, before, one) if mature and before is not None else None
        found.append(Point(one.period.words, value, share, mature, change))
        before = one if mature else before
    return found


def compared(metric: Metric, before: QuarterNumbers, after: QuarterNumbers) -> Change | None:
    """None: too few in one of the two to say anything."""
    old, new = before.share(metric), after.share(metric)
    if min(old.of, new.of) < FEW:
        return None
    if metric is Metric.ACCURACY:
        return _nearer(before.numbers, after.numbers)
    low, high = chance.difference(new, old)
    if low <= 0 <= high:
        return Change.UNCLEAR
    return Change.BETTER if low > 0 else Change.WORSE


def _nearer(before: Numbers, after: Numbers) -> Change | None:
    old, new = before.accuracy, after.accuracy
    if old.distance is None or new.distance is None or old.error is None or new.error is None:
        return None
    if not chance.apart(new.distance, new.error, old.distance, old.error):
        return Change.UNCLEAR
    return Change.BETTER if new.distance < old.distance else Change.WORSE
