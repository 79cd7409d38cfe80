"""How orders in a perpetual are paid for: with margin, which belongs to the account as a whole.

No order has margin of its own. After each fact that touches an account the venue counts anew what
its positions and open orders need together, and locks or frees the difference.
"""

from typing import NamedTuple

from ecosystem.events.fills import OrderFilled
from ecosystem.events.words import EventId
from ecosystem.exchange.answers import Answers, Causes
from ecosystem.exchange.funds import Wanted
from ecosystem.exchange.margin.facts import margined, paid, position_changed
from ecosystem.exchange.margin.measures import free_collateral_e8
from ecosystem.exchange.margin.requirements import required_e8
from ecosystem.exchange.margin.terms import COLLATERAL, PERPETUALS
from ecosystem.exchange.matching import Plan
from ecosystem.exchange.orders import Order
from ecosystem.exchange.state import VenueState
from ecosystem.exchange.terms import Refusal
from ecosystem.units import E8, format_e8


class _Planned(NamedTuple):
    quantity_e8: int
    value_e16: int


class MarginFunds:
    """Margin in the collateral, for every perpetual alike."""

    __slots__ = ("_state", "closing")

    def __init__(self, state: VenueState) -> None:
        self._state = state
        self.closing: EventId | None = None
        """The order that closes a position by force at this moment."""

    def needed_e8(self, wanted: Wanted, found: Plan[Order]) -> int:
        """Return what an order adds to the margin, and what it would lose at once at the mark.

        An order that only reduces needs nothing, so it is never refused for want of funds.
        """
        if wanted.reduce_only:
            return 0
        symbol, account = wanted.instrument.symbol, wanted.account
        perpetuals = self._state.perpetuals
        planned = _planned(wanted, found)
        position = perpetuals.position(account, symbol)
        others = perpetuals.open_orders(account, symbol, without=wanted.replaces)
        terms, rate_e8 = PERPETUALS[symbol], self._state.fees[symbol].taker_e8
        with_it = others.plus(
            buys=wanted.buys, quantity_e8=planned.quantity_e8, value_e16=planned.value_e16
        )
        now = perpetuals.open_orders(account, symbol)
        more_e8 = required_e8(position, with_it, terms, rate_e8) - required_e8(
            position, now, terms, rate_e8
        )
        return more_e8 + self._lost_at_once_e8(wanted, planned) if more_e8 > 0 else 0

    def refuse(self, wanted: Wanted, more_e8: int) -> Refusal | None:
        """Return what is missing; unrealised losses are gone, unrealised gains not yet there."""
        if more_e8 <= 0:
            return None
        symbol = wanted.instrument.symbol
        if not self._state.perpetuals.marks[symbol].mark_price_e8:
            index = PERPETUALS[symbol].index
            return "NO_LIQUIDITY", f"no mark price for {symbol}; needed: a quote of {index}"
        free_e8 = free_collateral_e8(self._state, wanted.account)
        if more_e8 <= free_e8:
            return None
        return (
            "INSUFFICIENT_MARGIN",
            f"{format_e8(more_e8)} {COLLATERAL} of margin needed; free: {format_e8(free_e8)}",
        )

    def locked_e8(self, order: Order) -> int:
        """Return nothing: margin is the account's, not the order's."""
        return 0

    def lock(self, answers: Answers, order: Order, amount_e8: int, causes: Causes) -> None:
        """Write how the margin of the account changed, if it did."""
        margined(answers, order.account, order.order_id, causes)

    def settle(self, answers: Answers, order: Order, fill: OrderFilled, freed_e8: int) -> None:
        """Write the position, what it realised less the fee, and the margin."""
        forced = order.order_id == self.closing
        position_changed(answers, order, fill, "LIQUIDATION" if forced else "TRADE")
        realised_e8 = self._state.perpetuals.position(order.account, order.instrument).realised_e8
        causes = (fill.event_id, fill.correlation_id)
        what_e8 = realised_e8 - fill.fee_e8
        paid(answers, order.account, what_e8, ("TRADE", fill.trade_id), causes)

    def reducible_e8(self, account: str, symbol: str, *, buys: bool) -> int:
        """Return how much of the position the side would close."""
        held_e8 = self._state.perpetuals.quantity_e8(account, symbol)
        return max(0, -held_e8 if buys else held_e8)

    def _lost_at_once_e8(self, wanted: Wanted, planned: _Planned) -> int:
        mark_e8 = self._state.perpetuals.marks[wanted.instrument.symbol].mark_price_e8
        loss_e16 = planned.value_e16 - planned.quantity_e8 * mark_e8
        return max(0, loss_e16 if wanted.buys else -loss_e16) // E8


def _planned(wanted: Wanted, found: Plan[Order]) -> _Planned:
    quantity_e8 = sum(taken_e8 for _, _, taken_e8 in found.executions)
    value_e16 = sum(price_e8 * taken_e8 for _, price_e8, taken_e8 in found.executions)
    if wanted.worst_price_e8 is not None:
        rest_e8 = wanted.quantity_e8 - quantity_e8
        quantity_e8 += rest_e8
        value_e16 += rest_e8 * wanted.worst_price_e8
    return _Planned(quantity_e8, value_e16)
