"""The CRM's side of a handoff: the lead with its owner and status, and a task when it is accepted."""

from contextlib import suppress

from domain import cards, finding, notices
from domain.rules.deadlines import ClockKind
from domain.rules.lifecycle import TAKEN
from domain.rules.preferences import Alert
from domain.tables import Handoff, Rep, SystemLink
from domain.verbs import syncing, telling
from handlers.draining import changed_of, crm_leads, drain_again, note_answers
from handlers.jobs import Running, finishing, job, reading
from handlers.noticing import tell
from handlers.sending import Job
from integrations import registry
from integrations.crm_ports import CrmTask
from integrations.ports import NotOffered
from kit.clock import utcnow
from kit.outside import Refused, TryLater

CAMPAIGNS = "campaigns"
"""Under this name the last joining is noted, as readings are."""
MOST_CAMPAIGNS = 20
"""The newest: of what a link says there may be any number."""


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
    """A task for the lead's owner: the call that the SLA asks for. Its key makes it one task, however often this runs. Once the
    lead is not theirs any more it is closed.
    """
    crm = registry.crm()
    if crm is None:
        return
    with reading() as session:
        view = cards.card_view(session, handoff_id)
        link = finding.link_of(session, view.lead.id, telling.CRM)
        owner = session.get(Rep, view.rep.rep_id) if view.rep else None
        key = f"{finding.installation(session)}-handoff-{handoff_id}-call"
        was_taken = session.get_one(Handoff, handoff_id).accepted_at is not None
    if view.status not in TAKEN:
        # If it was given back before anything stood in the CRM, there is nothing to close either.
        if was_taken and link is not None and link.external_id is not None:
            with suppress(NotOffered):
                crm.close_task(key)
        return
    lead_id = _their_id(link, running)
    if lead_id is None:
        return
    due = view.clock(ClockKind.FIRST_CONTACT).due_at
    crm.log_task(
        CrmTask(
            key=key,
            lead_id=lead_id,
            owner_id=owner.crm_user_id if owner else None,
            subject=f"Call {view.lead.name} ({view.tier.label()} {view.score})",
            due=due.date(),
            description="\n".join(f"{reason.points:+d} {reason.label}" for reason in view.reasons),
        )
    )


def _their_id(link: SystemLink | None, running: Running) -> str | None:
    """The CRM's id of the lead; None: it would not take the lead. Raises TryLater until it was told."""
    if link is not None and (link.external_id is not None or link.problem):
        return link.external_id
    raise TryLater("The CRM does not have the lead yet", after=running.patience)


@job(Job.JOIN_CRM_CAMPAIGNS)
def join_crm_campaigns(running: Running, lead_id: int) -> None:
    """Make who is with sales now a member of the CRM's campaigns of the same names as those that have touched them. That there
    is no such campaign is no fault; what the CRM refuses stands in `handoff sync status`.
    """
    crm = registry.crm()
    if crm is None:
        return
    with reading() as session:
        named = finding.campaigns_of(session, lead_id, MOST_CAMPAIGNS)
        link = finding.link_of(session, lead_id, telling.CRM)
    known_as = _their_id(link, running) if named else None
    if known_as is None:
        return
    try:
        crm.join_campaigns(known_as, named)
    except NotOffered:
        return
    except Refused as no:
        with finishing(running) as session:
            syncing.keep_problem(session, crm.name, CAMPAIGNS, no.why, utcnow())
        return
    with finishing(running) as session:
        syncing.keep_position(session, crm.name, CAMPAIGNS, None, utcnow())


@job(Job.TELL_REP_CRM_SAID_NO)
def tell_rep_crm_said_no(running: Running, lead_id: int) -> None:
    """Who has the lead reads the CRM's own sentence in the card's thread: it names what they have to put right there."""
    with finishing(running) as session:
        whose = notices.with_whom(session, lead_id)
        link = finding.link_of(session, lead_id, telling.CRM)
        if whose is not None and link is not None and link.problem is not None:
            handoff, rep = whose
            tell(session, rep, Alert.CRM_REFUSED, utcnow(), thread_in=handoff.place, handoff_id=handoff.id)
