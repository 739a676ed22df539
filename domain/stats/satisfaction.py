"""How content sales is with its leads: sums of the monthly pulse. Of fewer than three answers nothing is told."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import and_, exists, func, select
from sqlalchemy.orm import Session

from domain.rules.feedback import CONTENT, FEWEST_ANSWERS, Why
from domain.tables import PoolMember, Pulse


@dataclass(frozen=True, slots=True)
class Satisfaction:
    """`feelings` counts the answers by feeling, `whys` what was said besides as (content or not, code). Both are empty while there
    are too few answers: a sum of two tells each of the two what the other said.
    """

    asked: int
    answered: int
    feelings: Mapping[int, int] = field(default_factory=dict)
    praised: Mapping[Why, int] = field(default_factory=dict)
    blamed: Mapping[Why, int] = field(default_factory=dict)

    @property
    def hidden(self) -> bool:
        return 0 < self.answered < FEWEST_ANSWERS

    @property
    def mean(self) -> float | None:
        """1 to 5; None: nobody answered, or too few."""
        count = sum(self.feelings.values())
        return sum(feeling * many for feeling, many in self.feelings.items()) / count if count else None

    @property
    def content(self) -> float | None:
        """The share of those who said 4 or 5."""
        count = sum(self.feelings.values())
        return sum(many for feeling, many in self.feelings.items() if feeling >= CONTENT) / count if count else None


def by_month(session: Session, months: Sequence[str], pool_id: int | None = None) -> dict[str, Satisfaction]:
    """Of each of these months (2026-10) in which anybody was asked; with a pool, of who is in it now."""
    found = _counted(session, months, pool_id)
    return {month: _told([row for row in found if row[0] == month]) for month in dict.fromkeys(row[0] for row in found)}


def newest(session: Session) -> tuple[str, Satisfaction] | None:
    """The newest month that anybody was asked about; None: nobody was asked yet."""
    month = session.scalar(select(func.max(Pulse.period)))
    return (month, satisfaction(session, [month])) if month is not None else None


def satisfaction(session: Session, months: Sequence[str], pool_id: int | None = None) -> Satisfaction:
    """Of all these months in one: three of them are a quarter."""
    return _told(_counted(session, months, pool_id))


_Row = tuple[str, int | None, str | None, int]


def _counted(session: Session, months: Sequence[str], pool_id: int | None) -> list[_Row]:
    wanted = select(Pulse.period, Pulse.feeling, Pulse.why, func.count()).where(Pulse.period.in_(months))
    if pool_id is not None:
        of_pool = and_(PoolMember.rep_id == Pulse.rep_id, PoolMember.pool_id == pool_id)
        wanted = wanted.where(exists(select(PoolMember.rep_id).where(of_pool)))
    rows = session.execute(
        wanted.group_by(Pulse.period, Pulse.feeling, Pulse.why).order_by(Pulse.period, Pulse.feeling)
    )
    return [(period, feeling, why, count) for period, feeling, why, count in rows]


def _told(rows: Iterable[_Row]) -> Satisfaction:
    asked, feelings = 0, Counter[int]()
    praised, blamed = Counter[Why](), Counter[Why]()
    for _, feeling, why, count in rows:
        asked += count
        if feeling is not None:
            feelings[feeling] += count
            if why is not None:
                (praised if feeling >= CONTENT else blamed)[Why(why)] += count
    answered = feelings.total()
    if answered < FEWEST_ANSWERS:
        return Satisfaction(asked, answered)
    return Satisfaction(asked, answered, dict(feelings), dict(praised), dict(blamed))
