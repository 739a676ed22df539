"""A row of an import as a delivery with a key, and whether the record has it already."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
from hashlib import sha256
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.rules.validation import BadLead, Checked, check
from domain.tables import Arrival, ArrivalState, CaptureSource
from domain.verbs.capturing import Delivery
from handlers.import_map import ImportMap
from handlers.import_rows import About, Row, RowRefused

LONGEST_KEY = 200
CONFLICT = RowRefused(
    About.CONFLICT, "Another row with this key was imported before. A new happening needs a key of its own."
)


FORGOTTEN = RowRefused(
    About.ERASED, "This person asked to be forgotten and was erased. They come back if they write to you themselves."
)


@dataclass(frozen=True, slots=True)
class Item:
    """A row with its delivery key, and what it says or why it says nothing."""

    row: Row
    key: str
    body: bytes
    body_hash: str
    said: tuple[Delivery, Checked] | None = None
    refused: RowRefused | None = None

    @property
    def second_key(self) -> str:
        """Under which it is kept if its own key is taken by a row that says something else."""
        return f"{self.key}~{self.body_hash[:32]}"


def make_item(imap: ImportMap, row: Row, now: datetime, shift: timedelta) -> Item:
    """Never fails: what cannot be read is an item that is refused, under the hash of the row if there is no key."""
    body = row.body
    digest = sha256(body).hexdigest()
    key = f"row-{digest}"
    try:
        if row.broken is not None:
            raise row.broken
        key = _key(imap, row) if imap.key else key
        delivery = imap.delivery(row.cells, now, shift)
        return Item(row, key, body, digest, said=(delivery, check(delivery.person)))
    except RowRefused as refused:
        return Item(row, key, body, digest, refused=refused)
    except BadLead as bad:
        return Item(row, key, body, digest, refused=RowRefused(About.EMAIL, bad.sentence))


def _key(imap: ImportMap, row: Row) -> str:
    """From the row as it stands, whatever the map's tables of values say: the key must outlive a change of them."""
    template = imap.key
    if template is None or (template.columns and not any(row.cells[column].strip() for column in template.columns)):
        raise RowRefused(About.KEY, "The columns of the key are empty.")
    key = template.fill(row.cells).strip()
    if not 0 < len(key) <= LONGEST_KEY:
        raise RowRefused(About.KEY, f"A key has 1 to {LONGEST_KEY} characters.")
    return key


class Known(NamedTuple):
    """What the record has under a key."""

    body_hash: str
    taken: bool
    """A lead or a touch was made of it; else it was refused, and may be tried again."""


class Standing(Enum):
    NEW = auto()
    """Or known and refused before: tried (again) under the key."""
    ALREADY = auto()
    CONFLICT = auto()


def standing(item: Item, known: Callable[[str], Known | None]) -> tuple[Standing, str]:
    """Where the item stands, and the key to keep it under.

    A row that was refused before may come again corrected, under its old key: then nothing was made of that key yet,
    and the corrected row is a delivery of its own.
    """
    first = known(item.key)
    if first is None or first.body_hash == item.body_hash:
        return (Standing.ALREADY if first and first.taken else Standing.NEW), item.key
    second = known(item.second_key)
    if second and second.taken:
        return Standing.ALREADY, item.second_key
    return (Standing.CONFLICT if first.taken else Standing.NEW), item.second_key


def known_arrivals(session: Session, source: str, items: Iterable[Item]) -> dict[str, Known]:
    """What the record has under the keys of these items."""
    keys = {key for item in items for key in (item.key, item.second_key)}
    rows = session.execute(
        select(Arrival.delivery_key, Arrival.body_hash, Arrival.state)
        .join(CaptureSource)
        .where(CaptureSource.name == source, Arrival.delivery_key.in_(keys))
    )
    return {row.delivery_key: Known(row.body_hash, row.state is ArrivalState.TAKEN) for row in rows}
