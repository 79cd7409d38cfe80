"""The partition we compute is the one librdkafka's murmur2 gives."""

from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient
from hypothesis import given
from hypothesis import strategies as st

from eventlog.murmur2 import murmur2, partition_of


def test_known_hashes_of_kafka_itself() -> None:
    # org.apache.kafka.common.utils.UtilsTest.testMurmur2
    expected = {
        b"21": -973932308,
        b"foobar": -790332482,
        b"a-little-bit-long-string": -985981536,
        b"a-little-bit-longer-string": -1486304829,
        b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971,
        b"abc": 479470107,
    }
    assert {key: (murmur2(key) ^ 2**31) - 2**31 for key in expected} == expected


@given(st.binary(max_size=64), st.integers(1, 64))
def test_a_partition_is_one_of_those_there_are(key: bytes, partitions: int) -> None:
    assert 0 <= partition_of(key, partitions) < partitions


def test_librdkafka_sends_a_key_where_we_say() -> None:
    config: dict[str, str | int | float | bool] = {
        "test.mock.num.brokers": 1,
        "bootstrap.servers": "mock",
    }
    admin = AdminClient(config)
    brokers = admin.list_topics(timeout=10).brokers
    address = ",".join(f"{broker.host}:{broker.port}" for broker in brokers.values())
    placed: dict[bytes | None, int | None] = {}
    producer = Producer({"bootstrap.servers": address, "partitioner": "murmur2_random"})
    keys = [f"key-{number}".encode() for number in range(64)]
    for key in keys:
        producer.produce(
            "t", b"", key, on_delivery=lambda _, m: placed.__setitem__(m.key(), m.partition())
        )
    assert producer.flush(10) == 0
    partitions = len(producer.list_topics("t", timeout=10).topics["t"].partitions)
    assert placed == {key: partition_of(key, partitions) for key in keys}
