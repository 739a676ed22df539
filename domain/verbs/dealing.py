"""Handing an opportunity to an AE: who is asked, and what ends an offer without a word of theirs.

Every function locks the lead first, as all verbs do; the AE's own yes and no are in `deal_decisions.py`.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from domain.availability import away_now, calendars
from domain.rules.deals import (
    DEAL_LIVE,
    DEAL_REASONS,
    REMIND_AFTER,
    DealMove,
    DealStatus,
    DealThen,
    Withdrawn,
    deal_step,
    due_after,
)
from domain.rules.lifecycle import GONE, TAKEN
from domain.rules.refusals import NoSuchMove, NotFound
from domain.rules.refusals_deals import DealGone
from domain.tables import DealHandoff, Handoff, Happened, Lead, LeadEvent, Opportunity, Rep, Role
from domain.verbs import turns
from domain.verbs.choosing import Choice, choose, choose_person
from domain.verbs.record import happened, locked_lead

NOBODY = "nobody"


def hand_deal(session: Session, opportunity_id: int, now: datetime) -> DealHandoff | None:
    """Offer the opportunity to an AE, if it came from an SDR and is nobody else's. Idempotent: a live one is left alone.

    None: there is nothing to hand over, or nobody can be asked now.
    """
    lead, deal = _locked_opportunity(session, opportunity_id)
    live = live_deal(session, deal.id)
    if live is not None:
        return live
    handoff = _sdrs_handoff(session, deal)
    if handoff is None or lead.stage in GONE or not _is_wanted(session, deal, handoff):
        deal.waits_since = None
        return None
    return offer_deal(session, lead, deal, handoff, now)


def _locked_opportunity(session: Session, opportunity_id: int) -> tuple[Lead, Opportunity]:
    """Its lead may have been merged while we waited: then it is the other lead's now."""
    lead_of = select(Opportunity.lead_id).where(Opportunity.id == opportunity_id)
    lead_id = session.scalar(lead_of)
    while lead_id is not None:
        lead = locked_lead(session, lead_id)
        deal = session.get_one(Opportunity, opportunity_id, populate_existing=True)
        if deal.lead_id == lead.id:
            return lead, deal
        lead_id = deal.lead_id
    raise NotFound(what="opportunity")


def live_deal(session: Session, opportunity_id: int) -> DealHandoff | None:
    return session.scalars(
        select(DealHandoff).where(DealHandoff.opportunity_id == opportunity_id, DealHandoff.status.in_(DEAL_LIVE))
    ).one_or_none()


def _sdrs_handoff(session: Session, deal: Opportunity) -> Handoff | None:
    """The SDR's attempt that led to it; of a lead's second opportunity, the newest that somebody had accepted."""
    theirs = select(Handoff).where(Handoff.lead_id == deal.lead_id, Handoff.status.in_(TAKEN))
    led = session.get(Handoff, deal.handoff_id) if deal.handoff_id is not None else None
    handoff = led or session.scalars(theirs.order_by(Handoff.cycle.desc()).limit(1)).first()
    rep = session.get(Rep, handoff.rep_id) if handoff is not None and handoff.rep_id is not None else None
    return handoff if rep is not None and rep.role is Role.SDR else None


def _is_wanted(session: Session, deal: Opportunity, handoff: Handoff) -> bool:
    """Whether an AE is still to be found: not for what is closed, an AE's already, or was given back to stay with the SDR."""
    owner = session.get(Rep, deal.owner_id) if deal.owner_id is not None else None
    if deal.closed_at is not None or (owner is not None and owner.active and owner.role is not Role.SDR):
        return False
    newest = session.scalars(
        select(DealHandoff).where(DealHandoff.opportunity_id == deal.id).order_by(DealHandoff.id.desc()).limit(1)
    ).first()
    if newest is not None and newest.status is DealStatus.RETURNED:
        return DEAL_REASONS[newest.reason or ""].then is DealThen.NEXT
    return not is_a_strangers(session, deal, handoff)


def is_a_strangers(session: Session, deal: Opportunity, handoff: Handoff) -> bool:
    """Whether somebody who is no rep of ours has it in the CRM on purpose. An SDR whom the CRM does not know says nothing: then
    it is the user's by whose name we write.
    """
    sdr = session.get_one(Rep, handoff.rep_id)
    if deal.crm_owner_id is None or sdr.crm_user_id is None or deal.crm_owner_id == sdr.crm_user_id:
        return False
    return session.scalar(select(Rep.id).where(Rep.crm_user_id == deal.crm_owner_id).limit(1)) is None


def offer_deal(
    session: Session, lead: Lead, deal: Opportunity, handoff: Handoff, now: datetime, to: Rep | None = None
) -> DealHandoff | None:
    """Ask whoever of the AEs is next, or `to` whom a person has chosen. The lead is locked, and nobody has the deal."""
    if to is not None:
        choice = choose_person(session, lead, Role.AE, to)
    else:
        choice = choose(session, lead, Role.AE, now, lock=True, not_to=_gave_back(session, deal.id))
    if choice.rep is None:
        _wait(session, lead, deal, handoff, choice, now)
        return None
    made = DealHandoff(
        opportunity_id=deal.id,
        handoff_id=handoff.id,
        rep_id=choice.rep.id,
        from_id=handoff.rep_id,
        pool_id=choice.pool.id if choice.pool else None,
        status=DealStatus.OFFERED,
        version=1,
        trace=choice.trace,
        offered_at=now,
        remind_at=due_after(calendars(session, [choice.rep.id], now)[choice.rep.id], now, REMIND_AFTER),
    )
    session.add(made)
    session.flush()
    turns.take(session, choice, handoff, choice.rep, now, made)
    deal.waits_since = None
    deal_happened(session, Happened.DEAL_OFFERED, lead, made, now, rule=choice.trace.get("rule"))
    return made


def _gave_back(session: Session, opportunity_id: int) -> Collection[int]:
    """Who has given it back, or cannot be written to: they are not asked again."""
    gave = or_(DealHandoff.status == DealStatus.RETURNED, DealHandoff.reason == Withdrawn.UNREACHABLE)
    return session.scalars(select(DealHandoff.rep_id).where(DealHandoff.opportunity_id == opportunity_id, gave)).all()


def _wait(session: Session, lead: Lead, deal: Opportunity, handoff: Handoff, choice: Choice, now: datetime) -> None:
    """Nobody can be asked: said once. Where no territory leads to AEs, SDRs sell themselves, and nobody is missed."""
    if choice.pool is None or deal.waits_since is not None:
        return
    deal.waits_since = now
    happened(
        session,
        Happened.DEAL_ESCALATED,
        now,
        lead=lead,
        handoff=handoff,
        opportunity_id=deal.id,
        why=NOBODY,
        ae_pool_id=choice.pool.id,
    )


def waiting_deals(session: Session) -> Sequence[int]:
    """The opportunities (ids) for which no AE could be asked."""
    return session.scalars(
        select(Opportunity.id).where(Opportunity.waits_since.is_not(None)).order_by(Opportunity.waits_since)
    ).all()


def deal_happened(
    session: Session,
    kind: Happened,
    lead: Lead,
    deal: DealHandoff,
    now: datetime,
    *,
    rep_id: int | None = None,
    **data: Any,
) -> LeadEvent:
    """The event says which deal, and to whom its message is written."""
    handoff = session.get(Handoff, deal.handoff_id) if deal.handoff_id is not None else None
    ae = session.get_one(Rep, deal.rep_id).slack_user_id
    said = {"deal_id": deal.id, "opportunity_id": deal.opportunity_id, "ae": ae} | data
    return happened(session, kind, now, lead=lead, handoff=handoff, rep_id=rep_id, **said)


# ---- what ends an offer without a word of the AE's ---------------------------------------------------------------------


def withdraw_deal(session: Session, lead: Lead, deal: DealHandoff, why: Withdrawn, now: datetime) -> None:
    """The AE has nothing to do with it any more. What was only offered costs them no turn."""
    step = deal_step(deal.status, DealMove.WITHDRAW)
    if step is None:
        raise NoSuchMove(move=DealMove.WITHDRAW.value, state=deal.status.value)
    if deal.status is DealStatus.OFFERED:
        turns.credit_deal(session, deal, now)
    deal.status, deal.version, deal.reason = step, deal.version + 1, why.value
    deal.remind_at = deal.problem = None
    session.flush()
    deal_happened(session, Happened.DEAL_WITHDRAWN, lead, deal, now, why=why.value)


def end_offer(session: Session, lead: Lead, opportunity: Opportunity, now: datetime) -> None:
    """The opportunity was closed: nobody is asked for it any more. Who has accepted it keeps it."""
    opportunity.waits_since = None
    live = live_deal(session, opportunity.id)
    if live is not None and live.status is DealStatus.OFFERED:
        withdraw_deal(session, lead, live, Withdrawn.CLOSED, now)


def forget_deals(session: Session, lead: Lead, lead_ids: Collection[int], now: datetime) -> None:
    """The person is forgotten: whoever has a deal of theirs has it no more, and no words are left, of ours or of the CRM's."""
    theirs = select(DealHandoff).join(Opportunity, Opportunity.id == DealHandoff.opportunity_id)
    for deal in session.scalars(theirs.where(Opportunity.lead_id.in_(lead_ids)).order_by(DealHandoff.id)):
        deal.note = deal.problem = None
        if deal.status in DEAL_LIVE:
            withdraw_deal(session, lead, deal, Withdrawn.ERASED, now)
    nobody_waits = update(Opportunity).where(Opportunity.lead_id.in_(lead_ids)).values(waits_since=None)
    session.execute(nobody_waits)


def pass_on_of(session: Session, rep_id: int, now: datetime) -> bool:
    """Of an AE who is on leave or has left, ask the next one for one deal that they have not answered. Says whether there was
    one. Who has only paused keeps theirs: it is for an hour.
    """
    rep = session.get_one(Rep, rep_id)
    away = away_now(session, [rep_id], now)
    if rep.active and not away:
        return False
    offered = select(DealHandoff.id).where(DealHandoff.rep_id == rep_id, DealHandoff.status == DealStatus.OFFERED)
    deal_id = session.scalars(offered.order_by(DealHandoff.id).limit(1)).first()
    if deal_id is None:
        return False
    ask_the_next(session, deal_id, Withdrawn.AWAY if rep.active else Withdrawn.LEFT, now)
    return True


def ask_the_next(session: Session, deal_id: int, why: Withdrawn, now: datetime) -> None:
    """The AE cannot answer: what is only offered to them goes to the next one."""
    lead, opportunity, deal = locked_deal(session, deal_id)
    if deal.status is DealStatus.OFFERED and deal.handoff_id is not None:
        withdraw_deal(session, lead, deal, why, now)
        offer_deal(session, lead, opportunity, session.get_one(Handoff, deal.handoff_id), now)


def locked_deal(session: Session, deal_id: int) -> tuple[Lead, Opportunity, DealHandoff]:
    """The deal with its lead and opportunity, as they are once they are locked. Raises NotFound; DealGone if the lead was merged
    while we waited for it (`moving.locked_handoff` says why nobody waits then).
    """
    wanted = (
        select(Lead, Opportunity, DealHandoff)
        .join(Opportunity, Opportunity.lead_id == Lead.id)
        .join(DealHandoff, DealHandoff.opportunity_id == Opportunity.id)
        .where(DealHandoff.id == deal_id)
        .execution_options(populate_existing=True)
    )
    of = [Lead, Opportunity, DealHandoff]
    found = session.execute(wanted.with_for_update(of=of, key_share=True)).one_or_none()
    if found is None:
        raise NotFound(what="deal") if session.get(DealHandoff, deal_id) is None else DealGone(why="changed")
    return found[0], found[1], found[2]


def accepted(
    session: Session, lead: Lead, opportunity: Opportunity, deal: DealHandoff, *, by: Rep, now: datetime
) -> None:
    """The deal is the AE's, whoever said yes for them."""
    step = deal_step(deal.status, DealMove.ACCEPT)
    if step is None:
        raise NoSuchMove(move=DealMove.ACCEPT.value, state=deal.status.value)
    deal.status, deal.version = step, deal.version + 1
    deal.accepted_at, deal.decided_by, deal.remind_at = now, by.id, None
    opportunity.owner_id = deal.rep_id
    deal_happened(session, Happened.DEAL_ACCEPTED, lead, deal, now, rep_id=by.id)
