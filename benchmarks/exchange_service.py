"""Exchange through the log: orders answered a second by the live service on a real broker.

The orders of the thin-book mix lie on the log; the service reads, decodes, decides, encodes and
commits them in transactions as it does in production, its own answers read back included, in one
Python process. Beside it a bare librdkafka loop consumes as many records and produces as many
records of the same bytes, flushed after each batch.
"""

import time
from collections.abc import Sequence
from typing import Final

from confluent_kafka import OFFSET_BEGINNING, Consumer, Producer, TopicPartition

from benchmarks.broker import environment, fresh_clients
from benchmarks.matching import STARTS_AT_US, events, rich_balances_e8, thin_book_mix
from benchmarks.row import Row
from ecosystem.events.envelope import Event
from ecosystem.exchange.machine import Exchange
from ecosystem.firm import VENUE
from ecosystem.venues import VENUES
from eventlog.clients import Clients
from producers.live.clock import LiveClock, wall_us
from producers.live.service import LiveService

ORDERS: Final = 60_000
WARM_UP_ORDERS: Final = 10_000
BOUND_S: Final = 120.0
ANSWERED_ON: Final = ("orders", "fills", "balances")


class CountingExchange(Exchange):
    """Counts the wishes it answered and the facts it answered with."""

    answered_count = 0
    facts_count = 0

    def handle(self, event: Event, now_us: int) -> Sequence[Event]:
        """Return the answers, as ever."""
        facts = super().handle(event, now_us)
        self.answered_count += bool(facts)
        self.facts_count += len(facts)
        return facts


def measure_service(clients: Clients) -> tuple[float, float, float]:
    """Return orders answered a second on the wall, of processor time, and facts for each order."""
    machine = CountingExchange(
        terms=VENUES[VENUE],
        run_key=bytes(32),
        seed=1,
        starts_at_us=STARTS_AT_US,
        opening_balances_e8=rich_balances_e8(),
    )
    appender = clients.appender(VENUE, transactional=True)
    followed = clients.catalogue.subscription(VENUE)
    reader = clients.reader(VENUE, followed, group=clients.catalogue.principal(VENUE).group)
    behind_us = wall_us() - STARTS_AT_US
    clock = LiveClock(STARTS_AT_US, wall=lambda: wall_us() - behind_us)
    service = LiveService(machine, clock, clients.codec, reader, appender)
    trader = clients.appender("trading-engine")
    requests = events(thin_book_mix(WARM_UP_ORDERS + ORDERS))
    for part in (requests[:WARM_UP_ORDERS], requests[WARM_UP_ORDERS:]):
        for request in part:
            trader.append(request)
        trader.flush()
        until = machine.answered_count + len(part)
        before = machine.facts_count
        started_s, started_cpu_s = time.perf_counter(), time.process_time()
        while machine.answered_count < until:
            if time.perf_counter() - started_s > BOUND_S:
                raise TimeoutError(f"{machine.answered_count} of {until} orders were answered")
            service.step(0.05)
        ends = reader.end_offsets()
        while any(reader.positions().get(place, 0) < end for place, end in ends.items()):
            service.step(0.05)  # its own answers come back to it and cost it time
        seconds = time.perf_counter() - started_s
        cpu_seconds = time.process_time() - started_cpu_s
    reader.close()
    facts_each = (machine.facts_count - before) / ORDERS
    return ORDERS / seconds, ORDERS / cpu_seconds, facts_each


def some_values(clients: Clients) -> list[bytes]:
    """Return the values of all the records on the topics of orders and their answers."""
    reader = clients.reader("replayer", ANSWERED_ON)
    values: list[bytes] = []
    ends = reader.end_offsets()
    while any(reader.positions()[place] < end for place, end in ends.items()):
        values += [record.value for record in reader.poll(1.0)]
    reader.close()
    return values


def measure_raw(clients: Clients, values: Sequence[bytes], facts_each: float) -> float:
    """Return records a second that are consumed and followed by `facts_each` produced ones."""
    connection = clients.broker.connection("trading-engine")
    topic = clients.namespace.topic("orders")
    producer = Producer(
        {
            **connection.client_config(),
            "enable.idempotence": True,
            "acks": "all",
            "compression.type": "lz4",
            "linger.ms": 5,
            "queue.buffering.max.messages": 1_000_000,
        }
    )
    for number in range(ORDERS):
        producer.produce(topic, values[number % len(values)], b"k", 0)
    producer.flush()
    consumer = Consumer(
        {
            **connection.client_config(),
            "group.id": clients.namespace.group("trading-engine"),
            "fetch.queue.backoff.ms": 2,
            "enable.auto.commit": False,
        }
    )
    consumer.assign([TopicPartition(topic, 0, OFFSET_BEGINNING)])
    seen = written = 0
    started_s = time.perf_counter()
    while seen < ORDERS:
        seen += len(consumer.consume(min(5_000, ORDERS - seen), 0.05))
        while written < seen * facts_each:
            producer.produce(topic, values[written % len(values)], b"k", 1)
            written += 1
        producer.flush()
    seconds = time.perf_counter() - started_s
    consumer.close()
    return ORDERS / seconds


def run() -> list[Row]:
    """Measure and return the rows."""
    with environment() as around:
        clients = fresh_clients(around)
        ours, of_processor, facts_each = measure_service(clients)
        raw = measure_raw(fresh_clients(around), some_values(clients), facts_each)
    return [
        Row(
            what=f"exchange service through the log, {facts_each:.1f} facts an order",
            ours=ours,
            raw=raw,
            unit="orders/s",
            raw_what="bare consume and produce",
            aim="10,000 orders/s",
        ),
        Row(
            what="the same by its processor time, client library included",
            ours=of_processor,
            raw=None,
            unit="orders/s of one core",
            aim="10,000 orders/s",
        ),
    ]


if __name__ == "__main__":
    for row in run():
        beside = f"; {row.raw_what} {row.raw:,.0f}" if row.raw else ""
        print(f"{row.what}: {row.ours:,.0f} {row.unit}{beside}; aim {row.aim}")
