"""The monthly loop: everything that marketing and sales look at together, in numbers that stay as they were when it was made."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.loops.decided import Decided, Learnt, Waiting, decided_in, learnt_in, waiting_now
from domain.loops.earning import Earnings, earned_in
from domain.loops.rejecting import Rejected, rejected_of
from domain.rules import feedback as rules
from domain.rules.periods import Period, quarters_back
from domain.rules.tiers import Tier
from domain.stats.chance import interval
from domain.stats.content import kept_results
from domain.stats.effectiveness import effectiveness
from domain.stats.maturity import STILL_OPEN, still_open
from domain.stats.quality import FEW
from domain.stats.satisfaction import Satisfaction, by_month
from domain.stats.share import Share
from domain.stats.trend import Metric, QuarterNumbers, lines, trend
from domain.tables import Content

QUARTERS, MONTHS = 4, 12
"""How far back the metrics and the satisfaction go."""
CONTENTS, MET = 5, 30
"""How many contents are named, and how many leads must have met one."""


@dataclass(frozen=True, slots=True)
class Point:
    """A metric in a quarter. `change` is a value of `trend.Change`; None: nothing to compare with."""

    quarter: str
    value: float | None
    of: int
    mature: bool
    change: str | None


@dataclass(frozen=True, slots=True)
class Row:
    """A metric in the month: `hit` of `of`, `waiting` not counted; and the same of the month before. Satisfaction is from 1 to 5."""

    metric: Metric
    value: float | None
    hit: int
    of: int
    waiting: int
    before: float | None
    quarters: Sequence[Point]

    @property
    def short(self) -> bool:
        """It is not what it should be, of enough that it can be said."""
        return self.value is not None and self.of >= FEW and not self.metric.is_met(self.value)

    @property
    def final(self) -> bool:
        """Whether hardly anything that it asks about is still open, as it is asked of a quarter."""
        return still_open(Share(self.hit, self.of, self.waiting)) <= STILL_OPEN


@dataclass(frozen=True, slots=True)
class BandRow:
    """Leads of one band of the score in the last three months. Rates are shares with their intervals at 95 %."""

    low: int
    handed: int
    sql: int
    due: int
    at_least: float
    at_most: float
    won: int


@dataclass(frozen=True, slots=True)
class Kept:
    """Deadlines of one tier and clock."""

    tier: Tier
    clock: str
    hit: int
    of: int


@dataclass(frozen=True, slots=True)
class ContentRow:
    title: str
    seen: int
    moved: int


@dataclass(frozen=True, slots=True)
class Pack:
    """All of a month. Titles, campaigns and channels are text from outside."""

    month: str
    made_at: datetime
    mqls: int
    hqls: int
    handed_before: int
    metrics: Sequence[Row]
    reasons: Sequence[tuple[str, int]]
    stands_out: Sequence[Rejected]
    kept: Sequence[Kept]
    bands: Sequence[BandRow]
    auc: float | None
    earned: Earnings
    contents: Sequence[ContentRow]
    satisfaction: Mapping[str, Satisfaction]
    waiting: Sequence[Waiting]
    learnt: Sequence[Learnt]
    decided: Sequence[Decided]

    @property
    def handed(self) -> int:
        return self.mqls + self.hqls

    def row(self, metric: Metric) -> Row:
        return next(row for row in self.metrics if row.metric is metric)

    @property
    def pulse(self) -> Satisfaction | None:
        """Of the month itself; None: nobody was asked."""
        return self.satisfaction.get(self.month)


def pack_of(session: Session, month: str, zone: ZoneInfo, now: datetime) -> Pack:
    """What the record says of the month as of `now`."""
    period, before = rules.month_of(month, zone), rules.month_of(rules.month_before(month), zone)
    this, last = trend(session, [period, before], now)
    quarters = trend(session, quarters_back(QUARTERS, now, zone, at=min(period.since, now)), now)
    found = effectiveness(session, Period(_months_back(month, 3, zone), period.until, period.words), now)
    reasons, stands_out = rejected_of(session, period)
    leads = this.numbers.tiers
    return Pack(
        month=month,
        made_at=now,
        mqls=leads[Tier.MQL].handed if Tier.MQL in leads else 0,
        hqls=leads[Tier.HQL].handed if Tier.HQL in leads else 0,
        handed_before=last.numbers.leads.handed,
        metrics=_rows(this, last, quarters, now),
        reasons=[(one.reason, one.count) for one in reasons],
        stands_out=stands_out,
        kept=[
            Kept(tier, clock.value, share.hit, share.of)
            for (tier, clock), share in sorted(this.numbers.attainment.kept.items())
            if share.of
        ],
        bands=[
            BandRow(one.low, one.leads.handed, one.to_sql.hit, one.to_sql.of, *interval(one.to_sql), one.leads.won)
            for one in found.bands
        ],
        auc=found.auc,
        earned=earned_in(session, period),
        contents=_contents(session),
        satisfaction=by_month(session, _months(month)),
        waiting=waiting_now(session),
        learnt=learnt_in(session, period),
        decided=decided_in(session, period),
    )


def _months(month: str) -> list[str]:
    """The last of them is this one."""
    found = [month]
    while len(found) < MONTHS:
        found.insert(0, rules.month_before(found[0]))
    return found


def _months_back(month: str, count: int, zone: ZoneInfo) -> datetime:
    """The beginning of so many months, this one included."""
    return rules.month_of(_months(month)[-count], zone).since


def _rows(this: QuarterNumbers, last: QuarterNumbers, quarters: Sequence[QuarterNumbers], now: datetime) -> list[Row]:
    points = {
        line.metric: [
            Point(one.quarter, one.value, one.share.of, one.mature, one.change.value if one.change else None)
            for one in line.points
        ]
        for line in lines(quarters, now)
    }
    return [_row(metric, this, last, points.get(metric, [])) for metric in Metric]


def _row(metric: Metric, this: QuarterNumbers, last: QuarterNumbers, points: Sequence[Point]) -> Row:
    share: Share = this.share(metric)
    return Row(metric, this.value(metric), share.hit, share.of, share.waiting, last.value(metric), points)


def _contents(session: Session) -> list[ContentRow]:
    """Those that moved most of the leads who met them, of those that enough have met."""
    seen, moved = Counter[str](), Counter[str]()
    for one in kept_results(session):
        seen[one.content] += one.seen
        moved[one.content] += one.moved
    titles = dict(session.execute(select(Content.key, Content.title)).all())
    rows = [ContentRow(titles.get(key, key), seen[key], moved[key]) for key in seen if seen[key] >= MET]
    return sorted(rows, key=lambda row: (-row.moved / row.seen, row.title))[:CONTENTS]
