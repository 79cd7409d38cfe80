"""Market data: ticks a second of the machine alone, and through Avro onto the log."""

import time

from benchmarks.broker import environment, fresh_clients
from benchmarks.row import Row
from benchmarks.world_append import measure_raw, some_values
from ecosystem.events.prices import PriceTicked
from ecosystem.market_data.machine import MarketData
from ecosystem.run import WORLD_STARTS_AT_US
from eventlog.clients import Clients

STEPS = 15_000
WARM_UP_STEPS = 3_000
_KEY = b"benchmark".ljust(32)


def measure_machine(steps: int) -> float:
    """Return ticks a second of the machine alone; its bars and books are not counted."""
    feed = MarketData(_KEY, 1, WORLD_STARTS_AT_US)
    ticks = 0
    started_s = time.perf_counter()
    for _ in range(steps):
        ticks += sum(type(event) is PriceTicked for event in feed.wake(feed.due_us()))
    return ticks / (time.perf_counter() - started_s)


def measure_log(clients: Clients, steps: int) -> float:
    """Return ticks a second that one core decides, encodes and appends, acknowledged."""
    feed = MarketData(_KEY, 1, WORLD_STARTS_AT_US)
    appender = clients.appender("market-data")
    ticks = 0
    started_s = time.perf_counter()
    for _ in range(steps):
        for event in feed.wake(feed.due_us()):
            appender.append(event)
            ticks += type(event) is PriceTicked
    appender.flush()
    return ticks / (time.perf_counter() - started_s)


def run() -> list[Row]:
    """Measure and return the rows."""
    alone = measure_machine(STEPS)
    with environment() as around:
        measure_log(fresh_clients(around), WARM_UP_STEPS)  # a cold broker compiles itself first
        clients = fresh_clients(around)
        appended = measure_log(clients, STEPS)
        raw = measure_raw(fresh_clients(around), some_values(clients, 7 * STEPS))
    return [
        Row(what="market data, machine alone", ours=alone, raw=None, unit="ticks/s"),
        Row(
            what="market data onto the log, bars and books beside the ticks",
            ours=appended,
            raw=raw,
            unit="ticks/s",
            raw_what="librdkafka produce loop",
            aim="10 000",
        ),
    ]
