"""Momentum: what rises goes on rising, for a while."""

from collections.abc import Iterable, Mapping
from typing import Final

from ecosystem.trading import indicators
from ecosystem.trading.contract import (
    MINUTE_US,
    BookQuoted,
    Cause,
    PriceTicked,
    Strategy,
    View,
    Wish,
)
from ecosystem.trading.strategies.lean import CLIPS_E8, lean, old_orders

# One step is about one standard deviation of the signal in a quiet market of 60 % (75 %) a year.
_STEPS: Final[Mapping[str, float]] = {"BTC-USD": 0.001, "ETH-USD": 0.00125}


class Momentum(Strategy):
    """Leans with the lead of a fast average over a slow one.

    It must be there while the move lasts, and pays the spread for it.
    """

    instruments = tuple(CLIPS_E8)

    def __init__(self) -> None:
        self._indicators = {
            symbol: indicators.Momentum(MINUTE_US, 5 * MINUTE_US, step)
            for symbol, step in _STEPS.items()
        }

    def on_price(self, tick: PriceTicked) -> None:
        """Take the price into both averages."""
        mid_e8 = (tick.bid_price_e8 + tick.ask_price_e8) // 2
        self._indicators[tick.instrument].update(mid_e8, tick.event_time_us)

    def decide(self, cause: Cause, view: View) -> Iterable[Wish]:
        """Return what the signal asks for at a tick; at a book, what is to be cancelled."""
        if isinstance(cause, PriceTicked):
            signal = self._indicators[cause.instrument].signal()
            return lean(view, cause.instrument, signal, market=True)
        if isinstance(cause, BookQuoted):
            return old_orders(view, cause.instrument)
        return ()
