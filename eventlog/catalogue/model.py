"""The catalogue as the rest of the code sees it: checked, resolved, and immutable."""

from collections.abc import Iterable, Mapping
from enum import StrEnum

import msgspec

from eventlog.errors import CatalogueError


class Plane(StrEnum):
    """Who could see a topic in a real firm."""

    PRODUCTION = "production"
    CONTROL = "control"


class Topic(msgspec.Struct, frozen=True, kw_only=True):
    """One topic; its name is logical."""

    name: str
    plane: Plane
    key: str
    why: str
    partitions: int
    replication: int
    config: Mapping[str, str]
    """Kafka's topic configuration, every value written as Kafka writes it."""
    events: tuple[str, ...] = ()
    steward: str | None = None
    """The principal that puts records of this topic nobody can decode into the dead letters."""
    internal: str | None = None
    """The principal whose stream application alone uses the topic; such a topic has no events."""


class Principal(msgspec.Struct, frozen=True, kw_only=True):
    """One identity on the broker; words like `production` are resolved to topics."""

    name: str
    restricted: bool = False
    produces: tuple[str, ...] = ()
    consumes: tuple[str, ...] = ()
    prefixes: tuple[str, ...] = ()
    """Prefixes of topic names it may read, topics declared later included."""
    rebuilds_from: tuple[str, ...] = ()
    describes: tuple[str, ...] = ()
    group: str | None = None
    stream_app: str | None = None
    transactional_id: str | None = None


class Catalogue(msgspec.Struct, frozen=True, kw_only=True):
    """Every topic and every principal, by logical name, in the order of the file."""

    topics: Mapping[str, Topic]
    principals: Mapping[str, Principal]

    def topic(self, name: str) -> Topic:
        """Return a topic.

        Raises:
            CatalogueError: there is none of this name.
        """
        if name not in self.topics:
            raise _unknown("topic", name, self.topics)
        return self.topics[name]

    def principal(self, name: str) -> Principal:
        """Return a principal.

        Raises:
            CatalogueError: there is none of this name.
        """
        if name not in self.principals:
            raise _unknown("principal", name, self.principals)
        return self.principals[name]

    def topic_of(self, event: str) -> str:
        """Return the one topic that carries the event type.

        Raises:
            CatalogueError: no topic carries it.
        """
        for topic in self.topics.values():
            if event in topic.events:
                return topic.name
        events = [name for topic in self.topics.values() for name in topic.events]
        raise _unknown("event", event, events)

    def subscription(self, principal: str) -> tuple[str, ...]:
        """Return the topics a principal follows, in the order of the file; internal ones not."""
        who = self.principal(principal)
        return tuple(
            name
            for name, topic in self.topics.items()
            if topic.internal is None and (name in who.consumes or name.startswith(who.prefixes))
        )

    def internals(self, principal: str) -> tuple[str, ...]:
        """Return the internal topics of a principal's stream application."""
        self.principal(principal)
        return tuple(name for name, topic in self.topics.items() if topic.internal == principal)

    def readable(self, principal: str) -> tuple[str, ...]:
        """Return every topic a principal may read, in the order of the file."""
        who = self.principal(principal)
        allowed = {
            *self.subscription(principal),
            *who.rebuilds_from,
            *self.internals(principal),
        }
        return tuple(name for name in self.topics if name in allowed)

    def writable(self, principal: str) -> tuple[str, ...]:
        """Return every topic a principal may write, in the order of the file."""
        allowed = {*self.principal(principal).produces, *self.internals(principal)}
        return tuple(name for name in self.topics if name in allowed)

    def visible(self, principal: str) -> tuple[str, ...]:
        """Return every topic a principal may list and describe: to read or write implies it."""
        allowed = {
            *self.readable(principal),
            *self.writable(principal),
            *self.principal(principal).describes,
        }
        return tuple(name for name in self.topics if name in allowed)

    def groups(self, principal: str) -> tuple[str, ...]:
        """Return the consumer groups of a principal; a stream application is one."""
        who = self.principal(principal)
        return tuple(name for name in (who.group, who.stream_app) if name is not None)


def _unknown(kind: str, name: str, known: Iterable[str]) -> CatalogueError:
    return CatalogueError(f"{kind} {name!r}: unknown; {', '.join(known)} are allowed")


def warnings_of(catalogue: Catalogue) -> tuple[str, ...]:
    """Return what is allowed and yet deserves a second look, one sentence each."""
    found = [
        f"principal {who.name}: prefix {prefix + '*'!r} also grants topics that are declared later"
        for who in catalogue.principals.values()
        for prefix in who.prefixes
    ]
    for name, topic in catalogue.topics.items():
        if topic.internal is not None:
            continue
        if not any(name in catalogue.writable(who) for who in catalogue.principals):
            found.append(f"topic {name}: no principal produces it")
        if not any(name in catalogue.subscription(who) for who in catalogue.principals):
            found.append(f"topic {name}: no principal consumes it")
    return tuple(found)
