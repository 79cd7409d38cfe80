"""What a door may see of a live service: its state between two batches, and what it committed.

The loop folds a batch and commits it while it holds the lock; a door looks while it holds it. So
whoever looks sees the state after a whole batch, and everything it shows stands on the log.
"""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, Generic, Protocol, TypeVar

from doors.problems import not_ready
from ecosystem.events.envelope import Event
from ecosystem.machine import Machine
from producers.live.clock import LiveClock

M = TypeVar("M", bound=Machine)

STALL_MAX_S: Final = 30.0
"""A loop that has not come round for so long is stuck, and the service not ready."""
LOOK_MAX_S: Final = 5.0
"""How long somebody who looks waits for the loop to finish a batch."""


class Witness(Protocol):
    """Follows what a service does, in the loop's own thread: it must be quick."""

    def remember(self, event: Event) -> None:
        """Take in an event of the past, while the service is restored."""
        ...

    def witness(self, inputs: Sequence[Event], facts: Sequence[Event]) -> None:
        """Take in what the service was given, and what it committed upon it."""
        ...


class Window(Generic[M]):
    """The one place where the loop and its doors meet."""

    def __init__(self, clock: LiveClock, *, stall_max_s: float = STALL_MAX_S) -> None:
        self.clock = clock
        self.witnesses: list[Witness] = []
        self.folding = threading.Lock()
        """Held by the loop from a batch's first event to its commit."""
        self._stall_max_s = stall_max_s
        self._machine: M | None = None
        self._unready: str | None = "the state is being restored from the log"
        self._beat_s = time.monotonic()

    def open(self, machine: M) -> None:
        """Give the machine, restored."""
        self._machine = machine
        self._unready = "events that came before the start are still being read"

    def catch_up(self) -> None:
        """Note that everything that lay on the log at the start has been taken in."""
        if self._machine is not None:
            self._unready = None

    def close(self, why: str) -> None:
        """Note that the service stops."""
        self._unready = why

    def beat(self) -> None:
        """Note that the loop came round."""
        self._beat_s = time.monotonic()

    def unready(self) -> str | None:
        """Return why the service cannot be asked; None when it can."""
        silent_s = time.monotonic() - self._beat_s
        if self._unready is None and silent_s > self._stall_max_s:
            return f"the service has taken in nothing for {silent_s:.0f} s"
        return self._unready

    @contextmanager
    def looking(self) -> Iterator[M]:
        """Give the machine, to be read and not to be kept.

        Raises:
            ProblemError: the service is not ready, or busy with a batch for too long.
        """
        if (why := self.unready()) is not None:
            raise not_ready(why)
        assert self._machine is not None, "it is ready"
        if not self.folding.acquire(timeout=LOOK_MAX_S):
            raise not_ready(f"a batch has been under way for {LOOK_MAX_S:.0f} s")
        try:
            yield self._machine
        finally:
            self.folding.release()

    def remember(self, event: Event) -> None:
        """Show an event of the past to every witness."""
        for witness in self.witnesses:
            witness.remember(event)

    def show(self, inputs: Sequence[Event], facts: Sequence[Event]) -> None:
        """Show to every witness what was taken in and committed."""
        for witness in self.witnesses:
            witness.witness(inputs, facts)


AnyWindow = Window[Any]
