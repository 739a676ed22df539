"""What one currency is worth in another, on a day."""

from datetime import date
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.rules.money import exchanged
from domain.tables import ExchangeRate


class Exchange:
    """Into one currency. It remembers what it was asked, for as long as one sum takes."""

    def __init__(self, session: Session, base: str) -> None:
        self.session, self.base = session, base
        self._known: dict[tuple[str, date], Decimal | None] = {}

    def rate(self, currency: str, day: date) -> Decimal | None:
        """Of the newest entry that is not younger than the day; None: nobody has said. Of the base itself it is 1."""
        if currency == self.base:
            return Decimal(1)
        if (currency, day) not in self._known:
            known = select(ExchangeRate.rate).where(
                ExchangeRate.base == self.base, ExchangeRate.currency == currency, ExchangeRate.since <= day
            )
            self._known[currency, day] = self.session.scalar(known.order_by(ExchangeRate.since.desc()).limit(1))
        return self._known[currency, day]

    def value(self, amount: int, currency: str | None, day: date) -> int | None:
        """The amount in the smallest unit of the base; None without a rate. Without a currency it is the base."""
        rate = self.rate(currency or self.base, day)
        return None if rate is None else exchanged(amount, currency or self.base, rate, self.base)
