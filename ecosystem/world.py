"""All machines on one virtual clock: as fast as the computer goes, and the same every time."""

import heapq
from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from ecosystem.errors import EcosystemError
from ecosystem.events.envelope import Event
from ecosystem.events.prices import PriceTicked
from ecosystem.machine import Machine
from ecosystem.run import COORDINATOR

NEVER_US: Final = 2**63 - 1
_FACTS: Final = 1 << 16
"""Facts of one decision have places of their own below those of the next machine's."""
_STEP: Final = _FACTS << 8


class Written(msgspec.Struct, frozen=True, gc=False):
    """An event and the machine that wrote it."""

    writer: str
    event: Event


class World:
    """Delivers events between machines in event-time order; ties by order of decision.

    The ticks of one moment are handed to one machine after the other, which changes nothing: what
    follows from the first comes after the last, as they were all decided before.

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
        self._readers: dict[tuple[int, type[Event]], tuple[int, ...]] = {}
        self._due = [self._due_of(index) for index in range(len(machines))]
        self._queue: list[tuple[int, int, int, Event]] = []
        self._steps = 0

    def deliver(self, name: str, event: Event, now_us: int) -> None:
        """Hand `event`, from outside the world, to one machine at `now_us`."""
        index = self._names.index(name)
        self._steps += 1
        self._take(index, self._machines[index].handle(event, now_us), now_us, self._steps)

    def publish(self, event: Event) -> None:
        """Put an event of the coordinator, which is no machine, on the queue of the world."""
        self._steps += 1
        heapq.heappush(self._queue, (event.event_time_us, self._steps * _STEP, -1, event))

    def run_until(self, until_us: int) -> list[Written]:
        """Return what was written before `until_us`, in event-time order."""
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
        queue, due, machines = self._queue, self._due, self._machines
        now_us, _, writer, event = heapq.heappop(queue)
        name, kind = self._names[writer] if writer >= 0 else COORDINATOR, type(event)
        written.append(Written(name, event))
        events = [event]
        if kind is PriceTicked:
            while queue and queue[0][0] == now_us and type(queue[0][3]) is kind:
                if queue[0][2] != writer:
                    break
                event = heapq.heappop(queue)[3]
                written.append(Written(name, event))
                events.append(event)
        step = self._steps + 1
        self._steps += len(events)
        for index in self._readers.get((writer, kind)) or self._readers_of(writer, kind):
            machine = machines[index]
            handle = machine.handle
            for place, event in enumerate(events):
                if facts := handle(event, now_us):
                    self._take(index, facts, now_us, step + place)
            due_us = machine.due_us()
            due[index] = NEVER_US if due_us is None else due_us
        return min(due)

    def _take(self, index: int, events: Sequence[Event], now_us: int, step: int) -> None:
        # As if each event had been handed to all its readers before the next.
        number = step * _STEP + index * _FACTS
        for event in events:
            if event.event_time_us < now_us:
                raise EcosystemError(
                    f"{self._names[index]}: {type(event).__name__} at {event.event_time_us}"
                    f" was decided at {now_us}; times at or after it are allowed"
                )
            number += 1
            heapq.heappush(self._queue, (event.event_time_us, number, index, event))
        self._due[index] = self._due_of(index)

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
