import msgspec
import pytest

from ecosystem.errors import IllegalTransitionError
from ecosystem.events.balances import BalanceChanged
from ecosystem.events.fills import OrderFilled
from ecosystem.events.orders import OrderAccepted, OrderExpired
from ecosystem.events.venues import VenueStatusChanged
from ecosystem.units import DAY_US, E8
from tests.ecosystem.exchange.venue import (
    ALICE,
    BALANCES_E8,
    STARTS_AT_US,
    Venue,
    kinds,
    new_exchange,
)


def test_it_opens_once_with_deposits_that_are_roots() -> None:
    exchange = new_exchange()
    assert exchange.name == "exchange-okx"
    assert exchange.due_us() == STARTS_AT_US
    *deposits, up = exchange.wake(STARTS_AT_US)
    assert isinstance(up, VenueStatusChanged)
    assert (up.venue, up.state) == ("exchange-okx", "UP")
    assert all(fact.is_root for fact in [*deposits, up])
    found = {
        (fact.account, fact.asset): fact.total_e8
        for fact in deposits
        if isinstance(fact, BalanceChanged) and fact.reason == "DEPOSIT"
    }
    assert found == {
        (account, asset): amount_e8
        for account, held in BALANCES_E8.items()
        for asset, amount_e8 in held.items()
    }
    assert exchange.due_us() is None


@pytest.mark.parametrize("kept", [0, 3, 8])
def test_an_opening_cut_short_is_completed_and_nothing_is_deposited_twice(kept: int) -> None:
    facts = new_exchange().wake(STARTS_AT_US)
    exchange = new_exchange()
    for fact in facts[:kept]:
        exchange.restore(fact)
    again = exchange.wake(STARTS_AT_US)
    assert [fact.event_id for fact in again] == [fact.event_id for fact in facts[kept:]]


def test_day_orders_expire_at_midnight_and_free_their_funds() -> None:
    venue = Venue()
    day = venue.order("BUY", "0.1", "59000", time_in_force="DAY")
    kept = venue.order("BUY", "0.1", "59000")
    gone = venue.order("BUY", "0.1", "58000", time_in_force="DAY")
    (accepted, *_), _, _ = [venue.deliver(order) for order in (day, kept, gone)]
    venue.cancel(gone.order_id)
    midnight_us = STARTS_AT_US + DAY_US
    assert venue.exchange.due_us() == midnight_us
    facts = list(venue.exchange.wake(midnight_us))
    assert kinds(facts) == ["OrderExpired", "BalanceChanged UNLOCK"]
    expired = facts[0]
    assert isinstance(expired, OrderExpired)
    assert (expired.order_id, expired.remaining_quantity_e8) == (day.order_id, E8 // 10)
    assert expired.causation_id == accepted.event_id
    assert expired.correlation_id == day.correlation_id
    assert list(venue.exchange.state.orders) == [kept.order_id]
    assert venue.exchange.due_us() is None


def test_a_settlement_locks_and_then_leaves() -> None:
    venue = Venue()
    settlement = venue.instruct(ALICE, "USD", 100 * E8)
    lock = venue.facts[-1]
    assert isinstance(lock, BalanceChanged)
    assert (lock.reason, lock.change_e8) == ("SETTLEMENT_LOCK", 0)
    assert lock.reference_id == settlement.settlement_id
    assert lock.causation_id == settlement.event_id
    assert venue.held(ALICE, "USD") == (29_900 * E8, 100 * E8)
    (debit,) = venue.complete(settlement)
    assert isinstance(debit, BalanceChanged)
    assert (debit.reason, debit.change_e8, debit.total_e8) == (
        "SETTLEMENT",
        -100 * E8,
        29_900 * E8,
    )
    assert venue.held(ALICE, "USD") == (29_900 * E8, 0)


def test_a_failed_settlement_frees_what_it_locked() -> None:
    venue = Venue()
    settlement = venue.instruct(ALICE, "USD", 100 * E8)
    assert kinds(venue.fail(settlement)) == ["BalanceChanged UNLOCK"]
    assert venue.held(ALICE, "USD") == (30_000 * E8, 0)
    assert venue.fail(settlement) == []


@pytest.mark.parametrize("amount_e8", [30_001 * E8, 0, -1])
def test_a_settlement_that_cannot_be_locked_gets_no_answer(amount_e8: int) -> None:
    venue = Venue()
    before = len(venue.facts)
    settlement = venue.instruct(ALICE, "USD", amount_e8)
    assert len(venue.facts) == before
    assert venue.fail(settlement) == []


def test_a_settlement_that_completes_without_its_lock_is_illegal() -> None:
    venue = Venue()
    settlement = venue.instruct(ALICE, "USD", 30_001 * E8)
    with pytest.raises(IllegalTransitionError, match="but locked for it is nothing"):
        venue.complete(settlement)
    other = venue.instruct(ALICE, "USD", 5 * E8)
    with pytest.raises(IllegalTransitionError, match=r"locked for it is 5\.00000000 USD of firm-"):
        venue.complete(msgspec.structs.replace(other, amount_e8=4 * E8))


def test_its_own_facts_are_passed_over_when_they_come_back() -> None:
    venue = Venue()
    venue.tick("60000", "60010")
    venue.deliver(venue.order("BUY", "0.1"))
    for fact in list(venue.facts):
        assert venue.deliver(fact) == []


def test_ticks_of_other_feeds_and_of_unknown_instruments_move_nothing() -> None:
    venue = Venue()
    venue.tick("60000", "60010")
    tick = venue.ticks["BTC-USD"]
    for other in (
        msgspec.structs.replace(tick, feed="elsewhere", ask_price_e8=E8),
        msgspec.structs.replace(tick, instrument="DOGE-USD"),
        msgspec.structs.replace(tick, instrument="BTC-USD-PERP"),
    ):
        assert venue.deliver(other) == []
    (fill,) = [
        fact for fact in venue.deliver(venue.order("BUY", "0.1")) if isinstance(fact, OrderFilled)
    ]
    assert fill.price_e8 == 60_010 * E8


def test_facts_that_do_not_follow_from_the_log_are_illegal() -> None:
    venue = Venue()
    venue.tick("60000", "60010")
    facts = venue.deliver(venue.order("BUY", "0.1"))
    accepted, lock, fill = facts[:3]
    assert isinstance(accepted, OrderAccepted)
    assert isinstance(fill, OrderFilled)
    exchange = venue.exchange
    with pytest.raises(IllegalTransitionError, match="was accepted twice"):
        exchange.restore(accepted)
    with pytest.raises(IllegalTransitionError, match=r"OrderFilled for order .*, which is FILLED"):
        exchange.restore(fill)
    with pytest.raises(IllegalTransitionError, match=r"change 1 by 0\.00000000 to available"):
        exchange.restore(lock)
    other = new_exchange()
    for fact in [*venue.facts[:9], accepted]:
        other.restore(fact)
    with pytest.raises(IllegalTransitionError, match="with 10000000 remaining was filled by 10"):
        other.restore(msgspec.structs.replace(fill, remaining_quantity_e8=1))


def test_ids_of_finished_orders_are_remembered_for_a_day_and_then_forgotten() -> None:
    venue = Venue()
    order = venue.order("BUY", "0.1", "59000")
    venue.deliver(order)
    venue.cancel(order.order_id)
    for days, status in ((1, "CANCELLED"), (2, None)):
        venue.now_us = STARTS_AT_US + days * DAY_US
        other = venue.order("BUY", "0.1", "59000")
        venue.deliver(other)
        venue.cancel(other.order_id)
        assert venue.exchange.state.status_of(order.order_id) == status


def test_facts_decided_at_one_moment_carry_times_in_the_order_of_decision() -> None:
    venue = Venue()
    orders = [venue.order("BUY", "0.001", "59000") for _ in range(20)]
    before = len(venue.facts)
    for order in orders:
        venue.deliver(order)
    times = [fact.event_time_us for fact in venue.facts[before:]]
    assert times == list(range(venue.now_us + 10_000, venue.now_us + 10_000 + len(times)))


def test_a_cancelled_settlement_frees_what_it_locked() -> None:
    venue = Venue()
    settlement = venue.instruct(ALICE, "USD", 100 * E8)
    before = venue.held(ALICE, "USD")
    assert kinds(venue.deliver(venue.cancellation(settlement))) == ["BalanceChanged UNLOCK"]
    assert venue.held(ALICE, "USD") == (before[0] + 100 * E8, 0)


def test_a_settlement_from_custody_locks_nothing_and_credits_the_account_in_the_end() -> None:
    venue = Venue()
    before = venue.held(ALICE, "USD")
    settlement = venue.instruct(ALICE, "USD", 100 * E8, "TO_VENUE")
    assert venue.held(ALICE, "USD") == before
    (credit,) = venue.complete(settlement)
    assert isinstance(credit, BalanceChanged)
    assert (credit.reason, credit.reference_id) == ("SETTLEMENT", settlement.settlement_id)
    assert venue.held(ALICE, "USD") == (before[0] + 100 * E8, before[1])


@pytest.mark.parametrize("end", ["failure", "cancellation"])
def test_a_settlement_from_custody_that_comes_to_nothing_changes_nothing(end: str) -> None:
    venue = Venue()
    settlement = venue.instruct(ALICE, "USD", 100 * E8, "TO_VENUE")
    before = venue.held(ALICE, "USD")
    assert venue.deliver(getattr(venue, end)(settlement)) == []
    assert venue.held(ALICE, "USD") == before


def test_a_settlement_from_custody_to_an_account_nobody_opened_is_illegal() -> None:
    venue = Venue()
    settlement = venue.instruct("nobody", "USD", 100 * E8, "TO_VENUE")
    with pytest.raises(IllegalTransitionError, match=r"to nobody; allowed are amounts above 0"):
        venue.complete(settlement)
