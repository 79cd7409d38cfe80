"""Appending a slice so that every partition gets its records in the same order every time."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from ecosystem.events.clock import ClockAdvanced
from ecosystem.events.envelope import Event
from ecosystem.events.words import PartitionEnd
from ecosystem.ids import RootIds
from ecosystem.world import Written
from eventlog.codec import Codec
from eventlog.log import LogAppender
from eventlog.records import Partition, Positions
from eventlog.routes import Routes
from producers.world.turns import Record, Turns

CLOCK = "clock"


class SliceWriter:
    """Appends slices, each simulator under its own principal, and counts every partition.

    Within a slice all records of one writer go before those of the next, in every partition
    (`Turns`); the world goes on while one waits for another. Where somebody waits for a slice to be
    complete, `release` waits for the acknowledgements.

    Args:
        appenders: one for each writer, by principal; the order is the order within a slice.
        counted: the partitions whose ends the clock announces; records held count.
        ends: asks the log for the end of every partition of the run.
        prompt: opens another appender of a writer, as for `Turns`.
    """

    def __init__(
        self,
        appenders: Mapping[str, LogAppender],
        routes: Routes,
        codec: Codec,
        counted: Iterable[Partition],
        clock_ids: RootIds,
        ends: Callable[[], Positions],
        prompt: Callable[[str], LogAppender] | None = None,
    ) -> None:
        self._turns = Turns(appenders, prompt)
        self._writers = tuple(appenders)
        self._clock = appenders[CLOCK]
        self._routes = routes
        self._codec = codec
        self._ends: dict[Partition, int] = dict.fromkeys(sorted(counted), 0)
        self._clock_ids = clock_ids
        self._ask_ends = ends
        self._clock_sequence = 0
        self.events_count = 0
        self.strangers: dict[Partition, int] = {}
        """How many records of a partition were of nobody we write for, as `reconcile` found."""

    def write(self, slice_events: Sequence[Written]) -> None:
        """Append the events of a slice, and first what was held of those before, if it can go.

        Raises:
            AppendError: the broker did not take them.
        """
        self._turns.step()
        by_writer: dict[str, list[Event]] = defaultdict(list)
        for run in slice_events:
            by_writer[run.writer] += run.events
            self.events_count += len(run.events)
        for writer in self._writers:
            if events := by_writer.pop(writer, None):
                self._turns.append(writer, self._records(events))
        assert not by_writer, f"no appender for {sorted(by_writer)}"

    def _records(self, events: Iterable[Event]) -> Iterator[Record]:
        place_of, encode, ends = self._routes.place, self._codec.encode, self._ends
        for event in events:
            topic, key, partition = place_of(event)
            place = (topic, partition)
            if place in ends:
                ends[place] += 1
            yield place, key, encode(event)

    def release(self) -> None:
        """Append what is held, once the records before it are acknowledged."""
        self._turns.release()

    def reconcile(self) -> None:
        """Take the ends from the broker, who also counts records that are not of this world.

        Without such records nothing changes; with them the clock covers them from now on.
        """
        self.flush()
        known = self._ask_ends()
        for place, counted in self._ends.items():
            if known[place] != counted:
                self.strangers[place] = self.strangers.get(place, 0) + known[place] - counted
        self._ends = {place: known[place] for place in self._ends}

    def advance_clock(self, event_time_us: int) -> None:
        """Announce that every record before `event_time_us` lies below the ends counted."""
        event_id = self._clock_ids.root("clock", self._clock_sequence)
        event = ClockAdvanced(
            event_id=event_id,
            correlation_id=event_id,
            causation_id=event_id,
            event_time_us=event_time_us,
            clock_sequence=self._clock_sequence,
            ends=tuple(
                PartitionEnd(topic=topic, partition=partition, end_offset=end)
                for (topic, partition), end in self._ends.items()
            ),
        )
        self._clock_sequence += 1
        self._clock.append(event)

    def flush(self) -> None:
        """Append what is held and wait until everything is acknowledged."""
        self._turns.flush()

    def close(self) -> None:
        """Do nothing: the clients of the log end with this process."""
