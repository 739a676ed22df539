"""The past as it stands in the record. Everything here is read in one snapshot, a range of leads at a time."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Row, func, select, union
from sqlalchemy.orm import Session

from domain.backtest.history import Attempt, History, Version, Window, before, outcomes
from domain.backtest.replay import Territories
from domain.backtest.sharing import Sellers
from domain.rules.facts import Touch
from domain.rules.fairness import Member
from domain.rules.lifecycle import GONE, Stage
from domain.rules.routing import Candidate, Territory, skip_reason
from domain.tables import AttributesRow, Handoff, Lead, Pool, PoolMember, Rep, ScoreRow, TerritoryRow, TouchRow
from domain.verbs.offering import SELLER
from domain.verbs.scoring import BEFORE_SALES, attributes

BIGGEST_ID = 2**63 - 1
BATCH = 500
"""Leads that are read, and held in memory, at a time."""


class Range(NamedTuple):
    """The leads from `first` to `last`, `size` of which have a past within the window."""

    first: int
    last: int
    size: int


def ranges(session: Session, window: Window, size: int = BATCH) -> list[Range]:
    """The leads that were active within the window, in pieces of `size`."""
    numbered = (
        select(Lead.id, ((func.row_number().over(order_by=Lead.id) - 1) // size).label("piece"))
        .where(_active(window, 0, BIGGEST_ID))
        .subquery()
    )
    rows = session.execute(
        select(func.min(numbered.c.id), func.max(numbered.c.id), func.count())
        .group_by(numbered.c.piece)
        .order_by(numbered.c.piece)
    )
    return [Range(*row) for row in rows]


def _active(window: Window, first: int, last: int) -> ColumnElement[bool]:
    """Touched or scored within the window. The bounds stand in each part: so each reads that piece of its index alone."""
    touched = select(TouchRow.lead_id).where(
        TouchRow.lead_id.between(first, last), TouchRow.occurred_at.between(window.since, window.until)
    )
    scored = select(ScoreRow.lead_id).where(
        ScoreRow.lead_id.between(first, last), ScoreRow.as_of.between(window.since, window.until)
    )
    return Lead.id.between(first, last) & Lead.stage.not_in(GONE) & Lead.id.in_(union(touched, scored))


def histories(session: Session, window: Window, of: Range) -> list[History]:
    """The past of the leads in a range."""
    leads = session.execute(
        select(Lead.id, Lead.email, Lead.source, Lead.stage, Lead.attributes, Lead.captured_at, Lead.rests_until)
        .where(_active(window, of.first, of.last))
        .order_by(Lead.id)
    ).all()
    ids = [lead.id for lead in leads]
    touches = _touches(session, ids, window.until)
    versions = _versions(session, ids, window.until)
    attempts = _attempts(session, ids)
    return [
        _history(lead, touches.get(lead.id, []), versions.get(lead.id, []), attempts.get(lead.id, []), window)
        for lead in leads
    ]


def _history(
    lead: Row[Any],
    touches: Sequence[Touch],
    versions: Iterable[tuple[datetime, Mapping[str, Any]]],
    attempts: Sequence[Attempt],
    window: Window,
) -> History:
    known = [Version(at, attributes(stored, lead.source)) for at, stored in versions]
    with_sales, rests_until = before(attempts, window.since)
    return History(
        lead_id=lead.id,
        email=lead.email,
        captured_at=lead.captured_at,
        versions=known or [Version(lead.captured_at, attributes(lead.attributes, lead.source))],
        touches=touches,
        outcomes=outcomes(attempts, window, won=lead.stage is Stage.WON),
        with_sales=with_sales,
        rests_until=rests_until,
        free_now=lead.stage in BEFORE_SALES and not (lead.rests_until and lead.rests_until > window.until),
        guessed=not known,
    )


def _touches(session: Session, ids: Sequence[int], until: datetime) -> dict[int, list[Touch]]:
    rows = session.execute(
        select(
            TouchRow.lead_id,
            TouchRow.kind,
            TouchRow.occurred_at,
            TouchRow.campaign,
            TouchRow.channel,
            TouchRow.content,
            TouchRow.page,
        )
        .where(TouchRow.lead_id.in_(ids), TouchRow.occurred_at <= until)
        .order_by(TouchRow.lead_id, TouchRow.occurred_at, TouchRow.id)
    )
    found: defaultdict[int, list[Touch]] = defaultdict(list)
    for row in rows:
        found[row.lead_id].append(Touch(*row[1:]))
    return found


def _versions(
    session: Session, ids: Sequence[int], until: datetime
) -> dict[int, list[tuple[datetime, dict[str, Any]]]]:
    rows = session.execute(
        select(AttributesRow.lead_id, AttributesRow.at, AttributesRow.attributes)
        .where(AttributesRow.lead_id.in_(ids), AttributesRow.at <= until)
        .order_by(AttributesRow.lead_id, AttributesRow.at, AttributesRow.id)
    )
    found: defaultdict[int, list[tuple[datetime, dict[str, Any]]]] = defaultdict(list)
    for lead_id, at, stored in rows:
        found[lead_id].append((at, stored))
    return found


def _attempts(session: Session, ids: Sequence[int]) -> dict[int, list[Attempt]]:
    rows = session.execute(
        select(
            Handoff.lead_id,
            Handoff.status,
            Handoff.opened_at,
            Handoff.accepted_at,
            Handoff.contacted_at,
            Handoff.qualified_at,
            Handoff.converted_at,
            Handoff.rejected_at,
            Handoff.reason,
        )
        .where(Handoff.lead_id.in_(ids))
        .order_by(Handoff.lead_id, Handoff.cycle)
    )
    found: defaultdict[int, list[Attempt]] = defaultdict(list)
    for row in rows:
        found[row.lead_id].append(Attempt(*row[1:]))
    return found


def territories(session: Session) -> Territories:
    """Which leads go where now, per tier that is for sales."""
    rows = session.scalars(select(TerritoryRow).order_by(TerritoryRow.position, TerritoryRow.id)).all()
    return {
        tier: [Territory(row.pool_id, row.when) for row in rows if row.role is role] for tier, role in SELLER.items()
    }


def sellers(session: Session) -> Sellers:
    """Who sells now. Who is away or not known in Slack is asked for nothing, as in the real rotation."""
    members: defaultdict[int, list[Member]] = defaultdict(list)
    reps: dict[int, str] = {}
    rows = session.execute(select(PoolMember, Rep).join(Rep, Rep.id == PoolMember.rep_id).order_by(PoolMember.rep_id))
    for member, rep in rows:
        reachable = rep.slack_user_id is not None
        if skip_reason(Candidate(rep.id, rep.available, reachable, rejected_before=False)) is None:
            members[member.pool_id].append(Member(rep.id, member.weight, member.virtual_time, member.last_turn_at))
            reps[rep.id] = rep.name
    pools = {pool.id: pool.name for pool in session.scalars(select(Pool).order_by(Pool.name))}
    return Sellers(territories(session), pools, members, reps)
