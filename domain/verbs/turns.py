"""The books of the rotation: who got which lead, what it cost them, and what they were given back."""

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain.candidates import verdicts
from domain.rules.fairness import Member, after_credit, after_turn, on_return, shares
from domain.rules.routing import Rule
from domain.tables import DealHandoff, Handoff, Pool, PoolMember, Rep, Turn, TurnKind
from domain.verbs.choosing import Choice, as_member, members_of, routing_file

MOST_CREDITS = 5
"""Turns that a rep is given back within CREDIT_DAY: rejecting all that is hard does not pay."""
CREDIT_DAY = timedelta(days=1)

KINDS = {Rule.ROTATION: TurnKind.TURN, Rule.OVERFLOW: TurnKind.TURN, Rule.GIVEN: TurnKind.MOVED}
"""All others are an owner's."""


def take(
    session: Session, choice: Choice, handoff: Handoff, rep: Rep, now: datetime, deal: DealHandoff | None = None
) -> None:
    """Note that `rep` gets the lead, or the opportunity that it has led to. One from the rotation costs them a turn. Call it
    with the pool's row locked.
    """
    if choice.pool is None or choice.rule is None:
        return
    kind = KINDS.get(choice.rule, TurnKind.OWNER)
    weight, moved, share = 1, 0.0, 0.0
    if kind is TurnKind.TURN:
        member, before = choice.turns[0][0], choice.turns[0][0].virtual_time
        share = shares([as_member(one) for one in choice.candidates])[rep.id]
        member.virtual_time, member.last_turn_at = after_turn(as_member(member)), now
        weight, moved = member.weight, member.virtual_time - before
        _keep_up(choice)
    session.add(
        Turn(
            pool_id=choice.pool.id,
            rep_id=rep.id,
            handoff_id=handoff.id,
            deal_id=deal.id if deal else None,
            at=now,
            kind=kind,
            weight=weight,
            moved=moved,
            share=share,
            routing_file_id=choice.routing_file,
        )
    )


def _keep_up(choice: Choice) -> None:
    """Who takes no turns (away, on leave, full) goes along with the others: nobody comes back to a run of leads."""
    active = [as_member(one) for one in choice.candidates]
    for member in choice.standing:
        member.virtual_time = on_return(member.virtual_time, active)


def credit(session: Session, handoff: Handoff, now: datetime) -> bool:
    """Give the turn back that this handoff has cost its rep, if it has: the lead was none, or was taken from them before
    they had decided. At most MOST_CREDITS a day. Says whether it was given back; a second call gives nothing.
    """
    return _credit(session, _last(session, handoff), now)


def credit_deal(session: Session, deal: DealHandoff, now: datetime) -> bool:
    """The same for the turn that an opportunity has cost its AE."""
    theirs = select(Turn).where(Turn.deal_id == deal.id).order_by(Turn.id.desc()).limit(1)
    return _credit(session, session.scalars(theirs).one_or_none(), now)


def _credit(session: Session, last: Turn | None, now: datetime) -> bool:
    turn = last if last is not None and last.kind is TurnKind.TURN else None
    if turn is None or _credits(session, turn.rep_id, now) >= MOST_CREDITS:
        return False
    member = _locked_member(session, turn)
    moved = 0.0
    if member is not None:
        before = member.virtual_time
        member.virtual_time = after_credit(as_member(member), _active(session, turn.pool_id, now))
        moved = member.virtual_time - before
    _write(session, turn, TurnKind.CREDIT, moved, now)
    return True


def charge_again(session: Session, handoff: Handoff, now: datetime) -> bool:
    """Take a credit back, because what it was given for is undone. Says whether there was one."""
    turn = _last(session, handoff)
    if turn is None or turn.kind is not TurnKind.CREDIT:
        return False
    member = _locked_member(session, turn)
    if member is not None:
        member.virtual_time -= turn.moved
    _write(session, turn, TurnKind.TURN, -turn.moved, now)
    return True


def _write(session: Session, turn: Turn, kind: TurnKind, moved: float, now: datetime) -> None:
    session.add(
        Turn(
            pool_id=turn.pool_id,
            rep_id=turn.rep_id,
            handoff_id=turn.handoff_id,
            deal_id=turn.deal_id,
            at=now,
            kind=kind,
            weight=turn.weight,
            moved=moved,
            share=turn.share,
            routing_file_id=routing_file(session),
        )
    )
    session.flush()


def _last(session: Session, handoff: Handoff) -> Turn | None:
    """The lead is locked, so nobody writes another one meanwhile."""
    return session.scalars(
        select(Turn).where(Turn.handoff_id == handoff.id, Turn.deal_id.is_(None)).order_by(Turn.id.desc()).limit(1)
    ).one_or_none()


def _credits(session: Session, rep_id: int, now: datetime) -> int:
    lately = (Turn.rep_id == rep_id, Turn.at > now - CREDIT_DAY, Turn.kind == TurnKind.CREDIT)
    return session.scalar(select(func.count()).where(*lately)) or 0


def _locked_member(session: Session, turn: Turn) -> PoolMember | None:
    """The pool's row is what everybody locks who moves somebody of it."""
    session.execute(select(Pool.id).where(Pool.id == turn.pool_id).with_for_update(key_share=True))
    return session.get(PoolMember, (turn.pool_id, turn.rep_id), populate_existing=True)


def _active(session: Session, pool_id: int, now: datetime) -> list[Member]:
    """Those of the pool who take their turns now."""
    pool = session.get_one(Pool, pool_id)
    places = members_of(session, [pool])[pool_id]
    codes = verdicts(session, [rep for _, rep in places], now).codes
    return [as_member(member) for member, rep in places if rep.id not in codes]
