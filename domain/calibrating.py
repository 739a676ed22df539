"""What a run of learning reads beside the outcomes: what sales can take, how many leads come, and what a backtest showed."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import tomlkit
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain.backtest.history import Outcome as Step
from domain.backtest.history import Window
from domain.backtest.report import GroupLine, Report
from domain.backtest.sharing import working_days
from domain.backtest.tally import Mover
from domain.outcomes import Outcome
from domain.rules.deadlines import ClockKind
from domain.rules.lifecycle import GONE
from domain.rules.point_moves import same_points
from domain.rules.proposals import REST, WAITS, ProposalKind, ProposalStatus
from domain.rules.thresholds import Capacity
from domain.tables import (
    ClockOutcome,
    Handoff,
    Lead,
    Learning,
    ModelStatus,
    Pool,
    PoolMember,
    Proposal,
    Rep,
    Role,
    ScoreRow,
    ScoringModel,
    SlaClock,
)
from domain.verbs.modelling import parsed

ARRIVED_WITHIN = timedelta(days=90)
HANDLED_WITHIN = timedelta(days=28)
FEWEST_HANDLED = 10
"""First contacts in time, of all whose limit is not set: of fewer nobody can tell what they could take."""
GOOD_DAY = 0.9
"""What was handled on the day that is better than nine of ten: on most days fewer leads come than could be taken."""


def capacity(session: Session, now: datetime) -> Capacity:
    """Leads a working day: what reps may be offered (`most_a_day`), and of those without a limit, what they handled in time
    on a good day of the last weeks.
    """
    return Capacity(_capacity_of(session, Role.SDR, now), _capacity_of(session, Role.AE, now))


def _capacity_of(session: Session, role: Role, now: datetime) -> float | None:
    in_a_pool = select(PoolMember.rep_id).join(Pool, Pool.id == PoolMember.pool_id).where(Pool.role == role)
    limits = dict(
        session.execute(select(Rep.id, Rep.most_a_day).where(Rep.active, Rep.role == role, Rep.id.in_(in_a_pool))).all()
    )
    free = [rep_id for rep_id, most in limits.items() if most is None]
    handled = _handled(session, free, now) if free else 0.0
    if not limits or handled is None:
        return None
    return float(sum(most for most in limits.values() if most is not None)) + handled


def _handled(session: Session, rep_ids: Sequence[int], now: datetime) -> float | None:
    since = now - HANDLED_WITHIN
    day = func.date_trunc("day", SlaClock.stopped_at, "UTC")
    counts = session.scalars(
        select(func.count())
        .select_from(SlaClock)
        .join(Handoff, Handoff.id == SlaClock.handoff_id)
        .where(
            SlaClock.started_at >= since,
            SlaClock.kind == ClockKind.FIRST_CONTACT,
            SlaClock.outcome == ClockOutcome.MET,
            Handoff.rep_id.in_(rep_ids),
        )
        .group_by(day)
    ).all()
    if sum(counts) < FEWEST_HANDLED:
        return None
    days = max(len(working_days(Window(since, now))), len(counts))
    every = sorted([*counts, *[0] * (days - len(counts))])
    # Nothing on nine of ten days: that is no measure of what they could take.
    return float(every[round(GOOD_DAY * (len(every) - 1))]) or None


def arrivals(session: Session, model_ids: Sequence[int], now: datetime) -> Mapping[int, float]:
    """By the best score that a lead has reached under these models: how many come on a working day."""
    since = now - ARRIVED_WITHIN
    best = session.execute(
        select(func.max(ScoreRow.total))
        .join(Lead, Lead.id == ScoreRow.lead_id)
        .where(Lead.captured_at >= since, Lead.stage.not_in(GONE), ScoreRow.acted, ScoreRow.model_id.in_(model_ids))
        .group_by(ScoreRow.lead_id)
    )
    days = len(working_days(Window(since, now)))
    return {score: count / days for score, count in Counter(total for (total,) in best).items()}


def of_the_same_points(session: Session, active: ScoringModel) -> list[int]:
    """The models (ids) that were in force and score as this one does: what is known of their scores holds for its own."""
    rows = session.scalars(
        select(ScoringModel).where(ScoringModel.status == ModelStatus.RETIRED, ScoringModel.name == active.name)
    )
    return [active.id, *(row.id for row in rows if same_points(parsed(row), parsed(active)))]


def matured(outcomes: Sequence[Outcome], model_ids: Sequence[int]) -> list[tuple[int, bool]]:
    """Score, and whether it became an SQL."""
    return [(one.score, one.sql) for one in outcomes if one.sql is not None and one.model_id in model_ids]


def with_thresholds(toml: str, mql: int, hql: int) -> str:
    """The same file with other thresholds; its comments stay."""
    document = tomlkit.parse(toml)
    table = document.setdefault("thresholds", tomlkit.table())
    table["mql"], table["hql"] = mql, hql
    return tomlkit.dumps(document)


def asked_again_from(session: Session, kind: ProposalKind) -> datetime | None:
    """Until when nobody is asked about this kind, since somebody said no to it lately; None: nobody did."""
    said_no = (ProposalStatus.DECLINED, ProposalStatus.ROLLED_BACK)
    at = session.scalar(
        select(func.max(func.coalesce(Proposal.rolled_back_at, Proposal.decided_at))).where(
            Proposal.kind == kind, Proposal.status.in_(said_no)
        )
    )
    return at + REST if at is not None else None


def waiting(session: Session) -> Sequence[Proposal]:
    """What waits for an answer, or is tried in shadow: one of each kind at most."""
    return session.scalars(select(Proposal).where(Proposal.status.in_(WAITS))).all()


def learning_due(session: Session, slot: datetime) -> bool:
    """Whether the run that belongs to this moment was not made yet."""
    newest = session.scalar(select(func.max(Learning.at)).where(Learning.kind == ProposalKind.MODEL))
    return newest is None or newest < slot


def backtest_evidence(report: Report, days: int) -> dict[str, Any]:
    """What a backtest showed, as ids and numbers: addresses stay where they are erased with their leads."""
    return {
        "days": days,
        "leads": report.leads,
        "to_sales": [report.total.old, report.total.new],
        "tiers": {pair.label: [pair.old, pair.new] for pair in report.tiers},
        "moved": report.moved,
        "at_once": {tier.value: count for tier, count in report.at_once},
        "groups": {line.group.value: _group(line) for line in report.groups},
        "up": [_mover(mover) for mover in report.up],
        "down": [_mover(mover) for mover in report.down],
    }


def _group(line: GroupLine) -> dict[str, Any]:
    reached = dict(line.reached)
    return {
        "leads": line.leads,
        "unknown": line.unknown,
        "running": line.running,
        "sql": list(reached[Step.QUALIFIED]),
        "won": list(reached[Step.WON]),
    }


def _mover(mover: Mover) -> list[int]:
    """Lead, score before, score after."""
    return [-mover.older_first, mover.old_total, mover.new_total]
