"""The topic configuration of Kafka that a catalogue may set, and what each key allows."""

from collections.abc import Callable, Mapping
from typing import Final

from ruamel.yaml.nodes import Node, ScalarNode

INT64_MAX: Final = 2**63 - 1
INT32_MAX: Final = 2**31 - 1

# Reads a YAML value; returns (value as Kafka writes it, None) or (None, what is allowed).
Rule = Callable[[Node], tuple[str | None, str]]


def _whole(low: int, high: int = INT64_MAX) -> Rule:
    allowed = f"a whole number from {low} to {high}"

    def read(node: Node) -> tuple[str | None, str]:
        if not isinstance(node, ScalarNode) or node.tag != "tag:yaml.org,2002:int":
            return None, allowed
        text = node.value.replace("_", "")
        if not text.lstrip("+-").isdigit() or not low <= int(text) <= high:
            return None, allowed
        return str(int(text)), allowed

    return read


def _flag(node: Node) -> tuple[str | None, str]:
    given = isinstance(node, ScalarNode) and node.tag == "tag:yaml.org,2002:bool"
    return (str(node.value).lower() if given else None), "true or false"


def _one_of(*words: str) -> Rule:
    def read(node: Node) -> tuple[str | None, str]:
        given = isinstance(node, ScalarNode) and node.value in words
        return (str(node.value) if given else None), " | ".join(words)

    return read


def _ratio(node: Node) -> tuple[str | None, str]:
    allowed = "a number from 0 to 1"
    if not isinstance(node, ScalarNode) or node.tag not in (
        "tag:yaml.org,2002:float",
        "tag:yaml.org,2002:int",
    ):
        return None, allowed
    try:
        value = float(node.value)
    except ValueError:
        return None, allowed
    return (str(value) if 0 <= value <= 1 else None), allowed


RULES: Final[Mapping[str, Rule]] = {
    "cleanup.policy": _one_of("delete", "compact", "compact,delete"),
    "compression.type": _one_of("producer", "uncompressed", "gzip", "snappy", "lz4", "zstd"),
    "delete.retention.ms": _whole(0),
    "file.delete.delay.ms": _whole(0),
    "flush.messages": _whole(1),
    "flush.ms": _whole(0),
    "index.interval.bytes": _whole(0, INT32_MAX),
    "max.compaction.lag.ms": _whole(1),
    "max.message.bytes": _whole(0, INT32_MAX),
    "message.timestamp.after.max.ms": _whole(0),
    "message.timestamp.before.max.ms": _whole(0),
    "message.timestamp.type": _one_of("CreateTime", "LogAppendTime"),
    "min.cleanable.dirty.ratio": _ratio,
    "min.compaction.lag.ms": _whole(0),
    "min.insync.replicas": _whole(1, INT32_MAX),
    "preallocate": _flag,
    "retention.bytes": _whole(-1),
    "retention.ms": _whole(-1),
    "segment.bytes": _whole(1024 * 1024, INT32_MAX),
    "segment.index.bytes": _whole(4, INT32_MAX),
    "segment.jitter.ms": _whole(0),
    "segment.ms": _whole(1),
    "unclean.leader.election.enable": _flag,
}
"""Source: Kafka 4.3, `TopicConfig` and `LogConfig`; keys of tiered storage are left out."""


def config_value(key: str, node: Node) -> tuple[str | None, str]:
    """Return the value as Kafka writes it (None when it is not allowed) and what is allowed."""
    return RULES[key](node)
