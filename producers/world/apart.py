"""Writing in a process of its own, so that the world goes on while its events are encoded.

The world hands over whole slices and waits only when the writer falls behind by what the pipe
holds, when it flushes, and at the end. What goes wrong in the other process is raised here, with
the next call.
"""

import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection, Pipe
from typing import Final

from ecosystem.errors import EcosystemError
from ecosystem.events.envelope import Event
from ecosystem.world import Written
from eventlog.errors import AppendError
from eventlog.records import Positions
from producers.world.parcels import Parcels
from producers.world.writing import Writing
from producers.world.writing_process import ADVANCE, FLUSH, RECONCILE, RELEASE, TIME_BYTES, WRITE

END_TIMEOUT_S: Final = 10.0
PIPE_BYTES: Final = 1 << 20
"""As much as Linux gives everybody; some seventy slices."""
MODULE: Final = "producers.world.writing_process"


class WriterApart:
    """Has another process write.

    Args:
        build: makes the writer, in the other process; must be importable there by its name.
        writers: every principal that may write.
        events: every type it may write.
    """

    def __init__(
        self, build: Callable[[], Writing], writers: Sequence[str], events: Sequence[type[Event]]
    ) -> None:
        requests, self._requests = Pipe(duplex=False)
        self._answers, answers = Pipe(duplex=False)
        _widen(self._requests)
        # A program of its own, which need not import what this one has imported. It is born deaf
        # to interruptions, as they are for the world alone.
        with _uninterrupted():
            self._process = subprocess.Popen(
                [sys.executable, "-m", MODULE, str(requests.fileno()), str(answers.fileno())],
                pass_fds=(requests.fileno(), answers.fileno()),
                env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            )
        requests.close()
        answers.close()
        self._requests.send((build, tuple(writers), tuple(events)))
        self._parcels = Parcels(writers, events)
        self._error: EcosystemError | None = None
        self.events_count = 0
        self.strangers: Positions = {}

    def write(self, slice_events: Sequence[Written]) -> None:
        """Hand over the events of a slice.

        Raises:
            AppendError: what was handed over before could not be written.
        """
        self._send(WRITE + self._parcels.pack(slice_events))
        self.events_count += sum(len(run.events) for run in slice_events)

    def release(self) -> None:
        """Have everything appended that was handed over."""
        self._send(RELEASE)

    def reconcile(self) -> None:
        """Have the ends taken from the broker."""
        self._send(RECONCILE)

    def advance_clock(self, event_time_us: int) -> None:
        """Have the clock advanced."""
        self._send(ADVANCE + event_time_us.to_bytes(TIME_BYTES, "big"))

    def flush(self) -> None:
        """Wait until everything that was handed over is acknowledged."""
        self._send(FLUSH)
        self._receive()

    def close(self) -> None:
        """Let the other process end, and wait for it."""
        self._requests.close()
        self._exit_code()

    def _exit_code(self) -> int:
        try:
            return self._process.wait(END_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()

    def _send(self, request: bytes) -> None:
        if self._error is not None:
            raise self._error
        # Nobody answers unasked but to say that something went wrong.
        if self._answers.poll():
            self._receive()
        try:
            with _uninterrupted():
                self._requests.send_bytes(request)
        except OSError:
            self._receive()

    def _receive(self) -> None:
        """Take an answer: the strangers when all is acknowledged, or why nothing more will be."""
        try:
            answer: Positions | EcosystemError = self._answers.recv()
        except (EOFError, OSError):
            answer = AppendError(
                f"the process that writes ended with exit code {self._exit_code()}"
            )
        if isinstance(answer, EcosystemError):
            self._error = answer
            raise answer
        self.strangers = answer


def _widen(pipe: Connection) -> None:
    # The writer waits for the broker now and then, and the world should not wait with it.
    if sys.platform == "linux":
        with suppress(PermissionError):  # who may have no more of it waits sooner
            fcntl.fcntl(pipe.fileno(), fcntl.F_SETPIPE_SZ, PIPE_BYTES)


@contextmanager
def _uninterrupted() -> Iterator[None]:
    # Half a request would be the last one the other side understands.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
