"""What a rep sees of themselves: when they work, how much they can take, when they are away, whom they cover."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, select
from sqlalchemy.orm import Session, aliased

from domain.rules.preferences import Alert, Preferences, from_json
from domain.rules.working_hours import week_words
from domain.tables import Absence, Rep, Role
from domain.verbs.staffing import Settings, settings_of

SHOWN_ABSENCES = 5
COVERS = 99
"""How many colleagues a list in Slack can name, beside nobody."""


_OF_SALES = (Alert.REMINDER, Alert.OVERDUE, Alert.WOKEN, Alert.CRM_REFUSED, Alert.HOTTER, Alert.JUMP)
_LOOPS = (Alert.WEEKLY, Alert.MONTHLY)
_ALERTS = {
    Role.SDR: (*_OF_SALES, Alert.PULSE, Alert.DEAL_NEWS, Alert.DEAL_STUCK),
    Role.AE: (*_OF_SALES, Alert.PULSE, Alert.DEAL_DUE, Alert.DEAL_NEWS, Alert.DEAL_STUCK),
    Role.MANAGER: (
        *(Alert.SLA_MISSED, Alert.POOL_SHORT, *_OF_SALES, Alert.REVIEW, Alert.PROPOSAL, Alert.DAILY, *_LOOPS),
        *(Alert.DEAL_LATE, Alert.DEAL_NEWS, Alert.DEAL_STUCK),
    ),
    Role.MARKETING: (Alert.JUMP, Alert.REVIEW, *_LOOPS),
}
"""What may be said to whom: nobody is asked about words that they never get."""


@dataclass(frozen=True, slots=True)
class AbsenceView:
    absence_id: int
    since: datetime
    until: datetime
    who: str | None
    """Who covers, or for whom one covers."""


@dataclass(frozen=True, slots=True)
class OwnView:
    """Names are text from outside."""

    settings: Settings
    available: bool
    away: AbsenceView | None
    """The absence that runs."""
    coming: Sequence[AbsenceView]
    covering: Sequence[AbsenceView]
    preferences: Preferences = Preferences()  # noqa: RUF009  (it is frozen)
    alerts: Sequence[Alert] = tuple(Alert)
    """What may be said to them at all."""

    @property
    def hours_words(self) -> str:
        return "" if self.settings.hours is None else week_words(self.settings.hours)


def own_view(session: Session, rep: Rep, now: datetime) -> OwnView:
    cover = aliased(Rep)
    open_ones = (Absence.ended_at.is_(None), Absence.cancelled_at.is_(None))
    own = session.execute(
        select(Absence, cover.name)
        .outerjoin(cover, cover.id == Absence.cover_id)
        .where(Absence.rep_id == rep.id, *open_ones)
        .order_by(Absence.since)
        .limit(SHOWN_ABSENCES + 1)
    ).all()
    views = [AbsenceView(absence.id, absence.since, absence.until, name) for absence, name in own]
    covering = session.execute(
        select(Absence, Rep.name)
        .join(Rep, Rep.id == Absence.rep_id)
        .where(Absence.cover_id == rep.id, Absence.until > now, *open_ones)
        .order_by(Absence.since)
        .limit(SHOWN_ABSENCES)
    ).all()
    return OwnView(
        settings=settings_of(rep),
        available=rep.available,
        away=next((view for view in views if view.since <= now), None),
        coming=[view for view in views if view.since > now][:SHOWN_ABSENCES],
        covering=[AbsenceView(absence.id, absence.since, absence.until, name) for absence, name in covering],
        preferences=from_json(rep.preferences),
        alerts=(*_ALERTS[rep.role], *([Alert.HEALTH] if rep.admin else [])),
    )


def possible_covers(session: Session, rep: Rep) -> list[tuple[int, str]]:
    """The colleagues of sales who may cover for `rep` (id, name): those of the same role first."""
    rows = session.execute(
        select(Rep.id, Rep.name)
        .where(Rep.active, Rep.id != rep.id, Rep.role != Role.MARKETING)
        .order_by(case((Rep.role == rep.role, 0), else_=1), Rep.name, Rep.id)
        .limit(COVERS)
    )
    return [(rep_id, name) for rep_id, name in rows]
