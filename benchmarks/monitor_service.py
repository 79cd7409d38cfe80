"""The risk monitor through the log: events a second with a backlog, and where the time goes.

The history of the engine's benchmark lies on the log, clock and all; the service reads, decodes,
cuts slices, judges and answers each in a transaction, as it does in production, in one Python
process. Beside it a bare librdkafka loop consumes the same topics and decodes every record.
"""

import logging
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, Final

import structlog
from confluent_kafka import OFFSET_BEGINNING, Consumer, Producer, TopicPartition

from benchmarks.broker import environment, fresh_clients
from benchmarks.risk_engine import Slices, history, laboratory_limits
from benchmarks.row import Row
from consumers.risk_monitor.metrics import Metrics
from consumers.risk_monitor.service import RiskMonitorService
from consumers.risk_monitor.slices import SliceMode
from ecosystem.events.production import PRODUCTION_EVENTS
from ecosystem.risk.monitor import RiskEngine
from eventlog.clients import Clients
from eventlog.codec import Codec
from tse.running.services import RISK_MONITOR

WARM_UP_HOURS: Final = 1
BOUND_S: Final = 120.0
MODES: Final[Sequence[SliceMode]] = ("clock", "arrival")


def put(clients: Clients, slices: Slices) -> None:
    """Write the records of the slices to the places they have."""
    producer = Producer(
        {
            **clients.broker.connection("admin").client_config(),
            "enable.idempotence": True,
            "acks": "all",
            "compression.type": "lz4",
            "queue.buffering.max.messages": 1_000_000,
        }
    )
    prefix = clients.namespace.prefix
    for record in (record for cut in slices for record in cut):
        _, key, _ = clients.routes.place(record.event)
        value = clients.codec.encode(record.event)
        producer.produce(prefix + record.topic, value, key or None, record.partition)
    producer.flush()


class Stages:
    """Processor time spent in calls that are watched, what they call among them left out."""

    def __init__(self) -> None:
        self.spent_s: dict[str, float] = defaultdict(float)
        self._inner_s = [0.0]

    def watch(self, owner: Any, method: str, stage: str) -> None:
        """Watch a method of one object."""
        work: Callable[..., Any] = getattr(owner, method)

        @wraps(work)
        def timed(*values: Any, **named: Any) -> Any:
            self._inner_s.append(0.0)
            started_s = time.process_time()
            try:
                return work(*values, **named)
            finally:
                took_s = time.process_time() - started_s
                self.spent_s[stage] += took_s - self._inner_s.pop()
                self._inner_s[-1] += took_s

        setattr(owner, method, timed)


def service_of(clients: Clients, mode: SliceMode, stages: Stages | None) -> RiskMonitorService:
    """Return the monitor as its process builds it, its stages watched where asked."""
    catalogue = clients.catalogue
    codec, engine = Codec(PRODUCTION_EVENTS), RiskEngine(laboratory_limits())
    reader = clients.reader(
        RISK_MONITOR,
        catalogue.subscription(RISK_MONITOR),
        group=catalogue.principal(RISK_MONITOR).group,
        from_beginning=True,
    )
    appender = clients.appender(RISK_MONITOR, transactional=True, linger_ms=0)
    if stages is not None:
        stages.watch(reader, "poll", "read")
        stages.watch(codec, "decode_batch", "decode")
        stages.watch(engine, "process_slice", "judge")
        stages.watch(appender, "commit", "answer")
    return RiskMonitorService(
        engine=engine,
        codec=codec,
        reader=reader,
        appender=appender,
        metrics=Metrics(),
        principal=RISK_MONITOR,
        steward_of=[t.name for t in catalogue.topics.values() if t.steward == RISK_MONITOR],
        mode=mode,
        gather_s=0.0 if mode == "clock" else 0.005,
        hold_s=0.0 if mode == "clock" else 0.05,
    )


def measure_service(
    clients: Clients, count: int, mode: SliceMode, stages: Stages | None = None
) -> tuple[float, float]:
    """Return events judged a second on the wall, and of processor time."""
    service = service_of(clients, mode, stages)
    own = clients.reader(RISK_MONITOR, ["risk-alerts"])
    service.restore(own)
    own.close()
    started_s, started_cpu_s = time.perf_counter(), time.process_time()
    while service.events_count < count:
        if time.perf_counter() - started_s > BOUND_S:
            raise TimeoutError(f"{service.events_count} of {count} events were judged")
        service.step(0.05)
    seconds = time.perf_counter() - started_s
    cpu_seconds = time.process_time() - started_cpu_s
    service.close()
    return count / seconds, count / cpu_seconds


def measure_raw(clients: Clients, count: int) -> tuple[float, float]:
    """Return records a second that are consumed and decoded, on the wall and of processor time."""
    consumer = Consumer(
        {
            **clients.broker.connection("replayer").client_config(),
            "group.id": clients.namespace.group("replayer"),
            "fetch.queue.backoff.ms": 2,
            "enable.auto.commit": False,
        }
    )
    places = clients.partitions(clients.catalogue.subscription(RISK_MONITOR))
    consumer.assign(
        [TopicPartition(clients.namespace.topic(t), p, OFFSET_BEGINNING) for t, p in places]
    )
    decode = Codec(PRODUCTION_EVENTS).decode
    seen, started_s, started_cpu_s = 0, time.perf_counter(), time.process_time()
    while seen < count:
        messages = consumer.consume(min(5_000, count - seen), 0.05)
        for message in messages:
            decode(message.value() or b"")
        seen += len(messages)
    seconds = time.perf_counter() - started_s
    cpu_seconds = time.process_time() - started_cpu_s
    consumer.close()
    return count / seconds, count / cpu_seconds


def rows_of(
    mode: SliceMode, ours: tuple[float, float], raw: tuple[float, float], stages: Stages, count: int
) -> list[Row]:
    """Return the rows of one way to cut slices."""
    aim = "50 000"
    return [
        Row(
            what=f"risk monitor through the log, slices by {mode}",
            ours=ours[0],
            raw=raw[0],
            unit="events/s",
            raw_what="bare consume and decode",
            aim=aim,
        ),
        Row(
            what="the same by its processor time, client library included",
            ours=ours[1],
            raw=raw[1],
            unit="events/s of one core",
            raw_what="bare consume and decode",
            aim=aim,
        ),
        *(
            Row(what=f"of an event, to {stage}", ours=spent_s / count * 1e6, raw=None, unit="us")
            for stage, spent_s in stages.spent_s.items()
        ),
    ]


def run() -> list[Row]:
    """Measure and return the rows."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    slices = history()
    count = sum(map(len, slices))
    warm_up = history(WARM_UP_HOURS)
    rows: list[Row] = []
    with environment() as around:
        for mode in MODES:
            clients = fresh_clients(around)
            put(clients, warm_up)
            measure_service(clients, sum(map(len, warm_up)), mode)
            watched, plain = fresh_clients(around), fresh_clients(around)
            for clients in (watched, plain):
                put(clients, slices)
            stages = Stages()
            measure_service(watched, count, mode, stages)
            ours = measure_service(plain, count, mode)
            rows += rows_of(mode, ours, measure_raw(plain, count), stages, count)
    return rows
