"""Quarter by quarter: what is final is compared, what is still open is not, and a change is one only beyond chance."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.rules.periods import quarters_back
from domain.rules.tiers import Tier
from domain.stats import chance
from domain.stats.accuracy import Accuracy, Judged, accuracy
from domain.stats.attainment import Attainment
from domain.stats.funnel import Group, Leads, Medians, Offers
from domain.stats.maturity import is_mature
from domain.stats.quality import Numbers, numbers
from domain.stats.reasons import Rejections
from domain.stats.scope import Scope
from domain.stats.share import Share
from domain.stats.trend import Change, Line, Metric, QuarterNumbers, lines, trend
from domain.tables import Pool, PoolMember, Pulse, Rep
from tests.conftest import NOON
from tests.domain.inventing import Past

LATER = datetime(2026, 11, 23, 12, tzinfo=UTC)
QUARTERS = quarters_back(4, LATER, UTC)


def quarter(place: int, accepted: int, refused: int = 0, *, undecided: int = 0) -> QuarterNumbers:
    offers = Offers(accepted, refused, undecided, 0)
    found = Numbers(offers, [], Medians(), Attainment({}, 0), Rejections([], 0), Accuracy({}))
    return QuarterNumbers(QUARTERS[place], found, None, QUARTERS[place].until < LATER)


def judged(place: int, sqls: int, of: int, predicted: float) -> QuarterNumbers:
    found = Accuracy({Tier.MQL: Judged(Share(sqls, of), of * predicted)})
    one = quarter(place, 0)
    return replace(one, numbers=replace(one.numbers, accuracy=found))


def line(metric: Metric, *those: QuarterNumbers) -> Line:
    return next(one for one in lines(those, LATER) if one.metric is metric)


def changes(metric: Metric, *those: QuarterNumbers) -> list[Change | None]:
    return [point.change for point in line(metric, *those).points]


def test_a_rise_that_may_be_chance_is_none() -> None:
    slow = [quarter(0, 70, 30), quarter(1, 75, 25), quarter(2, 90, 10)]
    assert changes(Metric.ACCEPTANCE, *slow) == [None, Change.UNCLEAR, Change.BETTER]
    assert changes(Metric.ACCEPTANCE, quarter(0, 90, 10), quarter(1, 60, 40)) == [None, Change.WORSE]


def test_with_too_few_nothing_is_compared() -> None:
    assert changes(Metric.ACCEPTANCE, quarter(0, 0, 9), quarter(1, 90, 10)) == [None, None]


def test_a_quarter_of_which_too_much_is_open_is_shown_and_never_compared() -> None:
    those = [quarter(0, 50, 50), quarter(1, 90, 0, undecided=11), quarter(2, 90, 10, undecided=11)]
    points = line(Metric.ACCEPTANCE, *those).points
    assert [point.mature for point in points] == [True, False, True]
    assert points[1].share == Share(90, 90, waiting=11)
    # The third is held against the first: what lies between is not final.
    assert [point.change for point in points] == [None, None, Change.BETTER]


def test_the_quarter_that_runs_is_not_mature_whatever_is_decided() -> None:
    points = line(Metric.ACCEPTANCE, quarter(2, 50, 50), quarter(3, 100)).points
    assert [(point.mature, point.change) for point in points] == [(True, None), (False, None)]
    assert line(Metric.ACCEPTANCE, quarter(3, 100)).newest is None


def test_a_tenth_that_is_open_is_not_too_much() -> None:
    assert is_mature(QUARTERS[0], LATER, Share(40, 90, waiting=10))
    assert not is_mature(QUARTERS[0], LATER, Share(40, 89, waiting=10))


def test_accuracy_is_better_when_the_distance_shrinks_by_more_than_chance() -> None:
    # Off by 50 %, then by 10 %; with a tenth of the leads the same may be chance.
    assert changes(Metric.ACCURACY, judged(0, 120, 200, 0.4), judged(1, 88, 200, 0.4)) == [None, Change.BETTER]
    assert changes(Metric.ACCURACY, judged(0, 12, 20, 0.4), judged(1, 9, 20, 0.4)) == [None, Change.UNCLEAR]
    assert changes(Metric.ACCURACY, judged(0, 88, 200, 0.4), judged(1, 120, 200, 0.4)) == [None, Change.WORSE]


def test_the_interval_of_a_difference_is_that_of_newcombes_table() -> None:
    # Newcombe (1998), Statistics in Medicine 17, 873: example (a) of his method 10, 56/70 - 48/80.
    low, high = chance.difference(Share(56, 70), Share(48, 80))
    assert (round(low, 4), round(high, 4)) == (0.0524, 0.3339)


def test_of_nothing_every_difference_is_possible() -> None:
    assert chance.difference(Share(0, 0), Share(5, 10)) == (-1.0, 1.0)


# Seconds: four quarters of some 280 handoffs.
def test_a_trend_has_the_numbers_of_each_of_its_quarters(session: Session) -> None:
    Past(session, 3, days=300)
    quarters = quarters_back(4, NOON, UTC)
    found = trend(session, quarters, NOON)
    for one, period in zip(found, quarters, strict=True):
        assert one.numbers == numbers(session, period, NOON)
        assert one.numbers.accuracy == accuracy(session, period, NOON)
    assert [one.over for one in found] == [True, True, True, False]


def pulse(session: Session, rep: Rep, month: str, feeling: int | None) -> None:
    answered = NOON if feeling else None
    session.add(Pulse(rep_id=rep.id, period=month, asked_at=NOON, leads=5, feeling=feeling, answered_at=answered))


@pytest.fixture
def people(session: Session) -> list[Rep]:
    Past(session, 3, leads=1)
    for number in range(10):
        session.add(Rep(name=f"Sample {number}", email=f"sample{number}@example.com", role="sdr"))
    session.flush()
    return list(session.scalars(select(Rep).order_by(Rep.id)))


def test_satisfaction_is_the_mean_and_the_share_of_four_and_five_of_a_quarters_months(
    session: Session, people: list[Rep]
) -> None:
    for rep in people:
        pulse(session, rep, "2025-08", 2)
        pulse(session, rep, "2025-11", 5)
    pulse(session, people[0], "2025-12", 3)
    pulse(session, people[1], "2025-12", None)
    session.flush()
    found = lines(trend(session, quarters_back(3, NOON, UTC), NOON), NOON)
    told = next(one for one in found if one.metric is Metric.SATISFACTION).points
    assert [point.share for point in told] == [Share(0, 12), Share(12, 13), Share(0, 0)]
    assert [point.value for point in told] == [2.0, pytest.approx((12 * 5 + 3) / 13), None]
    assert [point.change for point in told] == [None, Change.BETTER, None]


def test_nobody_is_asked_how_content_they_are_with_a_campaign_or_alone(session: Session, people: list[Rep]) -> None:
    pool = Scope(pool_id=1)
    for scope in (Scope(campaign="Spring Fair"), Scope(rep_id=people[0].id), Scope(model_id=1), Scope(persona="other")):
        assert [one.satisfaction for one in trend(session, QUARTERS[:1], LATER, scope)] == [None]
    assert trend(session, QUARTERS[:1], LATER, pool)[0].satisfaction is not None


def test_a_pools_satisfaction_is_that_of_its_people(session: Session, people: list[Rep]) -> None:
    pool_id = session.scalars(select(Pool.id).order_by(Pool.id)).all()[0]
    for rep in people[:3]:
        session.add(PoolMember(pool_id=pool_id, rep_id=rep.id))
    for rep in people:
        pulse(session, rep, "2025-11", 5 if rep in people[:3] else 1)
    session.flush()
    found = trend(session, quarters_back(2, NOON, UTC)[:1], NOON, Scope(pool_id=pool_id))
    assert found[0].share(Metric.SATISFACTION) == Share(3, 3)


def test_a_metric_of_which_there_is_nothing_has_a_line_and_no_points_to_see() -> None:
    found = line(Metric.TO_SQL, quarter(0, 5))
    assert found.points[0].value is None
    assert found.newest is None
    leads = Leads(20, 0, 20, 20, 10)
    with_some = replace(quarter(0, 5), numbers=replace(quarter(0, 5).numbers, groups=[Group(Tier.MQL, 1, 70, leads)]))
    newest = line(Metric.TO_SQL, with_some).newest
    assert newest is not None
    assert newest.value == 0.5
    assert newest.quarter == "2026-Q1"


def test_the_quarters_begin_at_midnight_of_the_asker() -> None:
    assert [one.since for one in QUARTERS][-1] == datetime(2026, 10, 1, tzinfo=UTC)
    assert QUARTERS[-1].until == LATER
    assert QUARTERS[0].until - QUARTERS[0].since == timedelta(days=90)
