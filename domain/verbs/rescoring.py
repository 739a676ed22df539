"""Scoring all leads anew, as one undertaking: begun, followed, cancelled. `rescoring_batch.py` does a piece of it."""

from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from domain.rules.lifecycle import GONE
from domain.rules.refusals import NotRescoring
from domain.tables import Happened, Lead, Rescoring
from domain.verbs.record import happened

_UNFINISHED = (Rescoring.finished_at.is_(None), Rescoring.cancelled_at.is_(None))


def start(session: Session, model_id: int, now: datetime) -> Rescoring | None:
    """Begin to score all leads with the active model; an unfinished older rescoring gives way. None: there is no lead to score.

    A lead that was never scored is left to the job that will do it.
    """
    session.execute(update(Rescoring).where(*_UNFINISHED).values(cancelled_at=now))
    total = session.scalar(select(func.count()).where(Lead.score_id.is_not(None), Lead.stage.not_in(GONE)))
    if not total:
        return None
    row = Rescoring(model_id=model_id, as_of=now, total=total, started_at=now)
    session.add(row)
    session.flush()
    happened(session, Happened.RESCORING_BEGUN, now, rescoring_id=row.id, model_id=model_id)
    return row


def unfinished(session: Session) -> Rescoring | None:
    """The one that is under way."""
    return session.scalars(select(Rescoring).where(*_UNFINISHED).order_by(Rescoring.id.desc()).limit(1)).one_or_none()


def newest(session: Session) -> Rescoring | None:
    """The one that was begun last, however it ended."""
    return session.scalars(select(Rescoring).order_by(Rescoring.id.desc()).limit(1)).one_or_none()


def cancel(session: Session, now: datetime) -> Rescoring:
    """Stop the one that is under way; what is scored stays so. Raises NotRescoring."""
    row = unfinished(session)
    if row is None:
        raise NotRescoring
    session.refresh(row, with_for_update=True)
    if row.finished_at is None and row.cancelled_at is None:
        row.cancelled_at = now
        happened(session, Happened.RESCORING_CANCELLED, now, rescoring_id=row.id)
    return row
