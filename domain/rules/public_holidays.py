"""Public holidays by country, or by a part of one: `DE`, `DE-BE`, `US-CA`."""

from collections.abc import Container
from dataclasses import dataclass
from datetime import date
from functools import cache

import holidays

from domain.rules.working_hours import Unreadable


@dataclass(frozen=True, slots=True)
class PublicHolidays(Container[date]):
    """All the public holidays of a place, a year at a time: nobody has to say which years are asked for."""

    country: str
    part: str | None = None

    def __contains__(self, day: object) -> bool:
        return isinstance(day, date) and day in _of_year(self.country, self.part, day.year)

    @property
    def code(self) -> str:
        return f"{self.country}-{self.part}" if self.part else self.country


@cache
def _of_year(country: str, part: str | None, year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays(country, subdiv=part, years=year))


@cache
def _known() -> dict[str, list[str]]:
    return holidays.list_supported_countries(include_aliases=False)


@cache
def holidays_of(code: str) -> PublicHolidays:
    """The holidays of a country's two letters, with or without one of its parts. Raises Unreadable."""
    country, _, part = code.strip().upper().partition("-")
    if country not in _known():
        raise Unreadable(
            f"there is no country {country[:20]!r} whose public holidays are known; write two letters, as in DE"
        )
    if not part:
        return PublicHolidays(country)
    known = next((one for one in _known()[country] if one.upper() == part), None)
    if known is None:
        some = ", ".join(_known()[country][:20]) or "none: leave it out"
        raise Unreadable(f"{country} has no part {part[:20]!r}. Its parts are: {some}")
    return PublicHolidays(country, known)
