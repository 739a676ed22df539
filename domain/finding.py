"""The questions that handlers ask. They read; they change nothing."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, func, or_, select
from sqlalchemy.orm import Session, aliased

from domain import succession
from domain.rules.facts import Attribute
from domain.rules.lifecycle import GONE, LIVE, HandoffStatus, Stage
from domain.rules.mailboxes import NotAnAddress, read_mailbox
from domain.rules.notes import Note
from domain.rules.quality import Grade, grade
from domain.rules.refusals import NoSuchLead, Stranger
from domain.rules.scoring import Score, ledger_from_json, top_reasons
from domain.tables import (
    CardPlace,
    Company,
    Handoff,
    Installation,
    Lead,
    LeadMerge,
    Opportunity,
    Pool,
    Rep,
    Role,
    ScoreRow,
    SystemLink,
    TouchRow,
)
from domain.views import LeadView, RiseView, TouchView

SHOWN_TOUCHES = 5


def rep_by_slack(session: Session, slack_user_id: str) -> Rep:
    """Who clicked; raises Stranger."""
    rep = session.scalars(_REP_BY_SLACK, {"slack_user_id": slack_user_id}).one_or_none()
    if rep is None:
        raise Stranger
    return rep


# Made once: every click asks this.
_REP_BY_SLACK = select(Rep).where(Rep.slack_user_id == bindparam("slack_user_id"), Rep.active)


def names_of(session: Session, rep_ids: Iterable[int]) -> dict[int, str]:
    wanted = list(rep_ids)
    if not wanted:
        return {}
    return dict(session.execute(select(Rep.id, Rep.name).where(Rep.id.in_(wanted))).all())


def lead_by_email(session: Session, email: str) -> Lead:
    """However the address is written; a lead that was merged is found as the one that goes on. Raises NoSuchLead.

    Of leads that shared a mailbox before we looked at mailboxes, the one with this very address is meant.
    """
    try:
        mailbox = read_mailbox(email)
    except NotAnAddress:
        raise NoSuchLead from None
    named = aliased(Lead)
    lead = session.scalars(
        select(Lead)
        .join(named, Lead.id == func.coalesce(named.merged_into, named.id))
        .where(or_(named.email == mailbox.address, named.identity == mailbox.identity))
        .order_by((named.email == mailbox.address).desc())
        .limit(1)
    ).one_or_none()
    if lead is None or lead.stage is Stage.ERASED:
        raise NoSuchLead
    return lead


def place_of(session: Session, handoff_id: int) -> str | None:
    """Where the handoff's card belongs."""
    return session.scalar(select(Handoff.place).where(Handoff.id == handoff_id))


def newest_touches(session: Session, lead_id: int) -> list[TouchView]:
    newest = (
        select(TouchRow)
        .where(TouchRow.lead_id == lead_id)
        .order_by(TouchRow.occurred_at.desc(), TouchRow.id.desc())
        .limit(SHOWN_TOUCHES)
    )
    return [TouchView(t.kind, t.occurred_at, t.campaign, t.content, t.page) for t in session.scalars(newest)]


def lead_view(lead: Lead) -> LeadView:
    """Who the lead is, with what is not known as None."""
    known = lead.attributes
    return LeadView(
        id=lead.id,
        name=name_of(lead),
        email=lead.email,
        title=lead.title,
        company=lead.company_name,
        phone=_text(lead, "phone"),
        country=_text(lead, "country"),
        industry=known.get("industry"),
        company_size=known.get("company_size"),
        source=lead.source,
        grade=lead.grade,
        notes=[reason.words for reason in _grade(lead).reasons],
    )


def _grade(lead: Lead) -> Grade:
    return grade({Note(code) for code, *_ in lead.notes}, lead.fields, _text(lead, Attribute.MAIL_DOMAIN))


def name_of(lead: Lead) -> str:
    """Their name, or else their address."""
    return " ".join(part for part in (lead.first_name, lead.last_name) if part) or lead.email


def addresses_of(session: Session, lead: Lead) -> Sequence[str]:
    """Their own address first, then those of the leads that were merged into theirs."""
    theirs = select(Lead.email).where(Lead.merged_into == lead.id).order_by(Lead.id)
    return [lead.email, *session.scalars(theirs)]


def merges_of(session: Session, lead: Lead) -> Sequence[LeadMerge]:
    """The merges that the lead was part of, oldest first."""
    part = (LeadMerge.kept_id == lead.id) | (LeadMerge.merged_id == lead.id)
    return session.scalars(select(LeadMerge).where(part).order_by(LeadMerge.id)).all()


def opportunities_of(session: Session, lead: Lead) -> Sequence[tuple[Opportunity, str | None]]:
    """The lead's deals, oldest first, each with whose it is."""
    rows = session.execute(
        select(Opportunity, Rep.name)
        .outerjoin(Rep, Rep.id == Opportunity.owner_id)
        .where(Opportunity.lead_id == lead.id)
        .order_by(Opportunity.opened_at, Opportunity.id)
    )
    return [(opportunity, owner) for opportunity, owner in rows]


def _text(lead: Lead, field: str) -> str | None:
    said = lead.fields.get(field)
    return str(said["value"]) if said else None


@dataclass(frozen=True, slots=True)
class Identity:
    """What a provider needs in order to know whom we mean."""

    email: str
    first_name: str | None
    last_name: str | None
    company: str | None
    domain: str | None


def identity_of(session: Session, lead_id: int) -> Identity:
    row = session.execute(
        select(Lead.email, Lead.first_name, Lead.last_name, Lead.company_name, Company.domain)
        .outerjoin(Company, Company.id == Lead.company_id)
        .where(Lead.id == lead_id)
    ).one()
    return Identity(*row)


def pool_shortage(session: Session, pool_id: int) -> tuple[str, int, datetime] | None:
    """The pool's name, how many leads wait for it and since when nobody of it can be asked; None if somebody can."""
    pool = session.get(Pool, pool_id)
    if pool is None or pool.short_since is None:
        return None
    waiting = (
        session.scalar(select(func.count()).where(Handoff.pool_id == pool_id, Handoff.status == HandoffStatus.OPEN))
        or 0
    )
    return pool.name, waiting, pool.short_since


def told_of_leads(session: Session) -> Sequence[Rep]:
    """Who hears of leads in nurture: the people of marketing who are in Slack, or the managers while there are none."""
    reachable = select(Rep).where(Rep.active, Rep.slack_dm_id.is_not(None)).order_by(Rep.id)
    marketing = session.scalars(reachable.where(Rep.role == Role.MARKETING)).all()
    return marketing or session.scalars(reachable.where(Rep.role == Role.MANAGER)).all()


def rise_of(session: Session, lead_id: int) -> RiseView | None:
    """Where the lead stands now and why, with its card if it has a live one; None for a lead without a score."""
    found = session.execute(
        select(Lead, ScoreRow, CardPlace)
        .join(ScoreRow, ScoreRow.id == Lead.score_id)
        .outerjoin(Handoff, (Handoff.lead_id == Lead.id) & Handoff.status.in_(LIVE))
        .outerjoin(CardPlace, CardPlace.handoff_id == Handoff.id)
        .where(Lead.id == lead_id)
    ).one_or_none()
    if found is None or found.Lead.tier is None:
        return None
    place = found.CardPlace
    return RiseView(
        lead=lead_view(found.Lead),
        stage=found.Lead.stage,
        tier=found.Lead.tier,
        score=found.ScoreRow.total,
        reasons=top_reasons(score_of(found.ScoreRow)),
        touches=newest_touches(session, lead_id),
        channel=place.channel if place else None,
        ts=place.ts if place else None,
    )


def score_of(row: ScoreRow) -> Score:
    return Score(row.total, row.fit, row.intent, row.negative, ledger_from_json(row.ledger), row.disqualified_by)


def pool_of(session: Session, handoff_id: int) -> int | None:
    return session.scalar(select(Handoff.pool_id).where(Handoff.id == handoff_id))


def leads_of(session: Session, handoff_ids: Collection[int]) -> Sequence[int]:
    """The leads (ids) that these handoffs are about, each once."""
    return session.scalars(select(Handoff.lead_id).where(Handoff.id.in_(handoff_ids)).distinct()).all()


def manager_of(session: Session, pool_id: int | None) -> Rep | None:
    """The pool's manager; for a pool without one, the first manager there is."""
    manager = session.scalar(select(Rep).join(Pool, Pool.manager_id == Rep.id).where(Pool.id == pool_id, Rep.active))
    return (
        manager
        or session.scalars(
            select(Rep).where(Rep.role == Role.MANAGER, Rep.active).order_by(Rep.id).limit(1)
        ).one_or_none()
    )


def leads_with_handoffs(session: Session, lead_ids: Sequence[int]) -> list[tuple[Lead, Handoff | None, Rep | None]]:
    """The leads with the handoff that says where they stand, and its rep, for telling the CRM."""
    present = (
        select(Handoff.id)
        .where(Handoff.lead_id == Lead.id)
        .order_by(*succession.newest_first)
        .limit(1)
        .correlate(Lead)
        .scalar_subquery()
    )
    rows = session.execute(
        select(Lead, Handoff, Rep)
        .outerjoin(Handoff, Handoff.id == present)
        .outerjoin(Rep, Rep.id == Handoff.rep_id)
        .where(Lead.id.in_(lead_ids))
        .order_by(Lead.id)
    )
    return [(lead, handoff, rep) for lead, handoff, rep in rows]


def installation(session: Session) -> str:
    """The name of this installation to outside systems."""
    return session.scalars(select(Installation.key)).one()


def link_of(session: Session, lead_id: int, system: str) -> SystemLink | None:
    return session.get(SystemLink, (lead_id, system))


def campaigns_of(session: Session, lead_id: int, most: int) -> list[str]:
    """The campaigns that have touched this lead, newest first; none of who is nobody any more."""
    wanted = (
        select(TouchRow.campaign)
        .join(Lead, Lead.id == TouchRow.lead_id)
        .where(TouchRow.lead_id == lead_id, TouchRow.campaign.is_not(None), Lead.stage.not_in(GONE))
        .group_by(TouchRow.campaign)
        .order_by(func.max(TouchRow.occurred_at).desc(), TouchRow.campaign)
        .limit(most)
    )
    return [campaign for campaign in session.scalars(wanted) if campaign]
