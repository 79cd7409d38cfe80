"""Profit against arithmetic of another kind: fractions for the cost, numpy for the statistics."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecosystem.events.words import Side
from ecosystem.instruments import INSTRUMENTS
from ecosystem.trading.market import Market
from ecosystem.trading.performance import SAMPLES_MIN, SAMPLES_PER_YEAR, Performance
from ecosystem.trading.portfolio import Portfolio, Position
from ecosystem.units import E8
from tests.ecosystem.trading.facts import fill
from tests.events import tick

Trade = tuple[Side, int, int]
TRADES = st.lists(
    st.tuples(
        st.sampled_from(["BUY", "SELL"]),
        st.integers(1, 2_000).map(lambda lots: lots * 10_000),
        st.integers(5_000_000, 7_000_000).map(lambda cents: cents * 10**6),
    ),
    max_size=60,
)


def position_after(trades: list[Trade]) -> Position:
    position = Position()
    for number, (side, quantity_e8, price_e8) in enumerate(trades):
        position.fill(fill(number, "a", "BTC-USD", side, quantity_e8, price_e8))
    return position


def by_fractions(trades: list[Trade]) -> tuple[Fraction, Fraction, Fraction]:
    """Return quantity, average price and realised profit, without any rounding."""
    quantity = average = realised = Fraction(0)
    for side, quantity_e8, price_e8 in trades:
        left = Fraction(quantity_e8, E8) * (1 if side == "BUY" else -1)
        price = Fraction(price_e8, E8)
        if quantity * left < 0:
            closed = min(abs(left), abs(quantity))
            sign = 1 if quantity > 0 else -1
            realised += sign * closed * (price - average)
            quantity -= sign * closed
            left += sign * closed
            if not quantity:
                average = Fraction(0)
        if left:
            average = (abs(quantity) * average + abs(left) * price) / (abs(quantity) + abs(left))
            quantity += left
    return quantity, average, realised


@given(trades=TRADES)
def test_average_cost_agrees_with_fractions_to_a_millionth_of_a_cent(trades: list[Trade]) -> None:
    position = position_after(trades)
    quantity, average, realised = by_fractions(trades)
    assert Fraction(position.quantity_e8, E8) == quantity
    assert abs(Fraction(position.realised_e16, E8 * E8) - realised) < Fraction(1, 10**8)
    if quantity:
        assert abs(Fraction(position.cost_e16, E8 * E8) - quantity * average) < Fraction(1, 10**8)
    else:
        assert position.cost_e16 == 0


@given(trades=TRADES, price_e8=st.integers(5_000_000, 7_000_000).map(lambda cents: cents * 10**6))
def test_realised_and_unrealised_are_what_the_cash_says(trades: list[Trade], price_e8: int) -> None:
    position = position_after(trades)
    cash_e16 = sum(
        (-1 if side == "BUY" else 1) * quantity_e8 * at_e8 for side, quantity_e8, at_e8 in trades
    )
    worth_e16 = position.quantity_e8 * price_e8
    assert position.realised_e16 + position.unrealised_e16(price_e8) == cash_e16 + worth_e16


def test_wins_are_counted_of_executions_that_close() -> None:
    position = position_after(
        [
            ("BUY", 2 * E8, 60_000 * E8),
            ("SELL", E8, 61_000 * E8),
            ("SELL", 2 * E8, 59_000 * E8),
            ("BUY", E8, 58_000 * E8),
        ]
    )
    assert (position.closes_count, position.wins_count) == (3, 2)
    assert position.realised_e16 == (1_000 - 1_000 + 1_000) * E8 * E8


def test_profit_is_attributed_to_who_made_it_and_fees_are_taken_off() -> None:
    portfolio, market = Portfolio(), Market()
    market.priced(tick(1, "BTC-USD", 60_000 * E8))
    portfolio.fill("one", fill(1, "a", "BTC-USD", "BUY", E8, 59_000 * E8, 30 * E8))
    portfolio.fill("other", fill(2, "a", "BTC-USD", "SELL", E8, 59_000 * E8, 30 * E8))
    one, other = portfolio.profit("one", market), portfolio.profit("other", market)
    assert (one.unrealised_e8, one.fees_e8, one.total_e8) == (1_000 * E8, 30 * E8, 970 * E8)
    assert other.total_e8 == -1_030 * E8
    assert portfolio.exposure_e8("one", "BTC") == E8
    assert portfolio.exposure_e8("other", "USD") == 59_000 * E8


def test_what_is_quoted_in_bitcoin_is_worth_bitcoin() -> None:
    portfolio, market = Portfolio(), Market()
    market.priced(tick(1, "BTC-USD", 60_000 * E8))
    portfolio.fill("one", fill(1, "a", "ETH-BTC", "BUY", 10 * E8, E8 // 20))
    portfolio.fill("one", fill(2, "a", "ETH-BTC", "SELL", 10 * E8, E8 // 10))
    assert portfolio.profit("one", market).realised_e8 == 30_000 * E8
    assert portfolio.exposure_e8("one", "BTC") == E8 // 2


@given(
    trades=st.lists(
        st.tuples(st.sampled_from(["BTC-USD", "ETH-BTC", "ETH-USD"]), TRADES.map(tuple))
    )
)
def test_what_is_summed_is_the_sum_of_the_positions(
    trades: list[tuple[str, tuple[Trade, ...]]],
) -> None:
    portfolio = Portfolio()
    for symbol, several in trades:
        for number, (side, quantity_e8, price_e8) in enumerate(several):
            portfolio.fill("one", fill(number, "a", symbol, side, quantity_e8, price_e8))
    for symbol in INSTRUMENTS:
        held_e8 = [one.quantity_e8 for key, one in portfolio.of("one") if key.instrument == symbol]
        assert portfolio.held_e8("one", symbol) == sum(held_e8)
    for asset in ("BTC", "ETH", "USD"):
        moved_e16 = 0
        for key, position in portfolio.of("one"):
            if INSTRUMENTS[key.instrument].base == asset:
                moved_e16 += position.quantity_e8 * E8
            if INSTRUMENTS[key.instrument].quote == asset:
                moved_e16 += position.realised_e16 - position.cost_e16
        assert portfolio.exposure_e8("one", asset) == moved_e16 // E8


@given(profits=st.lists(st.integers(-(10**13), 10**13), min_size=1, max_size=200))
def test_sharpe_and_drawdown_agree_with_numpy(profits: list[int]) -> None:
    performance = Performance()
    for profit_e8 in profits:
        performance.sample(profit_e8)
    series = np.array(profits, dtype=np.float64)
    peaks = np.maximum.accumulate(np.maximum(series, 0.0))
    assert performance.drawdown_e8 == pytest.approx(float((peaks - series).max()), rel=1e-12)
    changes = np.diff(series)
    sharpe = performance.sharpe()
    if len(changes) < SAMPLES_MIN or changes.std(ddof=1) == 0:
        assert sharpe is None
    else:
        expected = changes.mean() / changes.std(ddof=1) * np.sqrt(SAMPLES_PER_YEAR)
        assert sharpe == pytest.approx(float(expected), rel=1e-9, abs=1e-9)


def test_a_strategy_that_only_gains_has_no_drawdown_and_one_without_risk_no_ratio() -> None:
    performance = Performance()
    for minute in range(100):
        performance.sample(minute * E8)
    assert performance.drawdown_e8 == 0
    assert performance.sharpe() is None
