"""What the score was worth, what qualification calls came to, won and lost: each reckoned a second time without SQL."""

from collections import Counter
from datetime import datetime, timedelta
from itertools import product
from statistics import fmean, median, quantiles

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.rules.periods import Period
from domain.rules.qualification import Counts, answers_from_json
from domain.rules.tiers import Tier
from domain.stats.calls import Qualifying, qualifying
from domain.stats.effectiveness import effectiveness, effectiveness_of
from domain.stats.funnel import Group, Leads
from domain.stats.quality import numbers
from domain.stats.scope import EVERYTHING, Scope
from domain.stats.share import Share
from domain.stats.won_lost import won_lost
from domain.tables import CreditRun, Handoff, Opportunity, Qualification, Rep
from tests.conftest import NOON
from tests.domain.inventing import Past

PERIOD = Period(NOON - timedelta(days=30), NOON, "last 30 days")


def mine(session: Session, scope: Scope = EVERYTHING) -> list[Handoff]:
    return [
        one
        for one in session.scalars(select(Handoff))
        if PERIOD.since <= one.became_at < PERIOD.until
        and scope.rep_id in {None, one.rep_id}
        and scope.pool_id in {None, one.pool_id}
    ]


def reps_and_all(session: Session) -> list[Scope]:
    return [EVERYTHING, *(Scope(rep_id=one) for one in session.scalars(select(Rep.id)))]


# ---- the score -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(2))
def test_the_order_by_score_is_what_counting_all_pairs_gives(session: Session, seed: int) -> None:
    Past(session, seed)
    found = effectiveness(session, PERIOD, NOON)
    groups = numbers(session, PERIOD, NOON).groups
    sqls = [one.score for one in groups for _ in range(one.leads.qualified)]
    others = [one.score for one in groups for _ in range(one.leads.due - one.leads.qualified)]
    pairs = [1.0 if a > b else 0.5 if a == b else 0.0 for a, b in product(sqls, others)]
    assert len(sqls) > 10
    assert len(others) > 10
    assert found.auc == pytest.approx(fmean(pairs))
    assert found.auc_interval is not None
    assert found.auc_interval[0] <= fmean(pairs) <= found.auc_interval[1]
    assert found.mean_sql == pytest.approx(fmean(sqls))
    assert found.mean_other == pytest.approx(fmean(others))
    assert found.to_sql == numbers(session, PERIOD, NOON).to_sql


def group(score: int, leads: Leads) -> Group:
    return Group(Tier.HQL if score >= 80 else Tier.MQL, 1, score, leads)


def test_each_ten_points_have_their_share_and_the_best_their_lift() -> None:
    # docs/metrics.md works this example out.
    found = effectiveness_of(
        [
            group(64, Leads(42, 2, 40, 40, 8, 0, 4, 1, 1)),
            group(72, Leads(40, 0, 40, 40, 16, 2, 8, 2, 4)),
            group(91, Leads(20, 0, 20, 20, 16, 0, 12, 6, 2)),
            group(100, Leads(0)),
        ]
    )
    assert [band.words for band in found.bands] == ["90 to 100", "70 to 79", "60 to 69"]
    assert [band.to_sql for band in found.bands] == [Share(16, 20), Share(16, 40), Share(8, 40, waiting=2)]
    # Open deals and fresh SQLs are not at their end: 4 of 20, 2 + 2 of 40, 2 of 40.
    assert [band.to_won for band in found.bands] == [
        Share(6, 16, waiting=4),
        Share(2, 36, waiting=4),
        Share(1, 38, waiting=4),
    ]
    assert found.lift == pytest.approx((16 / 20) / (40 / 100))
    assert found.lift_is_sure
    # Pairs in the right order: 16 at 91 beat all 24 + 32 below, tie with 4; 16 at 72 tie with 24 and beat 32; 8 at 64 tie with 32.
    pairs = 16 * (24 + 32 + 4 / 2) + 16 * (32 + 24 / 2) + 8 * (32 / 2)
    assert found.auc == pytest.approx(pairs / (40 * 60))
    assert found.mean_sql == pytest.approx((16 * 91 + 16 * 72 + 8 * 64) / 40)


@pytest.mark.parametrize("sqls", [0, 1, 19, 20])
def test_of_too_few_on_one_side_no_order_is_claimed(sqls: int) -> None:
    found = effectiveness_of([group(70, Leads(20, 0, 20, 20, sqls))])
    assert (found.auc, found.auc_interval) == (None, None)


def test_of_nothing_nothing_is_claimed() -> None:
    found = effectiveness_of([])
    assert (found.auc, found.lift, found.mean_sql, found.lift_is_sure) == (None, None, None, False)


# ---- calls -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(2))
def test_calls_are_what_counting_the_newest_of_each_handoff_gives(session: Session, seed: int) -> None:
    Past(session, seed)
    for scope in reps_and_all(session):
        counted(session, qualifying(session, PERIOD, scope), mine(session, scope))


def counted(session: Session, found: Qualifying, handoffs: list[Handoff]) -> None:
    newest = newest_calls(session, handoffs)
    assert len(newest) > 10
    assert found.every.verdicts == Counter(call.verdict for call in newest.values())
    by_id = {one.id: one for one in handoffs}
    answers: dict[tuple[str, Counts], tuple[int, int]] = {}
    for handoff_id, call in newest.items():
        for one in answers_from_json(call.answers):
            if one.counts is not None:
                sqls, count = answers.get((one.key, one.counts), (0, 0))
                answers[one.key, one.counts] = (sqls + (by_id[handoff_id].qualified_at is not None), count + 1)
    seen = {
        (asked.key, counts): (share.hit, share.of)
        for asked in found.questions
        for counts, share in asked.answers.items()
    }
    assert seen == answers
    assert [asked.key for asked in found.questions] == ["budget", "authority", "need", "timeline"]
    times = [seconds(one.became_at, one.qualified_at) for one in handoffs if one.qualified_at is not None]
    assert found.every.sqls == len(times)
    assert found.every.median == pytest.approx(median(times))
    assert found.every.nine_of_ten == pytest.approx(quantiles(times, n=10, method="inclusive")[8])
    assert sum(calls.made for _, calls in found.reps) == found.every.made
    assert sum(calls.sqls for _, calls in found.reps) == len(times)


def newest_calls(session: Session, handoffs: list[Handoff]) -> dict[int, Qualification]:
    ids = {one.id for one in handoffs}
    calls = session.scalars(select(Qualification).order_by(Qualification.at, Qualification.id))
    return {call.handoff_id: call for call in calls if call.handoff_id in ids}


def seconds(since: datetime, until: datetime | None) -> float:
    assert until is not None
    return max((until - since).total_seconds(), 0.0)


def test_without_calls_there_is_nothing(session: Session) -> None:
    found = qualifying(session, PERIOD)
    assert (found.every.made, found.every.median, found.questions, found.reps) == (0, None, [], [])


# ---- won and lost ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(2))
def test_won_and_lost_are_what_counting_the_deals_gives(session: Session, seed: int) -> None:
    Past(session, seed)
    for scope in reps_and_all(session):
        handoffs = mine(session, scope)
        since = {
            lead: min(h.became_at for h in handoffs if h.lead_id == lead) for lead in {h.lead_id for h in handoffs}
        }
        ids = {one.id for one in handoffs}
        deals = [
            deal
            for deal in session.scalars(select(Opportunity))
            if deal.lead_id in since
            and deal.opened_at >= since[deal.lead_id]
            and (scope.rep_id is None or deal.handoff_id in ids)
        ]
        found = won_lost(session, PERIOD, scope)
        won = [deal for deal in deals if deal.won]
        lost = [deal for deal in deals if deal.won is False]
        assert found.win_rate == Share(len(won), len(won) + len(lost), len(deals) - len(won) - len(lost))
        times = [seconds(since[deal.lead_id], deal.closed_at) for deal in won]
        assert found.median == (pytest.approx(median(times)) if times else None)
        assert dict(found.reasons) == Counter(deal.lost_reason for deal in lost)
        worth(session, found.worth, [deal.id for deal in won])
        assert found.unvalued == len(won) - sum(one.deals for one in found.worth)


def worth(session: Session, found: object, won: list[int]) -> None:
    """Only the standing version of what is frozen counts, and only where the currency's rate was known."""
    runs = session.scalars(select(CreditRun).where(CreditRun.superseded_at.is_(None), CreditRun.rate.is_not(None)))
    values = [run.value for run in runs if run.opportunity_id in won]
    assert isinstance(found, list)
    assert [(one.currency, one.deals, one.value) for one in found] == (
        [("EUR", len(values), sum(values))] if values else []
    )
