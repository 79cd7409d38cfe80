"""A live namespace written down in the words of `topics.yaml`, as far as they reach."""

from collections.abc import Mapping
from typing import Final

import msgspec

from eventlog.access.cluster import Cluster
from eventlog.access.state import Binding, DesiredState, LiveState, Operation, Pattern, Resource
from eventlog.catalogue.checks import RESERVED_PRINCIPALS
from eventlog.catalogue.namespace import Namespace

_WORDS: Final[Mapping[tuple[str, str], str]] = {
    (Resource.TOPIC, Operation.READ): "consumes",
    (Resource.TOPIC, Operation.WRITE): "produces",
    (Resource.TOPIC, Operation.DESCRIBE): "describes",
}
_SINGLE_WORDS: Final[Mapping[tuple[str, str], str]] = {
    (Resource.GROUP, Operation.READ): "group",
    (Resource.TRANSACTIONAL_ID, Operation.WRITE): "transactional_id",
}
"""Words that take one name; a second one stays a raw binding."""


def export_live(cluster: Cluster, namespace: Namespace) -> dict[str, object]:
    """Return the topics, users and bindings of a namespace as a document for YAML.

    What the cluster does not know (planes, keys, events, reasons) is absent; bindings for which
    the catalogue has no word stand under `bindings` as they are.
    """
    users = cluster.all_users() - {*RESERVED_PRINCIPALS}
    scope = DesiredState(namespace=namespace, topics={}, bindings=frozenset(), users=users)
    return as_document(cluster.live(scope), namespace)


def as_document(live: LiveState, namespace: Namespace) -> dict[str, object]:
    """Return a live state in the words of the catalogue, names without the namespace."""
    principals: dict[str, dict[str, object]] = {user: {} for user in sorted(live.users)}
    raw = [
        binding for binding in sorted(live.bindings) if not _express(binding, namespace, principals)
    ]
    document: dict[str, object] = {
        "version": 1,
        "topics": {
            namespace.logical(name): {
                "partitions": topic.partitions,
                "replication": topic.replication,
                "config": {key: _plain(value) for key, value in sorted(topic.config.items())},
            }
            for name, topic in sorted(live.topics.items())
        },
        "principals": principals,
    }
    if raw:
        document["bindings"] = [msgspec.to_builtins(binding) for binding in raw]
    return document


def _express(
    binding: Binding, namespace: Namespace, principals: dict[str, dict[str, object]]
) -> bool:
    kind, _, user = binding.principal.partition(":")
    ordinary = kind == "User" and binding.permission == "ALLOW" and binding.host == "*"
    if not ordinary or user == "*" or not namespace.owns(binding.name) or binding.name == "*":
        return False
    what = (binding.resource, binding.operation)
    name = namespace.logical(binding.name)
    if binding.pattern == Pattern.PREFIXED:
        if what != (Resource.TOPIC, Operation.READ):
            return False
        name += "*"
    entry = principals.setdefault(user, {})
    if what in _WORDS:
        listed = entry.setdefault(_WORDS[what], [])
        assert isinstance(listed, list), "words that take a list hold one"
        listed.append(name)
        return True
    word = None if binding.pattern == Pattern.PREFIXED else _SINGLE_WORDS.get(what)
    if word is None or word in entry:
        return False
    entry[word] = name
    return True


def _plain(value: str) -> object:
    if value in ("true", "false"):
        return value == "true"
    return int(value) if value.removeprefix("-").isdigit() else value
