"""What providers may cost in a day. The price of a question is reserved before it is put, and put right after the answer.

Between the two the process may die; then the reservation stands, and that is all that is lost.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from domain.rules.waterfall import Provider
from domain.tables import ProviderDay


@dataclass(frozen=True, slots=True)
class Reserved:
    """The price of one question, taken from the budget of `day` (UTC)."""

    provider: str
    day: date
    cents: int


def reserve(session: Session, provider: Provider, now: datetime) -> Reserved | None:
    """None if the budget of the day has no room for it. However many workers ask at once, the cap holds: the database counts."""
    reserved = Reserved(provider.name, now.astimezone(UTC).date(), provider.cost_cents)
    if not provider.affords(0):
        return None
    if not provider.cost_cents:
        return reserved
    insert = upsert(ProviderDay).values(provider=provider.name, day=reserved.day, cost_cents=provider.cost_cents)
    total = ProviderDay.cost_cents + insert.excluded.cost_cents
    cap = provider.daily_cap_cents
    taken = insert.on_conflict_do_update(
        index_elements=["provider", "day"],
        set_={"cost_cents": total},
        where=None if cap is None else total <= cap,
    )
    return reserved if session.scalar(taken.returning(ProviderDay.provider)) else None


def settle(session: Session, reserved: Reserved, cost_cents: int, *, matched: bool) -> None:
    """Count the answer, and what it really cost."""
    _add(session, reserved, asked=1, matched=int(matched), cost_cents=cost_cents - reserved.cents)


def give_back(session: Session, reserved: Reserved) -> None:
    """Nobody answered, so nobody is paid."""
    _add(session, reserved, asked=0, matched=0, cost_cents=-reserved.cents)


def _add(session: Session, reserved: Reserved, *, asked: int, matched: int, cost_cents: int) -> None:
    insert = upsert(ProviderDay).values(
        provider=reserved.provider, day=reserved.day, asked=asked, matched=matched, cost_cents=cost_cents
    )
    new = insert.excluded
    session.execute(
        insert.on_conflict_do_update(
            index_elements=["provider", "day"],
            set_={
                "asked": ProviderDay.asked + new.asked,
                "matched": ProviderDay.matched + new.matched,
                "cost_cents": ProviderDay.cost_cents + new.cost_cents,
            },
        )
    )


def spent_on(session: Session, now: datetime) -> dict[str, int]:
    """Cents by provider, of the day (UTC) of `now`."""
    today = now.astimezone(UTC).date()
    return dict(
        session.execute(select(ProviderDay.provider, ProviderDay.cost_cents).where(ProviderDay.day == today)).all()
    )
