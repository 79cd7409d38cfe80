"""The floor of a venue: where orders are executed, stops triggered and reduce-only orders kept.

A stop is triggered by the venue's mark price (the middle of the house's best quotes, which move
with each tick) or by the price of the last execution in its book. What it trades may trigger the
next one; each is triggered once, so a cascade ends.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from itertools import count
from typing import Final

from ecosystem.events.fills import OrderFilled
from ecosystem.events.words import CancelReason
from ecosystem.exchange.answers import Answers, Causes
from ecosystem.exchange.book import BookSide
from ecosystem.exchange.charges import notional_e8
from ecosystem.exchange.funds import Funds
from ecosystem.exchange.liquidity.meeting import comers_to, cut, share_of_e8
from ecosystem.exchange.liquidity.noise import NoiseTrade
from ecosystem.exchange.matching import Plan, limit_key, plan
from ecosystem.exchange.order_facts import cancelled, filled, reduced, triggered
from ecosystem.exchange.orders import Order
from ecosystem.exchange.state import VenueState
from ecosystem.instruments import INSTRUMENTS
from ecosystem.units import E8

AT_ONCE: Final[Mapping[str, CancelReason]] = {"MARKET": "NO_LIQUIDITY", "STOP": "NO_LIQUIDITY"}
"""Why the rest of an order that does not rest is cancelled, where it is not for its time."""


class Floor:
    """Plans executions without touching anything, and carries them out.

    Args:
        mark_price_e8: the mark price of an instrument; None while it has none.
    """

    __slots__ = ("_funds", "_state", "mark_price_e8")

    def __init__(
        self,
        state: VenueState,
        funds: Mapping[str, Funds],
        mark_price_e8: Callable[[str], int | None],
    ) -> None:
        self._state = state
        self._funds = funds
        self.mark_price_e8 = mark_price_e8

    def plan(
        self,
        symbol: str,
        account: str,
        *,
        buys: bool,
        worst_price_e8: int | None,
        quantity_e8: int,
        disturbed: bool = True,
    ) -> Plan[Order]:
        """Return the executions an account's order would have now.

        Args:
            disturbed: whether what disturbs the venue's liquidity counts.
        """
        state = self._state
        book = state.books[symbol]
        own, opposite = (book.bids, book.asks) if buys else (book.asks, book.bids)
        self_match = state.terms.self_match_of(account)
        found = plan(
            opposite,
            limit_key(opposite, worst_price_e8),
            quantity_e8,
            None if self_match == "NONE" else account,
            state.house.offers(
                INSTRUMENTS[symbol],
                buys=buys,
                account=account,
                beyond_e8=own.best_price_e8(),
                disturbed=disturbed,
            ),
            self_match,
            partial(self.room_e8, symbol=symbol, buys=not buys),
        )
        share_e8 = state.house.share_e8(symbol, account) if disturbed else E8
        return found if share_e8 == E8 else cut(found, INSTRUMENTS[symbol].lot_size_e8, share_e8)

    def room_e8(self, account: str, symbol: str, *, buys: bool) -> int:
        """Return how large a reduce-only order may be, in whole lots."""
        lot_e8 = INSTRUMENTS[symbol].lot_size_e8
        return self._funds[symbol].reducible_e8(account, symbol, buys=buys) // lot_e8 * lot_e8

    def carry_out(self, answers: Answers, order: Order, found: Plan[Order], causes: Causes) -> None:
        """Execute what was planned for an order, and what its executions trigger."""
        last = self._execute(answers, order, found, causes)
        if last is not None:
            after = (last.event_id, last.correlation_id)
            self.trigger(answers, order.instrument, last.price_e8, after)

    def execute_in_full(
        self, answers: Answers, order: Order, last_price_e8: int, causes: Causes
    ) -> int:
        """Execute a market order whole, and return its value.

        What the book does not take, the house does at `last_price_e8`.
        """
        found = self.plan(
            order.instrument,
            order.account,
            buys=order.buys,
            worst_price_e8=None,
            quantity_e8=order.remaining_e8,
        )
        executions = list(found.executions)
        if found.remaining_e8:
            executions.append((None, last_price_e8, found.remaining_e8))
        self.carry_out(answers, order, Plan(executions, 0), causes)
        return sum(notional_e8(price_e8, taken_e8) for _, price_e8, taken_e8 in executions)

    def meet_house(
        self, answers: Answers, symbol: str, causes: Causes, noise: NoiseTrade | None = None
    ) -> None:
        """Execute the orders that rest where the house now quotes, then those a noise trade meets.

        The house and the noise trader come to them, so they are the makers and get their own
        prices.
        """
        makers: dict[str, None] = {}
        numbers = count()
        for resting, price_e8, quantity_e8 in comers_to(self._state, symbol, noise):
            self._meet(answers, symbol, causes, numbers, makers, resting, price_e8, quantity_e8)
        self.reduce(answers, symbol, makers, causes)

    def _meet(
        self,
        answers: Answers,
        symbol: str,
        causes: Causes,
        numbers: Iterator[int],
        makers: dict[str, None],
        resting: BookSide[Order],
        price_e8: int,
        quantity_e8: int,
    ) -> None:
        found = plan(
            resting,
            limit_key(resting, price_e8),
            quantity_e8,
            None,
            reducible_e8=partial(self.room_e8, symbol=symbol, buys=resting.sign > 0),
        )
        for order, at_e8, taken_e8 in found.executions:
            assert order is not None, "the house does not meet itself"
            makers[order.account] = None
            share_e8 = self._state.house.share_e8(symbol, order.account)
            if share_e8 != E8:
                taken_e8 = share_of_e8(taken_e8, INSTRUMENTS[symbol].lot_size_e8, share_e8)
            filled(answers, order, "MAKER", at_e8, taken_e8, causes, next(numbers))

    def trigger(self, answers: Answers, symbol: str, price_e8: int, causes: Causes) -> None:
        """Send the stops that a price reaches to execution, and those that they reach in turn."""
        stops = self._state.stops[symbol]
        reached = deque([(price_e8, causes)])
        while reached:
            price_e8, causes = reached.popleft()
            for number in count():
                order = stops.reached(price_e8)
                if order is None:
                    break
                last = self._release(
                    answers, order, triggered(answers, order, price_e8, causes, number)
                )
                if last is not None:
                    reached.append((last.price_e8, (last.event_id, last.correlation_id)))

    def reduce(
        self, answers: Answers, symbol: str, accounts: Iterable[str], causes: Causes
    ) -> None:
        """Shrink the resting reduce-only orders of accounts to what they can still reduce.

        Whoever changes a position otherwise than on the floor calls this afterwards, once.
        """
        state = self._state
        if not state.reduce_only:
            return
        numbers = count()
        for account in accounts:
            for order_id in list(state.reduce_only.get((account, symbol), ())):
                order = state.orders[order_id]
                # A waiting stop is looked at when it is triggered.
                if order.status != "WAITING":
                    self._shrink(answers, order, causes, next(numbers))

    def _release(self, answers: Answers, order: Order, causes: Causes) -> OrderFilled | None:
        if order.reduce_only:
            causes = self._shrink(answers, order, causes, 0)
            if order.order_id not in self._state.orders:
                return None
        found = self.plan(
            order.instrument,
            order.account,
            buys=order.buys,
            worst_price_e8=order.worst_price_e8,
            quantity_e8=order.remaining_e8,
        )
        if order.time_in_force == "FOK" and found.remaining_e8:
            cancelled(answers, order, "IMMEDIATE_REMAINDER", causes)
            return None
        return self._execute(answers, order, found, causes)

    def _shrink(self, answers: Answers, order: Order, causes: Causes, number: int) -> Causes:
        room_e8 = self.room_e8(order.account, order.instrument, buys=order.buys)
        if room_e8 <= 0:
            cancelled(answers, order, "REDUCED", causes, f"reduced/{number}")
        elif room_e8 < order.remaining_e8:
            funds = self._funds[order.instrument]
            before_e8 = funds.locked_e8(order)
            causes = reduced(answers, order, room_e8, causes, number)
            funds.lock(answers, order, funds.locked_e8(order) - before_e8, causes)
        return causes

    def _would_cross(self, order: Order) -> bool:
        # Only an order that was executed in part by a disturbance can meet others and yet rest.
        if self._state.house.share_e8(order.instrument, order.account) == E8:
            return False
        assert order.limit_price_e8 is not None, "only limit orders rest"
        book = self._state.books[order.instrument]
        return (book.asks if order.buys else book.bids).reaches(order.limit_price_e8)

    def _execute(
        self, answers: Answers, order: Order, found: Plan[Order], causes: Causes
    ) -> OrderFilled | None:
        numbers = count()
        accounts = {order.account: None}
        last = None
        for number, (resting, price_e8, taken_e8) in enumerate(found.executions):
            trade_id = None
            if resting is not None:
                accounts[resting.account] = None
                trade_id = answers.derive(causes[0], "trade", number)
                now = next(numbers)
                filled(answers, resting, "MAKER", price_e8, taken_e8, causes, now, trade_id)
            now = next(numbers)
            last = filled(answers, order, "TAKER", price_e8, taken_e8, causes, now, trade_id)
        for number, own in enumerate(found.gives_way):
            cancelled(answers, own, "SELF_MATCH", causes, f"gave-way/{number}")
        if order.remaining_e8 and found.meets_itself:
            cancelled(answers, order, "SELF_MATCH", causes)
        elif order.remaining_e8 and not order.rests:
            reason = AT_ONCE.get(order.order_type, "IMMEDIATE_REMAINDER")
            cancelled(answers, order, reason, causes)
        elif order.remaining_e8 and self._would_cross(order):
            cancelled(answers, order, "VENUE", causes)
        if last is not None:
            self.reduce(answers, order.instrument, accounts, causes)
        return last
