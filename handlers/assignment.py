"""Stages 3 and 4: who gets the lead. An SDR for an MQL, an AE for an HQL."""

from domain.verbs.offering import hand_over, waiting_leads
from handlers.flow import Job, Priority, Sending
from handlers.jobs import Running, finishing, job, send
from kit.clock import utcnow


@job(Job.ASSIGN)
def assign(running: Running, lead_id: int) -> None:
    with finishing(running) as session:
        hand_over(session, lead_id, utcnow())


@job(Job.OFFER_WAITING)
def offer_waiting(running: Running, rep_id: int) -> None:
    """Somebody is back: offer what waits for their pools, longest waiting first."""
    with finishing(running) as session:
        for lead_id in waiting_leads(session, rep_id):
            send(session, Sending(Job.ASSIGN, {"lead_id": lead_id}, key=f"waiting-{lead_id}", priority=Priority.LIVE))
