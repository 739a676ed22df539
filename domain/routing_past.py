"""What `routing_replay` needs to know of the past, read once: the handoffs, what the leads were like, who was away."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, and_, func, or_, select, true
from sqlalchemy.orm import Session, aliased

from domain.routing_replay import GAVE_BACK, HANDED_ON, REJECTED, Attempt
from domain.rules.calendars import Interval
from domain.rules.deadlines import ClockKind
from domain.rules.lifecycle import LIVE, HandoffStatus
from domain.tables import Absence, AttributesRow, Handoff, Happened, Lead, LeadEvent, Rep, SlaClock, Turn, TurnKind
from domain.verbs.offering import SELLER
from domain.verbs.passing import REASSIGNED, RELEASED


@dataclass(frozen=True, slots=True)
class Past:
    """`away`: when each rep was on leave or had paused, by rep id."""

    attempts: list[Attempt]
    away: Mapping[int, list[Interval]]


def past(session: Session, since: datetime, until: datetime) -> Past:
    """All handoffs that began in between, and of the earlier ones those that still say something."""
    turns = _turns(session, since, until)
    before: dict[int, Handoff] = {}
    attempts = []
    for handoff, lead, then, clock, stopped in session.execute(_handoffs(since, until)):
        attempts.append(_attempt(handoff, lead, then, clock, stopped, turns, before.get(lead.id)))
        before[lead.id] = handoff
    return Past(attempts, _away(session, until))


def _handoffs(
    since: datetime, until: datetime
) -> Select[Handoff, Lead, dict[str, Any] | None, SlaClock, datetime | None]:
    began = and_(Handoff.opened_at >= since, Handoff.opened_at < until)
    theirs = select(Handoff.lead_id).where(began)
    # Of what began earlier: what was in somebody's hands, and who is not asked again for these leads.
    earlier = and_(
        Handoff.opened_at < since,
        or_(
            Handoff.status.in_(LIVE),
            Handoff.rejected_at >= since,
            Handoff.qualified_at >= since,
            Handoff.lead_id.in_(theirs),
        ),
    )
    then = (
        select(AttributesRow.attributes)
        .where(AttributesRow.lead_id == Handoff.lead_id, AttributesRow.at <= Handoff.opened_at)
        .order_by(AttributesRow.at.desc(), AttributesRow.id.desc())
        .limit(1)
        .lateral()
    )
    contact, last = aliased(SlaClock), aliased(SlaClock)
    stopped = select(func.max(last.stopped_at)).where(last.handoff_id == Handoff.id).scalar_subquery()
    return (
        select(Handoff, Lead, then.c.attributes, contact, stopped)
        .join(Lead, Lead.id == Handoff.lead_id)
        .join(contact, and_(contact.handoff_id == Handoff.id, contact.kind == ClockKind.FIRST_CONTACT))
        .outerjoin(then, true())
        .where(or_(began, earlier))
        .order_by(Handoff.opened_at, Handoff.id)
    )


def _attempt(
    handoff: Handoff,
    lead: Lead,
    then: dict[str, Any] | None,
    clock: SlaClock,
    stopped: datetime | None,
    turns: Mapping[int, list[TurnKind]],
    before: Handoff | None,
) -> Attempt:
    kinds = turns.get(handoff.id, [])
    return Attempt(
        handoff_id=handoff.id,
        lead_id=lead.id,
        email=lead.email,
        role=SELLER[handoff.tier],
        at=handoff.opened_at,
        until=_ended(handoff, stopped),
        attributes={**(lead.attributes if then is None else then), "source": lead.source},
        rep_id=handoff.rep_id,
        outside=bool({TurnKind.OWNER, TurnKind.MOVED} & {*kinds}),
        refusal=_refusal(handoff),
        goes_on=handoff.handed_on > 0 or (before is not None and _refusal(before) == GAVE_BACK),
        credited=kinds[-1:] == [TurnKind.CREDIT],
        target=timedelta(seconds=clock.target_seconds) or clock.due_at - clock.started_at,
        working=clock.working,
    )


def _ended(handoff: Handoff, stopped: datetime | None) -> datetime | None:
    """When it ceased to be the rep's open work; of what expired or was withdrawn only its clocks know."""
    if handoff.status in {HandoffStatus.EXPIRED, HandoffStatus.WITHDRAWN}:
        return stopped
    ends = (handoff.rejected_at, handoff.qualified_at, handoff.converted_at)
    return min((end for end in ends if end is not None), default=None)


def _refusal(handoff: Handoff) -> str | None:
    if handoff.status is HandoffStatus.REJECTED:
        return REJECTED
    if handoff.status is HandoffStatus.EXPIRED:
        return HANDED_ON
    given_back = handoff.status is HandoffStatus.WITHDRAWN and handoff.reason in {RELEASED, REASSIGNED}
    return GAVE_BACK if given_back else None


def _turns(session: Session, since: datetime, until: datetime) -> Mapping[int, list[TurnKind]]:
    """What each handoff cost in the rotation, in order."""
    found: dict[int, list[TurnKind]] = defaultdict(list)
    rows = session.execute(
        select(Turn.handoff_id, Turn.kind)
        .join(Handoff, Handoff.id == Turn.handoff_id)
        # Who got the opportunity afterwards is another question.
        .where(Handoff.opened_at >= since, Handoff.opened_at < until, Turn.deal_id.is_(None))
        .order_by(Turn.id)
    )
    for handoff_id, kind in rows:
        found[handoff_id].append(kind)
    return found


def _away(session: Session, until: datetime) -> Mapping[int, list[Interval]]:
    away: dict[int, list[Interval]] = defaultdict(list)
    leaves = select(Absence.rep_id, Absence.since, Absence.until).where(Absence.cancelled_at.is_(None))
    for rep_id, begin, end in session.execute(leaves.where(Absence.since < until)):
        away[rep_id].append((begin, end))
    for rep_id, pause in _pauses(session, until):
        away[rep_id].append(pause)
    return away


def _pauses(session: Session, until: datetime) -> Iterator[tuple[int, Interval]]:
    """From each "has left" to the next "is back". One that goes on is one only if the rep is not asked now either."""
    moves = session.execute(
        select(LeadEvent.rep_id, LeadEvent.kind, LeadEvent.at)
        .where(LeadEvent.kind.in_([Happened.REP_LEFT, Happened.REP_RETURNED]), LeadEvent.at < until)
        .order_by(LeadEvent.at, LeadEvent.id)
    )
    left: dict[int, datetime] = {}
    for rep_id, kind, at in moves:
        if kind is Happened.REP_LEFT:
            left.setdefault(rep_id or 0, at)
        elif (begin := left.pop(rep_id or 0, None)) is not None:
            yield rep_id or 0, (begin, at)
    gone = select(Rep.id).where(Rep.id.in_(left), ~(Rep.available & Rep.active))
    for rep_id in session.scalars(gone) if left else ():
        yield rep_id, (left[rep_id], until)
