"""Rows of costs and of rates: what they say, and why they say nothing that can be used."""

from datetime import date
from decimal import Decimal

import pytest

from domain.rules.spending import BadRow, CostSaid, RateSaid, read_cost, read_rate

COST = {
    "campaign": "Spring",
    "channel": "fair",
    "since": "2026-03-01",
    "until": "2026-03-31",
    "amount": "1250.50",
    "currency": "eur",
}
RATE = {"currency": "USD", "base": "EUR", "since": "2026-01-01", "rate": "0.92"}


def test_a_cost_is_read_in_the_smallest_unit_of_its_currency() -> None:
    assert read_cost(COST) == CostSaid("Spring", "fair", date(2026, 3, 1), date(2026, 3, 31), 125_050, "EUR")
    assert read_cost(COST | {"currency": "JPY", "amount": "1250"}).amount == 1_250
    assert read_cost(COST | {"currency": "KWD", "amount": "1.255"}).amount == 1_255
    assert read_cost(COST | {"amount": "999999999999999"}).amount == 99_999_999_999_999_900


def test_a_campaigns_channel_does_not_part_its_costs() -> None:
    assert read_cost(COST).span == read_cost(COST | {"channel": ""}).span
    assert read_cost(COST | {"campaign": ""}).span != read_cost(COST | {"campaign": "", "channel": "tv"}).span


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"campaign": "", "channel": " "}, "neither campaign nor channel"),
        ({"campaign": "x" * 201}, "campaign must be at most 200 characters long."),
        ({"channel": "a\x1b[2J"}, "channel must hold no control characters."),
        ({"since": "01.03.2026"}, "since must be a day such as"),
        ({"until": "0026-03-31"}, "until must lie between 2000 and 2999."),
        ({"until": "2026-02-28"}, "until lies before since."),
        ({"amount": "-5"}, "amount must be a number"),
        ({"amount": "1,250"}, "amount must be a number"),
        ({"amount": "1e5"}, "amount must be a number"),
        ({"amount": "1.255"}, "amount has more decimal places than EUR has."),
        ({"amount": "1.5", "currency": "JPY"}, "amount has more decimal places than JPY has."),
        ({"currency": "€"}, "currency must be a currency's three letters"),
    ],
)
def test_a_cost_that_cannot_be_used_says_why(change: dict[str, str], why: str) -> None:
    with pytest.raises(BadRow) as refused:
        read_cost(COST | change)
    assert why in str(refused.value)


def test_a_rate_is_read_as_it_is_written() -> None:
    assert read_rate(RATE) == RateSaid("USD", "EUR", date(2026, 1, 1), Decimal("0.92"))


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"rate": "0"}, "rate must be greater than 0"),
        ({"rate": "1000000000"}, "rate must be greater than 0 and less than"),
        ({"rate": ""}, "rate must be a number"),
        ({"base": "USD"}, "currency and base are the same."),
        ({"since": "soon"}, "since must be a day"),
    ],
)
def test_a_rate_that_cannot_be_used_says_why(change: dict[str, str], why: str) -> None:
    with pytest.raises(BadRow) as refused:
        read_rate(RATE | change)
    assert why in str(refused.value)
