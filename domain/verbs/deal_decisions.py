"""What an AE says to a deal: yes, or no with a reason. Each counts once, however often it is clicked."""

from datetime import datetime

from sqlalchemy.orm import Session

from domain.availability import away_now, covers
from domain.rules.cleaning import free_text
from domain.rules.deals import DEAL_REASONS, DealMove, DealReason, DealStatus, DealThen, deal_step
from domain.rules.reasons import NOTE_LIMIT
from domain.rules.refusal import Refusal
from domain.rules.refusals import CannotBeGiven, NoteMissing, NotFound, UnknownReason
from domain.rules.refusals_deals import DealDecided, DealGone, NotYourDeal
from domain.tables import DealHandoff, Handoff, Happened, Lead, Opportunity, Rep, Role
from domain.verbs import turns
from domain.verbs.dealing import accepted, deal_happened, locked_deal, offer_deal


def accept_deal(session: Session, deal_id: int, *, version: int, by: Rep, now: datetime) -> DealHandoff:
    """The AE takes it. Who accepts on behalf of the AE leaves it theirs."""
    lead, opportunity, deal = _decidable(session, deal_id, DealMove.ACCEPT, version=version, by=by, now=now)
    accepted(session, lead, opportunity, deal, by=by, now=now)
    return deal


def return_deal(
    session: Session,
    deal_id: int,
    *,
    version: int,
    by: Rep,
    reason: str,
    note: str | None,
    now: datetime,
    to: Rep | None = None,
) -> DealHandoff:
    """Give it back to the SDR. By its reason the next AE is asked, or `to` whose it is; or it stays with the SDR."""
    why, said = _reason(reason), free_text(note or "", NOTE_LIMIT) or None
    if why.needs_note and said is None:
        raise NoteMissing
    lead, opportunity, deal = _decidable(session, deal_id, DealMove.RETURN, version=version, by=by, now=now)
    if to is not None and not _can_be_given(session, to, deal, now):
        raise CannotBeGiven(rep_id=to.id)
    was = deal.status
    deal.status, deal.version = DealStatus.RETURNED, deal.version + 1
    deal.returned_at, deal.decided_by, deal.reason, deal.note = now, by.id, why.key, said
    deal.remind_at = deal.problem = None
    session.flush()
    opportunity.owner_id = deal.from_id
    if why.credits:
        turns.credit_deal(session, deal, now)
    goes_on = why.then is DealThen.NEXT or to is not None
    deal_happened(
        session, Happened.DEAL_RETURNED, lead, deal, now, rep_id=by.id, was=was.value, reason=why.key, goes_on=goes_on
    )
    if goes_on and deal.handoff_id is not None:
        offer_deal(session, lead, opportunity, session.get_one(Handoff, deal.handoff_id), now, to)
    return deal


def may_return(session: Session, deal_id: int, *, version: int, by: Rep, now: datetime) -> DealHandoff:
    """Whether `by` could give it back now; raises the refusal that giving it back would. Changes nothing."""
    deal = session.get(DealHandoff, deal_id)
    if deal is None:
        raise NotFound(what="deal")
    opportunity = session.get_one(Opportunity, deal.opportunity_id)
    _check(session, opportunity, deal, DealMove.RETURN, version=version, by=by, now=now)
    return deal


def _decidable(
    session: Session, deal_id: int, move: DealMove, *, version: int, by: Rep, now: datetime
) -> tuple[Lead, Opportunity, DealHandoff]:
    lead, opportunity, deal = locked_deal(session, deal_id)
    _check(session, opportunity, deal, move, version=version, by=by, now=now)
    return lead, opportunity, deal


def _check(
    session: Session,
    opportunity: Opportunity,
    deal: DealHandoff,
    move: DealMove,
    *,
    version: int,
    by: Rep,
    now: datetime,
) -> None:
    if by.role is not Role.MANAGER and by.id != deal.rep_id and deal.rep_id not in covers(session, by.id, now):
        raise NotYourDeal(rep_id=deal.rep_id)
    if deal.version != version or deal_step(deal.status, move) is None:
        raise _why_not(deal)
    if opportunity.closed_at is not None:
        raise DealGone(why="closed")


def _why_not(deal: DealHandoff) -> Refusal:
    """The sentence for who came too late."""
    if deal.status is DealStatus.RETURNED and deal.returned_at:
        return DealDecided(what="returned", at=deal.returned_at.isoformat(), rep_id=deal.decided_by or 0)
    if deal.status is DealStatus.ACCEPTED and deal.accepted_at:
        return DealDecided(what="accepted", at=deal.accepted_at.isoformat(), rep_id=deal.decided_by or 0)
    return DealGone(why=deal.reason if deal.status is DealStatus.WITHDRAWN and deal.reason else "changed")


def _reason(key: str) -> DealReason:
    reason = DEAL_REASONS.get(key)
    if reason is None:
        raise UnknownReason
    return reason


def _can_be_given(session: Session, to: Rep, deal: DealHandoff, now: datetime) -> bool:
    """Who is on leave would have it until they are back, and nobody would hear of it."""
    sells = to.active and to.role is Role.AE and to.slack_user_id is not None
    return sells and to.id != deal.rep_id and to.id not in away_now(session, [to.id], now)
