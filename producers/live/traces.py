"""What followed from a request: the events of its causal tree that this service saw or wrote."""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from typing import Final

from ecosystem.events.envelope import Event
from ecosystem.events.words import EventId

FOLLOWED_MAX: Final = 5_000
"""Requests that are remembered."""
EVENTS_MAX: Final = 500
"""Events of one request that are remembered."""
WAITING_MAX: Final = 200
"""Callers that may wait for an answer at the same time."""


class _Trace:
    def __init__(self) -> None:
        self.events: dict[EventId, Event] = {}
        self.answered = False
        self.waiting: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []


class Traces:
    """Follows the requests of one door by their correlation ids; a `Witness`."""

    def __init__(self) -> None:
        self._traces: OrderedDict[EventId, _Trace] = OrderedDict()
        self._waiting_count = 0

    def follow(self, request: Event) -> None:
        """Follow what comes of a request; called before it is sent."""
        if request.correlation_id in self._traces:
            return
        trace = _Trace()
        trace.events[request.event_id] = request
        self._traces[request.correlation_id] = trace
        if len(self._traces) > FOLLOWED_MAX:
            self._traces.popitem(last=False)

    def forget(self, correlation_id: EventId) -> None:
        """Follow a request no longer: it never reached the log."""
        self._traces.pop(correlation_id, None)

    def events(self, correlation_id: EventId) -> list[Event] | None:
        """Return the events known of a causal tree, in order; None when it is not followed."""
        trace = self._traces.get(correlation_id)
        return None if trace is None else list(trace.events.values())

    async def answered(self, correlation_id: EventId, wait_s: float) -> bool:
        """Return whether the service has answered, waiting at most `wait_s` for it."""
        trace = self._traces.get(correlation_id)
        if trace is None or wait_s <= 0 or self._waiting_count >= WAITING_MAX:
            return trace is not None and trace.answered
        waiter = (asyncio.get_running_loop(), asyncio.Event())
        trace.waiting.append(waiter)
        self._waiting_count += 1
        try:
            if not trace.answered:  # the loop sets it before it looks who waits
                await asyncio.wait_for(waiter[1].wait(), wait_s)
        except TimeoutError:
            pass
        finally:
            self._waiting_count -= 1
            trace.waiting.remove(waiter)
        return trace.answered

    def remember(self, event: Event) -> None:
        """Take in nothing: what was asked before the start is not followed."""

    def witness(self, inputs: Sequence[Event], facts: Sequence[Event]) -> None:
        """Take in what belongs to a request that is followed."""
        if not self._traces:
            return
        for event in inputs:
            self._add(event)
        answered = [trace for event in facts if (trace := self._add(event)) is not None]
        for trace in answered:
            trace.answered = True
            for loop, waiter in list(trace.waiting):
                loop.call_soon_threadsafe(waiter.set)

    def _add(self, event: Event) -> _Trace | None:
        trace = self._traces.get(event.correlation_id)
        if trace is not None and len(trace.events) < EVENTS_MAX:
            trace.events.setdefault(event.event_id, event)
        return trace
