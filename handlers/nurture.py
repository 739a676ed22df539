"""Stage 3, below MQL: enrol the lead, and tell marketing automation what we know of it."""

from typing import Any

from domain import finding
from domain.tables import Lead
from domain.verbs import telling
from domain.verbs.nurturing import enrol
from handlers.draining import digest, note_answers
from handlers.flow import Job
from handlers.jobs import Running, finishing, job, reading
from integrations import registry
from integrations.ports import Contact
from kit.clock import utcnow


@job(Job.NURTURE)
def nurture(running: Running, lead_id: int) -> None:
    with finishing(running) as session:
        enrol(session, lead_id, utcnow())


@job(Job.TELL_MARKETING)
def tell_marketing(running: Running) -> None:
    """Tell marketing automation about the leads that changed: one batch a job, only what differs from the last word."""
    marketing = registry.marketing()
    if marketing is None:
        return
    with reading() as session:
        links = telling.dirty_links(session, telling.MARKETING, marketing.batch_size)
        leads = {lead.id: lead for lead, _, _ in finding.leads_with_handoffs(session, [link.lead_id for link in links])}
    wanted = [(link, _contact(leads[link.lead_id])) for link in links]
    changed = [(link, contact) for link, contact in wanted if digest(contact) != link.sent_hash]
    answers = marketing.upsert_contacts([contact for _, contact in changed]) if changed else []
    told = dict(zip((link.lead_id for link, _ in changed), answers, strict=True))
    with finishing(running) as session:
        note_answers(session, wanted, told, Job.TELL_MARKETING, marketing.batch_size)


def _contact(lead: Lead) -> Contact:
    known: dict[str, Any] = {
        "first_name": lead.first_name,
        "last_name": lead.last_name,
        "title": lead.title,
        "company": lead.company_name,
        "score": lead.score,
        "fit": lead.fit,
        "intent": lead.intent,
        "tier": lead.tier,
        "stage": lead.stage,
    }
    return Contact(lead.email, {name: str(value) for name, value in known.items() if value is not None})
