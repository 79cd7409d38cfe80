"""Reading `topics.yaml`: strict, and every mistake reported at once with its line."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Final

import msgspec

from eventlog.catalogue.checks import check_events, check_grants, check_identities, check_topics
from eventlog.catalogue.model import Catalogue, Plane, Principal, Topic
from eventlog.catalogue.topic_configs import RULES, config_value
from eventlog.catalogue.yaml_nodes import Fields, Mistakes, compose, kind_of, unknown

VERSION: Final = 1
PARTITIONS_MAX: Final = 256
REPLICATION_MAX: Final = 9
PRODUCTION: Final = "production"
EVERYTHING: Final = "everything"

_TOP: Final = ("version", "defaults", "topics", "principals")
_DEFAULTS: Final = ("partitions", "replication", "config")
_TOPIC: Final = (
    "plane",
    "key",
    "partitions",
    "replication",
    "config",
    "events",
    "steward",
    "internal",
    "why",
)
_PRINCIPAL: Final = (
    "restricted",
    "produces",
    "consumes",
    "rebuilds_from",
    "describes",
    "group",
    "stream_app",
    "transactional_id",
)


class _Defaults(msgspec.Struct, frozen=True, kw_only=True):
    partitions: int
    replication: int
    config: dict[str, str]


def load_catalogue(path: Path, *, events: Mapping[str, str] | None = None) -> Catalogue:
    """Return the catalogue that the file states.

    Args:
        events: all event types there are, each with the plane of its schema; None checks only how
            the names are written.
    Raises:
        CatalogueError: one line for each mistake: file, line, what was found, what is allowed.
    """
    source = str(path)
    mistakes = Mistakes(source)
    root = Fields(compose(path, source), mistakes, "catalogue", _TOP)
    _check_version(root)
    defaults = _defaults(root.mapping("defaults", "defaults", _DEFAULTS))
    topic_fields = _entries(root, "topics", "topic", _TOPIC)
    principal_fields = _entries(root, "principals", "principal", _PRINCIPAL)
    topics = {name: _topic(name, fields, defaults) for name, fields in topic_fields.items()}
    principals = {
        name: _principal(name, fields, topics) for name, fields in principal_fields.items()
    }
    catalogue = Catalogue(topics=topics, principals=principals)
    check_topics(catalogue, topic_fields)
    check_events(catalogue, topic_fields, events)
    check_identities(catalogue, principal_fields)
    check_grants(catalogue, principal_fields)
    mistakes.raise_if_any()
    return catalogue


def _check_version(root: Fields) -> None:
    if "version" not in root.entries:
        root.mistakes.add(root.line, f"catalogue: version is missing; {VERSION} is allowed")
    root.integer("version", VERSION, VERSION)


def _entries(root: Fields, key: str, kind: str, allowed: Collection[str]) -> dict[str, Fields]:
    if key not in root.entries:
        root.mistakes.add(root.line, f"catalogue: {key} is missing; a mapping is allowed")
    named = root.mapping(key, key, None)
    return {name: named.mapping(name, f"{kind} {name}", allowed) for name in named.entries}


def _defaults(fields: Fields) -> _Defaults:
    return _Defaults(
        partitions=fields.integer("partitions", 1, PARTITIONS_MAX) or 1,
        replication=fields.integer("replication", 1, REPLICATION_MAX) or 1,
        config=_config(fields),
    )


def _config(fields: Fields) -> dict[str, str]:
    given = fields.mapping("config", f"{fields.what}.config", RULES)
    config = {}
    for key, node in given.entries.items():
        value, allowed = config_value(key, node)
        if value is None:
            fields.mistakes.add(
                given.line_at(key),
                f"{given.what}.{key}: {kind_of(node)} found; {allowed} is allowed",
            )
        else:
            config[key] = value
    return config


def _topic(name: str, fields: Fields, defaults: _Defaults) -> Topic:
    plane = fields.text("plane", required=True)
    if plane is not None and plane not in tuple(Plane):
        fields.mistakes.add(
            fields.line_at("plane"), f"{fields.what}: {unknown('plane', plane, tuple(Plane))}"
        )
        plane = None
    return Topic(
        name=name,
        plane=Plane(plane or Plane.CONTROL),
        key=fields.text("key", required=True) or "",
        why=fields.text("why", required=True) or "",
        partitions=fields.integer("partitions", 1, PARTITIONS_MAX) or defaults.partitions,
        replication=fields.integer("replication", 1, REPLICATION_MAX) or defaults.replication,
        config=defaults.config | _config(fields),
        events=tuple(word for word, _ in fields.words("events")),
        steward=fields.text("steward"),
        internal=fields.text("internal"),
    )


def _principal(name: str, fields: Fields, topics: dict[str, Topic]) -> Principal:
    produces = _names(fields, "produces", topics)
    consumes, prefixes = _consumes(fields, topics, produces)
    return Principal(
        name=name,
        restricted=fields.flag("restricted"),
        produces=produces,
        consumes=consumes,
        prefixes=prefixes,
        rebuilds_from=_names(fields, "rebuilds_from", topics),
        describes=_names(fields, "describes", topics),
        group=fields.text("group"),
        stream_app=fields.text("stream_app"),
        transactional_id=fields.text("transactional_id"),
    )


def _consumes(
    fields: Fields, topics: dict[str, Topic], produces: tuple[str, ...]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    node = fields.entries.get("consumes")
    shared = {name: topic for name, topic in topics.items() if topic.internal is None}
    word = None if node is None else node.value
    if word == EVERYTHING:
        return tuple(shared), ()
    if word == PRODUCTION:
        return tuple(
            name
            for name, topic in shared.items()
            if topic.plane is Plane.PRODUCTION and name not in produces
        ), ()
    if isinstance(word, str):
        fields.mistakes.add(
            fields.line_at("consumes"),
            f"{fields.what}.consumes: {word!r} found;"
            f" {PRODUCTION}, {EVERYTHING} or a list of topics is allowed",
        )
        return (), ()
    words = fields.words("consumes")
    prefixes = tuple(word[:-1] for word, _ in words if word.endswith("*"))
    exact = [pair for pair in words if not pair[0].endswith("*")]
    return _known(fields, "consumes", exact, topics), prefixes


def _names(fields: Fields, key: str, topics: dict[str, Topic]) -> tuple[str, ...]:
    words = fields.words(key)
    for word, line in words:
        if "*" in word:
            fields.mistakes.add(
                line, f"{fields.what}.{key}: {word!r} found; exact names of topics are allowed"
            )
    return _known(fields, key, [pair for pair in words if "*" not in pair[0]], topics)


def _known(
    fields: Fields, key: str, words: list[tuple[str, int]], topics: dict[str, Topic]
) -> tuple[str, ...]:
    for word, line in words:
        if word not in topics:
            fields.mistakes.add(line, f"{fields.what}.{key}: {unknown('topic', word, topics)}")
    return tuple(word for word, _ in words if word in topics)
