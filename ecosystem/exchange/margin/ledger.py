"""Perpetuals as a venue knows them: positions, margin, what is cleared, the insurance fund.

It moves only with the facts of the venue, and with ticks for the marks, like all its state.

Value: for each realised profit the clearing pool pays an account, or the house, and each loss is
paid to it. As two sides of a trade count the same notional, the pool holds minus the cost of all
open positions, to the last unit, and nothing once all are closed. So accounts, house, fees,
insurance fund and pool together change by deposits, withdrawals and settlements alone.
"""

from collections.abc import Iterator
from typing import Final

from ecosystem.errors import IllegalTransitionError
from ecosystem.events.accounts import PositionChanged
from ecosystem.events.balances import BalanceChanged
from ecosystem.events.books import FundingRateSet
from ecosystem.events.fills import OrderFilled
from ecosystem.events.prices import PriceTicked
from ecosystem.events.words import EventId
from ecosystem.exchange.liquidity.house import House
from ecosystem.exchange.margin.funding import next_funding_us
from ecosystem.exchange.margin.marks import Marks
from ecosystem.exchange.margin.positions import Position
from ecosystem.exchange.margin.requirements import OpenOrders
from ecosystem.exchange.margin.terms import COLLATERAL, INSURANCE_E8, PERPETUALS
from ecosystem.exchange.orders import Order
from ecosystem.units import format_e8

BOOKED_REASONS: Final = frozenset({"MARGIN", "FUNDING", "LIQUIDATION", "INSURANCE"})
"""The reasons of balance changes that have another side here."""
FLAT: Final = Position()
"""The position of one who never had any; it is only looked at."""


class Perpetuals:
    """Positions of accounts and house, margin locked, pool and fund of one venue."""

    __slots__ = (
        "_house",
        "_margins_e8",
        "_orders",
        "_positions",
        "clearing_e8",
        "exposed",
        "funding_due_us",
        "fundings",
        "house_positions",
        "insurance_e8",
        "marks",
        "next_funding_us",
    )

    def __init__(self, house: House) -> None:
        self._house = house
        self._positions: dict[tuple[str, str], Position] = {}
        self._margins_e8: dict[str, int] = {}
        self._orders: dict[tuple[str, str], dict[EventId, Order]] = {}
        self.marks = {symbol: Marks(terms) for symbol, terms in PERPETUALS.items()}
        self.house_positions = {symbol: Position() for symbol in PERPETUALS}
        self.exposed: set[tuple[str, str]] = set()
        """Account and symbol of every position that is not flat."""
        self.fundings = dict.fromkeys(PERPETUALS, 0)
        """How many funding rates were set."""
        self.funding_due_us: dict[str, int] = {}
        """When the next is due; where an index was never quoted there is nothing to fund."""
        self.next_funding_us: int | None = None
        """The earliest of these."""
        self.clearing_e8 = 0
        self.insurance_e8 = INSURANCE_E8

    def position(self, account: str, symbol: str) -> Position:
        """Return a position, flat if there never was one."""
        return self._positions.get((account, symbol), FLAT)

    def quantity_e8(self, account: str, symbol: str) -> int:
        """Return how much an account holds, negative when short."""
        return self.position(account, symbol).quantity_e8

    def held(self, account: str) -> list[str]:
        """Return the symbols in which an account has a position, sorted."""
        return sorted(symbol for name, symbol in self.exposed if name == account)

    def accounts_exposed(self) -> list[str]:
        """Return the accounts with a position, sorted."""
        return sorted({account for account, _ in self.exposed})

    def margin_e8(self, account: str) -> int:
        """Return what an account has locked as margin."""
        return self._margins_e8.get(account, 0)

    def open_orders(self, account: str, symbol: str, without: Order | None = None) -> OpenOrders:
        """Return the open orders that may add to a position; `without` does not count."""
        found = OpenOrders()
        for order in self._orders.get((account, symbol), {}).values():
            price_e8 = order.worst_price_e8 or order.stop_price_e8
            if order is not without and price_e8 is not None:
                found = found.plus(
                    buys=order.buys,
                    quantity_e8=order.remaining_e8,
                    value_e16=order.remaining_e8 * price_e8,
                )
        return found

    def unrealised_e8(self, account: str) -> int:
        """Return what closing all positions of an account at their marks would realise."""
        return sum(
            self._positions[account, symbol].unrealised_e8(self.marks[symbol].mark_price_e8)
            for symbol in self.held(account)
        )

    def everything(self) -> Iterator[tuple[str, str, Position]]:
        """Iterate over account, symbol and position, the house's without an account's name."""
        for symbol, position in self.house_positions.items():
            yield "", symbol, position
        for (account, symbol), position in self._positions.items():
            yield account, symbol, position

    def placed(self, order: Order) -> None:
        """Take in an order that may add to a position."""
        place = (order.account, order.instrument)
        self._orders.setdefault(place, {})[order.order_id] = order

    def ended(self, order: Order) -> None:
        """Take in that an order ended."""
        place = (order.account, order.instrument)
        orders = self._orders.get(place)
        if orders is not None:
            orders.pop(order.order_id, None)
            if not orders:
                del self._orders[place]

    def filled(self, fill: OrderFilled) -> None:
        """Move the positions of an execution: the account's, and the house's if it was with it."""
        place = (fill.account, fill.instrument)
        position = self._positions.get(place)
        if position is None:
            position = self._positions[place] = Position()
        signed_e8 = fill.quantity_e8 if fill.side == "BUY" else -fill.quantity_e8
        self.clearing_e8 -= position.trade(signed_e8, fill.notional_e8)
        if position.quantity_e8:
            self.exposed.add(place)
        else:
            self.exposed.discard(place)
        if fill.trade_id == fill.event_id:
            house = self.house_positions[fill.instrument]
            realised_e8 = house.trade(-signed_e8, fill.notional_e8)
            self.clearing_e8 -= realised_e8
            self._house.holdings_e8[COLLATERAL] += realised_e8

    def announced(self, event: PositionChanged) -> None:
        """Take in what was announced of the last execution of a position.

        Raises:
            IllegalTransitionError: the positions know otherwise.
        """
        position = self.position(event.account, event.instrument)
        if (event.quantity_e8, event.realised_pnl_e8, event.position_sequence) != (
            position.quantity_e8,
            position.realised_e8,
            position.changes,
        ):
            raise IllegalTransitionError(
                f"position of {event.account} in {event.instrument}: change "
                f"{event.position_sequence} to {format_e8(event.quantity_e8)}, which realised "
                f"{format_e8(event.realised_pnl_e8)}; allowed: change {position.changes} to "
                f"{format_e8(position.quantity_e8)}, which realised "
                f"{format_e8(position.realised_e8)}"
            )
        position.changes += 1

    def rate_set(self, event: FundingRateSet) -> None:
        """Take in a funding rate.

        Raises:
            IllegalTransitionError: it is not the next.
        """
        count = self.fundings[event.instrument]
        if event.funding_sequence != count:
            raise IllegalTransitionError(
                f"funding {event.funding_sequence} of {event.instrument}; allowed: {count}"
            )
        self.fundings[event.instrument] = count + 1
        self._fund_after(event.instrument, event.event_time_us)

    def follow(self, symbol: str, tick: PriceTicked) -> None:
        """Take in a tick of a perpetual or of its index."""
        marks = self.marks[symbol]
        marks.follow(tick)
        if symbol not in self.funding_due_us and marks.mark_price_e8:
            self._fund_after(symbol, tick.event_time_us)

    def _fund_after(self, symbol: str, time_us: int) -> None:
        interval_us = PERPETUALS[symbol].funding_interval_us
        self.funding_due_us[symbol] = next_funding_us(time_us, interval_us)
        self.next_funding_us = min(self.funding_due_us.values())

    def balance_changed(self, event: BalanceChanged, lock_grown_e8: int) -> None:
        """Book the other side of a balance change of this venue's own making."""
        match event.reason:
            case "MARGIN":
                margin_e8 = self._margins_e8.get(event.account, 0) + lock_grown_e8
                self._margins_e8[event.account] = margin_e8
            case "FUNDING":
                self._house.holdings_e8[COLLATERAL] -= event.change_e8
            case "LIQUIDATION":
                self.insurance_e8 -= event.change_e8
            case "INSURANCE":
                self.insurance_e8 -= event.change_e8
                if self.insurance_e8 < 0:  # the fund is empty: the venue itself is liable
                    self._house.holdings_e8[COLLATERAL] += self.insurance_e8
                    self.insurance_e8 = 0
