"""The bare process beside the risk monitor: poll, and produce for each trigger; no more.

`python -m benchmarks.alert_echo` finds JSON in the environment: librdkafka's settings of the
principal, the topic to read with its partitions, and the topic to write.
"""

import os
from typing import Final

import msgspec
from confluent_kafka import OFFSET_BEGINNING, Consumer, Producer, TopicPartition

from benchmarks.alert_load import MARK, MARK_AT

POLL_S: Final = 0.2
TOLD: Final = "ALERT_ECHO"


class Echo(msgspec.Struct, frozen=True, kw_only=True):
    """What the process is told."""

    client_config: dict[str, str | int | float | bool]
    group: str
    source: str
    partitions: int
    target: str


def main() -> None:
    """Echo triggers until killed; the settings of the connection are the monitor's."""
    told = msgspec.json.decode(os.environ[TOLD], type=Echo)
    consumer = Consumer(
        {
            **told.client_config,
            "group.id": told.group,
            "enable.auto.commit": False,
            "isolation.level": "read_committed",
            "fetch.queue.backoff.ms": 2,
            "fetch.wait.max.ms": 10,
        }
    )
    consumer.assign(
        [TopicPartition(told.source, n, OFFSET_BEGINNING) for n in range(told.partitions)]
    )
    producer = Producer(
        {
            **told.client_config,
            "enable.idempotence": True,
            "acks": "all",
            "compression.type": "lz4",
            "linger.ms": 0,
        }
    )
    while True:
        message = consumer.poll(POLL_S)
        if message is None:
            continue
        if (error := message.error()) is not None:
            raise RuntimeError(f"{told.source}: {error}")
        value = message.value()
        if value is not None and value[MARK_AT] == MARK:
            producer.produce(told.target, value, partition=0)
            producer.poll(0)


if __name__ == "__main__":
    main()
