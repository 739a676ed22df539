"""Money is kept in the smallest unit of its currency, and said without it."""

from decimal import Decimal

import pytest

from domain.rules.money import exchanged, money


@pytest.mark.parametrize(
    ("amount", "currency", "said"),
    [
        (1_250_000, "EUR", "12,500 EUR"),
        (99, "USD", "1 USD"),
        (1_250_000, "JPY", "1,250,000 JPY"),
        (1_250_000, "KWD", "1,250 KWD"),
        (1_250_000, None, "12,500"),
        (0, "EUR", "0 EUR"),
    ],
)
def test_an_amount_is_said_in_the_unit_of_its_currency(amount: int, currency: str | None, said: str) -> None:
    assert money(amount, currency) == said


@pytest.mark.parametrize(
    ("amount", "currency", "rate", "base", "expected"),
    [
        (100_00, "USD", "0.9", "EUR", 90_00),
        (1_000, "JPY", "0.0061", "EUR", 6_10),
        (1_000, "EUR", "163.93", "JPY", 1_639),
        (1_500, "KWD", "3", "EUR", 4_50),
        (1, "USD", "0.5", "EUR", 1),
    ],
)
def test_an_amount_is_changed_into_the_smallest_unit_of_another_currency(
    amount: int, currency: str, rate: str, base: str, expected: int
) -> None:
    assert exchanged(amount, currency, Decimal(rate), base) == expected
