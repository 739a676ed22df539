"""What other systems have to be told: marking it, and noting that it was done."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import exists, func, select, text, update
from sqlalchemy.orm import Session

from domain.tables import Lead, SystemLink

CRM = "crm"
MARKETING = "marketing"
PROGRAMMES = "programmes"
"""Marketing automation once more: in which nurture programme it has the lead (`enrolling.py`)."""
SEVERAL = frozenset({MARKETING, PROGRAMMES})
"""Of these there may be several: a lead has one of them."""


def system_of(base: str, automation: str | None) -> str:
    """The name under which links keep what `automation` knows; None: the installation's own."""
    return f"{base}:{automation}" if automation and base in SEVERAL else base


def mark_dirty(session: Session, lead: Lead, now: datetime, *systems: str) -> None:
    """Say that `systems` know less of this lead than we do. Of marketing automation it is the lead's own."""
    names = sorted({system_of(system, lead.automation) for system in systems})
    session.connection().execute(_MARK, {"lead_id": lead.id, "systems": names, "now": now})


# Every decision runs it, so it is written out, and asks for no flush: who has an id was written before.
_MARK = text("""
insert into system_links (lead_id, system, dirty, dirty_since)
select :lead_id, system, 1, :now from unnest(cast(:systems as text[])) as told(system) order by system
on conflict (lead_id, system) do update
set dirty = system_links.dirty + 1, dirty_since = coalesce(system_links.dirty_since, excluded.dirty_since)
""")


def mark_all_dirty(session: Session, lead_ids: Sequence[int], now: datetime, system: str) -> None:
    """The same of many leads at a stroke, for one system."""
    wanted = {"ids": sorted(lead_ids), "system": system, "now": now, "several": system in SEVERAL}
    session.execute(_MARK_ALL, wanted)


_MARK_ALL = text("""
insert into system_links (lead_id, system, dirty, dirty_since)
select id, case when :several and automation is not null then :system || ':' || automation else :system end, 1, :now
from leads where id = any(cast(:ids as bigint[])) order by id
on conflict (lead_id, system) do update
set dirty = system_links.dirty + 1, dirty_since = coalesce(system_links.dirty_since, excluded.dirty_since)
""")


def tell_again(session: Session, system: str, now: datetime, lead_ids: Sequence[int] | None = None) -> int:
    """Have what `system` was told already told once more, of these leads or of all it knows. Returns how many."""
    which = update(SystemLink).where(SystemLink.system == system)
    which = which if lead_ids is None else which.where(SystemLink.lead_id.in_(lead_ids))
    again = {
        "sent_hash": None,
        "dirty": SystemLink.dirty + 1,
        "dirty_since": func.coalesce(SystemLink.dirty_since, now),
    }
    return len(session.scalars(which.values(again).returning(SystemLink.lead_id)).all())


@dataclass(frozen=True, slots=True)
class Told:
    """What a system said to one lead. `dirty` is how often the lead had changed when it was read for this."""

    lead_id: int
    dirty: int
    sent_hash: str
    external_id: str | None = None
    problem: str | None = None


def note_told(session: Session, system: str, told: Sequence[Told], now: datetime) -> None:
    """Note what `system` said. A lead that changed meanwhile (`dirty` has grown) stays dirty."""
    if told:
        rows = json.dumps([asdict(one) for one in told])
        session.execute(_NOTE, {"system": system, "rows": rows, "ids": [one.lead_id for one in told], "now": now})


# Locked in the order in which everybody locks, which an UPDATE does not promise.
_NOTE = text("""
with held as materialized (
    select lead_id from system_links where system = :system and lead_id = any(cast(:ids as bigint[]))
    order by lead_id for update
)
update system_links l
set external_id = coalesce(t.external_id, l.external_id), sent_hash = t.sent_hash, told_at = :now, problem = t.problem,
    dirty_since = case when l.dirty = t.dirty then null else l.dirty_since end
from held h
join jsonb_to_recordset(cast(:rows as jsonb))
    as t(lead_id bigint, dirty bigint, sent_hash text, external_id text, problem text) on t.lead_id = h.lead_id
where l.lead_id = h.lead_id and l.system = :system
""")


def put_off(session: Session, system: str, lead_ids: Sequence[int], now: datetime) -> None:
    """Let others go first: what `system` would not take now must not stand before them for ever."""
    if lead_ids:
        mine = (SystemLink.system == system, SystemLink.lead_id.in_(lead_ids))
        session.execute(select(SystemLink.lead_id).where(*mine).order_by(SystemLink.lead_id).with_for_update())
        session.execute(update(SystemLink).where(*mine).values(dirty_since=now))


def dirty_links(session: Session, system: str, limit: int) -> Sequence[SystemLink]:
    """The leads that `system` has to be told of, longest waiting first."""
    return session.scalars(
        select(SystemLink)
        .where(SystemLink.system == system, SystemLink.dirty_since.is_not(None))
        .order_by(SystemLink.dirty_since, SystemLink.lead_id)
        .limit(limit)
    ).all()


def is_dirty(session: Session, base: str) -> bool:
    """Whether there is a lead of which a system of this kind, whichever, has to be told."""
    # Also by range, so that the index is used: "marketing:" is followed by a name, and ";" comes after ":".
    these = (SystemLink.system == base) | ((SystemLink.system > f"{base}:") & (SystemLink.system < f"{base};"))
    return bool(session.scalar(select(exists().where(these, SystemLink.dirty_since.is_not(None)))))
