"""Reduce-only orders of the perpetual: never more than what closes the position."""

from ecosystem.events.envelope import Event
from ecosystem.events.fills import OrderFilled
from ecosystem.events.orders import OrderCancelled, OrderRejected, OrderReplaced
from ecosystem.units import E8
from tests.ecosystem.exchange.margin.perps import FUT, MAKER, PERP, PerpVenue


def ends(facts: list[Event]) -> list[tuple[str, int]]:
    """Return what became of shrunken orders: reason or REPLACED, and what is left."""
    found = []
    for fact in facts:
        if isinstance(fact, OrderReplaced):
            found.append(("REPLACED", fact.remaining_quantity_e8))
        elif isinstance(fact, OrderCancelled):
            found.append((fact.reason, fact.remaining_quantity_e8))
    return found


def test_an_order_that_reduces_nothing_is_refused() -> None:
    venue = PerpVenue()
    flat = venue.wish("SELL", "0.1", "61000", reduce_only=True)
    (refused,) = venue.deliver(flat)
    venue.bought("0.2", "60000")
    (too,) = venue.deliver(venue.wish("BUY", "0.1", "59000", reduce_only=True))
    for fact in (refused, too):
        assert isinstance(fact, OrderRejected)
        assert fact.reason == "WOULD_INCREASE"


def test_it_is_taken_for_no_more_than_the_position() -> None:
    venue = PerpVenue()
    venue.bought("0.2", "60000")
    wish = venue.wish("SELL", "0.5", "61000", reduce_only=True)
    assert ends(venue.deliver(wish)) == [("REPLACED", E8 // 5)]
    assert venue.status(wish) == "OPEN"


def test_it_shrinks_with_the_position_and_goes_when_that_is_closed() -> None:
    venue = PerpVenue()
    venue.bought("0.2", "60000")
    resting = venue.wish("SELL", "0.2", "61000", reduce_only=True)
    venue.deliver(resting)
    venue.rest("BUY", "0.2", "59999")
    assert ends(venue.trade("SELL", "0.15")) == [("REPLACED", E8 // 20)]
    assert ends(venue.trade("SELL", "0.05")) == [("REDUCED", E8 // 20)]
    assert venue.status(resting) == "CANCELLED"
    assert venue.position() is None


def test_a_sweep_through_several_orders_of_one_account_does_not_turn_its_position() -> None:
    venue = PerpVenue()
    venue.bought("0.2", "60000")
    venue.trade("SELL", "0.15", "60000.1")
    reducing = venue.wish("SELL", "0.2", "60000.2", reduce_only=True)
    venue.deliver(reducing)
    facts = venue.trade("BUY", "0.4", "60000.2", MAKER)
    sold_e8 = sum(
        fact.quantity_e8
        for fact in facts
        if isinstance(fact, OrderFilled) and fact.account == FUT and fact.instrument == PERP
    )
    assert sold_e8 == E8 // 5
    assert venue.position() is None
    assert venue.status(reducing) == "CANCELLED"
    assert ("REDUCED", 15_000_000) in ends(facts)


def test_a_stop_sells_what_is_left_of_the_position_when_it_is_triggered() -> None:
    venue = PerpVenue()
    venue.bought("0.2", "60000")
    stop = venue.order(
        "SELL",
        "0.2",
        account=FUT,
        instrument=PERP,
        order_type="STOP",
        stop_price="59000",
        reduce_only=True,
    )
    venue.deliver(stop)
    venue.trade("SELL", "0.15")
    assert venue.status(stop) == "WAITING"
    facts = venue.quote(58_900)
    assert ends(facts)[:1] == [("REPLACED", E8 // 20)]
    assert venue.status(stop) == "FILLED"
    assert venue.position() is None


def test_a_stop_that_finds_the_position_closed_is_cancelled() -> None:
    venue = PerpVenue()
    venue.bought("0.2", "60000")
    stop = venue.order(
        "SELL",
        "0.2",
        account=FUT,
        instrument=PERP,
        order_type="STOP",
        stop_price="59000",
        reduce_only=True,
    )
    venue.deliver(stop)
    venue.trade("SELL", "0.2")
    assert ends(venue.quote(58_900)) == [("REDUCED", E8 // 5)]
    assert venue.position() is None
