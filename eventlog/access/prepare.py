"""A namespace as a whole: made ready for its principals, and removed again."""

from concurrent.futures import ThreadPoolExecutor
from typing import Final

import msgspec
from confluent_kafka import KafkaError, KafkaException

from ecosystem.errors import InvalidInputError
from eventlog.access.apply import apply, delete_topics, remove_bindings
from eventlog.access.cluster import REQUEST_TIMEOUT_S, Cluster
from eventlog.access.compile import compile_access
from eventlog.access.credentials import connection_for, secret_name
from eventlog.access.logins import logs_in
from eventlog.access.plan import plan
from eventlog.access.state import Binding, DesiredState, LiveState, Pattern
from eventlog.catalogue.model import Catalogue
from eventlog.catalogue.namespace import Namespace
from eventlog.connection import Connection
from eventlog.errors import CatalogueError
from eventlog.secret_store import SecretStore

DROP_TIMEOUT_S: Final = 30.0
LOGIN_WORKERS: Final = 8
_BUSY: Final = frozenset({KafkaError.NON_EMPTY_GROUP, KafkaError.COORDINATOR_LOAD_IN_PROGRESS})


def prepare_namespace(
    admin: Connection, catalogue: Catalogue, namespace: Namespace, secrets: SecretStore
) -> None:
    """Make every topic, user and binding of `namespace` exist; repeating it changes nothing.

    Raises:
        CatalogueError: the namespace holds something that the catalogue does not allow and that
            only a destructive step could put right.
        EventLogError: the cluster cannot be reached or refuses.
    """
    cluster = Cluster(admin)
    desired = compile_access(catalogue, namespace)
    changes = plan(desired, survey(cluster, desired, secrets))
    if changes.destructive or changes.refused:
        raise CatalogueError(
            "\n".join(
                [
                    f"namespace {namespace.name!r} is not as declared; `tse topics plan` shows how",
                    *changes.refused,
                    *(f"undeclared topic {name}" for name in changes.delete_topics),
                    *(f"undeclared binding {binding}" for binding in changes.remove_bindings),
                    *(str(change) for change in changes.cut_configs),
                ]
            )
        )
    apply(cluster, changes, secrets)


def survey(
    cluster: Cluster, desired: DesiredState, secrets: SecretStore, *, verify_logins: bool = False
) -> LiveState:
    """Return what the cluster holds, with the users whose stored password does not let them in.

    A user without a stored password is one of them. Whether the broker takes a stored one is tried
    only on demand, by logging in.
    """
    live = cluster.live(desired)
    stored = {user for user in live.users if secrets.path(secret_name(user)).exists()}
    refused = set(live.users - stored)
    if verify_logins:
        users = sorted(stored)
        servers = cluster.admin.bootstrap_servers
        with ThreadPoolExecutor(LOGIN_WORKERS) as pool:
            taken = pool.map(lambda user: logs_in(connection_for(user, servers, secrets)), users)
            refused |= {user for user, ok in zip(users, taken, strict=True) if not ok}
    return msgspec.structs.replace(live, refused_logins=frozenset(refused))


def drop_namespace(admin: Connection, namespace: Namespace) -> None:
    """Remove every topic, binding and group of `namespace`; users stay, others need them.

    Raises:
        InvalidInputError: the namespace has no name, so that everything would go.
        EventLogError: the cluster refuses, or a group still has members after the bound.
    """
    if not namespace.name:
        raise InvalidInputError("namespace '': only a named namespace can be dropped")
    cluster = Cluster(admin)
    topics = tuple(name for name in cluster.list_topics() if namespace.owns(name))
    bindings = tuple(binding for binding in cluster.bindings() if _within(namespace, binding))
    remove_bindings(cluster, bindings)  # first: who still runs should stop, not write on
    delete_topics(cluster, topics)
    cluster.wait(lambda: _no_groups(cluster, namespace), "its groups are empty", DROP_TIMEOUT_S)


def _within(namespace: Namespace, binding: Binding) -> bool:
    if binding.pattern == Pattern.PREFIXED:
        return binding.name.startswith(namespace.prefix)
    return namespace.owns(binding.name)


def _no_groups(cluster: Cluster, namespace: Namespace) -> bool:
    listed = cluster.result(
        cluster.client.list_consumer_groups(request_timeout=REQUEST_TIMEOUT_S),
        "groups cannot be listed",
    )
    groups = [group.group_id for group in listed.valid if namespace.owns(group.group_id)]
    if not groups:
        return True
    futures = cluster.client.delete_consumer_groups(groups, request_timeout=REQUEST_TIMEOUT_S)
    for group, future in futures.items():
        try:
            future.result()
        except KafkaException as error:
            if error.args[0].code() not in _BUSY:
                raise cluster.error(error, f"group {group} cannot be deleted") from error
    return False
