"""A loop has found something: it is kept once for each time and audience, and where its message stands is noted."""

from datetime import datetime
from typing import Any

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from domain.rules.feedback import Loop
from domain.tables import Happened, LoopRun
from domain.verbs.record import happened


def make_run(
    session: Session,
    kind: Loop,
    period: str,
    audience: str,
    data: dict[str, Any],
    now: datetime,
    channel: str | None = None,
) -> LoopRun | None:
    """Keep what was found; None: somebody was faster, and all has been said. `channel`: where its own message is to stand."""
    made = session.scalar(
        insert(LoopRun)
        .values(kind=kind, period=period, audience=audience, made_at=now, data=data, channel=channel)
        .on_conflict_do_nothing()
        .returning(LoopRun.id)
    )
    if made is None:
        return None
    happened(session, Happened.LOOP_MADE, now, run_id=made, loop=kind.value, period=period, channel=channel)
    return session.get_one(LoopRun, made)


def claim_run(session: Session, run_id: int, now: datetime) -> datetime | None:
    """Say that its message is about to be posted. Returns when that was said before: then it may stand there already."""
    run = session.get_one(LoopRun, run_id, with_for_update=True)
    before = run.claimed_at
    run.claimed_at = before or now
    return before


def note_posted(session: Session, run_id: int, ts: str) -> None:
    session.get_one(LoopRun, run_id).ts = ts


def note_shared(session: Session, run_id: int, file_id: str) -> None:
    """The file stands beside the message."""
    session.get_one(LoopRun, run_id).file_id = file_id


def send_elsewhere(session: Session, run_id: int) -> None:
    """Its channel cannot be reached: it is told to persons instead."""
    run = session.get_one(LoopRun, run_id)
    run.channel = run.claimed_at = None
