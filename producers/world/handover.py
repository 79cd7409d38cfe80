"""Messages on their way to another process, so that who sends them need not wait for it."""

import fcntl
import sys
from contextlib import suppress
from multiprocessing.connection import Connection
from queue import Full, Queue
from threading import Thread
from typing import Final

HELD_MAX: Final = 64
"""So many messages wait at the most; whoever brings one more waits until there is room."""
PIPE_BYTES: Final = 1 << 20
"""As much as Linux gives everybody."""


class Handover:
    """Sends messages through a pipe, in order, from a thread of its own.

    When nobody reads any more, what is brought is dropped: the other side is gone, which its
    answers tell.
    """

    def __init__(self, pipe: Connection) -> None:
        _widen(pipe)
        self._pipe = pipe
        self._messages: Queue[bytes | None] = Queue(HELD_MAX)
        self._thread = Thread(target=self._run, name="handover", daemon=True)
        self._thread.start()

    def send(self, message: bytes) -> None:
        """Bring a message; wait only when too many are on their way."""
        self._messages.put(message)

    def close(self, timeout_s: float) -> bool:
        """Close the pipe after the last message; return whether it was closed in time."""
        try:
            self._messages.put(None, timeout=timeout_s)
        except Full:
            return False
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        somebody_reads = True
        while (message := self._messages.get()) is not None:
            if somebody_reads:
                try:
                    self._pipe.send_bytes(message)
                except OSError:
                    somebody_reads = False
        self._pipe.close()


def _widen(pipe: Connection) -> None:
    # Both sides are woken less often.
    if sys.platform == "linux":
        with suppress(PermissionError):  # who may have no more of it is woken more often
            fcntl.fcntl(pipe.fileno(), fcntl.F_SETPIPE_SZ, PIPE_BYTES)
