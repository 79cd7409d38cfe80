"""Child processes of a run: started together, watched, stopped together."""

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from ecosystem.errors import EcosystemError

STOP_GRACE_S: Final = 30.0
TAIL_LINES: Final = 5


class ProcessEndedError(EcosystemError):
    """A process of the run ended before its time; `process` names it."""

    def __init__(self, process: str, text: str) -> None:
        super().__init__(text)
        self.process = process


class Processes:
    """The services of a run as child processes, each with a log of its own.

    As a context manager it stops them all on the way out, whatever happened.

    Args:
        logs: the folder of the logs, `<name>.log` each.
    """

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._started_with: dict[str, tuple[Sequence[str], Mapping[str, str], Path | None]] = {}
        logs.mkdir(parents=True, exist_ok=True)

    def start(
        self,
        name: str,
        command: Sequence[str],
        environment: Mapping[str, str],
        folder: Path | None = None,
    ) -> None:
        """Start a process; it sees `environment` and of ours only what every program needs.

        Args:
            folder: where it works; None: where we do.
        """
        self._started_with[name] = (command, environment, folder)
        inherited = {k: v for k, v in os.environ.items() if k in _INHERITED}
        with self.log(name).open("ab") as log:
            self._running[name] = subprocess.Popen(
                list(command),
                env={**inherited, **environment},
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def log(self, name: str) -> Path:
        """Return where a process writes."""
        return self._logs / f"{name}.log"

    def pid(self, name: str) -> int:
        """Return the process id of a running process."""
        return self._running[name].pid

    def check(self, only: str = "") -> None:
        """Do nothing while all run.

        Args:
            only: look at this one alone.
        Raises:
            ProcessEndedError: one has ended; names it and quotes the end of its log.
        """
        for name, process in self._running.items():
            if only not in ("", name):
                continue
            if (code := process.poll()) is not None:
                raise ProcessEndedError(
                    name,
                    f"{name} ended with exit code {code}; see {self.log(name)}: {self._tail(name)}",
                )

    def kill(self, name: str) -> None:
        """End one process at once, as a crash would, and wait until it is gone."""
        process = self._running.pop(name)
        _signal_group(process, signal.SIGKILL)
        process.wait()

    def end(self, name: str, within_s: float = STOP_GRACE_S) -> int:
        """Ask one process to stop, and return its exit code.

        Raises:
            TimeoutExpired: it has not stopped `within_s`.
        """
        process = self._running[name]
        _signal_group(process, signal.SIGTERM)
        code = process.wait(within_s)
        del self._running[name]
        return code

    def restart(self, name: str) -> None:
        """Start a process that has ended again, as it was started first."""
        self.start(name, *self._started_with[name])

    def stop(self) -> None:
        """Ask all to stop, the last started first; end after a grace what does not."""
        for process in reversed(self._running.values()):
            _signal_group(process, signal.SIGTERM)
        for process in self._running.values():
            try:
                process.wait(STOP_GRACE_S)
            except subprocess.TimeoutExpired:
                _signal_group(process, signal.SIGKILL)
                process.wait()
        self._running.clear()

    def _tail(self, name: str) -> str:
        lines = self.log(name).read_text(errors="replace").strip().splitlines()
        return " | ".join(lines[-TAIL_LINES:])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


_INHERITED: Final = frozenset(
    {"PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "XDG_CACHE_HOME", "TSE_CACHE"}
)


def _signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    if process.poll() is None:
        os.killpg(process.pid, number)
