"""What each strategy has traded and what came of it, by average cost.

A strategy's trading begins flat: what its account owned before is no trade of its own. Amounts are
exact, in quote units scaled by 1e16 (price times quantity), and rounded once, when they are told.
The risk monitor has an arithmetic of its own: two who share one could not contradict each other.
"""

from collections.abc import Sequence

import msgspec

from ecosystem.events.fills import OrderFilled
from ecosystem.instruments import INSTRUMENTS
from ecosystem.trading.market import Market
from ecosystem.units import E8


class PositionKey(msgspec.Struct, frozen=True, gc=False):
    """Where a position is."""

    strategy: str
    account: str
    venue: str
    instrument: str


class Position:
    """One strategy's trading in one instrument at one venue."""

    __slots__ = ("closes_count", "cost_e16", "fees_e8", "quantity_e8", "realised_e16", "wins_count")

    def __init__(self) -> None:
        self.quantity_e8 = 0
        self.cost_e16 = 0
        """What the open quantity was bought for; negative: what it was sold for."""
        self.realised_e16 = 0
        self.fees_e8: dict[str, int] = {}
        self.closes_count = 0
        """Executions that closed something."""
        self.wins_count = 0
        """Those of them that realised a profit, fees left out."""

    def fill(self, fill: OrderFilled) -> None:
        """Take in an execution: first it closes, then what is left of it opens."""
        signed_e8 = fill.quantity_e8 if fill.side == "BUY" else -fill.quantity_e8
        price_e8 = fill.price_e8
        self.fees_e8[fill.fee_asset] = self.fees_e8.get(fill.fee_asset, 0) + fill.fee_e8
        open_e8 = self.quantity_e8
        if open_e8 * signed_e8 < 0:
            closing_e8 = signed_e8 if abs(signed_e8) <= abs(open_e8) else -open_e8
            released_e16 = self.cost_e16 * abs(closing_e8) // abs(open_e8)
            gain_e16 = -closing_e8 * price_e8 - released_e16
            self.realised_e16 += gain_e16
            self.cost_e16 -= released_e16
            self.quantity_e8 += closing_e8
            signed_e8 -= closing_e8
            self.closes_count += 1
            self.wins_count += gain_e16 > 0
        self.cost_e16 += signed_e8 * price_e8
        self.quantity_e8 += signed_e8

    def unrealised_e16(self, price_e8: int) -> int:
        """Return what closing at `price_e8` would realise."""
        return self.quantity_e8 * price_e8 - self.cost_e16


class Profit(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Profit in USD, scaled by 1e8, at the marks of now."""

    realised_e8: int
    unrealised_e8: int
    fees_e8: int

    @property
    def total_e8(self) -> int:
        """Realised plus unrealised, less fees."""
        return self.realised_e8 + self.unrealised_e8 - self.fees_e8


class Portfolio:
    """All positions of the firm's trading."""

    __slots__ = ("_held_e8", "_moved_e16", "_of", "positions")

    def __init__(self) -> None:
        self.positions: dict[PositionKey, Position] = {}
        self._of: dict[str, list[tuple[PositionKey, Position]]] = {}
        # Sums that strategies ask for at each tick, by strategy and instrument or asset.
        self._held_e8: dict[tuple[str, str], int] = {}
        self._moved_e16: dict[tuple[str, str], int] = {}

    def fill(self, strategy: str, fill: OrderFilled) -> None:
        """Take in an execution of a strategy's order."""
        place = PositionKey(strategy, fill.account, fill.venue, fill.instrument)
        position = self.positions.get(place)
        if position is None:
            position = self.positions[place] = Position()
            self._of.setdefault(strategy, []).append((place, position))
        position.fill(fill)
        self._sum(strategy, fill)

    def of(self, strategy: str) -> Sequence[tuple[PositionKey, Position]]:
        """Return the positions of one strategy."""
        return self._of.get(strategy, ())

    def held_e8(self, strategy: str, symbol: str) -> int:
        """Return what a strategy has bought less sold of an instrument, at all venues."""
        return self._held_e8.get((strategy, symbol), 0)

    def exposure_e8(self, strategy: str, asset: str) -> int:
        """Return how far a strategy's trading has moved what is held of an asset, fees left out."""
        return self._moved_e16.get((strategy, asset), 0) // E8

    def _sum(self, strategy: str, fill: OrderFilled) -> None:
        instrument, moved_e16 = INSTRUMENTS[fill.instrument], self._moved_e16
        signed_e8 = fill.quantity_e8 if fill.side == "BUY" else -fill.quantity_e8
        for sums, name, change in (
            (self._held_e8, fill.instrument, signed_e8),
            (moved_e16, instrument.base, signed_e8 * E8),
            (moved_e16, instrument.quote, -signed_e8 * fill.price_e8),
        ):
            sums[strategy, name] = sums.get((strategy, name), 0) + change

    def strategies(self) -> list[str]:
        """Return who has traded, in order of their first executions."""
        return list(dict.fromkeys(place.strategy for place in self.positions))

    def profit(self, strategy: str, market: Market) -> Profit:
        """Return what a strategy has made; what has no price yet counts as nothing."""
        realised = unrealised = fees = 0
        for place, position in self.of(strategy):
            mark_e8 = market.mark_e8(INSTRUMENTS[place.instrument].quote) or 0
            realised += position.realised_e16 * mark_e8
            mid_e8 = market.mid_e8(place.instrument)
            if mid_e8 is not None:
                unrealised += position.unrealised_e16(mid_e8) * mark_e8
            fees += sum(
                fee_e8 * (market.mark_e8(asset) or 0) for asset, fee_e8 in position.fees_e8.items()
            )
        return Profit(
            realised_e8=realised // E8**2, unrealised_e8=unrealised // E8**2, fees_e8=fees // E8
        )
