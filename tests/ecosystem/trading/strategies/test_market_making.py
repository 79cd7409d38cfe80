"""Market making: both sides, away from the touch, leaning against what it holds."""

import pytest

from ecosystem.events.orders import OrderSubmitted
from ecosystem.firm import SECOND_VENUE
from ecosystem.trading.contract import Place
from ecosystem.trading.strategies.market_making import (
    INVENTORY_MAX,
    SIZES_E8,
    MarketMaking,
)
from ecosystem.units import E8
from tests.ecosystem.trading.fake_view import FakeView
from tests.ecosystem.trading.session import Session
from tests.events import tick

HOUR = 3600


def maker_and_view() -> tuple[MarketMaking, FakeView]:
    """Return a maker that has watched a price that moves a little."""
    maker, view = MarketMaking(), FakeView()
    for number in range(600):
        price_e8 = (60_000 + (number % 7) * 3) * E8
        view.ticks["BTC-USD"] = tick(number, "BTC-USD", price_e8)
        maker.on_price(view.ticks["BTC-USD"])
    view.now_us = view.ticks["BTC-USD"].event_time_us
    return maker, view


def quotes(inventory: int) -> dict[str, Place]:
    maker, view = maker_and_view()
    view.positions["BTC-USD", SECOND_VENUE] = inventory * SIZES_E8["BTC-USD"]
    wishes = list(maker.decide(view.ticks["BTC-USD"], view))
    return {wish.side: wish for wish in wishes if isinstance(wish, Place)}


def test_it_quotes_both_sides_and_never_takes() -> None:
    both = quotes(0)
    tick_now = maker_and_view()[1].ticks["BTC-USD"]
    assert both.keys() == {"BUY", "SELL"}
    assert all(wish.post_only and wish.time_in_force == "GTC" for wish in both.values())
    assert all(wish.quantity_e8 == SIZES_E8["BTC-USD"] for wish in both.values())
    assert (both["BUY"].limit_price_e8 or 0) < tick_now.bid_price_e8
    assert (both["SELL"].limit_price_e8 or 0) > tick_now.ask_price_e8


@pytest.mark.parametrize("side", ["BUY", "SELL"])
def test_the_more_it_holds_the_lower_it_quotes(side: str) -> None:
    prices = [quotes(inventory)[side].limit_price_e8 or 0 for inventory in range(-4, 5)]
    assert prices == sorted(prices, reverse=True)
    assert prices[0] > prices[-1]


def test_with_a_full_inventory_only_the_side_that_empties_it_is_quoted() -> None:
    assert quotes(INVENTORY_MAX).keys() == {"SELL"}
    assert quotes(-INVENTORY_MAX).keys() == {"BUY"}


def test_it_does_not_quote_before_it_knows_how_much_the_price_moves() -> None:
    maker, view = MarketMaking(), FakeView()
    maker.on_price(tick(0))
    assert list(maker.decide(tick(0), view)) == []


def test_hours_of_quotes_are_a_few_hundred_an_hour_funded_and_never_cross() -> None:
    session = Session(0)
    session.run(2 * HOUR)
    mine = [order for order in session.orders() if order.account == "firm-market-making"]
    assert 100 <= len(mine) / 2 <= 500
    assert session.second.crossing == []
    assert session.unfunded() == []
    assert all(isinstance(order, OrderSubmitted) and order.post_only for order in mine)
    for symbol, size_e8 in SIZES_E8.items():
        held_e8 = session.engine.state.portfolio.positions
        lean_e8 = sum(
            one.quantity_e8
            for key, one in held_e8.items()
            if key.strategy == "market-making" and key.instrument == symbol
        )
        assert abs(lean_e8) <= (INVENTORY_MAX + 1) * size_e8
