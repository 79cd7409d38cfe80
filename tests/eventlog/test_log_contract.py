"""One contract, two logs: what every `LogReader` and `LogAppender` must do."""

import time
from collections.abc import Callable, Iterator
from typing import Protocol

import pytest
from confluent_kafka.admin import AdminClient, NewTopic

from ecosystem.events.clock import ClockAdvanced
from ecosystem.events.prices import PriceTicked
from eventlog.catalogue.namespace import Namespace
from eventlog.codec import Codec
from eventlog.errors import AccessDeniedError, AppendError, EventLogError
from eventlog.kafka_appender import KafkaAppender
from eventlog.kafka_offsets import end_offsets
from eventlog.kafka_reader import KafkaReader
from eventlog.log import LogAppender, LogReader, TransactionalAppender
from eventlog.memory_log import MemoryLog
from eventlog.records import Positions, RawRecord
from eventlog.routes import Routes, TopicRoute
from tests.events import clock, tick

EVENTS = (PriceTicked, ClockAdvanced)
ROUTES = Routes(
    [
        TopicRoute(topic="prices", key="instrument", partitions=4, events=("PriceTicked",)),
        TopicRoute(topic="clock", key="one partition", partitions=1, events=("ClockAdvanced",)),
    ],
    EVENTS,
)
CODEC = Codec(EVENTS)


class Log(Protocol):
    """A log under test."""

    def reader(self, *topics: str, group: str | None = None) -> LogReader: ...
    def appender(self) -> LogAppender: ...
    def transactional(self) -> TransactionalAppender: ...


class InMemory:
    def __init__(self) -> None:
        self.log = MemoryLog(ROUTES, CODEC, lambda: 0)

    def reader(self, *topics: str, group: str | None = None) -> LogReader:
        return self.log.reader(topics, group)

    def appender(self) -> LogAppender:
        return self.log.appender()

    def transactional(self) -> TransactionalAppender:
        return self.log.appender()


class OnBroker:
    def __init__(self, admin: object, namespace: str) -> None:
        self.connection = admin
        self.namespace = Namespace(namespace)
        self.closers: list[Callable[[], None]] = []

    def reader(self, *topics: str, group: str | None = None) -> KafkaReader:
        reader = KafkaReader(self.connection, self.namespace, topics, group=group)  # type: ignore[arg-type] # the fixture's Connection
        self.closers.append(reader.close)
        return reader

    def appender(self) -> KafkaAppender:
        return KafkaAppender(self.connection, self.namespace, ROUTES, CODEC)  # type: ignore[arg-type] # the fixture's Connection

    def transactional(self) -> KafkaAppender:
        return KafkaAppender(
            self.connection,  # type: ignore[arg-type] # the fixture's Connection
            self.namespace,
            ROUTES,
            CODEC,
            transactional_id="contract",
        )


@pytest.fixture(params=["memory", pytest.param("kafka", marks=pytest.mark.infra)])
def log(request: pytest.FixtureRequest) -> Iterator[Log]:
    if request.param == "memory":
        yield InMemory()
        return
    broker, namespace = request.getfixturevalue("broker"), request.getfixturevalue("namespace")
    admin = AdminClient(broker.admin.client_config())
    topics = [NewTopic(f"{namespace}.{r.topic}", r.partitions, 1) for r in ROUTES.topics.values()]
    for created in admin.create_topics(topics).values():
        created.result()
    on_broker = OnBroker(broker.admin, namespace)
    yield on_broker
    for close in on_broker.closers:
        close()
    for deleted in admin.delete_topics([topic.topic for topic in topics]).values():
        deleted.result()


def read(reader: LogReader, count: int, bound_s: float = 20.0) -> list[RawRecord]:
    """Read until `count` records have come, and then whatever is there still."""
    deadline = time.monotonic() + bound_s
    records: list[RawRecord] = []
    while len(records) < count and time.monotonic() < deadline:
        records += reader.poll(0.1)
    return records + reader.poll(0.05)


def reach(reader: LogReader, ends: Positions, bound_s: float = 20.0) -> list[RawRecord]:
    """Read until the positions have reached `ends`."""
    deadline = time.monotonic() + bound_s
    records: list[RawRecord] = []
    while any(reader.positions().get(place, 0) < end for place, end in ends.items()):
        assert time.monotonic() < deadline, (reader.positions(), ends)
        records += reader.poll(0.1)
    return records


def test_what_was_appended_is_read_once_and_in_order_per_key(log: Log) -> None:
    appender = log.appender()
    events = [tick(n, instrument) for n in range(50) for instrument in ("BTC-USD", "ETH-USD")]
    places = [appender.append(event) for event in events]
    appender.flush()
    records, undecodable = CODEC.decode_batch(read(log.reader("prices"), len(events)))
    assert undecodable == []
    assert len(records) == len(events)
    for instrument in ("BTC-USD", "ETH-USD"):
        got = [r.event for r in records if r.event.instrument == instrument]  # type: ignore[attr-defined] # all are ticks
        assert got == [event for event in events if event.instrument == instrument]
    assert {(r.topic, r.partition) for r in records} == set(places)


def test_offsets_count_from_zero_without_gaps(log: Log) -> None:
    appender = log.appender()
    for number in range(20):
        appender.append(clock(number))
    appender.flush()
    assert [r.offset for r in read(log.reader("clock"), 20)] == list(range(20))


def test_positions_reach_the_end_offsets_also_behind_transactions(log: Log) -> None:
    appender = log.transactional()
    appender.commit([tick(0), clock(0)])
    appender.commit([clock(1)])
    reader = log.reader("prices", "clock")
    ends = reader.end_offsets()
    assert len(reach(reader, ends)) == 3
    assert all(reader.positions()[place] >= end for place, end in ends.items())


def test_the_lag_is_what_was_not_handed_out_yet(log: Log) -> None:
    appender = log.transactional()
    appender.commit([*(tick(n) for n in range(5)), *(clock(n) for n in range(5))])
    reader = log.reader("prices", "clock")
    deadline, handed_out, lags = time.monotonic() + 20.0, 0, [reader.lag_records()]
    while lags[-1] != 0:
        assert time.monotonic() < deadline, lags
        handed_out += len(reader.poll(0.1, 1))
        lags.append(lag := reader.lag_records())
        # On a broker each partition ends with the transaction's marker, which has an offset too.
        assert lag is None or 10 - handed_out <= lag <= 12 - handed_out
    assert handed_out == 10
    assert len([lag for lag in lags if lag]) >= 5


def test_a_partition_that_is_held_hands_out_nothing_until_it_is_let_go(log: Log) -> None:
    appender = log.transactional()
    appender.commit([*(tick(n) for n in range(5)), clock(0)])
    reader = log.reader("prices", "clock")
    places = [place for place in reader.end_offsets() if place[0] == "prices"]
    first = read(reader, 6)
    reader.hold(places)
    appender.commit([*(tick(n) for n in range(5, 9)), clock(1)])
    assert {record.topic for record in read(reader, 1)} == {"clock"}
    assert reader.poll(0.2) == []
    reader.hold([])
    later = read(reader, 4)
    offsets = sorted(record.offset for record in (*first, *later) if record.topic == "prices")
    assert len(offsets) == len(set(offsets)) == 9


def test_a_transaction_that_fails_shows_nothing(log: Log) -> None:
    appender = log.transactional()
    with pytest.raises(EventLogError):
        appender.commit([clock(0), object()])  # type: ignore[list-item] # what no topic carries
    appender.commit([clock(1)])
    records, _ = CODEC.decode_batch(read(log.reader("clock"), 1))
    assert [record.event for record in records] == [clock(1)]


def test_a_group_goes_on_where_its_last_transaction_ended(log: Log) -> None:
    source = log.appender()
    for number in range(10):
        source.append(clock(number))
    source.flush()
    reader = log.reader("clock", group="g")
    assert len(read(reader, 10)) == 10
    log.transactional().commit([tick(0)], reader)
    reader.close()
    source.append(clock(10))
    source.flush()
    records, _ = CODEC.decode_batch(read(log.reader("clock", group="g"), 1))
    assert [record.event for record in records] == [clock(10)]


def test_a_reader_continues_where_it_is_told(log: Log) -> None:
    appender = log.appender()
    for number in range(10):
        appender.append(clock(number))
    appender.flush()
    reader = log.reader("clock")
    assert len(read(reader, 10)) == 10
    reader.seek({("clock", 0): 7})
    assert [record.offset for record in read(reader, 3)] == [7, 8, 9]


@pytest.mark.infra
def test_end_offsets_are_known_without_reading(log: Log) -> None:
    appender = log.appender()
    for number in range(3):
        appender.append(clock(number))
    appender.flush()
    if isinstance(log, OnBroker):
        ends = end_offsets(log.connection, log.namespace, [("clock", 0), ("prices", 2)])  # type: ignore[arg-type] # the fixture's Connection
    else:
        ends = log.reader("clock", "prices").end_offsets()
    assert (ends["clock", 0], ends["prices", 2]) == (3, 0)


@pytest.mark.infra
def test_a_topic_that_the_broker_hides_is_named_at_once(broker: object, namespace: str) -> None:
    with pytest.raises(AccessDeniedError, match="nowhere"):
        KafkaReader(broker.admin, Namespace(namespace), ["nowhere"])  # type: ignore[attr-defined] # tests.brokers.Broker


@pytest.mark.infra
def test_a_second_process_with_the_same_transactional_id_fences_the_first(
    broker: object, namespace: str
) -> None:
    admin = AdminClient(broker.admin.client_config())  # type: ignore[attr-defined] # tests.brokers.Broker
    for created in admin.create_topics([NewTopic(f"{namespace}.clock", 1, 1)]).values():
        created.result()
    on_broker = OnBroker(broker.admin, namespace)  # type: ignore[attr-defined] # tests.brokers.Broker
    first = on_broker.transactional()
    first.commit([clock(0)])
    second = on_broker.transactional()
    second.commit([clock(1)])
    with pytest.raises((AppendError, EventLogError)):
        first.commit([clock(2)])
    records, _ = CODEC.decode_batch(read(on_broker.reader("clock"), 2))
    assert [record.event for record in records] == [clock(0), clock(1)]
    for close in on_broker.closers:
        close()
