"""Writing in a process of its own, so that the world goes on while its events are encoded.

The world hands over whole slices, several in one go unless somebody waits for them, and waits only
when the writer is far behind, when it flushes, and at the end. What goes wrong in the other process
is raised here, with a later call.
"""

import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Pipe
from typing import Final

from ecosystem.errors import EcosystemError
from ecosystem.events.envelope import Event
from ecosystem.world import Written
from eventlog.errors import AppendError
from eventlog.records import Positions
from producers.world.handover import Handover
from producers.world.parcels import Parcels
from producers.world.writing import Writing
from producers.world.writing_process import (
    ADVANCE,
    FLUSH,
    RECONCILE,
    RELEASE,
    TIME_BYTES,
    WRITE,
    together,
)

END_TIMEOUT_S: Final = 10.0
GATHERED_BYTES: Final = 1 << 18
"""So much is gathered at the most before it is handed over: to wake the writer costs time."""
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
        requests, ours = Pipe(duplex=False)
        self._answers, answers = Pipe(duplex=False)
        # A program of its own, which need not import what this one has imported. It is born deaf
        # to interruptions, as they are for the world alone; and so is the thread.
        with _uninterrupted():
            self._process = subprocess.Popen(
                [sys.executable, "-m", MODULE, str(requests.fileno()), str(answers.fileno())],
                pass_fds=(requests.fileno(), answers.fileno()),
                env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            )
            self._handover = Handover(ours)
        requests.close()
        answers.close()
        self._handover.send(pickle.dumps((build, tuple(writers), tuple(events))))
        self._parcels = Parcels(writers, events)
        self._gathered: list[bytes] = []
        self._gathered_bytes = 0
        self._error: EcosystemError | None = None
        self.events_count = 0
        self.strangers: Positions = {}

    def write(self, slice_events: Sequence[Written]) -> None:
        """Hand over the events of a slice.

        Raises:
            AppendError: what was handed over before could not be written.
        """
        self._ask(WRITE + self._parcels.pack(slice_events), gathered=True)
        self.events_count += sum(len(run.events) for run in slice_events)

    def release(self) -> None:
        """Have everything appended that was handed over."""
        self._ask(RELEASE)

    def reconcile(self) -> None:
        """Have the ends taken from the broker."""
        self._ask(RECONCILE)

    def advance_clock(self, event_time_us: int) -> None:
        """Have the clock advanced."""
        self._ask(ADVANCE + event_time_us.to_bytes(TIME_BYTES, "big"), gathered=True)

    def flush(self) -> None:
        """Wait until everything that was handed over is acknowledged."""
        self._ask(FLUSH)
        self._receive()

    def close(self) -> None:
        """Let the other process end, and wait for it."""
        if not self._handover.close(END_TIMEOUT_S):
            self._process.kill()
        self._exit_code()

    def _exit_code(self) -> int:
        try:
            return self._process.wait(END_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()

    def _ask(self, request: bytes, *, gathered: bool = False) -> None:
        if self._error is not None:
            raise self._error
        self._gathered.append(request)
        self._gathered_bytes += len(request)
        if not gathered or self._gathered_bytes >= GATHERED_BYTES:
            self._hand_over()

    def _hand_over(self) -> None:
        # Nobody answers unasked but to say that something went wrong.
        if self._answers.poll():
            self._receive()
        with _uninterrupted():
            self._handover.send(together(self._gathered))
            self._gathered, self._gathered_bytes = [], 0

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


@contextmanager
def _uninterrupted() -> Iterator[None]:
    # What is gathered would be handed over twice, or be lost, by an interruption between two steps.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
