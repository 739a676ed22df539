"""What all drains share: what is known of a lead, what of it has to be sent, and what is noted of the answers."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from hashlib import sha256
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain import finding
from domain.rules.content import Item
from domain.rules.field_maps import FieldMap
from domain.rules.lifecycle import HandoffStatus, Stage
from domain.rules.scoring import top_reasons
from domain.tables import Handoff, Lead, Rep, ScoreRow, SystemLink
from domain.verbs import crediting, qualifying, recommending, telling
from domain.verbs.field_mapping import map_of
from domain.verbs.telling import Told, system_of
from handlers.jobs import Running, finishing, send
from handlers.sending import Job, Priority, Sending, tell_rep_crm_said_no
from integrations import registry
from integrations.crm_ports import Crm, CrmLead, LeadStatus
from integrations.marketing_ports import Contact, MarketingAutomation
from integrations.ports import Upserted
from kit.clock import utcnow

Record = TypeVar("Record", Contact, CrmLead)
Wanted = Sequence[tuple[SystemLink, Record]]
"""The leads of one batch, each with what the system should know of it."""


@dataclass(frozen=True, slots=True)
class More:
    """What has to be read besides the leads themselves, and only if a field map asks for it."""

    contents: Mapping[int, Item | None]
    reasons: Mapping[int, str]
    sql_at: Mapping[int, date]
    won_value: Mapping[int, float]


def read_more(session: Session, lead_ids: Sequence[int], asked: Collection[str]) -> More:
    contents = recommending.standing(session, lead_ids) if {"next_content_title", "next_content_url"} & {*asked} else {}
    reasons = _reasons(session, lead_ids) if "reasons" in asked else {}
    sql_at = qualifying.sql_dates(session, lead_ids) if {"sql_at", "lifecycle"} & {*asked} else {}
    won_value = crediting.won_values(session, lead_ids) if "won_value" in asked else {}
    return More(contents, reasons, sql_at, won_value)


def _reasons(session: Session, lead_ids: Sequence[int]) -> dict[int, str]:
    rows = session.scalars(select(ScoreRow).join(Lead, Lead.score_id == ScoreRow.id).where(Lead.id.in_(lead_ids)))
    return {
        row.lead_id: "; ".join(f"{one.points:+d} {one.label}" for one in top_reasons(finding.score_of(row)))
        for row in rows
    }


def known_of(lead: Lead, rep: Rep | None, more: More) -> dict[str, str]:
    """What a field map may name (`field_maps.OURS`), as text. `rep`: of the handoff that says where the lead stands."""
    known = {name: said["value"] for name, said in lead.fields.items()}
    known |= {
        "first_name": lead.first_name,
        "last_name": lead.last_name,
        "title": lead.title,
        "company": lead.company_name,
        "score": lead.score,
        "fit": lead.fit,
        "intent": lead.intent,
        "tier": lead.tier,
        "stage": lead.stage,
        "lifecycle": _lifecycle(lead, more.sql_at.get(lead.id)),
        "sql_at": more.sql_at.get(lead.id),
        "won_value": more.won_value.get(lead.id),
        "grade": lead.grade,
        "source": lead.source,
        "owner": rep.name if rep is not None and rep.id == lead.owner_id else None,
        "programme": lead.programme,
        "reasons": more.reasons.get(lead.id),
    }
    if lead.id in more.contents:
        # What was followed is taken away, so that no mail offers it again.
        item = more.contents[lead.id]
        known |= {"next_content_title": item.title if item else "", "next_content_url": (item and item.url) or ""}
    return {name: str(value) for name, value in known.items() if value is not None}


def _lifecycle(lead: Lead, sql_at: date | None) -> str | None:
    """How far the person has come at all, in the words of marketing automations. None: not yet to an MQL."""
    if lead.stage is Stage.WON:
        return "customer"
    if lead.stage in {Stage.OPPORTUNITY, Stage.LOST}:
        return "opportunity"
    if sql_at is not None:
        return "sql"
    return "mql" if lead.became_sales_ready_at is not None else None


def contacts_of(session: Session, marketing: MarketingAutomation, lead_ids: Sequence[int]) -> dict[int, Contact]:
    """What this marketing automation should know of these leads, by their ids."""
    mapped = map_of(session, marketing.name, marketing.default_map)
    more = read_more(session, lead_ids, mapped.sent)
    return {
        lead.id: Contact(lead.email, mapped.outward(known_of(lead, rep, more)))
        for lead, _, rep in finding.leads_with_handoffs(session, lead_ids)
    }


_STATUS = {
    HandoffStatus.ACCEPTED: LeadStatus.WORKING,
    HandoffStatus.CONTACTED: LeadStatus.WORKING,
    HandoffStatus.QUALIFIED: LeadStatus.QUALIFIED,
    HandoffStatus.CONVERTED: LeadStatus.QUALIFIED,
}


def crm_leads(session: Session, crm: Crm, lead_ids: Sequence[int]) -> dict[int, CrmLead]:
    """What the CRM should know of these leads, by their ids."""
    installation = finding.installation(session)
    mapped = map_of(session, crm.name, crm.default_map)
    more = read_more(session, lead_ids, mapped.sent)
    return {
        lead.id: _crm_lead(installation, lead, handoff, rep, mapped, more)
        for lead, handoff, rep in finding.leads_with_handoffs(session, lead_ids)
    }


def _crm_lead(
    installation: str, lead: Lead, handoff: Handoff | None, rep: Rep | None, mapped: FieldMap, more: More
) -> CrmLead:
    status = _STATUS.get(handoff.status, LeadStatus.NEW) if handoff else LeadStatus.NEW
    # A merged lead's record has ended: the person goes on under the other one's.
    if lead.stage in {Stage.DISQUALIFIED, Stage.MERGED, Stage.ERASED}:
        status = LeadStatus.UNQUALIFIED
    elif lead.stage is Stage.NURTURING:
        status = LeadStatus.NURTURING
    owns = handoff is not None and lead.owner_id is not None and rep is not None
    return CrmLead(
        key=f"{installation}-{lead.id}",
        email=lead.email,
        first_name=lead.first_name,
        last_name=lead.last_name,
        company=lead.company_name,
        title=lead.title,
        phone=_text(lead, "phone"),
        country=_text(lead, "country"),
        status=status,
        owner_id=rep.crm_user_id if owns and rep else None,
        score=lead.score or 0,
        tier=lead.tier.label() if lead.tier else "",
        source=lead.source,
        fields=mapped.outward(known_of(lead, rep, more)) if mapped.pairs else {},
    )


def _text(lead: Lead, field: str) -> str | None:
    said = lead.fields.get(field)
    return str(said["value"]) if said else None


def digest(record: Contact | CrmLead) -> str:
    """A hash of what would be sent: the same hash means there is nothing new to say."""
    said = {one.name: getattr(record, one.name) for one in fields(record)}
    return sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def changed_of(wanted: Wanted[Record]) -> Wanted[Record]:
    """Those of which there is something new to say."""
    return [(link, record) for link, record in wanted if digest(record) != link.sent_hash]


def note_answers(
    session: Session,
    system: str,
    wanted: Wanted[Record],
    answers: Mapping[int, Upserted],
    again: Sending,
    batch_size: int,
) -> None:
    """Note what the system said, by lead. After a full batch the next one follows, unless nothing of this one got through."""
    now = utcnow()
    later = [link.lead_id for link, _ in wanted if link.lead_id in answers and answers[link.lead_id].later]
    told = [_told(link, record, answers.get(link.lead_id)) for link, record in wanted if link.lead_id not in later]
    telling.put_off(session, system, later, now)
    telling.note_told(session, system, told, now)
    if system == telling.CRM:
        problems = {link.lead_id: link.problem for link, _ in wanted}
        news = [one.lead_id for one in told if one.problem is not None and one.problem != problems[one.lead_id]]
        send(session, *map(tell_rep_crm_said_no, news))
    if told and len(wanted) == batch_size:
        send(session, again)


def _told(link: SystemLink, record: Contact | CrmLead, answer: Upserted | None) -> Told:
    if answer is None:
        return Told(link.lead_id, link.dirty, digest(record), problem=link.problem)
    return Told(link.lead_id, link.dirty, digest(record), answer.external_id, answer.problem)


def drain_again(job: Job, automation: str = "") -> Sending:
    """The next batch, at once. Each system has a lane of its own: the order per lead is kept, and none waits for another."""
    if not automation:
        return Sending(job, {}, key="all", lane=job.value, priority=Priority.LIVE)
    lane = f"{job.value}:{automation}"
    return Sending(job, {"automation": automation}, key=automation, lane=lane, priority=Priority.LIVE)


def own_name(one: MarketingAutomation) -> str | None:
    """How leads name it (`Lead.automation`): None, if it is the installation's own."""
    return None if one is registry.marketing() else one.name


def link_system(base: str, one: MarketingAutomation) -> str:
    """The name under which links keep what this automation knows."""
    return system_of(base, own_name(one))


def for_each(running: Running, job: Job, base: str) -> None:
    """Where several marketing automations are plugged in: a drain for each that has to be told something."""
    with finishing(running) as session:
        for one in registry.automations():
            if telling.dirty_links(session, link_system(base, one), 1):
                send(session, drain_again(job, one.name))
