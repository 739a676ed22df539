"""Countries by name to ISO 3166-1 alpha-2. The names are those of the time-zone database, which we carry anyway."""

from functools import cache
from importlib.resources import files

ALSO = {
    "united kingdom": "GB",
    "great britain": "GB",
    "england": "GB",
    "uk": "GB",
    "usa": "US",
    "united states of america": "US",
    "south korea": "KR",
    "korea, republic of": "KR",
    "czechia": "CZ",
    "the netherlands": "NL",
    "türkiye": "TR",
    "turkiye": "TR",
    "russian federation": "RU",
    "viet nam": "VN",
    "hong kong sar": "HK",
    "taiwan, province of china": "TW",
}


@cache
def _codes() -> dict[str, str]:
    table = files("tzdata.zoneinfo").joinpath("iso3166.tab").read_text(encoding="utf-8")
    rows = [line.split("\t") for line in table.splitlines() if line and not line.startswith("#")]
    return {name.casefold(): code for code, name in rows} | {code.casefold(): code for code, _ in rows} | ALSO


def iso2(country: object) -> str | None:
    """`United States`, `us` and `USA` are all US; None for what is no country."""
    return _codes().get(country.strip().casefold()) if isinstance(country, str) else None
