"""What a cluster should hold for a catalogue, and what it does hold, in the same words."""

from collections.abc import Mapping
from enum import StrEnum

import msgspec

from eventlog.catalogue.namespace import Namespace


class Resource(StrEnum):
    """The kinds of things that the broker guards; the values are Kafka's own names."""

    TOPIC = "TOPIC"
    GROUP = "GROUP"
    TRANSACTIONAL_ID = "TRANSACTIONAL_ID"
    CLUSTER = "BROKER"
    """Kafka's CLUSTER, which librdkafka calls BROKER."""


class Operation(StrEnum):
    """What the catalogue grants; the values are Kafka's own names."""

    READ = "READ"
    WRITE = "WRITE"
    DESCRIBE = "DESCRIBE"


class Pattern(StrEnum):
    """How a binding names its resources; the values are Kafka's own names."""

    LITERAL = "LITERAL"
    PREFIXED = "PREFIXED"


class Binding(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """One row of the broker's access control list.

    Resource, pattern and operation are plain words: a live binding may hold ones we never grant.
    """

    principal: str
    resource: str
    name: str
    operation: str
    pattern: str = Pattern.LITERAL
    permission: str = "ALLOW"
    host: str = "*"

    def __str__(self) -> str:
        star = "*" if self.pattern == Pattern.PREFIXED else ""
        host = "" if self.host == "*" else f" from {self.host}"
        return (
            f"{self.permission} {self.principal} {self.operation}"
            f" on {self.resource} {self.name}{star}{host}"
        )


class TopicState(msgspec.Struct, frozen=True, kw_only=True):
    """A topic as it should be or is; `config` holds only what is set on the topic itself."""

    partitions: int
    replication: int
    config: Mapping[str, str]


class DesiredState(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the catalogue wants of the cluster in one namespace, by physical name."""

    namespace: Namespace
    topics: Mapping[str, TopicState]
    bindings: frozenset[Binding]
    users: frozenset[str]


class LiveState(msgspec.Struct, frozen=True, kw_only=True):
    """What the cluster holds that concerns one namespace, by physical name."""

    topics: Mapping[str, TopicState]
    bindings: frozenset[Binding]
    users: frozenset[str]
    refused_logins: frozenset[str] = frozenset()
    """Users whose stored password the broker refused, as far as that was tried."""


def concerns(desired: DesiredState, binding: Binding) -> bool:
    """Return whether a binding says something about what `desired` describes.

    A prefix or the wildcard that covers the namespace does, wherever it was made and for whom: a
    grant on every topic is a grant on ours. A binding on the cluster does where it is one of our
    principals that holds it.
    """
    namespace = desired.namespace
    ours = binding.principal == "User:*" or binding.principal.removeprefix("User:") in desired.users
    if binding.resource == Resource.CLUSTER:
        return ours
    if binding.name == "*":
        return True
    if binding.pattern == Pattern.PREFIXED:
        if not namespace.prefix:
            return "." not in binding.name
        return binding.name.startswith(namespace.prefix) or namespace.prefix.startswith(
            binding.name
        )
    if not namespace.owns(binding.name):
        return False
    # Without a prefix the names of strangers look like ours.
    return bool(namespace.prefix) or ours or binding.name in desired.topics
