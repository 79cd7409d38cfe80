"""Alert latency: from a tick that breaks a limit to the alert about it, at several rates.

Beside the risk monitor, in its own process and installation, a bare process that reads the same
ticks and writes one record for each trigger. Both take the same events in turns, rate by rate, on
one broker. Two clocks: `on the log` is the broker's append time of the alert minus that of its
tick, whole milliseconds; `end to end` runs here, from the call that sends the tick to the receipt
of the committed alert, so it holds sending and reading too.
"""

import math
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import Thread
from typing import Any, Final

import msgspec
from confluent_kafka import TIMESTAMP_LOG_APPEND_TIME, Producer

from benchmarks.alert_echo import TOLD, Echo
from benchmarks.alert_load import MARK, RULE, Load, new_engine, shock_limits, slices
from benchmarks.broker import environment, fresh_clients
from benchmarks.row import Row
from ecosystem.events.alerts import RiskAlertRaised
from ecosystem.events.envelope import EVENT_ID_AT, Event
from ecosystem.events.prices import PriceTicked
from eventlog.clients import Clients
from eventlog.kafka_reader import KafkaReader
from tse.running.environment import ROOT, Environment
from tse.running.processes import Processes
from tse.running.services import RISK_MONITOR, start_monitor

RATES: Final = (1_000, 5_000, 10_000)
PHASE_S: Final = 20
WARM_UP_RATE: Final = 5_000
WARM_UP_S: Final = 12
"""The broker's Java compiles what it runs often; until then all of it is several times slower."""
ANSWER_MAX_S: Final = 60.0
SETTLED_AFTER_S: Final = 3.0
QUANTILES: Final = {"p50": 0.5, "p99": 0.99, "max": 1.0}
AIM: Final = "p99 <= 50 ms at 10 000"
SLICE_RECORDS: Final = 100
_ID_BYTES: Final = 16
_PACE_S: Final = 0.001

Sent = tuple[str, int, bytes, bytes, bytes]
"""Topic, partition, key, event id, value."""


class Phase(msgspec.Struct):
    """What was sent at one rate and when, and when it was answered, in milliseconds."""

    sent_ms: dict[bytes, float]
    appended_ms: dict[bytes, int]
    answered_ms: dict[bytes, tuple[int, float]]

    def on_the_log_ms(self) -> list[float]:
        """Return the latency of every alert by the broker's clock, sorted."""
        triggers = self.appended_ms.items()
        return sorted(float(self.answered_ms[trigger][0] - at_ms) for trigger, at_ms in triggers)

    def end_to_end_ms(self) -> list[float]:
        """Return the latency of every alert by our clock, sorted."""
        triggers = self.sent_ms.items()
        return sorted(self.answered_ms[trigger][1] - at_ms for trigger, at_ms in triggers)


class Subject:
    """A namespace with a process that answers triggers, and ears on its answers."""

    def __init__(self, clients: Clients, processes: Processes) -> None:
        self._clients = clients
        self._processes = processes
        self._producer = Producer(
            {
                **clients.broker.connection("admin").client_config(),
                "enable.idempotence": True,
                "acks": "all",
                "compression.type": "lz4",
                "linger.ms": 1,
            }
        )
        self._phase = Phase({}, {}, {})
        self._reader: KafkaReader = clients.reader("replayer", ["risk-alerts"])
        self._closing = False
        self._listener = Thread(target=self._listen, daemon=True)
        self._listener.start()

    def warm_up(self, batch: list[Sent], rate: int) -> None:
        """Send at `rate` a second, and return when answers come no more.

        A broker that still compiles itself hands out partitions so unevenly that a step may find
        the alert of the last one not over yet; so not every trigger has an answer.
        """
        phase = self._send(batch, rate)
        count, since_s = -1, time.monotonic()
        while time.monotonic() - since_s < SETTLED_AFTER_S:
            self._processes.check()
            if len(phase.answered_ms) != count:
                count, since_s = len(phase.answered_ms), time.monotonic()
            time.sleep(0.01)
        if not count:
            raise RuntimeError("nothing answers")

    def send(self, batch: list[Sent], rate: int) -> Phase:
        """Send at `rate` a second, and return when every trigger is answered.

        Raises:
            RuntimeError: alerts are missing.
            ProcessEndedError: the process has ended.
        """
        phase = self._send(batch, rate)
        self._await_answers(phase)
        return phase

    def _send(self, batch: list[Sent], rate: int) -> Phase:
        phase = self._phase = Phase({}, {}, {})
        produce, poll = self._producer.produce, self._producer.poll
        prefix = self._clients.namespace.prefix
        done, started_s = 0, time.perf_counter()
        while done < len(batch):
            due = min(len(batch), int((time.perf_counter() - started_s) * rate))
            for topic, partition, key, event_id, value in batch[done:due]:
                report = None
                if event_id.startswith(MARK):
                    phase.sent_ms[event_id] = time.perf_counter() * 1_000
                    report = self._appended
                produce(prefix + topic, value, key, partition, on_delivery=report)
            done = due
            poll(0)
            time.sleep(_PACE_S)
        self._producer.flush()
        return phase

    def _await_answers(self, phase: Phase) -> None:
        deadline_s = time.monotonic() + ANSWER_MAX_S
        while missing := phase.sent_ms.keys() - phase.answered_ms.keys():
            self._processes.check()
            if time.monotonic() > deadline_s or not self._listener.is_alive():
                raise RuntimeError(
                    f"{len(missing)} of {len(phase.sent_ms)} triggers have no answer"
                )
            time.sleep(0.01)
        if stray := phase.answered_ms.keys() - phase.sent_ms.keys():
            raise RuntimeError(f"{len(stray)} alerts answer no trigger")

    def _appended(self, error: Any, message: Any) -> None:
        if error is not None:
            raise RuntimeError(f"a tick was not appended: {error}")
        kind, at_ms = message.timestamp()
        if kind != TIMESTAMP_LOG_APPEND_TIME:
            raise RuntimeError(f"a tick carries time of kind {kind}, not the broker's")
        event_id = message.value()[EVENT_ID_AT : EVENT_ID_AT + _ID_BYTES]
        self._phase.appended_ms[event_id] = at_ms

    def _listen(self) -> None:
        while not self._closing:
            records = self._reader.poll(0.1)
            now_ms = time.perf_counter() * 1_000
            for record in records:
                event = self._clients.codec.decode(record.value)
                if isinstance(event, PriceTicked) or (
                    isinstance(event, RiskAlertRaised) and event.rule == RULE
                ):
                    trigger = bytes(event.causation_id)
                    self._phase.answered_ms[trigger] = (record.record_time_ms, now_ms)

    def close(self) -> None:
        """Stop listening."""
        self._closing = True
        self._listener.join()
        self._reader.close()


def placed(clients: Clients, events: Sequence[Event]) -> list[Sent]:
    """Return the events encoded, each with its place."""
    sent = []
    for event in events:
        topic, key, partition = clients.routes.place(event)
        sent.append((topic, partition, key, bytes(event.event_id), clients.codec.encode(event)))
    return sent


@contextmanager
def broker_times() -> Iterator[Environment]:
    """An environment whose topics carry the time at which the broker appended each record."""
    with environment() as around:
        topics = {
            name: msgspec.structs.replace(
                topic, config={**topic.config, "message.timestamp.type": "LogAppendTime"}
            )
            for name, topic in around.catalogue.topics.items()
        }
        catalogue = msgspec.structs.replace(around.catalogue, topics=topics)
        yield msgspec.structs.replace(around, catalogue=catalogue)


@contextmanager
def subject_in(
    around: Environment, start: Callable[[Processes, Clients], None]
) -> Iterator[Subject]:
    """A namespace of its own and what `start` starts in it."""
    clients = fresh_clients(around)
    with Processes(around.home / "logs") as processes:
        start(processes, clients)
        subject = Subject(clients, processes)
        try:
            yield subject
        finally:
            subject.close()


def start_echo(processes: Processes, clients: Clients) -> None:
    """Start the bare process."""
    told = Echo(
        client_config=clients.broker.connection(RISK_MONITOR).client_config(),
        group=clients.namespace.group(RISK_MONITOR),
        source=clients.namespace.topic("prices"),
        partitions=clients.catalogue.topic("prices").partitions,
        target=clients.namespace.topic("risk-alerts"),
    )
    command = [sys.executable, "-m", "benchmarks.alert_echo"]
    settings = {TOLD: msgspec.json.encode(told).decode(), "PYTHONPATH": str(ROOT)}
    processes.start("echo", command, settings)


def rows_of(rate: int, ours: Phase, raw: Phase) -> Iterator[Row]:
    """Yield the rows of one rate."""
    shown = f"{rate:,}".replace(",", " ")
    for clock in ("on the log", "end to end"):
        measured = [
            phase.on_the_log_ms() if clock == "on the log" else phase.end_to_end_ms()
            for phase in (ours, raw)
        ]
        for name, share in QUANTILES.items():
            at, raw_at = (each[math.ceil(share * len(each)) - 1] for each in measured)
            yield Row(
                what=f"alert latency {name} at {shown} events/s, {clock}",
                ours=at,
                raw=raw_at,
                unit="ms",
                raw_what="poll and produce",
                aim=AIM if name == "p99" else "",
            )


def measure_engine(clients: Clients, events: Sequence[Event]) -> Iterator[Row]:
    """Yield how fast one core judges, beside one that only decodes."""
    values = [clients.codec.encode(event) for event in events]
    started_s = time.perf_counter()
    for value in values:
        clients.codec.decode(value)
    decodes = len(values) / (time.perf_counter() - started_s)
    engine = new_engine()
    cuts = list(slices(events, SLICE_RECORDS))
    started_s = time.perf_counter()
    for cut in cuts:
        engine.process_slice(cut)
    judges = len(events) / (time.perf_counter() - started_s)
    yield Row(
        what="risk engine alone, decoded events in",
        ours=judges,
        raw=decodes,
        unit="events/s",
        raw_what="decode loop",
    )


def run() -> list[Row]:
    """Measure and return the rows."""
    load = Load()
    rows: list[Row] = []

    def start_ours(processes: Processes, clients: Clients) -> None:
        limits = around.home / "shock-limits.toml"
        limits.write_text(shock_limits())
        start_monitor(processes, around, clients.namespace.name, slices="arrival", limits=limits)

    with (
        broker_times() as around,
        subject_in(around, start_ours) as ours,
        subject_in(around, start_echo) as raw,
    ):
        clients = around.clients("")
        warm_up, _ = load.ticks(WARM_UP_S * WARM_UP_RATE, WARM_UP_RATE)
        for subject in (ours, raw):
            subject.warm_up(placed(clients, [*load.deposits(), *warm_up]), WARM_UP_RATE)
        for rate in RATES:
            events, _ = load.ticks(PHASE_S * rate, rate)
            batch = placed(clients, events)
            rows += rows_of(rate, ours.send(batch, rate), raw.send(batch, rate))
        rows += measure_engine(clients, events)
    return rows
