"""Marketing automation's side of a deal: the contact tied to its company and to the CRM's opportunity, as far as they are there."""

from contextlib import suppress

from sqlalchemy import select

from domain import finding
from domain.tables import Company, Lead, Opportunity
from domain.verbs import telling
from handlers.draining import link_system
from handlers.jobs import Running, job, reading
from handlers.sending import Job
from integrations import registry
from integrations.ports import NotOffered
from kit.outside import TryLater


@job(Job.ASSOCIATE_CONTACT)
def associate_contact(running: Running, lead_id: int) -> None:
    """What is tied already is tied once, however often this runs."""
    with reading() as session:
        lead = session.get_one(Lead, lead_id)
        marketing = registry.marketing(lead.automation)
        if marketing is None:
            return
        link = finding.link_of(session, lead_id, link_system(telling.MARKETING, marketing))
        company = session.get(Company, lead.company_id) if lead.company_id is not None else None
        ours = Opportunity.lead_id == lead_id
        ids = session.scalars(select(Opportunity.external_id).where(ours, Opportunity.external_id.is_not(None)))
        opportunities = sorted(one for one in ids if one is not None)
    if link is None or link.problem:
        return
    if link.external_id is None:
        raise TryLater("Marketing automation does not have the contact yet", after=running.patience)
    with suppress(NotOffered):
        marketing.associate(link.external_id, company.domain if company is not None else None, opportunities)
