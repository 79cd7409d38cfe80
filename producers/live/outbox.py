"""How a door puts wishes on the log: under the service's principal, each once, and acknowledged.

A wish whose acknowledgement is late is neither lost nor sent twice: it stays on its way, and who
asks again with the same key waits for the same record.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from doors.problems import ProblemError
from ecosystem.events.envelope import Event
from ecosystem.events.words import EventId
from eventlog.errors import EventLogError
from eventlog.log import LogAppender

ACKNOWLEDGED_MAX_S: Final = 5.0
REMEMBERED: Final = 20_000
"""Wishes whose ids are remembered, so that asking again sends nothing."""
_LOOK_EVERY_S: Final = 0.001


class Outbox:
    """Appends wishes to the log.

    Args:
        open_appender: gives an appender, at first use and after one has failed.
    """

    def __init__(
        self,
        open_appender: Callable[[], LogAppender],
        acknowledged_max_s: float = ACKNOWLEDGED_MAX_S,
    ) -> None:
        self._open_appender = open_appender
        self._acknowledged_max_s = acknowledged_max_s
        self._appender: LogAppender | None = None
        self._sent: OrderedDict[EventId, bytes] = OrderedDict()
        self._unsure: set[EventId] = set()
        """Wishes on their way that nobody has acknowledged yet."""
        self._lock = threading.Lock()

    def send(self, event: Event, meaning: bytes = b"") -> bool:
        """Return whether `event` is new here; it stands on the log then, or did before.

        Args:
            meaning: what was asked for; the same id may not be used for anything else.
        Raises:
            ProblemError: the id stands for another wish, or the log did not acknowledge in time.
        """
        try:
            with self._lock:
                known = self._sent.get(event.event_id)
                if known is None:
                    if self._appender is None:
                        self._appender = self._open_appender()
                    self._appender.append(event)
                    self._sent[event.event_id] = meaning
                    self._unsure.add(event.event_id)
                    if len(self._sent) > REMEMBERED:
                        self._sent.popitem(last=False)
                appender = self._appender
            if known is not None and known != meaning:
                raise ProblemError(
                    422, "key-reused", "this key was used for another request; take a new one"
                )
            if appender is not None:
                self._await(appender)
        except EventLogError as error:
            self._give_up()
            raise _unreachable(f"the log did not take the request: {error}") from error
        self._unsure.discard(event.event_id)
        return known is None

    def knows(self, event_id: EventId) -> bool:
        """Return whether a wish stands on the log or is on its way there."""
        return event_id in self._sent

    def _await(self, appender: LogAppender) -> None:
        deadline = time.monotonic() + self._acknowledged_max_s
        while not appender.settled():
            if time.monotonic() > deadline:
                raise _unreachable(
                    "the log has not acknowledged the request yet; whoever asks again with the"
                    " same Idempotency-Key waits for the same request"
                )
            time.sleep(_LOOK_EVERY_S)

    def _give_up(self) -> None:
        # A failed appender fails for good. What it may not have delivered can be asked for again.
        with self._lock:
            self._appender = None
            for event_id in self._unsure:
                self._sent.pop(event_id, None)
            self._unsure.clear()


def _unreachable(why: str) -> ProblemError:
    return ProblemError(503, "log-unreachable", why, {"Retry-After": "1"})
