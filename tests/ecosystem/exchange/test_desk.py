import pytest

from ecosystem.events.balances import BalanceChanged
from ecosystem.events.envelope import Event
from ecosystem.events.fills import OrderFilled
from ecosystem.events.orders import (
    OrderAccepted,
    OrderCancelled,
    OrderRejected,
    OrderReplaced,
)
from ecosystem.units import E8
from tests.ecosystem.exchange.venue import ALICE, BOB, Venue, kinds

TRADE = ["OrderFilled", "BalanceChanged TRADE", "BalanceChanged TRADE"]
TAKEN = ["OrderAccepted", "BalanceChanged LOCK"]


def fills(facts: list[Event]) -> list[OrderFilled]:
    """Return the fills among facts."""
    return [fact for fact in facts if isinstance(fact, OrderFilled)]


def test_a_market_order_is_filled_by_the_house_and_only_the_firms_side_is_published() -> None:
    venue = Venue()
    venue.tick("60000", "60010")
    order = venue.order("BUY", "0.1")
    facts = venue.deliver(order)
    assert kinds(facts) == TAKEN + TRADE
    accepted, lock, fill, base, quote = facts
    assert isinstance(accepted, OrderAccepted)
    assert isinstance(fill, OrderFilled)
    assert (fill.price_e8, fill.notional_e8, fill.fee_e8) == (60_010 * E8, 6_001 * E8, 300_050_000)
    assert (fill.liquidity, fill.fee_asset, fill.remaining_quantity_e8) == ("TAKER", "USD", 0)
    assert [accepted.causation_id, lock.causation_id, fill.causation_id] == [
        order.event_id,
        accepted.event_id,
        accepted.event_id,
    ]
    assert {base.causation_id, quote.causation_id} == {fill.event_id}
    assert {fact.correlation_id for fact in facts} == {order.correlation_id}
    assert isinstance(base, BalanceChanged)
    assert isinstance(quote, BalanceChanged)
    assert (base.asset, base.change_e8, base.reference_id) == ("BTC", E8 // 10, fill.trade_id)
    assert (quote.asset, quote.change_e8) == ("USD", -6_004_000_500_00)
    assert venue.held(ALICE, "BTC") == (210_000_000, 0)
    assert venue.held(ALICE, "USD") == (30_000 * E8 - 600_400_050_000, 0)
    assert accepted.event_time_us == venue.now_us + 10_000


def test_two_accounts_trade_at_the_resting_price_and_both_sides_share_a_trade() -> None:
    venue = Venue()
    maker = venue.order("SELL", "0.2", "60000", BOB)
    venue.deliver(maker)
    assert venue.held(BOB, "BTC") == (180_000_000, 20_000_000)
    taker = venue.order("BUY", "0.1", "60100")
    facts = venue.deliver(taker)
    assert kinds(facts) == TAKEN + TRADE + TRADE
    sold, bought = fills(facts)
    assert (sold.order_id, sold.liquidity) == (maker.order_id, "MAKER")
    assert (bought.order_id, bought.liquidity) == (taker.order_id, "TAKER")
    assert sold.trade_id == bought.trade_id not in (sold.event_id, bought.event_id)
    assert sold.causation_id == bought.causation_id == facts[0].event_id
    assert sold.price_e8 == bought.price_e8 == 60_000 * E8
    assert (sold.fee_e8, bought.fee_e8) == (120_000_000, 300_000_000)
    # The better price leaves nothing locked.
    assert venue.held(ALICE, "USD") == (30_000 * E8 - 6_003 * E8, 0)
    assert venue.held(BOB, "USD") == (30_000 * E8 + 6_000 * E8 - 120_000_000, 0)
    assert venue.exchange.state.status_of(maker.order_id) == "PARTIALLY_FILLED"
    assert venue.exchange.state.status_of(taker.order_id) == "FILLED"


def test_older_orders_at_a_price_are_executed_first() -> None:
    venue = Venue()
    orders = [venue.order("SELL", "0.01", price, BOB) for price in ("60001", "60000", "60000")]
    for order in orders:
        venue.deliver(order)
    facts = venue.deliver(venue.order("BUY", "0.03", "60001"))
    sellers = [fill.order_id for fill in fills(facts) if fill.liquidity == "MAKER"]
    assert sellers == [orders[1].order_id, orders[2].order_id, orders[0].order_id]


def test_a_large_market_order_walks_through_the_houses_levels() -> None:
    venue = Venue()
    venue.tick("60000", "60010")
    facts = fills(venue.deliver(venue.order("SELL", "2")))
    prices = [fill.price_e8 for fill in facts]
    assert len(prices) > 1
    assert prices == sorted(set(prices), reverse=True)
    assert prices[0] == 60_000 * E8
    again = fills(venue.deliver(venue.order("SELL", "0.5", account=BOB)))
    assert again[0].price_e8 <= prices[-1]


def test_the_rest_of_an_immediate_order_is_cancelled_and_its_funds_are_free() -> None:
    venue = Venue()
    venue.deliver(venue.order("SELL", "0.05", "60000", BOB))
    facts = venue.deliver(venue.order("BUY", "0.1", "60000", time_in_force="IOC"))
    assert kinds(facts) == TAKEN + TRADE + TRADE + ["OrderCancelled", "BalanceChanged UNLOCK"]
    cancelled = facts[-2]
    assert isinstance(cancelled, OrderCancelled)
    assert cancelled.reason == "IMMEDIATE_REMAINDER"
    assert cancelled.remaining_quantity_e8 == 5_000_000
    assert cancelled.causation_id == facts[0].event_id
    assert facts[-1].causation_id == cancelled.event_id
    assert venue.held(ALICE, "USD")[1] == 0


def test_a_market_order_that_empties_the_book_is_cancelled_for_the_rest() -> None:
    venue = Venue()
    venue.deliver(venue.order("BUY", "0.05", "60000", BOB))
    facts = venue.deliver(venue.order("SELL", "0.1"))
    cancelled = facts[-2]
    assert isinstance(cancelled, OrderCancelled)
    assert (cancelled.reason, cancelled.remaining_quantity_e8) == ("NO_LIQUIDITY", 5_000_000)
    assert venue.held(ALICE, "BTC") == (195_000_000, 0)


def test_a_fill_or_kill_order_is_filled_in_whole_or_refused() -> None:
    venue = Venue()
    venue.deliver(venue.order("SELL", "0.1", "60000", BOB))
    (refused,) = venue.deliver(venue.order("BUY", "0.2", "60000", time_in_force="FOK"))
    assert isinstance(refused, OrderRejected)
    facts = venue.deliver(venue.order("BUY", "0.1", "60000", time_in_force="FOK"))
    assert [fill.remaining_quantity_e8 for fill in fills(facts)] == [0, 0]


def test_an_account_does_not_trade_with_itself_and_the_newer_order_gives_way() -> None:
    venue = Venue()
    venue.deliver(venue.order("SELL", "0.01", "59990", BOB))
    own = venue.order("SELL", "0.1", "60000")
    venue.deliver(own)
    facts = venue.deliver(venue.order("BUY", "0.1", "60000"))
    assert len(fills(facts)) == 2
    cancelled = facts[-2]
    assert isinstance(cancelled, OrderCancelled)
    assert (cancelled.reason, cancelled.remaining_quantity_e8) == ("SELF_MATCH", 9_000_000)
    assert venue.exchange.state.status_of(own.order_id) == "OPEN"
    assert venue.held(ALICE, "USD")[1] == 0


def test_a_cancelled_order_leaves_the_book_and_frees_its_funds() -> None:
    venue = Venue()
    order = venue.order("BUY", "0.1", "60000")
    venue.deliver(order)
    facts = venue.cancel(order.order_id)
    assert kinds(facts) == ["OrderCancelled", "BalanceChanged UNLOCK"]
    assert venue.held(ALICE, "USD") == (30_000 * E8, 0)
    assert not venue.exchange.state.orders
    assert venue.exchange.state.books["BTC-USD"].bids.best_price_e8() is None


def test_a_cancel_of_an_order_that_is_not_there_is_refused() -> None:
    venue = Venue()
    order = venue.order("BUY", "0.1", "60000")
    venue.deliver(order)
    for facts, found in (
        (venue.cancel(venue.new_id()), "is none of the account's"),
        (venue.cancel(order.order_id, BOB), "is none of the account's"),
        (venue.cancel(order.order_id, instrument="ETH-USD"), "is none of the account's"),
    ):
        (fact,) = facts
        assert isinstance(fact, OrderRejected)
        assert fact.reason == "UNKNOWN_ORDER"
        assert found in fact.detail
        assert "allowed: a WAITING, OPEN or PARTIALLY_FILLED order of" in fact.detail
    venue.cancel(order.order_id)
    (fact,) = venue.cancel(order.order_id)
    assert isinstance(fact, OrderRejected)
    assert "is CANCELLED" in fact.detail


@pytest.mark.parametrize(
    ("quantity", "price", "kept"),
    [("0.05", "60000", True), ("0.2", "60000", False), ("0.1", "59999", False)],
)
def test_a_replaced_order_keeps_its_place_only_when_it_asks_for_no_more(
    quantity: str, price: str, kept: bool
) -> None:
    venue = Venue()
    orders = [venue.order("BUY", "0.1", "60000", account) for account in (ALICE, BOB)]
    for order in orders:
        venue.deliver(order)
    replaced = venue.replace(orders[0].order_id, quantity, price)[0]
    assert isinstance(replaced, OrderReplaced)
    assert replaced.priority_kept is kept
    queue = [order.order_id for order in venue.exchange.state.books["BTC-USD"].bids]
    assert queue == [one.order_id for one in (orders if kept else orders[::-1])]


def test_a_replaced_order_locks_what_its_new_terms_need() -> None:
    venue = Venue()
    order = venue.order("BUY", "0.1", "60000")
    venue.deliver(order)
    assert kinds(venue.replace(order.order_id, "0.2", "60000")) == [
        "OrderReplaced",
        "BalanceChanged LOCK",
    ]
    assert venue.held(ALICE, "USD")[1] == 12_006 * E8
    assert kinds(venue.replace(order.order_id, "0.1", "50000")) == [
        "OrderReplaced",
        "BalanceChanged UNLOCK",
    ]
    assert venue.held(ALICE, "USD")[1] == 500_250_000_000


def test_a_replaced_order_may_execute_at_its_new_price() -> None:
    venue = Venue()
    venue.deliver(venue.order("SELL", "0.05", "60010", BOB))
    order = venue.order("BUY", "0.1", "60000")
    venue.deliver(order)
    facts = venue.replace(order.order_id, "0.1", "60010")
    assert kinds(facts) == ["OrderReplaced", "BalanceChanged LOCK", *TRADE, *TRADE]
    assert {fill.causation_id for fill in fills(facts)} == {facts[0].event_id}
    assert venue.exchange.state.orders[order.order_id].remaining_e8 == 5_000_000


@pytest.mark.parametrize(
    ("quantity", "price", "reason", "detail"),
    [
        ("0.05", "60000", "INVALID_QUANTITY", "more than the 0.05000000 already executed"),
        ("0.00001", "60000", "INVALID_QUANTITY", "in steps of 0.00010000"),
        ("0.1", "60000.005", "INVALID_PRICE", "in steps of 0.01000000"),
        ("0.6", "60000", "INSUFFICIENT_BALANCE", "USD needed; available: 23997.00000000"),
    ],
)
def test_bad_new_terms_are_refused_and_change_nothing(
    quantity: str, price: str, reason: str, detail: str
) -> None:
    venue = Venue()
    venue.deliver(venue.order("SELL", "0.05", "60000", BOB))
    order = venue.order("BUY", "0.1", "60000")
    venue.deliver(order)
    before = venue.held(ALICE, "USD")
    (fact,) = venue.replace(order.order_id, quantity, price)
    assert isinstance(fact, OrderRejected)
    assert fact.reason == reason
    assert detail in fact.detail
    assert venue.held(ALICE, "USD") == before
    assert venue.exchange.state.orders[order.order_id].quantity_e8 == 10_000_000
    assert venue.exchange.state.status_of(order.order_id) == "PARTIALLY_FILLED"


def test_a_post_only_order_does_not_execute_by_being_replaced() -> None:
    venue = Venue()
    venue.tick("60000", "60010")
    order = venue.order("BUY", "0.1", "60001", post_only=True)
    venue.deliver(order)
    (fact,) = venue.replace(order.order_id, "0.1", "60010")
    assert isinstance(fact, OrderRejected)
    assert fact.reason == "WOULD_CROSS"


def test_orders_that_rest_where_the_house_now_quotes_are_executed_at_their_price() -> None:
    venue = Venue()
    venue.tick("60000", "60010")
    high = venue.order("BUY", "0.1", "59000")
    low = venue.order("BUY", "0.1", "58900", BOB)
    venue.deliver(high)
    venue.deliver(low)
    assert venue.tick("58950", "58960")
    facts = venue.facts[-3:]
    assert kinds(facts) == TRADE
    (fill,) = fills(facts)
    assert (fill.order_id, fill.liquidity, fill.price_e8) == (high.order_id, "MAKER", 59_000 * E8)
    assert fill.causation_id == venue.ticks["BTC-USD"].event_id
    assert venue.exchange.state.status_of(low.order_id) == "OPEN"
