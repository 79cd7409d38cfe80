"""A log on the broker for the tests of replay."""

from collections.abc import Iterator, Mapping, Sequence

from ecosystem.events.envelope import Event
from eventlog.access.prepare import drop_namespace, prepare_namespace
from eventlog.catalogue.namespace import Namespace
from eventlog.clients import Broker as KafkaBroker
from eventlog.clients import Clients
from eventlog.kafka_appender import KafkaAppender
from eventlog.kafka_offsets import end_offsets
from eventlog.kafka_reader import KafkaReader
from eventlog.log import LogAppender, LogReader, TransactionalAppender
from eventlog.raw import read_ranges
from eventlog.records import Partition, Positions, RawRecord
from replay.rederive import Outcome, rederive
from tests.brokers import Broker
from tests.replay.runs import CATALOGUE, CODEC, EVENTS, RUN_TOPICS


def clients_of(broker: Broker, namespace: str) -> Clients:
    """Return clients of a namespace, which need not be there."""
    given = KafkaBroker(bootstrap_servers=broker.bootstrap_servers, secrets=broker.secrets)
    return Clients(given, Namespace(namespace), CATALOGUE, EVENTS)


class OnBroker:
    """A namespace on the broker; the monitor is itself, everybody else is the superuser."""

    def __init__(self, broker: Broker, namespace: str) -> None:
        self.admin = broker.admin
        self.namespace = Namespace(namespace)
        prepare_namespace(broker.admin, CATALOGUE, self.namespace, broker.secrets)
        self.clients = clients_of(broker, namespace)
        self._readers: list[KafkaReader] = []

    def appender(self) -> LogAppender:
        return KafkaAppender(self.admin, self.namespace, self.clients.routes, CODEC)

    def transactional(self) -> TransactionalAppender:
        return self.clients.appender("risk-monitor", transactional=True, linger_ms=0)

    def reader(self, topics: Sequence[str]) -> LogReader:
        reader = self.clients.reader("risk-monitor", topics)
        self._readers.append(reader)
        return reader

    def ends(self) -> Positions:
        return end_offsets(self.admin, self.namespace, self.clients.partitions(RUN_TOPICS))

    def read(self, ranges: Mapping[Partition, tuple[int, int]]) -> Iterator[RawRecord]:
        return read_ranges(self.admin, self.namespace, ranges)

    def events(self, topic: str) -> list[Event]:
        places = self.clients.partitions([topic])
        ends = end_offsets(self.admin, self.namespace, places)
        records = self.read({place: (0, end) for place, end in ends.items()})
        return [CODEC.decode(record.value) for record in records]

    def replayed(self, run_id: str = "r1") -> Outcome:
        return rederive(self.clients, run_id, lambda progress: None)

    def close(self) -> None:
        for reader in self._readers:
            reader.close()
        drop_namespace(self.admin, self.namespace)
