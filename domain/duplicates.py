"""Pairs of leads that are likely one person. A person decides: nothing is merged by likeness."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, combinations, islice
from typing import Any

from rapidfuzz import fuzz
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import Session

from domain.rules.lifecycle import GONE
from domain.rules.mailboxes import read_mailbox
from domain.tables import Lead, LeadMerge

SAME_NAME = 92.0
"""`fuzz.token_sort_ratio` of two full names: a letter more or less, or first and last name the other way round."""
LARGEST_BLOCK = 50
MOST_BLOCKS = 1_000
"""Only leads that share a block are compared: at most so many blocks of so many leads, however many leads there are."""


@dataclass(frozen=True, slots=True)
class Pair:
    one: str
    other: str
    why: str


def likely(session: Session, limit: int) -> list[Pair]:
    """Up to `limit` pairs: one mailbox first, then the same telephone, then nearly the same name at the same company. The older
    lead stands first.

    Two whose merge was taken back are two.
    """
    phone = Lead.fields["phone"]["value"].as_string()
    by_phone = _blocks(session, [phone], phone.is_not(None))
    letter = func.lower(func.left(Lead.last_name, 1))
    named = Lead.company_id.is_not(None) & Lead.first_name.is_not(None) & Lead.last_name.is_not(None)
    by_name = _blocks(session, [Lead.company_id, letter], named)
    two = {frozenset(row) for row in session.execute(select(LeadMerge.kept_id, LeadMerge.merged_id))}
    pairs: dict[frozenset[int], Pair] = {}
    likely = chain(_same_mailbox(session), _same_phone(session, by_phone), _same_name(session, by_name))
    for one, other, why in likely:
        if len(pairs) >= limit:
            break
        key = frozenset({one.id, other.id})
        if key not in two:
            pairs.setdefault(key, Pair(one.email, other.email, why))
    return list(pairs.values())


Likely = tuple[Lead, Lead, str]


def _blocks(session: Session, by: Sequence[Any], known: ColumnElement[bool]) -> list[list[int]]:
    """The ids of leads that agree in `by`, the newest of each block, in their order."""
    newest = func.array_agg(aggregate_order_by(Lead.id, Lead.id.desc()))
    rows = session.scalars(
        select(newest)
        .where(known, Lead.stage.not_in(GONE))
        .group_by(*by)
        .having(func.count() > 1)
        .order_by(func.max(Lead.id).desc())
        .limit(MOST_BLOCKS)
    )
    return [sorted(ids[:LARGEST_BLOCK]) for ids in rows]


def _pairs(session: Session, blocks: Iterable[list[int]]) -> Iterator[tuple[Lead, Lead]]:
    """All pairs of each block; the leads are read a few blocks at a time."""
    waiting = iter(blocks)
    while some := list(islice(waiting, 20)):
        wanted = select(Lead).where(Lead.id.in_({lead_id for block in some for lead_id in block}))
        leads = {lead.id: lead for lead in session.scalars(wanted)}
        for block in some:
            yield from combinations((leads[lead_id] for lead_id in block if lead_id in leads), 2)


def _same_mailbox(session: Session) -> Iterator[Likely]:
    """Leads that were there before we looked at mailboxes: they are known by their address, another one by the mailbox."""
    noted = Lead.email.regexp_match(r"[+]|[.].*@gmail[.]com$|@googlemail[.]com$")
    wanted = select(Lead).where(Lead.identity == Lead.email, noted, Lead.stage.not_in(GONE))
    spelled = {lead: read_mailbox(lead.email).identity for lead in session.scalars(wanted.limit(MOST_BLOCKS))}
    owners = select(Lead).where(Lead.identity.in_({*spelled.values()}), Lead.stage.not_in(GONE))
    known = {lead.identity: lead for lead in session.scalars(owners)}
    for lead, identity in spelled.items():
        owner = known.get(identity, lead)
        if owner is not lead:
            yield *sorted((owner, lead), key=lambda one: one.id), "one mailbox"  # type: ignore[misc]


def _same_phone(session: Session, blocks: Iterable[list[int]]) -> Iterator[Likely]:
    for one, other in _pairs(session, blocks):
        yield one, other, "the same telephone"


def _same_name(session: Session, blocks: Iterable[list[int]]) -> Iterator[Likely]:
    for one, other in _pairs(session, blocks):
        alike = fuzz.token_sort_ratio(_name(one), _name(other))
        if alike >= SAME_NAME:
            yield one, other, f"their names are {alike:.0f} % alike, at the same company"


def _name(lead: Lead) -> str:
    return f"{lead.first_name} {lead.last_name}".casefold()
