"""Matching engines to hold the venue's against, and the flows of orders they are fed.

All of them take the same messages and answer each with its executions, so that any two can be
compared message by message.
"""

from collections.abc import Iterator
from random import Random
from typing import NamedTuple

import msgspec
from lightmatchingengine.lightmatchingengine import LightMatchingEngine, Side

from ecosystem.events.fills import OrderFilled
from ecosystem.events.orders import OrderCancelRequested, OrderSubmitted
from ecosystem.events.words import EventId
from ecosystem.exchange.book import Book, Resting
from ecosystem.exchange.matching import limit_key, plan
from ecosystem.firm import VENUE
from ecosystem.venues import VENUES, SelfMatch
from tests.ecosystem.exchange.venue import STARTS_AT_US, new_exchange

_TICK_E8 = 1_000_000
_LOT_E8 = 10_000
Trade = tuple[int, int, int]
"""Number of the resting order, price, quantity."""


class Message(NamedTuple):
    """An order, or the cancel of the order numbered `cancels` when that is not -1."""

    number: int
    account: str
    buys: bool
    price: int | None
    """None takes any price and rests nowhere."""
    quantity: int
    rests: bool = True
    cancels: int = -1


class Mix(NamedTuple):
    """What a flow of orders is made of."""

    cancel_share: float = 0.3
    """Of all messages; the other shares are of the orders."""
    market_share: float = 0.02
    immediate_share: float = 0.05
    spread: int = 10
    """Orders lie up to this many ticks around the middle, which wanders."""
    aggression: float = 0.3
    """Share of the limit orders that reach beyond the middle."""
    quantity_max: int = 60
    sweep_share: float = 0.0
    """Share of orders twenty times as large."""
    accounts: int = 20
    pending_max: int = 100
    """Orders that were neither cancelled nor tried to be; one more, and a cancel comes next."""


def flow(mix: Mix, count: int, seed: int) -> Iterator[Message]:
    """Yield `count` messages, the same for the same seed."""
    chance = Random(seed)
    middle = 100_000
    pending: list[int] = []
    for number in range(count):
        middle += chance.choice((-1, 0, 0, 1))
        drawn = chance.random()
        account = f"account-{chance.randrange(mix.accounts)}"
        buys = chance.random() < 0.5
        if pending and (drawn < mix.cancel_share or len(pending) > mix.pending_max):
            cancels = pending.pop(chance.randrange(len(pending)))
            yield Message(number, account, buys, None, 0, cancels=cancels)
            continue
        pending.append(number)
        quantity = chance.randint(1, mix.quantity_max)
        if chance.random() < mix.sweep_share:
            quantity *= 20
        drawn = chance.random()
        if drawn < mix.market_share:
            yield Message(number, account, buys, None, quantity, rests=False)
            continue
        away = chance.randint(0, mix.spread)
        if chance.random() < mix.aggression:
            away = -away
        price = middle - away if buys else middle + away
        rests = drawn >= mix.market_share + mix.immediate_share
        yield Message(number, account, buys, price, quantity, rests)


class Venue:
    """The venue's book and plans, applied as the venue applies them."""

    def __init__(self, self_match: SelfMatch = "CANCEL_NEWEST") -> None:
        self.book: Book[Resting] = Book()
        self.live: dict[int, Resting] = {}
        self.self_match = self_match

    def take(self, message: Message) -> list[Trade]:
        """Execute an order or cancel one; return the executions."""
        if message.cancels >= 0:
            self._leave(message.cancels)
            return []
        opposite = self.book.asks if message.buys else self.book.bids
        found = plan(
            opposite,
            limit_key(opposite, message.price),
            message.quantity,
            None if self.self_match == "NONE" else message.account,
            self_match=self.self_match,
        )
        trades = []
        for resting, price, quantity in found.executions:
            assert resting is not None, "there is no house here"
            number = int.from_bytes(resting.order_id, "big")
            trades.append((number, price, quantity))
            resting.remaining_e8 -= quantity
            if not resting.remaining_e8:
                self._leave(number)
        for own in found.gives_way:
            self._leave(int.from_bytes(own.order_id, "big"))
        if found.remaining_e8 and message.rests and not found.meets_itself:
            order = Resting(
                _id(message.number),
                message.account,
                message.buys,
                message.price,
                found.remaining_e8,
            )
            self.live[message.number] = order
            self.book.place(order)
        return trades

    def resting(self) -> dict[int, int]:
        """Return what is left of every live order, by number."""
        return {number: order.remaining_e8 for number, order in self.live.items()}

    def _leave(self, number: int) -> None:
        order = self.live.pop(number, None)
        if order is not None:
            order.leave()


class WholeExchange:
    """The exchange with its desk, funds and facts; one lot and one tick of BTC-USD are 1."""

    def __init__(self, self_match: SelfMatch) -> None:
        accounts = [f"account-{number}" for number in range(20)]
        self.exchange = new_exchange(
            {account: {"BTC": 10**17, "USD": 10**18} for account in accounts},
            terms=msgspec.structs.replace(VENUES[VENUE], self_match=self_match),
        )
        self.exchange.wake(STARTS_AT_US)

    def take(self, message: Message) -> list[Trade]:
        """Execute an order or cancel one; return the executions."""
        request = self._cancel(message) if message.cancels >= 0 else self._order(message)
        return [
            (int.from_bytes(fact.order_id, "big"), fact.price_e8 // _TICK_E8, _lots(fact))
            for fact in self.exchange.handle(request, request.event_time_us)
            if isinstance(fact, OrderFilled) and fact.liquidity == "MAKER"
        ]

    def resting(self) -> dict[int, int]:
        """Return what is left of every live order, by number."""
        orders = self.exchange.state.orders.values()
        return {
            int.from_bytes(order.order_id, "big"): order.remaining_e8 // _LOT_E8 for order in orders
        }

    def _order(self, message: Message) -> OrderSubmitted:
        order_id = _id(message.number)
        return OrderSubmitted(
            event_id=order_id,
            correlation_id=order_id,
            causation_id=order_id,
            event_time_us=STARTS_AT_US + message.number,
            order_id=order_id,
            venue=VENUE,
            account=message.account,
            instrument="BTC-USD",
            side="BUY" if message.buys else "SELL",
            order_type="MARKET" if message.price is None else "LIMIT",
            time_in_force="GTC" if message.rests else "IOC",
            quantity_e8=message.quantity * _LOT_E8,
            limit_price_e8=None if message.price is None else message.price * _TICK_E8,
            stop_price_e8=None,
            post_only=False,
            reduce_only=False,
        )

    def _cancel(self, message: Message) -> OrderCancelRequested:
        # Only its owner cancels an order; one that is over is cancelled in vain.
        order = self.exchange.state.orders.get(_id(message.cancels))
        event_id = _id(message.number)
        return OrderCancelRequested(
            event_id=event_id,
            correlation_id=event_id,
            causation_id=event_id,
            event_time_us=STARTS_AT_US + message.number,
            order_id=_id(message.cancels),
            venue=VENUE,
            account=message.account if order is None else order.account,
            instrument="BTC-USD",
        )


def _id(number: int) -> EventId:
    return EventId(number.to_bytes(16, "big"))


def _lots(fill: OrderFilled) -> int:
    return fill.quantity_e8 // _LOT_E8


class _NaiveOrder:
    def __init__(self, message: Message) -> None:
        self.number = message.number
        self.account = message.account
        self.price = message.price or 0
        self.left = message.quantity


class Naive:
    """Two lists of orders in order of arrival; the best one is searched anew for each execution."""

    def __init__(self, self_match: SelfMatch = "CANCEL_NEWEST") -> None:
        self.bids: list[_NaiveOrder] = []
        self.asks: list[_NaiveOrder] = []
        self.self_match = self_match

    def take(self, message: Message) -> list[Trade]:
        """Execute an order or cancel one; return the executions."""
        if message.cancels >= 0:
            self.bids = [order for order in self.bids if order.number != message.cancels]
            self.asks = [order for order in self.asks if order.number != message.cancels]
            return []
        taker = _NaiveOrder(message)
        trades: list[Trade] = []
        others = self.asks if message.buys else self.bids
        while taker.left and others:
            # `min` and `max` return the first of equals, which is the oldest.
            best = (min if message.buys else max)(others, key=lambda order: order.price)
            beyond = best.price > taker.price if message.buys else best.price < taker.price
            if message.price is not None and beyond:
                break
            if self.self_match != "NONE" and best.account == taker.account:
                if self.self_match != "CANCEL_NEWEST":
                    others.remove(best)
                if self.self_match != "CANCEL_OLDEST":
                    return trades
                continue
            quantity = min(taker.left, best.left)
            trades.append((best.number, best.price, quantity))
            taker.left -= quantity
            best.left -= quantity
            if not best.left:
                others.remove(best)
        if taker.left and message.rests:
            (self.bids if message.buys else self.asks).append(taker)
        return trades

    def resting(self) -> dict[int, int]:
        """Return what is left of every live order, by number."""
        return {order.number: order.left for order in [*self.bids, *self.asks]}


class Light:
    """The engine of the package lightmatchingengine: limit orders and cancels, no accounts."""

    def __init__(self) -> None:
        self.engine = LightMatchingEngine()
        self.numbers: dict[int, int] = {}
        self.orders: dict[int, object] = {}

    def take(self, message: Message) -> list[Trade]:
        """Execute an order or cancel one; return the executions."""
        if message.cancels >= 0:
            order = self.orders.get(message.cancels)
            # It does not forget orders that were filled, and stumbles when one is cancelled.
            if order is not None and order.leaves_qty:  # type: ignore[attr-defined] # untyped
                self.engine.cancel_order(order.order_id, "BTC-USD")  # type: ignore[attr-defined] # untyped
            return []
        side = Side.BUY if message.buys else Side.SELL
        order, trades = self.engine.add_order("BTC-USD", message.price, message.quantity, side)
        self.numbers[order.order_id] = message.number
        self.orders[message.number] = order
        return [
            (self.numbers[trade.order_id], trade.trade_price, trade.trade_qty)
            for trade in trades
            if trade.order_id != order.order_id
        ]
