"""Breakout: buys above the highest price of the last half hour, and sells below the lowest.

Run it in place of the momentum strategy:

    PYTHONPATH=. tse run quiet --strategy examples.strategies.breakout:Breakout@firm-momentum
"""

from collections import deque
from collections.abc import Iterator

from ecosystem.trading.contract import (
    E8,
    MINUTE_US,
    VENUE,
    Cause,
    Place,
    PriceTicked,
    Side,
    Signal,
    Strategy,
    View,
    Wish,
    parse_e8,
)

WINDOW_US = 30 * MINUTE_US
PAUSE_US = 5 * MINUTE_US
SIZE_E8 = parse_e8("0.03")


class Breakout(Strategy):
    """Holds one size in the direction of the last breakout."""

    instruments = ("BTC-USD",)

    def __init__(self) -> None:
        self._minutes: deque[tuple[int, int]] = deque(maxlen=WINDOW_US // MINUTE_US)
        self._broken = 0

    def on_price(self, tick: PriceTicked) -> None:
        """Remember one price a minute, and whether this one leaves their range."""
        price_e8 = tick.last_price_e8
        prices = [known_e8 for _, known_e8 in self._minutes]
        self._broken = 0
        if len(prices) == self._minutes.maxlen:
            self._broken = (price_e8 > max(prices)) - (price_e8 < min(prices))
        if not prices or tick.event_time_us - self._minutes[-1][0] >= MINUTE_US:
            self._minutes.append((tick.event_time_us, price_e8))

    def decide(self, cause: Cause, view: View) -> Iterator[Wish]:
        """Yield the new opinion, and the order that follows from it."""
        if not self._broken:
            return
        yield Signal(
            instrument="BTC-USD", strength_e8=self._broken * E8, reason="the range was broken"
        )
        gap_e8 = self._broken * SIZE_E8 - view.position_e8("BTC-USD")
        last_us = view.last_order_us("BTC-USD")
        rested = last_us is None or view.now_us - last_us >= PAUSE_US
        if gap_e8 and rested and not view.orders("BTC-USD"):
            side: Side = "BUY" if gap_e8 > 0 else "SELL"
            quantity_e8 = min(abs(gap_e8), view.affordable_e8(VENUE, "BTC-USD", side))
            if quantity_e8 >= SIZE_E8 // 2:
                yield Place(venue=VENUE, instrument="BTC-USD", side=side, quantity_e8=quantity_e8)
