"""Exchange and custodian on one log: nothing is made, nothing is lost, restarts do not show."""

from heapq import heappop, heappush
from itertools import count
from random import Random

import pytest

from ecosystem.custodian.clients import THE_FIRM
from ecosystem.custodian.machine import Custodian
from ecosystem.events.balances import BalanceChanged
from ecosystem.events.envelope import Event
from ecosystem.events.orders import OrderSubmitted
from ecosystem.events.prices import PriceTicked
from ecosystem.events.settlements import (
    ReconciliationCompleted,
    SettlementCompleted,
    SettlementFailed,
    SettlementInstructed,
)
from ecosystem.events.words import EventId, Side
from ecosystem.exchange.liquidity.house import HOUSE_HOLDINGS_E8
from ecosystem.exchange.machine import Exchange
from ecosystem.firm import VENUE
from ecosystem.instruments import ASSETS
from ecosystem.units import HOUR_US, MINUTE_US
from ecosystem.venues import VENUES
from tests.ecosystem.exchange.venue import BALANCES_E8

STARTS_AT_US = 1_767_571_200_000_000
STEP_US = 20 * MINUTE_US


class Host:
    """Delivers every fact to every machine by event time, and keeps what was delivered."""

    def __init__(self) -> None:
        self.exchange = Exchange(
            terms=VENUES[VENUE],
            run_key=bytes(32),
            seed=7,
            starts_at_us=STARTS_AT_US,
            opening_balances_e8=BALANCES_E8,
            book_interval_us=None,
        )
        self.custodian = new_custodian()
        self.log: list[Event] = []
        self.in_both_e8 = dict.fromkeys(ASSETS, 0)
        """What custody has and the venue has not given yet, by asset."""
        self._waiting: list[tuple[int, int, Event]] = []
        self._numbers = count()

    def add(self, event: Event) -> None:
        """Put an event on the log."""
        heappush(self._waiting, (event.event_time_us, next(self._numbers), event))

    def run_until(self, end_us: int) -> None:
        """Deliver and wake, in event time, until nothing before `end_us` is left."""
        while (moment := self._next_us()) is not None and moment[0] < end_us:
            now_us, machine = moment
            if machine is not None:
                facts = list(machine.wake(now_us))
            else:
                event = heappop(self._waiting)[2]
                self.log.append(event)
                facts = [
                    *self.exchange.handle(event, now_us),
                    *self.custodian.handle(event, now_us),
                ]
            for fact in facts:
                if isinstance(fact, BalanceChanged) and fact.reason == "SETTLEMENT":
                    self.in_both_e8[fact.asset] += fact.change_e8
                self.add(fact)
            if self.log:
                check_value(self)

    def _next_us(self) -> tuple[int, Exchange | Custodian | None] | None:
        dues: list[tuple[int, Exchange | Custodian | None]] = []
        for machine in (self.exchange, self.custodian):
            due_us = machine.due_us()
            if due_us is not None:
                dues.append((due_us, machine))
        if self._waiting:
            dues.append((self._waiting[0][0], None))
        return min(dues, key=lambda one: one[0], default=None)


def new_custodian() -> Custodian:
    """Return a custodian that is not yet open."""
    return Custodian(run_key=bytes(32), seed=7, starts_at_us=STARTS_AT_US, venues=[VENUE])


def trade(host: Host, chance: Random, steps: int) -> None:
    """Let prices wander and both accounts trade, a step every twenty minutes."""
    price = 60_000
    for number in range(steps):
        now_us = STARTS_AT_US + HOUR_US + number * STEP_US
        price += chance.randint(-300, 300)
        event_id = EventId(chance.randbytes(16))
        host.add(
            PriceTicked(
                event_id=event_id,
                correlation_id=event_id,
                causation_id=event_id,
                event_time_us=now_us,
                feed="market-data",
                instrument="BTC-USD",
                feed_sequence=number,
                bid_price_e8=price * 10**8,
                ask_price_e8=(price + 5) * 10**8,
                last_price_e8=price * 10**8,
                bid_quantity_e8=10**8,
                ask_quantity_e8=10**8,
                volume_e8=10**8,
            )
        )
        for account in BALANCES_E8:
            side: Side = chance.choice(("BUY", "SELL"))
            host.add(_order(chance, now_us + chance.randint(1, 999), account, side, price))
        host.run_until(now_us + STEP_US)


def _order(chance: Random, now_us: int, account: str, side: Side, price: int) -> OrderSubmitted:
    event_id = EventId(chance.randbytes(16))
    limit = chance.choice((None, price + chance.randint(-40, 40)))
    return OrderSubmitted(
        event_id=event_id,
        correlation_id=event_id,
        causation_id=event_id,
        event_time_us=now_us,
        order_id=event_id,
        venue="exchange-okx",
        account=account,
        instrument="BTC-USD",
        side=side,
        order_type="MARKET" if limit is None else "LIMIT",
        time_in_force=chance.choice(("GTC", "DAY")),
        quantity_e8=chance.randint(1, 1_500) * 10_000,
        limit_price_e8=None if limit is None else limit * 10**8,
        stop_price_e8=None,
        post_only=False,
        reduce_only=False,
    )


def check_value(host: Host) -> None:
    """Accounts, house, fees and custody together hold what there was at the beginning."""
    state = host.exchange.state
    for asset in ASSETS:
        accounts_e8 = sum(
            held.available_e8 + held.locked_e8
            for _, held_asset, held in state.accounts
            if held_asset == asset
        )
        opening_e8 = sum(held[asset] for held in BALANCES_E8.values())
        assert (
            accounts_e8
            + state.house.holdings_e8[asset]
            + state.house.fees_e8[asset]
            + host.custodian.held_e8(asset)
            == opening_e8
            + THE_FIRM.opening_e8.get(asset, 0)
            + HOUSE_HOLDINGS_E8[asset]
            + host.in_both_e8[asset]
        ), asset


@pytest.mark.parametrize("seed", [1, 2])
def test_value_is_conserved_across_exchange_and_custodian(seed: int) -> None:
    host = Host()
    trade(host, Random(seed), 400)
    ends = [type(fact) for fact in host.log if isinstance(fact, SettlementCompleted)]
    assert len(ends) > 10
    assert host.custodian.held_e8("USD") > 0
    assert not any(host.in_both_e8.values())
    published_e8: dict[tuple[str, str, str], int] = {}
    for fact in host.log:
        if isinstance(fact, BalanceChanged):
            place = (fact.venue, fact.account, fact.asset)
            published_e8[place] = published_e8.get(place, 0) + fact.change_e8
            assert published_e8[place] == fact.total_e8 == fact.available_e8 + fact.locked_e8
    assert published_e8["custodian", "custody-firm", "USD"] == host.custodian.held_e8("USD")


@pytest.mark.parametrize("seed", [1])
def test_every_settlement_ends_once_and_what_ends_was_instructed(seed: int) -> None:
    host = Host()
    trade(host, Random(seed), 300)
    host.run_until(STARTS_AT_US + 7 * 24 * HOUR_US)
    instructed = [fact for fact in host.log if isinstance(fact, SettlementInstructed)]
    ended = [
        fact.settlement_id
        for fact in host.log
        if isinstance(fact, SettlementCompleted | SettlementFailed)
    ]
    assert len(set(ended)) == len(ended)
    assert set(ended) == {fact.settlement_id for fact in instructed}
    assert {fact.kind for fact in instructed} == {"CRYPTO_INTERNAL", "CRYPTO_EXTERNAL"}
    assert not host.exchange.state.settling


def is_of_custodian(event: Event) -> bool:
    """Tell whether the custodian wrote an event."""
    kind = type(event).__name__
    return kind.startswith(("Settlement", "Reconciliation", "Transfer")) or (
        getattr(event, "venue", "") == "custodian"
    )


def test_in_a_quiet_market_every_reconciliation_matches_to_the_unit() -> None:
    host = Host()
    trade(host, Random(4), 300)
    found = [fact for fact in host.log if isinstance(fact, ReconciliationCompleted)]
    assert len(found) > 4_000
    assert {fact.resolution for fact in found} == {"MATCHED"}
    assert len({fact.venue_total_e8 for fact in found if fact.asset == "USD"}) > 100


@pytest.mark.parametrize("cut", [1, 57, 300, 711, 1500])
def test_a_restored_custodian_goes_on_as_if_it_had_never_stopped(cut: int) -> None:
    host = Host()
    trade(host, Random(5), 300)
    straight, stopped = new_custodian(), new_custodian()
    own: list[Event] = []
    heard = [fact for fact in host.log if not is_of_custodian(fact)]
    for number, event in enumerate(heard):
        if number == cut:
            stopped = new_custodian()
            for fact in sorted([*heard[:cut], *own], key=lambda fact: fact.event_time_us):
                stopped.restore(fact)
        facts: list[Event] = []
        twins: list[Event] = []
        for machine, out in ((straight, facts), (stopped, twins)):
            while (due_us := machine.due_us()) is not None and due_us < event.event_time_us:
                out += machine.wake(due_us)
            out += machine.handle(event, event.event_time_us)
        assert facts == twins
        own += facts
    written = [fact for fact in host.log if is_of_custodian(fact)]
    assert len([fact for fact in own if isinstance(fact, SettlementCompleted)]) > 20
    assert own == written[: len(own)]
