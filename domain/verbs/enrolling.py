"""In which programme marketing automation has each lead, and what that differs from: a state, drained like the others.

It is a record of its own beside the contact's, since a contact has to be there before it can be enrolled.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import case, func, select, update
from sqlalchemy.orm import Session, aliased

from domain.tables import Lead, Programme, SystemLink
from domain.verbs.telling import MARKETING, PROGRAMMES, system_of


@dataclass(frozen=True, slots=True)
class Move:
    """A lead whose programme may have changed. `is_in` and `wanted` are names of the outside: a list, a campaign."""

    lead_id: int
    contact_id: str
    email: str = field(repr=False)
    programme: str | None
    is_in: str | None
    wanted: str | None
    dirty: int
    sure: bool = True
    """False: the last change was not answered. The lead may be in `is_in`, or not."""
    system: str = PROGRAMMES


def moves(session: Session, limit: int, automation: str | None = None) -> list[Move]:
    """The leads to look at, longest waiting first. Who is no contact there yet waits until that has been told.

    A programme of another automation than the installation's own is written with its name: `pardot:1234`.
    """
    theirs, contacts = system_of(PROGRAMMES, automation), system_of(MARKETING, automation)
    link, contact = aliased(SystemLink), aliased(SystemLink)
    rows = session.execute(
        select(
            link.lead_id,
            func.coalesce(contact.external_id, ""),
            Lead.email,
            Programme.name,
            link.programme,
            Programme.external_id,
            link.dirty,
            ~link.unsure,
        )
        .join(contact, (contact.lead_id == link.lead_id) & (contact.system == contacts))
        .join(Lead, Lead.id == link.lead_id)
        .outerjoin(Programme, (Programme.name == Lead.programme) & Programme.active)
        .where(link.system == theirs, link.dirty_since.is_not(None), contact.external_id.is_not(None))
        .order_by(link.dirty_since, link.lead_id)
        .limit(limit)
    )
    found = (Move(*row, system=theirs) for row in rows)
    return [replace(move, wanted=_named(move.wanted, automation)) for move in found]


def _named(external_id: str | None, automation: str | None) -> str | None:
    """The programme by the name that this automation knows; None: it is no programme of it."""
    if automation is None or external_id is None:
        return external_id
    whose, separator, name = external_id.partition(":")
    return name if separator and whose == automation else None


def about_to(session: Session, asked: Sequence[tuple[Move, str]]) -> None:
    """Note, before the system is asked, in which programme each lead will perhaps be: its answer may get lost."""
    for move, programme in sorted(asked, key=lambda one: one[0].lead_id):
        mine = (SystemLink.lead_id == move.lead_id, SystemLink.system == move.system)
        session.execute(update(SystemLink).where(*mine).values(programme=programme, unsure=True))


def note(session: Session, move: Move, is_in: str | None, problem: str | None, now: datetime) -> None:
    """Note where the lead is there, or what was refused. If it was moved again meanwhile (`dirty` has grown), it stays dirty."""
    session.execute(
        update(SystemLink)
        .where(SystemLink.lead_id == move.lead_id, SystemLink.system == move.system)
        .values(
            programme=is_in,
            unsure=False,
            problem=problem,
            told_at=now,
            dirty_since=case((SystemLink.dirty == move.dirty, None), else_=SystemLink.dirty_since),
        )
    )


def put_off(session: Session, move: Move, now: datetime) -> None:
    """It is to be tried again, after the others."""
    session.execute(
        update(SystemLink)
        .where(SystemLink.lead_id == move.lead_id, SystemLink.system == move.system)
        .values(dirty_since=now)
    )
