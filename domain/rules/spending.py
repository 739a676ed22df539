"""A row of a file of costs, and one of exchange rates: what it says, or why it says nothing that can be used."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from domain.rules.model_table import ModelError, text_at
from domain.rules.money import places, smallest_units

COST_COLUMNS = ("campaign", "channel", "since", "until", "amount", "currency")
RATE_COLUMNS = ("currency", "base", "since", "rate")
_CURRENCY = re.compile(r"[A-Z]{3}")
_NUMBER = re.compile(r"\d{1,15}(\.\d{1,10})?")
MOST_RATE = Decimal(10) ** 9
"""What the column holds."""
_FIRST_YEAR, _LAST_YEAR = 2000, 2999


class BadRow(ValueError):
    """Its text is a sentence that names the column."""


@dataclass(frozen=True, slots=True)
class CostSaid:
    """What a campaign, or a channel without one, cost, both days included. `amount`: in its currency's smallest unit.

    With a campaign, `channel` is that of the campaign, if the file says it.
    """

    campaign: str | None
    channel: str | None
    since: date
    until: date
    amount: int
    currency: str

    @property
    def span(self) -> tuple[str | None, str | None, date, date]:
        """What the same again replaces."""
        return self.campaign, None if self.campaign else self.channel, self.since, self.until


@dataclass(frozen=True, slots=True)
class RateSaid:
    """From `since` on one unit of `currency` is worth `rate` units of `base`."""

    currency: str
    base: str
    since: date
    rate: Decimal

    @property
    def span(self) -> tuple[str, str, date]:
        return self.currency, self.base, self.since


def read_cost(cells: Mapping[str, str]) -> CostSaid:
    """Raises BadRow."""
    campaign, channel = _text(cells, "campaign"), _text(cells, "channel")
    if campaign is None and channel is None:
        raise BadRow("neither campaign nor channel says what the cost is of.")
    since, until = _day(cells, "since"), _day(cells, "until")
    if until < since:
        raise BadRow("until lies before since.")
    currency = _currency(cells, "currency")
    amount = _number(cells, "amount")
    if amount != round(amount, places(currency)):
        raise BadRow(f"amount has more decimal places than {currency} has.")
    return CostSaid(campaign, channel, since, until, smallest_units(amount, currency), currency)


def read_rate(cells: Mapping[str, str]) -> RateSaid:
    """Raises BadRow."""
    currency, base = _currency(cells, "currency"), _currency(cells, "base")
    if currency == base:
        raise BadRow("currency and base are the same.")
    rate = _number(cells, "rate")
    if not 0 < rate < MOST_RATE:
        raise BadRow("rate must be greater than 0 and less than 1,000,000,000.")
    return RateSaid(currency, base, _day(cells, "since"), rate)


def _text(cells: Mapping[str, str], column: str) -> str | None:
    text = cells.get(column, "").strip()
    if not text:
        return None
    try:
        return text_at(column, text)
    except ModelError as wrong:
        raise BadRow(f"{column} {wrong.why}.") from None


def _day(cells: Mapping[str, str], column: str) -> date:
    try:
        day = date.fromisoformat(cells.get(column, "").strip())
    except ValueError:
        raise BadRow(f"{column} must be a day such as 2026-03-31.") from None
    if not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        raise BadRow(f"{column} must lie between {_FIRST_YEAR} and {_LAST_YEAR}.")
    return day


def _currency(cells: Mapping[str, str], column: str) -> str:
    word = cells.get(column, "").strip().upper()
    if _CURRENCY.fullmatch(word) is None:
        raise BadRow(f"{column} must be a currency's three letters, such as EUR.")
    return word


def _number(cells: Mapping[str, str], column: str) -> Decimal:
    """With a point and without commas between thousands: whose comma is a point nobody can tell."""
    word = cells.get(column, "").strip()
    if _NUMBER.fullmatch(word) is None:
        raise BadRow(f"{column} must be a number such as 1250.50: with a point, and no commas or signs.")
    return Decimal(word)
