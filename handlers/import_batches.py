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

from domain.rules.refusals import DeliveryConflict
from domain.tables import ArrivalState, CaptureSource
from domain.verbs import capturing, erasing
from domain.verbs.capturing import Kept
from handlers.import_forecast import batches
from handlers.import_items import CONFLICT, FORGOTTEN, Item, Known, Standing, known_arrivals, make_item, standing
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
            outcomes = _take_in(session, source_id, source, items)
    return outcomes


def _in_the_way(error: Exception) -> bool:
    """Somebody holds a lead of ours, or has just stored another row under a key of ours."""
    if isinstance(error, OperationalError):
        return isinstance(error.orig, LockNotAvailable | DeadlockDetected)
    return isinstance(error, DeliveryConflict)


def _take_in(session: Session, source_id: int, source: str, items: Sequence[Item]) -> list[Made | RowRefused]:
    """What became of each item, in their order. No item can spoil the others: each was checked before."""
    outcomes: list[Made | RowRefused] = [Made.NOTHING] * len(items)
    known = known_arrivals(session, source, items)
    forgotten = erasing.suppressed(session, {item.said[1].identity for item in items if item.said is not None})
    wanted: list[tuple[int, str]] = []
    for place, item in enumerate(items):
        if item.said is not None and item.said[1].identity in forgotten:
            outcomes[place] = FORGOTTEN  # nor is the row kept
            continue
        where, key = standing(item, known.get)
        if where is Standing.ALREADY:
            continue
        refused = CONFLICT if where is Standing.CONFLICT else item.refused
        if refused is not None:
            outcomes[place] = refused
        known[key] = Known(item.body_hash, taken=refused is None)
        wanted.append((place, key))
    arrivals = capturing.keep_all(session, source_id, {key: items[place].body for place, key in wanted}, utcnow())
    kept: dict[int, Kept] = {}
    for place, key in wanted:
        (arrival, new), outcome, said = arrivals[key], outcomes[place], items[place].said
        if not new and arrival.state is ArrivalState.TAKEN:
            outcomes[place] = Made.NOTHING  # another import was quicker
        elif isinstance(outcome, RowRefused):
            capturing.refuse(arrival, outcome.sentence)
        elif said is not None:
            kept[place] = Kept(arrival, *said)
    received = capturing.receive_all(session, source, list(kept.values()), utcnow(), bulk=True)
    for place, (_, made_lead) in zip(kept, received, strict=True):
        outcomes[place] = Made.LEAD if made_lead else Made.TOUCH
    return outcomes
