"""Every simulator as a process of its own on the real log, asked at its door."""

import json
import os
import re
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from ecosystem.events.control.scenario import InjectionEnded
from ecosystem.events.envelope import Event
from ecosystem.events.words import EventId
from producers.live.clock import wall_us
from tests.end_to_end.runs import records
from tse.running.environment import RUN_KEY, Environment
from tse.running.processes import Processes
from tse.running.services import start_simulator
from tse.running.world_run import prepare

pytestmark = [pytest.mark.infra, pytest.mark.slow, pytest.mark.timeout(300)]
SERVICES: Final = ("market-data", "exchange-okx", "trading-engine", "custodian")
BOUND_S: Final = 60.0
STOP_MAX_S: Final = 15.0
MARKET: Final = {
    "account": "firm-momentum",
    "instrument": "BTC-USD",
    "side": "BUY",
    "order_type": "MARKET",
    "time_in_force": "IOC",
    "quantity": "0.01",
}


class Doors:
    """The processes, and a client for each door."""

    def __init__(self, environment: Environment, namespace: str, folder: Path) -> None:
        self.environment = environment
        self.namespace = namespace
        self.processes = Processes(folder)
        prepare(environment, namespace)
        environment.broker.secrets.get_or_create(RUN_KEY)
        token = environment.broker.secrets.get_or_create("chaos-token")
        self.authorized = {"Authorization": f"Bearer {token}"}
        epoch_us = wall_us()
        self.clients: dict[str, httpx.Client] = {}
        for name in SERVICES:
            port = free_port()
            settings = {
                "TSE_NAMESPACE": namespace,
                "TSE_CLOCK_EPOCH_US": str(epoch_us),
                "TSE_HTTP_PORT": str(port),
                "TSE_ENVIRONMENT": "test",
            }
            start_simulator(self.processes, environment, name, settings)
            self.clients[name] = httpx.Client(
                base_url=f"http://127.0.0.1:{port}", timeout=20, headers=self.authorized
            )

    def get(self, name: str, path: str) -> Any:
        """Return what a door tells, or None where nobody answers or it is not there."""
        self.processes.check()
        try:
            answer = self.clients[name].get(path)
        except httpx.TransportError:
            return None
        return answer.json() if answer.status_code == 200 else None

    def on_the_log(self, correlation_id: str) -> list[Event]:
        """Return every event of a causal tree, in order of time."""
        wanted = EventId(bytes.fromhex(correlation_id))
        clients = self.environment.clients(self.namespace)
        topics = ["orders", "fills", "balances", "settlements", "strategy-signals"]
        found = [record.event for record in records(clients, topics)]
        tree = [event for event in found if event.correlation_id == wanted]
        return sorted(tree, key=lambda event: event.event_time_us)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def until(true: Callable[[], Any]) -> Any:
    """Return the first true value; wait for it with a bound."""
    deadline = time.monotonic() + BOUND_S
    while not (found := true()):
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.05)
    return found


@pytest.fixture(scope="module")
def doors(environment: Environment, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    """Every simulator, ready; before it was, its door said so."""
    found = Doors(environment, f"d{os.getpid()}", tmp_path_factory.mktemp("doors"))
    with found.processes:
        for name in SERVICES:
            until(lambda name=name: found.get(name, "/health"))  # type: ignore[misc] # mypy cannot infer a lambda with a default
            until(lambda name=name: found.get(name, "/ready"))  # type: ignore[misc] # as above
        yield found
        for client in found.clients.values():
            client.close()


def place(doors: Doors, order: dict[str, Any]) -> dict[str, Any]:
    answer = doors.clients["exchange-okx"].post("/api/v1/orders", json=order, params={"wait": 10})
    assert answer.status_code == 202, answer.text
    taken: dict[str, Any] = answer.json()
    return taken


def test_an_order_by_rest_is_followed_to_its_fill_on_the_log(doors: Doors) -> None:
    until(lambda: doors.get("exchange-okx", "/api/v1/orderbook/BTC-USD")["bids"])
    taken = place(doors, MARKET)
    assert taken["status"] == "FILLED"
    tree = doors.on_the_log(taken["correlation_id"])
    names = [type(event).__name__ for event in tree]
    assert names[:2] == ["OrderSubmitted", "OrderAccepted"]
    assert "OrderFilled" in names
    ids = {event.event_id for event in tree}
    assert all(event.causation_id in ids for event in tree)
    until(lambda: doors.get("trading-engine", "/api/v1/positions?strategy=manual")["items"])


def test_an_order_by_rest_is_cancelled_and_is_then_over(doors: Doors) -> None:
    client = doors.clients["exchange-okx"]
    limit = {**MARKET, "order_type": "LIMIT", "time_in_force": "GTC", "limit_price": "1000"}
    taken = place(doors, limit)
    assert taken["status"] == "OPEN"
    path = f"/api/v1/orders/{taken['order_id']}"
    assert client.delete(path, params={"wait": 10}).json()["status"] == "CANCELLED"
    assert client.delete(path).status_code == 409
    assert client.get(f"/api/v1/orders/{'0' * 32}").status_code == 404


def events_of(client: httpx.Client, path: str) -> dict[str, str]:
    """Return the fields of the first event of a stream."""
    fields: dict[str, str] = {}
    with client.stream("GET", path) as listener:
        assert listener.status_code == 200
        for line in listener.iter_lines():
            if re.match("[a-z]", line):
                name, _, value = line.partition(": ")
                fields[name] = value
            elif fields:
                break
    return fields


def test_prices_and_books_are_streamed(doors: Doors) -> None:
    price = events_of(doors.clients["market-data"], "/api/v1/stream/prices/BTC-USD")
    assert price["event"] == "price"
    assert json.loads(price["data"])["instrument"] == "BTC-USD"
    book = events_of(doors.clients["exchange-okx"], "/api/v1/stream/orderbook/BTC-USD")
    assert book["event"] == "book"
    assert len(json.loads(book["data"])["bid_prices"]) == 10


def test_a_strategy_is_stopped_by_rest_through_the_log(doors: Doors) -> None:
    client = doors.clients["trading-engine"]
    answer = client.post("/api/v1/strategies/momentum/stop", params={"wait": 10})
    assert answer.json()["outcome"] == "DONE"
    names = [type(event).__name__ for event in doors.on_the_log(answer.json()["correlation_id"])]
    assert names[:2] == ["StrategyStopRequested", "StrategyStateChanged"]


def test_a_crash_by_hand_ends_when_it_is_cleared(doors: Doors) -> None:
    client = doors.clients["market-data"]
    wish = {"kind": "crash", "for": "15m", "with": {"instruments": ["all"], "change": "-10%"}}
    told = client.post("/chaos/injections", json=wish).json()
    path = f"/chaos/injections/{told['injection_id']}"
    until(lambda: doors.get("market-data", path)["applied_count"])
    assert client.delete("/chaos/injections").status_code == 202
    until(lambda: doors.get("market-data", path)["state"] == "ENDED")
    clients = doors.environment.clients(doors.namespace)

    def ended() -> bool:
        found = records(clients, ["scenario-injections"])
        return any(isinstance(record.event, InjectionEnded) for record in found)

    until(ended)


def test_health_ready_and_metrics_are_the_same_everywhere(doors: Doors) -> None:
    for name, client in doors.clients.items():
        health = client.get("/health").json()
        assert (health["instance"], health["environment"]) == (name, "test")
        assert client.get("/ready").status_code == 200
        text = client.get("/metrics").text
        assert 'http_requests_total{method="GET",route="/ready",status="200"}' in text


@pytest.mark.parametrize("name", ["market-data", "exchange-okx"])
def test_a_service_stops_within_seconds_though_somebody_listens(doors: Doors, name: str) -> None:
    what = "prices" if name == "market-data" else "trades"
    until(lambda: doors.get(name, "/ready"))
    with doors.clients[name].stream("GET", f"/api/v1/stream/{what}/BTC-USD"):
        began_s = time.monotonic()
        assert doors.processes.end(name, STOP_MAX_S) == 0
    assert time.monotonic() - began_s < STOP_MAX_S
    assert '"event": "door_closed"' in doors.processes.log(name).read_text()
    doors.processes.restart(name)
    until(lambda: doors.get(name, "/ready"))
