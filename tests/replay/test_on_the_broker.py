"""Replay on a real broker, with the replayer's own credentials and real transactions."""

from collections.abc import Iterator, Mapping, Sequence

import msgspec
import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient

from ecosystem.events.alerts import RiskAlertRaised
from ecosystem.events.envelope import Event
from ecosystem.events.words import EventId
from ecosystem.ids import derive_id
from eventlog.access.prepare import drop_namespace, prepare_namespace
from eventlog.catalogue.namespace import Namespace
from eventlog.clients import Broker as KafkaBroker
from eventlog.clients import Clients
from eventlog.kafka_log import KafkaAppender, KafkaReader, end_offsets
from eventlog.log import LogAppender, LogReader, TransactionalAppender
from eventlog.raw import read_ranges
from eventlog.records import Partition, Positions, RawRecord
from replay.errors import HistoryCutError, UnfinishedRunError, UnknownRunError
from replay.rederive import Outcome, rederive
from tests.brokers import Broker
from tests.replay.runs import CATALOGUE, CODEC, CRASH, EVENTS, RUN_TOPICS, RunOnLog, written

pytestmark = pytest.mark.infra


def clients_of(broker: Broker, namespace: str) -> Clients:
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


@pytest.fixture
def log(broker: Broker, namespace: str) -> Iterator[OnBroker]:
    on_broker = OnBroker(broker, namespace)
    yield on_broker
    on_broker.close()


def test_a_run_is_identical_until_somebody_changes_what_was_said(log: OnBroker) -> None:
    run = written(log)
    outcome = log.replayed()
    assert outcome.identical, outcome
    assert (outcome.verdict, outcome.slices_count) == ("PASS", len(CRASH))
    assert outcome.compared["audit-timelines"] > 0

    report = log.events("audit-reports")[0]
    run.append([msgspec.structs.replace(report, verdict="MISSED")])
    run.flush()
    changed = log.replayed().difference
    assert changed is not None
    assert (changed.topic, changed.field) == ("audit-reports", "verdict")


def test_an_alert_too_many_is_found_among_transactions(log: OnBroker) -> None:
    run = RunOnLog(log)
    run.open()
    run.fill()
    run.watch()
    alert = next(e for e in log.events("risk-alerts") if isinstance(e, RiskAlertRaised))
    invented = EventId(derive_id(alert.event_id, "test/invented"))
    run.append([msgspec.structs.replace(alert, event_id=invented)])
    run.flush()
    run.complete()
    run.audit()
    found = log.replayed().difference
    assert found is not None
    assert (found.finding, found.event_id) == ("EXTRA", invented.hex())


def test_runs_that_cannot_be_replayed_are_refused_by_name(log: OnBroker, broker: Broker) -> None:
    with pytest.raises(UnknownRunError, match="run r1: the log has no run of this name"):
        log.replayed()
    with pytest.raises(UnknownRunError, match="run nowhere: the log has no run of this name"):
        rederive(clients_of(broker, "nowhere"), "nowhere", lambda progress: None)
    run = RunOnLog(log)
    run.open()
    run.flush()
    with pytest.raises(UnfinishedRunError, match="its end is not on the log"):
        log.replayed()


def test_a_history_that_was_cut_on_the_broker_is_not_called_full(log: OnBroker) -> None:
    written(log)
    admin = AdminClient(log.admin.client_config())
    place = next(place for place, end in log.ends().items() if place[0] == "prices" and end > 5)
    cut = TopicPartition(log.namespace.topic(place[0]), place[1], 4)
    for done in admin.delete_records([cut]).values():
        done.result()
    with pytest.raises(HistoryCutError, match="offset 0 is needed, 4 is the first that is left"):
        log.replayed()
