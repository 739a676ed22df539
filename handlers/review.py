"""Once a month: marketing goes through the MELs. Every reader gets one direct message."""

from datetime import datetime

from bot import messenger
from bot.review import review_message
from domain.reviewing import review_of
from domain.tables import Rep
from domain.verbs.reviewing import review, review_due
from handlers.flow import Job
from handlers.jobs import Running, finishing, job, reading
from kit.clock import utcnow


@job(Job.REVIEW_NURTURE)
def review_nurture(running: Running, month: str) -> None:
    """Once a month, whoever asked for it how often: the first one that comes makes it."""
    with finishing(running) as session:
        now = utcnow()
        if review_due(session, now) == month:
            review(session, now)


@job(Job.TELL_REVIEW)
def tell_review(_running: Running, rep_id: int, since: str) -> None:
    with reading() as session:
        reader = session.get_one(Rep, rep_id)
        found = review_of(session, datetime.fromisoformat(since), utcnow())
    if reader.slack_dm_id is not None and reader.active:
        text, blocks = review_message(found)
        messenger.post(reader.slack_dm_id, text, blocks)
