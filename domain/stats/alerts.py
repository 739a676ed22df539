"""How often each kind of word led to something: what is told and never acted on need not be told so loudly."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from domain.rules.preferences import Alert, Held
from domain.tables import Notice
from domain.tables.notices import OF_MANY


@dataclass(frozen=True, slots=True)
class AlertCount:
    """One kind of word since a moment. Acted on: the person did something about the lead within a day of hearing it."""

    kind: Alert
    at_once: int
    in_digest: int
    muted: int
    acted: int
    of: int
    """How many were said of a lead, or of many in one, at once or in a digest: those that can be acted on."""

    @property
    def share(self) -> float | None:
        """None: there is nothing to count yet."""
        return self.acted / self.of if self.of else None


def alerts(session: Session, since: datetime, now: datetime) -> list[AlertCount]:
    """Every kind that there was between the two, the most frequent first."""
    said = Notice.sent_at.is_not(None)
    of_a_lead = said & or_(Notice.lead_id.is_not(None), OF_MANY)
    rows = session.execute(
        select(
            Notice.kind,
            func.count().filter(said, Notice.held.is_(None)),
            func.count().filter(said, Notice.held.is_not(None)),
            func.count().filter(Notice.held == Held.MUTED),
            func.count(Notice.acted_at),
            func.count().filter(of_a_lead),
        )
        .where(Notice.kind.in_(Alert), Notice.at >= since, Notice.at <= now)
        .group_by(Notice.kind)
        .order_by(func.count().desc(), Notice.kind)
    )
    return [AlertCount(kind, at_once, digest, muted, acted, of) for kind, at_once, digest, muted, acted, of in rows]
