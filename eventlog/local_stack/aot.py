"""Java's AOT cache for the broker: made once per user by a training run, never necessary."""

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from eventlog.connection import Connection
from eventlog.errors import EventLogError
from eventlog.local_stack.files import exclusive

ASSEMBLY_TIMEOUT_S: Final = 60.0
TRAINING_RECORDS: Final = 1000


def aot_path(cache: Path, class_path: Sequence[Path], java_version: str) -> Path:
    """Return where the cache for exactly these jars and this Java lies."""
    material = "\n".join([java_version, *(str(path) for path in class_path)])
    return cache / f"kafka-{hashlib.sha256(material.encode()).hexdigest()[:16]}.aot"


def ensure_aot(path: Path, train: Callable[[Path], None]) -> None:
    """Have the cache made by `train`, once, however many processes ask at a time.

    A training that fails leaves a mark beside the cache: the broker starts without, a second
    slower, and the attempt is not repeated with every start.
    """
    failed = path.with_suffix(".failed")
    if path.exists() or failed.exists():
        return
    with exclusive(path.with_suffix(".lock")):
        if path.exists() or failed.exists():
            return
        draft = path.with_suffix(".draft")
        draft.unlink(missing_ok=True)
        reason = "it wrote no cache"
        try:
            train(draft)
        except (EventLogError, KafkaException) as error:
            reason = str(error)
        if draft.exists():
            draft.replace(path)
        else:
            failed.write_text(f"training run: {reason}; delete this file to try again\n")


def exercise(connection: Connection) -> None:
    """Let a broker do once what it will do most, so that the cache holds the classes for it."""
    config: dict[str, str | int | float | bool] = {**connection.client_config()}
    client = AdminClient(config)
    for future in client.create_topics([NewTopic("training", 2, 1)]).values():
        future.result(10)
    producer = Producer({**config, "enable.idempotence": True, "compression.type": "lz4"})
    for number in range(TRAINING_RECORDS):
        producer.produce("training", value=b"x" * 200, partition=number % 2)
    producer.flush(10)
    consumer = Consumer({**config, "group.id": "training"})
    consumer.assign([TopicPartition("training", number, 0) for number in range(2)])
    consumer.consume(TRAINING_RECORDS, 10)
    consumer.commit(asynchronous=False)
    consumer.close()
