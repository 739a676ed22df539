"""How what a loop found is kept and read again: plain values as JSON, so that it can be shown unchanged later."""

from collections.abc import Collection
from typing import Any, TypeVar

from pydantic import TypeAdapter
from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.rules.feedback import Loop
from domain.tables import LoopRun

T = TypeVar("T")
ALL = "all"
"""The audience of what is the same for everybody."""
IN_CHANNEL = "channel"
"""The audience of a file that was shared for all."""


def to_json(found: object) -> dict[str, Any]:
    kept: dict[str, Any] = TypeAdapter(type(found)).dump_python(found, mode="json")
    return kept


def from_json(kind: type[T], kept: dict[str, Any]) -> T:
    return TypeAdapter(kind).validate_python(kept)


def of_person(rep_id: int) -> str:
    """The audience of what is one person's own."""
    return f"rep-{rep_id}"


def run_of(session: Session, kind: Loop, period: str, audience: str = ALL) -> LoopRun | None:
    return session.scalars(
        select(LoopRun).where(LoopRun.kind == kind, LoopRun.period == period, LoopRun.audience == audience)
    ).one_or_none()


def runs_of(session: Session, kind: Loop, periods: Collection[str]) -> dict[tuple[str, str], str | None]:
    """What was made for these times, by time and audience, each with Slack's id of its file if it has one."""
    rows = session.execute(
        select(LoopRun.period, LoopRun.audience, LoopRun.file_id).where(
            LoopRun.kind == kind, LoopRun.period.in_(periods)
        )
    )
    return {(period, audience): file_id for period, audience, file_id in rows}
