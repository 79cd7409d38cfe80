"""The house: market makers of the venue's own, who quote around the feed's price.

With each tick they quote ten levels on each side; the quantities are seeded by the number of the
tick. A level exists only when an order comes to look at it, so a tick nobody trades on costs next
to nothing. What they sell or buy until the next tick is gone from their best levels first, and
they offer no more than they hold. Their orders, executions and balances are not published.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from ecosystem.events.fills import OrderFilled
from ecosystem.events.prices import PriceTicked
from ecosystem.instruments import INSTRUMENTS, Instrument
from ecosystem.rng import Stream
from ecosystem.units import E8, MINUTE_US

LEVELS: Final = 10
HOUSE_HOLDINGS_E8: Final[Mapping[str, int]] = MappingProxyType(
    {"BTC": 20_000 * E8, "ETH": 400_000 * E8, "USD": 10**9 * E8, "USDT": 10**9 * E8}
)
"""What the house holds of each asset when a run begins."""
_SPACING_OF_PRICE: Final = 10_000
_REMEMBERED_US: Final = MINUTE_US


class Quote:
    """Where the house stands in one instrument since the last tick."""

    __slots__ = ("ask_price_e8", "bid_price_e8", "number", "since_us", "taken", "trades")

    def __init__(self) -> None:
        self.bid_price_e8 = 0
        self.ask_price_e8 = 0
        self.number = 0
        self.since_us = 0
        self.taken = [0, 0]
        """Quantity taken since the tick: from the bids, from the asks."""
        self.trades: list[tuple[int, int, int]] = []
        """Recent executions: time, side (1 when the asks were taken), quantity."""


class House:
    """The venue's own liquidity: holdings, quotes and the fees collected."""

    __slots__ = ("_delay_us", "_quotes", "_streams", "fees_e8", "holdings_e8")

    def __init__(self, seed: int, name: str, holdings_e8: Mapping[str, int], delay_us: int) -> None:
        self.holdings_e8 = dict(holdings_e8)
        self.fees_e8 = dict.fromkeys(holdings_e8, 0)
        self._delay_us = delay_us
        self._quotes = {symbol: Quote() for symbol in INSTRUMENTS}
        self._streams = {symbol: Stream(seed, name, "house", symbol) for symbol in INSTRUMENTS}

    def requote(self, tick: PriceTicked) -> None:
        """Quote around a tick; ticks older than the quote are passed over.

        A crossed or empty tick makes the house withdraw until the next. Executions decided at or
        after the time of the tick count against the new quote: the log tells their times, so a
        restored house that is given the last tick stands where it stood.
        """
        quote = self._quotes[tick.instrument]
        time_us = tick.event_time_us
        if time_us < quote.since_us:
            return
        step_e8 = INSTRUMENTS[tick.instrument].tick_size_e8
        bid_e8 = tick.bid_price_e8 // step_e8 * step_e8
        ask_e8 = -(-tick.ask_price_e8 // step_e8) * step_e8
        if bid_e8 <= 0 or bid_e8 >= ask_e8:
            bid_e8 = ask_e8 = 0
        quote.bid_price_e8 = bid_e8
        quote.ask_price_e8 = ask_e8
        quote.number = tick.feed_sequence
        quote.since_us = time_us
        if quote.trades:
            quote.trades = [trade for trade in quote.trades if trade[0] >= time_us]
            quote.taken = [0, 0]
            for _, side, quantity_e8 in quote.trades:
                quote.taken[side] += quantity_e8

    def crosses(self, symbol: str, bid_e8: int | None, ask_e8: int | None) -> bool:
        """Tell whether the quote may cross an order resting at `bid_e8` or `ask_e8`."""
        quote = self._quotes[symbol]
        if not quote.bid_price_e8:
            return False
        return (bid_e8 is not None and bid_e8 >= quote.ask_price_e8) or (
            ask_e8 is not None and ask_e8 <= quote.bid_price_e8
        )

    def middle_price_e8(self, symbol: str) -> int | None:
        """Return the middle of the best quotes; None when the house is silent."""
        quote = self._quotes[symbol]
        return (quote.bid_price_e8 + quote.ask_price_e8) // 2 or None

    def offers(self, instrument: Instrument, *, buys: bool) -> Iterator[tuple[int, int]]:
        """Yield price and quantity, best first, that the house offers to one who buys or sells."""
        quote = self._quotes[instrument.symbol]
        if not quote.bid_price_e8:
            return
        lot_e8, tick_e8 = instrument.lot_size_e8, instrument.tick_size_e8
        low_e8, high_e8 = instrument.quantity_max_e8 // 200, instrument.quantity_max_e8 // 50
        price_e8 = quote.ask_price_e8 if buys else quote.bid_price_e8
        spacing_e8 = max(tick_e8, price_e8 // _SPACING_OF_PRICE // tick_e8 * tick_e8)
        if not buys:
            spacing_e8 = -spacing_e8
        taken_e8 = quote.taken[buys]
        held_e8 = self.holdings_e8[instrument.base if buys else instrument.quote]
        draw = self._streams[instrument.symbol].integer
        first = (2 * quote.number + buys) * LEVELS
        for number in range(first, first + LEVELS):
            quantity_e8 = draw(number, low_e8, high_e8) // lot_e8 * lot_e8
            if taken_e8 >= quantity_e8:
                taken_e8 -= quantity_e8
            else:
                quantity_e8 -= taken_e8
                taken_e8 = 0
                most_e8 = held_e8 if buys else held_e8 * E8 // price_e8
                if quantity_e8 > most_e8:
                    quantity_e8 = most_e8 // lot_e8 * lot_e8
                if not quantity_e8:
                    return
                held_e8 -= quantity_e8 if buys else -(-quantity_e8 * price_e8 // E8)
                yield price_e8, quantity_e8
            price_e8 += spacing_e8
            if price_e8 <= 0:
                return

    def apply(self, fill: OrderFilled, instrument: Instrument) -> None:
        """Take the other side of an account's execution."""
        buys = fill.side == "BUY"
        sign = -1 if buys else 1
        self.holdings_e8[instrument.base] += sign * fill.quantity_e8
        self.holdings_e8[instrument.quote] -= sign * fill.notional_e8
        quote = self._quotes[instrument.symbol]
        decided_us = fill.event_time_us - self._delay_us
        trades = quote.trades
        if len(trades) >= 64 and trades[0][0] < decided_us - _REMEMBERED_US:
            quote.trades = [trade for trade in trades if trade[0] >= decided_us - _REMEMBERED_US]
        quote.trades.append((decided_us, int(buys), fill.quantity_e8))
        if decided_us >= quote.since_us:
            quote.taken[buys] += fill.quantity_e8
