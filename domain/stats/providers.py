"""What the enrichment providers were asked, what they knew and what they cost."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain.rules.waterfall import Outcome, Provider
from domain.tables import ProfileRow, ProviderDay

DAYS = 30


@dataclass(frozen=True, slots=True)
class Period:
    """Questions that were answered, those of them with a match, and cents, with what is reserved."""

    asked: int = 0
    matched: int = 0
    cents: int = 0

    @property
    def hit_rate(self) -> float | None:
        return self.matched / self.asked if self.asked else None


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one provider. `nobody_known`: leads that it is not asked about again for now. `searching`: answers outstanding."""

    today: Period
    month: Period
    nobody_known: int
    searching: int


def figures(session: Session, providers: Sequence[Provider], now: datetime) -> dict[str, Figures]:
    """By the provider's name; today and the last 30 days, both in UTC."""
    today, month = _periods(session, now, days=1), _periods(session, now, days=DAYS)
    return {
        one.name: Figures(
            today.get(one.name, Period()),
            month.get(one.name, Period()),
            _count(session, one.name, Outcome.NO_MATCH, now - one.keeps_no_match_for),
            _count(session, one.name, Outcome.PENDING, now - timedelta(days=1)),
        )
        for one in providers
    }


def _periods(session: Session, now: datetime, *, days: int) -> Mapping[str, Period]:
    first = now.astimezone(UTC).date() - timedelta(days=days - 1)
    sums = (func.sum(ProviderDay.asked), func.sum(ProviderDay.matched), func.sum(ProviderDay.cost_cents))
    rows = session.execute(
        select(ProviderDay.provider, *sums).where(ProviderDay.day >= first).group_by(ProviderDay.provider)
    )
    return {name: Period(int(asked), int(matched), int(cents)) for name, asked, matched, cents in rows}


def _count(session: Session, provider: str, outcome: Outcome, since: datetime) -> int:
    return (
        session.scalar(
            select(func.count()).where(
                ProfileRow.provider == provider, ProfileRow.outcome == outcome.value, ProfileRow.asked_at > since
            )
        )
        or 0
    )
