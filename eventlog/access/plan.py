"""The difference between what a cluster should hold and what it holds."""

import math
from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from eventlog.access.state import Binding, DesiredState, LiveState, TopicState

BROKER_DEFAULT: Final = None
"""The value of a configuration key that is to be taken off the topic."""
_BOUNDS: Final = ("retention.ms", "retention.bytes")


class ConfigChange(msgspec.Struct, frozen=True, kw_only=True):
    """One configuration key of one topic that differs; None is the broker's default."""

    topic: str
    key: str
    found: str | None
    wanted: str | None

    @property
    def destructive(self) -> bool:
        """Whether the broker would delete records that it keeps now."""
        if self.key == "cleanup.policy":
            return bool(_policies(self.wanted) - _policies(self.found))
        if self.key not in _BOUNDS:
            return False
        # What the broker's default is, it alone knows: to take it may cut anything, and to leave
        # it cuts nothing only where "for ever" takes its place.
        found = math.inf if self.found is None else _bound(self.found)
        wanted = -math.inf if self.wanted is None else _bound(self.wanted)
        return wanted < found

    def __str__(self) -> str:
        default = "the broker's default"
        return f"set {self.topic} {self.key}: {self.found or default} -> {self.wanted or default}"


class Growth(msgspec.Struct, frozen=True, kw_only=True):
    """A topic that gets more partitions; its keys move between them from then on."""

    topic: str
    found: int
    wanted: int

    def __str__(self) -> str:
        return (
            f"add partitions to {self.topic}: {self.found} -> {self.wanted}"
            " (keys move: order per key holds only among records written from then on)"
        )


class Changes(msgspec.Struct, frozen=True, kw_only=True):
    """What leads from the live state to the desired one, grouped by what it may cost."""

    create_topics: Mapping[str, TopicState] = {}
    grow_topics: tuple[Growth, ...] = ()
    alter_configs: tuple[ConfigChange, ...] = ()
    add_bindings: tuple[Binding, ...] = ()
    add_users: tuple[str, ...] = ()
    renew_users: tuple[str, ...] = ()
    """Users whose stored password the broker refuses; they get the stored one."""

    delete_topics: tuple[str, ...] = ()
    """Destructive: topics of the namespace that the catalogue does not declare."""
    remove_bindings: tuple[Binding, ...] = ()
    """Destructive: bindings nobody declared. They matter: one may open what should be shut."""
    cut_configs: tuple[ConfigChange, ...] = ()
    """Destructive: configuration under which the broker would delete records it keeps now."""

    unknown_topics: tuple[str, ...] = ()
    """Topics without a namespace that the catalogue does not declare. They may be anybody's, so
    they are reported, never deleted, and no drift of ours."""
    refused: tuple[str, ...] = ()
    """What cannot be had on a topic that exists: fewer partitions, another replication."""

    @property
    def harmless(self) -> int:
        """The number of steps that take nothing away."""
        return (
            len(self.create_topics)
            + len(self.grow_topics)
            + len(self.alter_configs)
            + len(self.add_bindings)
            + len(self.add_users)
            + len(self.renew_users)
        )

    @property
    def destructive(self) -> int:
        """The number of steps that take something away."""
        return len(self.delete_topics) + len(self.remove_bindings) + len(self.cut_configs)

    def __bool__(self) -> bool:
        """Return whether live and desired state differ."""
        return bool(self.harmless or self.destructive or self.refused)


def plan(desired: DesiredState, live: LiveState) -> Changes:
    """Return the steps from `live` to `desired`; falsy when there are none."""
    shared = sorted(desired.topics.keys() & live.topics.keys())
    pairs = [(name, desired.topics[name], live.topics[name]) for name in shared]
    undeclared = tuple(sorted(live.topics.keys() - desired.topics.keys()))
    configs = sorted(
        (change for pair in pairs for change in _config_changes(*pair)),
        key=lambda change: (change.topic, change.key),
    )
    return Changes(
        create_topics={
            name: topic for name, topic in desired.topics.items() if name not in live.topics
        },
        grow_topics=tuple(
            Growth(topic=name, found=found.partitions, wanted=wanted.partitions)
            for name, wanted, found in pairs
            if wanted.partitions > found.partitions
        ),
        alter_configs=tuple(change for change in configs if not change.destructive),
        add_bindings=tuple(sorted(desired.bindings - live.bindings)),
        add_users=tuple(sorted(desired.users - live.users)),
        renew_users=tuple(sorted(desired.users & live.users & live.refused_logins)),
        delete_topics=undeclared if desired.namespace.prefix else (),
        unknown_topics=() if desired.namespace.prefix else undeclared,
        remove_bindings=tuple(sorted(live.bindings - desired.bindings)),
        cut_configs=tuple(change for change in configs if change.destructive),
        refused=tuple(text for pair in pairs for text in _refusals(*pair)),
    )


def _config_changes(name: str, wanted: TopicState, found: TopicState) -> Iterable[ConfigChange]:
    for key in wanted.config.keys() | found.config.keys():
        now, then = found.config.get(key), wanted.config.get(key, BROKER_DEFAULT)
        if now != then:
            yield ConfigChange(topic=name, key=key, found=now, wanted=then)


def _refusals(name: str, wanted: TopicState, found: TopicState) -> Iterable[str]:
    if wanted.partitions < found.partitions:
        yield (
            f"topic {name}: {found.partitions} partitions found, {wanted.partitions} wanted;"
            " partitions cannot be taken away"
        )
    if wanted.replication != found.replication:
        yield (
            f"topic {name}: replication {found.replication} found, {wanted.replication} wanted;"
            " moving replicas is the operator's work"
        )


def _policies(value: str | None) -> set[str]:
    return set((value or "delete").split(","))  # Kafka's default, unless the broker changed it


def _bound(value: str) -> float:
    return math.inf if int(value) < 0 else int(value)
