"""The local stack: Kafka, PostgreSQL and Valkey in one home, brought up and down together."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, Literal

import msgspec

from eventlog.errors import LocalStackError
from eventlog.local_stack.files import default_home
from eventlog.local_stack.jars import OnProgress
from eventlog.local_stack.kafka import LocalKafka
from eventlog.local_stack.postgres import LocalPostgres
from eventlog.local_stack.server import LocalServer
from eventlog.local_stack.valkey import LocalValkey

SERVICES: Final = ("kafka", "postgres", "valkey")
SWITCHED_OFF: Final = ""

State = Literal["running", "silent", "stopped"]


class Endpoints(msgspec.Struct, frozen=True, kw_only=True):
    """Where the servers of a stack are reached; empty for one that does not run.

    The two addresses contain passwords: they are for programs, not for the screen.
    """

    bootstrap_servers: str
    postgres_dsn: str
    valkey_url: str
    secrets: Path

    def __repr__(self) -> str:
        return f"Endpoints({self.bootstrap_servers}, secrets in {self.secrets})"


class ServiceStatus(msgspec.Struct, frozen=True, kw_only=True):
    """How one server of the stack stands."""

    service: str
    state: State
    pid: int | None
    port: int | None
    rss_mib: int | None
    log: Path


class LocalStack:
    """The servers of one home."""

    def __init__(
        self,
        home: Path | None = None,
        *,
        kafka_port: int | None = None,
        on_progress: OnProgress | None = None,
    ) -> None:
        self.home = default_home() if home is None else Path(home).expanduser().resolve()
        self.kafka = LocalKafka(self.home, port=kafka_port, on_progress=on_progress)
        self.postgres = LocalPostgres(self.home)
        self.valkey = LocalValkey(self.home)

    def up(
        self,
        only: Sequence[str] | None = None,
        *,
        on_start: Callable[[str], None] = lambda service: None,
        on_ready: Callable[[str], None] = lambda service: None,
    ) -> Endpoints:
        """Start the servers (or `only` those named) that do not run yet; return the addresses.

        Args:
            on_start: told each server's name before it is started.
            on_ready: told each server's name when it answers.
        Raises:
            LocalStackError: one cannot be started; what this call has started is stopped again.
        """
        begun: list[LocalServer] = []
        chosen = self._chosen(only)
        try:
            for server in chosen:
                on_start(server.service)
                if server.record is None:
                    begun.append(server)
                server.start()
                on_ready(server.service)
        except BaseException:
            for server in reversed(begun):
                server.stop()
            raise
        return self.endpoints()

    def down(self) -> None:
        """Stop every server of the stack; data and secrets stay."""
        for server in reversed(self._chosen(None)):
            server.stop()

    def kill(self) -> None:
        """End every server at once, for a home that is thrown away."""
        for server in self._chosen(None):
            server.kill()

    def endpoints(self) -> Endpoints:
        """Return the addresses of the servers that run."""
        running = {server.service for server in self._chosen(None) if server.record is not None}
        return Endpoints(
            bootstrap_servers=self.kafka.bootstrap_servers if "kafka" in running else SWITCHED_OFF,
            postgres_dsn=self.postgres.dsn if "postgres" in running else SWITCHED_OFF,
            valkey_url=self.valkey.url if "valkey" in running else SWITCHED_OFF,
            secrets=self.home / "secrets",
        )

    def status(self) -> list[ServiceStatus]:
        """Return how each server stands; `silent` is one that lives but does not answer."""
        return [_status(server) for server in self._chosen(None)]

    def logs(self, service: str) -> Path:
        """Return the log file of a server.

        Raises:
            LocalStackError: there is no such server, or it has not run yet.
        """
        (server,) = self._chosen([service])
        if not server.log.exists():
            raise LocalStackError(f"{service}: no log yet in {self.home}; run `tse stack up`")
        return server.log

    def _chosen(self, only: Sequence[str] | None) -> list[LocalServer]:
        servers: dict[str, LocalServer] = {
            "kafka": self.kafka,
            "postgres": self.postgres,
            "valkey": self.valkey,
        }
        unknown = [name for name in only or () if name not in servers]
        if unknown:
            raise LocalStackError(
                f"service {unknown[0]!r}: unknown; {', '.join(SERVICES)} are allowed"
            )
        return [server for name, server in servers.items() if only is None or name in only]


def _status(server: LocalServer) -> ServiceStatus:
    record = server.record
    process = None if record is None else record.process()
    if record is None or process is None:
        return ServiceStatus(
            service=server.service,
            state="stopped",
            pid=None,
            port=None,
            rss_mib=None,
            log=server.log,
        )
    return ServiceStatus(
        service=server.service,
        state="running" if server.answers() else "silent",
        pid=record.pid,
        port=record.ports["port"],
        rss_mib=process.memory_info().rss // 2**20,
        log=server.log,
    )
