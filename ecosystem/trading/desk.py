"""What the engine keeps for each strategy and instrument, and for each account."""

from typing import Final

from ecosystem.events.balances import BalanceChanged
from ecosystem.events.orders import OrderSubmitted
from ecosystem.events.prices import PriceTicked
from ecosystem.events.words import EventId, Side
from ecosystem.firm import OPENING_BALANCES_E8, VENUE
from ecosystem.instruments import INSTRUMENTS
from ecosystem.trading.strategies import CLIPS_E8, ORDER_SHARE_MIN, Strategy
from ecosystem.units import E8

MARKET_COLLAR_E8: Final = E8 // 50
"""A market buy must be funded at this much above the ask, as it may walk through the book."""


class WorkingOrder:
    """An order between its submission and its end."""

    __slots__ = ("accepted", "cancelled_us", "order_id", "reserved_e8", "submitted_us")

    def __init__(self, submitted: OrderSubmitted, reserved_e8: int) -> None:
        self.order_id: EventId = submitted.order_id
        self.submitted_us = submitted.event_time_us
        self.reserved_e8 = reserved_e8
        """What the venue will lock but has not said so yet."""
        self.accepted = False
        self.cancelled_us: int | None = None
        """When its cancellation was last requested."""


class Account:
    """The balances of one account at the venue, as last told."""

    __slots__ = ("available_e8", "desks", "name", "total_e8")

    def __init__(self, name: str) -> None:
        self.name = name
        self.available_e8: dict[str, int] = {}
        self.total_e8: dict[str, int] = {}
        self.desks: list[Desk] = []

    def learn(self, changed: BalanceChanged) -> None:
        """Take in a balance; a lock for an order ends what was reserved for it."""
        self.available_e8[changed.asset] = changed.available_e8
        self.total_e8[changed.asset] = changed.total_e8
        if changed.reason == "LOCK":
            for desk in self.desks:
                if desk.order is not None and desk.order.order_id == changed.reference_id:
                    desk.order.reserved_e8 = 0

    def free_e8(self, asset: str) -> int:
        """Return what an order may still use of `asset`."""
        reserved_e8 = sum(
            desk.order.reserved_e8
            for desk in self.desks
            if desk.order is not None and desk.order_asset == asset
        )
        return self.available_e8.get(asset, 0) - reserved_e8


class Desk:
    """One strategy on one instrument."""

    __slots__ = (
        "_ask_e8",
        "_bid_e8",
        "_clip_e8",
        "_lot_e8",
        "_opening_e8",
        "_taker_fee_e8",
        "account",
        "base",
        "indicator",
        "last_order_us",
        "level",
        "order",
        "order_asset",
        "quote",
        "strategy",
        "symbol",
    )

    def __init__(self, strategy: Strategy, symbol: str, account: Account) -> None:
        instrument = INSTRUMENTS[symbol]
        self.strategy = strategy
        self.symbol = symbol
        self.account = account
        self.base, self.quote = instrument.base, instrument.quote
        self.indicator = strategy.indicator(symbol)
        self.level = 0
        self.order: WorkingOrder | None = None
        self.order_asset = ""
        """The asset the working order spends."""
        self.last_order_us: int | None = None
        self._bid_e8 = self._ask_e8 = 0
        self._clip_e8 = CLIPS_E8[symbol]
        self._lot_e8 = instrument.lot_size_e8
        self._taker_fee_e8 = instrument.taker_fee_e8
        self._opening_e8 = OPENING_BALANCES_E8[VENUE][strategy.account][instrument.base]
        account.desks.append(self)

    def price(self, tick: PriceTicked) -> None:
        """Take in a quote of the desk's instrument."""
        self._bid_e8, self._ask_e8 = tick.bid_price_e8, tick.ask_price_e8
        self.indicator.update((self._bid_e8 + self._ask_e8) // 2, tick.event_time_us)

    def submitted(self, order: OrderSubmitted) -> None:
        """Take in an own submission, and reserve what the venue will lock for it."""
        self.order_asset = self.quote if order.side == "BUY" else self.base
        if order.side == "SELL":
            reserved_e8 = order.quantity_e8
        elif self._ask_e8 or order.limit_price_e8:
            reserved_e8 = -(-order.quantity_e8 * self._unit_cost_e8(order.limit_price_e8) // E8)
        else:
            # After a restart, before any price: everything may be spoken for.
            reserved_e8 = self.account.free_e8(self.quote)
        self.order = WorkingOrder(order, reserved_e8)
        self.last_order_us = order.event_time_us

    def wanted(self) -> tuple[Side, int, int | None] | None:
        """Return side, quantity and limit of the order that reaches the level; None if none does.

        The quantity is cut to what the account can fund.
        """
        held_e8 = self.account.total_e8.get(self.base)
        if held_e8 is None:
            return None
        gap_e8 = self.level * self._clip_e8 - (held_e8 - self._opening_e8)
        least_e8 = self._clip_e8 // ORDER_SHARE_MIN
        if -least_e8 < gap_e8 < least_e8:
            return None
        market = self.strategy.order_type == "MARKET"
        if gap_e8 > 0:
            limit_e8 = None if market else self._bid_e8
            free_e8 = self.account.free_e8(self.quote) * E8 // self._unit_cost_e8(limit_e8)
        else:
            limit_e8 = None if market else self._ask_e8
            free_e8 = self.account.free_e8(self.base)
        # Even when the lean is far off, no order is larger than two clips.
        quantity_e8 = min(abs(gap_e8), 2 * self._clip_e8, free_e8)
        quantity_e8 -= quantity_e8 % self._lot_e8
        if quantity_e8 < least_e8:
            return None
        return "BUY" if gap_e8 > 0 else "SELL", quantity_e8, limit_e8

    def _unit_cost_e8(self, limit_e8: int | None) -> int:
        price_e8 = limit_e8 or -(-self._ask_e8 * (E8 + MARKET_COLLAR_E8) // E8)
        return -(-price_e8 * (E8 + self._taker_fee_e8) // E8)
