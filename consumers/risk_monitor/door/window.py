"""What the door may see of the monitor: its state between two slices, and what it said.

The loop holds the lock while it judges the slices that one read has completed, until what it says
to them is on the log; who looks takes it between two reads. A heartbeat alone may still wait, and
says nothing of a slice but its place, so every alert that is shown stands on the log.
"""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

import msgspec

from consumers.risk_monitor.answers import Answer
from consumers.risk_monitor.door.memory import Memory
from consumers.risk_monitor.past import Said
from consumers.risk_monitor.slices import Slice
from doors.problems import not_ready
from ecosystem.events.alerts import RiskHeartbeat
from ecosystem.events.envelope import Event
from ecosystem.risk.monitor import RiskEngine
from eventlog.records import Positions

STALL_MAX_S: Final = 30.0
"""A loop that has not come round for so long is stuck, and the monitor not ready."""
LOOK_MAX_S: Final = 5.0
"""How long somebody who looks waits for the loop to finish a slice."""
Listener = Callable[[Sequence[Event]], None]
"""Is given what the monitor said to a slice, once it is on the log."""


def lag_s(cut: Slice) -> float:
    """Return how long ago the newest record of a slice came to the log, on the wall."""
    newest_ms = max(
        (
            *(record.record_time_ms for record in cut.records),
            *(bad.raw.record_time_ms for bad in cut.undecodable),
        )
    )
    return max(0.0, time.time() - newest_ms / 1_000)


class Progress(msgspec.Struct, kw_only=True):
    """How far the loop has come."""

    slice_sequence: int = -1
    """The last slice whose answer is on the log; -1: none."""
    slices_count: int = 0
    """Slices answered by this process."""
    events_count: int = 0
    undecodable_count: int = 0
    lag_records: int | None = None
    """Offsets on the log that were not read when that slice was cut; None: not known."""
    lag_s: float = 0.0
    """From the last record of that slice on the log to its answer on the log, on the wall."""
    heard_at_s: float = msgspec.field(default_factory=time.monotonic)
    """When the last record came, by the monotonic clock."""


class MonitorWindow:
    """The one place where the loop and its door meet."""

    def __init__(self, *, stall_max_s: float = STALL_MAX_S, look_max_s: float = LOOK_MAX_S) -> None:
        self.folding = threading.Lock()
        """Held by the loop while it judges slices and commits what it says to them."""
        self.memory = Memory()
        self.progress = Progress()
        self.listeners: list[Listener] = []
        self._stall_max_s = stall_max_s
        self._look_max_s = look_max_s
        self._engine: RiskEngine | None = None
        self._behind: Positions | None = None
        self._unready: str | None = "the state is being restored from the log"
        self._beat_s = time.monotonic()

    def open(self, engine: RiskEngine, ends: Positions) -> None:
        """Give the engine, restored, and the ends of the log that are to be reached first."""
        self._engine = engine
        self._behind = dict(ends)
        self._unready = "records that came before the start are still being read"

    def close(self, why: str) -> None:
        """Note that the monitor stops."""
        self._unready = why

    def beat(self, positions: Callable[[], Positions]) -> None:
        """Note that the loop came round; `positions` is asked until the start is caught up."""
        self._beat_s = time.monotonic()
        if self._behind is None:
            return
        reached = positions()
        if all(reached.get(place, 0) >= end for place, end in self._behind.items()):
            self._behind = None
            self._unready = None

    def heard(self) -> None:
        """Note that records came."""
        self.progress.heard_at_s = time.monotonic()

    def restored(self, engine: RiskEngine, said: Said) -> None:
        """Take in what an earlier life said to a slice, and the state after it."""
        for event in (*said.acts, *said.alerts):
            self.memory.take(event)
        self.memory.sample(engine)
        if said.heartbeat is not None:
            self._reach(said.heartbeat)

    def judged(self, engine: RiskEngine) -> None:
        """Take in the state after a slice; the loop holds the lock."""
        self.memory.sample(engine)

    def answered(self, slices: Sequence[tuple[Slice, Answer]], facts: Sequence[Event]) -> None:
        """Take in answers and facts of acts that are on the log; the loop holds the lock."""
        events = [event for _, answer in slices for event in answer.alerts]
        events += facts
        for event in events:
            self.memory.take(event)
        self.progress.slices_count += len(slices)
        if slices:
            cut, answer = slices[-1]
            self.progress.lag_s = lag_s(cut)
            self._reach(answer.heartbeat)
        if events:
            for listener in self.listeners:
                listener(events)

    def _reach(self, heartbeat: RiskHeartbeat) -> None:
        progress = self.progress
        progress.slice_sequence = heartbeat.slice_sequence
        progress.events_count = heartbeat.events_count
        progress.undecodable_count = heartbeat.undecodable_count
        progress.lag_records = heartbeat.lag_records if heartbeat.lag_records >= 0 else None

    def silent_s(self) -> float:
        """Return how long no record has come, on the wall."""
        return time.monotonic() - self.progress.heard_at_s

    def unready(self) -> str | None:
        """Return why the monitor cannot be asked; None when it can."""
        stuck_s = time.monotonic() - self._beat_s
        if self._unready is None and stuck_s > self._stall_max_s:
            return f"the monitor has not come round for {stuck_s:.0f} s"
        return self._unready

    @contextmanager
    def looking(self) -> Iterator[RiskEngine]:
        """Give the engine, to be read and not to be kept.

        Raises:
            ProblemError: the monitor is not ready, or busy with a slice for too long.
        """
        if (why := self.unready()) is not None:
            raise not_ready(why)
        assert self._engine is not None, "it is ready"
        if not self.folding.acquire(timeout=self._look_max_s):
            raise not_ready(f"a slice has been under way for {self._look_max_s:.0f} s")
        try:
            yield self._engine
        finally:
            self.folding.release()
