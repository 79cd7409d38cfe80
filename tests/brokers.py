"""The ways to a broker other than the local stack: one that is given, and a container."""

import io
import os
import secrets
import socket
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from textwrap import dedent
from typing import Any

import msgspec

from eventlog.connection import Connection
from eventlog.errors import LocalStackError
from eventlog.local_stack.kafka import answers
from eventlog.local_stack.processes import Deadline
from eventlog.secret_store import SecretStore, read_secret

REDPANDA_IMAGE = "redpandadata/redpanda:v26.2.1"
CONTAINER_START_S = 60
KAFKA_PORT = 9092
# `enable_sasl` asks every Kafka listener for SCRAM and denies what no ACL allows.
BOOTSTRAP_YAML = """\
superusers: [admin]
enable_sasl: true
auto_create_topics_enabled: false
"""


class Broker(msgspec.Struct, frozen=True, kw_only=True):
    """A broker for tests: its superuser, and where passwords of further principals go."""

    admin: Connection
    secrets: SecretStore

    @property
    def bootstrap_servers(self) -> str:
        """The broker's address."""
        return self.admin.bootstrap_servers


def broker_from_environment(secrets_folder: Path) -> Broker | None:
    """Return the broker that the environment names, or None when it names none.

    Args:
        secrets_folder: where passwords of principals that the tests create go.
    """
    servers = os.environ.get("KAFKA_BOOTSTRAP_SERVERS")
    if not servers:
        return None
    password_file = os.environ.get("TSE_KAFKA_ADMIN_PASSWORD_FILE")
    if not password_file:
        raise LocalStackError(
            f"KAFKA_BOOTSTRAP_SERVERS={servers} is set, TSE_KAFKA_ADMIN_PASSWORD_FILE is not; "
            "it names the file with the password of the superuser admin"
        )
    admin = Connection(
        bootstrap_servers=servers, principal="admin", password=read_secret(Path(password_file))
    )
    return Broker(admin=admin, secrets=SecretStore(secrets_folder))


@contextmanager
def container_broker() -> Iterator[Broker | None]:
    """Run Redpanda where a Docker engine has or gets its image; None where there is none.

    `TSE_TEST_BROKER=container` makes its absence an error, `TSE_TEST_BROKER=local` never asks.
    """
    choice = os.environ.get("TSE_TEST_BROKER", "")
    if choice not in ("", "container", "local"):
        raise LocalStackError(f"TSE_TEST_BROKER={choice!r}: 'container' and 'local' are allowed")
    reason = "TSE_TEST_BROKER=local" if choice == "local" else _why_no_container()
    if reason is not None:
        if choice == "container":
            raise LocalStackError(f"TSE_TEST_BROKER=container, but {reason}")
        yield None
        return
    password = secrets.token_urlsafe(24)
    container = _redpanda(password)
    try:
        container.start(timeout=CONTAINER_START_S)
        admin = Connection(
            bootstrap_servers=container.get_bootstrap_server(),
            principal="admin",
            password=password,
        )
        deadline = Deadline(CONTAINER_START_S)
        while not answers(admin, timeout_s=2.0):
            if deadline.passed():
                raise LocalStackError("the Redpanda container does not let its superuser in")
            deadline.pause()
        with tempfile.TemporaryDirectory(prefix="tse-secrets-") as folder:
            yield Broker(admin=admin, secrets=SecretStore(Path(folder)))
    finally:
        container.stop()


def _image() -> str:
    return os.environ.get("TSE_REDPANDA_IMAGE", REDPANDA_IMAGE)


def _why_no_container() -> str | None:
    import docker
    from docker.errors import DockerException, ImageNotFound

    engine = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")
    if engine.startswith("unix://") and not _listens(engine.removeprefix("unix://")):
        return f"no Docker engine answers at {engine}"
    try:
        client = docker.from_env(timeout=120)
    except DockerException as error:
        return f"no Docker engine answers at {engine} ({error})"
    try:
        try:
            client.images.get(_image())
        except ImageNotFound:
            client.images.pull(_image())
    except (DockerException, OSError) as error:
        return f"the image {_image()} cannot be had ({error})"
    finally:
        client.close()
    return None


def _listens(path: str) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(path) == 0


def start_script(advertised: str) -> str:
    """Return the script that starts Redpanda in its container, reached at `advertised`."""
    return dedent(
        f"""\
        #!/bin/bash
        /usr/bin/rpk redpanda start --mode dev-container --smp 1 --memory 1G \\
          --kafka-addr 0.0.0.0:{KAFKA_PORT} \\
          --advertise-kafka-addr {advertised} \\
          --set redpanda.auto_create_topics_enabled=false
        """
    )


def _redpanda(password: str) -> Any:
    # Imported here: a machine without an engine needs none of it.
    from testcontainers.community.kafka import RedpandaContainer

    class AuthenticatedRedpanda(RedpandaContainer):  # type: ignore[misc,unused-ignore]  # untyped
        """Redpanda with SCRAM on its only listener and a superuser `admin`."""

        def tc_start(self) -> None:
            self._put("/etc/redpanda", ".bootstrap.yaml", BOOTSTRAP_YAML)
            folder, name = os.path.split(RedpandaContainer.TC_START_SCRIPT)
            self._put(folder, name, start_script(self.get_bootstrap_server()))

        def _put(self, folder: str, name: str, text: str) -> None:
            content = text.encode()
            archive = io.BytesIO()
            with tarfile.open(fileobj=archive, mode="w") as tar:
                entry = tarfile.TarInfo(name)
                entry.size = len(content)
                tar.addfile(entry, io.BytesIO(content))
            self.get_wrapped_container().put_archive(folder, archive.getvalue())

    container = AuthenticatedRedpanda(_image())
    container.with_env("RP_BOOTSTRAP_USER", f"admin:{password}:SCRAM-SHA-256")
    return container
