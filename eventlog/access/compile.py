"""The compiler from the catalogue's intent to topics, users and access control lists."""

from collections.abc import Iterable

from eventlog.access.state import (
    Binding,
    DesiredState,
    Operation,
    Pattern,
    Resource,
    TopicState,
)
from eventlog.catalogue.model import Catalogue
from eventlog.catalogue.namespace import Namespace


def compile_access(catalogue: Catalogue, namespace: Namespace) -> DesiredState:
    """Return what the cluster must hold for `catalogue` in `namespace`.

    READ and WRITE imply DESCRIBE in Kafka and in Redpanda, so DESCRIBE is granted only where it
    stands alone. Nothing is granted on the cluster: an idempotent producer needs no more than
    WRITE on some topic since Kafka 2.8.
    """
    return DesiredState(
        namespace=namespace,
        topics={
            namespace.topic(topic.name): TopicState(
                partitions=topic.partitions,
                replication=topic.replication,
                config=dict(topic.config),
            )
            for topic in catalogue.topics.values()
        },
        bindings=frozenset(
            binding
            for principal in catalogue.principals
            for binding in _bindings(catalogue, principal, namespace)
        ),
        users=frozenset(catalogue.principals),
    )


def _bindings(catalogue: Catalogue, principal: str, namespace: Namespace) -> Iterable[Binding]:
    who = catalogue.principal(principal)
    readable, writable = catalogue.readable(principal), catalogue.writable(principal)
    described = [name for name in who.describes if name not in readable and name not in writable]
    identifiers = () if who.transactional_id is None else (who.transactional_id,)
    for resource, operation, names in (
        (Resource.TOPIC, Operation.READ, readable),
        (Resource.TOPIC, Operation.WRITE, writable),
        (Resource.TOPIC, Operation.DESCRIBE, described),
        (Resource.GROUP, Operation.READ, catalogue.groups(principal)),
        (Resource.TRANSACTIONAL_ID, Operation.WRITE, identifiers),
    ):
        for name in names:
            yield Binding(
                principal=f"User:{principal}",
                resource=resource,
                name=namespace.topic(name),
                operation=operation,
            )
    for prefix in who.prefixes:
        yield Binding(
            principal=f"User:{principal}",
            resource=Resource.TOPIC,
            name=namespace.topic(prefix),
            operation=Operation.READ,
            pattern=Pattern.PREFIXED,
        )
