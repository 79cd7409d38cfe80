"""What the three local servers have in common: a home, a record in `stack.json`, start and stop."""

import abc
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar, Final, Self

import msgspec
import psutil

from eventlog.errors import LocalStackError
from eventlog.local_stack import processes
from eventlog.local_stack.files import disk_errors, exclusive, require_free_disk, write_private
from eventlog.local_stack.processes import Deadline, ProcessRecord
from eventlog.secret_store import SecretStore

STOP_TIMEOUT_S: Final = 15.0


class State(msgspec.Struct, kw_only=True):
    """The content of `stack.json`: what runs in this home."""

    services: dict[str, ProcessRecord] = {}


def read_state(home: Path) -> State:
    """Return the state of the home; none yet or a damaged file means that nothing is recorded.

    A server whose record is lost is still found by its command when it is started or stopped.
    """
    try:
        return msgspec.json.decode((home / "stack.json").read_bytes(), type=State)
    except (FileNotFoundError, msgspec.DecodeError):
        return State()


class LocalServer(abc.ABC):
    """One server in a home of its own, or beside others in the home of a stack."""

    service: ClassVar[str]
    port_names: ClassVar[tuple[str, ...]] = ("port",)
    start_timeout_s: ClassVar[float] = 30.0
    stop_signal: ClassVar[int] = signal.SIGTERM
    needed_mib: ClassVar[int] = 100

    def __init__(self, home: Path, *, port: int | None = None) -> None:
        self.home = Path(home).expanduser().resolve()
        self.folder = self.home / self.service
        self.log = self.home / "logs" / f"{self.service}.log"
        self.secrets = SecretStore(self.home / "secrets")
        self.stop_timeout_s = STOP_TIMEOUT_S
        self._port = port

    def start(self) -> None:
        """Start the server and wait until it answers; one that runs already is left alone.

        Raises:
            LocalStackError: it cannot be started; nothing half-started is left.
        """
        with disk_errors(self.service), self._alone():
            record = self.record
            if record is not None and self._answers(record):
                return
            self._end_all(grace_s=self.stop_timeout_s)
            require_free_disk(self.home, needed_mib=self.needed_mib, what=self.service)
            ports = self._choose_ports()
            try:
                self._prepare(ports)
                self._launch(ports)
            except BaseException:
                self._end_all(grace_s=0)
                raise

    def stop(self) -> None:
        """Stop the server in good order; one that does not run is no mistake."""
        if self.home.exists():
            with self._alone():
                self._end_all(grace_s=self.stop_timeout_s)

    def kill(self) -> None:
        """End the server at once, for a home that is thrown away."""
        if self.home.exists():
            with self._alone():
                self._end_all(grace_s=0)

    @property
    def record(self) -> ProcessRecord | None:
        """The record of the running server, or None."""
        record = read_state(self.home).services.get(self.service)
        return record if record is not None and record.process() is not None else None

    @property
    def port(self) -> int:
        """The loopback port clients connect to.

        Raises:
            LocalStackError: the server does not run.
        """
        record = self.record
        if record is None:
            raise LocalStackError(
                f"{self.service}: does not run in {self.home}; run `tse stack up`"
            )
        return record.ports["port"]

    @property
    def process(self) -> psutil.Process | None:
        """The running server's process, or None."""
        record = self.record
        return None if record is None else record.process()

    def answers(self) -> bool:
        """Say whether the server runs and serves an authenticated client."""
        record = self.record
        return record is not None and self._answers(record)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    @abc.abstractmethod
    def marker(self) -> str:
        """The argument that tells this server's command from every other."""

    @abc.abstractmethod
    def _prepare(self, ports: Mapping[str, int]) -> None: ...

    @abc.abstractmethod
    def _command(self, ports: Mapping[str, int]) -> list[str]: ...

    @abc.abstractmethod
    def _answers(self, record: ProcessRecord) -> bool: ...

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with disk_errors(self.service), exclusive(self.home / f".{self.service}.lock"):
            yield

    def _choose_ports(self) -> dict[str, int]:
        known = read_state(self.home).services.get(self.service)
        chosen = dict(known.ports) if known is not None else {}
        if self._port is not None:
            chosen["port"] = self._port
            if not processes.port_is_free(self._port):
                raise LocalStackError(
                    f"{self.service}: port {self._port} on {processes.LOOPBACK} is busy; "
                    "stop what listens there, or leave the port out to get a free one"
                )
        fresh = processes.free_ports(len(self.port_names))
        for name, port in zip(self.port_names, fresh, strict=True):
            if name not in chosen or not processes.port_is_free(chosen[name]):
                chosen[name] = port
        return chosen

    def _launch(self, ports: Mapping[str, int]) -> None:
        offset = self.log.stat().st_size if self.log.exists() else 0
        record = processes.spawn(
            self._command(ports), log=self.log, marker=self.marker, ports=ports
        )
        self._remember(record)
        deadline = Deadline(self.start_timeout_s)
        while not self._answers(record):
            if record.process() is None:
                raise processes.explain_death(self.service, self.log, offset)
            if deadline.passed():
                raise LocalStackError(
                    f"{self.service}: no answer {deadline.seconds:.0f} s after its start; "
                    f"its log is {self.log}"
                )
            deadline.pause()

    def _remember(self, record: ProcessRecord) -> None:
        with exclusive(self.home / ".state.lock"):
            state = read_state(self.home)
            state.services[self.service] = record
            text = msgspec.json.format(msgspec.json.encode(state)).decode()
            write_private(self.home / "stack.json", text + "\n")

    def _end_all(self, *, grace_s: float) -> None:
        process = self.process
        if process is not None:
            processes.end(process, grace_s=grace_s, polite=self.stop_signal)
        for leftover in processes.leftovers(self.marker):
            processes.end(leftover, grace_s=grace_s, polite=self.stop_signal)
