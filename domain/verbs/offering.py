"""Handing a lead to sales: open a handoff, choose the rep, start its clocks, offer it."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from domain.rules.deadlines import ClockKind
from domain.rules.lifecycle import LIVE, HandoffMove, HandoffStatus, LeadMove, Stage, handoff_step, lead_step
from domain.rules.refusals import NoSuchMove
from domain.rules.routing import ABOUT_THE_LEAD
from domain.rules.tiers import Tier
from domain.succession import present_handoff, ran_out
from domain.tables import ClockOutcome, Handoff, Happened, Lead, Pool, PoolMember, Rep, Role, ScoreRow
from domain.verbs import turns
from domain.verbs.choosing import Choice, choose, choose_person
from domain.verbs.clocks import cancel_clocks, start_clocks, start_working_clocks, stop_clock
from domain.verbs.nurturing import leave_programme
from domain.verbs.policies import snapshot
from domain.verbs.record import happened, locked_lead, move_lead
from domain.verbs.telling import CRM, MARKETING, mark_dirty

SELLER = {Tier.MQL: Role.SDR, Tier.HQL: Role.AE}


def hand_over(
    session: Session, lead_id: int, now: datetime, *, to: Rep | None = None, not_to: Collection[int] = ()
) -> Handoff | None:
    """Open a handoff for a lead that is MQL or HQL and offer it to who is next, or `to` whom a person has chosen.

    `not_to` (rep ids) has given the lead back; who let it expire is passed over anyway. Idempotent: a live handoff is offered
    if it waits, and else left alone. None: the lead is not for sales (any more).
    """
    lead = locked_lead(session, lead_id)
    handoff = live_handoff(session, lead)
    if handoff is None:
        before = _before(session, lead)
        tier = _seller_tier(lead, before, to)
        if tier is None or lead_step(lead.stage, LeadMove.HAND_OVER) is None or rests(lead, now):
            return None
        handoff = _open(session, lead, tier, now, _times_handed_on(before))
    if handoff.status is HandoffStatus.OPEN:
        _offer(session, lead, handoff, now, to, not_to)
    return handoff


def rests(lead: Lead, now: datetime) -> bool:
    """Whether the lead was given back not long ago. A job that was sent before that must not hand it over again."""
    return lead.rests_until is not None and lead.rests_until > now


def live_handoff(session: Session, lead: Lead) -> Handoff | None:
    return session.scalars(select(Handoff).where(Handoff.lead_id == lead.id, Handoff.status.in_(LIVE))).one_or_none()


def seller_tier(session: Session, lead: Lead) -> Tier | None:
    """The tier with which the lead would be handed over now; None: it is not for sales."""
    return _seller_tier(lead, _before(session, lead), None)


def _before(session: Session, lead: Lead) -> Handoff | None:
    """The handoff from which the lead comes now; None for one that comes anew, from capture or from nurture."""
    if lead.stage is not Stage.IN_HANDOFF:
        return None
    return present_handoff(session, lead.id)


def _seller_tier(lead: Lead, before: Handoff | None, to: Rep | None) -> Tier | None:
    """The tier to hand over with. What is passed on to the next rep goes on even if its points have faded meanwhile, and
    what changes hands for want of time or by a person's choice stays what it was.
    """
    if before is not None and (to is not None or before.status is HandoffStatus.EXPIRED or lead.tier not in SELLER):
        return before.tier
    return lead.tier if lead.tier in SELLER else None


def _times_handed_on(before: Handoff | None) -> int:
    if before is None:
        return 0
    return before.handed_on + ran_out(before.status, before.reason)


def _open(session: Session, lead: Lead, tier: Tier, now: datetime, handed_on: int) -> Handoff:
    cycles = session.scalar(select(func.coalesce(func.max(Handoff.cycle), 0)).where(Handoff.lead_id == lead.id)) or 0
    handoff = Handoff(
        lead_id=lead.id,
        cycle=cycles + 1,
        tier=tier,
        score=lead.score,
        score_id=lead.score_id,
        model_id=session.scalar(select(ScoreRow.model_id).where(ScoreRow.id == lead.score_id)),
        status=HandoffStatus.OPEN,
        version=1,
        policy=snapshot(session, tier),
        trace={},
        bulk=lead.bulk,
        became_at=lead.became_sales_ready_at or now,
        opened_at=now,
        handed_on=handed_on,
    )
    session.add(handoff)
    session.flush()
    start_clocks(session, handoff)
    move_lead(lead, LeadMove.HAND_OVER)
    lead.recheck_at = None
    leave_programme(session, lead, now)
    return handoff


def _offer(
    session: Session, lead: Lead, handoff: Handoff, now: datetime, to: Rep | None, not_to: Collection[int]
) -> None:
    # A later try knows who gave it back only if it is kept.
    not_to = {*not_to, *handoff.trace.get("not_to", ())}
    role = SELLER[handoff.tier]
    # A person's choice is theirs, whatever speaks against it.
    given = choose_person(session, lead, role, to) if to is not None else None
    choice = given or choose(session, lead, role, now, lock=True, not_to=not_to)
    rep = choice.rep
    waits = rep is None and choice.home is not None
    pool = choice.home if waits else choice.pool
    handoff.pool_id = pool.id if pool is not None else None
    if rep is None:
        first = not handoff.trace
        _wait(session, lead, handoff, now, choice, not_to)
        # If it is this lead that somebody may not be asked for, others are offered meanwhile and end the shortage each time.
        if pool is not None and (first or not ABOUT_THE_LEAD & {*choice.skipped.values()}):
            _say_short(session, lead, handoff, pool, now)
        return
    _over_the_shortage(choice)
    # The trace first: it says where everybody stood when the choice was made.
    handoff.rep_id, handoff.offered_at, handoff.trace = rep.id, now, choice.trace
    turns.take(session, choice, handoff, rep, now)
    handoff.status, handoff.version = HandoffStatus.OFFERED, handoff.version + 1
    handoff.place = _place(session, pool, rep)
    stop_clock(session, handoff.id, ClockKind.ASSIGNMENT, now, ClockOutcome.MET)
    start_working_clocks(session, handoff, now)
    mark_dirty(session, lead, now, CRM, MARKETING)
    happened(
        session, Happened.HANDOFF_OFFERED, now, lead=lead, handoff=handoff, to=rep.id, rule=choice.trace.get("rule")
    )


def _over_the_shortage(choice: Choice) -> None:
    """Somebody could be asked: the next shortage is told again."""
    for pool in (choice.pool, choice.home):
        if pool is not None and choice.turns:
            pool.short_since = None


def _place(session: Session, pool: Pool | None, rep: Rep) -> str | None:
    """The channel of a pool of SDRs if the rep is in it, else a direct message to them."""
    if pool is None or pool.slack_channel is None or pool.role is not Role.SDR:
        return rep.slack_user_id
    there = pool.manager_id == rep.id or session.get(PoolMember, (pool.id, rep.id)) is not None
    return pool.slack_channel if there else rep.slack_user_id


def withdraw(session: Session, lead: Lead, handoff: Handoff, now: datetime, why: str) -> None:
    """Take back an offer that nobody has accepted yet. Raises NoSuchMove for any other; `why` is a code."""
    step = handoff_step(handoff.status, HandoffMove.WITHDRAW)
    if step is None:
        raise NoSuchMove(move=HandoffMove.WITHDRAW.value, state=handoff.status.value)
    handoff.status, handoff.version = step.to, handoff.version + 1
    handoff.reason = why
    cancel_clocks(session, handoff.id, now)
    turns.credit(session, handoff, now)
    mark_dirty(session, lead, now, CRM, MARKETING)
    happened(session, Happened.HANDOFF_WITHDRAWN, now, lead=lead, handoff=handoff, why=why)


def _wait(
    session: Session, lead: Lead, handoff: Handoff, now: datetime, choice: Choice, not_to: Collection[int]
) -> None:
    """Leave the handoff open. It is said once; later tries that find nobody change nothing."""
    first = not handoff.trace
    handoff.trace = choice.trace | ({"not_to": sorted(not_to)} if not_to else {})
    if first:
        happened(session, Happened.HANDOFF_WAITING, now, lead=lead, handoff=handoff)


def _say_short(session: Session, lead: Lead, handoff: Handoff, pool: Pool, now: datetime) -> None:
    """The manager is told once for as long as nobody can be asked, not once a lead."""
    if pool.short_since is None:
        pool.short_since = now
        happened(session, Happened.POOL_SHORT, now, lead=lead, handoff=handoff)


def waiting_leads(session: Session, rep_id: int | None = None) -> Sequence[int]:
    """The leads whose handoff is open; with a rep, only those that wait for a pool of theirs, for one that
    overflows to theirs, or for any pool.
    """
    waiting = (
        select(Handoff.lead_id).where(Handoff.status == HandoffStatus.OPEN).order_by(Handoff.became_at, Handoff.id)
    )
    if rep_id is not None:
        reaches = (PoolMember.pool_id == Pool.id) | (PoolMember.pool_id == Pool.overflow_id)
        theirs = exists().where(Pool.id == Handoff.pool_id, reaches, PoolMember.rep_id == rep_id)
        waiting = waiting.where(theirs | Handoff.pool_id.is_(None))
    return session.scalars(waiting).all()
