"""Runaway: a hundred market orders with every tick, for no reason at all."""

from collections.abc import Iterator

from ecosystem.trading.contract import Cause, PriceTicked, Side, Strategy, View, Wish
from ecosystem.trading.misbehaving.orders import market_order


class Runaway(Strategy):
    """Floods the venue. On both sides it pays spread and fee again and again; the power to buy
    high and sell low as fast as the machine goes cost Knight Capital 440 million USD in 45 minutes
    (SEC, release 34-70694, 2013)."""

    def __init__(
        self, venue: str, instruments: tuple[str, ...], notional_e8: int, rate: int, side: str
    ) -> None:
        self.instruments = instruments  # type: ignore[misc]  # of this instance, not of the class
        self._venue = venue
        self._notional_e8 = notional_e8
        self._rate = rate
        self._sides: tuple[Side, ...] = {
            "buy": ("BUY",),
            "sell": ("SELL",),
            "both": ("BUY", "SELL"),
        }[side]  # type: ignore[assignment]  # the words are checked with the parameters

    def decide(self, cause: Cause, view: View) -> Iterator[Wish]:
        """Yield `rate` orders with each tick."""
        if not isinstance(cause, PriceTicked):
            return
        for number in range(self._rate):
            side = self._sides[number % len(self._sides)]
            order = market_order(view, self._venue, cause.instrument, side, self._notional_e8)
            if order is not None:
                yield order
