"""A venue small enough to see through: it fills at the tick, and never lets anybody overdraw."""

from collections.abc import Iterator
from typing import TypedDict

from ecosystem.events.balances import BalanceChanged
from ecosystem.events.envelope import Event
from ecosystem.events.fills import OrderFilled
from ecosystem.events.orders import (
    OrderAccepted,
    OrderCancelled,
    OrderCancelRequested,
    OrderRejected,
    OrderSubmitted,
)
from ecosystem.events.prices import PriceTicked
from ecosystem.events.words import BalanceReason, CancelReason, EventId, RejectReason
from ecosystem.firm import OPENING_BALANCES_E8
from ecosystem.ids import derive_id
from ecosystem.instruments import INSTRUMENTS
from ecosystem.units import E8


class Envelope(TypedDict):
    """The fields every event begins with."""

    event_id: EventId
    correlation_id: EventId
    causation_id: EventId
    event_time_us: int


class TinyVenue:
    """Fills market orders at the touch, limit orders when the touch reaches them."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.available_e8 = {
            (account, asset): amount_e8
            for account, balances in OPENING_BALANCES_E8[name].items()
            for asset, amount_e8 in balances.items()
        }
        self.locked_e8 = dict.fromkeys(self.available_e8, 0)
        self.book: dict[EventId, tuple[OrderSubmitted, int]] = {}
        self.ticks: dict[str, PriceTicked] = {}
        self.unfunded: list[OrderSubmitted] = []
        self.crossing: list[OrderSubmitted] = []
        """Post-only orders that would have been executed at once."""
        self._answers = 0

    def opening(self, time_us: int) -> Iterator[Event]:
        """Yield the deposits."""
        for account, asset in self.available_e8:
            reference = derive_id(EventId(b"d" * 16), f"{account}/{asset}")
            yield self._balance(account, asset, "DEPOSIT", reference, 0, time_us)

    def handle(self, event: Event) -> Iterator[Event]:
        """Yield the answers to a wish or a tick."""
        if isinstance(event, PriceTicked):
            self.ticks[event.instrument] = event
            for order, locked_e8 in list(self.book.values()):
                if order.instrument == event.instrument and self._crosses(order):
                    yield from self._fill(order, locked_e8, event.event_time_us)
        elif isinstance(event, OrderSubmitted) and event.venue == self.name:
            yield from self._submit(event)
        elif isinstance(event, OrderCancelRequested) and event.venue == self.name:
            yield from self._cancel(event)

    def _submit(self, order: OrderSubmitted) -> Iterator[Event]:
        instrument = INSTRUMENTS[order.instrument]
        price_e8 = order.limit_price_e8 or self.ticks[order.instrument].ask_price_e8
        cost_e8 = order.quantity_e8
        asset = instrument.base
        if order.side == "BUY":
            asset = instrument.quote
            cost_e8 = -(-cost_e8 * price_e8 * (E8 + instrument.taker_fee_e8) // E8**2)
        account = order.account
        if cost_e8 > self.available_e8[account, asset]:
            self.unfunded.append(order)
            yield self._reject(order, "INSUFFICIENT_BALANCE")
            return
        if order.post_only and self._crosses(order):
            self.crossing.append(order)
            yield self._reject(order, "WOULD_CROSS")
            return
        time_us = order.event_time_us
        yield OrderAccepted(
            **self._envelope(order.event_id, "accepted", time_us),
            order_id=order.order_id,
            venue=self.name,
            account=account,
            instrument=order.instrument,
            side=order.side,
            order_type=order.order_type,
            time_in_force=order.time_in_force,
            quantity_e8=order.quantity_e8,
            limit_price_e8=order.limit_price_e8,
            stop_price_e8=None,
            post_only=order.post_only,
            reduce_only=False,
        )
        self.available_e8[account, asset] -= cost_e8
        self.locked_e8[account, asset] += cost_e8
        self.book[order.order_id] = (order, cost_e8)
        yield self._balance(account, asset, "LOCK", order.order_id, 0, time_us)
        if self._crosses(order):
            yield from self._fill(order, cost_e8, time_us)
        elif order.time_in_force == "IOC":
            yield from self._leave(order, order.event_id, time_us, "IMMEDIATE_REMAINDER")

    def _crosses(self, order: OrderSubmitted) -> bool:
        tick, limit_e8 = self.ticks[order.instrument], order.limit_price_e8
        if limit_e8 is None:
            return True
        if order.side == "BUY":
            return tick.ask_price_e8 <= limit_e8
        return tick.bid_price_e8 >= limit_e8

    def _fill(self, order: OrderSubmitted, locked_e8: int, time_us: int) -> Iterator[Event]:
        del self.book[order.order_id]
        instrument, tick = INSTRUMENTS[order.instrument], self.ticks[order.instrument]
        buys = order.side == "BUY"
        price_e8 = order.limit_price_e8 or (tick.ask_price_e8 if buys else tick.bid_price_e8)
        notional_e8 = order.quantity_e8 * price_e8 // E8
        fee_e8 = notional_e8 * instrument.taker_fee_e8 // E8
        account = order.account
        trade_id = derive_id(order.order_id, "tiny/trade")
        yield OrderFilled(
            **self._envelope(order.event_id, "filled", time_us),
            trade_id=trade_id,
            order_id=order.order_id,
            venue=self.name,
            account=account,
            instrument=order.instrument,
            side=order.side,
            liquidity="TAKER",
            price_e8=price_e8,
            quantity_e8=order.quantity_e8,
            notional_e8=notional_e8,
            fee_e8=fee_e8,
            fee_asset=instrument.quote,
            remaining_quantity_e8=0,
        )
        spent = instrument.quote if buys else instrument.base
        self.locked_e8[account, spent] -= locked_e8
        self.available_e8[account, spent] += locked_e8
        base_e8 = order.quantity_e8 if buys else -order.quantity_e8
        quote_e8 = (-notional_e8 if buys else notional_e8) - fee_e8
        for asset, change_e8 in ((instrument.base, base_e8), (instrument.quote, quote_e8)):
            self.available_e8[account, asset] += change_e8
            yield self._balance(account, asset, "TRADE", trade_id, change_e8, time_us)

    def _cancel(self, wish: OrderCancelRequested) -> Iterator[Event]:
        if wish.order_id not in self.book:
            yield self._reject(wish, "UNKNOWN_ORDER")
            return
        order = self.book[wish.order_id][0]
        yield from self._leave(order, wish.event_id, wish.event_time_us, "REQUESTED")

    def _leave(
        self, order: OrderSubmitted, cause: EventId, time_us: int, why: CancelReason
    ) -> Iterator[Event]:
        _, locked_e8 = self.book.pop(order.order_id)
        instrument = INSTRUMENTS[order.instrument]
        asset = instrument.quote if order.side == "BUY" else instrument.base
        self.locked_e8[order.account, asset] -= locked_e8
        self.available_e8[order.account, asset] += locked_e8
        yield OrderCancelled(
            **self._envelope(cause, "cancelled", time_us),
            order_id=order.order_id,
            venue=self.name,
            account=order.account,
            instrument=order.instrument,
            remaining_quantity_e8=order.quantity_e8,
            reason=why,
        )
        yield self._balance(order.account, asset, "UNLOCK", order.order_id, 0, time_us)

    def _reject(self, wish: OrderSubmitted | OrderCancelRequested, why: RejectReason) -> Event:
        return OrderRejected(
            **self._envelope(wish.event_id, "rejected", wish.event_time_us),
            order_id=wish.order_id,
            venue=self.name,
            account=wish.account,
            instrument=wish.instrument,
            reason=why,
            detail="",
        )

    def _balance(
        self,
        account: str,
        asset: str,
        reason: BalanceReason,
        reference: EventId,
        change_e8: int,
        time_us: int,
    ) -> BalanceChanged:
        self._answers += 1
        available_e8 = self.available_e8[account, asset]
        locked_e8 = self.locked_e8[account, asset]
        return BalanceChanged(
            **self._envelope(reference, f"balance/{asset}", time_us),
            venue=self.name,
            account=account,
            asset=asset,
            reason=reason,
            reference_id=reference,
            change_e8=change_e8,
            available_e8=available_e8,
            locked_e8=locked_e8,
            total_e8=available_e8 + locked_e8,
            balance_sequence=self._answers,
        )

    def _envelope(self, cause: EventId, label: str, time_us: int) -> Envelope:
        self._answers += 1
        return Envelope(
            event_id=derive_id(cause, f"tiny/{label}", self._answers),
            correlation_id=cause,
            causation_id=cause,
            event_time_us=time_us,
        )
