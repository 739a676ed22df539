"""Stages 3 and 4: who gets the lead. An SDR for an MQL, an AE for an HQL."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from weakref import WeakKeyDictionary

import structlog

from domain.verbs.offering import hand_over, waiting_leads
from domain.verbs.owning import note_owner, owner_to_ask_for
from handlers.jobs import Running, finishing, job, reading, send
from handlers.sending import Job, Priority, Sending
from integrations import registry
from integrations.crm_ports import Crm
from kit.clock import utcnow
from kit.outside import Refused, TryLater

log = structlog.get_logger()

CRM_RESTS = timedelta(minutes=1)
"""For so long a CRM that did not answer is not asked whose an account is: leads do not wait for it one by one."""


_resting: WeakKeyDictionary[Crm, datetime] = WeakKeyDictionary()
"""Until when a CRM is left alone, in this process."""


@dataclass(frozen=True, slots=True)
class Answer:
    company_id: int
    crm_user_id: str | None


@job(Job.ASSIGN)
def assign(running: Running, lead_id: int) -> None:
    answer = _account_owner(lead_id)
    with finishing(running) as session:
        if answer is not None:
            note_owner(session, lead_id, answer.company_id, answer.crm_user_id, utcnow())
        hand_over(session, lead_id, utcnow())


def _account_owner(lead_id: int) -> Answer | None:
    """What the CRM says of the lead's company, if it is to be asked and answers: an assignment never waits for it."""
    crm = registry.crm()
    now = utcnow()
    if crm is None or _resting.get(crm, now) > now:
        return None
    with reading() as session:
        question = owner_to_ask_for(session, lead_id, now)
    if question is None:
        return None
    try:
        owner = crm.find_account_owner(question.email, question.domain, question.name)
    except (TryLater, Refused) as no:
        after = timedelta(seconds=no.after or 0.0) if isinstance(no, TryLater) else CRM_RESTS
        _resting[crm] = utcnow() + max(after, CRM_RESTS)
        log.warning("assign.without_account_owner", why=no.why)
        return None
    return Answer(question.company_id, owner)


@job(Job.OFFER_WAITING)
def offer_waiting(running: Running, rep_id: int) -> None:
    """Somebody is back: offer what waits for their pools, longest waiting first."""
    with finishing(running) as session:
        for lead_id in waiting_leads(session, rep_id):
            send(session, Sending(Job.ASSIGN, {"lead_id": lead_id}, key=f"waiting-{lead_id}", priority=Priority.LIVE))
