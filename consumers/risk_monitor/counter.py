"""The counter: where acts of people are handed in, from any thread, and taken by the loop.

The loop takes acts between slices and answers them when their facts are on the log.
"""

from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
from threading import Lock
from typing import Final

import msgspec

from ecosystem.errors import EcosystemError
from ecosystem.events.envelope import Event
from ecosystem.events.words import EventId
from ecosystem.risk.acts import Act

WAITING_MAX: Final = 100
"""Acts that may wait at one time; people do not act faster."""


class NotTakenError(EcosystemError):
    """An act was not looked at: the monitor stops, or too many wait."""

    retryable = True


class Asked(msgspec.Struct, frozen=True):
    """An act that waits."""

    act: Act
    request_id: EventId
    answer: Future[Sequence[Event]]


class Counter:
    """Takes acts from any thread and keeps them until the loop asks for them."""

    def __init__(self, waiting_max: int = WAITING_MAX) -> None:
        self._waiting: deque[Asked] = deque()
        self._waiting_max = waiting_max
        self._lock = Lock()
        self._closed = False

    def submit(self, act: Act, request_id: EventId) -> Future[Sequence[Event]]:
        """Return the answer to come: the facts, once they are on the log.

        The same request again is the same act and has the same answer. A future that is cancelled
        before the loop takes its act is no act. Otherwise it ends with one of these errors:

            InvalidInputError: the act cannot be; nothing has changed.
            NotTakenError: the monitor stops, or too many acts wait; nothing has changed.
            EventLogError: the log failed, and the monitor with it. Whether the act is on the log
                is known when the same request is submitted to the restarted monitor.

        Args:
            request_id: becomes the id of the first fact, so it must be like no other event's id.
        """
        answer: Future[Sequence[Event]] = Future()
        with self._lock:
            if self._closed:
                answer.set_exception(NotTakenError("the monitor stops and takes no more acts"))
            elif len(self._waiting) >= self._waiting_max:
                answer.set_exception(
                    NotTakenError(f"{len(self._waiting)} acts wait; that many are allowed")
                )
            else:
                self._waiting.append(Asked(act, request_id, answer))
        return answer

    def take(self) -> Sequence[Asked]:
        """Return the acts that wait, oldest first; they wait no longer and can't be cancelled."""
        if not self._waiting:
            return ()
        with self._lock:
            taken = list(self._waiting)
            self._waiting.clear()
        return [one for one in taken if one.answer.set_running_or_notify_cancel()]

    def close(self) -> None:
        """Refuse what waits and what is still to come."""
        with self._lock:
            self._closed = True
        for asked in self.take():
            asked.answer.set_exception(NotTakenError("the monitor stopped before the act's turn"))
