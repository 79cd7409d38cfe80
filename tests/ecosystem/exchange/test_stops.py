from typing import TypeVar

import msgspec
import pytest

from ecosystem.errors import IllegalTransitionError
from ecosystem.events.envelope import Event
from ecosystem.events.fills import OrderFilled
from ecosystem.events.orders import (
    OrderAccepted,
    OrderCancelled,
    OrderExpired,
    OrderRejected,
    OrderReplaced,
    OrderSubmitted,
    OrderTriggered,
)
from ecosystem.events.words import Side, TimeInForce
from ecosystem.units import DAY_US, E8, parse_e8
from tests.ecosystem.exchange.venue import ALICE, BOB, Venue, kinds

Fact = TypeVar("Fact", bound=Event)
TRADE = ["OrderFilled", "BalanceChanged TRADE", "BalanceChanged TRADE"]
TAKEN = ["OrderAccepted", "BalanceChanged LOCK"]


def stop(
    venue: Venue,
    side: Side,
    stop_price: str,
    price: str | None = None,
    account: str = ALICE,
    quantity: str = "0.1",
    time_in_force: TimeInForce = "GTC",
    reduce_only: bool = False,
) -> OrderSubmitted:
    """Return a wish for a stop order: with a price a stop-limit order."""
    return venue.order(
        side,
        quantity,
        price,
        account,
        order_type="STOP_LIMIT" if price else "STOP",
        stop_price=stop_price,
        time_in_force=time_in_force,
        reduce_only=reduce_only,
    )


def only(facts: list[Event], kind: type[Fact]) -> Fact:
    """Return the one fact of a kind."""
    (fact,) = (fact for fact in facts if isinstance(fact, kind))
    return fact


@pytest.mark.parametrize(
    ("side", "stop_price", "short_of", "reaches", "locked"),
    [
        ("SELL", "59000", ("58999", "59003"), ("58995", "59005"), ("BTC", E8 // 10)),
        # 0.1 BTC at 5 % beyond 61 000, with the taker fee.
        ("BUY", "61000", ("60990", "61008"), ("60995", "61005"), ("USD", 6_408_202_500_00)),
    ],
)
def test_a_stop_waits_with_its_funds_locked_until_the_mark_price_reaches_it(
    side: Side,
    stop_price: str,
    short_of: tuple[str, str],
    reaches: tuple[str, str],
    locked: tuple[str, int],
) -> None:
    venue = Venue()
    venue.tick("59995", "60005")
    order = stop(venue, side, stop_price)
    assert kinds(venue.deliver(order)) == TAKEN
    assert venue.status(order) == "WAITING"
    asset, amount_e8 = locked
    assert venue.held(ALICE, asset)[1] == amount_e8
    assert venue.tick(*short_of) == []
    facts = venue.tick(*reaches)
    tick = venue.ticks["BTC-USD"]
    triggered, fill = facts[:2]
    assert isinstance(triggered, OrderTriggered)
    assert isinstance(fill, OrderFilled)
    assert (triggered.causation_id, triggered.correlation_id) == (tick.event_id, tick.event_id)
    assert triggered.stop_price_e8 == triggered.trigger_price_e8 == parse_e8(stop_price)
    assert (fill.causation_id, fill.liquidity) == (triggered.event_id, "TAKER")
    assert fill.price_e8 == parse_e8(reaches[0] if side == "SELL" else reaches[1])
    assert venue.status(order) == "FILLED"
    assert venue.held(ALICE, asset)[1] == 0


def test_a_stop_limit_order_rests_at_its_limit_once_triggered() -> None:
    venue = Venue()
    venue.tick("59995", "60005")
    order = stop(venue, "BUY", "61000", "60900")
    venue.deliver(order)
    assert venue.exchange.state.books["BTC-USD"].bids.best_price_e8() is None
    assert kinds(venue.tick("61000", "61010")) == ["OrderTriggered"]
    assert venue.status(order) == "OPEN"
    assert venue.exchange.state.books["BTC-USD"].bids.best_price_e8() == 60_900 * E8
    assert kinds(venue.tick("60880", "60890")) == TRADE
    assert venue.status(order) == "FILLED"


@pytest.mark.parametrize(("time_in_force", "executed"), [("IOC", [*TRADE, *TRADE]), ("FOK", [])])
def test_immediate_stop_limit_orders_count_from_their_triggering(
    time_in_force: TimeInForce, executed: list[str]
) -> None:
    venue = Venue()
    venue.deliver(venue.order("SELL", "0.04", "61000", BOB))
    order = stop(venue, "BUY", "60500", "61000", time_in_force=time_in_force)
    venue.deliver(order)
    assert venue.status(order) == "WAITING"
    facts = venue.tick("60900", "61100")
    gone = ["OrderCancelled", "BalanceChanged UNLOCK"]
    assert kinds(facts) == ["OrderTriggered", *executed, *gone]
    assert only(facts, OrderCancelled).reason == "IMMEDIATE_REMAINDER"
    assert venue.held(ALICE, "USD")[1] == 0


def test_an_execution_in_the_book_triggers_stops_and_these_trigger_the_next() -> None:
    venue = Venue()
    for price in ("59900", "59800", "59700"):
        venue.deliver(venue.order("BUY", "0.1", price, BOB))
    first, second = stop(venue, "SELL", "59900"), stop(venue, "SELL", "59800")
    beyond = stop(venue, "SELL", "59600")
    for order in (beyond, second, first):
        venue.deliver(order)
    facts = venue.deliver(venue.order("SELL", "0.1"))
    triggered = [fact for fact in facts if isinstance(fact, OrderTriggered)]
    assert [fact.order_id for fact in triggered] == [first.order_id, second.order_id]
    fills = [fact for fact in facts if isinstance(fact, OrderFilled) and fact.liquidity == "TAKER"]
    assert [fill.price_e8 // E8 for fill in fills] == [59_900, 59_800, 59_700]
    assert [fact.causation_id for fact in triggered] == [fill.event_id for fill in fills[:2]]
    assert len({fact.correlation_id for fact in facts}) == 1
    assert venue.status(beyond) == "WAITING"


def test_of_stops_reached_at_once_the_nearest_goes_first_and_at_one_price_the_oldest() -> None:
    venue = Venue()
    venue.tick("59995", "60005")
    prices = ("58000", "59000", "59000", "58500")
    orders = [stop(venue, "SELL", price, quantity="0.01") for price in prices]
    for order in orders:
        venue.deliver(order)
    facts = venue.tick("57000", "57010")
    triggered = [fact.order_id for fact in facts if isinstance(fact, OrderTriggered)]
    assert triggered == [orders[index].order_id for index in (1, 2, 3, 0)]


def test_a_stop_price_that_has_been_reached_triggers_at_once() -> None:
    venue = Venue()
    venue.tick("59995", "60005")
    order = stop(venue, "SELL", "60100")
    facts = venue.deliver(order)
    assert kinds(facts) == [*TAKEN, "OrderTriggered", *TRADE]
    assert only(facts, OrderTriggered).causation_id == facts[0].event_id
    assert {fact.correlation_id for fact in facts} == {order.correlation_id}


def test_a_stop_to_buy_pays_no_more_than_it_locked_and_the_rest_is_cancelled() -> None:
    venue = Venue()
    venue.tick("59995", "60005")
    order = stop(venue, "BUY", "61000")
    venue.deliver(order)
    facts = venue.tick("64100", "64110")
    assert kinds(facts) == ["OrderTriggered", "OrderCancelled", "BalanceChanged UNLOCK"]
    assert only(facts, OrderCancelled).reason == "NO_LIQUIDITY"
    assert venue.held(ALICE, "USD") == (30_000 * E8, 0)


def test_a_waiting_stop_is_cancelled_or_expires_and_its_funds_are_free() -> None:
    venue = Venue()
    cancelled = stop(venue, "SELL", "59000")
    expiring = stop(venue, "SELL", "59000", time_in_force="DAY")
    for order in (cancelled, expiring):
        venue.deliver(order)
    assert kinds(venue.cancel(cancelled.order_id)) == ["OrderCancelled", "BalanceChanged UNLOCK"]
    due_us = venue.exchange.due_us()
    assert due_us is not None
    assert due_us % DAY_US == 0
    facts = list(venue.exchange.wake(due_us))
    assert only(facts, OrderExpired).order_id == expiring.order_id
    assert venue.held(ALICE, "BTC")[1] == 0
    assert venue.tick("50000", "50010") == []


def test_a_waiting_stop_is_replaced_and_waits_for_its_new_price() -> None:
    venue = Venue()
    venue.tick("59995", "60005")
    order = stop(venue, "BUY", "61000")
    venue.deliver(order)
    facts = venue.replace(order.order_id, "0.2", "0", stop_price="62000")
    assert kinds(facts) == ["OrderReplaced", "BalanceChanged LOCK"]
    replaced = only(facts, OrderReplaced)
    assert (replaced.limit_price_e8, replaced.stop_price_e8) == (0, 62_000 * E8)
    assert venue.tick("61000", "61010") == []
    facts = venue.replace(order.order_id, "0.1", "0", stop_price="61000")
    assert kinds(facts) == ["OrderReplaced", "BalanceChanged UNLOCK", "OrderTriggered", *TRADE]
    assert only(facts, OrderTriggered).causation_id == facts[0].event_id


@pytest.mark.parametrize(
    ("price", "stop_price", "detail"),
    [
        ("60000", None, "limit price 60000.00000000 on a STOP order; allowed: none, which is 0"),
        ("0", "60000.001", "stop price 60000.00100000; allowed: 0.01"),
    ],
)
def test_bad_new_terms_of_a_stop_are_refused(
    price: str, stop_price: str | None, detail: str
) -> None:
    venue = Venue()
    order = stop(venue, "SELL", "59000")
    venue.deliver(order)
    (fact,) = venue.replace(order.order_id, "0.1", price, stop_price=stop_price)
    assert isinstance(fact, OrderRejected)
    assert fact.reason == "INVALID_PRICE"
    assert detail in fact.detail


def test_only_a_waiting_order_takes_a_stop_price_and_a_limit_order_needs_its_limit() -> None:
    venue = Venue()
    order = venue.order("BUY", "0.1", "59000")
    venue.deliver(order)
    (fact,) = venue.replace(order.order_id, "0.1", "59000", stop_price="61000")
    assert isinstance(fact, OrderRejected)
    assert "on an order that does not wait; allowed: none" in fact.detail
    (fact,) = venue.replace(order.order_id, "0.1", "0")
    assert isinstance(fact, OrderRejected)
    assert fact.detail == "no limit price; LIMIT orders require one"


def test_a_stop_is_triggered_once_and_a_waiting_one_is_not_filled() -> None:
    venue = Venue()
    venue.tick("59995", "60005")
    order = stop(venue, "SELL", "59000", "58900")
    venue.deliver(order)
    venue.deliver(venue.order("BUY", "0.1", "58000", BOB))
    (triggered,) = venue.tick("58800", "58810")
    assert isinstance(triggered, OrderTriggered)
    with pytest.raises(IllegalTransitionError, match="that is OPEN was TRIGGERED"):
        venue.exchange.restore(triggered)
    waiting = stop(venue, "SELL", "50000")
    accepted = venue.deliver(waiting)[0]
    assert isinstance(accepted, OrderAccepted)
    fill = only(venue.deliver(venue.order("BUY", "0.1")), OrderFilled)
    forged = msgspec.structs.replace(fill, order_id=waiting.order_id)
    with pytest.raises(IllegalTransitionError, match="that is WAITING was FILLED_IN_WHOLE"):
        venue.exchange.restore(forged)
    assert venue.status(waiting) == "WAITING"
    assert venue.exchange.state.orders[waiting.order_id].remaining_e8 == E8 // 10
