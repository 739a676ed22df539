"""What an import would do, without doing it: which rows are new, which tier their leads reach, whose cards they become."""

import json
import math
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby, islice
from operator import itemgetter
from typing import TypeVar

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain.rules.facts import LeadFacts, Touch
from domain.rules.lifecycle import Stage
from domain.rules.routing import Territory, choose_pool
from domain.rules.scoring import Model, score
from domain.rules.tiers import Tier, tier_of
from domain.rules.validation import check
from domain.tables import Lead, Pool, PoolMember, Role, TerritoryRow, TouchRow
from domain.verbs.capturing import leads_of, take_in, touch_of
from domain.verbs.modelling import active_model
from domain.verbs.offering import SELLER
from domain.verbs.scoring import WAY, attributes, way_of
from handlers.import_items import CONFLICT, Item, Known, Standing, known_arrivals, make_item, standing
from handlers.import_map import ImportMap
from handlers.import_rows import About, Row
from handlers.jobs import pace_of, reading

T = TypeVar("T")

BATCH = 200
MOST_EXAMPLES = 10
Cells = Mapping[str, str]


@dataclass
class Cards:
    """The cards that one pool would get."""

    pool: str
    lane: str
    """The channel, or one's own for the direct messages of a pool."""
    side_by_side: int
    """How many lanes they spread over: one channel, or the direct messages of so many people."""
    count: int = 0


@dataclass
class Forecast:
    rows: int = 0
    already: int = 0
    new_leads: int = 0
    touches: int = 0
    """Of leads that are known, or that stand in the file more than once."""
    refused: Counter[About] = field(default_factory=Counter)
    unreadable: Counter[str] = field(default_factory=Counter)
    """By attribute: cells that are not the number or flag that the map says. They are left out."""
    examples: list[tuple[int, str]] = field(default_factory=list)
    """Line and reason of the first refused rows."""
    tiers: Counter[Tier] = field(default_factory=Counter)
    pools: dict[int, Cards] = field(default_factory=dict)
    nowhere: int = 0
    """Leads for sales whom no territory leads to a pool: they wait, without a card."""
    pace: timedelta = timedelta(0)

    @property
    def cards(self) -> int:
        return sum(cards.count for cards in self.pools.values())

    @property
    def posting(self) -> timedelta:
        """How long Slack takes to take them all, channels side by side, each at its pace."""
        lanes: Counter[tuple[str, int]] = Counter()
        for cards in self.pools.values():
            lanes[cards.lane, cards.side_by_side] += cards.count
        return max((self.pace * math.ceil(count / width) for (_, width), count in lanes.items()), default=timedelta(0))


def batches(things: Iterable[T], size: int = BATCH) -> Iterator[list[T]]:
    source = iter(things)
    while batch := list(islice(source, size)):
        yield batch


def forecast(imap: ImportMap, rows: Iterable[Row], now: datetime, shift: timedelta) -> Forecast:
    """Read every row and score every person in them as they would be scored at `now`, before any enrichment."""
    found = Forecast(pace=pace_of("slack:"))
    with reading() as session:
        _, model = active_model(session)
        territories, found.pools = _territories(session)
    with closing(_Spool()) as spool:
        for batch in batches(rows):
            _sort_out(imap, [make_item(imap, row, now, shift) for row in batch], spool, found)
        for people in batches(spool.people()):
            _score_people(imap, people, model, territories, found, (now, shift))
    return found


class _Spool:
    """What the pass over the file has to remember, in a private file that is gone when it is closed: memory stays small."""

    def __init__(self) -> None:
        self._sql = sqlite3.connect("", isolation_level=None)
        self._sql.executescript("""
            pragma journal_mode = off;
            create table keys (key text primary key, body_hash text, taken integer) without rowid;
            create table deliveries (identity text, number integer primary key, body blob);
        """)

    def close(self) -> None:
        self._sql.close()

    def known(self, key: str) -> Known | None:
        row = self._sql.execute("select body_hash, taken from keys where key = ?", [key]).fetchone()
        return Known(row[0], bool(row[1])) if row else None

    def note(self, key: str, known: Known) -> None:
        self._sql.execute("insert or replace into keys values (?, ?, ?)", [key, *known])

    def add(self, identity: str, body: bytes) -> None:
        self._sql.execute("insert into deliveries (identity, body) values (?, ?)", [identity, body])

    def people(self) -> Iterator[tuple[str, list[Cells]]]:
        """Each mailbox once, with its rows in the order of the file."""
        rows = self._sql.execute("select identity, body from deliveries order by identity, number")
        for identity, theirs in groupby(rows, key=itemgetter(0)):
            yield identity, [json.loads(body) for _, body in theirs]


def _sort_out(imap: ImportMap, items: Sequence[Item], spool: _Spool, found: Forecast) -> None:
    """Count what is refused or known already, and remember the rest."""
    with reading() as session:
        known = known_arrivals(session, imap.source, items)
    for item in items:
        found.rows += 1
        where, key = standing(item, lambda key: spool.known(key) or known.get(key))
        if where is Standing.ALREADY:
            found.already += 1
            continue
        refused = CONFLICT if where is Standing.CONFLICT else item.refused
        spool.note(key, Known(item.body_hash, taken=refused is None))
        if refused is not None:
            found.refused[refused.about] += 1
            if len(found.examples) < MOST_EXAMPLES:
                found.examples.append((item.row.line, refused.sentence))
        elif item.said is not None:
            found.unreadable.update(imap.unreadable(item.row.cells))
            spool.add(item.said[1].identity, item.body)


def _score_people(
    imap: ImportMap,
    people: Sequence[tuple[str, list[Cells]]],
    model: Model,
    territories: Mapping[Role, Sequence[Territory]],
    found: Forecast,
    time: tuple[datetime, timedelta],
) -> None:
    now, shift = time
    with reading() as session:
        known = _known_leads(session, [identity for identity, _ in people])
    for identity, rows in people:
        new = Lead(identity=identity, stage=Stage.CAPTURED, source=imap.source, fields={}, attributes={}, notes=[])
        lead, touches = known.get(identity) or (new, [])
        found.new_leads += lead is new
        found.touches += len(rows) - (lead is new)
        for cells in rows:
            delivery = imap.delivery(cells, now, shift)
            take_in(lead, check(delivery.person), delivery)
            touches.append(touch_of(delivery))
        facts = LeadFacts(attributes(lead.attributes, lead.source), touches)
        tier = tier_of(score(model, facts, now).total, model.thresholds)
        found.tiers[tier] += 1
        if way_of(lead, tier, now) in WAY.values():
            pool_id = choose_pool(territories[SELLER[tier]], {**lead.attributes, "source": lead.source})
            if pool_id is None:
                found.nowhere += 1
            else:
                found.pools[pool_id].count += 1


def _known_leads(session: Session, identities: Sequence[str]) -> dict[str, tuple[Lead, list[Touch]]]:
    """Those of these people who are known, with their touches. What is done to them afterwards is never stored."""
    known = leads_of(session, identities, lock=False)
    leads = {lead.id: (lead, list[Touch]()) for lead in known.values()}
    rows = session.scalars(
        select(TouchRow).where(TouchRow.lead_id.in_(leads)).order_by(TouchRow.occurred_at, TouchRow.id)
    )
    for row in rows:
        leads[row.lead_id][1].append(Touch(row.kind, row.occurred_at, row.campaign, row.channel, row.content, row.page))
    return {identity: leads[lead.id] for identity, lead in known.items()}


def _territories(session: Session) -> tuple[dict[Role, list[Territory]], dict[int, Cards]]:
    """The territories of each role in their order, and every pool with no card yet."""
    sizes = session.execute(select(PoolMember.pool_id, func.count()).group_by(PoolMember.pool_id))
    members = dict(sizes.all())
    pools = {
        pool.id: Cards(pool.name, pool.slack_channel or "", 1)
        if pool.role is Role.SDR and pool.slack_channel
        # AEs get theirs by direct message, each on a lane of their own.
        else Cards(pool.name, f"direct-{pool.id}", members.get(pool.id, 1))
        for pool in session.scalars(select(Pool).order_by(Pool.role.desc(), Pool.name))
    }
    ordered = select(TerritoryRow).order_by(TerritoryRow.position, TerritoryRow.id)
    territories: dict[Role, list[Territory]] = {role: [] for role in Role}
    for row in session.scalars(ordered):
        territories[row.role].append(Territory(row.pool_id, row.when))
    return territories, pools
