"""World append: events a second through machines, Avro and six principals onto the log.

Beside it a bare librdkafka produce loop of the same bytes under the same settings.
"""

import time

from confluent_kafka import Producer

from benchmarks.broker import EVERY_EVENT, environment, fresh_clients
from benchmarks.row import Row
from ecosystem.ids import run_key
from ecosystem.run import RunPlan
from ecosystem.scenario import Scenario
from ecosystem.units import HOUR_US
from eventlog.clients import Clients
from producers.world.session import build_host

REPEATS = 3
HOURS = 36
"""As long as the longest scenario; the start of the writing process counts too."""
WARM_UP_HOURS = 12
"""A cold broker compiles itself first, and takes three times the processor until it has."""


def scenario(hours: int) -> Scenario:
    """Return a quiet scenario of some hours."""
    return Scenario(
        name="bench",
        title="Quiet hours",
        description="",
        tags=(),
        duration_us=hours * HOUR_US,
        injections=(),
        effects=(),
        expectations=(),
        false_alarm_severity="HIGH",
    )


def measure_world(clients: Clients, hours: int = HOURS) -> tuple[int, float]:
    """Return events written by a world and the seconds it took, acknowledgements included."""
    plan = RunPlan(
        run_id=clients.namespace.name,
        scenario=scenario(hours),
        scenario_text="",
        seed=1,
        slice_us=10**7,
    )
    host = build_host(plan, run_key(1, "bench"), clients, EVERY_EVENT, monitor=False)
    counts: list[int] = []
    started_s = time.perf_counter()
    host.run(lambda progress: counts.append(progress.events_count))
    return counts[-1], time.perf_counter() - started_s


def some_values(clients: Clients, count: int) -> list[bytes]:
    """Return `count` values of `prices`, repeated where there are fewer."""
    reader = clients.reader("replayer", ["prices"])
    values: list[bytes] = []
    while any(reader.positions()[place] < end for place, end in reader.end_offsets().items()):
        values += [record.value for record in reader.poll(1.0, 100_000)]
    reader.close()
    return (values * (count // len(values) + 1))[:count]


def measure_raw(clients: Clients, values: list[bytes]) -> float:
    """Return records a second of a bare produce loop of the same values."""
    producer = Producer(
        {
            **clients.broker.connection("market-data").client_config(),
            "enable.idempotence": True,
            "acks": "all",
            "compression.type": "lz4",
            "linger.ms": 5,
            "queue.buffering.max.messages": 1_000_000,
        }
    )
    topic = clients.namespace.topic("prices")
    started_s = time.perf_counter()
    for number, value in enumerate(values):
        while True:
            try:
                producer.produce(topic, value, b"k", number & 3)
                break
            except BufferError:
                producer.poll(0.05)
    producer.flush()
    return len(values) / (time.perf_counter() - started_s)


def run() -> list[Row]:
    """Measure and return the rows; each rate is the best of its repeats, taken in turns."""
    ours: list[float] = []
    raw: list[float] = []
    with environment() as around:
        measure_world(fresh_clients(around), WARM_UP_HOURS)
        for _ in range(REPEATS):
            clients = fresh_clients(around)
            count, seconds = measure_world(clients)
            ours.append(count / seconds)
            raw.append(measure_raw(fresh_clients(around), some_values(clients, count)))
    return [
        Row(
            what="world append, machines and Avro included",
            ours=max(ours),
            raw=max(raw),
            unit="events/s",
            raw_what="librdkafka produce loop",
            aim="50 000, in the end 100 000",
        )
    ]
