"""What other systems have to be told: marking it, and noting that it was done."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import case, func, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from domain.tables import Lead, SystemLink

CRM = "crm"
MARKETING = "marketing"
PROGRAMMES = "programmes"
"""Marketing automation once more: in which nurture programme it has the lead (`enrolling.py`)."""


def mark_dirty(session: Session, lead: Lead, now: datetime, *systems: str) -> None:
    """Say that `systems` know less of this lead than we do."""
    marks = [{"lead_id": lead.id, "system": system, "dirty": 1, "dirty_since": now} for system in sorted(systems)]
    session.execute(_MARK, marks)


# Compiled once: a list of values within the statement would be compiled anew each time.
_LINK = upsert(SystemLink)
_MARK = _LINK.on_conflict_do_update(
    index_elements=["lead_id", "system"],
    set_={
        "dirty": SystemLink.dirty + 1,
        "dirty_since": func.coalesce(SystemLink.dirty_since, _LINK.excluded.dirty_since),
    },
)


def mark_all_dirty(session: Session, lead_ids: Sequence[int], now: datetime, system: str) -> None:
    """The same of many leads at a stroke, for one system."""
    session.execute(_MARK_ALL, {"ids": sorted(lead_ids), "system": system, "now": now})


_MARK_ALL = text("""
insert into system_links (lead_id, system, dirty, dirty_since)
select unnest(cast(:ids as bigint[])), :system, 1, :now
on conflict (lead_id, system) do update
set dirty = system_links.dirty + 1, dirty_since = coalesce(system_links.dirty_since, excluded.dirty_since)
""")


def note_told(
    session: Session, link: SystemLink, now: datetime, *, external_id: str | None, sent_hash: str, problem: str | None
) -> None:
    """Note what `link`'s system said. If the lead changed meanwhile (`dirty` has grown), it stays dirty."""
    session.execute(
        update(SystemLink)
        .where(SystemLink.lead_id == link.lead_id, SystemLink.system == link.system)
        .values(
            external_id=func.coalesce(external_id, SystemLink.external_id),
            sent_hash=sent_hash,
            told_at=now,
            problem=problem,
            dirty_since=case((SystemLink.dirty == link.dirty, None), else_=SystemLink.dirty_since),
        )
    )


def put_off(session: Session, link: SystemLink, now: datetime) -> None:
    """Let others go first: what `link`'s system would not take now must not stand before them for ever."""
    session.execute(
        update(SystemLink)
        .where(SystemLink.lead_id == link.lead_id, SystemLink.system == link.system)
        .values(dirty_since=now)
    )


def dirty_links(session: Session, system: str, limit: int) -> Sequence[SystemLink]:
    """The leads that `system` has to be told of, longest waiting first."""
    return session.scalars(
        select(SystemLink)
        .where(SystemLink.system == system, SystemLink.dirty_since.is_not(None))
        .order_by(SystemLink.dirty_since, SystemLink.lead_id)
        .limit(limit)
    ).all()
