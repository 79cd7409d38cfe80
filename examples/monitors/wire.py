"""The wire of a monitor: what it is told, and how it reads and writes records.

Nothing here is of this project: confluent-kafka, fastavro, and the files its environment names.
"""

import io
import json
import os
import struct
from hashlib import blake2b
from pathlib import Path
from typing import Any

from confluent_kafka import Consumer, Producer, TopicPartition
from fastavro import parse_schema, schemaless_reader, schemaless_writer

Place = tuple[str, int]
told = {name.removeprefix("RISK_MONITOR_"): value for name, value in os.environ.items()}
prefix = f"{told['NAMESPACE']}." if told["NAMESPACE"] else ""
view, schemas = json.loads(Path(told["TOPICS_FILE"]).read_text()), Path(told["SCHEMAS_DIR"])
partitions: dict[str, int] = {topic["name"]: topic["partitions"] for topic in view["topics"]}
names, ids, avro = dict[int, str](), dict[str, int](), dict[str, Any]()
for name, locked in json.loads((schemas / "ids.lock.json").read_text()).items():
    newest = locked["versions"][-1]
    text = (schemas / "versions" / f"production.{name}.{newest['version']}.avsc").read_text()
    avro[name] = parse_schema(json.loads(text), named_schemas={})
    names[newest["id"]], ids[name] = name, newest["id"]

client: dict[str, Any] = {
    "bootstrap.servers": told["BOOTSTRAP_SERVERS"],
    "security.protocol": "SASL_PLAINTEXT",
    "sasl.mechanism": "SCRAM-SHA-256",
    "sasl.username": told["PRINCIPAL"],
    "sasl.password": Path(told["PASSWORD_FILE"]).read_text().strip(),
}
producer = Producer({**client, "transactional.id": prefix + view["transactional_id"]})
producer.init_transactions(30)  # from here on a predecessor is shut out
consumer = Consumer({**client, "group.id": prefix + view["group"]})


def assign(*topics: str) -> list[Place]:
    """Read all partitions of some topics from their beginning; return them."""
    places = [(topic, number) for topic in topics for number in range(partitions[topic])]
    consumer.assign([TopicPartition(prefix + topic, number, 0) for topic, number in places])
    return places


def poll() -> tuple[Place, int, str, Any] | None:
    """Return the next record: where it was, the offset after it, its type, its event."""
    message = consumer.poll(0.2)
    if message is None or message.error() is not None:
        return None
    value, topic = message.value() or b"", str(message.topic()).removeprefix(prefix)
    kind = names[struct.unpack_from(">bI", value)[1]]
    event = schemaless_reader(io.BytesIO(value[5:]), avro[kind], None)
    return (topic, int(message.partition() or 0)), int(message.offset() or 0) + 1, kind, event


def record(kind: str, cause: Any, **fields: Any) -> bytes:
    """Return the record of what follows from a cause: frame, then the Avro body."""
    fields["event_id"] = blake2b(cause["event_id"] + kind.encode(), digest_size=16).digest()
    fields |= {"correlation_id": cause["correlation_id"], "causation_id": cause["event_id"]}
    fields |= {"event_time_us": cause["event_time_us"], "alert_id": fields["event_id"]}
    value = io.BytesIO()
    value.write(struct.pack(">bI", 0, ids[kind]))
    schemaless_writer(value, avro[kind], fields)
    return value.getvalue()
