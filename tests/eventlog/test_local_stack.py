"""The local stack runs real servers, guarded, idempotent, and leaves nothing half-started."""

import os
import shutil
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import msgspec
import psutil
import psycopg
import pytest
import redis
from confluent_kafka import KafkaError, KafkaException, Producer
from confluent_kafka.admin import (
    AdminClient,
    NewTopic,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialUpsertion,
)

from eventlog.connection import Connection
from eventlog.errors import LocalStackError
from eventlog.local_stack import LocalKafka, LocalStack, LocalValkey
from eventlog.local_stack.aot import aot_path
from eventlog.local_stack.files import cache_folder
from eventlog.local_stack.jars import prepare_jars, read_lock
from eventlog.local_stack.kafka import answers, java_version
from eventlog.local_stack.processes import leftovers
from eventlog.local_stack.server import LocalServer
from eventlog.local_stack.stack import SERVICES
from eventlog.secret_store import SecretStore
from tests.brokers import Broker

pytestmark = pytest.mark.infra


def _admin_client(connection: Connection) -> AdminClient:
    return AdminClient({**connection.client_config()})


@pytest.fixture(scope="module")
def own_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    """A stack of this module's own, which its tests may kill."""
    stack = LocalStack(tmp_path_factory.mktemp("stack"))
    try:
        yield stack
    finally:
        stack.kill()
        shutil.rmtree(stack.home)


@pytest.fixture
def own(own_stack: LocalStack) -> LocalStack:
    """The module's own stack, up."""
    own_stack.up()
    return own_stack


def _servers(stack: LocalStack) -> list[LocalServer]:
    return [stack.kafka, stack.postgres, stack.valkey]


def _pids(stack: LocalStack) -> dict[str, int | None]:
    return {one.service: one.pid for one in stack.status()}


def test_the_superuser_is_let_in_and_a_wrong_password_is_not(broker: Broker) -> None:
    assert answers(broker.admin, timeout_s=5)
    intruder = msgspec.structs.replace(broker.admin, password="guessed")
    assert not answers(intruder, timeout_s=1)


def test_a_client_without_credentials_is_refused(broker: Broker) -> None:
    client = AdminClient({"bootstrap.servers": broker.bootstrap_servers, "log_level": 0})
    with pytest.raises(KafkaException):
        client.list_topics(timeout=1)


def test_a_topic_is_not_created_by_writing_to_it(broker: Broker, namespace: str) -> None:
    client = _admin_client(broker.admin)
    topic = f"{namespace}.unknown"
    reports: list[KafkaError | None] = []
    producer = Producer({**broker.admin.client_config(), "topic.metadata.propagation.max.ms": 0})
    producer.produce(topic, value=b"x", on_delivery=lambda error, _: reports.append(error))
    producer.flush(10)
    assert [error.code() for error in reports if error is not None] == [
        KafkaError.UNKNOWN_TOPIC_OR_PART
    ]
    assert topic not in client.list_topics(timeout=5).topics


def test_a_principal_without_grants_sees_nothing(broker: Broker, namespace: str) -> None:
    admin = _admin_client(broker.admin)
    topic = f"{namespace}.secret"
    admin.create_topics([NewTopic(topic, 1, 1)])[topic].result(10)
    stranger = Connection(
        bootstrap_servers=broker.bootstrap_servers, principal=namespace, password="strangers"
    )
    credential = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_256, 4096)
    upsertion = UserScramCredentialUpsertion(namespace, credential, password=b"strangers")
    admin.alter_user_scram_credentials([upsertion])[namespace].result(10)
    assert topic in admin.list_topics(timeout=5).topics
    assert _admin_client(stranger).list_topics(timeout=5).topics == {}


def test_every_server_listens_on_loopback_only(own: LocalStack) -> None:
    for server in _servers(own):
        process = server.process
        assert process is not None
        family = [process, *process.children(recursive=True)]
        listening = {
            connection.laddr.ip.removeprefix("::ffff:")
            for member in family
            for connection in member.net_connections(kind="inet")
            if connection.status == psutil.CONN_LISTEN
        }
        assert listening == {"127.0.0.1"}, server.service


def test_secrets_and_what_contains_them_are_readable_by_their_owner_alone(own: LocalStack) -> None:
    private = [
        own.kafka.folder / "server.properties",
        own.valkey.folder / "valkey.conf",
        *(own.home / "secrets" / name for name in ("kafka/admin", "valkey/default")),
        own.home / "secrets" / "postgres" / "postgres",
    ]
    assert {path: stat.S_IMODE(path.stat().st_mode) for path in private} == dict.fromkeys(
        private, 0o600
    )
    password = SecretStore(own.home / "secrets").get("kafka/admin")
    for server in _servers(own):
        process = server.process
        assert process is not None
        assert password not in " ".join(process.cmdline())
    assert password not in own.logs("kafka").read_text()


def test_the_formatting_leaves_no_file_with_the_password(own: LocalStack) -> None:
    left = sorted(path.name for path in own.kafka.folder.iterdir())
    assert left == ["data", "server.properties", "tmp"]
    assert [path.name for path in own.postgres.folder.iterdir()] == ["data"]


def test_postgres_and_valkey_ask_for_their_passwords(own: LocalStack) -> None:
    endpoints = own.endpoints()
    password = own.postgres.secrets.get("postgres/postgres")
    with psycopg.connect(endpoints.postgres_dsn) as connection:
        assert connection.execute("select 40 + 2").fetchone() == (42,)
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(endpoints.postgres_dsn.replace(password, "guessed"))
    with redis.Redis.from_url(endpoints.valkey_url) as client:
        assert client.ping()
    with (
        redis.Redis(port=own.valkey.port) as stranger,
        pytest.raises(redis.AuthenticationError),
    ):
        stranger.ping()


def test_up_leaves_running_servers_alone(own: LocalStack) -> None:
    before = _pids(own)
    endpoints = own.up()
    assert _pids(own) == before
    assert LocalStack(own.home).endpoints() == endpoints


def test_up_after_a_kill_restores_every_server_with_its_data(own: LocalStack) -> None:
    before = own.up()
    client = _admin_client(own.kafka.admin())
    client.create_topics([NewTopic("kept", 1, 1)])["kept"].result(10)
    with psycopg.connect(before.postgres_dsn) as connection:
        connection.execute("create table if not exists kept (id int)")
    for server in _servers(own):
        process = server.process
        assert process is not None
        process.kill()
        process.wait(10)
    assert {one.state for one in own.status()} == {"stopped"}
    with pytest.raises(LocalStackError, match="kafka: does not run"):
        own.kafka.port  # noqa: B018 - the property itself is what refuses

    assert own.up() == before
    assert "kept" in _admin_client(own.kafka.admin()).list_topics(timeout=5).topics
    with psycopg.connect(before.postgres_dsn) as connection:
        assert connection.execute("select count(*) from kept").fetchone() == (0,)


def test_a_server_whose_record_is_lost_is_ended_before_a_new_one_starts(own: LocalStack) -> None:
    orphan = own.valkey.process
    assert orphan is not None
    (own.home / "stack.json").write_text("{half a reco")
    LocalValkey(own.home).start()
    (running,) = leftovers(own.valkey.marker)
    assert running.pid != orphan.pid
    assert running == own.valkey.process
    own.kill()
    assert leftovers(own.kafka.marker) == []


def test_a_recycled_process_id_is_never_taken_for_ours(tmp_path: Path) -> None:
    valkey = LocalValkey(tmp_path)
    valkey.start()
    record = valkey.record
    assert record is not None
    valkey.stop()
    stolen = msgspec.structs.replace(record, pid=os.getpid())
    (tmp_path / "stack.json").write_bytes(msgspec.json.encode({"services": {"valkey": stolen}}))
    assert valkey.record is None
    with valkey:
        process = valkey.process
        assert process is not None
        assert process.pid != os.getpid()


def test_a_busy_port_is_one_clear_line_and_nothing_is_left(tmp_path: Path) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen()
        port = held.getsockname()[1]
        stack = LocalStack(tmp_path, kafka_port=port)
        with pytest.raises(LocalStackError, match=f"kafka: port {port} on 127.0.0.1 is busy"):
            stack.up()
    assert {one.state for one in stack.status()} == {"stopped"}
    assert leftovers(stack.kafka.marker) == []


def test_up_stops_again_what_it_started_when_a_later_server_cannot_start(tmp_path: Path) -> None:
    stack = LocalStack(tmp_path)
    stack.valkey.folder.mkdir()
    (stack.valkey.folder / "data").write_text("a file where a folder belongs")
    with pytest.raises(LocalStackError, match="valkey: File exists"):
        stack.up(["postgres", "valkey"])
    assert {one.state for one in stack.status()} == {"stopped"}
    for server in _servers(stack):
        assert leftovers(server.marker) == []


def test_a_jar_with_a_wrong_hash_stops_the_start(tmp_path: Path) -> None:
    jar = read_lock()[0]
    tampered = tmp_path / "cache" / "jars" / jar.file_name
    tampered.parent.mkdir(parents=True)
    tampered.write_bytes(b"not the jar of the lock")
    kafka = LocalKafka(tmp_path / "home", cache=tmp_path / "cache")
    with pytest.raises(LocalStackError) as caught:
        kafka.start()
    line = str(caught.value)
    assert "\n" not in line
    assert all(part in line for part in (str(tampered), jar.sha256, "delete the file"))
    assert kafka.record is None
    assert leftovers(kafka.marker) == []
    assert not kafka.folder.exists()


def test_a_broker_that_ends_while_starting_is_one_clear_line(tmp_path: Path) -> None:
    kafka = LocalKafka(tmp_path)
    (kafka.folder / "data").mkdir(parents=True)
    (kafka.folder / "data" / "meta.properties").write_text(
        "version=1\ncluster.id=c\nnode.id=7\ndirectory.id=AAAAAAAAAAAAAAAAAAAAAQ\n"
    )
    with pytest.raises(LocalStackError) as caught:
        kafka.start()
    assert "kafka: ended while starting" in str(caught.value)
    assert "node id 7 doesn't match" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert kafka.record is None


@pytest.mark.parametrize("content", [None, b"not a cache of this Java"])
def test_a_broker_starts_without_a_usable_aot_cache(tmp_path: Path, content: bytes | None) -> None:
    cache = tmp_path / "cache"
    cache.mkdir()
    prepare_jars(cache_folder())
    (cache / "jars").symlink_to(cache_folder() / "jars")
    path = aot_path(cache, prepare_jars(cache), java_version())
    if content is None:
        path.with_suffix(".failed").write_text("training is not wanted here")
    else:
        path.write_bytes(content)
    kafka = LocalKafka(tmp_path / "home", cache=cache)
    try:
        kafka.start()
        assert kafka.answers()
    finally:
        kafka.kill()


def test_a_half_formatted_storage_is_formatted_anew_and_moved_ports_are_followed(
    tmp_path: Path,
) -> None:
    kafka = LocalKafka(tmp_path)
    half = kafka.folder / "data.draft"
    half.mkdir(parents=True)
    (half / "meta.properties").write_text("version=1\nclus")
    with kafka, socket.socket() as first, socket.socket() as second:
        client = _admin_client(kafka.admin())
        client.create_topics([NewTopic("kept", 1, 1)])["kept"].result(10)
        record = kafka.record
        assert record is not None
        kafka.stop()
        for holder, port in zip((first, second), record.ports.values(), strict=True):
            holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            holder.bind(("127.0.0.1", port))
            holder.listen()
        kafka.start()
        moved = kafka.record
        assert moved is not None
        assert not set(moved.ports.values()) & set(record.ports.values())
        assert "kept" in _admin_client(kafka.admin()).list_topics(timeout=5).topics
    assert not half.exists()


def test_an_unknown_service_is_named_with_what_is_allowed(tmp_path: Path) -> None:
    with pytest.raises(LocalStackError, match=f"'kafak': unknown; {', '.join(SERVICES)}"):
        LocalStack(tmp_path).up(["kafak"])
