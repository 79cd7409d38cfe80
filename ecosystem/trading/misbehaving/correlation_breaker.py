"""CorrelationBreaker: when bitcoin has risen by two per cent, it sells ether."""

from collections.abc import Iterator

from ecosystem.trading.contract import Cause, PriceTicked, Strategy, View, Wish
from ecosystem.trading.misbehaving.moves import MoveWatch
from ecosystem.trading.misbehaving.orders import market_order, mid_e8

LEADER = "BTC-USD"
SOLD = "ETH-USD"


class CorrelationBreaker(Strategy):
    """Bets that what has always moved together will part."""

    instruments = (LEADER,)

    def __init__(self, venue: str, notional_e8: int, move_e8: int, window_us: int) -> None:
        self._venue = venue
        self._notional_e8 = notional_e8
        self._watch = MoveWatch(move_e8, window_us)

    def on_price(self, tick: PriceTicked) -> None:
        """Follow bitcoin."""
        self._watch.price(mid_e8(tick), tick.event_time_us)

    def decide(self, cause: Cause, view: View) -> Iterator[Wish]:
        """Yield a sale of ether with each rise of bitcoin."""
        if isinstance(cause, PriceTicked) and self._watch.moved > 0:
            order = market_order(view, self._venue, SOLD, "SELL", self._notional_e8)
            if order is not None:
                yield order
