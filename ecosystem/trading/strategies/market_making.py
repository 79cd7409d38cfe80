"""Market making: a bid and an offer in the book, leaning against what has been taken."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from ecosystem.trading.contract import (
    INSTRUMENTS,
    MINUTE_US,
    SECOND_US,
    SECOND_VENUE,
    BookQuoted,
    Cancel,
    Cause,
    Instrument,
    OpenOrder,
    Place,
    PriceTicked,
    Side,
    Strategy,
    View,
    Wish,
    parse_e8,
)
from ecosystem.trading.indicators import Volatility
from ecosystem.trading.strategies.lean import is_old

SIZES_E8: Final[Mapping[str, int]] = {"BTC-USD": parse_e8("0.02"), "ETH-USD": parse_e8("0.4")}
"""The instruments quoted, and how much on each side."""
INVENTORY_MAX: Final = 5
"""Sizes held or owed at which the side that adds to them is not quoted any more."""
REQUOTE_US: Final = 30 * SECOND_US
"""Least event time between two quotes of one side, the venue's patience being finite."""
PAUSE_US: Final = 5 * SECOND_US
"""Least event time between two moments at which an instrument is quoted."""

# Avellaneda and Stoikov, High-frequency trading in a limit order book, Quantitative Finance 8
# (2008), equations (29) and (30), with the price as unit and a constant time to the end: the
# reservation price is s - q g v, the spread g v + 2/g ln(1 + g/k). Here v is the variance of the
# price over the horizon, q the inventory in sizes, g the aversion to risk; the last term, which
# does not depend on the market, is the constant _BASE.
_HORIZON_S: Final = 600.0
_AVERSION: Final = 20.0
_BASE: Final = 0.0016
_TOLERANCE: Final = 0.0006
"""How far a quote may be from where it should be, as a fraction."""
_DISTANCE_MIN: Final = 0.0002
"""Nearer to the touch of the other side no quote is placed: it must rest, not trade."""

Sides = tuple[tuple[Side, float, bool], tuple[Side, float, bool]]
"""For each side where it is quoted, and whether too much is held to quote it."""


class MarketMaking(Strategy):
    """Quotes both sides at one venue, post-only, around a price that leans against inventory."""

    instruments = tuple(SIZES_E8)
    venues = (SECOND_VENUE,)

    def __init__(self) -> None:
        self._volatility = {symbol: Volatility(10 * MINUTE_US) for symbol in SIZES_E8}

    def on_price(self, tick: PriceTicked) -> None:
        """Follow how much the price moves."""
        mid_e8 = (tick.bid_price_e8 + tick.ask_price_e8) // 2
        self._volatility[tick.instrument].update(mid_e8, tick.event_time_us)

    def decide(self, cause: Cause, view: View) -> Iterable[Wish]:
        """Return the end of quotes that are out of place, and at a tick those that are missing."""
        if not isinstance(cause, PriceTicked | BookQuoted):
            return ()
        symbol = cause.instrument
        orders = view.orders(symbol)
        # With most ticks both sides are quoted, since too short a time to be quoted anew.
        if len(orders) == 2 and _both_settle(orders[0], orders[1], view.now_us):
            return ()
        tick = view.tick(symbol)
        variance = self._volatility[symbol].variance_per_second()
        if variance is None or tick is None:
            return ()
        inventory = view.position_e8(symbol) / SIZES_E8[symbol]
        risk = _AVERSION * variance * _HORIZON_S
        middle = (tick.bid_price_e8 + tick.ask_price_e8) / 2 * (1.0 - inventory * risk)
        half = (_BASE + risk) / 2
        sides: Sides = (
            ("BUY", middle * (1.0 - half), inventory >= INVENTORY_MAX),
            ("SELL", middle * (1.0 + half), inventory <= -INVENTORY_MAX),
        )
        return _moves(cause, view, tick, orders, sides)


def _both_settle(one: OpenOrder, other: OpenOrder, now_us: int) -> bool:
    since_us = now_us - REQUOTE_US
    return (
        one.side != other.side
        and one.submitted_us > since_us
        and other.submitted_us > since_us
        and one.limit_price_e8 is not None
        and other.limit_price_e8 is not None
    )


def _moves(
    cause: Cause, view: View, tick: PriceTicked, orders: Sequence[OpenOrder], sides: Sides
) -> Iterator[Wish]:
    for side, price, full in sides:
        # What reduces a position while a breaker is open is an order at the market, no quote.
        resting = [
            order for order in orders if order.side == side and order.limit_price_e8 is not None
        ]
        if resting:
            yield from _withdrawn(resting, price, full, view.now_us)
        elif not full and isinstance(cause, PriceTicked):
            yield from _quote(view, tick, side, price)


def _withdrawn(resting: list[OpenOrder], price: float, full: bool, now_us: int) -> list[Cancel]:
    withdrawn = []
    for order in resting:
        assert order.limit_price_e8 is not None, "the caller has seen to it"
        strayed = abs(order.limit_price_e8 - price) > _TOLERANCE * price
        settled = now_us - order.submitted_us >= REQUOTE_US
        if settled and (full or strayed) and (order.cancelled_us is None or is_old(order, now_us)):
            withdrawn.append(Cancel(order_id=order.order_id))
    return withdrawn


def _quote(view: View, tick: PriceTicked, side: Side, price: float) -> Iterator[Place]:
    venue, symbol = SECOND_VENUE, tick.instrument
    instrument = INSTRUMENTS[symbol]
    if view.total_e8(venue, instrument.base) is None:
        return
    last_us = view.last_order_us(symbol, venue)
    if last_us is not None and 0 < view.now_us - last_us < PAUSE_US:
        return  # placed, executed or withheld a moment ago; at the same moment, the other side
    limit_e8 = _resting_price_e8(view, tick, side, price, instrument)
    size_e8 = SIZES_E8[symbol]
    if limit_e8 > 0 and view.affordable_e8(venue, symbol, side, limit_e8) >= size_e8:
        yield Place(
            venue=venue,
            instrument=symbol,
            side=side,
            quantity_e8=size_e8,
            order_type="LIMIT",
            time_in_force="GTC",
            limit_price_e8=limit_e8,
            post_only=True,
        )


def _resting_price_e8(
    view: View, tick: PriceTicked, side: Side, price: float, instrument: Instrument
) -> int:
    step_e8 = instrument.tick_size_e8
    book = view.book(SECOND_VENUE, instrument.symbol)
    # The feed's touch, the venue's, and our own quote on the other side: it must meet none of them.
    others = [
        order.limit_price_e8
        for order in view.orders(instrument.symbol)
        if order.side != side and order.limit_price_e8 is not None
    ]
    if side == "BUY":
        if book is not None:
            others += book.ask_prices_e8[:1]
        touch_e8 = min((tick.ask_price_e8, *others))
        return int(min(price, touch_e8 * (1.0 - _DISTANCE_MIN))) // step_e8 * step_e8
    if book is not None:
        others += book.bid_prices_e8[:1]
    touch_e8 = max((tick.bid_price_e8, *others))
    return -(-int(max(price, touch_e8 * (1.0 + _DISTANCE_MIN))) // step_e8) * step_e8
