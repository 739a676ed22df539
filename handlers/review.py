"""Once a month: marketing goes through the MELs. Every reader gets one direct message."""

from domain.rules.preferences import Alert
from domain.tables import Rep
from domain.verbs.reviewing import review, review_due
from handlers.jobs import Running, finishing, job
from handlers.noticing import tell
from handlers.sending import Job
from kit.clock import utcnow


@job(Job.REVIEW_NURTURE)
def review_nurture(running: Running, month: str) -> None:
    """Once a month, whoever asked for it how often: the first one that comes makes it."""
    with finishing(running) as session:
        now = utcnow()
        if review_due(session, now) == month:
            review(session, now)


@job(Job.TELL_REVIEW)
def tell_review(running: Running, rep_id: int, since: str) -> None:
    with finishing(running) as session:
        reader = session.get_one(Rep, rep_id)
        if reader.active:
            tell(session, reader, Alert.REVIEW, utcnow(), data={"since": since})
