"""Stage 6 to 8: an SQL gets its opportunity in the CRM, and what becomes of it there is read back: moved, won, lost."""

from sqlalchemy.orm import Session

from domain import cards, finding
from domain.tables import Company, Handoff, Lead, Rep
from domain.verbs import selling, syncing, telling
from handlers.crm_words import key_of, word_of
from handlers.jobs import Running, finishing, job, reading, send, transaction
from handlers.sending import Job, tell_rep_crm_said_no
from handlers.sync_settings import OpenedBy, sync_settings
from handlers.sync_turns import OPPORTUNITIES, read_opportunities_again
from integrations import registry
from integrations.crm_ports import Deal
from integrations.ports import NotOffered
from kit.clock import utcnow
from kit.outside import Refused, TryLater


@job(Job.OPEN_CRM_OPPORTUNITY)
def open_crm_opportunity(running: Running, handoff_id: int) -> None:
    """Open it in the CRM under our own key, so that it is one however often this runs; then here."""
    crm = registry.crm()
    if crm is None or sync_settings().opportunities is OpenedBy.SALES:
        return
    with reading() as session:
        wanted = selling.to_open(session, handoff_id)
        link = finding.link_of(session, wanted[0].id, telling.CRM) if wanted else None
        deal = _deal(session, *wanted, link.external_id) if wanted and link and link.external_id else None
    if wanted is None or (link is not None and link.external_id is None and link.problem):
        return
    if deal is None or (link is not None and link.dirty_since is not None):
        # Once it is converted, nothing more can be said of it.
        raise TryLater("The CRM was not told everything of the lead yet", after=running.patience)
    try:
        opened = crm.open_opportunity(deal)
    except NotOffered:
        return
    except Refused as no:
        with transaction() as session:
            selling.say_why_not(session, handoff_id, no.why, utcnow())
            send(session, tell_rep_crm_said_no(wanted[0].id))
        raise
    with finishing(running) as session:
        selling.open_opportunity(
            session,
            handoff_id,
            system=crm.name,
            external_id=opened.external_id,
            name=deal.name,
            stage=opened.stage,
            now=utcnow(),
        )
        # Its amount and date are the CRM's to say.
        send(session, read_opportunities_again())


def _deal(session: Session, lead: Lead, handoff: Handoff, rep: Rep | None, lead_id: str) -> Deal:
    view = cards.card_view(session, handoff.id)
    company = session.get(Company, lead.company_id) if lead.company_id is not None else None
    return Deal(
        key=key_of(finding.installation(session), handoff.id),
        lead_id=lead_id,
        name=f"{lead.company_name or view.lead.name} ({handoff.tier.label()})",
        owner_id=rep.crm_user_id if rep else None,
        company=lead.company_name,
        domain=company.domain if company else None,
        source=lead.source,
        description="\n".join(f"{reason.points:+d} {reason.label}" for reason in view.reasons),
    )


@job(Job.READ_OPPORTUNITIES)
def read_opportunities(running: Running) -> None:
    """One page of what changed in the CRM. What is about nobody of ours is passed over."""
    crm = registry.crm()
    if crm is None:
        return
    with reading() as session:
        before = syncing.position_of(session, crm.name, OPPORTUNITIES)
        installation = finding.installation(session)
    try:
        page = crm.opportunities(before)
    except Refused as no:
        with transaction() as session:
            syncing.keep_problem(session, crm.name, OPPORTUNITIES, no.why, utcnow())
        if isinstance(no, NotOffered):
            return
        raise
    words = [word_of(crm.name, installation, one) for one in page.items]
    with finishing(running) as session:
        now = utcnow()
        for word in words:
            selling.hear(session, word, now)
        syncing.keep_position(session, crm.name, OPPORTUNITIES, page.cursor, now)
        if page.more and page.cursor != before:
            send(session, read_opportunities_again())


@job(Job.READ_SOME_OPPORTUNITIES)
def read_some_opportunities(running: Running, external_ids: str) -> None:
    """Those of which the CRM itself said that they have changed; ids with commas between them."""
    crm = registry.crm()
    if crm is None:
        return
    with reading() as session:
        installation = finding.installation(session)
    try:
        there = crm.some_opportunities(external_ids.split(","))
    except NotOffered:
        return
    with finishing(running) as session:
        for one in there:
            selling.hear(session, word_of(crm.name, installation, one), utcnow())
