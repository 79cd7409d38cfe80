"""Funding by hand, with the numbers of the published formula."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecosystem.exchange.margin.funding import (
    funding_payment_e8,
    funding_rate_e8,
    next_funding_us,
)
from ecosystem.exchange.margin.terms import PERPETUALS
from ecosystem.units import E8, HOUR_US, parse_e8

TERMS = PERPETUALS["BTC-USD-PERP"]


@pytest.mark.parametrize(
    ("premium", "rate"),
    [
        ("0", "0.0001"),
        ("0.0001", "0.0001"),
        ("0.0005", "0.0001"),
        ("0.0006", "0.0001"),
        ("0.001", "0.0005"),
        ("-0.0004", "0.0001"),
        ("-0.001", "-0.0005"),
        ("0.05", "0.0375"),
        ("-0.05", "-0.0375"),
    ],
)
def test_interest_rules_near_the_index_and_the_premium_beyond(premium: str, rate: str) -> None:
    assert funding_rate_e8(parse_e8(premium), TERMS) == parse_e8(rate)


def test_longs_pay_shorts_when_the_rate_is_positive() -> None:
    rate_e8 = parse_e8("0.0001")
    assert funding_payment_e8(2 * E8, 60_000 * E8, rate_e8) == -12 * E8
    assert funding_payment_e8(-2 * E8, 60_000 * E8, rate_e8) == 12 * E8
    assert funding_payment_e8(2 * E8, 60_000 * E8, -rate_e8) == 12 * E8


@given(st.integers(-(10**12), 10**12), st.integers(1, 10**14), st.integers(-(10**7), 10**7))
def test_what_longs_and_shorts_get_differs_by_dust_alone(
    quantity_e8: int, mark_e8: int, rate_e8: int
) -> None:
    both_e8 = funding_payment_e8(quantity_e8, mark_e8, rate_e8) + funding_payment_e8(
        -quantity_e8, mark_e8, rate_e8
    )
    assert both_e8 in (0, -1)


@pytest.mark.parametrize(("starts_h", "first_h"), [(0, 8), (7, 8), (8, 16), (23, 24)])
def test_funding_is_at_eight_sixteen_and_midnight(starts_h: int, first_h: int) -> None:
    assert next_funding_us(starts_h * HOUR_US, 8 * HOUR_US) == first_h * HOUR_US
