"""How orders are paid for: what is checked before one is taken, locked while it lives, and moved.

`Funds` is what the desk asks, one for each instrument. Whoever trades on other terms than cash for
goods (positions on margin, say) writes another `Funds` and gives it to the exchange; desk, book
and order facts stay as they are. All state it needs must follow from the facts it writes, so that
a restored venue has it too.
"""

from typing import NamedTuple, Protocol

from ecosystem.events.fills import OrderFilled
from ecosystem.exchange.answers import Answers, Causes
from ecosystem.exchange.balance_facts import balance_changed
from ecosystem.exchange.charges import cost_e8, fee_e8, notional_e8
from ecosystem.exchange.matching import Plan
from ecosystem.exchange.orders import Order
from ecosystem.exchange.state import VenueState
from ecosystem.exchange.terms import Refusal
from ecosystem.instruments import INSTRUMENTS, Instrument
from ecosystem.units import format_e8


class Wanted(NamedTuple):
    """The terms of an order that are paid for."""

    instrument: Instrument
    account: str
    buys: bool
    worst_price_e8: int | None
    """The worst price at which it is executed; None when any will do."""
    quantity_e8: int
    reduce_only: bool
    replaces: Order | None = None
    """The live order whose terms these shall be; None for a new one."""


class Funds(Protocol):
    """How the orders in an instrument are paid for."""

    def needed_e8(self, wanted: Wanted, found: Plan[Order]) -> int:
        """Return what an order must lock when it is taken, `found` being its executions."""
        ...

    def refuse(self, wanted: Wanted, more_e8: int) -> Refusal | None:
        """Return why the account cannot have `more_e8` locked for such an order; None if it can.

        It is asked before anything has changed: for a new order, and for the new terms of one
        that lives.
        """
        ...

    def locked_e8(self, order: Order) -> int:
        """Return what a live order has locked for what remains of it."""
        ...

    def lock(self, answers: Answers, order: Order, amount_e8: int, causes: Causes) -> None:
        """Write that funds of an order were locked, or freed if the amount is negative."""
        ...

    def settle(self, answers: Answers, order: Order, fill: OrderFilled, freed_e8: int) -> None:
        """Write what an execution moves; `freed_e8` is what the order had locked for it."""
        ...

    def reducible_e8(self, account: str, symbol: str, *, buys: bool) -> int:
        """Return by how much buying, or selling, can reduce what the account holds."""
        ...


class SpotFunds:
    """Cash for goods: a buy locks the quote asset with the taker fee, a sell the base asset."""

    __slots__ = ("_fees", "_state")

    def __init__(self, state: VenueState) -> None:
        self._state = state
        self._fees = state.fees

    def needed_e8(self, wanted: Wanted, found: Plan[Order]) -> int:
        """Return the cost at the limit, or what the executions of a market order cost."""
        if not wanted.buys:
            return wanted.quantity_e8
        rate_e8 = self._fees[wanted.instrument.symbol].taker_e8
        if wanted.worst_price_e8 is not None:
            return cost_e8(wanted.worst_price_e8, wanted.quantity_e8, rate_e8)
        values_e8 = [notional_e8(price_e8, taken_e8) for _, price_e8, taken_e8 in found.executions]
        return sum(value_e8 + fee_e8(value_e8, rate_e8) for value_e8 in values_e8)

    def refuse(self, wanted: Wanted, more_e8: int) -> Refusal | None:
        """Return what is missing."""
        asset = wanted.instrument.quote if wanted.buys else wanted.instrument.base
        available_e8 = self._state.accounts.balance(wanted.account, asset).available_e8
        # An order that frees funds needs none, whatever else is locked.
        if more_e8 <= max(available_e8, 0):
            return None
        return (
            "INSUFFICIENT_BALANCE",
            f"{format_e8(more_e8)} {asset} needed; available: {format_e8(available_e8)}",
        )

    def locked_e8(self, order: Order) -> int:
        """Return the cost of the rest at the limit, or the rest itself."""
        if not order.buys:
            return order.remaining_e8
        # A market order to buy locks what its executions will cost, so nothing is left over.
        price_e8 = order.worst_price_e8
        if price_e8 is None:
            return 0
        rate_e8 = self._fees[order.instrument].taker_e8
        return cost_e8(price_e8, order.remaining_e8, rate_e8)

    def lock(self, answers: Answers, order: Order, amount_e8: int, causes: Causes) -> None:
        """Write the change of the one balance an order locks; nothing if it is zero."""
        if amount_e8:
            instrument = INSTRUMENTS[order.instrument]
            asset = instrument.quote if order.buys else instrument.base
            balance_changed(
                answers,
                answers.derive(causes[0], "balance"),
                (order.account, asset, "LOCK" if amount_e8 > 0 else "UNLOCK", order.order_id),
                (0, amount_e8),
                causes,
            )

    def settle(self, answers: Answers, order: Order, fill: OrderFilled, freed_e8: int) -> None:
        """Write both balances: the base asset's, then the quote asset's with the fee."""
        instrument = INSTRUMENTS[fill.instrument]
        causes = (fill.event_id, fill.correlation_id)
        if order.buys:
            base_e8, base_lock_e8 = fill.quantity_e8, 0
            quote_e8 = quote_lock_e8 = -(fill.notional_e8 + fill.fee_e8)
            if order.worst_price_e8 is not None:
                quote_lock_e8 = -freed_e8
        else:
            base_e8 = base_lock_e8 = -fill.quantity_e8
            quote_e8, quote_lock_e8 = fill.notional_e8 - fill.fee_e8, 0
        balance_changed(
            answers,
            answers.derive(fill.event_id, "balance", 0),
            (order.account, instrument.base, "TRADE", fill.trade_id),
            (base_e8, base_lock_e8),
            causes,
        )
        balance_changed(
            answers,
            answers.derive(fill.event_id, "balance", 1),
            (order.account, instrument.quote, "TRADE", fill.trade_id),
            (quote_e8, quote_lock_e8),
            causes,
        )

    def reducible_e8(self, account: str, symbol: str, *, buys: bool) -> int:
        """Return the base asset held, locked or not, for a sell; a buy reduces nothing."""
        if buys:
            return 0
        held = self._state.accounts.balance(account, INSTRUMENTS[symbol].base)
        return held.available_e8 + held.locked_e8
