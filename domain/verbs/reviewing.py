"""Once a month marketing goes through the MELs: when that is due, and noting that it was done."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import exists, select, update
from sqlalchemy.orm import Session

from domain.finding import told_of_leads
from domain.reviewing import anything_to_review, is_mel
from domain.rules.reviewing import month_start, review_begins
from domain.tables import Happened, Lead, LeadEvent, Rep
from domain.verbs.record import happened

FIRST_LOOK_BACK = timedelta(days=31)
"""What the first review calls new."""


def review_due(session: Session, now: datetime) -> str | None:
    """The month, as 2026-03, whose review is due and was not made yet; None: nothing is due."""
    month = month_start(now)
    if now < review_begins(now):
        return None
    made = select(exists().where(LeadEvent.kind == Happened.LEADS_REVIEWED, LeadEvent.at >= month))
    if session.scalar(made) or not anything_to_review(session, month):
        return None
    return f"{month:%Y-%m}"


def review(session: Session, now: datetime) -> Sequence[Rep]:
    """Note the MELs of now as reviewed, and have the readers told; returns the readers.

    They are those of marketing; without any, the managers. Who is not known in Slack is told nothing.
    """
    since = session.scalars(
        select(LeadEvent.at).where(LeadEvent.kind == Happened.LEADS_REVIEWED).order_by(LeadEvent.at.desc()).limit(1)
    ).first()
    since = since or now - FIRST_LOOK_BACK
    mels = session.connection().execute(update(Lead).where(is_mel()).values(reviewed_at=now)).rowcount
    readers = told_of_leads(session)
    for reader in readers or (None,):
        happened(
            session,
            Happened.LEADS_REVIEWED,
            now,
            rep_id=reader.id if reader else None,
            mels=mels,
            since=since.isoformat(),
        )
    return readers


def measuring_due(session: Session, now: datetime) -> str | None:
    """The day (UTC), as 2026-03-02, for which the contents were not measured yet; None: they were."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    made = select(exists().where(LeadEvent.kind == Happened.CONTENTS_MEASURED, LeadEvent.at >= midnight))
    return None if session.scalar(made) else f"{midnight:%Y-%m-%d}"
