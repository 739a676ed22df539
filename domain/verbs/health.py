"""That a process lives, and what the checks of the installation found."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from domain.rules.health import Finding
from domain.tables import Check, Heartbeat

KEPT = timedelta(days=1)
"""How long a process that fell silent is remembered: until somebody has seen when it was."""


def beat(session: Session, process: str, kind: str, started_at: datetime, now: datetime) -> None:
    """The process lives."""
    row = {"process": process, "kind": kind, "started_at": started_at, "at": now}
    session.execute(_BEAT, row)


_HEARTBEAT = upsert(Heartbeat)
_BEAT = _HEARTBEAT.on_conflict_do_update(index_elements=["process"], set_={"at": _HEARTBEAT.excluded.at})


def end(session: Session, process: str) -> None:
    """The process ended as it should, and is not missed."""
    session.execute(delete(Heartbeat).where(Heartbeat.process == process))


def sweep(session: Session, now: datetime) -> None:
    session.execute(delete(Heartbeat).where(Heartbeat.at < now - KEPT))


def note(session: Session, findings: Sequence[Finding], now: datetime) -> None:
    """Keep what was found, and nothing of before: what is not looked at any more, such as a channel of a dropped pool, goes."""
    session.execute(delete(Check).where(Check.name.not_in([finding.name for finding in findings])))
    rows = [
        {"name": one.name, "state": one.state.value, "found": one.found, "advice": one.advice, "at": now}
        for one in sorted(findings, key=lambda one: one.name)
    ]
    if rows:
        session.execute(_NOTE, rows)


_CHECK = upsert(Check)
_NOTE = _CHECK.on_conflict_do_update(
    index_elements=["name"],
    set_={name: getattr(_CHECK.excluded, name) for name in ("state", "found", "advice", "at")},
)
