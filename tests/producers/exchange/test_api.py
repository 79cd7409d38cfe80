"""The exchange's door before a real machine on the log in memory."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from ecosystem.events.orders import OrderSubmitted
from tests.producers.stands import Stand, kinds, until

ORDERS = "/api/v1/orders"
MARKET = {
    "account": "firm-momentum",
    "instrument": "BTC-USD",
    "side": "BUY",
    "order_type": "MARKET",
    "time_in_force": "IOC",
    "quantity": "0.01",
}
RESTING = {
    **MARKET,
    "order_type": "LIMIT",
    "time_in_force": "GTC",
    "limit_price": "50000",
}
UNKNOWN = "f" * 32


@pytest.fixture(scope="module")
def stand() -> Iterator[Stand]:
    """A venue with prices."""
    with Stand("exchange-okx") as stand:
        stand.put(*stand.ticks())
        until(lambda: bool(stand.client.get("/api/v1/orderbook/BTC-USD").json()["bids"]))
        yield stand


def balances(stand: Stand, account: str = "firm-momentum") -> dict[str, dict[str, str]]:
    answer = stand.client.get(f"/api/v1/accounts/{account}/balances").json()
    return {one["asset"]: one for one in answer["balances"]}


def place(stand: Stand, order: dict[str, Any], **headers: str) -> dict[str, Any]:
    answer = stand.client.post(ORDERS, json=order, params={"wait": 5}, headers=headers)
    assert answer.status_code == 202, answer.text
    taken: dict[str, Any] = answer.json()
    assert answer.headers["location"] == f"{ORDERS}/{taken['order_id']}"
    assert answer.headers["x-correlation-id"] == taken["correlation_id"]
    return taken


def test_an_order_is_filled_and_can_be_followed_by_its_correlation_id(stand: Stand) -> None:
    before = balances(stand)
    taken = place(stand, MARKET)
    assert taken["status"] == "FILLED"
    order = stand.client.get(f"{ORDERS}/{taken['order_id']}").json()
    assert (order["status"], order["executed_quantity"], order["remaining_quantity"]) == (
        "FILLED",
        "0.01",
        "0",
    )
    followed = stand.client.get(f"/api/v1/requests/{taken['correlation_id']}").json()["events"]
    names = [event["event"] for event in followed]
    assert names[:3] == ["OrderSubmitted", "OrderAccepted", "BalanceChanged"]
    assert "OrderFilled" in names
    ids = {event["event_id"] for event in followed}
    assert all(event["causation_id"] in ids for event in followed)
    on_the_log = [
        event
        for event in stand.events("orders", "fills", "balances")
        if event.correlation_id.hex() == taken["correlation_id"]
    ]
    assert {event.event_id.hex() for event in on_the_log} == ids
    after = balances(stand)
    assert float(after["BTC"]["total"]) - float(before["BTC"]["total"]) == pytest.approx(0.01)
    trades = stand.client.get("/api/v1/trades/BTC-USD/recent").json()
    fills = {event["trade_id"] for event in followed if event["event"] == "OrderFilled"}
    own = [trade for trade in trades if trade["trade_id"] in fills]
    assert len(own) == len(fills) > 0
    assert {trade["side"] for trade in own} == {"BUY"}


def test_a_resting_order_is_listed_replaced_and_cancelled(stand: Stand) -> None:
    before = balances(stand)
    taken = place(stand, RESTING)
    assert taken["status"] == "OPEN"
    path = f"{ORDERS}/{taken['order_id']}"
    listed = stand.client.get(ORDERS, params={"account": "firm-momentum"}).json()
    assert taken["order_id"] in [one["order_id"] for one in listed["items"]]
    assert float(balances(stand)["USD"]["locked"]) > float(before["USD"]["locked"])
    replaced = stand.client.put(
        path, json={"quantity": "0.005", "limit_price": "40000"}, params={"wait": 5}
    )
    assert replaced.status_code == 202
    order = stand.client.get(path).json()
    assert (order["quantity"], order["limit_price"]) == ("0.005", "40000")
    cancelled = stand.client.delete(path, params={"wait": 5})
    assert (cancelled.status_code, cancelled.json()["status"]) == (202, "CANCELLED")
    assert balances(stand) == before
    again = stand.client.delete(path)
    assert again.status_code == 409
    assert "is CANCELLED" in again.json()["detail"]


def test_a_rejected_order_changes_nothing_and_says_why(stand: Stand) -> None:
    before = balances(stand)
    taken = place(stand, {**RESTING, "quantity": "100"})
    assert (taken["status"], taken["reason"]) == ("REJECTED", "INSUFFICIENT_BALANCE")
    assert "USD needed" in taken["detail"]
    order = stand.client.get(f"{ORDERS}/{taken['order_id']}").json()
    assert (order["status"], order["reason"]) == ("REJECTED", "INSUFFICIENT_BALANCE")
    assert balances(stand) == before
    refused = stand.client.delete(f"{ORDERS}/{taken['order_id']}")
    assert refused.status_code == 409


def test_the_same_key_is_the_same_order(stand: Stand) -> None:
    first = place(stand, RESTING, **{"Idempotency-Key": "one"})
    count = len(stand.events("orders"))
    assert place(stand, RESTING, **{"Idempotency-Key": "one"}) == first
    assert place(stand, {**RESTING, "client_order_id": "one"}) == first
    assert len(stand.events("orders")) == count
    other = stand.client.post(
        ORDERS, json={**RESTING, "quantity": "0.2"}, headers={"Idempotency-Key": "one"}
    )
    assert other.status_code == 422
    assert other.json()["type"].endswith(":key-reused")
    elsewhere = place(
        stand,
        {**RESTING, "account": "firm-reversion", "quantity": "0.01"},
        **{"Idempotency-Key": "one"},
    )
    assert elsewhere["order_id"] != first["order_id"]
    for one in (first, elsewhere):  # the tests share the venue
        stand.client.delete(f"{ORDERS}/{one['order_id']}", params={"wait": 5})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"account": "nobody"}, "account 'nobody' is unknown"),
        ({"instrument": "DOGE-USD"}, "'DOGE-USD' found"),
        ({"quantity": "0"}, "above 0"),
        ({"quantity": "-1"}, "pattern"),
        ({"quantity": 1}, "valid string"),
        ({"limit_price": None}, "limit_price of a LIMIT order: none found"),
        ({"stop_price": "1"}, "stop_price of a LIMIT order: 1 found"),
        ({"order_type": "ICEBERG"}, "MARKET"),
        ({"surprise": 1}, "Extra inputs"),
    ],
)
def test_what_is_no_order_never_reaches_the_log(
    stand: Stand, change: dict[str, Any], words: str
) -> None:
    count = len(stand.events("orders"))
    answer = stand.client.post(ORDERS, json=RESTING | change)
    assert answer.status_code == 422
    assert words in answer.json()["detail"]
    assert len(stand.events("orders")) == count


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", f"{ORDERS}/{UNKNOWN}"),
        ("DELETE", f"{ORDERS}/{UNKNOWN}"),
        ("GET", f"/api/v1/requests/{UNKNOWN}"),
        ("GET", "/api/v1/orderbook/DOGE-USD"),
        ("GET", "/api/v1/trades/DOGE-USD/recent"),
        ("GET", "/api/v1/stream/trades/DOGE-USD"),
        ("GET", "/api/v1/accounts/nobody/balances"),
        ("GET", "/api/v1/accounts/nobody/positions"),
    ],
)
def test_what_is_unknown_is_not_found(stand: Stand, method: str, path: str) -> None:
    answer = stand.client.request(method, path)
    assert answer.status_code == 404
    assert ":problem:unknown-" in answer.json()["type"]


def test_the_book_is_sorted_and_does_not_cross(stand: Stand) -> None:
    book = stand.client.get("/api/v1/orderbook/ETH-USD?depth=5").json()
    bids = [float(level["price"]) for level in book["bids"]]
    asks = [float(level["price"]) for level in book["asks"]]
    assert len(bids) == len(asks) == 5
    assert bids == sorted(bids, reverse=True)
    assert asks == sorted(asks)
    assert bids[0] < asks[0]


def test_metrics_count_orders_volume_and_latency() -> None:
    with Stand("exchange-binance") as stand:
        stand.put(*stand.ticks())
        until(lambda: bool(stand.client.get("/api/v1/orderbook/BTC-USD").json()["bids"]))
        account = {"account": "firm-arbitrage"}
        place(stand, MARKET | account | {"quantity": "0.01"})
        live = place(stand, RESTING | account | {"quantity": "0.01"})
        place(stand, RESTING | account | {"quantity": "100"})
        text = stand.client.get("/metrics").text
        for line in (
            'exchange_orders_total{status="FILLED",type="MARKET"} 1.0',
            'exchange_orders_total{status="ACCEPTED",type="LIMIT"} 1.0',
            'exchange_orders_total{status="REJECTED",type="LIMIT"} 1.0',
            'exchange_order_latency_seconds_count{operation="submit"} 3.0',
            "exchange_active_orders 1.0",
        ):
            assert line in text.splitlines(), line

        def volume() -> float:
            found = re.search(
                r'exchange_volume_24h\{instrument="BTC-USD"\} (\S+)',
                stand.client.get("/metrics").text,
            )
            return float(found.group(1)) if found else 0.0

        until(lambda: volume() >= 0.01)  # the next book that is published tells it
        stand.client.delete(f"{ORDERS}/{live['order_id']}", params={"wait": 5})
        lines = stand.client.get("/metrics").text.splitlines()
        assert 'exchange_orders_total{status="CANCELLED",type="LIMIT"} 1.0' in lines
        assert "exchange_active_orders 0.0" in lines


def test_a_restarted_door_knows_orders_and_keys_from_before() -> None:
    with Stand("exchange-okx") as before:
        before.put(*before.ticks())
        taken = place(before, RESTING, **{"Idempotency-Key": "kept"})
    stopped = before.client.get("/api/v1/instruments")
    assert stopped.status_code == 503
    assert stopped.json()["detail"] == "the service stops"
    count = len(before.events("orders"))
    with Stand("exchange-okx", log=before.log) as after:
        again = place(after, RESTING, **{"Idempotency-Key": "kept"})
        assert again["order_id"] == taken["order_id"]
        assert after.client.get(f"{ORDERS}/{taken['order_id']}").json()["status"] == "OPEN"
        assert len(after.events("orders")) == count
        assert kinds(after.events("orders")).count("OrderSubmitted") == 1
        assert "exchange_active_orders 1.0" in after.client.get("/metrics").text


def test_a_service_that_still_restores_answers_nothing_but_health() -> None:
    stand = Stand("exchange-okx")
    assert stand.client.get("/health").json()["instance"] == "exchange-okx"
    for path in ("/ready", "/api/v1/instruments", "/api/v1/accounts"):
        answer = stand.client.get(path)
        assert answer.status_code == 503
        assert "restored" in answer.json()["detail"]
    refused = stand.client.post(ORDERS, json=MARKET)
    assert refused.status_code == 503
    assert [e for e in stand.events("orders") if isinstance(e, OrderSubmitted)] == []
