"""Money is kept in the smallest unit of its currency, and said without it."""

import pytest

from domain.rules.money import money


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
