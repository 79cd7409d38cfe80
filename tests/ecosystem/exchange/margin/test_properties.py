"""What holds after every step of any history of two venues, custody, masters and perpetuals.

Value: for each asset, what accounts, house, fee box, insurance fund and clearing pool of both
venues and custody have together is what they had when it began, to the last unit. The clearing
pool alone may be negative, by what open positions cost: it has paid profits that they still owe.
"""

from itertools import pairwise
from random import Random

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from ecosystem.events.accounts import PositionLiquidated
from ecosystem.events.balances import BalanceChanged
from ecosystem.events.books import FundingRateSet
from ecosystem.events.envelope import Event
from ecosystem.events.fills import OrderFilled
from ecosystem.events.settlements import SettlementInstructed
from ecosystem.events.words import AccountState, EventId, Side
from ecosystem.exchange.funds import SpotFunds
from ecosystem.exchange.machine import Exchange
from ecosystem.exchange.margin.measures import equity_e8, maintenance_e8, required_margin_e8
from ecosystem.exchange.margin.terms import COLLATERAL
from ecosystem.exchange.state import VenueState
from ecosystem.firm import SECOND_VENUE, VENUE
from ecosystem.instruments import ASSETS, INSTRUMENTS
from ecosystem.units import E8, format_e8
from tests.ecosystem.exchange.margin.perps import (
    FUT,
    MAR,
    OTHER,
    PERP,
    SPOT,
    PerpVenue,
    new_venue,
    value_e8,
)
from tests.ecosystem.exchange.venue import STARTS_AT_US

NAMES = [FUT, MAR, OTHER, SPOT]
ACCOUNTS = st.sampled_from([*NAMES, FUT, OTHER, FUT, OTHER])
SIDES: st.SearchStrategy[Side] = st.sampled_from(["BUY", "SELL"])
VENUES = st.integers(0, 1)


class Market:
    """One venue, its twin that is restored from the log now and then, and all that was said."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.venue = PerpVenue(new_venue(name), price=0)
        self.twin = new_venue(name)
        assert list(self.twin.wake(STARTS_AT_US)) == self.venue.facts
        self.inputs: dict[EventId, Event] = {}
        self.checked = 0
        self.price = 60_000

    @property
    def state(self) -> VenueState:
        return self.venue.exchange.state

    def deliver(self, event: Event) -> list[Event]:
        """Hand an event to both, and hold the twin to the same facts."""
        self.inputs[event.event_id] = event
        facts = self.venue.deliver(event)
        assert list(self.twin.handle(event, self.venue.now_us)) == facts
        return facts

    def quote(self, price: int, basis: int, *, index_first: bool) -> None:
        """Let index and perpetual be quoted."""
        before = len(self.venue.facts)
        first = len(self.venue.past_ticks)
        self.venue.quote(price, basis, index_first=index_first)
        facts: list[Event] = []
        for tick in self.venue.past_ticks[first:]:
            self.inputs[tick.event_id] = tick
            facts += self.twin.handle(tick, tick.event_time_us)
        assert facts == self.venue.facts[before:]

    def restart(self) -> None:
        """Restore the twin from the log."""
        self.twin = new_venue(self.name)
        past = [*self.venue.facts, *self.venue.past_ticks]
        for event in sorted(past, key=lambda event: event.event_time_us):
            self.twin.restore(event)


class AnyMarginHistory(RuleBasedStateMachine):
    """Two venues and what has gone to custody."""

    @initialize()
    def open(self) -> None:
        self.sides = [Market(VENUE), Market(SECOND_VENUE)]
        self.custody_e8 = dict.fromkeys(ASSETS, 0)
        self.opening_e8 = {asset: self.total_e8(asset) for asset in ASSETS}
        self.settlements: list[tuple[Market, SettlementInstructed]] = []
        for side in self.sides:
            side.quote(60_000, 0, index_first=True)

    def total_e8(self, asset: str) -> int:
        at_venues_e8 = sum(value_e8(side.venue.exchange, asset) for side in self.sides)
        return at_venues_e8 + self.custody_e8[asset]

    @rule(
        at=VENUES,
        account=ACCOUNTS,
        side=SIDES,
        lots=st.one_of(st.integers(1, 300), st.integers(300, 20_000)),
        dollars=st.one_of(st.none(), st.integers(-600, 600)),
        spot=st.integers(0, 5).map(lambda drawn: drawn == 5),
        reduce_only=st.integers(0, 7).map(lambda drawn: drawn == 7),
        stop=st.integers(0, 9).map(lambda drawn: drawn == 9),
    )
    def submit(
        self,
        at: int,
        account: str,
        side: Side,
        lots: int,
        dollars: int | None,
        spot: bool,
        reduce_only: bool,
        stop: bool,
    ) -> None:
        one = self.sides[at]
        price = None if dollars is None else f"{one.price + dollars}"
        order = one.venue.order(
            side,
            format_e8(lots * 10_000),
            None if stop else price,
            account,
            instrument="BTC-USD" if spot or account == SPOT else PERP,
            order_type="STOP" if stop and price else None,
            stop_price=price if stop else None,
            reduce_only=reduce_only,
            venue=one.name,
        )
        one.deliver(order)

    @rule(at=VENUES, number=st.integers(0, 30))
    def cancel(self, at: int, number: int) -> None:
        one = self.sides[at]
        live = list(one.state.orders.values())
        if live:
            order = live[number % len(live)]
            request = one.venue.cancel_request(order.order_id, order.account, order.instrument)
            one.deliver(request)

    @rule(at=VENUES, number=st.integers(0, 30), lots=st.integers(1, 9_000), more=st.integers(-9, 9))
    def replace(self, at: int, number: int, lots: int, more: int) -> None:
        one = self.sides[at]
        live = [order for order in one.state.orders.values() if order.limit_price_e8]
        if live:
            order = live[number % len(live)]
            assert order.limit_price_e8 is not None
            request = one.venue.replace_request(
                order.order_id,
                format_e8(lots * 10_000),
                format_e8(order.limit_price_e8 + more * E8),
                order.account,
                order.instrument,
            )
            one.deliver(request)

    @rule(
        at=VENUES,
        percent=st.one_of(st.integers(-2, 2), st.integers(-2, 2), st.integers(-14, 14)),
        basis=st.integers(-300, 300),
        index_first=st.booleans(),
    )
    def quote(self, at: int, percent: int, basis: int, index_first: bool) -> None:
        one = self.sides[at]
        # Prices stay near where they began, so that they may go either way.
        one.price = max(40_000, min(90_000, one.price * (100 + percent) // 100))
        one.quote(one.price, basis, index_first=index_first)
        for account in one.state.perpetuals.accounts_exposed():
            assert equity_e8(one.state, account) >= maintenance_e8(one.state, account)

    @rule(at=VENUES, giver=ACCOUNTS, taker=ACCOUNTS, amount=st.integers(0, 12_000))
    def transfer(self, at: int, giver: str, taker: str, amount: int) -> None:
        one = self.sides[at]
        one.deliver(one.venue.transfer_request(giver, taker, "USD", amount * E8))

    @rule(at=VENUES, account=ACCOUNTS)
    def suspend_or_wake(self, at: int, account: str) -> None:
        one = self.sides[at]
        found = one.state.sub_accounts.get(account)
        assert found is not None
        state: AccountState = "SUSPENDED" if found.state == "ACTIVE" else "ACTIVE"
        one.deliver(one.venue.state_request(account, state))

    @rule(at=VENUES, account=ACCOUNTS, amount=st.integers(1, 4_000))
    def instruct(self, at: int, account: str, amount: int) -> None:
        one = self.sides[at]
        settlement = one.venue.settlement(account, "USD", amount * E8)
        if one.deliver(settlement):
            self.settlements.append((one, settlement))

    @rule(completes=st.booleans())
    @precondition(lambda self: self.settlements)
    def end_settlement(self, completes: bool) -> None:
        one, settlement = self.settlements.pop(0)
        if completes:
            one.deliver(one.venue.completion(settlement))
            self.custody_e8["USD"] += settlement.amount_e8
        else:
            one.deliver(one.venue.failure(settlement))

    @rule(at=VENUES, account=ACCOUNTS, amount=st.integers(1, 9_000))
    def bring_from_custody(self, at: int, account: str, amount: int) -> None:
        one = self.sides[at]
        settlement = one.venue.settlement(account, "USD", amount * E8, "TO_VENUE")
        assert one.deliver(settlement) == []
        one.deliver(one.venue.completion(settlement))
        self.custody_e8["USD"] -= amount * E8

    @rule(at=VENUES)
    def pay_funding(self, at: int) -> None:
        one = self.sides[at]
        due_us = one.venue.exchange.due_us()
        assert due_us is not None
        before = len(one.venue.facts)
        house_e8 = one.state.house.holdings_e8["USD"]
        insured = one.state.perpetuals.insurance_e8
        one.venue.wake()
        facts = one.venue.facts[before:]
        assert list(one.twin.wake(due_us)) == facts
        assert isinstance(facts[0], FundingRateSet)
        if not any(isinstance(fact, PositionLiquidated) for fact in facts):
            paid_e8 = [
                fact.change_e8
                for fact in facts
                if isinstance(fact, BalanceChanged) and fact.reason == "FUNDING"
            ]
            owed_e8 = insured - one.state.perpetuals.insurance_e8
            covered_e8 = [
                fact.change_e8
                for fact in facts
                if isinstance(fact, BalanceChanged) and fact.reason == "INSURANCE"
            ]
            by_house_e8 = one.state.house.holdings_e8["USD"] - house_e8
            assert sum(paid_e8) + by_house_e8 + sum(covered_e8) - owed_e8 == 0

    @rule(at=VENUES)
    def restart_from_the_log(self, at: int) -> None:
        self.sides[at].restart()

    @invariant()
    def value_is_conserved_to_the_last_unit(self) -> None:
        for asset in ASSETS:
            assert self.total_e8(asset) == self.opening_e8[asset], asset

    @invariant()
    def positions_and_their_costs_sum_to_what_the_pool_paid(self) -> None:
        for side in self.sides:
            every = [position for _, _, position in side.state.perpetuals.everything()]
            assert sum(position.quantity_e8 for position in every) == 0
            assert sum(position.cost_e8 for position in every) == -side.state.perpetuals.clearing_e8
            assert side.state.perpetuals.insurance_e8 >= 0

    @invariant()
    def locked_is_margin_and_orders_and_settlements_and_nothing_is_negative(self) -> None:
        for side in self.sides:
            state = side.state
            locks_e8 = _spot_locks_e8(state)
            for account, asset, held in state.accounts:
                assert held.available_e8 >= 0
                margin_e8 = state.perpetuals.margin_e8(account) if asset == COLLATERAL else 0
                assert held.locked_e8 == margin_e8 + locks_e8.get((account, asset), 0)
                if margin_e8:
                    required_e8 = required_margin_e8(state, account)
                    assert margin_e8 == min(required_e8, held.available_e8 + margin_e8)

    @invariant()
    def no_account_feels_what_is_not_its_own(self) -> None:
        for side in self.sides:
            facts = side.venue.facts
            for fact in facts[side.checked :]:
                side.inputs[fact.event_id] = fact
                if isinstance(fact, BalanceChanged) and not fact.is_root:
                    cause = side.inputs[fact.causation_id]
                    owners = {getattr(cause, "account", ""), getattr(cause, "to_account", "")}
                    assert fact.account in owners or isinstance(cause, FundingRateSet)
                    assert fact.reason != "FUNDING" or isinstance(cause, FundingRateSet)
                if isinstance(fact, PositionLiquidated):
                    assert not side.state.perpetuals.quantity_e8(fact.account, fact.instrument)
            side.checked = len(facts)

    @invariant()
    def a_spot_account_never_has_a_position(self) -> None:
        for side in self.sides:
            assert not side.state.perpetuals.held(SPOT)

    def teardown(self) -> None:
        for side in getattr(self, "sides", ()):
            facts = side.venue.facts
            assert all(one.event_time_us < after.event_time_us for one, after in pairwise(facts))
            assert len({fact.event_id for fact in facts}) == len(facts)
            assert _snapshot(side.twin) == _snapshot(side.venue.exchange)


def _spot_locks_e8(state: VenueState) -> dict[tuple[str, str], int]:
    funds = SpotFunds(state)
    locks_e8: dict[tuple[str, str], int] = {}
    for order in state.orders.values():
        instrument = INSTRUMENTS[order.instrument]
        if instrument.kind == "SPOT":
            place = (order.account, instrument.quote if order.buys else instrument.base)
            locks_e8[place] = locks_e8.get(place, 0) + funds.locked_e8(order)
    for account, asset, amount_e8 in state.settling.values():
        locks_e8[account, asset] = locks_e8.get((account, asset), 0) + amount_e8
    return locks_e8


def _snapshot(exchange: Exchange) -> object:
    state = exchange.state
    perpetuals = state.perpetuals
    return (
        [
            (account, symbol, one.quantity_e8, one.cost_e8, one.realised_e8, one.changes)
            for account, symbol, one in perpetuals.everything()
        ],
        sorted(
            (account, asset, held.available_e8, held.locked_e8)
            for account, asset, held in state.accounts
        ),
        {name: perpetuals.margin_e8(name) for name in NAMES},
        (perpetuals.clearing_e8, perpetuals.insurance_e8, perpetuals.exposed, perpetuals.fundings),
        [(account.name, account.state) for account in state.sub_accounts],
        {
            symbol: (one.index_price_e8, one.mark_price_e8)
            for symbol, one in perpetuals.marks.items()
        },
        (list(state.orders), list(state.answered), state.settling, state.time_us),
        (state.house.holdings_e8, state.house.fees_e8, exchange.due_us()),
    )


AnyMarginHistory.TestCase.settings = settings(
    max_examples=30, stateful_step_count=80, deadline=None, database=None
)
TestAnyMarginHistory = AnyMarginHistory.TestCase

ACTS = (
    "submit",
    "cancel",
    "replace",
    "quote",
    "transfer",
    "suspend",
    "instruct",
    "end",
    "bring",
    "fund",
)
WEIGHTS = (60, 8, 8, 16, 3, 3, 1, 1, 2, 2)


@pytest.mark.parametrize("seed", [1, 2])
def test_a_long_history_keeps_what_holds(seed: int) -> None:
    chance = Random(seed)
    history = AnyMarginHistory()
    history.open()
    for step in range(4_000):
        _act(history, chance)
        history.value_is_conserved_to_the_last_unit()
        history.positions_and_their_costs_sum_to_what_the_pool_paid()
        history.locked_is_margin_and_orders_and_settlements_and_nothing_is_negative()
        history.no_account_feels_what_is_not_its_own()
        history.a_spot_account_never_has_a_position()
        if step % 900 == 899:
            history.restart_from_the_log(step % 2)
    history.teardown()
    facts = [fact for side in history.sides for fact in side.venue.facts]
    assert sum(isinstance(fact, OrderFilled) for fact in facts) > 300
    assert sum(isinstance(fact, PositionLiquidated) for fact in facts) > 5
    reasons = {fact.reason for fact in facts if isinstance(fact, BalanceChanged)}
    assert {"INSURANCE", "LIQUIDATION", "FUNDING", "TRANSFER", "MARGIN", "TRADE"} <= reasons


def _act(history: AnyMarginHistory, chance: Random) -> None:
    act = chance.choices(ACTS, WEIGHTS)[0]
    at, account = chance.randint(0, 1), chance.choice((*NAMES, FUT, OTHER))
    if act == "submit":
        lots = chance.choice((chance.randint(1, 300), chance.randint(300, 25_000)))
        dollars = None if chance.random() < 0.3 else chance.randint(-600, 600)
        side: Side = chance.choice(("BUY", "SELL"))
        spot, reduces, stops = (chance.random() < share for share in (0.15, 0.1, 0.1))
        history.submit(at, account, side, lots, dollars, spot, reduces, stops)
    elif act == "cancel":
        history.cancel(at, chance.randint(0, 30))
    elif act == "replace":
        history.replace(at, chance.randint(0, 30), chance.randint(1, 5_000), chance.randint(-9, 9))
    elif act == "quote":
        percent = chance.choice((0, 1, -1, chance.randint(-14, 14)))
        history.quote(at, percent, chance.randint(-300, 300), chance.random() < 0.5)
    elif act == "transfer":
        history.transfer(at, account, chance.choice(NAMES), chance.randint(0, 9_000))
    elif act == "suspend":
        asleep = [one.name for one in history.sides[at].state.sub_accounts if one.state != "ACTIVE"]
        history.suspend_or_wake(at, asleep[0] if asleep else account)
    elif act == "instruct":
        history.instruct(at, account, chance.randint(1, 1_500))
    elif act == "end" and history.settlements:
        history.end_settlement(chance.random() < 0.3)
    elif act == "bring":
        history.bring_from_custody(at, account, chance.randint(1, 2_000))
    elif act == "fund":
        history.pay_funding(at)
