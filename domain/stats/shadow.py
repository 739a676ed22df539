"""A model in shadow beside the active one: what it would have said of the leads that both have scored."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from heapq import nlargest

from sqlalchemy import Select, and_, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session, aliased

from domain.rules.scoring import Model
from domain.rules.tiers import Tier, tier_of
from domain.tables import Lead, ScoreRow

Move = tuple[Tier, Tier]
"""From the tier of the active model's score to that of the one in shadow."""


@dataclass(frozen=True, slots=True)
class Differs:
    """A lead of which the two models think differently."""

    lead_id: int
    email: str
    active: int
    shadow: int

    @property
    def change(self) -> int:
        return self.shadow - self.active


@dataclass(frozen=True, slots=True)
class Beside:
    """Each lead counts once, with the newest score that it has of both models for the same moment."""

    leads: int
    moves: Mapping[Move, int]
    mean_change: float | None
    """Points; None without leads."""
    biggest: tuple[Differs, ...]
    """The leads whose score differs most, first."""

    @property
    def moved(self) -> int:
        """How many leads would be in another tier."""
        return sum(count for (active, shadow), count in self.moves.items() if active is not shadow)


def beside(
    session: Session, active: tuple[int, Model], shadow: tuple[int, Model], since: datetime, most: int = 10
) -> Beside:
    """Compare two models, each given with the id of its row, over the scores from `since` on.

    Tiers are by the score alone: what a lead is held in by the hysteresis is a matter of its past, not of a model.
    """
    rows = session.execute(_pairs(active[0], shadow[0], since)).all()
    moves = Counter(
        (tier_of(row.active, active[1].thresholds), tier_of(row.shadow, shadow[1].thresholds)) for row in rows
    )
    differ = (Differs(row.lead_id, row.email, row.active, row.shadow) for row in rows if row.active != row.shadow)
    return Beside(
        leads=len(rows),
        moves=moves,
        mean_change=sum(row.shadow - row.active for row in rows) / len(rows) if rows else None,
        biggest=tuple(nlargest(most, differ, key=lambda one: (abs(one.change), -one.lead_id))),
    )


def _pairs(active_id: int, shadow_id: int, since: datetime) -> Select[int, str, int, int]:
    active, shadow = aliased(ScoreRow), aliased(ScoreRow)
    same_moment = and_(
        active.lead_id == shadow.lead_id, active.as_of == shadow.as_of, active.model_id == active_id, active.acted
    )
    return (
        select(shadow.lead_id, Lead.email, active.total.label("active"), shadow.total.label("shadow"))
        .join(active, same_moment)
        .join(Lead, Lead.id == shadow.lead_id)
        .where(shadow.model_id == shadow_id, shadow.as_of >= since, ~shadow.acted)
        .ext(distinct_on(shadow.lead_id))
        .order_by(shadow.lead_id, shadow.as_of.desc(), shadow.id.desc())
    )
