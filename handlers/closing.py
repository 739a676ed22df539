"""Stage 8: a deal is closed, and whose work it was is frozen; what Markov and Shapley learn of all journeys."""

from domain.attributing import fit_markov, fit_shapley
from domain.journeys import paths, since_when
from domain.rules.attribution import AttributionModel, Worth
from domain.verbs import crediting, practices
from handlers.jobs import Running, finishing, job, reading
from handlers.sending import Job
from kit.clock import utcnow


@job(Job.FREEZE_CREDITS)
def freeze_credits(running: Running, opportunity_id: int) -> None:
    """As the deal stands by now: its credits are frozen, made anew because the CRM corrected it, or end with it."""
    with finishing(running) as session:
        crediting.freeze(session, opportunity_id, utcnow())


@job(Job.FIT_ATTRIBUTION)
def fit_attribution(running: Running) -> None:
    """Learn from the journeys of the last year. Which of two days' jobs comes first does not matter: the second finds it done."""
    now = utcnow()
    with reading() as session:
        if crediting.fit_due(session, now) is None:
            return
        practice = practices.in_force(session).practice
        found = paths(session, practice, now)
    running.renew()
    fits = {
        AttributionModel.MARKOV: fit_markov(found, order=practice.order),
        # So that journeys that led to nothing count, as they do for Markov.
        AttributionModel.SHAPLEY: fit_shapley(found, worth=Worth.RATE),
    }
    with finishing(running) as session:
        crediting.keep_fits(session, fits, since_when(practice, now), now)
