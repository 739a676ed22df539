"""Scoring all leads anew, a batch a job: between two batches everything else has its turn."""

from datetime import timedelta

from domain.verbs.rescoring_batch import Progress, score_batch
from handlers.jobs import Running, finishing, job, send, transaction
from handlers.sending import Job, rescore
from kit.clock import utcnow

WHILE_HELD = timedelta(seconds=1)
"""Until the next look at leads that somebody else was holding."""


@job(Job.RESCORE)
def rescore_batch(running: Running, rescoring_id: int) -> None:
    with finishing(running) as session:
        progress = score_batch(session, rescoring_id, utcnow())
        if progress.goes_on:
            send(session, rescore(rescoring_id, WHILE_HELD if progress.wait else timedelta(0)))


def batch_here(rescoring_id: int) -> Progress:
    """The same in this process, without a job. Workers may take batches at the same time: each waits for the other's."""
    with transaction() as session:
        return score_batch(session, rescoring_id, utcnow())
