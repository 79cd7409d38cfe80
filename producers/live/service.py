"""The loop of every live simulator: read a batch, decide, append facts and offsets as one.

A batch's facts and the input offsets they followed from are one transaction. So a service that is
killed at any point, and restored from the log, goes on as if it had not stopped: what it had
decided is there, what it had not decided it decides now.
"""

import time
from collections.abc import Callable, Iterator
from typing import Final

from ecosystem.events.envelope import Event
from ecosystem.machine import Machine
from eventlog.codec import Codec
from eventlog.log import LogReader, TransactionalAppender
from eventlog.records import Positions, RawRecord, Record, merge_order
from producers.live.clock import LiveClock
from producers.live.ownership import is_own
from producers.live.window import AnyWindow, Window

POLL_MAX_S: Final = 0.05
OFFSETS_EVERY_S: Final = 1.0
EVENTS_MAX: Final = 2_000
"""Facts of one transaction at the most, while a late start is caught up."""


def restore(
    machine: Machine,
    codec: Codec,
    reader: LogReader,
    committed: Positions,
    bound_s: float = 600.0,
    also: Callable[[Event], None] | None = None,
) -> int:
    """Show `machine` its past in event-time order; return how many events that were.

    Its past is every event it wrote, and of the others' those it had taken in, which are the ones
    below the offsets that were committed with its last facts. Records nobody can decode were
    reported by their steward and are passed over here.

    Args:
        also: is shown the same events, after the machine.
    Raises:
        TimeoutError: the end of the log was not reached within `bound_s`.
    """
    deadline = time.monotonic() + bound_s
    ends = reader.end_offsets()
    past: list[Record] = []
    while any(reader.positions().get(place, 0) < end for place, end in ends.items()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"{machine.name}: {dict(reader.positions())} of {dict(ends)} read")
        records, _ = codec.decode_batch(reader.poll(0.1))
        past += (
            record
            for record in records
            if record.offset < committed.get((record.topic, record.partition), 0)
            or is_own(machine.name, record.event)
        )
    past.sort(key=merge_order)
    for record in past:
        machine.restore(record.event)
        if also is not None:
            also(record.event)
    return len(past)


class LiveService:
    """Hosts one machine on the log.

    Args:
        window: through which doors see the machine, restored as it is given here.
    """

    def __init__(
        self,
        machine: Machine,
        clock: LiveClock,
        codec: Codec,
        reader: LogReader | None,
        appender: TransactionalAppender,
        window: AnyWindow | None = None,
    ) -> None:
        self._machine = machine
        self._clock = clock
        self._codec = codec
        self._reader = reader
        self._appender = appender
        self._offsets_at_s = time.monotonic()
        self.undecodable_count = 0
        self._window = Window[Machine](clock) if window is None else window
        self._window.open(machine)
        self._behind = {} if reader is None else dict(reader.end_offsets())
        """Ends of the partitions at the start that have not been reached."""
        self._caught_up = False

    def run(self, stopping: Callable[[], bool]) -> None:
        """Serve until `stopping()`; what was begun is finished.

        Raises:
            EventLogError: the log failed or another process has taken our place.
        """
        while not stopping():
            self.step(self._patience_s())

    def step(self, patience_s: float) -> int:
        """Wait at most `patience_s` for input, decide, commit; return how many facts followed."""
        batch = self._reader.poll(patience_s) if self._reader else _wait(patience_s)
        inputs = self._decoded(batch)
        now_us = self._clock.now_us()
        with self._window.folding:
            facts = list(self._woken(now_us))
            for event in inputs:
                facts += self._machine.handle(event, max(now_us, event.event_time_us))
            if facts or self._offsets_due():
                self._appender.commit(facts, self._reader)
                self._offsets_at_s = time.monotonic()
        if inputs or facts:
            self._window.show(inputs, facts)
        self._window.beat()
        if not self._caught_up:
            self._catch_up(now_us)
        return len(facts)

    def _catch_up(self, now_us: int) -> None:
        reached = self._reader.positions() if self._reader else {}
        self._behind = {
            place: end for place, end in self._behind.items() if reached.get(place, 0) < end
        }
        due_us = self._machine.due_us()
        if not self._behind and (due_us is None or due_us > now_us):
            self._caught_up = True
            self._window.catch_up()

    def _patience_s(self) -> float:
        due_us = self._machine.due_us()
        wait_s = POLL_MAX_S if due_us is None else self._clock.wall_s_until(due_us)
        return min(wait_s, POLL_MAX_S)

    def _woken(self, now_us: int) -> Iterator[Event]:
        count = 0
        while (due_us := self._machine.due_us()) is not None and due_us <= now_us:
            facts = self._machine.wake(due_us)
            yield from facts
            count += len(facts)
            if count >= EVENTS_MAX:
                return

    def _decoded(self, batch: list[RawRecord]) -> list[Event]:
        records, undecodable = self._codec.decode_batch(batch)
        self.undecodable_count += len(undecodable)  # their steward dead-letters them
        records.sort(key=merge_order)
        return [record.event for record in records]

    def _offsets_due(self) -> bool:
        return time.monotonic() - self._offsets_at_s > OFFSETS_EVERY_S and self._reader is not None


def _wait(seconds: float) -> list[RawRecord]:
    time.sleep(seconds)  # a service without input waits for its next due time
    return []
