"""History read: events a second from the log, decoded, beside a bare `consume(n)`."""

import time

from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition

from benchmarks.broker import environment, fresh_clients
from benchmarks.row import Row
from benchmarks.world_append import measure_world
from eventlog.clients import Clients


def measure_history(clients: Clients, *, decode: bool) -> tuple[int, float]:
    """Return events read from all topics of a run and the seconds it took."""
    topics = clients.run_topics()
    reader = clients.reader("replayer", topics)
    ends = reader.end_offsets()
    count, started_s = 0, time.perf_counter()
    while any(reader.positions()[place] < end for place, end in ends.items()):
        batch = reader.poll(1.0)
        count += len(clients.codec.decode_batch(batch)[0] if decode else batch)
    seconds = time.perf_counter() - started_s
    reader.close()
    return count, seconds


def measure_raw(clients: Clients, count: int) -> float:
    """Return records a second of bare `consume(5000)` over the same partitions."""
    consumer = Consumer(
        {
            **clients.broker.connection("replayer").client_config(),
            "group.id": clients.namespace.group("replayer"),
            "fetch.queue.backoff.ms": 2,
            "enable.auto.commit": False,
        }
    )
    places = clients.partitions(clients.run_topics())
    consumer.assign(
        [TopicPartition(clients.namespace.topic(t), p, OFFSET_BEGINNING) for t, p in places]
    )
    seen, started_s = 0, time.perf_counter()
    while seen < count:
        seen += len(consumer.consume(min(5_000, count - seen), 0.2))
    seconds = time.perf_counter() - started_s
    consumer.close()
    return count / seconds


def run() -> list[Row]:
    """Measure and return the rows."""
    with environment() as around:
        clients = fresh_clients(around)
        measure_world(clients)
        count, raw_seconds = measure_history(clients, decode=False)
        _, seconds = measure_history(clients, decode=True)
        bare = measure_raw(clients, count)
    return [
        Row(
            what="history read, as raw records",
            ours=count / raw_seconds,
            raw=bare,
            unit="events/s",
            raw_what="consume(5000)",
        ),
        Row(
            what="history read, decoded",
            ours=count / seconds,
            raw=bare,
            unit="events/s",
            raw_what="consume(5000)",
        ),
    ]
