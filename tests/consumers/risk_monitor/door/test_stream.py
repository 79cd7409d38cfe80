"""The stream over a real socket: alerts when they are on the log, and how all stands."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from consumers.risk_monitor.door.teller import CHANNEL, TOLD_MAX
from tests.consumers.risk_monitor.door.stands import BOUND_S, MonitorStand, until
from tests.consumers.risk_monitor.door.test_views import alert_raised
from tests.consumers.risk_monitor.worlds import CRASH


@pytest.fixture
def stand() -> Iterator[MonitorStand]:
    """A monitor."""
    with MonitorStand() as found:
        yield found


def messages(lines: Iterator[str]) -> Iterator[tuple[str, Any]]:
    """Yield the kind and the body of each message of a stream."""
    kind = ""
    for line in lines:
        if line.startswith("event: "):
            kind = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield kind, json.loads(line.removeprefix("data: "))


def test_an_alert_is_told_when_it_is_on_the_log(stand: MonitorStand) -> None:
    with (
        stand.served() as address,
        httpx.stream("GET", f"{address}/api/v1/stream", timeout=BOUND_S) as stream,
    ):
        until(lambda: stand.streams.has_clients(CHANNEL))
        stand.write(*CRASH[:3])
        told = next(body for kind, body in messages(stream.iter_lines()) if kind == "told")
        assert {one["event"] for one in told} == {"RiskAlertRaised", "ComplianceStatusChanged"}
        logged = {event.event_id.hex() for event in stand.world.events("risk-alerts")}
        assert {one["event_id"] for one in told} <= logged


def test_the_state_is_told_while_somebody_listens(stand: MonitorStand) -> None:
    stand.write(*CRASH[:6])
    with (
        stand.served() as address,
        httpx.stream("GET", f"{address}/api/v1/stream", timeout=BOUND_S) as stream,
    ):
        _, state = next(one for one in messages(stream.iter_lines()) if one[0] == "state")
        assert state["status"]["slice"] == 5
        assert state["pnl"]["total"] == "-38400"
        assert [one["severity"] for one in state["alerts"]] == ["CRITICAL", "CRITICAL", "HIGH"]
        assert state["utilisation"][0]["utilisation"] == "8"


def test_a_monitor_that_cannot_be_asked_is_told_of(stand: MonitorStand) -> None:
    with (
        stand.served() as address,
        httpx.stream("GET", f"{address}/api/v1/stream", timeout=BOUND_S) as stream,
    ):
        stand.window.close("it was told to stop")
        _, body = next(one for one in messages(stream.iter_lines()) if one[0] == "unready")
        assert body == {"why": "it was told to stop"}
        stand.window.close("the test is over")


def test_of_a_storm_the_latest_words_are_told_in_one_message(stand: MonitorStand) -> None:
    with (
        stand.served() as address,
        httpx.stream("GET", f"{address}/api/v1/stream", timeout=BOUND_S) as stream,
    ):
        until(lambda: stand.streams.has_clients(CHANNEL))
        stand.door.teller.told([alert_raised(number) for number in range(500)])
        told = next(body for kind, body in messages(stream.iter_lines()) if kind == "told")
    assert [one["event_id"] for one in told] == [
        alert_raised(number).event_id.hex() for number in range(499, 499 - TOLD_MAX, -1)
    ]
