"""Amounts of money: whole numbers of a currency's smallest unit, as a CRM's cents are."""

import re
from decimal import ROUND_HALF_UP, Decimal

_WHOLE = re.compile("BIF|CLP|DJF|GNF|ISK|JPY|KMF|KRW|PYG|RWF|UGX|UYI|VND|VUV|XAF|XOF|XPF")
"""Currencies without a smaller unit (ISO 4217)."""
_PARTS = (1, 10, 100, 1000)
"""Smallest units in one, by decimal places."""
_THOUSANDTHS = re.compile("BHD|IQD|JOD|KWD|LYD|OMR|TND")


def units(amount: int, currency: str | None) -> float:
    """The amount in the currency's own unit: 1250 cents are 12.5. Without a currency, hundredths are meant."""
    return amount / _PARTS[places(currency)]


def smallest_units(amount: Decimal, currency: str | None) -> int:
    """The other way round: 12.5 are 1250 cents."""
    return int((amount * _PARTS[places(currency)]).to_integral_value(ROUND_HALF_UP))


def exchanged(amount: int, currency: str | None, rate: Decimal, base: str) -> int:
    """The amount in smallest units of `base`, of which one unit of the currency is worth `rate`."""
    return smallest_units(Decimal(amount) / _PARTS[places(currency)] * rate, base)


def places(currency: str | None) -> int:
    """How many decimal places its amounts have."""
    if _WHOLE.fullmatch(currency or ""):
        return 0
    return 3 if _THOUSANDTHS.fullmatch(currency or "") else 2


def money(amount: int, currency: str | None) -> str:
    """For people, without cents: 12,500 EUR."""
    return f"{units(amount, currency):,.0f} {currency or ''}".rstrip()
