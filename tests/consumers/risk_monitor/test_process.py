"""The monitor as a process on a real broker: killed anywhere, the log says the same."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from ecosystem.events.alerts import (
    InputsSilenceObserved,
    RiskAlertRaised,
    RiskAlertResolved,
    RiskHeartbeat,
)
from ecosystem.events.dead_letters import RecordDeadLettered
from ecosystem.events.envelope import Event
from ecosystem.events.production import PRODUCTION_EVENTS
from eventlog.access.prepare import prepare_namespace
from eventlog.catalogue.load import load_catalogue
from eventlog.catalogue.model import Catalogue
from eventlog.catalogue.namespace import Namespace
from eventlog.catalogue.view import view_of
from eventlog.clients import Broker, Clients
from eventlog.errors import UndecodableRecordError
from eventlog.kafka_reader import KafkaReader
from eventlog.records import RawRecord
from tests.brokers import Broker as GivenBroker
from tests.consumers.risk_monitor.test_service import served
from tests.consumers.risk_monitor.worlds import CODEC, CRASH, TOPICS, SmallWorld
from tests.ecosystem.risk.facts import LAB_LIMITS_FILE

pytestmark = pytest.mark.infra

ROOT = Path(__file__).parents[3]
WRITERS = {
    "PriceTicked": "market-data",
    "BalanceChanged": "exchange-okx",
    "ClockAdvanced": "clock",
}
WAIT_S = 60.0


class Stage:
    """A namespace on the broker, a world written into it, and monitors that watch it.

    Args:
        catalogue: another catalogue than ours, in which the monitor goes by the name `principal`.
        command: starts the monitor; ours of this tree by default.
        works_in: the monitor's working folder.
    """

    def __init__(
        self,
        broker: GivenBroker,
        namespace: str,
        folder: Path,
        *,
        catalogue: Catalogue | None = None,
        principal: str = "risk-monitor",
        command: Sequence[str] = (sys.executable, "-m", "consumers.risk_monitor"),
        works_in: Path = ROOT,
    ) -> None:
        catalogue = catalogue or load_catalogue(TOPICS)
        prepare_namespace(broker.admin, catalogue, Namespace(namespace), broker.secrets)
        self.clients = Clients(
            Broker(bootstrap_servers=broker.bootstrap_servers, secrets=broker.secrets),
            Namespace(namespace),
            catalogue,
            PRODUCTION_EVENTS,
        )
        self.view = view_of(catalogue, principal)
        view = folder / "view.json"
        view.write_text(self.view.to_json())
        self.environment = {
            "PATH": os.environ["PATH"],
            "RISK_MONITOR_BOOTSTRAP_SERVERS": broker.bootstrap_servers,
            "RISK_MONITOR_PRINCIPAL": principal,
            "RISK_MONITOR_PASSWORD_FILE": str(broker.secrets.path(f"kafka/{principal}")),
            "RISK_MONITOR_TOPICS_FILE": str(view),
            "RISK_MONITOR_NAMESPACE": namespace,
            "RISK_MONITOR_LIMITS_FILE": str(LAB_LIMITS_FILE),
        }
        self._command = list(command)
        self._works_in = works_in
        self._log = folder / "monitor.log"
        self._appenders = {who: self.clients.appender(who) for who in WRITERS.values()}
        self._copied = dict.fromkeys(SmallWorld(self.view).log.partitions, 0)
        self._processes: list[subprocess.Popen[bytes]] = []

    def start_monitor(self, slices: str) -> subprocess.Popen[bytes]:
        """Start a monitor of this namespace."""
        with self._log.open("ab") as log:
            process = subprocess.Popen(
                self._command,
                cwd=self._works_in,
                env={**self.environment, "RISK_MONITOR_SLICES": slices},
                stderr=log,
            )
        self._processes.append(process)
        return process

    def copy(self, world: SmallWorld) -> None:
        """Write what is new in a world in memory, each topic under its own principal."""
        for place, records in world.log.partitions.items():
            for record in records[self._copied[place] :]:
                appender = self._appenders[WRITERS[_kind(record)]]
                appender.append_raw(record.topic, record.partition, record.key, record.value)
            self._copied[place] = len(records)
        for appender in self._appenders.values():
            appender.flush()

    def monitor_said(self, enough: Callable[[list[Event]], bool], topic: str) -> list[RawRecord]:
        """Return a topic's records as soon as they are `enough`."""
        reader: KafkaReader = self.clients.reader("replayer", [topic])
        deadline, records = time.monotonic() + WAIT_S, []
        try:
            while True:
                records += reader.poll(0.05)
                if enough([CODEC.decode(record.value) for record in records]):
                    return records
                assert time.monotonic() < deadline, self._log.read_text()
        finally:
            reader.close()

    def close(self) -> None:
        """End every monitor."""
        for process in self._processes:
            process.kill()
            process.wait()


def _kind(record: RawRecord) -> str:
    try:
        return type(CODEC.decode(record.value)).__name__
    except UndecodableRecordError:
        return "PriceTicked"  # rubbish goes to the ticks


@pytest.fixture
def stage(broker: GivenBroker, namespace: str, tmp_path: Path) -> Iterator[Stage]:
    """A stage of the test's own."""
    made = Stage(broker, namespace, tmp_path)
    yield made
    made.close()


def beats(count: int) -> Callable[[list[Event]], bool]:
    return lambda events: sum(isinstance(event, RiskHeartbeat) for event in events) >= count


def test_a_killed_monitor_goes_on_and_the_log_is_the_one_of_memory(stage: Stage) -> None:
    world = SmallWorld()
    first = stage.start_monitor("clock")
    for number, factor in enumerate(CRASH):
        if number == 4:
            world.put_rubbish()
        world.write_slice(factor)
        stage.copy(world)
        if number in (3, 6):
            stage.monitor_said(beats(number), "risk-alerts")
            first.kill()
            first.wait()
            first = stage.start_monitor("clock")
    said = stage.monitor_said(beats(len(CRASH)), "risk-alerts")
    served(world.service())
    assert [record.value for record in said] == world.values("risk-alerts")
    letters = stage.monitor_said(lambda events: bool(events), "dead-letters")
    (letter,) = [CODEC.decode(record.value) for record in letters]
    assert isinstance(letter, RecordDeadLettered)
    assert letter.event_id == world.events("dead-letters")[0].event_id


def test_a_monitor_by_arrival_is_killed_and_forgets_nothing(stage: Stage) -> None:
    world = SmallWorld()
    process = stage.start_monitor("arrival")
    for number, factor in enumerate(CRASH):
        world.write_slice(factor)
        stage.copy(world)
        stage.monitor_said(_counted(sum(map(len, world.log.partitions.values()))), "risk-alerts")
        if number == 4:
            process.kill()
            process.wait()
            process = stage.start_monitor("arrival")
    total = sum(map(len, world.log.partitions.values()))
    said = stage.monitor_said(_counted(total), "risk-alerts")
    events = [CODEC.decode(record.value) for record in said]
    sequences = [event.slice_sequence for event in events if isinstance(event, RiskHeartbeat)]
    assert sequences == list(range(len(sequences)))
    assert len({event.event_id for event in events}) == len(events)


def _counted(total: int) -> Callable[[list[Event]], bool]:
    def enough(events: list[Event]) -> bool:
        beats = [event for event in events if isinstance(event, RiskHeartbeat)]
        return bool(beats) and beats[-1].events_count >= total

    return enough


def test_a_monitor_asked_to_stop_stops_with_code_0(stage: Stage) -> None:
    world = SmallWorld()
    process = stage.start_monitor("clock")
    world.write_slice(1.0)
    stage.copy(world)
    stage.monitor_said(beats(1), "risk-alerts")
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=10) == 0


def test_a_second_monitor_shuts_out_the_first(stage: Stage) -> None:
    world = SmallWorld()
    first = stage.start_monitor("clock")
    world.write_slice(1.0)
    stage.copy(world)
    stage.monitor_said(beats(1), "risk-alerts")
    second = stage.start_monitor("clock")
    world.write_slice(0.99)
    stage.copy(world)
    stage.monitor_said(beats(2), "risk-alerts")
    deadline = time.monotonic() + WAIT_S
    number = 2
    while first.poll() is None:  # it learns of the other at its next transaction
        assert time.monotonic() < deadline
        number += 1
        world.write_slice(0.99)
        stage.copy(world)
        stage.monitor_said(beats(number), "risk-alerts")
    assert first.returncode == 1
    assert second.poll() is None
    said = stage.monitor_said(beats(number), "risk-alerts")
    served(world.service())
    assert [record.value for record in said] == world.values("risk-alerts")


def test_all_inputs_silent_is_an_alert_that_ends_when_they_speak(
    stage: Stage, tmp_path: Path
) -> None:
    text = LAB_LIMITS_FILE.read_text()
    before, after = text.split("[inputs_silent]")
    limits = tmp_path / "limits.toml"
    limits.write_text(
        f"{before}[inputs_silent]{after.replace('silence_s = 60', 'silence_s = 2', 1)}"
    )
    stage.environment |= {
        "RISK_MONITOR_LIMITS_FILE": str(limits),
        "RISK_MONITOR_SILENCE_S": "1",
    }
    world = SmallWorld()
    stage.start_monitor("arrival")
    world.write_slice(1.0)
    stage.copy(world)
    said = stage.monitor_said(_about_silence(RiskAlertRaised), "risk-alerts")
    assert any(isinstance(CODEC.decode(one.value), InputsSilenceObserved) for one in said)
    world.write_slice(1.0)
    stage.copy(world)
    stage.monitor_said(_about_silence(RiskAlertResolved), "risk-alerts")


def _about_silence(
    kind: type[RiskAlertRaised] | type[RiskAlertResolved],
) -> Callable[[list[Event]], bool]:
    return lambda events: any(
        isinstance(event, kind) and event.rule == "inputs_silent" for event in events
    )
