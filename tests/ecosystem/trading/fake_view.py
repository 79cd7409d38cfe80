"""A view for tests of one strategy: what it shows is what the test put there."""

from collections.abc import Sequence

from ecosystem.events.books import BookQuoted
from ecosystem.events.prices import PriceTicked
from ecosystem.events.words import Side
from ecosystem.rng import Stream
from ecosystem.trading.contract import OpenOrder, View


class FakeView:
    """Everything plain and settable; unknown amounts are plenty."""

    def __init__(self, now_us: int = 0) -> None:
        self.now_us = now_us
        self.account = "firm-arbitrage"
        self.ticks: dict[str, PriceTicked] = {}
        self.books: dict[tuple[str, str], BookQuoted] = {}
        self.affordable: dict[tuple[str, str, Side], int] = {}
        self.positions: dict[tuple[str, str], int] = {}
        self.exposures: dict[str, int] = {}
        self.open_orders: list[OpenOrder] = []
        self.last_us: dict[str, int] = {}
        self.count = 0

    def tick(self, instrument: str) -> PriceTicked | None:
        return self.ticks.get(instrument)

    def book(self, venue: str, instrument: str) -> BookQuoted | None:
        return self.books.get((venue, instrument))

    def total_e8(self, venue: str, asset: str) -> int | None:
        return 10**12

    def free_e8(self, venue: str, asset: str) -> int:
        return 10**12

    def affordable_e8(
        self, venue: str, instrument: str, side: Side, limit_price_e8: int | None = None
    ) -> int:
        return self.affordable.get((venue, instrument, side), 10**12)

    def position_e8(self, instrument: str, venue: str | None = None) -> int:
        return sum(
            held
            for (symbol, where), held in self.positions.items()
            if symbol == instrument and venue in (None, where)
        )

    def exposure_e8(self, asset: str) -> int:
        return self.exposures.get(asset, 0)

    def strength_e8(self, instrument: str) -> int:
        return 0

    def orders(self, instrument: str, venue: str | None = None) -> Sequence[OpenOrder]:
        return [order for order in self.open_orders if order.instrument == instrument]

    def last_order_us(self, instrument: str, venue: str | None = None) -> int | None:
        return self.last_us.get(instrument)

    def orders_count(self) -> int:
        return self.count

    def stream(self, name: str) -> Stream:
        return Stream(0, name)


VIEW: type[View] = FakeView
"""The type checker sees here that the fake keeps the contract."""
