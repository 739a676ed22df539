"""Where cards stand in Slack."""

from datetime import datetime

from sqlalchemy import case, func, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from domain.tables import CardPlace


def claim(session: Session, handoff_id: int, channel: str, now: datetime) -> CardPlace:
    """Say that the card is about to be posted. The first claim stays: its time is where a search for the card begins."""
    session.execute(
        upsert(CardPlace).values(handoff_id=handoff_id, channel=channel, claimed_at=now).on_conflict_do_nothing()
    )
    return session.get_one(CardPlace, handoff_id, populate_existing=True)


def note_drawn(session: Session, handoff_id: int, ts: str, drawn: str, now: datetime) -> None:
    session.execute(
        update(CardPlace)
        .where(CardPlace.handoff_id == handoff_id)
        .values(
            ts=ts,
            drawn=drawn,
            posted_at=func.coalesce(CardPlace.posted_at, now),
            permalink=case((CardPlace.ts == ts, CardPlace.permalink)),
        )
    )


def distrust(session: Session, handoff_id: int) -> None:
    """Somebody saw the card in an old state: whatever we believe to stand there, it is drawn again."""
    session.execute(update(CardPlace).where(CardPlace.handoff_id == handoff_id).values(drawn=None))


def keep_link(session: Session, handoff_id: int, ts: str, permalink: str) -> None:
    """Keep Slack's link to the card that stands there as `ts`."""
    session.execute(
        update(CardPlace).where(CardPlace.handoff_id == handoff_id, CardPlace.ts == ts).values(permalink=permalink)
    )
