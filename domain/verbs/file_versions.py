"""Files of settings that are kept in versions, as they were imported: the newest is in force."""

from datetime import datetime
from typing import TypeVar

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from domain.tables import AttributionFile, Happened, QualificationFile, SlaFile
from domain.verbs.record import happened

F = TypeVar("F", SlaFile, QualificationFile, AttributionFile)


def newest(session: Session, table: type[F]) -> F | None:
    return session.scalars(select(table).order_by(table.id.desc()).limit(1)).one_or_none()


def keep(session: Session, table: type[F], toml: str, imported: Happened, now: datetime) -> tuple[F, bool]:
    """Keep the text as the newest version; says whether it is new. The text that is in force already is not kept again."""
    session.execute(text(f"lock table {table.__tablename__} in share row exclusive mode"))
    known = newest(session, table)
    if known is not None and known.text == toml:
        return known, False
    row = table(text=toml, imported_at=now)
    session.add(row)
    session.flush()
    happened(session, imported, now, version=row.id)
    return row, True
