"""Mean reversion: what has strayed comes back."""

from collections.abc import Iterable

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


class MeanReversion(Strategy):
    """Leans against the distance of the price from its average.

    It waits at its own side of the touch for the market to come.
    """

    instruments = tuple(CLIPS_E8)

    def __init__(self) -> None:
        self._indicators = {
            symbol: indicators.Reversion(10 * MINUTE_US, 1.25, 0.0005) for symbol in CLIPS_E8
        }

    def on_price(self, tick: PriceTicked) -> None:
        """Take the price into mean and variance."""
        mid_e8 = (tick.bid_price_e8 + tick.ask_price_e8) // 2
        self._indicators[tick.instrument].update(mid_e8, tick.event_time_us)

    def decide(self, cause: Cause, view: View) -> Iterable[Wish]:
        """Return what the signal asks for at a tick; at a book, what is to be cancelled."""
        if isinstance(cause, PriceTicked):
            signal = self._indicators[cause.instrument].signal()
            return lean(view, cause.instrument, signal, market=False)
        if isinstance(cause, BookQuoted):
            return old_orders(view, cause.instrument)
        return ()
