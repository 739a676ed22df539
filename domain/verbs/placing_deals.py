"""Where an AE's message about a deal stands in Slack."""

from datetime import datetime

from sqlalchemy import func, update
from sqlalchemy.orm import Session

from domain.tables import DealHandoff


def claim_deal(session: Session, deal_id: int, channel: str, now: datetime) -> DealHandoff:
    """Say that the message is about to be posted. The first claim stays: its time is where a search for it begins."""
    session.execute(
        update(DealHandoff)
        .where(DealHandoff.id == deal_id)
        .values(
            channel=func.coalesce(DealHandoff.channel, channel), claimed_at=func.coalesce(DealHandoff.claimed_at, now)
        )
    )
    return session.get_one(DealHandoff, deal_id, populate_existing=True)


def note_deal(session: Session, deal_id: int, ts: str, drawn: str) -> None:
    session.execute(update(DealHandoff).where(DealHandoff.id == deal_id).values(ts=ts, drawn=drawn))


def distrust_deal(session: Session, deal_id: int) -> None:
    """Somebody saw it in an old state: whatever we believe to stand there, it is drawn again."""
    session.execute(update(DealHandoff).where(DealHandoff.id == deal_id).values(drawn=None))
