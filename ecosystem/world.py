"""All machines on one virtual clock: as fast as the computer goes, and the same every time."""

import heapq
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final

import msgspec

from ecosystem.errors import EcosystemError
from ecosystem.events.envelope import Event
from ecosystem.events.prices import PriceTicked
from ecosystem.machine import Machine, TickFacts, TickReader
from ecosystem.run import COORDINATOR

NEVER_US: Final = 2**63 - 1
_FACTS: Final = 1 << 16
"""Facts of one decision have places of their own below those of the next machine's."""
_STEP: Final = _FACTS << 8


class Written(msgspec.Struct, frozen=True):
    """Events that a machine wrote, one after the other, with nothing of others between."""

    writer: str
    events: Sequence[Event]


class World:
    """Delivers events between machines in event-time order; ties by order of decision.

    What one decision gives of one event time stands in the queue as one run, as nothing can come
    between. The ticks of a run are handed to one machine after the other, all at once, which
    changes nothing: what follows from the first comes after the last.

    Args:
        machines: in the order in which they wake when several are due at one time.
        consumes: for each machine the event types it reads.
    """

    def __init__(
        self, machines: Sequence[Machine], consumes: Callable[[str], frozenset[type[Event]]]
    ) -> None:
        self._machines = tuple(machines)
        self._names = tuple(machine.name for machine in machines)
        self._consumes = {machine.name: consumes(machine.name) for machine in machines}
        self._handle_ticks: list[Callable[[Any, int], TickFacts]] = [
            machine.handle_ticks
            if isinstance(machine, TickReader)
            else partial(_one_by_one, machine)
            for machine in machines
        ]
        self._readers: dict[tuple[int, type[Event]], tuple[int, ...]] = {}
        self._due = [self._due_of(index) for index in range(len(machines))]
        self._queue: list[tuple[int, int, int, Sequence[Event]]] = []
        self._steps = 0

    def deliver(self, name: str, event: Event, now_us: int) -> None:
        """Hand `event`, from outside the world, to one machine at `now_us`."""
        index = self._names.index(name)
        self._steps += 1
        self._take(index, self._machines[index].handle(event, now_us), now_us, self._steps)

    def publish(self, event: Event) -> None:
        """Put an event of the coordinator, which is no machine, on the queue of the world."""
        self._steps += 1
        heapq.heappush(self._queue, (event.event_time_us, self._steps * _STEP, -1, (event,)))

    def run_until(self, until_us: int) -> list[Written]:
        """Return what was written before `until_us`, in event-time order.

        A machine may stand there several times in a row.
        """
        written: list[Written] = []
        queue, due, machines = self._queue, self._due, self._machines
        wake_us = min(due)
        while True:
            if queue and queue[0][0] <= wake_us:
                if queue[0][0] >= until_us:
                    return written
                wake_us = self._hand_over(written)
            else:
                if wake_us >= until_us:
                    return written
                index = due.index(wake_us)
                self._steps += 1
                self._take(index, machines[index].wake(wake_us), wake_us, self._steps)
                wake_us = min(due)

    def _hand_over(self, written: list[Written]) -> int:
        """Hand what is next to its readers, and return when a machine is due then."""
        now_us, number, writer, events = heapq.heappop(self._queue)
        written.append(Written(self._names[writer] if writer >= 0 else COORDINATOR, events))
        at, count = 0, len(events)
        while True:
            event, end = events[at], at + 1
            if type(event) is PriceTicked:
                while end < count and type(events[end]) is PriceTicked:
                    end += 1
                self._hand_ticks(writer, events[at:end], now_us)
            else:
                self._hand(writer, event, now_us)
            wake_us, at = min(self._due), end
            if at == count:
                return wake_us
            if wake_us < now_us:  # a machine is late, and goes before the rest
                written[-1] = Written(written[-1].writer, events[:at])
                heapq.heappush(self._queue, (now_us, number + at, writer, events[at:]))
                return wake_us

    def _hand(self, writer: int, event: Event, now_us: int) -> None:
        kind = type(event)
        self._steps = step = self._steps + 1
        for index in self._readers.get((writer, kind)) or self._readers_of(writer, kind):
            machine = self._machines[index]
            if facts := machine.handle(event, now_us):
                self._take(index, facts, now_us, step)
            else:
                due_us = machine.due_us()
                self._due[index] = NEVER_US if due_us is None else due_us

    def _hand_ticks(self, writer: int, ticks: Sequence[Event], now_us: int) -> None:
        step = self._steps + 1
        self._steps += len(ticks)
        readers = self._readers.get((writer, PriceTicked))
        for index in readers or self._readers_of(writer, PriceTicked):
            for place, facts in self._handle_ticks[index](ticks, now_us):
                self._put(index, facts, now_us, step + place)
            due_us = self._machines[index].due_us()
            self._due[index] = NEVER_US if due_us is None else due_us

    def _take(self, index: int, events: Sequence[Event], now_us: int, step: int) -> None:
        self._put(index, events, now_us, step)
        self._due[index] = self._due_of(index)

    def _put(self, index: int, events: Sequence[Event], now_us: int, step: int) -> None:
        # As if each event had been handed to all its readers before the next.
        number = step * _STEP + index * _FACTS
        at, count, queue = 0, len(events), self._queue
        if count == 1 and (time_us := events[0].event_time_us) >= now_us:
            heapq.heappush(queue, (time_us, number, index, events))
            return
        while at < count:
            time_us, end = events[at].event_time_us, at + 1
            while end < count and events[end].event_time_us == time_us:
                end += 1
            if time_us < now_us:
                raise EcosystemError(
                    f"{self._names[index]}: {type(events[at]).__name__} at {time_us}"
                    f" was decided at {now_us}; times at or after it are allowed"
                )
            heapq.heappush(queue, (time_us, number + at, index, events[at:end]))
            at = end

    def _due_of(self, index: int) -> int:
        due_us = self._machines[index].due_us()
        return NEVER_US if due_us is None else due_us

    def _readers_of(self, writer: int, kind: type[Event]) -> tuple[int, ...]:
        found = self._readers.get((writer, kind))
        if found is None:
            found = self._readers[writer, kind] = tuple(
                index
                for index, name in enumerate(self._names)
                if index != writer and kind in self._consumes[name]
            )
        return found


def _one_by_one(machine: Machine, ticks: Sequence[Event], now_us: int) -> TickFacts:
    found = ((place, machine.handle(tick, now_us)) for place, tick in enumerate(ticks))
    return [(place, facts) for place, facts in found if facts]
