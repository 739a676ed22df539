"""The numbers of /leadstats against the same definitions worked out in Python, lead by lead, over invented histories."""

import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.rules.deadlines import TARGETS, ClockKind
from domain.rules.lifecycle import LIVE, HandoffStatus
from domain.rules.periods import Period
from domain.rules.tiers import Tier
from domain.stats.funnel import Leads
from domain.stats.maturity import Patience, patience
from domain.stats.quality import Numbers, numbers
from domain.stats.scope import EVERYTHING, Scope
from domain.tables import (
    ClockOutcome,
    Handoff,
    Lead,
    Opportunity,
    Pool,
    Rep,
    ScoreRow,
    ScoringModel,
    SlaClock,
    TouchRow,
)
from domain.verbs.modelling import parsed
from tests.conftest import NOON
from tests.domain.inventing import Past

PERIOD = Period(NOON - timedelta(days=30), NOON, "last 30 days")


USUAL = Patience()


class Reckoned:
    """The same numbers from the same rows, by the definitions of docs/metrics.md and without SQL."""

    def __init__(self, session: Session, scope: Scope, patient: Patience = USUAL) -> None:
        touches = session.scalars(select(TouchRow)).all()
        self.patient = patient
        self.leads = {lead.id: lead for lead in session.scalars(select(Lead))}
        self.scores = {score.id: score for score in session.scalars(select(ScoreRow))}
        self.models = {row.id: parsed(row) for row in session.scalars(select(ScoringModel))}
        self.handoffs = [
            handoff
            for handoff in session.scalars(select(Handoff))
            if PERIOD.since <= handoff.became_at < PERIOD.until
            and scope.rep_id in {None, handoff.rep_id}
            and scope.pool_id in {None, handoff.pool_id}
            and scope.persona in {None, self.leads[handoff.lead_id].attributes["persona"]}
            and scope.model_id in {None, self.scores[handoff.score_id].model_id}
            and _touched(handoff, scope, touches)
        ]
        ids = {handoff.id for handoff in self.handoffs}
        self.clocks = [
            clock
            for clock in session.scalars(select(SlaClock))
            if clock.handoff_id in ids and clock.started_at >= PERIOD.since
        ]
        self.deals = [
            deal
            for deal in session.scalars(select(Opportunity))
            if deal.opened_at >= PERIOD.since and (scope.rep_id is None or deal.handoff_id in ids)
        ]
        self.tier_of = {handoff.id: handoff.tier for handoff in self.handoffs}

    def groups(self) -> dict[tuple[Tier, int, int], dict[str, int]]:
        found: dict[tuple[Tier, int, int], Leads] = {}
        for lead_id in {handoff.lead_id for handoff in self.handoffs}:
            tier, one = self._one(lead_id)
            if one is not None:
                score = self.scores[self._first(lead_id, tier).score_id]
                key = (tier, score.model_id, score.total)
                found[key] = found.get(key, Leads()) + one
        return {key: asdict(counts) for key, counts in found.items()}

    def _first(self, lead_id: int, tier: Tier) -> Handoff:
        of_tier = [one for one in self.handoffs if one.lead_id == lead_id and one.tier is tier]
        return min(of_tier, key=lambda one: one.cycle)

    def predictions(self) -> list[tuple[Tier, float, bool]]:
        """Of each lead that is due: its tier, what was predicted of it, and whether it became an SQL."""
        found = []
        for lead_id in {handoff.lead_id for handoff in self.handoffs}:
            tier, one = self._one(lead_id)
            if one is not None and one.due:
                rate = self._predicted(self.scores[self._first(lead_id, tier).score_id], tier)
                if rate is not None:
                    found.append((tier, rate, bool(one.qualified)))
        return found

    def _predicted(self, score: ScoreRow, tier: Tier) -> float | None:
        model = self.models[score.model_id]
        if model.name == "learnt":
            # The straight lines of its table.
            return 0.2 + (score.total - 60) * 0.015 if score.total < 80 else 0.5 + (score.total - 80) * 0.02
        return model.expected_conversion.get(tier)

    def _one(self, lead_id: int) -> tuple[Tier, Leads | None]:
        mine = [handoff for handoff in self.handoffs if handoff.lead_id == lead_id]
        deals = self.deals_of(lead_id)
        sql = any(handoff.qualified_at for handoff in mine) or bool(deals)
        contacted = sql or any(handoff.contacted_at for handoff in mine)
        tier = Tier.HQL if any(handoff.tier is Tier.HQL for handoff in mine) else Tier.MQL
        if not contacted and all(handoff.status is HandoffStatus.WITHDRAWN for handoff in mine):
            return tier, None
        waits = any(self._in_time(handoff) for handoff in mine) and not sql
        fresh = not deals and any(
            handoff.status is HandoffStatus.QUALIFIED
            and handoff.qualified_at is not None
            and handoff.qualified_at > NOON - self.patient.to_opportunity
            for handoff in mine
        )
        won = any(deal.won for deal in deals)
        lost = bool(deals) and all(deal.won is False for deal in deals)
        counts = (
            1,
            waits,
            contacted or any(handoff.accepted_at for handoff in mine),
            contacted,
            sql,
            fresh,
            bool(deals),
            won,
            lost and not won,
        )
        return tier, Leads(*map(int, counts))

    def deals_of(self, lead_id: int) -> list[Opportunity]:
        first = min(handoff.became_at for handoff in self.handoffs if handoff.lead_id == lead_id)
        return [deal for deal in self.deals if deal.lead_id == lead_id and deal.opened_at >= first]

    def later_medians(self) -> tuple[float | None, float | None]:
        converted, won = [], []
        for lead_id in {handoff.lead_id for handoff in self.handoffs}:
            deals = self.deals_of(lead_id)
            sqls = [one.qualified_at for one in self.handoffs if one.lead_id == lead_id and one.qualified_at]
            closed = [deal.closed_at for deal in deals if deal.won and deal.closed_at]
            opened = min((deal.opened_at for deal in deals), default=None)
            if opened and sqls:
                converted.append(max((opened - min(sqls)).total_seconds(), 0))
            if opened and closed:
                won.append(max((min(closed) - opened).total_seconds(), 0))
        return (
            statistics.median(converted) if converted else None,
            statistics.median(won) if won else None,
        )

    def _in_time(self, handoff: Handoff) -> bool:
        if handoff.status not in LIVE - {HandoffStatus.QUALIFIED}:
            return False
        if self.patient.to_sql is not None and handoff.became_at > NOON - self.patient.to_sql:
            return True
        clock = next(
            (clock for clock in self.session_clocks(handoff.id) if clock.kind is ClockKind.QUALIFICATION),
            None,
        )
        if clock is None:
            return handoff.became_at > NOON - TARGETS[handoff.tier][ClockKind.QUALIFICATION]
        return not (_missed(clock) or (clock.stopped_at is not None and clock.due_at < NOON))

    def session_clocks(self, handoff_id: int) -> Iterable[SlaClock]:
        return (clock for clock in self.clocks if clock.handoff_id == handoff_id)

    def kept(self) -> dict[tuple[Tier, ClockKind], tuple[int, int, int]]:
        found: dict[tuple[Tier, ClockKind], tuple[int, int, int]] = {}
        for clock in self.clocks:
            at = (self.tier_of[clock.handoff_id], clock.kind)
            met, of, waiting = found.get(at, (0, 0, 0))
            is_met, open_yet = clock.outcome is ClockOutcome.MET, clock.outcome is None and not _missed(clock)
            found[at] = (met + is_met, of + (is_met or _missed(clock)), waiting + open_yet)
        return found

    def median(
        self, since: Callable[[Handoff], datetime | None], until: Callable[[Handoff], datetime | None]
    ) -> float | None:
        spans = [
            max((end - begin).total_seconds(), 0)
            for handoff in self.handoffs
            if (begin := since(handoff)) is not None and (end := until(handoff)) is not None
        ]
        return statistics.median(spans) if spans else None


def _missed(clock: SlaClock) -> bool:
    if clock.outcome is not None:
        return clock.outcome is ClockOutcome.MISSED
    return clock.breached_at is not None or (clock.running_since is not None and clock.due_at < NOON)


def _touched(handoff: Handoff, scope: Scope, touches: Sequence[TouchRow]) -> bool:
    theirs = [one for one in touches if one.lead_id == handoff.lead_id and one.occurred_at <= handoff.became_at]
    by_channel = scope.channel is None or any(one.channel == scope.channel for one in theirs)
    by_campaign = scope.campaign is None or any(one.campaign == scope.campaign for one in theirs)
    return by_channel and by_campaign


def scopes(session: Session) -> list[Scope]:
    return [
        EVERYTHING,
        *(Scope(rep_id=rep_id) for rep_id in session.scalars(select(Rep.id).order_by(Rep.id))),
        Scope(channel="ads"),
        Scope(campaign="Spring Fair"),
        *(Scope(pool_id=pool_id) for pool_id in session.scalars(select(Pool.id).order_by(Pool.id))),
        Scope(persona="influencer"),
        *(Scope(model_id=model_id) for model_id in session.scalars(select(ScoringModel.id).order_by(ScoringModel.id))),
    ]


# Some seconds on a busy machine: a dozen scopes of some 280 handoffs, each reckoned twice.
@pytest.mark.parametrize("seed", range(3))
def test_the_numbers_are_what_the_definitions_say(session: Session, seed: int) -> None:
    Past(session, seed)
    for scope in scopes(session):
        compare(numbers(session, PERIOD, NOON, scope), Reckoned(session, scope))


# As above, of a longer past: it says how long sales needs.
def test_whoever_is_still_at_work_is_open_for_as_long_as_nine_of_ten_needed(session: Session) -> None:
    Past(session, 11, leads=300, days=120)
    patient = patience(session, NOON)
    assert patient.to_sql == nine_of_ten_needed(session)
    found = numbers(session, PERIOD, NOON)
    compare(found, Reckoned(session, EVERYTHING, patient))
    assert found.to_sql.waiting > sum(lead["waiting"] for lead in Reckoned(session, EVERYTHING).groups().values())


def nine_of_ten_needed(session: Session) -> timedelta:
    """The ninth tenth of the times from MQL to SQL of all SQLs of before, between the two nearest of them."""
    before = NOON - timedelta(days=60)
    times = sorted(
        (one.qualified_at - one.became_at).total_seconds()
        for one in session.scalars(select(Handoff))
        if one.qualified_at is not None and one.became_at <= before
    )
    place = 0.9 * (len(times) - 1)
    low = int(place)
    return timedelta(seconds=times[low] + (place - low) * (times[low + 1] - times[low]))


def compare(found: Numbers, reckoned: Reckoned) -> None:
    handoffs = reckoned.handoffs
    assert len(handoffs) > 20
    groups = {(one.tier, one.model_id, one.score): asdict(one.leads) for one in found.groups}
    assert groups == reckoned.groups()
    judged(found, reckoned.predictions())
    accepted = sum(handoff.accepted_at is not None for handoff in handoffs)
    refused = sum(handoff.rejected_at is not None and handoff.accepted_at is None for handoff in handoffs)
    assert (found.acceptance.hit, found.acceptance.of) == (accepted, accepted + refused)
    assert found.acceptance.waiting == sum(
        handoff.status in {HandoffStatus.OPEN, HandoffStatus.OFFERED} for handoff in handoffs
    )
    kept = {at: (share.hit, share.of, share.waiting) for at, share in found.attainment.kept.items()}
    assert kept == reckoned.kept()
    assert found.attainment.overdue == sum(clock.stopped_at is None and _missed(clock) for clock in reckoned.clocks)
    rejected = [handoff.reason for handoff in handoffs if handoff.rejected_at]
    assert found.rejections.total == len(rejected)
    assert dict(found.rejections.top) == {reason: rejected.count(reason) for reason in set(rejected)}
    assert found.medians.accepted == reckoned.median(lambda one: one.became_at, lambda one: one.accepted_at)
    assert found.medians.contacted == reckoned.median(lambda one: one.accepted_at, lambda one: one.contacted_at)
    assert found.medians.qualified == reckoned.median(
        lambda one: one.contacted_at or one.accepted_at, lambda one: one.qualified_at
    )
    assert (found.medians.converted, found.medians.won) == reckoned.later_medians()


def judged(found: Numbers, predictions: list[tuple[Tier, float, bool]]) -> None:
    """Each tier by itself, and all of them in such a way that one tier makes up for no other."""
    missed = 0.0
    for tier in {tier for tier, _, _ in predictions}:
        of = [(rate, sql) for one, rate, sql in predictions if one is tier]
        expected, actual = sum(rate for rate, _ in of), sum(sql for _, sql in of)
        seen = found.accuracy.tiers[tier]
        assert (seen.share.hit, seen.share.of) == (actual, len(of))
        assert seen.expected == pytest.approx(expected)
        assert seen.distance == pytest.approx(abs(actual - expected) / expected)
        missed += abs(actual - expected)
    assert found.accuracy.unpredicted == found.leads.due - len(predictions)
    everything = sum(rate for _, rate, _ in predictions)
    assert found.distance == (pytest.approx(missed / everything) if everything else None)
    assert found.predicted == (pytest.approx(everything / len(predictions)) if everything else None)


def test_the_steps_of_the_funnel_never_grow(session: Session) -> None:
    Past(session, 8)
    for scope in scopes(session):
        leads = numbers(session, PERIOD, NOON, scope).leads
        steps = (leads.handed, leads.accepted, leads.contacted, leads.qualified, leads.converted, leads.won)
        assert list(steps) == sorted(steps, reverse=True)
        assert leads.waiting <= leads.handed - leads.qualified
        assert leads.fresh <= leads.qualified - leads.converted
