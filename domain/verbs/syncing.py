"""The exchange with a system: up to where it was read, what came from it, and what a sweep found to differ on both sides."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import exists, func, select, update
from sqlalchemy.exc import DataError
from sqlalchemy.orm import Session

from domain.rules.refusals import AlreadyThere, DeliveryConflict
from domain.rules.validation import BadLead, check
from domain.tables import Arrival, ArrivalState, CaptureSource, Cursor, Lead, SyncFinding, SyncRun, SystemLink
from domain.verbs import capturing, erasing
from domain.verbs.capturing import Delivery, Kept

TOLD_AGAIN = "told again"
FETCHED = "fetched"
READ = "read"
NOT_TWICE = timedelta(days=3)
"""What was put right so lately and differs again is changed there by somebody: that is for a person, not for a war."""


class Differs(StrEnum):
    MISSED = "missed"
    CHANGED = "changed"
    LOST = "lost"


# ---- up to where it was read ------------------------------------------------------------------------------------------


def position_of(session: Session, system: str, what: str) -> str | None:
    cursor = session.get(Cursor, (system, what))
    return cursor.position if cursor is not None else None


def keep_position(session: Session, system: str, what: str, position: str | None, now: datetime) -> None:
    cursor = _cursor(session, system, what)
    cursor.position, cursor.read_at, cursor.problem = position, now, None


def keep_problem(session: Session, system: str, what: str, problem: str, now: datetime) -> None:
    """It was not to be read: the sentence stands there until it is."""
    cursor = _cursor(session, system, what)
    cursor.read_at, cursor.problem = now, problem


def is_due(session: Session, system: str, what: str, now: datetime, every: timedelta) -> bool:
    cursor = session.get(Cursor, (system, what))
    return cursor is None or cursor.read_at is None or cursor.read_at <= now - every


def _cursor(session: Session, system: str, what: str) -> Cursor:
    cursor = session.get(Cursor, (system, what))
    if cursor is None:
        cursor = Cursor(system=system, what=what)
        session.add(cursor)
    return cursor


# ---- what came from it ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Incoming:
    """A delivery that was read rather than sent to us. `key` is the same however often it is read."""

    key: str
    body: bytes
    delivery: Delivery


def receive_from(
    session: Session, system: str, incoming: Sequence[Incoming], now: datetime, automation: str | None = None
) -> list[Lead]:
    """Take in what a system had to tell, each once. What cannot be used is kept and refused, and holds up nothing.

    `automation`: who has the leads that are new with this, if it is not the installation's own.
    """
    source = _source(session, system)
    kept = [one for one in (_keep(session, source, each, now) for each in incoming) if one is not None]
    kept = _without_the_forgotten(session, kept)
    try:
        with session.begin_nested():
            received = capturing.receive_all(session, system, kept, now)
    except DataError:
        # Postgres cannot hold one of them: it alone is left out.
        received = [pair for one in kept for pair in _alone(session, system, one, now)]
    for lead, new in received:
        if new and automation is not None:
            lead.automation = automation
    return [lead for lead, _ in received]


def keep_events(session: Session, system: str, bodies: Mapping[str, bytes], now: datetime) -> list[int]:
    """Store events as they came, each once by its key; returns the arrivals that are new."""
    source = _source(session, system)
    known = select(Arrival.delivery_key).where(Arrival.source_id == source.id, Arrival.delivery_key.in_(bodies))
    before = {*session.scalars(known)}
    kept = capturing.keep_all(session, source.id, {key: bodies[key] for key in bodies.keys() - before}, now)
    session.flush()
    return sorted(arrival.id for arrival, new in kept.values() if new)


def kept_bodies(session: Session, arrival_ids: Sequence[int]) -> dict[int, bytes]:
    """Of these events, those of which nothing has been made yet."""
    wanted = select(Arrival.id, Arrival.body).where(
        Arrival.id.in_(arrival_ids), Arrival.state == ArrivalState.TAKEN, Arrival.lead_id.is_(None)
    )
    return dict(session.execute(wanted).all())


def settle_event(session: Session, arrival_id: int, lead_id: int | None) -> None:
    """Note whom an event was about. Of nobody's nothing is kept but that it came."""
    arrival = session.get_one(Arrival, arrival_id)
    arrival.lead_id = lead_id
    if lead_id is None:
        arrival.body = b""
        capturing.refuse(
            arrival, "Nobody of ours: the contact is gone, has no e-mail address, or asked to be forgotten."
        )


def _source(session: Session, system: str) -> CaptureSource:
    known = select(CaptureSource).where(CaptureSource.name == system)
    source = session.scalars(known).one_or_none()
    if source is None:
        try:
            return capturing.add_source(session, system, None)
        except AlreadyThere:
            return session.scalars(known).one()
    return source


def _keep(session: Session, source: CaptureSource, one: Incoming, now: datetime) -> Kept | None:
    """None: it was taken in before, or is of nobody."""
    try:
        with session.begin_nested():
            arrival, new = capturing.keep(session, source.id, one.key, one.body, now)
    except DeliveryConflict:
        return None
    if not new:
        return None
    try:
        return Kept(arrival, one.delivery, check(one.delivery.person))
    except BadLead as bad:
        capturing.refuse(arrival, bad.sentence)
        return None


def _without_the_forgotten(session: Session, kept: Sequence[Kept]) -> list[Kept]:
    """A system that still knows somebody whom we have erased does not bring them back."""
    forgotten = erasing.suppressed(session, {one.checked.identity for one in kept})
    for one in kept:
        if one.checked.identity in forgotten:
            erasing.drop(one.arrival)
    return [one for one in kept if one.checked.identity not in forgotten]


def _alone(session: Session, system: str, one: Kept, now: datetime) -> list[tuple[Lead, bool]]:
    try:
        with session.begin_nested():
            return capturing.receive_all(session, system, [one], now)
    except DataError:
        capturing.refuse(one.arrival, "It holds a text or a number that cannot be stored.")
        return []


# ---- the sweep --------------------------------------------------------------------------------------------------------


def begin_sweep(session: Session, system: str, now: datetime) -> SyncRun:
    """Begin one; the one that has begun and not ended goes on instead."""
    run = open_sweep(session, system)
    if run is None:
        run = SyncRun(system=system, began_at=now, compared=0)
        session.add(run)
        session.flush()
    return run


def open_sweep(session: Session, system: str) -> SyncRun | None:
    running = select(SyncRun).where(SyncRun.system == system, SyncRun.ended_at.is_(None))
    return session.scalars(running.order_by(SyncRun.began_at.desc()).limit(1)).one_or_none()


def sweep_due(session: Session, system: str, now: datetime, hour: int) -> bool:
    """Whether tonight's has to begin, or one that was begun to go on."""
    tonight = now.astimezone(UTC).replace(hour=hour, minute=0, second=0, microsecond=0)
    tonight = tonight if tonight <= now else tonight - timedelta(days=1)
    last = session.execute(
        select(SyncRun.began_at, SyncRun.ended_at)
        .where(SyncRun.system == system)
        .order_by(SyncRun.began_at.desc())
        .limit(1)
    ).one_or_none()
    return last is None or last.began_at < tonight or last.ended_at is None


def go_on(session: Session, run_id: int, position: str, compared: int) -> None:
    counted = {"position": position, "compared": SyncRun.compared + compared}
    session.execute(update(SyncRun).where(SyncRun.id == run_id).values(counted))


def end_sweep(session: Session, run_id: int, now: datetime, problem: str | None = None) -> None:
    session.execute(update(SyncRun).where(SyncRun.id == run_id).values(ended_at=now, problem=problem))


def clean_links(session: Session, system: str, after_id: int, limit: int) -> Sequence[SystemLink]:
    """The leads of which `system` should know everything, in their order."""
    return session.scalars(
        select(SystemLink)
        .where(SystemLink.system == system, SystemLink.lead_id > after_id, SystemLink.dirty_since.is_(None))
        .where(SystemLink.external_id.is_not(None), SystemLink.sent_hash.is_not(None), SystemLink.problem.is_(None))
        .order_by(SystemLink.lead_id)
        .limit(limit)
    ).all()


def put_right_lately(session: Session, system: str, lead_ids: Sequence[int], now: datetime) -> set[int]:
    """Of these leads, those that were told again not long ago because what we wrote did not stand there."""
    return set(
        session.scalars(
            select(SyncFinding.lead_id).where(
                SyncFinding.lead_id.in_(lead_ids),
                SyncFinding.system == system,
                SyncFinding.kind == Differs.LOST,
                SyncFinding.repaired.is_not(None),
                SyncFinding.found_at > now - NOT_TWICE,
            )
        )
    )


def note_finding(
    session: Session,
    run: SyncRun,
    kind: Differs,
    now: datetime,
    *,
    lead_id: int | None = None,
    external_id: str | None = None,
    detail: Mapping[str, Any] | None = None,
    repaired: str | None = None,
) -> bool:
    """Write down a difference; says whether it is new. What is for a person already stands there once."""
    same = (SyncFinding.system == run.system, SyncFinding.kind == kind, SyncFinding.settled_at.is_(None))
    whose = SyncFinding.lead_id == lead_id if lead_id is not None else SyncFinding.external_id == external_id
    if repaired is None and session.scalar(select(exists().where(*same, whose))):
        return False
    session.add(
        SyncFinding(
            run_id=run.id,
            system=run.system,
            lead_id=lead_id,
            external_id=external_id,
            kind=kind.value,
            detail=dict(detail or {}),
            repaired=repaired,
            found_at=now,
            settled_at=now if repaired else None,
        )
    )
    return True


def settle_findings(session: Session, system: str, now: datetime) -> list[int]:
    """Somebody has taken care of all that was for a person; returns the leads it was about."""
    done = (
        update(SyncFinding)
        .where(SyncFinding.system == system, SyncFinding.settled_at.is_(None))
        .values(settled_at=now)
        .returning(SyncFinding.lead_id)
    )
    return sorted({lead_id for lead_id in session.scalars(done) if lead_id is not None})


def counts_of(session: Session, run_id: int) -> dict[tuple[str, bool], int]:
    """Of one sweep: kind and whether it was put right -> how many."""
    rows = session.execute(
        select(SyncFinding.kind, SyncFinding.repaired.is_not(None), func.count())
        .where(SyncFinding.run_id == run_id)
        .group_by(SyncFinding.kind, SyncFinding.repaired.is_not(None))
    )
    return {(kind, put_right): number for kind, put_right, number in rows}
