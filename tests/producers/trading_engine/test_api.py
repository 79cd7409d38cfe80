"""The trading engine's door before a real machine on the log in memory."""

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from ecosystem.events.fills import OrderFilled
from ecosystem.units import E8
from tests.events import event_id
from tests.producers.stands import Stand, until

STRATEGIES = "/api/v1/strategies"


@pytest.fixture(scope="module")
def stand() -> Iterator[Stand]:
    """An engine that knows prices."""
    with Stand("trading-engine") as stand:
        stand.put(*stand.ticks())
        yield stand


def ask(stand: Stand, method: str, path: str, wish: dict[str, Any] | None = None) -> dict[str, Any]:
    answer = stand.client.request(method, f"{STRATEGIES}/{path}", json=wish, params={"wait": 5})
    assert answer.status_code == 202, answer.text
    told: dict[str, Any] = answer.json()
    assert answer.headers["x-correlation-id"] == told["correlation_id"]
    return told


def strategy(stand: Stand, name: str) -> dict[str, Any]:
    told: dict[str, Any] = stand.client.get(f"{STRATEGIES}/{name}").json()
    return told


def test_a_strategy_is_stopped_and_started_by_events(stand: Stand) -> None:
    assert strategy(stand, "momentum")["state"] == "RUNNING"
    stopped = ask(stand, "POST", "momentum/stop", {"reason": "under review"})
    assert (stopped["outcome"], stopped["state"]) == ("DONE", "STOPPED")
    assert strategy(stand, "momentum")["state"] == "STOPPED"
    started = ask(stand, "POST", "momentum/start")
    assert (started["outcome"], started["state"]) == ("DONE", "RUNNING")
    followed = stand.client.get(f"/api/v1/requests/{started['correlation_id']}").json()["events"]
    assert [event["event"] for event in followed] == [
        "StrategyStartRequested",
        "StrategyStateChanged",
    ]
    assert followed[1]["causation_id"] == followed[0]["event_id"]


def test_a_strategy_goes_on_with_another_implementation(stand: Stand) -> None:
    told = ask(stand, "PUT", "arbitrage/implementation", {"implementation": "momentum"})
    assert told["outcome"] == "DONE"
    assert strategy(stand, "arbitrage")["implementation"] == "momentum"
    ask(stand, "PUT", "arbitrage/implementation", {"implementation": "arbitrage"})


def test_a_wish_the_engine_refuses_changes_nothing_and_says_why(stand: Stand) -> None:
    taken = {"implementation": "momentum", "account": "firm-momentum"}
    told = ask(stand, "POST", "second-momentum/start", taken)
    assert told["outcome"] == "REFUSED"
    assert "firm-momentum" in told["reason"]
    assert stand.client.get(f"{STRATEGIES}/second-momentum").status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "wish", "status"),
    [
        ("POST", "nobody/stop", None, 404),
        ("POST", "nobody/start", None, 404),
        ("GET", "nobody", None, 404),
        ("GET", "nobody/performance", None, 404),
        ("PUT", "momentum/implementation", {"implementation": "magic"}, 422),
        ("POST", "momentum/start", {"implementation": "magic"}, 422),
        ("POST", "momentum/stop", {"reason": ""}, 422),
    ],
)
def test_what_cannot_be_is_refused_at_the_door(
    stand: Stand, method: str, path: str, wish: dict[str, Any] | None, status: int
) -> None:
    count = len(stand.events("strategy-signals"))
    answer = stand.client.request(method, f"{STRATEGIES}/{path}", json=wish)
    assert answer.status_code == status
    assert answer.json()["detail"]
    assert len(stand.events("strategy-signals")) == count


def fill(number: int, side: str, price_e8: int) -> OrderFilled:
    return OrderFilled(
        event_id=event_id(number),
        correlation_id=event_id(number),
        causation_id=event_id(number),
        event_time_us=number,
        trade_id=event_id(number),
        order_id=event_id(number),
        venue="exchange-okx",
        account="firm-momentum",
        instrument="BTC-USD",
        side=side,  # type: ignore[arg-type] # BUY or SELL
        liquidity="TAKER",
        price_e8=price_e8,
        quantity_e8=E8 // 10,
        notional_e8=price_e8 // 10,
        fee_e8=3 * E8,
        fee_asset="USD",
        remaining_quantity_e8=0,
    )


def test_positions_profit_and_metrics_follow_executions() -> None:
    with Stand("trading-engine") as stand:
        stand.put(*stand.ticks())
        bought, sold = fill(1, "BUY", 50_000 * E8), fill(2, "SELL", 51_000 * E8)
        now_us = stand.clock.now_us()
        stand.put(*(msgspec.structs.replace(one, event_time_us=now_us) for one in (bought, sold)))
        until(lambda: stand.client.get("/api/v1/pnl").json()["realised"] == "100")
        pnl = stand.client.get("/api/v1/pnl").json()
        assert (pnl["fees"], pnl["total"], pnl["unrealised"]) == ("6", "94", "0")
        assert pnl["by_strategy"]["manual"]["realised"] == "100"
        (position,) = stand.client.get("/api/v1/positions").json()["items"]
        assert (position["quantity"], position["realised"]) == ("0", "100")
        lines = stand.client.get("/metrics").text.splitlines()
        for line in (
            'trading_trades_total{side="BUY"} 1.0',
            'trading_trades_total{side="SELL"} 1.0',
            'trading_strategy_pnl{strategy="momentum"} 0.0',
            "trading_engine_orders_per_second 0.0",
        ):
            assert line in lines, line
