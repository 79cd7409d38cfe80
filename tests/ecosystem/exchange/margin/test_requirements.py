"""Margin by hand: 10 % to open, 5 % to keep, five hundredths of a per cent to take."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecosystem.exchange.margin.positions import Position
from ecosystem.exchange.margin.requirements import (
    OpenOrders,
    initial_margin_e8,
    leverage_e8,
    liquidation_price_e8,
    maintenance_margin_e8,
    required_e8,
)
from ecosystem.exchange.margin.terms import PERPETUALS
from ecosystem.units import E8, parse_e8

TERMS = PERPETUALS["BTC-USD-PERP"]
TAKER_E8 = 5 * E8 // 10_000


def held(quantity: str, price: int) -> Position:
    """Return a position opened in one trade."""
    position = Position()
    quantity_e8 = parse_e8(quantity)
    position.trade(quantity_e8, abs(quantity_e8) * price)
    return position


def wished(bought: str = "0", bid: int = 0, sold: str = "0", asked: int = 0) -> OpenOrders:
    """Return open orders at one price a side."""
    return OpenOrders(
        parse_e8(bought),
        parse_e8(bought) * bid * E8,
        parse_e8(sold),
        parse_e8(sold) * asked * E8,
    )


@pytest.mark.parametrize(
    ("position", "orders", "usd"),
    [
        (held("0", 1), wished(), "0"),
        (held("1", 60_000), wished(), "6000"),
        (held("-1", 60_000), wished(), "6000"),
        # An order locks its margin and its fee: 60 000 x (0.1 + 0.0005).
        (held("0", 1), wished("1", 60_000), "6030"),
        # Only one of two sides can add up, so the dearer counts.
        (held("0", 1), wished("1", 60_000, "1", 61_000), "6130.5"),
        (held("1", 60_000), wished("1", 59_000), "11929.5"),
        # A sale of what is held needs nothing, and what goes beyond needs less than is held.
        (held("1", 60_000), wished(sold="1", asked=61_000), "6000"),
        (held("1", 60_000), wished(sold="1.5", asked=61_000), "6000"),
        (held("1", 60_000), wished(sold="3", asked=61_000), "12261"),
        (held("-1", 60_000), wished("3", 61_000), "12261"),
        (held("-1", 60_000), wished("0.5", 61_000, "1", 62_000), "12231"),
    ],
)
def test_margin_to_open_by_hand(position: Position, orders: OpenOrders, usd: str) -> None:
    assert required_e8(position, orders, TERMS, TAKER_E8) == parse_e8(usd)


def test_margin_is_rounded_up() -> None:
    assert initial_margin_e8(1, TERMS) == 1
    assert initial_margin_e8(-11, TERMS) == 2
    assert maintenance_margin_e8(1, E8, TERMS) == 1


def test_leverage_is_notional_over_equity() -> None:
    assert leverage_e8(-E8, 60_000 * E8, 6_000 * E8) == 10 * E8
    assert leverage_e8(E8, 60_000 * E8, 0) is None


def test_the_liquidation_price_by_hand() -> None:
    # Long: (60 000 - 6 000) / 0.95. Short: (60 000 + 6 000) / 1.05.
    assert liquidation_price_e8(held("1", 60_000), 6_000 * E8, TERMS) == parse_e8("56842.10526316")
    assert liquidation_price_e8(held("-1", 60_000), 6_000 * E8, TERMS) == parse_e8("62857.14285714")
    assert liquidation_price_e8(held("1", 60_000), 60_000 * E8, TERMS) is None
    assert liquidation_price_e8(held("0", 1), 6_000 * E8, TERMS) is None


@given(
    st.integers(-100 * 10_000, 100 * 10_000).filter(bool),
    st.integers(1, 200_000),
    st.integers(1, 10**6),
)
def test_at_the_liquidation_price_a_position_stands_and_beyond_it_falls(
    lots: int, price: int, collateral: int
) -> None:
    position = Position()
    quantity_e8 = lots * 10_000
    position.trade(quantity_e8, abs(quantity_e8) * price)
    at_e8 = liquidation_price_e8(position, collateral * E8, TERMS)
    if at_e8 is None:
        return

    def stands(price_e8: int) -> bool:
        # In exact numbers, as the formula has it; rounding is a unit at most.
        equity_e16 = collateral * E8 * E8 + quantity_e8 * price_e8 - position.cost_e8 * E8
        return equity_e16 * E8 >= abs(quantity_e8) * price_e8 * TERMS.maintenance_rate_e8

    assert stands(at_e8)
    assert not stands(at_e8 + (-1 if quantity_e8 > 0 else 1))
