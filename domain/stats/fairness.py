"""What each rep was due of a pool's leads, and what they got. Counted is what the rotation gave and nobody gave back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CompoundSelect, Double, Select, case, column, func, literal, select, union_all
from sqlalchemy.orm import Session

from domain.tables import DealHandoff, Handoff, Rep, Turn, TurnKind

SIGN = case({TurnKind.TURN.value: 1, TurnKind.CREDIT.value: -1}, value=Turn.kind, else_=0)


@dataclass(frozen=True, slots=True)
class Fair:
    """`expected`: the sum of their dues, of each lead the weight's part among those who could be asked then. `turns`: what
    they got of these leads. `owned`: what came to them outside of the rotation. `credited`: turns that were given back.
    """

    rep_id: int
    name: str
    expected: float
    turns: int
    owned: int
    credited: int

    @property
    def ahead(self) -> float:
        """By how many leads they are ahead of their share; below 0: behind."""
        return self.turns - self.expected


def fairness(session: Session, pool_id: int, since: datetime) -> Sequence[Fair]:
    """By name, of all turns since then."""
    parts = _parts(pool_id, since).subquery()
    sums = [func.sum(parts.c[name]) for name in ("expected", "turns", "owned", "credited")]
    rows = session.execute(
        select(Rep.id, Rep.name, *sums)
        .join(parts, parts.c.rep_id == Rep.id)
        .group_by(Rep.id, Rep.name)
        .order_by(Rep.name, Rep.id)
    )
    return [
        Fair(rep_id, name, float(expected), int(turns), int(owned), int(credited))
        for rep_id, name, expected, turns, owned, credited in rows
    ]


def _parts(pool_id: int, since: datetime) -> CompoundSelect[Any]:
    """Dues, turns, and what stands beside them, each as one line that is added up."""
    period = (Turn.pool_id == pool_id, Turn.at >= since)
    standing = (
        select(Turn.handoff_id, Turn.deal_id, Turn.rep_id)
        .where(*period, Turn.kind.in_([TurnKind.TURN, TurnKind.CREDIT]))
        .group_by(Turn.handoff_id, Turn.deal_id, Turn.rep_id)
        # What was given back is nobody's due either.
        .having(func.sum(SIGN) > 0)
        .cte("standing")
    )
    due = (
        # An opportunity is handed to an AE by a choice of its own.
        func.jsonb_to_recordset(func.coalesce(DealHandoff.trace["candidates"], Handoff.trace["candidates"]))
        .table_valued(column("rep", BigInteger), column("share", Double))
        .render_derived(with_types=True)
    )
    dues: Select[Any] = _line(due.c.rep, expected=due.c.share).select_from(standing)
    dues = dues.join(Handoff, Handoff.id == standing.c.handoff_id)
    dues = dues.outerjoin(DealHandoff, DealHandoff.id == standing.c.deal_id).join(due, literal(value=True))
    outside = Turn.kind.in_([TurnKind.OWNER, TurnKind.MOVED])
    beside = _line(
        Turn.rep_id, owned=case((outside, 1), else_=0), credited=case((Turn.kind == TurnKind.CREDIT, 1), else_=0)
    ).where(*period, Turn.kind != TurnKind.TURN)
    return union_all(dues, _line(standing.c.rep_id, turns=literal(1)), beside)


def _line(rep_id: Any, **counted: Any) -> Select[Any]:
    names = ("expected", "turns", "owned", "credited")
    return select(rep_id.label("rep_id"), *(counted.get(name, literal(0)).label(name) for name in names))
