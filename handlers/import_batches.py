"""Rows into the record, a batch to a transaction: each kept as it came, then received."""

import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, auto

import stamina
from psycopg.errors import DeadlockDetected, LockNotAvailable
from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from domain.rules.validation import BadLead
from domain.tables import Arrival, ArrivalState, CaptureSource
from domain.verbs import capturing
from handlers.import_forecast import batches
from handlers.import_items import CONFLICT, Item, Known, Standing, known_arrivals, make_item, standing
from handlers.import_map import ImportMap
from handlers.import_rows import About, RefusedRows, Row, RowRefused
from handlers.jobs import transaction
from kit.clock import utcnow

TRIES = 10
"""How often a batch makes way for somebody who holds one of its leads, before the import gives up."""


class Made(Enum):
    """What became of a row that was not refused."""

    LEAD = auto()
    TOUCH = auto()
    NOTHING = auto()
    """It is there already."""


@dataclass
class Done:
    """What an import has done so far; only what is committed is counted."""

    made: Counter[Made] = field(default_factory=Counter)
    refused: Counter[About] = field(default_factory=Counter)
    seconds: float = 0.0

    @property
    def rows(self) -> int:
        return self.made.total() + self.refused.total()


def run(imap: ImportMap, rows: Iterable[Row], report: RefusedRows, done: Done, now: datetime, shift: timedelta) -> None:
    """Import the rows; `done` grows with every commit. Whatever stops it, running it again goes on where it was."""
    start = time.monotonic()
    source_id = _source(imap.source)
    for batch in batches(rows):
        items = [make_item(imap, row, now, shift) for row in batch]
        for item, outcome in zip(items, _take(source_id, imap.source, items), strict=True):
            if isinstance(outcome, RowRefused):
                done.refused[outcome.about] += 1
                report.add(item.row.line, outcome.sentence, item.row.listing)
            else:
                done.made[outcome] += 1
        done.seconds = time.monotonic() - start


def _source(name: str) -> int:
    """The source of this name, made if there is none: without a key, so nobody can post to it."""
    with transaction() as session:
        known = session.scalars(select(CaptureSource.id).where(CaptureSource.name == name)).one_or_none()
        return known or capturing.add_source(session, name, None).id


def _take(source_id: int, source: str, items: Sequence[Item]) -> list[Made | RowRefused]:
    """One transaction. A form that is just being posted goes first: the batch lets go of its locks and is done anew."""
    for attempt in stamina.retry_context(on=_in_the_way, attempts=TRIES, timeout=None):
        with attempt, transaction() as session:
            # Shorter than Postgres waits before it looks for a deadlock, so that it is never the live lead that loses.
            session.execute(text("set local lock_timeout = '500ms'"))
            known = known_arrivals(session, source, items)
            outcomes = [_take_one(session, source_id, source, item, known) for item in items]
    return outcomes


def _in_the_way(error: Exception) -> bool:
    return isinstance(error, OperationalError) and isinstance(error.orig, LockNotAvailable | DeadlockDetected)


def _take_one(session: Session, source_id: int, source: str, item: Item, known: dict[str, Known]) -> Made | RowRefused:
    where, key = standing(item, known.get)
    if where is Standing.ALREADY:
        return Made.NOTHING
    arrival, new = capturing.keep(session, source_id, key, item.body, utcnow())
    if not new:
        # Refused before and tried again now, unless another import is doing that at this moment.
        session.refresh(arrival, with_for_update=True)
        if arrival.state is ArrivalState.TAKEN:
            return Made.NOTHING
    outcome = _receive(session, arrival, source, item, where)
    if isinstance(outcome, RowRefused):
        capturing.refuse(arrival, outcome.sentence)
    known[key] = Known(item.body_hash, taken=not isinstance(outcome, RowRefused))
    return outcome


def _receive(session: Session, arrival: Arrival, source: str, item: Item, where: Standing) -> Made | RowRefused:
    if item.delivery is None or where is Standing.CONFLICT:
        return item.refused or CONFLICT
    now = utcnow()
    try:
        with session.begin_nested():
            lead = capturing.receive(session, arrival, source, item.delivery, now, bulk=True)
    except BadLead as bad:
        return RowRefused(About.EMAIL, bad.sentence)
    # Each row has a time of its own: a lead that was captured at this very one was captured by this row.
    return Made.LEAD if lead.captured_at == now else Made.TOUCH
