"""How attribution is done, and the versions of it. What is frozen keeps the practice that it was frozen with."""

from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from sqlalchemy.orm import Session

from domain.rules.attribution_file import DEFAULT, Practice, read_practice
from domain.tables import AttributionFile, Happened
from domain.verbs.file_versions import keep, newest


class InForce(NamedTuple):
    """`version` None: nobody has imported a file, and the built-in practice counts."""

    version: int | None
    practice: Practice


def in_force(session: Session) -> InForce:
    row = newest(session, AttributionFile)
    return InForce(None, DEFAULT) if row is None else InForce(row.id, _parsed(row.text))


def put_in_force(session: Session, toml: str, now: datetime) -> tuple[AttributionFile, bool]:
    """Keep the text as the newest version, if it is new. Raises `ModelError`, which names the key that is wrong; then what
    was in force stays.
    """
    read_practice(toml)
    return keep(session, AttributionFile, toml, Happened.ATTRIBUTION_IMPORTED, now)


@lru_cache(maxsize=4)
def _parsed(toml: str) -> Practice:
    """Read once in a process."""
    return read_practice(toml)
