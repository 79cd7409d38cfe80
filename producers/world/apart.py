"""Writing in a process of its own, so that the world goes on while its events are encoded.

The world hands over whole slices and waits only when the writer falls behind by what the pipe
holds, when it flushes, and at the end. What goes wrong in the other process is raised here, with
the next call.
"""

import fcntl
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Final

from ecosystem.errors import EcosystemError
from ecosystem.events.envelope import Event
from ecosystem.world import Written
from eventlog.errors import AppendError
from eventlog.records import Positions
from producers.world.parcels import Parcels
from producers.world.writing import Writing

END_TIMEOUT_S: Final = 10.0
PIPE_BYTES: Final = 1 << 20
"""As much as Linux gives everybody; some seventy slices."""
YIELDING: Final = 5
"""What is added to the nice value of the process that writes; it has time enough."""
_WRITE: Final = b"w"
_RELEASE: Final = b"r"
_RECONCILE: Final = b"c"
_ADVANCE: Final = b"a"
_FLUSH: Final = b"f"
_TIME_BYTES: Final = 8


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
        # A fork would take librdkafka's handles along without their threads.
        context = get_context("spawn")
        requests, self._requests = context.Pipe(duplex=False)
        self._answers, answers = context.Pipe(duplex=False)
        _widen(self._requests)
        self._process = context.Process(
            target=serve,
            args=(requests, answers, build, tuple(writers), tuple(events)),
            daemon=True,
        )
        self._process.start()
        requests.close()
        answers.close()
        self._parcels = Parcels(writers, events)
        self._error: EcosystemError | None = None
        self.events_count = 0
        self.strangers: Positions = {}

    def write(self, slice_events: Sequence[Written]) -> None:
        """Hand over the events of a slice.

        Raises:
            AppendError: what was handed over before could not be written.
        """
        self._send(_WRITE + self._parcels.pack(slice_events))
        self.events_count += len(slice_events)

    def release(self) -> None:
        """Have everything appended that was handed over."""
        self._send(_RELEASE)

    def reconcile(self) -> None:
        """Have the ends taken from the broker."""
        self._send(_RECONCILE)

    def advance_clock(self, event_time_us: int) -> None:
        """Have the clock advanced."""
        self._send(_ADVANCE + event_time_us.to_bytes(_TIME_BYTES, "big"))

    def flush(self) -> None:
        """Wait until everything that was handed over is acknowledged."""
        self._send(_FLUSH)
        self._receive()

    def close(self) -> None:
        """Let the other process end, and wait for it."""
        self._requests.close()
        self._process.join(END_TIMEOUT_S)

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
            self._process.join(END_TIMEOUT_S)
            answer = AppendError(
                f"the process that writes ended with exit code {self._process.exitcode}"
            )
        if isinstance(answer, EcosystemError):
            self._error = answer
            raise answer
        self.strangers = answer


def serve(
    requests: Connection,
    answers: Connection,
    build: Callable[[], Writing],
    writers: Sequence[str],
    events: Sequence[type[Event]],
) -> None:
    """Do what the other side asks for, until it asks no more or something goes wrong."""
    # The user interrupts the world, which then has us finish what was handed over.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # How fast a run goes is decided by the world's one thread, which should not wait for a core.
    os.nice(YIELDING)
    try:
        writer, parcels = build(), Parcels(writers, events)
        while True:
            try:
                request = requests.recv_bytes()
            except EOFError:
                return
            _do(writer, parcels, request[:1], request[1:], answers)
    except EcosystemError as error:
        answers.send(error)


def _do(writer: Writing, parcels: Parcels, what: bytes, rest: bytes, answers: Connection) -> None:
    match what:
        case b"w":
            writer.write(parcels.unpack(rest))
        case b"r":
            writer.release()
        case b"c":
            writer.reconcile()
        case b"a":
            writer.advance_clock(int.from_bytes(rest, "big"))
        case b"f":
            writer.flush()
            answers.send(writer.strangers)


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
