"""Readers and appenders for the principals of one namespace, from one place."""

from collections.abc import Iterable, Sequence

import msgspec

from ecosystem.events.envelope import Event
from eventlog.catalogue.model import Catalogue
from eventlog.catalogue.namespace import Namespace
from eventlog.codec import Codec
from eventlog.connection import Connection
from eventlog.kafka_appender import KafkaAppender
from eventlog.kafka_offsets import committed_offsets, end_offsets, start_offsets
from eventlog.kafka_reader import KafkaReader
from eventlog.records import Partition, Positions
from eventlog.routes import Routes, TopicRoute
from eventlog.secret_store import SecretStore


def routes_of(catalogue: Catalogue, events: Iterable[type[Event]]) -> Routes:
    """Return the routes of every event type that the catalogue's topics carry."""
    return Routes(
        [
            TopicRoute(
                topic=topic.name, key=topic.key, partitions=topic.partitions, events=topic.events
            )
            for topic in catalogue.topics.values()
            if topic.internal is None
        ],
        events,
    )


class Broker(msgspec.Struct, frozen=True, kw_only=True):
    """Where the broker is and where its principals' passwords lie."""

    bootstrap_servers: str
    secrets: SecretStore

    def connection(self, principal: str) -> Connection:
        """Return how `principal` reaches the broker.

        Raises:
            SecretError: it has no password there.
        """
        return Connection(
            bootstrap_servers=self.bootstrap_servers,
            principal=principal,
            password=self.secrets.get(f"kafka/{principal}"),
        )


class Clients:
    """Opens clients of one namespace, each under the principal it is asked for."""

    def __init__(
        self,
        broker: Broker,
        namespace: Namespace,
        catalogue: Catalogue,
        events: Sequence[type[Event]],
    ) -> None:
        self.broker = broker
        self.namespace = namespace
        self.catalogue = catalogue
        self.routes = routes_of(catalogue, events)
        self.codec = Codec(events)

    def appender(
        self, principal: str, *, transactional: bool = False, linger_ms: int = 5
    ) -> KafkaAppender:
        """Return an appender under `principal`; transactional under its id where asked."""
        transactional_id = self.catalogue.principal(principal).transactional_id
        return KafkaAppender(
            self.broker.connection(principal),
            self.namespace,
            self.routes,
            self.codec,
            transactional_id=transactional_id if transactional else None,
            linger_ms=linger_ms,
        )

    def reader(
        self,
        principal: str,
        topics: Sequence[str],
        *,
        group: str | None = None,
        from_beginning: bool = False,
    ) -> KafkaReader:
        """Return a reader of `topics` under `principal`, in a group where one is named."""
        return KafkaReader(
            self.broker.connection(principal),
            self.namespace,
            topics,
            group=group,
            from_beginning=from_beginning,
        )

    def partitions(self, topics: Iterable[str]) -> list[Partition]:
        """Return every partition of the topics, as the catalogue declares them."""
        return [
            (name, number)
            for name in topics
            for number in range(self.catalogue.topic(name).partitions)
        ]

    def run_topics(self) -> list[str]:
        """Return the topics whose records make up a run: all but the auditor's own."""
        auditor = {"audit-timelines", "audit-reports"}
        return [
            topic.name
            for topic in self.catalogue.topics.values()
            if topic.internal is None and topic.name not in auditor
        ]

    def ends(self, principal: str, topics: Iterable[str]) -> Positions:
        """Return the end of every partition of `topics`, asked under `principal`."""
        return end_offsets(
            self.broker.connection(principal), self.namespace, self.partitions(topics)
        )

    def starts(self, principal: str, topics: Iterable[str]) -> Positions:
        """Return the first offset that is left of every partition, asked under `principal`."""
        return start_offsets(
            self.broker.connection(principal), self.namespace, self.partitions(topics)
        )

    def committed(self, principal: str, group: str, topics: Iterable[str]) -> Positions:
        """Return what `principal`'s group has committed on `topics`; 0 where nothing yet."""
        return committed_offsets(
            self.broker.connection(principal), self.namespace, group, self.partitions(topics)
        )
