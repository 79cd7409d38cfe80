"""Server processes that outlive the program that started them."""

import contextlib
import os
import re
import signal
import socket
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec
import psutil

from eventlog.errors import LocalStackError

LOOPBACK: Final = "127.0.0.1"
LOG_BYTES_MAX: Final = 16 * 1024 * 1024
LOG_TAIL_BYTES: Final = 64 * 1024
START_TIME_TOLERANCE_S: Final = 2.0
EXEC_TIMEOUT_S: Final = 5.0
THROWN: Final = re.compile(r"(?:Caused by: )?[\w.$]+(?:Exception|Error): \S.*")
# What these say would change a server behind our back.
FOREIGN_SETTINGS: Final = ("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS", "CLASSPATH")


class ProcessRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A process we started: its id with its start time, so that a recycled id is never ours."""

    pid: int
    started_at_s: float
    marker: str
    ports: dict[str, int]

    def process(self) -> psutil.Process | None:
        """Return the live process this record speaks of, or None."""
        try:
            process = psutil.Process(self.pid)
            drift_s = abs(process.create_time() - self.started_at_s)
            alive = process.status() != psutil.STATUS_ZOMBIE
            ours = drift_s < START_TIME_TOLERANCE_S and self.marker in process.cmdline()
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            return None
        return process if alive and ours else None


def spawn(
    command: Sequence[str], *, log: Path, marker: str, ports: Mapping[str, int]
) -> ProcessRecord:
    """Start `command` in a session of its own, its output appended to `log`.

    Args:
        marker: an argument of the command that no other server's command has.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    if log.exists() and log.stat().st_size > LOG_BYTES_MAX:
        log.replace(log.with_suffix(".1.log"))
    environment = {key: value for key, value in os.environ.items() if key not in FOREIGN_SETTINGS}
    pid = os.posix_spawn(
        command[0],
        list(command),
        environment,
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(log), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
        setsid=True,
        setsigmask=[],
        setsigdef=[signal.SIGINT, signal.SIGTERM, signal.SIGPIPE, signal.SIGXFSZ],
    )
    process = psutil.Process(pid)
    _await_command_line(process)
    return ProcessRecord(
        pid=pid, started_at_s=process.create_time(), marker=marker, ports=dict(ports)
    )


def _await_command_line(process: psutil.Process) -> None:
    # The kernel lets the parent go on a moment before the child's arguments can be read.
    deadline = Deadline(EXEC_TIMEOUT_S)
    with contextlib.suppress(psutil.NoSuchProcess):  # it has ended: its record will say so
        while not process.cmdline() and not deadline.passed():
            deadline.pause()


def leftovers(marker: str) -> list[psutil.Process]:
    """Return the live processes whose command has the argument `marker`."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            if process.status() != psutil.STATUS_ZOMBIE and marker in process.cmdline():
                found.append(process)
    return found


def end(process: psutil.Process, *, grace_s: float, polite: int = signal.SIGTERM) -> None:
    """End a process: asked first, killed when it has not ended after `grace_s`."""
    with contextlib.suppress(psutil.NoSuchProcess):
        if grace_s > 0:
            process.send_signal(polite)
            try:
                process.wait(grace_s)
                return
            except psutil.TimeoutExpired:
                process.kill()
        else:
            process.kill()
        process.wait(10)


def free_ports(count: int) -> list[int]:
    """Return loopback ports that nothing listens on, each another."""
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind((LOOPBACK, 0))
        return [int(one.getsockname()[1]) for one in sockets]


def port_is_free(port: int) -> bool:
    """Say whether a server could listen on the loopback port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def port_answers(port: int) -> bool:
    """Say whether something accepts connections on the loopback port."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex((LOOPBACK, port)) == 0


def log_since(log: Path, offset: int) -> str:
    """Return what a server has written to its log since `offset`, at most the last 64 KiB."""
    try:
        size = log.stat().st_size
    except FileNotFoundError:
        return ""
    with log.open("rb") as file:
        file.seek(max(min(offset, size), size - LOG_TAIL_BYTES))
        return file.read().decode(errors="replace")


def explain_death(service: str, log: Path, offset: int) -> LocalStackError:
    """Return the one line that says why a server ended while it was starting."""
    text = log_since(log, offset)
    if "Address already in use" in text:
        return LocalStackError(
            f"{service}: a port is busy; start again, free ports are chosen anew"
        )
    if "No space left on device" in text:
        return LocalStackError(
            f"{service}: the disk is full; free some space or choose another with TSE_HOME"
        )
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    thrown = [line for line in lines if THROWN.fullmatch(line)]
    marked = [line for line in lines if "ERROR" in line or "FATAL" in line]
    telling = (thrown or marked or lines or [""])[0][:200]
    reason = f" ({telling})" if telling else ""
    return LocalStackError(f"{service}: ended while starting{reason}; its log is {log}")


class Deadline:
    """A bound in wall time."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._end = time.monotonic() + seconds

    def passed(self) -> bool:
        """Say whether the bound is behind us."""
        return time.monotonic() >= self._end

    def pause(self) -> None:
        """Let a moment pass before the next look."""
        time.sleep(0.02)
