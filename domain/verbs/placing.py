"""Where cards stand in Slack."""

from datetime import datetime

from sqlalchemy import case, func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from domain.tables import CardPlace, PoolCall

_BESIDE = (CardPlace.permalink, CardPlace.brief_claimed_at, CardPlace.brief_ts, CardPlace.brief_drawn)


def claim(session: Session, handoff_id: int, channel: str, now: datetime) -> CardPlace:
    """Say that the card is about to be posted. The first claim stays: its time is where a search for the card begins."""
    session.execute(
        upsert(CardPlace).values(handoff_id=handoff_id, channel=channel, claimed_at=now).on_conflict_do_nothing()
    )
    return session.get_one(CardPlace, handoff_id, populate_existing=True)


def move(
    session: Session, handoff_id: int, channel: str, now: datetime, stood_since: datetime | None = None
) -> CardPlace:
    """The card belongs into another conversation from now on. `stood_since`: from when on it may stand there already, with
    its brief: they are looked for before they are posted.
    """
    values: dict[str, object] = {one.key: None for one in (CardPlace.ts, CardPlace.drawn, *_BESIDE)}
    values |= {"channel": channel, "claimed_at": stood_since or now, "brief_claimed_at": stood_since}
    session.execute(
        upsert(CardPlace)
        .values(handoff_id=handoff_id, **values)
        .on_conflict_do_update(index_elements=["handoff_id"], set_=values)
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
            # What stood beside a card that was deleted is gone with it.
            **{column.key: case((func.coalesce(CardPlace.ts, ts) == ts, column)) for column in _BESIDE},
        )
    )


def claim_brief(session: Session, handoff_id: int, now: datetime) -> datetime:
    """Say that the brief is about to be posted in the card's thread. The first claim stays, as that of the card does."""
    claimed = func.coalesce(CardPlace.brief_claimed_at, now)
    session.execute(update(CardPlace).where(CardPlace.handoff_id == handoff_id).values(brief_claimed_at=claimed))
    return session.scalars(select(CardPlace.brief_claimed_at).where(CardPlace.handoff_id == handoff_id)).one() or now


def note_brief(session: Session, handoff_id: int, card: str, ts: str, drawn: str) -> None:
    """Unless the card is another one meanwhile (`card`: its ts)."""
    session.execute(
        update(CardPlace)
        .where(CardPlace.handoff_id == handoff_id, CardPlace.ts == card)
        .values(brief_ts=ts, brief_drawn=drawn)
    )


def claim_pool_call(session: Session, handoff_id: int, channel: str, now: datetime) -> PoolCall:
    """Say that the pool is about to be told."""
    session.execute(
        upsert(PoolCall).values(handoff_id=handoff_id, channel=channel, claimed_at=now).on_conflict_do_nothing()
    )
    return session.get_one(PoolCall, handoff_id, populate_existing=True)


def note_pool_call(session: Session, handoff_id: int, ts: str, drawn: str) -> None:
    session.execute(update(PoolCall).where(PoolCall.handoff_id == handoff_id).values(ts=ts, drawn=drawn))


def distrust(session: Session, handoff_id: int) -> None:
    """Somebody saw the card in an old state: whatever we believe to stand there, it is drawn again."""
    session.execute(update(CardPlace).where(CardPlace.handoff_id == handoff_id).values(drawn=None))


def keep_link(session: Session, handoff_id: int, ts: str, permalink: str) -> None:
    """Keep Slack's link to the card that stands there as `ts`."""
    session.execute(
        update(CardPlace).where(CardPlace.handoff_id == handoff_id, CardPlace.ts == ts).values(permalink=permalink)
    )
