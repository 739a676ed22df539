"""Leads that are scored again although nothing happened: their points fade, or their cooldown has ended."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from domain.tables import Lead

UNTIL_SCORED = timedelta(days=1)
"""A lead that is not scored within this after all, is due again."""


def due_rechecks(session: Session, now: datetime, limit: int) -> Sequence[int]:
    """Up to `limit` leads that are due, longest first, and not due any more: each is given out once. Who scores a lead sets
    the next time (`scoring.recheck_at`).
    """
    due = (
        select(Lead.id)
        .where(Lead.recheck_at <= now)
        .order_by(Lead.recheck_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte()
    )
    taken = update(Lead).where(Lead.id.in_(select(due.c.id))).values(recheck_at=now + UNTIL_SCORED).returning(Lead.id)
    return session.scalars(taken.execution_options(synchronize_session=False)).all()
