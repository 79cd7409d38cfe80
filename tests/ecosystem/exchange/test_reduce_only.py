"""Reduce-only orders of spot instruments: a sell is never larger than what is held."""

import pytest

from ecosystem.events.orders import (
    OrderAccepted,
    OrderCancelled,
    OrderRejected,
    OrderReplaced,
    OrderTriggered,
)
from ecosystem.events.words import OrderType, Side
from ecosystem.units import E8
from tests.ecosystem.exchange.venue import ALICE, BOB, Venue, kinds

TRADE = ["OrderFilled", "BalanceChanged TRADE", "BalanceChanged TRADE"]


def test_a_sell_of_more_than_is_held_shrinks_to_it() -> None:
    venue = Venue()
    order = venue.order("SELL", "5", "60000", reduce_only=True)
    accepted, replaced, lock = venue.deliver(order)
    assert isinstance(accepted, OrderAccepted)
    assert isinstance(replaced, OrderReplaced)
    assert (accepted.quantity_e8, replaced.quantity_e8) == (5 * E8, 2 * E8)
    assert replaced.priority_kept
    assert replaced.causation_id == accepted.event_id
    assert lock.causation_id == replaced.event_id
    assert venue.held(ALICE, "BTC") == (0, 2 * E8)
    assert kinds(venue.cancel(order.order_id)) == ["OrderCancelled", "BalanceChanged UNLOCK"]
    assert venue.held(ALICE, "BTC") == (2 * E8, 0)


def test_a_sell_within_what_is_held_is_an_order_like_any_other() -> None:
    venue = Venue()
    venue.deliver(venue.order("BUY", "0.1", "60000", BOB))
    facts = venue.deliver(venue.order("SELL", "0.1", reduce_only=True))
    assert kinds(facts) == ["OrderAccepted", "BalanceChanged LOCK", *TRADE, *TRADE]


@pytest.mark.parametrize("order_type", ["LIMIT", "STOP_LIMIT"])
def test_a_buy_and_a_sell_of_nothing_reduce_nothing_and_are_refused(order_type: OrderType) -> None:
    venue = Venue()
    reduces_nothing: list[tuple[Side, str]] = [("BUY", ALICE), ("SELL", BOB)]
    stop_price = "60000" if order_type == "STOP_LIMIT" else None
    wishes = [
        venue.order(
            side,
            "0.1",
            "60000",
            account,
            reduce_only=True,
            order_type=order_type,
            stop_price=stop_price,
        )
        for side, account in reduces_nothing
    ]
    everything = venue.order("SELL", "2", "61000", BOB)
    venue.deliver(everything)
    venue.deliver(venue.order("BUY", "0.4", "61000"))
    venue.cancel(everything.order_id, BOB)
    settled = venue.instruct(BOB, "BTC", venue.held(BOB, "BTC")[0])
    venue.complete(settled)
    for wish in wishes:
        (fact,) = venue.deliver(wish)
        assert isinstance(fact, OrderRejected)
        assert fact.reason == "WOULD_INCREASE"


def test_a_fill_or_kill_sell_of_more_than_is_held_cannot_be_filled() -> None:
    venue = Venue()
    venue.tick("60000", "60010")
    order = venue.order("SELL", "3", "50000", time_in_force="FOK", reduce_only=True)
    (fact,) = venue.deliver(order)
    assert isinstance(fact, OrderRejected)
    assert fact.reason == "NOT_FILLABLE"


def test_a_stop_that_finds_less_to_reduce_when_it_is_triggered_has_locked_what_it_sells() -> None:
    venue = Venue()
    venue.tick("60000", "60010")
    order = venue.order("SELL", "1.5", order_type="STOP", stop_price="59000", reduce_only=True)
    venue.deliver(order)
    venue.deliver(venue.order("SELL", "0.5"))
    facts = venue.tick("58000", "58010")
    assert isinstance(facts[0], OrderTriggered)
    assert not any(isinstance(fact, OrderCancelled | OrderReplaced) for fact in facts)
    assert venue.status(order) == "FILLED"
    assert venue.held(ALICE, "BTC") == (0, 0)
