"""The field maps in force, and their versions. Without one a system's own default counts."""

from datetime import datetime
from functools import lru_cache

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from domain.rules.field_maps import FieldMap as Map
from domain.rules.field_maps import read_field_map
from domain.tables import FieldMap


def map_of(session: Session, system: str, default: Map) -> Map:
    """The map of `system` (salesforce, hubspot ...) that is in force."""
    newest = newest_of(session, system)
    return default if newest is None else _parsed(newest.text)


def newest_of(session: Session, system: str) -> FieldMap | None:
    wanted = select(FieldMap).where(FieldMap.system == system).order_by(FieldMap.id.desc()).limit(1)
    return session.scalars(wanted).one_or_none()


def put_in_force(session: Session, system: str, toml: str, now: datetime) -> tuple[FieldMap, bool]:
    """Keep the text as the newest version; says whether it is new. Raises ModelError; then what was in force stays."""
    read_field_map(toml)
    session.execute(text("lock table field_maps in share row exclusive mode"))
    newest = newest_of(session, system)
    if newest is not None and newest.text == toml:
        return newest, False
    row = FieldMap(system=system, text=toml, imported_at=now)
    session.add(row)
    session.flush()
    return row, True


@lru_cache(maxsize=8)
def _parsed(toml: str) -> Map:
    """Read once in a process."""
    return read_field_map(toml)
