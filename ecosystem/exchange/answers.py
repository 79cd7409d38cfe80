"""How a venue answers: each fact gets its id from its cause and its time, and is taken in at once.

No two facts of a venue carry the same time, so a merge by event time gives the order in which it
decided, whatever the topics they went to.
"""

from ecosystem.events.balances import BalanceChanged
from ecosystem.events.envelope import Event
from ecosystem.events.fills import OrderFilled
from ecosystem.events.orders import (
    OrderAccepted,
    OrderCancelled,
    OrderCancelRequested,
    OrderExpired,
    OrderRejected,
    OrderReplaced,
    OrderReplaceRequested,
    OrderSubmitted,
)
from ecosystem.events.venues import VenueStatusChanged
from ecosystem.events.words import BalanceReason, CancelReason, EventId, Liquidity
from ecosystem.exchange.charges import fee_e8, lock_e8, notional_e8
from ecosystem.exchange.orders import Order
from ecosystem.exchange.state import VenueState
from ecosystem.exchange.terms import Refusal
from ecosystem.ids import RootIds, derive_id
from ecosystem.instruments import INSTRUMENTS

Causes = tuple[EventId, EventId]
"""The direct cause and the root of its tree."""
Lock = tuple[str, str, int]
"""Account, asset and amount, scaled by 1e8."""
Request = OrderSubmitted | OrderCancelRequested | OrderReplaceRequested


class Answers:
    """The facts of one decision, in order."""

    __slots__ = ("_roots", "_state", "_time_us", "facts")

    def __init__(self, state: VenueState, roots: RootIds, earliest_us: int) -> None:
        self._state = state
        self._roots = roots
        self._time_us = max(earliest_us, state.time_us + 1)
        self.facts: list[Event] = []

    def _add(self, event: Event) -> None:
        self._state.evolve(event)
        self.facts.append(event)
        self._time_us += 1

    def came_up(self) -> None:
        """The venue is up."""
        event_id = self._roots.root("venue-status", self._state.status_changes)
        self._add(
            VenueStatusChanged(
                event_id=event_id,
                correlation_id=event_id,
                causation_id=event_id,
                event_time_us=self._time_us,
                venue=self._state.venue,
                state="UP",
                reason="opened",
            )
        )

    def deposited(self, account: str, asset: str, amount_e8: int) -> None:
        """An account got its opening balance."""
        event_id = self._roots.root(f"deposit/{account}/{asset}", 0)
        self._balance(
            event_id, (account, asset, "DEPOSIT", event_id), (amount_e8, 0), (event_id, event_id)
        )

    def rejected(self, request: Request, refusal: Refusal) -> None:
        """The venue refused a wish."""
        self._add(
            OrderRejected(
                event_id=derive_id(request.event_id, f"{self._state.venue}/rejected"),
                correlation_id=request.correlation_id,
                causation_id=request.event_id,
                event_time_us=self._time_us,
                order_id=request.order_id,
                venue=self._state.venue,
                account=request.account,
                instrument=request.instrument,
                reason=refusal[0],
                detail=refusal[1],
            )
        )

    def accepted(self, request: OrderSubmitted) -> Order:
        """The venue took an order."""
        self._add(
            OrderAccepted(
                event_id=derive_id(request.event_id, f"{self._state.venue}/accepted"),
                correlation_id=request.correlation_id,
                causation_id=request.event_id,
                event_time_us=self._time_us,
                order_id=request.order_id,
                venue=self._state.venue,
                account=request.account,
                instrument=request.instrument,
                side=request.side,
                order_type=request.order_type,
                time_in_force=request.time_in_force,
                quantity_e8=request.quantity_e8,
                limit_price_e8=request.limit_price_e8,
                stop_price_e8=request.stop_price_e8,
                post_only=request.post_only,
                reduce_only=request.reduce_only,
            )
        )
        return self._state.orders[request.order_id]

    def replaced(
        self, request: OrderReplaceRequested, remaining_e8: int, *, priority_kept: bool
    ) -> Causes:
        """An open order has new terms, which cause what follows."""
        event_id = derive_id(request.event_id, f"{self._state.venue}/replaced")
        self._add(
            OrderReplaced(
                event_id=event_id,
                correlation_id=request.correlation_id,
                causation_id=request.event_id,
                event_time_us=self._time_us,
                order_id=request.order_id,
                venue=self._state.venue,
                account=request.account,
                instrument=request.instrument,
                quantity_e8=request.quantity_e8,
                limit_price_e8=request.limit_price_e8,
                remaining_quantity_e8=remaining_e8,
                priority_kept=priority_kept,
            )
        )
        return event_id, request.correlation_id

    def cancelled(self, order: Order, reason: CancelReason, causes: Causes) -> None:
        """The rest of an order left the book, and its funds are free."""
        cause_id, tree_id = causes
        event_id = derive_id(cause_id, f"{self._state.venue}/cancelled")
        locked_e8 = self.locked_e8(order)
        self._add(
            OrderCancelled(
                event_id=event_id,
                correlation_id=tree_id,
                causation_id=cause_id,
                event_time_us=self._time_us,
                order_id=order.order_id,
                venue=self._state.venue,
                account=order.account,
                instrument=order.instrument,
                remaining_quantity_e8=order.remaining_e8,
                reason=reason,
            )
        )
        self.locked(order, -locked_e8, (event_id, tree_id))

    def expired(self, order: Order) -> None:
        """The time of an order was over, and its funds are free."""
        event_id = derive_id(order.accepted_id, f"{self._state.venue}/expired")
        locked_e8 = self.locked_e8(order)
        self._add(
            OrderExpired(
                event_id=event_id,
                correlation_id=order.correlation_id,
                causation_id=order.accepted_id,
                event_time_us=self._time_us,
                order_id=order.order_id,
                venue=self._state.venue,
                account=order.account,
                instrument=order.instrument,
                remaining_quantity_e8=order.remaining_e8,
            )
        )
        self.locked(order, -locked_e8, (event_id, order.correlation_id))

    def filled(
        self,
        order: Order,
        liquidity: Liquidity,
        price_e8: int,
        quantity_e8: int,
        causes: Causes,
        number: int,
        trade_id: EventId | None = None,
    ) -> None:
        """An order was executed: the fill, then both balances.

        Args:
            trade_id: names a trade of two accounts; None when the house is on the other side.
        """
        instrument = INSTRUMENTS[order.instrument]
        cause_id, tree_id = causes
        event_id = derive_id(cause_id, f"{self._state.venue}/filled", number)
        rate_e8 = instrument.maker_fee_e8 if liquidity == "MAKER" else instrument.taker_fee_e8
        value_e8 = notional_e8(price_e8, quantity_e8)
        charge_e8 = fee_e8(value_e8, rate_e8)
        before_e8 = self.locked_e8(order)
        fill = OrderFilled(
            event_id=event_id,
            correlation_id=tree_id,
            causation_id=cause_id,
            event_time_us=self._time_us,
            trade_id=event_id if trade_id is None else trade_id,
            order_id=order.order_id,
            venue=self._state.venue,
            account=order.account,
            instrument=order.instrument,
            side=order.side,
            liquidity=liquidity,
            price_e8=price_e8,
            quantity_e8=quantity_e8,
            notional_e8=value_e8,
            fee_e8=charge_e8,
            fee_asset=instrument.quote,
            remaining_quantity_e8=order.remaining_e8 - quantity_e8,
        )
        self._add(fill)
        self._moved(order, fill, self.locked_e8(order) - before_e8)

    def locked(self, order: Order, amount_e8: int, causes: Causes) -> None:
        """Funds of an order were locked, or freed if the amount is negative; nothing if zero."""
        if amount_e8:
            instrument = INSTRUMENTS[order.instrument]
            asset = instrument.quote if order.buys else instrument.base
            self._balance(
                derive_id(causes[0], f"{self._state.venue}/balance", 0),
                (order.account, asset, "LOCK" if amount_e8 > 0 else "UNLOCK", order.order_id),
                (0, amount_e8),
                causes,
            )

    def settled(
        self, cause: Event, settlement_id: EventId, reason: BalanceReason, lock: Lock
    ) -> None:
        """Funds were locked for a settlement, left with it, or were freed."""
        account, asset, amount_e8 = lock
        self._balance(
            derive_id(cause.event_id, f"{self._state.venue}/balance", 0),
            (account, asset, reason, settlement_id),
            (
                -amount_e8 if reason == "SETTLEMENT" else 0,
                amount_e8 if reason == "SETTLEMENT_LOCK" else -amount_e8,
            ),
            (cause.event_id, cause.correlation_id),
        )

    def locked_e8(self, order: Order) -> int:
        """Return what an order has locked for what remains of it."""
        # A market order to buy locks what its executions will cost, so nothing is left over.
        if order.limit_price_e8 is None:
            return 0 if order.buys else order.remaining_e8
        return lock_e8(
            INSTRUMENTS[order.instrument],
            buys=order.buys,
            limit_price_e8=order.limit_price_e8,
            quantity_e8=order.remaining_e8,
        )

    def _moved(self, order: Order, fill: OrderFilled, lock_change_e8: int) -> None:
        instrument = INSTRUMENTS[fill.instrument]
        causes = (fill.event_id, fill.correlation_id)
        if order.buys:
            base_e8, base_lock_e8 = fill.quantity_e8, 0
            quote_e8 = quote_lock_e8 = -(fill.notional_e8 + fill.fee_e8)
            if order.limit_price_e8 is not None:
                quote_lock_e8 = lock_change_e8
        else:
            base_e8 = base_lock_e8 = -fill.quantity_e8
            quote_e8, quote_lock_e8 = fill.notional_e8 - fill.fee_e8, 0
        self._balance(
            derive_id(fill.event_id, f"{self._state.venue}/balance", 0),
            (order.account, instrument.base, "TRADE", fill.trade_id),
            (base_e8, base_lock_e8),
            causes,
        )
        self._balance(
            derive_id(fill.event_id, f"{self._state.venue}/balance", 1),
            (order.account, instrument.quote, "TRADE", fill.trade_id),
            (quote_e8, quote_lock_e8),
            causes,
        )

    def _balance(
        self,
        event_id: EventId,
        what: tuple[str, str, BalanceReason, EventId],
        changes_e8: tuple[int, int],
        causes: Causes,
    ) -> None:
        account, asset, reason, reference_id = what
        change_e8, lock_change_e8 = changes_e8
        held = self._state.accounts.balance(account, asset)
        locked_e8 = held.locked_e8 + lock_change_e8
        total_e8 = held.available_e8 + held.locked_e8 + change_e8
        self._add(
            BalanceChanged(
                event_id=event_id,
                correlation_id=causes[1],
                causation_id=causes[0],
                event_time_us=self._time_us,
                venue=self._state.venue,
                account=account,
                asset=asset,
                reason=reason,
                reference_id=reference_id,
                change_e8=change_e8,
                available_e8=total_e8 - locked_e8,
                locked_e8=locked_e8,
                total_e8=total_e8,
                balance_sequence=held.changes,
            )
        )
