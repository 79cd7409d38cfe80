import pytest

from ecosystem.events.orders import OrderRejected
from ecosystem.events.words import RejectReason, Side, TimeInForce
from tests.ecosystem.exchange.test_properties import snapshot
from tests.ecosystem.exchange.venue import ALICE, Venue


def refusal(venue: Venue, **terms: object) -> tuple[str, str]:
    """Submit an order, see that it is refused and nothing changed; return reason and detail."""
    side: Side = "BUY"
    order = venue.order(side, **terms)  # type: ignore[arg-type] # each test gives terms by name
    before = snapshot(venue.exchange)
    (fact,) = venue.deliver(order)
    assert isinstance(fact, OrderRejected)
    assert fact.causation_id == order.event_id
    assert fact.order_id == order.order_id
    # Only the time of the last fact moved.
    after = snapshot(venue.exchange)
    assert isinstance(before, tuple)
    assert isinstance(after, tuple)
    assert [*after[:5], *after[6:]] == [*before[:5], *before[6:]]
    return fact.reason, fact.detail


@pytest.mark.parametrize(
    ("terms", "reason", "detail"),
    [
        (
            {"instrument": "DOGE-USD"},
            "UNKNOWN_INSTRUMENT",
            "instrument 'DOGE-USD'; allowed: BTC-USD, ETH-USD, ",
        ),
        (
            {"instrument": "BTC-USD-PERP"},
            "NOT_SUPPORTED",
            "BTC-USD-PERP is PERPETUAL; account firm-momentum is SPOT and may trade SPOT",
        ),
        ({"account": "nobody"}, "UNKNOWN_ACCOUNT", "'nobody'; allowed: firm, firm-momentum, firm-"),
        ({"price": "60000.001"}, "INVALID_PRICE", "60000.00100000; allowed: 0.01000000 to "),
        ({"price": "60000001"}, "INVALID_PRICE", "to 60000000.00000000 in steps of 0.01000000"),
        ({"price": "-1"}, "INVALID_PRICE", "limit price -1.00000000; allowed: 0.01"),
        ({"price": "0"}, "INVALID_PRICE", "limit price 0.00000000; allowed: 0.01"),
        ({"quantity": "0.00005"}, "INVALID_QUANTITY", "0.00005000; allowed: 0.00010000 to 100."),
        ({"quantity": "0.00015"}, "INVALID_QUANTITY", "in steps of 0.00010000"),
        ({"quantity": "100.0001"}, "INVALID_QUANTITY", "0.00010000 to 100.00000000"),
        ({"quantity": "-1"}, "INVALID_QUANTITY", "quantity -1.00000000; allowed: 0.0001"),
        (
            {"quantity": "1"},
            "INSUFFICIENT_BALANCE",
            "60030.00000000 USD needed; available: 30000.00000000",
        ),
        (
            {"stop_price": "59000"},
            "INVALID_PRICE",
            "on a LIMIT order; allowed: none",
        ),
        (
            {"stop_price": "59000.001", "order_type": "STOP_LIMIT"},
            "INVALID_PRICE",
            "stop price 59000.00100000; allowed: 0.01",
        ),
        (
            {"stop_price": "59000", "price": None, "order_type": "STOP", "time_in_force": "IOC"},
            "NOT_SUPPORTED",
            "time in force IOC on a STOP order; allowed: GTC, DAY",
        ),
        (
            {"order_type": "STOP_LIMIT"},
            "INVALID_PRICE",
            "STOP_LIMIT order without stop price; a stop price is required",
        ),
        (
            {"order_type": "STOP", "stop_price": "59000"},
            "INVALID_PRICE",
            "limit price 60000.00000000 on a STOP order; allowed: none",
        ),
        (
            {"order_type": "STOP_LIMIT", "stop_price": "59000", "post_only": True},
            "NOT_SUPPORTED",
            "post-only STOP_LIMIT order",
        ),
        (
            {"reduce_only": True},
            "WOULD_INCREASE",
            "a reduce-only BUY of BTC-USD; firm-momentum can reduce 0.00000000",
        ),
        ({"price": None, "post_only": True}, "NOT_SUPPORTED", "post-only MARKET order"),
        ({"price": None}, "NO_LIQUIDITY", "nobody quotes for a BUY of BTC-USD"),
        (
            {"time_in_force": "IOC", "post_only": True},
            "NOT_SUPPORTED",
            "post-only with IOC; allowed with post-only: GTC, DAY",
        ),
        (
            {"time_in_force": "FOK"},
            "NOT_FILLABLE",
            "quantity 0.10000000; fillable at once: 0.00000000",
        ),
    ],
)
def test_a_bad_order_is_refused_and_changes_nothing(
    terms: dict[str, object], reason: RejectReason, detail: str
) -> None:
    found = refusal(Venue(), **{"quantity": "0.1", "price": "60000", **terms})
    assert found[0] == reason
    assert detail in found[1]


def test_an_unknown_order_type_is_not_supported() -> None:
    reason, detail = refusal(Venue(), quantity="0.1", price="60000", order_type="UNKNOWN")
    assert reason == "NOT_SUPPORTED"
    assert detail == "order type UNKNOWN; allowed: MARKET, LIMIT, STOP, STOP_LIMIT"


def test_an_unknown_side_or_time_in_force_is_not_supported() -> None:
    venue = Venue()
    (fact,) = venue.deliver(venue.order("UNKNOWN", "0.1", "60000"))
    assert isinstance(fact, OrderRejected)
    assert (fact.reason, fact.detail) == ("NOT_SUPPORTED", "side UNKNOWN; allowed: BUY, SELL")
    time_in_force: TimeInForce = "UNKNOWN"
    _, detail = refusal(venue, quantity="0.1", price="60000", time_in_force=time_in_force)
    assert detail == "time in force UNKNOWN on a LIMIT order; allowed: GTC, IOC, FOK, DAY"


def test_prices_belong_to_limit_orders_only() -> None:
    venue = Venue()
    reason, detail = refusal(venue, quantity="0.1", price="60000", order_type="MARKET")
    assert (reason, detail) == (
        "INVALID_PRICE",
        "limit price 60000.00000000 on a MARKET order; allowed: none",
    )
    reason, detail = refusal(venue, quantity="0.1", order_type="LIMIT")
    assert (reason, detail) == (
        "INVALID_PRICE",
        "LIMIT order without limit price; a limit price is required",
    )


def test_a_known_order_id_is_refused_and_leaves_the_order_as_it_was() -> None:
    venue = Venue()
    order = venue.order("BUY", "0.1", "59000")
    venue.deliver(order)
    reason, detail = refusal(venue, quantity="0.1", price="60000", order_id=order.order_id)
    assert reason == "DUPLICATE_ORDER"
    assert "is known and OPEN; allowed: a new id" in detail
    venue.cancel(order.order_id)
    _, detail = refusal(venue, quantity="0.1", price="60000", order_id=order.order_id)
    assert "is known and CANCELLED" in detail


def test_the_id_of_a_refused_order_stays_refused() -> None:
    venue = Venue()
    order = venue.order("BUY", "1", "60000")
    venue.deliver(order)
    assert venue.exchange.state.status_of(order.order_id) == "REJECTED"
    reason, _ = refusal(venue, quantity="0.1", price="60000", order_id=order.order_id)
    assert reason == "DUPLICATE_ORDER"


def test_a_post_only_order_that_would_execute_is_refused() -> None:
    venue = Venue()
    venue.tick("60000", "60010")
    reason, detail = refusal(venue, quantity="0.1", price="60010", post_only=True)
    assert reason == "WOULD_CROSS"
    assert "60010.00000000 would be executed at once" in detail
    venue.deliver(venue.order("SELL", "0.1", "60005", ALICE))
    assert refusal(venue, quantity="0.1", price="60005", post_only=True)[0] == "WOULD_CROSS"


def test_wishes_for_another_venue_are_not_answered() -> None:
    venue = Venue()
    assert venue.deliver(venue.order("BUY", "0.1", "60000", venue="elsewhere")) == []
