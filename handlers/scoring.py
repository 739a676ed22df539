"""Stage 2: score the lead; the event that comes of it already holds the decision."""

from domain.briefing import standing_brief
from domain.rules.lifecycle import Stage
from domain.verbs.scoring import score_lead
from handlers.jobs import Running, finishing, job, send
from handlers.sending import Job, show_brief
from kit.clock import utcnow


@job(Job.SCORE)
def score(running: Running, lead_id: int) -> None:
    with finishing(running) as session:
        lead = score_lead(session, lead_id, utcnow())
        brief = standing_brief(session, lead.id) if lead.stage is Stage.IN_HANDOFF else None
        if brief is not None:
            # Whoever is about to call reads there what the lead has done since.
            send(session, show_brief(*brief))
