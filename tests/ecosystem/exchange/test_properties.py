"""What holds after every step of any history of wishes, ticks, settlements, days and restarts."""

from itertools import islice, pairwise
from random import Random
from typing import get_args

import msgspec
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from ecosystem.events.envelope import Event
from ecosystem.events.fills import OrderFilled
from ecosystem.events.orders import (
    OrderAccepted,
    OrderCancelled,
    OrderExpired,
    OrderRejected,
    OrderReplaced,
    OrderTriggered,
)
from ecosystem.events.settlements import SettlementInstructed
from ecosystem.events.words import EventId, Side, TimeInForce
from ecosystem.exchange.charges import cost_e8
from ecosystem.exchange.liquidity.house import HOUSE_HOLDINGS_E8
from ecosystem.exchange.liquidity.levels import levels_of
from ecosystem.exchange.liquidity.sizes import LEVELS
from ecosystem.exchange.machine import Exchange
from ecosystem.exchange.orders import OrderFact, Status, next_status
from ecosystem.firm import VENUE
from ecosystem.instruments import ASSETS, INSTRUMENTS
from ecosystem.units import HOUR_US, format_e8
from ecosystem.venues import VENUES, SelfMatch
from tests.ecosystem.exchange.venue import (
    ALICE,
    BALANCES_E8,
    BOB,
    STARTS_AT_US,
    Venue,
    new_exchange,
)

ACCOUNTS = st.sampled_from([ALICE, BOB])
SIDES: st.SearchStrategy[Side] = st.sampled_from(["BUY", "SELL"])
TIMES: st.SearchStrategy[TimeInForce] = st.sampled_from(
    ["GTC", "GTC", "GTC", "GTC", "DAY", "DAY", "IOC", "FOK"]
)
CENTS = st.integers(0, 12)
QUANTITIES = st.one_of(st.integers(1, 9), st.integers(100, 3000), st.integers(5000, 25_000)).map(
    lambda lots: format_e8(lots * 10_000)
)
FUNDING_US = 8 * HOUR_US
SMALL_HOUSE_E8 = {**HOUSE_HOLDINGS_E8, "BTC": 3 * 10**8, "USD": 200_000 * 10**8}


class AnyHistory(RuleBasedStateMachine):
    """Two exchanges with one history, of which one is restored from the log now and then."""

    @initialize(small_house=st.booleans(), self_match=st.sampled_from(get_args(SelfMatch)))
    def open(self, small_house: bool, self_match: SelfMatch) -> None:
        self.house_e8 = SMALL_HOUSE_E8 if small_house else dict(HOUSE_HOLDINGS_E8)
        self.terms = msgspec.structs.replace(VENUES[VENUE], self_match=self_match)
        self.venue = Venue(self.new_exchange())
        self.twin = self.new_exchange()
        assert list(self.twin.wake(STARTS_AT_US)) == self.venue.facts
        self.known: list[EventId] = []
        self.read = 0
        self.lives: dict[EventId, Status] = {}
        self.joined_us: dict[EventId, int] = {}
        self.settlements: list[SettlementInstructed] = []
        self.settled_e8 = dict.fromkeys(ASSETS, 0)

    def new_exchange(self) -> Exchange:
        """Return an exchange like the one under test, which has not opened yet."""
        return new_exchange(house_e8=self.house_e8, terms=self.terms)

    def follow(self, before: int, event: Event) -> None:
        """Let the twin live through the same, and hold it to the same facts."""
        assert list(self.twin.handle(event, self.venue.now_us)) == self.venue.facts[before:]

    @rule(
        side=SIDES,
        quantity=QUANTITIES,
        cents=st.one_of(CENTS, CENTS, CENTS, st.none()),
        account=ACCOUNTS,
        time_in_force=TIMES,
        post_only=st.integers(0, 3).map(lambda drawn: drawn == 3),
        again=st.integers(1, 20).map(lambda drawn: drawn == 13),
    )
    def submit(
        self,
        side: Side,
        quantity: str,
        cents: int | None,
        account: str,
        time_in_force: TimeInForce,
        post_only: bool,
        again: bool,
    ) -> None:
        before = len(self.venue.facts)
        order = self.venue.order(
            side,
            quantity,
            None if cents is None else price(cents),
            account,
            time_in_force=time_in_force,
            post_only=post_only and cents is not None and time_in_force in ("GTC", "DAY"),
            order_id=self.known[-1] if again and self.known else None,
        )
        self.known.append(order.order_id)
        self.venue.deliver(order)
        self.follow(before, order)

    def target(self, number: int, stranger: bool) -> tuple[EventId, str]:
        """Return a live order while there is one, and its owner or a stranger."""
        live = list(self.venue.exchange.state.orders.values())
        if number >= 15 or not live:
            return self.known[-1], ALICE
        order = live[number % len(live)]
        return order.order_id, ALICE if stranger != (order.account == ALICE) else BOB

    @rule(
        side=SIDES,
        quantity=QUANTITIES,
        stop_cents=CENTS,
        limit_cents=st.one_of(CENTS, st.none()),
        account=ACCOUNTS,
        time_in_force=TIMES,
        reduce_only=st.booleans(),
    )
    def submit_stop(
        self,
        side: Side,
        quantity: str,
        stop_cents: int,
        limit_cents: int | None,
        account: str,
        time_in_force: TimeInForce,
        reduce_only: bool,
    ) -> None:
        before = len(self.venue.facts)
        order = self.venue.order(
            side,
            quantity,
            None if limit_cents is None else price(limit_cents),
            account,
            order_type="STOP" if limit_cents is None else "STOP_LIMIT",
            stop_price=price(stop_cents),
            time_in_force=time_in_force,
            reduce_only=reduce_only and side == "SELL",
        )
        self.known.append(order.order_id)
        self.venue.deliver(order)
        self.follow(before, order)

    @rule(number=st.integers(0, 16), stranger=st.integers(0, 9).map(lambda drawn: drawn == 7))
    @precondition(lambda self: self.known)
    def cancel(self, number: int, stranger: bool) -> None:
        before = len(self.venue.facts)
        event = self.venue.cancel_request(*self.target(number, stranger))
        self.venue.deliver(event)
        self.follow(before, event)

    @rule(
        number=st.integers(0, 16),
        stranger=st.integers(0, 9).map(lambda drawn: drawn == 7),
        quantity=QUANTITIES,
        cents=CENTS,
        stop_cents=st.one_of(CENTS, st.none()),
    )
    @precondition(lambda self: self.venue.exchange.state.orders)
    def replace(
        self, number: int, stranger: bool, quantity: str, cents: int, stop_cents: int | None
    ) -> None:
        before = len(self.venue.facts)
        order_id, account = self.target(number, stranger)
        order = self.venue.exchange.state.orders.get(order_id)
        waits = order is not None and order.status == "WAITING"
        no_limit = order is not None and order.limit_price_e8 is None
        event = self.venue.replace_request(
            order_id,
            quantity,
            "0" if no_limit else price(cents),
            account,
            stop_price=price(stop_cents) if waits and stop_cents is not None else None,
        )
        self.venue.deliver(event)
        self.follow(before, event)

    @rule(number=st.integers(0, 14), lots=st.integers(0, 20), back=st.booleans())
    @precondition(lambda self: self.venue.exchange.state.orders)
    def shrink_in_place(self, number: int, lots: int, back: bool) -> None:
        order = self.venue.exchange.state.orders[self.target(number, False)[0]]
        before = len(self.venue.facts)
        quantity_e8 = order.quantity_e8 + (lots if back else -lots) * 10_000
        limit = format_e8(order.limit_price_e8 or 0)
        event = self.venue.replace_request(
            order.order_id, format_e8(quantity_e8), limit, order.account
        )
        self.venue.deliver(event)
        self.follow(before, event)

    @rule(cents=CENTS, spread=st.integers(-1, 4))
    def tick(self, cents: int, spread: int) -> None:
        before = len(self.venue.facts)
        self.venue.tick(price(cents), price(cents + spread))
        self.follow(before, self.venue.ticks["BTC-USD"])

    @rule(account=ACCOUNTS, amount=st.integers(-1, 12_000), asset=st.sampled_from(["USD", "BTC"]))
    def instruct(self, account: str, amount: int, asset: str) -> None:
        before = len(self.venue.facts)
        event = self.venue.instruct(account, asset, amount * 10**8)
        if len(self.venue.facts) > before:
            self.settlements.append(event)
        self.follow(before, event)

    @rule(completes=st.booleans())
    @precondition(lambda self: self.settlements)
    def end_settlement(self, completes: bool) -> None:
        before = len(self.venue.facts)
        instructed = self.settlements.pop(0)
        if completes:
            event: Event = self.venue.completion(instructed)
            self.settled_e8[instructed.asset] += instructed.amount_e8
        else:
            event = self.venue.failure(instructed)
        assert len(self.venue.deliver(event)) == 1
        self.follow(before, event)

    @rule()
    @precondition(lambda self: self.venue.exchange.due_us() is not None)
    def end_day(self) -> None:
        due_us = self.venue.exchange.due_us()
        assert due_us == self.twin.due_us()
        dues = [*self.venue.exchange.state.day_orders]
        if self.venue.exchange.state.perpetuals.marks["BTC-USD-PERP"].mark_price_e8:
            dues.append((self.venue.now_us // FUNDING_US + 1) * FUNDING_US)
        assert due_us == min(dues)
        self.venue.now_us = due_us
        facts = list(self.venue.exchange.wake(due_us))
        assert facts
        assert list(self.twin.wake(due_us)) == facts
        self.venue.facts += facts

    @rule()
    @precondition(lambda self: self.known)
    def restart_from_the_log(self) -> None:
        self.twin = restored(self.new_exchange(), self.venue)

    @invariant()
    def value_is_conserved(self) -> None:
        state = self.venue.exchange.state
        for asset in ASSETS:
            at_accounts_e8 = sum(
                held.available_e8 + held.locked_e8
                for _, held_asset, held in state.accounts
                if held_asset == asset
            )
            deposited_e8 = sum(held[asset] for held in BALANCES_E8.values())
            assert (
                at_accounts_e8
                + state.house.holdings_e8[asset]
                + state.house.fees_e8[asset]
                + self.settled_e8[asset]
                == deposited_e8 + self.house_e8[asset]
            ), asset
            assert state.house.holdings_e8[asset] >= 0

    @invariant()
    def locks_are_what_orders_and_settlements_need(self) -> None:
        state = self.venue.exchange.state
        expected: dict[tuple[str, str], int] = {}
        for order in state.orders.values():
            instrument = INSTRUMENTS[order.instrument]
            worst_e8 = order.worst_price_e8
            asset = instrument.quote if order.buys else instrument.base
            place = (order.account, asset)
            expected[place] = expected.get(place, 0) + (
                cost_e8(worst_e8, order.remaining_e8, instrument.taker_fee_e8)
                if order.buys and worst_e8 is not None
                else order.remaining_e8
            )
        for account, asset, amount_e8 in state.settling.values():
            expected[account, asset] = expected.get((account, asset), 0) + amount_e8
        for account, asset, held in state.accounts:
            assert held.available_e8 >= 0
            assert held.locked_e8 == expected.pop((account, asset), 0)
        assert not expected

    @invariant()
    def book_is_never_crossed(self) -> None:
        bids, asks = levels_of(self.venue.exchange.state, "BTC-USD", LEVELS)
        prices = [price_e8 for price_e8, _ in [*reversed(bids), *asks]]
        assert all(one < next_ for one, next_ in pairwise(prices))

    @invariant()
    def book_holds_exactly_the_live_orders(self) -> None:
        state = self.venue.exchange.state
        book = state.books["BTC-USD"]
        resting = [order.order_id for side in (book.bids, book.asks) for order in side]
        waiting = [order.order_id for order in state.stops["BTC-USD"]]
        assert sorted([*resting, *waiting]) == sorted(state.orders)
        for order in state.orders.values():
            assert (order.status == "WAITING") == (order.order_id in waiting)
            assert 0 < order.remaining_e8 <= order.quantity_e8
        expiring = [order_id for day in state.day_orders.values() for order_id in day]
        days = [key for key, order in state.orders.items() if order.time_in_force == "DAY"]
        assert expiring == days

    @invariant()
    def better_prices_stand_first_and_at_one_price_who_came_first(self) -> None:
        state = self.venue.exchange.state
        book = state.books["BTC-USD"]
        for side in (book.bids, book.asks):
            prices = [order.limit_price_e8 for order in side]
            assert prices == sorted(prices, key=lambda price_e8: -side.sign * (price_e8 or 0))
            for one, next_ in pairwise(side):
                if one.limit_price_e8 == next_.limit_price_e8:
                    assert self.queued_us(one.order_id) < self.queued_us(next_.order_id)

    def queued_us(self, order_id: EventId) -> int:
        """Return when an order joined its queue, from the facts alone."""
        self.read_facts()
        return self.joined_us[order_id]

    def read_facts(self) -> None:
        """Note from the newest facts who joined a queue, and hold lives to the table."""
        for fact in self.venue.facts[self.read :]:
            self.live_on(fact)
            if isinstance(fact, OrderAccepted | OrderTriggered) or (
                isinstance(fact, OrderReplaced) and not fact.priority_kept
            ):
                self.joined_us[fact.order_id] = fact.event_time_us
        self.read = len(self.venue.facts)

    def live_on(self, fact: Event) -> None:
        """Follow the life of the order a fact is about; the table raises on an illegal turn."""
        turn: OrderFact
        match fact:
            case OrderAccepted():
                turn = "ACCEPTED" if fact.stop_price_e8 is None else "ACCEPTED_TO_WAIT"
            case OrderRejected() if fact.order_id not in self.lives:
                turn = "REJECTED"
            case OrderFilled():
                turn = "FILLED_IN_PART" if fact.remaining_quantity_e8 else "FILLED_IN_WHOLE"
            case OrderTriggered():
                turn = "TRIGGERED"
            case OrderCancelled():
                turn = "CANCELLED"
            case OrderExpired():
                turn = "EXPIRED"
            case OrderReplaced():
                turn = "REPLACED"
            case _:
                return
        before = self.lives.get(fact.order_id, "SUBMITTED")
        self.lives[fact.order_id] = next_status(before, turn)

    @invariant()
    def every_order_has_the_status_its_facts_gave_it(self) -> None:
        self.read_facts()
        state = self.venue.exchange.state
        for order_id, status in islice(reversed(self.lives.items()), 20):
            # Those that ended are forgotten the day after.
            ended = status in ("FILLED", "CANCELLED", "REJECTED", "EXPIRED")
            assert state.status_of(order_id) in ((status, None) if ended else (status,))

    @invariant()
    def no_stop_waits_that_the_mark_price_has_reached(self) -> None:
        state = self.venue.exchange.state
        mark_e8 = state.house.middle_price_e8("BTC-USD")
        if mark_e8 is not None:
            assert state.stops["BTC-USD"].reached(mark_e8) is None

    @invariant()
    def facts_have_times_in_order_and_ids_of_their_own(self) -> None:
        facts = self.venue.facts
        assert all(one.event_time_us < next_.event_time_us for one, next_ in pairwise(facts))
        assert len({fact.event_id for fact in facts}) == len(facts)

    def teardown(self) -> None:
        if hasattr(self, "venue"):
            assert snapshot(self.twin) == snapshot(self.venue.exchange)


def price(cents: int) -> str:
    """Return a price a few cents above 60 000."""
    return f"60000.{cents:02d}" if cents >= 0 else "59999.99"


def restored(exchange: Exchange, venue: Venue) -> Exchange:
    """Return a new exchange after restoring it from the log of another."""
    past = [*venue.facts, *venue.past_ticks]
    for event in sorted(past, key=lambda event: event.event_time_us):
        exchange.restore(event)
    return exchange


def snapshot(exchange: Exchange) -> object:
    """Return all an exchange knows, in a form that can be compared."""
    state = exchange.state
    orders = [
        (key, order.status, order.remaining_e8, order.limit_price_e8)
        for key, order in state.orders.items()
    ]
    queues = [
        [order.order_id for order in side]
        for book in state.books.values()
        for side in (book.bids, book.asks)
    ]
    balances = sorted(
        (account, asset, held.available_e8, held.locked_e8, held.changes)
        for account, asset, held in state.accounts
    )
    offers = [
        list(state.house.offers(instrument, buys=buys))
        for instrument in INSTRUMENTS.values()
        for buys in (True, False)
    ]
    house = (state.house.holdings_e8, state.house.fees_e8, offers)
    return orders, queues, balances, house, state.settling, state.time_us, exchange.due_us()


AnyHistory.TestCase.settings = settings(
    max_examples=60, stateful_step_count=150, deadline=None, database=None
)
TestAnyHistory = AnyHistory.TestCase


def test_an_exchange_without_ticks_to_restore_agrees_from_the_next_ticks_on() -> None:
    venue = Venue()
    venue.tick("60000", "60010")
    venue.deliver(venue.order("BUY", "0.3"))
    venue.deliver(venue.order("BUY", "0.1", "59000"))
    other = new_exchange()
    for fact in venue.facts:
        other.restore(fact)
    before = len(venue.facts)
    venue.tick("60100", "60110")
    assert list(other.handle(venue.ticks["BTC-USD"], venue.now_us)) == venue.facts[before:]
    assert snapshot(other) == snapshot(venue.exchange)
    order = venue.order("BUY", "0.05", account=BOB)
    facts = venue.deliver(order)
    assert any(isinstance(fact, OrderFilled) for fact in facts)
    assert list(other.handle(order, venue.now_us)) == facts


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_a_long_history_keeps_what_holds(seed: int) -> None:
    chance = Random(seed)
    history = AnyHistory()
    history.open(small_house=bool(seed % 2), self_match=get_args(SelfMatch)[seed - 1])
    for step in range(4_000):
        _act(history, chance)
        history.value_is_conserved()
        history.locks_are_what_orders_and_settlements_need()
        history.book_is_never_crossed()
        history.book_holds_exactly_the_live_orders()
        history.better_prices_stand_first_and_at_one_price_who_came_first()
        history.every_order_has_the_status_its_facts_gave_it()
        history.no_stop_waits_that_the_mark_price_has_reached()
        if step % 500 == 499:
            history.restart_from_the_log()
    history.facts_have_times_in_order_and_ids_of_their_own()
    history.teardown()
    trades = [fact.trade_id for fact in history.venue.facts if isinstance(fact, OrderFilled)]
    assert len(trades) > 400
    assert sum(isinstance(fact, OrderTriggered) for fact in history.venue.facts) > 50
    assert 50 < len(set(trades)) < len(trades)


def _act(history: AnyHistory, chance: Random) -> None:
    act = chance.choices(
        ("submit", "stop", "cancel", "replace", "shrink", "tick", "instruct", "end", "day"),
        (50, 8, 12, 10, 6, 4, 1, 1, 1),
    )[0]
    orders = history.venue.exchange.state.orders
    lots = chance.choice((chance.randint(1, 9), chance.randint(100, 1500)))
    quantity, cents = format_e8(lots * 10_000), chance.randint(0, 12)
    number, stranger = chance.randint(0, 16), chance.random() < 0.05
    side: Side = chance.choice(("BUY", "SELL"))
    time_in_force: TimeInForce = chance.choice(("GTC", "GTC", "GTC", "DAY", "IOC", "FOK"))
    account = chance.choice((ALICE, BOB))
    if act == "submit":
        price_in_cents = None if chance.random() < 0.1 else cents
        post_only, again = chance.random() < 0.1, chance.random() < 0.02
        history.submit(side, quantity, price_in_cents, account, time_in_force, post_only, again)
    elif act == "stop":
        limit_cents = None if chance.random() < 0.5 else chance.randint(0, 12)
        reduce_only = chance.random() < 0.2
        history.submit_stop(side, quantity, cents, limit_cents, account, time_in_force, reduce_only)
    elif act == "tick":
        history.tick(cents, chance.randint(-1, 4))
    elif act == "instruct":
        history.instruct(account, chance.randint(-1, 3_000), chance.choice(("USD", "BTC")))
    elif act == "end" and history.settlements:
        history.end_settlement(chance.random() < 0.2)
    elif act == "day" and history.venue.exchange.due_us() is not None:
        history.end_day()
    elif act == "cancel" and history.known:
        history.cancel(number, stranger)
    elif act == "replace" and orders:
        stop_cents = chance.choice((None, chance.randint(0, 12)))
        history.replace(number, stranger, quantity, cents, stop_cents)
    elif act == "shrink" and orders:
        history.shrink_in_place(number % 15, lots % 20, stranger)
