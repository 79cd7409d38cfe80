"""What the firm's accounts hold at venues, as last told, and what own orders will lock of it."""

from typing import Final

from ecosystem.events.balances import BalanceChanged
from ecosystem.events.words import EventId, Side
from ecosystem.instruments import INSTRUMENTS
from ecosystem.trading.market import Market
from ecosystem.units import E8
from ecosystem.venues import VENUES

MARKET_COLLAR_E8: Final = E8 // 50
"""A market buy must be funded at this much above the ask, as it may walk through the book."""


class Account:
    """One account at one venue."""

    __slots__ = ("_reservations", "_reserved_e8", "_sequences", "available_e8", "total_e8")

    def __init__(self) -> None:
        self.available_e8: dict[str, int] = {}
        self.total_e8: dict[str, int] = {}
        self._sequences: dict[str, int] = {}
        self._reservations: dict[EventId, tuple[str, int]] = {}
        self._reserved_e8: dict[str, int] = {}

    def learn(self, changed: BalanceChanged) -> None:
        """Take in a balance; a lock for an order ends what was reserved for it."""
        asset = changed.asset
        if changed.balance_sequence < self._sequences.get(asset, -1):
            return
        self._sequences[asset] = changed.balance_sequence
        self.available_e8[asset] = changed.available_e8
        self.total_e8[asset] = changed.total_e8
        if changed.reason == "LOCK":
            self.release(changed.reference_id)

    def reserve(self, order_id: EventId, asset: str, amount_e8: int) -> None:
        """Set aside what the venue will lock but has not said so yet."""
        self._reservations[order_id] = (asset, amount_e8)
        self._reserved_e8[asset] = self._reserved_e8.get(asset, 0) + amount_e8

    def release(self, order_id: EventId) -> None:
        """End what was reserved for an order, if anything still is."""
        held = self._reservations.pop(order_id, None)
        if held is not None:
            self._reserved_e8[held[0]] -= held[1]

    def free_e8(self, asset: str) -> int:
        """Return what an order may still use of `asset`."""
        return self.available_e8.get(asset, 0) - self._reserved_e8.get(asset, 0)


class Accounts:
    """All accounts, by venue and name."""

    __slots__ = ("_all", "_market")

    def __init__(self, market: Market) -> None:
        self._market = market
        self._all: dict[tuple[str, str], Account] = {}

    def at(self, venue: str, account: str) -> Account:
        """Return an account; one nobody has spoken of holds nothing."""
        found = self._all.get((venue, account))
        if found is None:
            found = self._all[venue, account] = Account()
        return found

    def venues_of(self, account: str) -> list[Account]:
        """Return an account as it stands at each venue."""
        return [found for (_, name), found in self._all.items() if name == account]

    def affordable_e8(
        self, venue: str, account: str, symbol: str, side: Side, limit_price_e8: int | None
    ) -> int:
        """Return the largest quantity, in whole lots, that an account can fund."""
        instrument = INSTRUMENTS[symbol]
        held = self.at(venue, account)
        if side == "SELL":
            free_e8 = held.free_e8(instrument.base)
        else:
            unit_cost_e8 = self._unit_cost_e8(venue, symbol, limit_price_e8)
            if unit_cost_e8 is None:
                return 0
            free_e8 = held.free_e8(instrument.quote) * E8 // unit_cost_e8
        return max(0, free_e8 - free_e8 % instrument.lot_size_e8)

    def needed(
        self, venue: str, account: str, symbol: str, side: Side, quantity_e8: int, limit: int | None
    ) -> tuple[str, int]:
        """Return the asset an order spends, and how much the venue may lock of it.

        After a restart, before any price, a market buy may need all there is.
        """
        instrument = INSTRUMENTS[symbol]
        if side == "SELL":
            return instrument.base, quantity_e8
        unit_cost_e8 = self._unit_cost_e8(venue, symbol, limit)
        if unit_cost_e8 is None:
            return instrument.quote, self.at(venue, account).free_e8(instrument.quote)
        return instrument.quote, -(-quantity_e8 * unit_cost_e8 // E8)

    def _unit_cost_e8(self, venue: str, symbol: str, limit_price_e8: int | None) -> int | None:
        price_e8 = limit_price_e8
        if price_e8 is None:
            tick = self._market.ticks.get(symbol)
            if tick is None:
                return None
            price_e8 = -(-tick.ask_price_e8 * (E8 + MARKET_COLLAR_E8) // E8)
        terms = VENUES.get(venue)
        fee_e8 = INSTRUMENTS[symbol].taker_fee_e8 if terms is None else terms.taker_fee_e8
        return -(-price_e8 * (E8 + fee_e8) // E8)
