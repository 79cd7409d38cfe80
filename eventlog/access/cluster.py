"""What a cluster holds, asked of it by its administrator.

Traps, measured: librdkafka aborts the whole process when `create_acls` meets a broker without an
authorizer, so the lists are always described before they are changed; and an AdminClient must
outlive its futures.
"""

import time
from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import Future
from enum import Enum
from typing import Any, Final, TypeVar

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ConfigResource,
    ConfigSource,
    ResourcePatternType,
    ResourceType,
)

from eventlog.access.state import Binding, DesiredState, LiveState, TopicState, concerns
from eventlog.connection import Connection
from eventlog.errors import AccessDeniedError, EventLogError, LogUnreachableError

T = TypeVar("T")
Kind = TypeVar("Kind", AclBinding, AclBindingFilter)

REQUEST_TIMEOUT_S: Final = 15.0
METADATA_TIMEOUT_S: Final = 5.0
PAUSE_S: Final = 0.005
_DENIED: Final = frozenset(
    {
        KafkaError.CLUSTER_AUTHORIZATION_FAILED,
        KafkaError.TOPIC_AUTHORIZATION_FAILED,
        KafkaError.GROUP_AUTHORIZATION_FAILED,
        KafkaError.SASL_AUTHENTICATION_FAILED,
        KafkaError._AUTHENTICATION,
    }
)
_UNREACHABLE: Final = frozenset(
    {KafkaError._ALL_BROKERS_DOWN, KafkaError._TRANSPORT, KafkaError._TIMED_OUT}
)


class Cluster:
    """A cluster as its administrator sees it."""

    def __init__(self, admin: Connection) -> None:
        self.admin = admin
        self._refusals: list[str] = []
        config: dict[str, Any] = {**admin.client_config(), "error_cb": self._note}
        self.client = AdminClient(config)

    def _note(self, error: KafkaError) -> None:
        # A wrong password reaches callers as a time-out; only here its reason is told.
        if error.code() in _DENIED:
            self._refusals.append(error.str())

    def live(self, desired: DesiredState) -> LiveState:
        """Return what the cluster holds that concerns `desired`.

        Raises:
            LogUnreachableError: no broker answers.
            AccessDeniedError: the administrator is refused, or the broker has no authorizer.
        """
        metadata = self.list_topics()
        bindings = self.bindings()
        users = self.users(desired.users)
        names = [name for name in metadata if desired.namespace.owns(name)]
        configs = self._own_configs(names)
        return LiveState(
            topics={
                name: TopicState(
                    partitions=len(metadata[name].partitions),
                    replication=len(metadata[name].partitions[0].replicas),
                    config=configs[name],
                )
                for name in names
            },
            bindings=frozenset(binding for binding in bindings if concerns(desired, binding)),
            users=users,
        )

    def list_topics(self) -> Mapping[str, Any]:
        """Return the metadata of every topic on the cluster."""
        try:
            found: Mapping[str, Any] = self.client.list_topics(timeout=METADATA_TIMEOUT_S).topics
        except KafkaException as error:
            raise self.error(error, "topics cannot be listed") from error
        return found

    def bindings(self) -> frozenset[Binding]:
        """Return the whole access control list."""
        found = self.result(
            self.client.describe_acls(any_binding(), request_timeout=REQUEST_TIMEOUT_S),
            "access control lists cannot be read",
        )
        return frozenset(from_kafka(binding) for binding in found)

    def users(self, names: Collection[str]) -> frozenset[str]:
        """Return those of `names` that have SCRAM credentials."""
        futures: Any = self.client.describe_user_scram_credentials(
            sorted(names), request_timeout=REQUEST_TIMEOUT_S
        )
        found = set()
        for name, future in futures.items():
            try:
                future.result()
            except KafkaException as error:
                if error.args[0].code() != KafkaError.RESOURCE_NOT_FOUND:
                    raise self.error(error, f"user {name} cannot be described") from error
            else:
                found.add(name)
        return frozenset(found)

    def all_users(self) -> frozenset[str]:
        """Return every user that has SCRAM credentials."""
        future: Any = self.client.describe_user_scram_credentials(request_timeout=REQUEST_TIMEOUT_S)
        return frozenset(self.result(future, "users cannot be described"))

    def record_bytes_max(self, topics: Iterable[str]) -> dict[str, int]:
        """Return the size of the largest record that each topic takes."""
        return {
            topic: int(entries["max.message.bytes"].value)
            for topic, entries in self._entries(topics).items()
        }

    def _own_configs(self, topics: Iterable[str]) -> dict[str, dict[str, str]]:
        return {
            topic: {
                entry.name: entry.value
                for entry in entries.values()
                if entry.source == ConfigSource.DYNAMIC_TOPIC_CONFIG.value
            }
            for topic, entries in self._entries(topics).items()
        }

    def _entries(self, topics: Iterable[str]) -> dict[str, dict[str, Any]]:
        resources = [ConfigResource(ConfigResource.Type.TOPIC, name) for name in topics]
        if not resources:
            return {}
        futures = self.client.describe_configs(resources, request_timeout=REQUEST_TIMEOUT_S)
        return {
            str(resource.name): self.result(
                future, f"configuration of {resource.name} cannot be read"
            )
            for resource, future in futures.items()
        }

    def result(self, future: "Future[T]", what: str) -> T:
        """Return what a future holds, its error as one of our tree."""
        try:
            return future.result()
        except KafkaException as error:
            raise self.error(error, what) from error

    def error(self, raised: KafkaException, what: str) -> EventLogError:
        """Return the error of our tree for one of librdkafka's."""
        error: KafkaError = raised.args[0]
        self.client.poll(0)  # lets librdkafka tell `_note` what it knows
        text = f"{self.admin.bootstrap_servers}: {what}: {error.str()}"
        if error.code() == KafkaError.SECURITY_DISABLED:
            return AccessDeniedError(f"{text}; a broker with an authorizer is needed")
        if self._refusals or error.code() in _DENIED:
            return AccessDeniedError(" ".join([text, *self._refusals[-1:]]))
        return LogUnreachableError(text) if error.code() in _UNREACHABLE else EventLogError(text)

    def wait(self, done: Callable[[], bool], what: str, timeout_s: float) -> None:
        """Return as soon as `done` says so.

        Raises:
            LogUnreachableError: it did not within the bound.
        """
        deadline_s = time.monotonic() + timeout_s
        while not done():
            if time.monotonic() > deadline_s:
                raise LogUnreachableError(
                    f"{self.admin.bootstrap_servers}: {what}: not so after {timeout_s:.0f} s"
                )
            time.sleep(PAUSE_S)


def any_binding() -> AclBindingFilter:
    """Return the filter that every binding passes."""
    anything: Any = None  # librdkafka's word for it, which the published types leave out
    return AclBindingFilter(
        restype=ResourceType.ANY,
        name=anything,
        resource_pattern_type=ResourcePatternType.ANY,
        principal=anything,
        host=anything,
        operation=AclOperation.ANY,
        permission_type=AclPermissionType.ANY,
    )


def from_kafka(binding: AclBinding) -> Binding:
    """Return a binding of confluent_kafka's as ours."""
    return Binding(
        principal=str(binding.principal),
        resource=_word(binding.restype),
        name=str(binding.name),
        operation=_word(binding.operation),
        pattern=_word(binding.resource_pattern_type),
        permission=_word(binding.permission_type),
        host=str(binding.host),
    )


def to_kafka(kind: type[Kind], binding: Binding) -> Kind:
    """Return our binding as confluent_kafka's, or as the filter that it alone passes."""
    return kind(
        ResourceType[binding.resource],
        binding.name,
        ResourcePatternType[binding.pattern],
        binding.principal,
        binding.host,
        AclOperation[binding.operation],
        AclPermissionType[binding.permission],
    )


def _word(value: Enum | str | int) -> str:
    assert isinstance(value, Enum), f"confluent_kafka describes bindings by enums, not {value!r}"
    return value.name
