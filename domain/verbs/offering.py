"""Handing a lead to sales: open a handoff, choose the rep, start its clocks, offer it."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from domain.rules.deadlines import ClockKind, deadlines, policy
from domain.rules.fairness import after_turn
from domain.rules.lifecycle import LIVE, HandoffMove, HandoffStatus, LeadMove, Stage, handoff_step, lead_step
from domain.rules.refusals import NoSuchMove
from domain.rules.tiers import Tier
from domain.tables import ClockOutcome, Handoff, Happened, Lead, Pool, PoolMember, Role, SlaClock
from domain.verbs.choosing import as_member, choose
from domain.verbs.clocks import cancel_clocks, stop_clock
from domain.verbs.nurturing import leave_programme
from domain.verbs.record import happened, locked_lead, move_lead
from domain.verbs.telling import CRM, MARKETING, mark_dirty

SELLER = {Tier.MQL: Role.SDR, Tier.HQL: Role.AE}


def hand_over(session: Session, lead_id: int, now: datetime) -> Handoff | None:
    """Open a handoff for a lead that is MQL or HQL and offer it to who is next.

    Idempotent: a live handoff is offered if it waits, and else left alone. None: the lead is not for sales (any more).
    """
    lead = locked_lead(session, lead_id)
    handoff = live_handoff(session, lead)
    if handoff is None:
        tier = seller_tier(session, lead)
        if tier is None or lead_step(lead.stage, LeadMove.HAND_OVER) is None or rests(lead, now):
            return None
        handoff = _open(session, lead, tier, now)
    if handoff.status is HandoffStatus.OPEN:
        _offer(session, lead, handoff, now)
    return handoff


def rests(lead: Lead, now: datetime) -> bool:
    """Whether the lead was given back not long ago. A job that was sent before that must not hand it over again."""
    return lead.rests_until is not None and lead.rests_until > now


def live_handoff(session: Session, lead: Lead) -> Handoff | None:
    return session.scalars(select(Handoff).where(Handoff.lead_id == lead.id, Handoff.status.in_(LIVE))).one_or_none()


def seller_tier(session: Session, lead: Lead) -> Tier | None:
    """The tier to hand over with. What is passed on to the next rep goes on even if its points have faded meanwhile."""
    if lead.tier in SELLER:
        return lead.tier
    if lead.stage is not Stage.IN_HANDOFF:
        return None
    return session.scalars(
        select(Handoff.tier).where(Handoff.lead_id == lead.id).order_by(Handoff.cycle.desc()).limit(1)
    ).first()


def _open(session: Session, lead: Lead, tier: Tier, now: datetime) -> Handoff:
    cycles = session.scalar(select(func.coalesce(func.max(Handoff.cycle), 0)).where(Handoff.lead_id == lead.id)) or 0
    handoff = Handoff(
        lead_id=lead.id,
        cycle=cycles + 1,
        tier=tier,
        score=lead.score,
        score_id=lead.score_id,
        status=HandoffStatus.OPEN,
        version=1,
        policy=policy(tier),
        trace={},
        bulk=lead.bulk,
        became_at=lead.became_sales_ready_at or now,
        opened_at=now,
    )
    session.add(handoff)
    session.flush()
    for deadline in deadlines(handoff.policy, handoff.became_at):
        session.add(
            SlaClock(
                handoff_id=handoff.id,
                kind=deadline.kind,
                started_at=handoff.became_at,
                due_at=deadline.due_at,
                next_at=deadline.remind_at or deadline.due_at,
            )
        )
    move_lead(lead, LeadMove.HAND_OVER)
    lead.recheck_at = None
    leave_programme(session, lead, now)
    return handoff


def _offer(session: Session, lead: Lead, handoff: Handoff, now: datetime) -> None:
    choice = choose(session, lead, SELLER[handoff.tier], lock=True)
    if choice.pool is None:
        _wait(session, lead, handoff, now, choice.trace)
        return
    pool = choice.pool
    handoff.pool_id = pool.id
    if not choice.turns:
        _wait(session, lead, handoff, now, choice.trace)
        _say_short(session, lead, handoff, pool, now)
        return
    member, rep = choice.turns[0]
    member.virtual_time, member.last_turn_at = after_turn(as_member(member)), now
    pool.short_since = None
    handoff.rep_id, handoff.offered_at, handoff.trace = rep.id, now, choice.trace
    handoff.status, handoff.version = HandoffStatus.OFFERED, handoff.version + 1
    handoff.place = pool.slack_channel or rep.slack_user_id
    stop_clock(session, handoff.id, ClockKind.ASSIGNMENT, now, ClockOutcome.MET)
    mark_dirty(session, lead, now, CRM, MARKETING)
    happened(session, Happened.HANDOFF_OFFERED, now, lead=lead, handoff=handoff, to=rep.id)


def withdraw(session: Session, lead: Lead, handoff: Handoff, now: datetime, why: str) -> None:
    """Take back an offer that nobody has accepted yet. Raises NoSuchMove for any other; `why` is a code."""
    step = handoff_step(handoff.status, HandoffMove.WITHDRAW)
    if step is None:
        raise NoSuchMove(move=HandoffMove.WITHDRAW.value, state=handoff.status.value)
    handoff.status, handoff.version = step.to, handoff.version + 1
    handoff.reason = why
    cancel_clocks(session, handoff.id, now)
    mark_dirty(session, lead, now, CRM, MARKETING)
    happened(session, Happened.HANDOFF_WITHDRAWN, now, lead=lead, handoff=handoff, why=why)


def _wait(session: Session, lead: Lead, handoff: Handoff, now: datetime, trace: Mapping[str, object]) -> None:
    """Leave the handoff open. It is said once; later tries that find nobody change nothing."""
    first = not handoff.trace
    handoff.trace = dict(trace)
    if first:
        happened(session, Happened.HANDOFF_WAITING, now, lead=lead, handoff=handoff)


def _say_short(session: Session, lead: Lead, handoff: Handoff, pool: Pool, now: datetime) -> None:
    """The manager is told once for as long as nobody can be asked, not once a lead."""
    if pool.short_since is None:
        pool.short_since = now
        happened(session, Happened.POOL_SHORT, now, lead=lead, handoff=handoff)


def waiting_leads(session: Session, rep_id: int | None = None) -> Sequence[int]:
    """The leads whose handoff is open; with a rep, only those that wait for a pool of theirs or for any pool."""
    waiting = (
        select(Handoff.lead_id).where(Handoff.status == HandoffStatus.OPEN).order_by(Handoff.became_at, Handoff.id)
    )
    if rep_id is not None:
        theirs = exists().where(PoolMember.pool_id == Handoff.pool_id, PoolMember.rep_id == rep_id)
        waiting = waiting.where(theirs | Handoff.pool_id.is_(None))
    return session.scalars(waiting).all()
