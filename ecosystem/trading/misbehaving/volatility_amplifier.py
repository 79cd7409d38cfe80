"""VolatilityAmplifier: chases every move of more than one per cent, at twice the size."""

from collections.abc import Iterator

from ecosystem.trading.contract import Cause, PriceTicked, Side, Strategy, View, Wish
from ecosystem.trading.misbehaving.moves import MoveWatch
from ecosystem.trading.misbehaving.orders import market_order, mid_e8


class VolatilityAmplifier(Strategy):
    """Sells what falls and buys what rises, so that it falls and rises further."""

    def __init__(
        self,
        venue: str,
        instruments: tuple[str, ...],
        notional_e8: int,
        move_e8: int,
        window_us: int,
    ) -> None:
        self.instruments = instruments  # type: ignore[misc]  # of this instance, not of the class
        self._venue = venue
        self._notional_e8 = notional_e8
        self._watches = {symbol: MoveWatch(move_e8, window_us) for symbol in instruments}

    def on_price(self, tick: PriceTicked) -> None:
        """Follow the moves."""
        self._watches[tick.instrument].price(mid_e8(tick), tick.event_time_us)

    def decide(self, cause: Cause, view: View) -> Iterator[Wish]:
        """Yield an order of twice the size in the direction of a move."""
        if isinstance(cause, PriceTicked) and (moved := self._watches[cause.instrument].moved):
            side: Side = "BUY" if moved > 0 else "SELL"
            order = market_order(view, self._venue, cause.instrument, side, 2 * self._notional_e8)
            if order is not None:
                yield order
