"""Average cost: realised, unrealised, and the cash that must agree with them."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecosystem.risk.pnl import TradingPnl, TradingPosition
from ecosystem.units import E8
from tests.ecosystem.risk.facts import fill

TRADES = st.lists(
    st.tuples(st.integers(-(10**10), 10**10).filter(bool), st.integers(1, 10**14)), max_size=30
)


@pytest.mark.parametrize(
    ("trades", "quantity", "average", "realised"),
    [
        ([(2, 100), (2, 200)], 4, 150, 0),
        ([(2, 100), (2, 200), (-1, 250)], 3, 150, 100),
        ([(2, 100), (-2, 90)], 0, None, -20),
        ([(2, 100), (-3, 90)], -1, 90, -20),
        ([(-3, 60), (1, 50)], -2, 60, 10),
        ([(-3, 60), (5, 50)], 2, 50, 30),
    ],
)
def test_examples_of_average_cost(
    trades: list[tuple[int, int]], quantity: int, average: int | None, realised: int
) -> None:
    position = TradingPosition()
    for signed, price in trades:
        position.trade(signed * E8, price * E8)
    assert position.quantity_e8 == quantity * E8
    assert position.realised_e16 == realised * E8 * E8
    assert position.cost_e16 == quantity * (average or 0) * E8 * E8


@given(trades=TRADES, mid_e8=st.integers(1, 10**14))
def test_profit_is_the_cash_received_plus_what_is_held(
    trades: list[tuple[int, int]], mid_e8: int
) -> None:
    position = TradingPosition()
    for signed_e8, price_e8 in trades:
        position.trade(signed_e8, price_e8)
    cash_e16 = -sum(signed_e8 * price_e8 for signed_e8, price_e8 in trades)
    held_e8 = sum(signed_e8 for signed_e8, _ in trades)
    assert position.quantity_e8 == held_e8
    assert position.realised_e16 + position.unrealised_e16(mid_e8) == cash_e16 + held_e8 * mid_e8


@given(trades=TRADES)
def test_realised_agrees_with_fractions_that_never_round(trades: list[tuple[int, int]]) -> None:
    position = TradingPosition()
    quantity, average, realised = Fraction(0), Fraction(0), Fraction(0)
    for signed_e8, price_e8 in trades:
        position.trade(signed_e8, price_e8)
        after = quantity + signed_e8
        if quantity * signed_e8 >= 0:
            average = (quantity * average + signed_e8 * price_e8) / after
        else:
            closed = min(abs(quantity), Fraction(abs(signed_e8))) * (1 if quantity > 0 else -1)
            realised += closed * (price_e8 - average)
            average = Fraction(price_e8) if quantity * after < 0 else average
        quantity = after
    # Every closing trade may round the released cost once, by less than one 1e-16 of the quote.
    assert abs(position.realised_e16 - realised) <= len(trades) * max(1, len(trades))
    assert abs(position.cost_e16 - quantity * average) <= len(trades) * max(1, len(trades))


def test_profit_and_fees_are_told_in_usd_at_the_marks_of_their_assets() -> None:
    trading = TradingPnl()
    trading.fill(fill(1, "BUY", 2 * E8, 100 * E8, instrument="BTC-USD", fee_e8=E8))
    trading.fill(fill(2, "SELL", E8, 110 * E8, instrument="BTC-USD", fee_e8=E8))
    trading.fill(
        fill(3, "BUY", 4 * E8, E8 // 20, instrument="ETH-BTC", fee_e8=E8 // 100, fee_asset="BTC")
    )
    marks_e8 = {"USD": E8, "BTC": 120 * E8}
    mids_e8 = {"BTC-USD": 120 * E8, "ETH-BTC": E8 // 10}
    assert trading.realised_usd_e8(marks_e8) == 10 * E8
    # one BTC bought at 100 and four ETH bought at 0.05 BTC: 20 USD, and 0.2 BTC
    assert trading.unrealised_usd_e8(mids_e8, marks_e8) == 20 * E8 + 24 * E8
    assert trading.fees_usd_e8(marks_e8) == 2 * E8 + 120 * E8 // 100
    assert trading.unrealised_usd_e8({}, marks_e8) == 0


def test_accounts_are_not_netted_against_each_other() -> None:
    trading = TradingPnl()
    trading.fill(fill(1, "BUY", E8, 100 * E8, account="a"))
    trading.fill(fill(2, "SELL", E8, 150 * E8, account="b"))
    assert trading.realised_usd_e8({"USD": E8}) == 0
    assert trading.unrealised_usd_e8({"BTC-USD": 150 * E8}, {"USD": E8}) == 50 * E8
