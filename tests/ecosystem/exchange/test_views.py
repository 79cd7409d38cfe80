from ecosystem.events.orders import OrderAccepted
from ecosystem.events.words import EventId
from ecosystem.exchange.finished import GENERATION_MAX, Finished
from ecosystem.exchange.orders import Order
from ecosystem.exchange.views import OrderView, RefusedOrderView, open_orders, order
from ecosystem.units import E8
from tests.ecosystem.exchange.venue import ALICE, BOB, STARTS_AT_US, Venue, new_exchange


def test_an_order_is_seen_with_its_terms_and_what_has_become_of_it() -> None:
    venue = Venue()
    venue.deliver(venue.order("SELL", "0.04", "60000", BOB))
    wish = venue.order("BUY", "0.1", "60010", time_in_force="DAY")
    facts = venue.deliver(wish)
    seen = order(venue.exchange.state, wish.order_id)
    assert isinstance(seen, OrderView)
    assert (seen.status, seen.side, seen.order_type) == ("PARTIALLY_FILLED", "BUY", "LIMIT")
    assert (seen.quantity_e8, seen.executed_quantity_e8) == (E8 // 10, E8 // 25)
    assert seen.remaining_quantity_e8 == 6_000_000
    assert (seen.executed_notional_e8, seen.fees_e8) == (2_400 * E8, 120_000_000)
    assert (seen.limit_price_e8, seen.time_in_force) == (60_010 * E8, "DAY")
    assert seen.accepted_time_us == facts[0].event_time_us < seen.updated_time_us
    assert open_orders(venue.exchange.state, ALICE) == (seen,)
    assert open_orders(venue.exchange.state, BOB) == ()
    venue.cancel(wish.order_id)
    over = order(venue.exchange.state, wish.order_id)
    assert isinstance(over, OrderView)
    assert (over.status, over.executed_quantity_e8) == ("CANCELLED", E8 // 25)
    assert open_orders(venue.exchange.state) == ()


def test_a_refused_order_is_seen_with_its_reason() -> None:
    venue = Venue()
    wish = venue.order("BUY", "5", "60000")
    venue.deliver(wish)
    seen = order(venue.exchange.state, wish.order_id)
    assert isinstance(seen, RefusedOrderView)
    assert (seen.status, seen.reason) == ("REJECTED", "INSUFFICIENT_BALANCE")
    assert "USD needed" in seen.detail
    assert order(venue.exchange.state, venue.new_id()) is None


def test_a_restored_venue_shows_the_same() -> None:
    venue = Venue()
    wishes = [venue.order("SELL", "0.04", "60000", BOB), venue.order("BUY", "0.1", "60010")]
    wishes += [venue.order("BUY", "5", "60000"), venue.order("BUY", "0.01", "59000")]
    for wish in wishes:
        venue.deliver(wish)
    venue.replace(wishes[3].order_id, "0.02", "58000")
    other = new_exchange()
    for fact in venue.facts:
        other.restore(fact)
    for wish in wishes:
        seen = order(venue.exchange.state, wish.order_id)
        assert order(other.state, wish.order_id) == seen is not None
    assert open_orders(other.state) == open_orders(venue.exchange.state)


def test_the_memory_of_orders_that_are_over_has_a_bound() -> None:
    finished = Finished()
    ids = [EventId(number.to_bytes(16, "big")) for number in range(3 * GENERATION_MAX)]
    for order_id in ids:
        finished.keep(Order(_accepted(order_id)))
    known = [order_id for order_id in ids if finished.get(order_id) is not None]
    assert known == ids[GENERATION_MAX:]


def _accepted(order_id: EventId) -> OrderAccepted:
    return OrderAccepted(
        event_id=order_id,
        correlation_id=order_id,
        causation_id=order_id,
        event_time_us=STARTS_AT_US,
        order_id=order_id,
        venue="exchange-okx",
        account=ALICE,
        instrument="BTC-USD",
        side="BUY",
        order_type="LIMIT",
        time_in_force="GTC",
        quantity_e8=E8,
        limit_price_e8=E8,
        stop_price_e8=None,
        post_only=False,
        reduce_only=False,
    )
