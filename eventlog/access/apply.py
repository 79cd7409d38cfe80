"""Changes carried out on a cluster, and waited for until the cluster acts on them."""

from collections.abc import Collection, Mapping
from concurrent.futures import Future
from typing import Any, Final

from confluent_kafka import KafkaError, KafkaException, TopicCollection
from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewPartitions,
    NewTopic,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialAlteration,
    UserScramCredentialUpsertion,
)

from eventlog.access.cluster import REQUEST_TIMEOUT_S, Cluster, to_kafka
from eventlog.access.credentials import connection_for, secret_name
from eventlog.access.logins import logs_in
from eventlog.access.plan import Changes, ConfigChange
from eventlog.access.state import Binding
from eventlog.secret_store import SecretStore

SETTLE_TIMEOUT_S: Final = 30.0
SCRAM_ITERATIONS: Final = 4096
"""The least that RFC 7677 allows; the passwords are random, so more would only cost log-ins."""


def apply(
    cluster: Cluster,
    changes: Changes,
    secrets: SecretStore,
    *,
    allow_destructive: bool = False,
) -> None:
    """Carry out `changes` and return once the cluster acts on them.

    Destructive steps are left out unless allowed. To repeat an application is harmless.

    Raises:
        EventLogError: the cluster refused a step or did not settle in time.
    """
    taken = changes if allow_destructive else _without_destruction(changes)
    # Grants nobody declared go first: nothing new should come to life under them.
    remove_bindings(cluster, taken.remove_bindings)
    _finish(
        cluster,
        _create_topics(cluster, taken)
        | _grow_topics(cluster, taken)
        | _alter_configs(cluster, (*taken.alter_configs, *taken.cut_configs))
        | _add_bindings(cluster, taken)
        | _set_passwords(cluster, taken, secrets),
    )
    delete_topics(cluster, taken.delete_topics)
    _settle(cluster, taken, secrets)


def delete_topics(cluster: Cluster, names: Collection[str]) -> None:
    """Delete topics and return once they are gone; one that is gone already is no error."""
    if not names:
        return
    futures = cluster.client.delete_topics(list(names), request_timeout=REQUEST_TIMEOUT_S)
    _finish(
        cluster,
        {f"topic {name} cannot be deleted": future for name, future in futures.items()},
        harmless=KafkaError.UNKNOWN_TOPIC_OR_PART,
    )
    cluster.wait(
        lambda: not set(names) & cluster.list_topics().keys(), "topics are gone", SETTLE_TIMEOUT_S
    )


def remove_bindings(cluster: Cluster, bindings: Collection[Binding]) -> None:
    """Remove bindings and return once the authorizer has forgotten them."""
    if not bindings:
        return
    filters = [to_kafka(AclBindingFilter, binding) for binding in bindings]
    futures = cluster.client.delete_acls(filters, request_timeout=REQUEST_TIMEOUT_S)
    _finish(
        cluster,
        {f"binding {which} cannot be removed": future for which, future in futures.items()},
    )
    cluster.wait(
        lambda: not set(bindings) & cluster.bindings(),
        "the authorizer has forgotten the removed bindings",
        SETTLE_TIMEOUT_S,
    )


def _without_destruction(changes: Changes) -> Changes:
    return Changes(
        create_topics=changes.create_topics,
        grow_topics=changes.grow_topics,
        alter_configs=changes.alter_configs,
        add_bindings=changes.add_bindings,
        add_users=changes.add_users,
        renew_users=changes.renew_users,
    )


def _create_topics(cluster: Cluster, changes: Changes) -> "dict[str, Future[Any]]":
    wanted = [
        NewTopic(
            name,
            num_partitions=topic.partitions,
            replication_factor=topic.replication,
            config=dict(topic.config),
        )
        for name, topic in changes.create_topics.items()
    ]
    if not wanted:
        return {}
    futures = cluster.client.create_topics(wanted, request_timeout=REQUEST_TIMEOUT_S)
    return {f"topic {name} cannot be created": future for name, future in futures.items()}


def _grow_topics(cluster: Cluster, changes: Changes) -> "dict[str, Future[Any]]":
    wanted = [NewPartitions(growth.topic, growth.wanted) for growth in changes.grow_topics]
    if not wanted:
        return {}
    futures = cluster.client.create_partitions(wanted, request_timeout=REQUEST_TIMEOUT_S)
    return {f"topic {name} cannot grow": future for name, future in futures.items()}


def _alter_configs(cluster: Cluster, changes: tuple[ConfigChange, ...]) -> "dict[str, Future[Any]]":
    entries: dict[str, list[ConfigEntry]] = {}
    for change in changes:
        operation = AlterConfigOpType.DELETE if change.wanted is None else AlterConfigOpType.SET
        entries.setdefault(change.topic, []).append(
            ConfigEntry(change.key, change.wanted or "", incremental_operation=operation)
        )
    if not entries:
        return {}
    resources = [
        ConfigResource(ConfigResource.Type.TOPIC, topic, incremental_configs=configs)
        for topic, configs in entries.items()
    ]
    futures = cluster.client.incremental_alter_configs(resources, request_timeout=REQUEST_TIMEOUT_S)
    return {
        f"configuration of {resource.name} cannot be set": future
        for resource, future in futures.items()
    }


def _add_bindings(cluster: Cluster, changes: Changes) -> "dict[str, Future[Any]]":
    wanted = [to_kafka(AclBinding, binding) for binding in changes.add_bindings]
    if not wanted:
        return {}
    futures = cluster.client.create_acls(wanted, request_timeout=REQUEST_TIMEOUT_S)
    return {f"binding {binding} cannot be made": future for binding, future in futures.items()}


def _set_passwords(
    cluster: Cluster, changes: Changes, secrets: SecretStore
) -> "dict[str, Future[Any]]":
    upsertions: list[UserScramCredentialAlteration] = [
        UserScramCredentialUpsertion(
            user,
            ScramCredentialInfo(ScramMechanism.SCRAM_SHA_256, SCRAM_ITERATIONS),
            secrets.get_or_create(secret_name(user)).encode(),
        )
        for user in (*changes.add_users, *changes.renew_users)
    ]
    if not upsertions:
        return {}
    futures = cluster.client.alter_user_scram_credentials(
        upsertions, request_timeout=REQUEST_TIMEOUT_S
    )
    return {f"password of {user} cannot be set": future for user, future in futures.items()}


def _finish(
    cluster: Cluster,
    futures: "Mapping[str, Future[Any]]",
    *,
    harmless: int = KafkaError.TOPIC_ALREADY_EXISTS,
) -> None:
    for what, future in futures.items():
        try:
            future.result()
        except KafkaException as error:
            if error.args[0].code() != harmless:
                raise cluster.error(error, what) from error


def _settle(cluster: Cluster, changes: Changes, secrets: SecretStore) -> None:
    # The futures return before the authorizer has the bindings and before every new partition
    # has a leader; a client that starts in between is refused.
    if changes.add_bindings:
        cluster.wait(
            lambda: set(changes.add_bindings) <= cluster.bindings(),
            "the authorizer has the new bindings",
            SETTLE_TIMEOUT_S,
        )
    if changes.renew_users:
        servers = cluster.admin.bootstrap_servers
        cluster.wait(
            lambda: all(
                logs_in(connection_for(user, servers, secrets)) for user in changes.renew_users
            ),
            "the renewed passwords are taken",
            SETTLE_TIMEOUT_S,
        )
    if changes.add_users:
        cluster.wait(
            lambda: cluster.users(changes.add_users) >= set(changes.add_users),
            "the new users can log in",
            SETTLE_TIMEOUT_S,
        )
    partitions = {name: topic.partitions for name, topic in changes.create_topics.items()}
    partitions |= {growth.topic: growth.wanted for growth in changes.grow_topics}
    if partitions:
        cluster.wait(
            lambda: _all_led(cluster, partitions), "all partitions have leaders", SETTLE_TIMEOUT_S
        )


def _all_led(cluster: Cluster, partitions: Mapping[str, int]) -> bool:
    futures = cluster.client.describe_topics(
        TopicCollection(list(partitions)), request_timeout=REQUEST_TIMEOUT_S
    )
    for name, future in futures.items():
        try:
            found = future.result().partitions
        except KafkaException as error:
            if error.args[0].code() != KafkaError.UNKNOWN_TOPIC_OR_PART:
                raise cluster.error(error, f"topic {name} cannot be described") from error
            return False
        if len(found) < partitions[name] or any(not one.isr for one in found):
            return False
        if any(one.leader is None or one.leader.id < 0 for one in found):
            return False
    return True
