"""What the risk monitor answers, and the bound on waiting for it."""

import time
from collections.abc import Callable
from typing import Final, Protocol

from ecosystem.events.alerts import RiskHeartbeat
from ecosystem.events.control.words import MonitorStatus
from ecosystem.events.envelope import Event
from eventlog.codec import Codec
from eventlog.log import LogReader

SILENCE_MAX_S: Final = 20.0
FIRST_SILENCE_MAX_S: Final = 2 * SILENCE_MAX_S
POLL_S: Final = 0.05


class Feedback(Protocol):
    """The monitor's answers, slice by slice."""

    @property
    def status(self) -> MonitorStatus:
        """Whether the monitor has answered all along."""
        ...

    def alerts_of(self, slice_sequence: int) -> list[Event]:
        """Return the alerts of a slice, waiting for the monitor's heartbeat within a bound."""
        ...


class NoMonitor:
    """The feedback of a run without a risk monitor: none, at once."""

    status: MonitorStatus = "ABSENT"

    def alerts_of(self, slice_sequence: int) -> list[Event]:
        """Return nothing."""
        return []


class LogFeedback:
    """Reads the monitor's answers from `risk-alerts`.

    A monitor that does not answer within the bound is taken to be silent for the rest of the run,
    also when it speaks again: what it says then is on the log, but the world has moved on.

    Args:
        silence_max_s: wall time to wait for one heartbeat.
        first_silence_max_s: the same for the first one, while the monitor's process starts.
        check: called while waiting; raises when waiting has become pointless.
    """

    def __init__(
        self,
        reader: LogReader,
        codec: Codec,
        silence_max_s: float = SILENCE_MAX_S,
        first_silence_max_s: float = FIRST_SILENCE_MAX_S,
        check: Callable[[], None] = lambda: None,
    ) -> None:
        self._reader = reader
        self._codec = codec
        self._silence_max_s = silence_max_s
        self._patience_s = first_silence_max_s
        self._check = check
        self._reached = -1
        self._pending: list[Event] = []
        self._by_slice: dict[int, list[Event]] = {}
        self.status: MonitorStatus = "ANSWERED"

    def alerts_of(self, slice_sequence: int) -> list[Event]:
        """Return the alerts of a slice; none once the monitor has been silent too long."""
        deadline = time.monotonic() + self._patience_s
        while self._reached < slice_sequence and self.status == "ANSWERED":
            self._take()
            self._check()
            if time.monotonic() > deadline:
                self.status = "SILENT"
        if self.status != "ANSWERED":
            return []
        self._patience_s = self._silence_max_s
        return self._by_slice.pop(slice_sequence, [])

    def _take(self) -> None:
        # What cannot be decoded is the steward's to report; here it only cannot be acted upon.
        records, _ = self._codec.decode_batch(self._reader.poll(POLL_S))
        for record in records:
            if not isinstance(record.event, RiskHeartbeat):
                self._pending.append(record.event)
                continue
            self._reached = record.event.slice_sequence
            self._by_slice[self._reached] = self._pending
            self._pending = []
