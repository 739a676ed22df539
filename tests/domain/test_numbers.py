"""The numbers of /leadstats against the same definitions worked out in Python, lead by lead, over invented histories."""

import random
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
from domain.stats.funnel import OPPORTUNITY_TIME, Leads
from domain.stats.quality import Numbers, numbers
from domain.stats.scope import EVERYTHING, Scope
from domain.tables import ClockOutcome, Handoff, Lead, Opportunity, Rep, Role, SlaClock, TouchRow
from domain.verbs import staffing
from tests.conftest import NOON

PERIOD = Period(NOON - timedelta(days=30), NOON, "last 30 days")
EXPECTED = {Tier.MQL: 0.4, Tier.HQL: 0.6}
STATUSES = tuple(HandoffStatus)
LEADS = 150


class Past:
    """An invented record: leads with one to three handoffs each, their clocks, touches and opportunities."""

    def __init__(self, session: Session, seed: int) -> None:
        self.session = session
        self.dice = random.Random(seed)
        self.reps = [
            staffing.save_rep(session, NOON, name=name, email=f"{name[:3].lower()}@example.com", role=Role.SDR)
            for name in ("Sam Sample", "Dana Demo")
        ]
        for number in range(LEADS):
            self._lead(number)
        session.flush()

    def _lead(self, number: int) -> None:
        mail = f"lead-{number}@buyer.example.com"
        lead = Lead(
            email=mail, identity=mail, source="website", fields={}, attributes={}, notes=[], captured_at=self._moment()
        )
        self.session.add(lead)
        self.session.flush()
        for _ in range(self.dice.randrange(3)):
            channel, campaign = self.dice.choice(("ads", "mail", None)), self.dice.choice(("Spring Fair", None))
            self.session.add(
                TouchRow(
                    lead_id=lead.id, kind="webinar", occurred_at=self._moment(), channel=channel, campaign=campaign
                )
            )
        cycles = self.dice.choice((1, 1, 2, 3))
        for cycle in range(1, cycles + 1):
            self._handoff(lead, cycle, live=cycle == cycles)

    def _handoff(self, lead: Lead, cycle: int, *, live: bool) -> None:
        status = self.dice.choice([status for status in STATUSES if live or status not in LIVE])
        became = self._moment()
        accepted = self._after(became, status is HandoffStatus.ACCEPTED or self.dice.random() < 0.6)
        if status in {HandoffStatus.OPEN, HandoffStatus.OFFERED}:
            accepted = None
        contacted = self._after(accepted, status is HandoffStatus.CONTACTED or self.dice.random() < 0.7)
        qualified = self._after(contacted or accepted, status is HandoffStatus.QUALIFIED or self.dice.random() < 0.3)
        if status is HandoffStatus.QUALIFIED:
            qualified = qualified or self._after(became, True)
        elif status in LIVE:
            qualified = None
        handoff = Handoff(
            lead_id=lead.id,
            cycle=cycle,
            tier=self.dice.choice((Tier.MQL, Tier.HQL)),
            score=70,
            score_id=1,
            rep_id=self.dice.choice(self.reps).id,
            status=status,
            version=1,
            policy={},
            trace={},
            became_at=became,
            opened_at=became,
            accepted_at=accepted,
            contacted_at=contacted,
            qualified_at=qualified,
            rejected_at=self._after(accepted or became, True) if status is HandoffStatus.REJECTED else None,
            reason=self.dice.choice(("no_budget", "bad_timing", "other")) if status is HandoffStatus.REJECTED else None,
        )
        self.session.add(handoff)
        self.session.flush()
        for kind in ClockKind:
            if self.dice.random() < 0.8:
                self._clock(handoff, kind)
        if self.dice.random() < 0.25:
            self._deal(lead, handoff if self.dice.random() < 0.8 else None)

    def _clock(self, handoff: Handoff, kind: ClockKind) -> None:
        stopped = self.dice.random() < 0.6
        self.session.add(
            SlaClock(
                handoff_id=handoff.id,
                kind=kind,
                started_at=handoff.became_at + timedelta(minutes=self.dice.randrange(60)),
                due_at=handoff.became_at + timedelta(hours=self.dice.randrange(900)),
                running_since=None if self.dice.random() < 0.3 else handoff.became_at,
                breached_at=NOON if self.dice.random() < 0.2 else None,
                stopped_at=NOON - timedelta(minutes=1) if stopped else None,
                outcome=self.dice.choice(tuple(ClockOutcome)) if stopped else None,
            )
        )

    def _deal(self, lead: Lead, handoff: Handoff | None) -> None:
        opened = self._moment()
        won = self.dice.choice((None, True, False))
        self.session.add(
            Opportunity(
                lead_id=lead.id,
                handoff_id=handoff.id if handoff else None,
                system="salesforce",
                name="A deal",
                stage="open",
                stage_since=opened,
                opened_at=opened,
                closed_at=None if won is None else opened + timedelta(days=self.dice.randrange(9)),
                won=won,
            )
        )

    def _moment(self) -> datetime:
        return NOON - timedelta(minutes=self.dice.randrange(40 * 24 * 60))

    def _after(self, moment: datetime | None, so: bool) -> datetime | None:
        return moment + timedelta(minutes=self.dice.randrange(3 * 24 * 60)) if moment is not None and so else None


class Reckoned:
    """The same numbers from the same rows, by the definitions of docs/metrics.md and without SQL."""

    def __init__(self, session: Session, scope: Scope) -> None:
        touches = session.scalars(select(TouchRow)).all()
        self.handoffs = [
            handoff
            for handoff in session.scalars(select(Handoff))
            if PERIOD.since <= handoff.became_at < PERIOD.until
            and scope.rep_id in {None, handoff.rep_id}
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

    def tiers(self) -> dict[Tier, dict[str, int]]:
        found: dict[Tier, Leads] = {}
        for lead_id in {handoff.lead_id for handoff in self.handoffs}:
            tier, one = self._one(lead_id)
            if one is not None:
                found[tier] = found.get(tier, Leads()) + one
        return {tier: asdict(counts) for tier, counts in found.items()}

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
            and handoff.qualified_at > NOON - OPPORTUNITY_TIME
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
    reps = session.scalars(select(Rep.id).order_by(Rep.id)).all()
    return [EVERYTHING, *(Scope(rep_id=rep_id) for rep_id in reps), Scope(channel="ads"), Scope(campaign="Spring Fair")]


# Three seconds at most on a busy machine: five scopes of some 280 handoffs, each reckoned twice.
@pytest.mark.parametrize("seed", range(3))
def test_the_numbers_are_what_the_definitions_say(session: Session, seed: int) -> None:
    Past(session, seed)
    for scope in scopes(session):
        compare(numbers(session, PERIOD, NOON, EXPECTED, scope), Reckoned(session, scope))


def compare(found: Numbers, reckoned: Reckoned) -> None:
    handoffs = reckoned.handoffs
    assert len(handoffs) > 20
    assert {tier: asdict(counts) for tier, counts in found.tiers.items()} == reckoned.tiers()
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


def test_predicted_and_actual_are_over_the_same_leads(session: Session) -> None:
    Past(session, 7)
    found = numbers(session, PERIOD, NOON, EXPECTED)
    due = {tier: row.due for tier, row in found.tiers.items()}
    predicted = (0.4 * due[Tier.MQL] + 0.6 * due[Tier.HQL]) / sum(due.values())
    actual = sum(row.qualified for row in found.tiers.values()) / sum(due.values())
    assert found.predicted == pytest.approx(predicted)
    assert found.distance == pytest.approx(abs(actual - predicted) / predicted)


def test_where_the_model_predicts_nothing_nothing_is_compared(session: Session) -> None:
    Past(session, 7)
    found = numbers(session, PERIOD, NOON, {Tier.MQL: 0.4})
    assert (found.predicted, found.distance) == (None, None)


def test_the_steps_of_the_funnel_never_grow(session: Session) -> None:
    Past(session, 8)
    for scope in scopes(session):
        leads = numbers(session, PERIOD, NOON, EXPECTED, scope).leads
        steps = (leads.handed, leads.accepted, leads.contacted, leads.qualified, leads.converted, leads.won)
        assert list(steps) == sorted(steps, reverse=True)
        assert leads.waiting <= leads.handed - leads.qualified
        assert leads.fresh <= leads.qualified - leads.converted
