"""The CRM's side of a handoff: the lead with its owner and status, and a task when it is accepted."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from domain import cards, finding
from domain.rules.deadlines import ClockKind
from domain.rules.field_maps import FieldMap
from domain.rules.lifecycle import TAKEN, HandoffStatus, Stage
from domain.tables import Handoff, Lead, Rep
from domain.verbs import telling
from domain.verbs.field_mapping import map_of
from handlers.draining import More, changed_of, drain_again, known_of, note_answers, read_more
from handlers.flow import Job
from handlers.jobs import Running, finishing, job, reading
from integrations import registry
from integrations.ports import Crm, CrmLead, CrmTask, LeadStatus
from kit.outside import TryLater


@job(Job.TELL_CRM)
def tell_crm(running: Running) -> None:
    """Upsert the leads that changed by our own key: one batch a job, only what differs from the last word."""
    crm = registry.crm()
    if crm is None:
        return
    with reading() as session:
        links = telling.dirty_links(session, telling.CRM, crm.batch_size)
        records = crm_leads(session, crm, [link.lead_id for link in links])
    wanted = [(link, records[link.lead_id]) for link in links]
    changed = changed_of(wanted)
    answers = crm.upsert_leads([record for _, record in changed]) if changed else []
    told = dict(zip((link.lead_id for link, _ in changed), answers, strict=True))
    with finishing(running) as session:
        note_answers(session, telling.CRM, wanted, told, drain_again(Job.TELL_CRM), crm.batch_size)


@job(Job.LOG_CRM_TASK)
def log_crm_task(running: Running, handoff_id: int) -> None:
    """A task for the lead's owner: the call that the SLA asks for. Its key makes it one task, however often this runs."""
    crm = registry.crm()
    if crm is None:
        return
    with reading() as session:
        view = cards.card_view(session, handoff_id)
        link = finding.link_of(session, view.lead.id, telling.CRM)
        owner = session.get(Rep, view.rep.rep_id) if view.rep else None
        installation = finding.installation(session)
    if view.status not in TAKEN:
        # It was given back before anything stood in the CRM: there is nobody to call.
        return
    if link is None or link.external_id is None:
        if link is not None and link.problem:
            return
        raise TryLater("The CRM does not have the lead yet", after=running.patience)
    due = view.clock(ClockKind.FIRST_CONTACT).due_at
    crm.log_task(
        CrmTask(
            key=f"{installation}-handoff-{handoff_id}-call",
            lead_id=link.external_id,
            owner_id=owner.crm_user_id if owner else None,
            subject=f"Call {view.lead.name} ({view.tier.label()} {view.score})",
            due=due.date(),
            description="\n".join(f"{reason.points:+d} {reason.label}" for reason in view.reasons),
        )
    )


_STATUS = {
    HandoffStatus.ACCEPTED: LeadStatus.WORKING,
    HandoffStatus.CONTACTED: LeadStatus.WORKING,
    HandoffStatus.QUALIFIED: LeadStatus.QUALIFIED,
    HandoffStatus.CONVERTED: LeadStatus.QUALIFIED,
}


def crm_leads(session: Session, crm: Crm, lead_ids: Sequence[int]) -> dict[int, CrmLead]:
    """What the CRM should know of these leads, by their ids."""
    installation = finding.installation(session)
    fields = map_of(session, crm.name, crm.default_map)
    more = read_more(session, lead_ids, fields.sent)
    return {
        lead.id: _crm_lead(installation, lead, handoff, rep, fields, more)
        for lead, handoff, rep in finding.leads_with_handoffs(session, lead_ids)
    }


def _crm_lead(
    installation: str, lead: Lead, handoff: Handoff | None, rep: Rep | None, fields: FieldMap, more: More
) -> CrmLead:
    status = _STATUS.get(handoff.status, LeadStatus.NEW) if handoff else LeadStatus.NEW
    # A merged lead's record has ended: the person goes on under the other one's.
    if lead.stage in {Stage.DISQUALIFIED, Stage.MERGED}:
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
        fields=fields.outward(known_of(lead, rep, more)) if fields.pairs else {},
    )


def _text(lead: Lead, field: str) -> str | None:
    said = lead.fields.get(field)
    return str(said["value"]) if said else None
