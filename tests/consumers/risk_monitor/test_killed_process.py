"""A monitor's process killed at many points of a real world's history, with people acting on it."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec
import pytest

from ecosystem.events.alerts import RiskHeartbeat
from ecosystem.events.clock import ClockAdvanced
from ecosystem.events.envelope import Event
from ecosystem.risk.acts import Act
from eventlog.access.prepare import prepare_namespace
from eventlog.catalogue.namespace import Namespace
from eventlog.catalogue.view import view_of
from eventlog.clients import Broker, Clients
from eventlog.kafka_reader import KafkaReader
from eventlog.records import RawRecord
from tests.brokers import Broker as GivenBroker
from tests.consumers.risk_monitor.acting_monitor import Reply, wish
from tests.consumers.risk_monitor.histories import (
    CATALOGUE,
    CODEC,
    EVENTS,
    NEAR,
    history,
    much_done,
    values_of,
)
from tests.ecosystem.risk.facts import event_id

pytestmark = [pytest.mark.infra, pytest.mark.timeout(600)]

ROOT: Final = Path(__file__).parents[3]
WRITERS: Final = {
    "prices": "market-data",
    "books": "market-data",
    "orders": "trading-engine",
    "fills": "exchange-okx",
    "balances": "exchange-okx",
    "account-requests": "exchange-okx",
    "settlements": "custodian",
    "venue-status": "exchange-okx",
    "clock": "clock",
}
WAIT_S: Final = 90.0
ALERTS: Final = "risk-alerts"


def slices() -> list[list[RawRecord]]:
    """Return the records of each slice, its clock last."""
    log, at = history(), dict.fromkeys(history().partitions, 0)
    found = []
    for record in log.partitions["clock", 0]:
        clock = CODEC.decode(record.value)
        assert isinstance(clock, ClockAdvanced)
        records: list[RawRecord] = []
        for end in clock.ends:
            place = (end.topic, end.partition)
            records += log.partitions[place][at[place] : end.end_offset]
            at[place] = end.end_offset
        found.append([*records, record])
    return found


class Stage:
    """A namespace into which the history is written slice by slice, and a process to kill."""

    def __init__(self, broker: GivenBroker, namespace: str, folder: Path) -> None:
        prepare_namespace(broker.admin, CATALOGUE, Namespace(namespace), broker.secrets)
        given = Broker(bootstrap_servers=broker.bootstrap_servers, secrets=broker.secrets)
        self._clients = Clients(given, Namespace(namespace), CATALOGUE, EVENTS)
        self._appenders = {who: self._clients.appender(who) for who in set(WRITERS.values())}
        view, limits = folder / "view.json", folder / "limits.toml"
        view.write_text(view_of(CATALOGUE, "risk-monitor").to_json())
        limits.write_text(NEAR)
        self._environment = {
            "PATH": os.environ["PATH"],
            "RISK_MONITOR_BOOTSTRAP_SERVERS": broker.bootstrap_servers,
            "RISK_MONITOR_PASSWORD_FILE": str(broker.secrets.path("kafka/risk-monitor")),
            "RISK_MONITOR_TOPICS_FILE": str(view),
            "RISK_MONITOR_NAMESPACE": namespace,
            "RISK_MONITOR_LIMITS_FILE": str(limits),
            "RISK_MONITOR_SLICES": "clock",
        }
        self._folder = folder
        self._lives = 0
        self._committed = self._clients.reader("replayer", [ALERTS])
        self._raw: KafkaReader = KafkaReader(
            given.connection("replayer"), Namespace(namespace), [ALERTS], committed_only=False
        )
        self.said: list[bytes] = []
        self.start()

    @property
    def told(self) -> str:
        """What the process of now has logged."""
        return self._error_file.read_text()

    def start(self) -> None:
        """Start a process in the place of the last one."""
        self._lives += 1
        self._error_file = self._folder / f"monitor-{self._lives}.log"
        with self._error_file.open("wb") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.consumers.risk_monitor.acting_monitor"],
                cwd=ROOT,
                env=self._environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
            )

    def kill(self) -> None:
        """End the process by SIGKILL."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            with suppress(BrokenPipeError):  # what was asked for and never read
                pipe.close()

    def killed_while_restoring(self) -> None:
        """Start a process, kill it while it rebuilds its state, and start another."""
        self.start()
        self._await(lambda: "restore_begun" in self.told)
        self.kill()
        self.start()

    def write(self, records: Sequence[RawRecord]) -> None:
        """Write records, those of the clock when all others are there."""
        for part in (records[:-1], records[-1:]):
            for record in part:
                appender = self._appenders[WRITERS[record.topic]]
                appender.append_raw(record.topic, record.partition, record.key, record.value)
            for appender in self._appenders.values():
                appender.flush()

    def _await(self, enough: Callable[[], bool]) -> None:
        deadline = time.monotonic() + WAIT_S
        while not enough():
            assert time.monotonic() < deadline, self.told

    def await_heartbeats(self, count: int) -> None:
        """Read what is said until it has so many heartbeats."""

        def enough() -> bool:
            self.said += [record.value for record in self._committed.poll(0.05)]
            return sum(isinstance(e, RiskHeartbeat) for e in self.events()) >= count

        self._await(enough)

    def await_any_word(self) -> None:
        """Wait until the process has written anything more, be it committed or not."""
        before = self._raw.positions()
        self._await(lambda: bool(self._raw.poll(0.01)) or self._raw.positions() != before)

    def catch_up(self) -> None:
        """Forget the words, committed or not, that are there."""
        while self._raw.poll(0.2):
            pass

    def ask(self, number: int, act: Act, sequence: int) -> None:
        """Ask the process for an act."""
        assert self._process.stdin is not None
        self._process.stdin.write(wish(act, event_id(f"deed/{sequence}", number)))
        self._process.stdin.flush()

    def reply(self) -> Reply:
        """Return the next answer of the process."""
        assert self._process.stdout is not None
        return msgspec.json.decode(self._process.stdout.readline(), type=Reply)

    def events(self) -> list[Event]:
        """Return all that was said and is committed."""
        return [CODEC.decode(value) for value in self.said]

    def rest(self) -> list[bytes]:
        """Return all that was said, to the end of the log."""
        ends = self._committed.end_offsets()

        def enough() -> bool:
            self.said += [record.value for record in self._committed.poll(0.05)]
            positions = self._committed.positions()
            return all(positions[place] >= end for place, end in ends.items())

        self._await(enough)
        return self.said

    def close(self) -> None:
        """End everything."""
        self.kill()
        self._committed.close()
        self._raw.close()


@pytest.fixture
def stage(broker: GivenBroker, namespace: str, tmp_path: Path) -> Iterator[Stage]:
    """A stage of the test's own."""
    made = Stage(broker, namespace, tmp_path)
    yield made
    made.close()


def test_a_process_killed_at_many_points_says_what_an_undisturbed_one_says(stage: Stage) -> None:
    at_first_word = {6, 8, 12, 26}
    """Slices at whose first word, alert or heartbeat, it is killed, before or after the commit."""
    while_reading, while_restoring = {1, 15, 20}, {10, 28}
    before_its_answer, after_its_answer = {4, 18, 30}, {9, 25}
    """Slices after which people act and it is killed."""
    for sequence, records in enumerate(slices()):
        stage.catch_up()
        stage.write(records)
        if sequence in at_first_word:
            stage.await_any_word()
        if sequence in at_first_word | while_reading | while_restoring:
            stage.kill()
            if sequence in while_restoring:
                stage.killed_while_restoring()
            else:
                stage.start()
        stage.await_heartbeats(sequence + 1)
        acts = much_done(stage.events(), sequence)
        for number, act in enumerate(acts):
            stage.ask(number, act, sequence)
            if sequence in before_its_answer:
                stage.kill()
                stage.start()
                stage.ask(number, act, sequence)
            reply = stage.reply()
            assert reply.facts[0] == event_id(f"deed/{sequence}", number).hex(), reply
            if sequence in after_its_answer:
                stage.kill()
                stage.start()
                stage.ask(number, act, sequence)
                assert stage.reply() == reply
    assert stage.rest() == values_of(history())
