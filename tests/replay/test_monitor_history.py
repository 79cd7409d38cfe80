"""What a finished run holds of its monitor is read whole, and ours keeps the contract."""

import msgspec
import pytest

from ecosystem.audit.conformance.checks import examine
from ecosystem.audit.conformance.history import MonitorHistory, Place
from ecosystem.events.alerts import RiskAlertRaised, RiskHeartbeat
from ecosystem.events.dead_letters import RecordDeadLettered
from replay.history import MemoryHistory
from replay.monitor_history import read_monitor_history
from tests.replay.runs import CATALOGUE, CRASH, InMemory, RunOnLog, written


@pytest.fixture
def log() -> InMemory:
    """A log of the test's own."""
    return InMemory()


def read(log: InMemory, strangers: dict[tuple[str, int], int] | None = None) -> MonitorHistory:
    return read_monitor_history(
        MemoryHistory(log.log),
        CATALOGUE,
        first_heartbeat_within_ms=40_000,
        heartbeat_within_ms=20_000,
        strangers=strangers or {},
    )


def broken(history: MonitorHistory) -> dict[str, list[str]]:
    return {r.name: list(r.sentences()) for r in examine(history) if not r.kept}


def test_our_monitor_keeps_the_contract(log: InMemory) -> None:
    written(log)
    history = read(log)
    assert broken(history) == {}
    said = [event for _, event in history.events()]
    assert sum(isinstance(event, RiskHeartbeat) for event in said) == len(CRASH)
    assert any(isinstance(event, RiskAlertRaised) for event in said)
    assert [clock.event.clock_sequence for clock in history.clocks] == list(range(len(CRASH)))
    assert {known.place.topic for known in history.known.values()} == {
        "prices",
        "balances",
        "clock",
    }


def test_dead_letters_of_the_monitor_belong_to_it_and_those_of_the_auditor_do_not(
    log: InMemory,
) -> None:
    run = RunOnLog(log)
    run.open()
    run.put_rubbish("prices", 1)
    log.appender().append_raw("risk-alerts", 0, b"key", b"rubbish")
    run.fill()
    run.watch()
    run.complete()
    run.audit()
    history = read(log)
    assert history.undecodable == {Place("prices", 1, 0)}
    letters = [e for _, e in history.events() if isinstance(e, RecordDeadLettered)]
    assert [letter.steward for letter in letters] == ["risk-monitor"]
    (names,) = broken(history).items()
    assert names[0] == "decodable"
    assert names[1][0].startswith("risk-alerts/0/0: the record cannot be decoded: 7 bytes")


def test_a_record_under_another_key_is_told(log: InMemory) -> None:
    written(log)
    log.rewrite(
        "risk-alerts",
        lambda records: [msgspec.structs.replace(records[0], key=b"elsewhere"), *records[1:]],
    )
    assert set(broken(read(log))) == {"keys"}


def test_an_event_that_no_topic_carries_there_is_told(log: InMemory) -> None:
    written(log)
    tick = log.log.partitions["prices", 0][0]
    log.rewrite(
        "risk-alerts",
        lambda records: [msgspec.structs.replace(tick, topic="risk-alerts"), *records],
    )
    assert "event types" in broken(read(log))


def test_records_of_nobody_are_told(log: InMemory) -> None:
    written(log)
    assert set(broken(read(log, {("prices", 0): 1, ("prices", 1): 0}))) == {"other topics"}
