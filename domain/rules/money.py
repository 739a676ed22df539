"""Amounts of money: whole numbers of a currency's smallest unit, as a CRM's cents are."""

import re

_WHOLE = re.compile("BIF|CLP|DJF|GNF|ISK|JPY|KMF|KRW|PYG|RWF|UGX|UYI|VND|VUV|XAF|XOF|XPF")
"""Currencies without a smaller unit (ISO 4217)."""
_THOUSANDTHS = re.compile("BHD|IQD|JOD|KWD|LYD|OMR|TND")


def units(amount: int, currency: str | None) -> float:
    """The amount in the currency's own unit: 1250 cents are 12.5. Without a currency, hundredths are meant."""
    if _WHOLE.fullmatch(currency or ""):
        return float(amount)
    return amount / (1000 if _THOUSANDTHS.fullmatch(currency or "") else 100)


def money(amount: int, currency: str | None) -> str:
    """For people, without cents: 12,500 EUR."""
    return f"{units(amount, currency):,.0f} {currency or ''}".rstrip()
