"""Appending a slice so that every partition gets its records in the same order every time."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec

from ecosystem.events.clock import ClockAdvanced
from ecosystem.events.words import PartitionEnd
from ecosystem.ids import RootIds
from ecosystem.world import Written
from eventlog.codec import Codec
from eventlog.log import LogAppender
from eventlog.records import Partition, Positions
from eventlog.routes import Routes

CLOCK = "clock"


class _Held(msgspec.Struct, frozen=True, gc=False):
    writer: str
    place: Partition
    key: bytes
    value: bytes


class SliceWriter:
    """Appends slices, each simulator under its own principal, and counts every partition.

    Two principals have two connections, whose records the broker would interleave by chance. So
    within a slice all records of one writer go before those of the next, and where a partition
    changes hands while records of the first writer are under way, those of the second are held
    until they are acknowledged, and the world goes on meanwhile. Where somebody waits for a slice
    to be complete, `release` waits for the acknowledgements.

    Args:
        appenders: one for each writer, by principal; the order is the order within a slice.
        counted: the partitions whose ends the clock announces; records held count.
        ends: asks the log for the end of every partition of the run.
    """

    def __init__(
        self,
        appenders: Mapping[str, LogAppender],
        routes: Routes,
        codec: Codec,
        counted: Iterable[Partition],
        clock_ids: RootIds,
        ends: Callable[[], Positions],
    ) -> None:
        self._appenders = appenders
        self._routes = routes
        self._codec = codec
        self._ends: dict[Partition, int] = dict.fromkeys(sorted(counted), 0)
        self._last_writer: dict[Partition, str] = {}
        self._held: list[_Held] = []
        self._held_places: set[Partition] = set()
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
        if all(self._appenders[writer].settled() for writer in self._waited_for()):
            self.release()
        by_writer: dict[str, list[Written]] = defaultdict(list)
        for entry in slice_events:
            by_writer[entry.writer].append(entry)
        for writer in self._appenders:
            if entries := by_writer.pop(writer, None):
                self._write_one(writer, entries)
        assert not by_writer, f"no appender for {sorted(by_writer)}"
        self.events_count += len(slice_events)

    def _write_one(self, writer: str, entries: Iterable[Written]) -> None:
        put = self._appenders[writer].append_raw
        place_of, encode, last_writer = self._routes.place, self._codec.encode, self._last_writer
        touched: dict[Partition, int] = defaultdict(int)
        held_places = self._held_places
        for entry in entries:
            topic, key, partition = place_of(entry.event)
            place = (topic, partition)
            touched[place] += 1
            if place in held_places or (
                last_writer.get(place, writer) != writer
                and not self._appenders[last_writer[place]].settled()
            ):
                self._held.append(_Held(writer, place, key, encode(entry.event)))
                self._held_places.add(place)
                continue
            last_writer[place] = writer
            put(topic, partition, key, encode(entry.event))
        for place in touched.keys() & self._ends.keys():
            self._ends[place] += touched[place]

    def _waited_for(self) -> set[str]:
        return {self._last_writer[place] for place in self._held_places}

    def release(self) -> None:
        """Append what is held, once the records before it are acknowledged.

        Where several partitions change hands, they are waited for together.
        """
        while held := self._held:
            self._held = []
            self._held_places = set()
            for one in held:
                last = self._last_writer.get(one.place, one.writer)
                if one.place in self._held_places or last != one.writer:
                    self._held.append(one)
                    self._held_places.add(one.place)
                else:
                    self._last_writer[one.place] = one.writer
                    self._appenders[one.writer].append_raw(*one.place, one.key, one.value)
            for writer in sorted(self._waited_for()):
                self._appenders[writer].flush()
            for place in self._held_places:
                del self._last_writer[place]

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
        self._appenders[CLOCK].append(event)

    def flush(self) -> None:
        """Append what is held and wait until everything is acknowledged."""
        self.release()
        for appender in self._appenders.values():
            appender.flush()

    def close(self) -> None:
        """Do nothing: the clients of the log end with this process."""
