"""Stage 2: score the lead; the event that comes of it already holds the decision."""

from domain.verbs.scoring import score_lead
from handlers.flow import Job
from handlers.jobs import Running, finishing, job
from kit.clock import utcnow


@job(Job.SCORE)
def score(running: Running, lead_id: int) -> None:
    with finishing(running) as session:
        score_lead(session, lead_id, utcnow())
