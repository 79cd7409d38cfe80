"""Where an event goes: topic, key and partition, from the catalogue's events per topic."""

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from ecosystem.events.envelope import Event
from eventlog.errors import CatalogueError
from eventlog.murmur2 import partition_of

KEY_FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    "instrument": ("instrument",),
    "account": ("account",),
    "settlement": ("settlement_id", "transfer_id", "custodian"),
    "venue": ("venue",),
    "strategy": ("strategy",),
    "run": ("run_id",),
    "origin": ("origin_topic",),
    "alert subject": ("subject", "breaker", "monitor"),
    "one partition": (),
}
"""For each kind of key in topics.yaml the fields that may hold it; the first present one does."""


class TopicRoute(msgspec.Struct, frozen=True, kw_only=True):
    """A topic as writers see it."""

    topic: str
    key: str
    partitions: int
    events: tuple[str, ...]


class Routes:
    """Finds topic, key and partition of an event; the partition is Kafka's murmur2 of the key.

    Raises:
        CatalogueError: an event type has no field for the key of its topic.
    """

    def __init__(self, topics: Iterable[TopicRoute], events: Iterable[type[Event]]) -> None:
        self.topics = {route.topic: route for route in topics}
        by_name = {name: route for route in self.topics.values() for name in route.events}
        self._routes: dict[type[Event], tuple[TopicRoute, str | None]] = {}
        self._partitions: dict[tuple[str, bytes], int] = {}
        for event_type in events:
            if (route := by_name.get(event_type.__name__)) is not None:
                self._routes[event_type] = (route, _key_field(event_type, route))

    def topic(self, event_type: type[Event]) -> str:
        """Return the logical topic of an event type.

        Raises:
            CatalogueError: no topic carries it.
        """
        try:
            return self._routes[event_type][0].topic
        except KeyError:
            raise CatalogueError(f"{event_type.__name__}: no topic of ours carries it") from None

    def place(self, event: Event) -> tuple[str, bytes, int]:
        """Return logical topic, key and partition of `event`.

        Raises:
            CatalogueError: no topic carries its type.
        """
        try:
            route, field = self._routes[type(event)]
        except KeyError:
            raise CatalogueError(f"{type(event).__name__}: no topic of ours carries it") from None
        if field is None:
            return route.topic, b"", 0
        value = getattr(event, field)
        key = value if isinstance(value, bytes) else value.encode()
        if route.partitions == 1:
            return route.topic, key, 0
        if route.key == "settlement":  # a key for each record: remembering them would not end
            return route.topic, key, partition_of(key, route.partitions)
        place = (route.topic, key)
        partition = self._partitions.get(place)
        if partition is None:
            partition = self._partitions[place] = partition_of(key, route.partitions)
        return route.topic, key, partition


def _key_field(event_type: type[Event], route: TopicRoute) -> str | None:
    if route.key not in KEY_FIELDS:
        raise CatalogueError(
            f"topic {route.topic}: key {route.key!r} found; {', '.join(KEY_FIELDS)} are allowed"
        )
    candidates = KEY_FIELDS[route.key]
    names = {field.name for field in msgspec.structs.fields(event_type)}
    for candidate in candidates:
        if candidate in names:
            return candidate
    if candidates:
        raise CatalogueError(
            f"{event_type.__name__}: topic {route.topic} is keyed by {route.key},"
            f" but none of its fields is {' or '.join(candidates)}"
        )
    return None
