"""Audit join: tap and Faust job end to end, beside a Faust agent that does nothing per record."""

import struct
import subprocess
import sys
import time
from typing import Final

from benchmarks.broker import environment, fresh_clients
from benchmarks.row import Row
from ecosystem.ids import RootIds, derive_id
from eventlog.clients import Clients
from eventlog.kafka_appender import KafkaAppender
from streams.audit_correlator.settings import AuditContext, AuditSettings
from streams.audit_correlator.tap import Tap
from tse.running.environment import ROOT, Environment

EVENTS_COUNT: Final = 1_000_000
NOTHING_COUNT: Final = 60_000
"""Records for the agent that does nothing: enough for a steady figure."""
TREE_EVENTS: Final = 8
TOPICS: Final = ("prices", "orders", "fills", "balances")
TYPES: Final = ("PriceTicked", "OrderSubmitted", "OrderFilled", "BalanceChanged")
TIME: Final = bytes([0x80, 0xC0, 0xE2, 0xF7, 0xB3, 0xFC, 0xA3, 0x06])
"""Some moment of 2026 as an Avro long."""
BODY: Final = bytes(115)


def feed(clients: Clients, count: int) -> None:
    """Append `count` records of 176 bytes in causal trees of eight, over four topics."""
    ids = RootIds(b"benchmark", "feed")
    schema_ids = {name: number for number, name in clients.codec.event_types.items()}
    frames = [struct.pack(">bI", 0, schema_ids[name]) for name in TYPES]
    admin = clients.broker.connection("admin")
    appender = KafkaAppender(admin, clients.namespace, clients.routes, clients.codec)
    correlation_id = causation_id = ids.root("tree", 0)
    for number in range(count):
        if number % TREE_EVENTS:
            event_id = derive_id(causation_id, "benchmark")
        else:
            event_id = correlation_id = causation_id = ids.root("tree", number)
        value = frames[number % 4] + event_id + correlation_id + causation_id + TIME + BODY
        appender.append_raw(TOPICS[number % 4], number // 4 % 4, b"", value)
        causation_id = event_id
    appender.flush()


def settings_of(around: Environment, clients: Clients, principal: str) -> AuditSettings:
    """Return the settings of a correlator in the benchmark's namespace."""
    return AuditSettings(
        bootstrap_servers=around.broker.bootstrap_servers,
        password_file=around.broker.secrets.path(f"kafka/{principal}"),
        namespace=clients.namespace.name,
        topics_file=around.topics_file,
        data_dir=around.home / "faust" / principal,
    )


class Worker:
    """A Faust worker in a process of its own; it says when it is ready and when it is done."""

    def __init__(self, kind: str, settings: AuditSettings, count: int) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.audit_workers", kind, str(count)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdin is not None
        self._process.stdin.write(settings.model_dump_json() + "\n")
        self._process.stdin.flush()

    def wait_for(self, word: str) -> float:
        """Return the wall time at which the worker said `word`.

        Raises:
            RuntimeError: it ended without saying so.
        """
        assert self._process.stdout is not None
        for line in self._process.stdout:
            said, _, at_s = line.partition(" ")
            if said == word:
                return float(at_s)
        raise RuntimeError(f"the worker ended with {self._process.wait()} before it was {word}")

    def close(self) -> None:
        """Kill the worker; nothing of it is needed any more."""
        self._process.kill()
        self._process.wait()


def measure_join(around: Environment, count: int) -> tuple[float, float]:
    """Return events a second through tap and job, and through the tap while both run."""
    clients = fresh_clients(around)
    feed(clients, count)
    settings = settings_of(around, clients, "audit-correlator")
    worker = Worker("join", settings, count)
    worker.wait_for("ready")
    tap = Tap(AuditContext(settings))
    started_s, seen = time.time(), 0
    while seen < count:
        seen += tap.step()
    tap.finish()
    tapped_s = time.time() - started_s
    joined_s = worker.wait_for("done") - started_s
    tap.close()
    worker.close()
    return count / joined_s, count / tapped_s


def measure_nothing(around: Environment, count: int) -> float:
    """Return records a second through a Faust agent that does nothing with each."""
    clients = fresh_clients(around)
    feed(clients, count)
    worker = Worker("nothing", settings_of(around, clients, "admin"), count)
    first_s = worker.wait_for("first")
    seconds = worker.wait_for("done") - first_s
    worker.close()
    return count / seconds


def run(count: int = EVENTS_COUNT) -> list[Row]:
    """Measure and return the rows."""
    with environment() as around:
        nothing = measure_nothing(around, min(count, NOTHING_COUNT))
        joined, tapped = measure_join(around, count)
    raw_what = "Faust agent, nothing per record"
    return [
        Row(
            what="audit join, tap and Faust job end to end",
            ours=joined,
            raw=nothing,
            unit="events/s",
            raw_what=raw_what,
            aim="200 000",
        ),
        Row(
            what="audit tap, beside the job",
            ours=tapped,
            raw=nothing,
            unit="events/s",
            raw_what=raw_what,
        ),
    ]


def main() -> None:
    """Measure and print."""
    for row in run():
        print(f"{row.what}: {row.ours:,.0f} {row.unit}, {row.raw_what}: {row.raw:,.0f}")


if __name__ == "__main__":
    main()
