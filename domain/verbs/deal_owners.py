"""Whose an opportunity is in the CRM: its word is followed, and it is told whom we have found."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.rules.deals import DealStatus, Withdrawn
from domain.tables import DealHandoff, Handoff, Lead, Opportunity, Rep, Role
from domain.verbs.dealing import accepted, is_a_strangers, live_deal, withdraw_deal


def follow_owner(session: Session, lead: Lead, opportunity: Opportunity, said: str | None, now: datetime) -> None:
    """Whose it is by the CRM's newest word (`said`: its id of a user). What somebody changed there holds; what it has said all
    along says nothing against an AE who has it from us since.
    """
    before, opportunity.crm_owner_id = opportunity.crm_owner_id, said or opportunity.crm_owner_id
    known = select(Rep).where(Rep.crm_user_id == said, Rep.active).order_by(Rep.id).limit(1)
    owner = session.scalars(known).first() if said is not None else None
    live, changed = live_deal(session, opportunity.id), said is not None and said != before
    if live is not None and not changed:
        opportunity.owner_id = live.rep_id if live.status is DealStatus.ACCEPTED else live.from_id
        return
    handoff = session.get(Handoff, opportunity.handoff_id) if opportunity.handoff_id is not None else None
    opportunity.owner_id = owner.id if owner else (handoff.rep_id if handoff else None)
    if owner is not None and owner.role is Role.AE:
        opportunity.waits_since = None
    if live is not None:
        _follow_live(session, lead, opportunity, live, owner, before, now)


def _follow_live(
    session: Session,
    lead: Lead,
    opportunity: Opportunity,
    live: DealHandoff,
    owner: Rep | None,
    before: str | None,
    now: datetime,
) -> None:
    """The CRM names another owner than it did, while an AE has the deal or is asked for it."""
    ae = session.get_one(Rep, live.rep_id)
    if owner is not None and owner.id == live.rep_id:
        if live.status is DealStatus.OFFERED:
            accepted(session, lead, opportunity, live, by=ae, now=now)
    elif (
        (owner is not None and owner.role is not Role.SDR)
        or _was_theirs(live, ae, before)
        or _is_a_strangers_now(session, opportunity, live)
    ):
        withdraw_deal(session, lead, live, Withdrawn.OWNED, now)
    elif live.status is DealStatus.ACCEPTED:
        opportunity.owner_id = live.rep_id


def _was_theirs(live: DealHandoff, ae: Rep, before: str | None) -> bool:
    """Whether the CRM had the AE who accepted it for its owner."""
    return live.status is DealStatus.ACCEPTED and before is not None and before == ae.crm_user_id


def _is_a_strangers_now(session: Session, opportunity: Opportunity, live: DealHandoff) -> bool:
    """Whether somebody gave it to who is no rep of ours while an AE was asked: had that come first, nobody would have been."""
    handoff = session.get(Handoff, live.handoff_id) if live.handoff_id is not None else None
    return live.status is DealStatus.OFFERED and handoff is not None and is_a_strangers(session, opportunity, handoff)


def owner_to_tell(session: Session, opportunity_id: int) -> tuple[Opportunity, Rep] | None:
    """The opportunity and whose it is to be in the CRM; None: it is theirs there, or it is not there."""
    found = session.execute(
        select(Opportunity, Rep).join(Rep, Rep.id == Opportunity.owner_id).where(Opportunity.id == opportunity_id)
    ).one_or_none()
    if found is None or found[0].external_id is None:
        return None
    opportunity, owner = found
    told = opportunity.crm_owner_id is not None and opportunity.crm_owner_id == owner.crm_user_id
    return None if told else (opportunity, owner)


def note_owner(session: Session, opportunity_id: int, crm_user_id: str) -> None:
    """The CRM has taken them for its owner."""
    session.get_one(Opportunity, opportunity_id).crm_owner_id = crm_user_id
    if (live := live_deal(session, opportunity_id)) is not None:
        live.problem = None


def note_refused(session: Session, opportunity_id: int, why: str) -> DealHandoff | None:
    """The CRM keeps the owner that it has: its sentence stands on the AE's message. None: no AE has it."""
    live = live_deal(session, opportunity_id)
    if live is not None:
        live.problem = why
    return live
